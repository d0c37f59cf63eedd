#include "world/dns.h"

#include "sim/stage_test.h"

static struct stage stage;

struct asked {
	struct dns_query *query;
	bool is_over;
	enum dns_status status;
	size_t count;
	struct str first;
	int64_t ttl_s, took_us;
};

static struct asked asked;

static void set_up(void)
{
	stage_open(&stage);
}

static void tear_down(void)
{
	stage_close(&stage);
}

static void answered(enum dns_status status, const struct dns_record *records, size_t count,
		     void *data)
{
	struct asked *to = data;

	ck_assert(!to->is_over);
	to->is_over = true;
	to->status = status;
	to->count = count;
	to->took_us = sim_now_us(stage.sim) - to->took_us;
	if (count > 0) {
		to->first = str_copy(stage.arena, records[0].address);
		to->ttl_s = records[0].ttl_s;
	}
}

static void ask_begin(const char *name, const struct str *servers, size_t count)
{
	struct dns_question question = {
		.name = str_from(name), .servers = servers, .servers_count = count};

	asked = (struct asked){.took_us = sim_now_us(stage.sim)};
	asked.query = dns_resolve(stage.client, &question, answered, &asked);
	ck_assert(!asked.is_over);
}

static void ask(const char *name, const struct str *servers, size_t count)
{
	ask_begin(name, servers, count);
	stage_run(&stage, 20 * STAGE_SECOND);
	ck_assert(asked.is_over);
}

static void expect(enum dns_status status, const char *address, int64_t ttl_s)
{
	ck_assert_int_eq(asked.status, status);
	ck_assert_msg(str_equal(asked.first, str_from(address)), "%.*s", STR_ARG(asked.first));
	ck_assert_int_eq(asked.ttl_s, ttl_s);
}

START_TEST(hosts_addresses_and_localhost_are_known)
{
	ask("api", NULL, 0);
	expect(DNS_OK, "10.0.0.2", 30);
	ask("API.", NULL, 0);
	expect(DNS_OK, "10.0.0.2", 30);
	ask("192.0.2.9", NULL, 0);
	expect(DNS_OK, "192.0.2.9", INT64_MAX);
	ask("localhost", NULL, 0);
	expect(DNS_OK, "127.0.0.1", INT64_MAX);
	ask("nobody.example", NULL, 0);
	expect(DNS_NOT_FOUND, "", 0);
}
END_TEST

START_TEST(the_zone_may_change)
{
	sim_dns_set(stage.sim, STR("www.example"), STR("192.0.2.1, 192.0.2.2"), 60);
	ask("www.example", NULL, 0);
	expect(DNS_OK, "192.0.2.1", 60);
	ck_assert_uint_eq(asked.count, 2);
	ask("www.example", NULL, 0);
	ck_assert_uint_eq(sim_dns_effects(stage.sim, STR("www.example")), 2);
	sim_dns_set(stage.sim, STR("www.example"), STR("192.0.2.3"), 5);
	ck_assert_uint_eq(sim_dns_effects(stage.sim, STR("www.example")), 0);
	ask("www.example", NULL, 0);
	expect(DNS_OK, "192.0.2.3", 5);
	sim_dns_remove(stage.sim, STR("www.example"));
	ask("www.example", NULL, 0);
	expect(DNS_NOT_FOUND, "", 0);
	ck_assert_uint_eq(sim_dns_effects(stage.sim, STR("nobody.example")), 0);
	sim_dns_set(stage.sim, STR("empty.example"), STR(""), 5);
	ask("empty.example", NULL, 0);
	expect(DNS_NOT_FOUND, "", 0);
}
END_TEST

START_TEST(a_wildcard_answers_for_what_is_below_it)
{
	sim_dns_set(stage.sim, STR("*.apps.example"), STR("192.0.2.1"), 60);
	sim_dns_set(stage.sim, STR("own.apps.example"), STR("192.0.2.2"), 5);
	ask("api.apps.example", NULL, 0);
	expect(DNS_OK, "192.0.2.1", 60);
	ask("a.b.apps.example", NULL, 0);
	expect(DNS_OK, "192.0.2.1", 60);
	ck_assert_uint_eq(sim_dns_effects(stage.sim, STR("*.apps.example")), 2);
	ask("own.apps.example", NULL, 0);
	expect(DNS_OK, "192.0.2.2", 5);
	ask("apps.example", NULL, 0);
	expect(DNS_NOT_FOUND, "", 0);
}
END_TEST

START_TEST(a_name_may_have_a_fault)
{
	static const struct {
		enum sim_dns_fault fault;
		enum dns_status status;
	} rows[] = {
		{SIM_DNS_NXDOMAIN, DNS_NOT_FOUND},
		{SIM_DNS_SERVFAIL, DNS_SERVER_FAILED},
		{SIM_DNS_SILENT, DNS_TIMEOUT},
	};

	sim_dns_set_fault(stage.sim, STR("api"), rows[_i].fault);
	ask("api", NULL, 0);
	ck_assert_int_eq(asked.status, rows[_i].status);
	ck_assert_int_eq(asked.took_us, rows[_i].fault == SIM_DNS_SILENT ? 2900000 : 400);
	ck_assert_uint_eq(sim_dns_effects(stage.sim, STR("api")), 1);
	sim_dns_set_fault(stage.sim, STR("api"), SIM_DNS_OK);
	ask("api", NULL, 0);
	expect(DNS_OK, "10.0.0.2", 30);
}
END_TEST

START_TEST(a_resolver_that_remembers_sees_changes_late)
{
	sim_host_set_dns_cache(stage.client_host, true);
	sim_dns_set(stage.sim, STR("www.example"), STR("192.0.2.1"), 60);
	ask("www.example", NULL, 0);
	sim_dns_set(stage.sim, STR("www.example"), STR("192.0.2.2"), 60);
	ask("www.example", NULL, 0);
	expect(DNS_OK, "192.0.2.1", 40);
	stage_run(&stage, 60 * STAGE_SECOND);
	ask("www.example", NULL, 0);
	expect(DNS_OK, "192.0.2.2", 60);
	sim_host_set_dns_cache(stage.client_host, false);
	sim_dns_set(stage.sim, STR("www.example"), STR("192.0.2.3"), 60);
	ask("www.example", NULL, 0);
	expect(DNS_OK, "192.0.2.3", 60);
}
END_TEST

/* Name servers. */

static struct {
	struct world *world;
	struct dns_server *server;
	int lookups;
} name_server;

static bool lookup(struct str name, struct str *address, int64_t *ttl_s, void *data)
{
	(void)data;
	name_server.lookups++;
	if (str_equal(name, STR("known.example")))
		*address = STR("192.0.2.7,192.0.2.8");
	else if (!str_equal(name, STR("silent.example")))
		return false;
	*ttl_s = 12;
	return true;
}

static void server_set_up(void)
{
	stage_open(&stage);
	name_server.world = sim_host_world(stage.api_host, STR("named"));
	name_server.lookups = 0;
	name_server.server = dns_serve(name_server.world, STR(""), 53, lookup, NULL, NULL);
	ck_assert(name_server.server != NULL);
}

START_TEST(a_process_may_serve_names)
{
	struct str servers[] = {STR("10.0.0.2")};

	ask("known.example", servers, 1);
	expect(DNS_OK, "192.0.2.7", 12);
	ck_assert_uint_eq(asked.count, 2);
	ck_assert_int_eq(asked.took_us, 400);
	ask("other.example", servers, 1);
	expect(DNS_NOT_FOUND, "", 0);
	ask("silent.example", servers, 1);
	expect(DNS_TIMEOUT, "", 0);
	ck_assert_int_eq(asked.took_us, 2900000);
	ck_assert_int_eq(name_server.lookups, 3);
}
END_TEST

START_TEST(servers_are_asked_one_after_the_other)
{
	static const struct {
		const char *first;
		int64_t took_us;
	} rows[] = {
		{"10.0.0.77", 2900400}, /* nobody there */
		{"10.0.0.2:54", 800},   /* nobody listens */
		{"127.0.0.1:53", 440},  /* nobody listens here */
	};
	struct str servers[] = {str_from(rows[_i].first), STR("10.0.0.2:53")};

	ask("known.example", servers, 2);
	expect(DNS_OK, "192.0.2.7", 12);
	ck_assert_int_eq(asked.took_us, rows[_i].took_us);
	ask("known.example", servers, 1);
	ck_assert_int_eq(asked.status, DNS_TIMEOUT);
}
END_TEST

START_TEST(questions_cross_the_firewall_and_the_link)
{
	struct str servers[] = {STR("10.0.0.2")};
	struct sim_rule_options drop = {.port = 53, .verdict = SIM_DROP};
	struct sim_rule *rule = sim_rule_add(stage.sim, &drop);
	struct sim_link lossy = {.latency_us = 100, .loss_per_million = 1000000};

	ask("known.example", servers, 1);
	ck_assert_int_eq(asked.status, DNS_TIMEOUT);
	ck_assert_uint_gt(sim_rule_effects(rule), 0);
	sim_rule_remove(rule);
	sim_net_set_link(stage.sim, STR("client"), STR("api"), lossy);
	ask("known.example", servers, 1);
	ck_assert_int_eq(asked.status, DNS_TIMEOUT);
	lossy.loss_per_million = 0;
	sim_net_set_link(stage.sim, STR("client"), STR("api"), lossy);
	ask("known.example", servers, 1);
	ck_assert_int_eq(asked.took_us, 200);
	sim_host_set_up(stage.api_host, false);
	ask("known.example", servers, 1);
	ck_assert_int_eq(asked.status, DNS_TIMEOUT);
}
END_TEST

START_TEST(a_question_may_be_cancelled_after_any_event)
{
	struct str servers[] = {STR("10.0.0.77"), STR("10.0.0.2")};

	ask_begin("known.example", servers, 2);
	for (int i = 0; i < _i; i++)
		queue_step(&stage.sim->queue, INT64_MAX);
	if (!asked.is_over) {
		dns_cancel(stage.client, asked.query);
		stage_run(&stage, 20 * STAGE_SECOND);
		ck_assert(!asked.is_over);
	}
}
END_TEST

START_TEST(a_port_is_served_once)
{
	struct error error = {0};
	struct dns_server *other;

	ck_assert(dns_serve(name_server.world, STR("0.0.0.0"), 53, lookup, NULL, &error) == NULL);
	ck_assert_str_eq(error.text, "cannot listen on 0.0.0.0:53: address in use");
	ck_assert(dns_serve(name_server.world, STR("10.0.0.1"), 54, lookup, NULL, &error) == NULL);
	other = dns_serve(name_server.world, STR("127.0.0.1"), 0, lookup, NULL, &error);
	ck_assert(other != NULL);
	ck_assert_uint_ne(name_server.world->dns->server_port(other), 0);
	name_server.world->dns->server_close(other);
	name_server.world->dns->server_close(name_server.server);
	name_server.server = dns_serve(name_server.world, STR(""), 53, lookup, NULL, &error);
	ck_assert(name_server.server != NULL);
}
END_TEST

START_TEST(what_is_under_way_ends_with_the_run)
{
	struct str servers[] = {STR("10.0.0.77")};

	ask_begin("known.example", servers, 1);
	ask_begin("api", NULL, 0);
}
END_TEST

Suite *sim_net_dns_suite(void);
Suite *sim_net_dns_suite(void)
{
	Suite *suite = suite_create("sim_net_dns");
	TCase *zone = tcase_create("zone"), *servers = tcase_create("servers");

	tcase_add_checked_fixture(zone, set_up, tear_down);
	tcase_add_test(zone, hosts_addresses_and_localhost_are_known);
	tcase_add_test(zone, the_zone_may_change);
	tcase_add_test(zone, a_wildcard_answers_for_what_is_below_it);
	tcase_add_loop_test(zone, a_name_may_have_a_fault, 0, 3);
	tcase_add_test(zone, a_resolver_that_remembers_sees_changes_late);
	suite_add_tcase(suite, zone);
	tcase_add_checked_fixture(servers, server_set_up, tear_down);
	tcase_add_test(servers, a_process_may_serve_names);
	tcase_add_loop_test(servers, servers_are_asked_one_after_the_other, 0, 3);
	tcase_add_test(servers, questions_cross_the_firewall_and_the_link);
	tcase_add_loop_test(servers, a_question_may_be_cancelled_after_any_event, 0, 6);
	tcase_add_test(servers, a_port_is_served_once);
	tcase_add_test(servers, what_is_under_way_ends_with_the_run);
	suite_add_tcase(suite, servers);
	return suite;
}
