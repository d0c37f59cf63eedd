/* Names, in either world. */
#include "world/dns.h"

#include "world/parity/parity_internal.h"

struct zone {
	size_t asked;
};

static bool look_up(struct str name, struct str *address, int64_t *ttl_s, void *data)
{
	static const struct {
		struct str name, address;
		int64_t ttl_s;
	} rows[] = {
		{STR_INIT("api.example.com"), STR_INIT("10.0.0.5"), 250},
		{STR_INIT("many.example.com"), STR_INIT("10.0.0.9,10.0.0.1,10.0.0.5"), 1},
		{STR_INIT("silent.example.com"), STR_INIT(""), 1},
	};
	struct zone *zone = data;

	zone->asked++;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		if (!str_equal(rows[i].name, name))
			continue;
		*address = rows[i].address;
		*ttl_s = rows[i].ttl_s;
		return true;
	}
	return false;
}

static bool stay_silent(struct str name, struct str *address, int64_t *ttl_s, void *data)
{
	struct zone *zone = data;

	(void)name;
	zone->asked++;
	*address = STR("");
	*ttl_s = 1;
	return true;
}

struct answer {
	bool is_there;
	size_t times;
	enum dns_status status;
	char text[256]; /* "10.0.0.5/250 10.0.0.6/1 " */
};

static void answered(enum dns_status status, const struct dns_record *records, size_t count,
		     void *data)
{
	struct answer *answer = data;
	struct strbuf text;

	answer->is_there = true;
	answer->times++;
	answer->status = status;
	strbuf_init(&text, sizeof answer->text - 1);
	for (size_t i = 0; i < count; i++)
		strbuf_append_format(&text, "%.*s/%lld ", STR_ARG(records[i].address),
				     (long long)records[i].ttl_s);
	for (size_t i = 0; i < text.size; i++)
		answer->text[i] = text.data[i];
	answer->text[text.size] = 0;
	strbuf_free(&text);
}

static struct dns_server *serve(struct parity *p, dns_lookup *lookup, struct zone *zone,
				struct str *name)
{
	struct dns_server *server =
		dns_serve(p->world, STR("127.0.0.1"), 0, lookup, zone, &p->error);

	ck_assert_msg(server != NULL, "%s", p->error.text);
	*name = str_format(p->arena, "127.0.0.1:%u", (unsigned)p->world->dns->server_port(server));
	return server;
}

static struct answer ask(struct parity *p, struct str name, const struct str *servers, size_t count,
			 int64_t timeout_ms)
{
	struct dns_question question = {
		.name = name, .servers = servers, .servers_count = count, .timeout_ms = timeout_ms};
	struct answer answer = {0};

	dns_resolve(p->world, &question, answered, &answer);
	ck_assert(!answer.is_there);
	parity_await_flag(p, &answer.is_there);
	parity_pause(p, 2);
	ck_assert_uint_eq(answer.times, 1);
	return answer;
}

PARITY_TEST(addresses_answer_themselves)
{
	struct answer answer = ask(p, STR("10.1.2.3"), NULL, 0, 0);

	ck_assert_int_eq(answer.status, DNS_OK);
	ck_assert_str_eq(answer.text, "10.1.2.3/9223372036854775807 ");
}

PARITY_TEST(localhost_is_this_machine)
{
	static const struct str names[] = {STR_INIT("localhost"), STR_INIT("api.localhost")};

	for (size_t i = 0; i < 2; i++) {
		struct answer answer = ask(p, names[i], NULL, 0, 0);

		ck_assert_int_eq(answer.status, DNS_OK);
		ck_assert_uint_eq(str_find(str_from(answer.text), STR("127.0.0.1/")), 0);
	}
}

PARITY_TEST(records_come_in_order_with_their_time_to_live)
{
	struct zone zone = {0};
	struct str name;
	struct dns_server *server = serve(p, look_up, &zone, &name);
	struct answer answer = ask(p, STR("api.example.com"), &name, 1, 0);

	ck_assert_int_eq(answer.status, DNS_OK);
	ck_assert_str_eq(answer.text, "10.0.0.5/250 ");
	answer = ask(p, STR("many.example.com"), &name, 1, 0);
	ck_assert_str_eq(answer.text, "10.0.0.9/1 10.0.0.1/1 10.0.0.5/1 ");
	ck_assert_uint_eq(zone.asked, 2);
	p->world->dns->server_close(server);
}

PARITY_TEST(unknown_names_are_not_found)
{
	struct zone zone = {0};
	struct str name;
	struct dns_server *server = serve(p, look_up, &zone, &name);

	ck_assert_int_eq(ask(p, STR("none.example.com."), &name, 1, 0).status, DNS_NOT_FOUND);
	ck_assert_uint_eq(zone.asked, 1);
	p->world->dns->server_close(server);
}

PARITY_TEST(a_silent_server_is_passed_over)
{
	struct zone silent_zone = {0}, zone = {0};
	struct str names[2];
	struct dns_server *silent = serve(p, stay_silent, &silent_zone, &names[0]);
	struct dns_server *server = serve(p, look_up, &zone, &names[1]);
	int64_t started_us = world_monotonic_us(p->world);
	struct answer answer = ask(p, STR("api.example.com"), names, 2, 100);

	ck_assert_int_eq(answer.status, DNS_OK);
	ck_assert_str_eq(answer.text, "10.0.0.5/250 ");
	ck_assert_uint_eq(silent_zone.asked, 1);
	ck_assert_uint_eq(zone.asked, 1);
	ck_assert_int_ge(world_monotonic_us(p->world) - started_us, 99000);
	p->world->dns->server_close(silent);
	p->world->dns->server_close(server);
}

PARITY_TEST(silence_is_a_timeout)
{
	struct zone zone = {0};
	struct str name;
	struct dns_server *server = serve(p, look_up, &zone, &name);
	int64_t started_us = world_monotonic_us(p->world);

	ck_assert_int_eq(ask(p, STR("silent.example.com"), &name, 1, 100).status, DNS_TIMEOUT);
	ck_assert_int_ge(world_monotonic_us(p->world) - started_us, 99000);
	ck_assert_uint_eq(zone.asked, 1);
	p->world->dns->server_close(server);
}

PARITY_TEST(a_server_that_is_not_there_gives_no_answer)
{
	struct zone zone = {0};
	struct str name;

	p->world->dns->server_close(serve(p, look_up, &zone, &name));
	ck_assert_int_eq(ask(p, STR("api.example.com"), &name, 1, 100).status, DNS_TIMEOUT);
	ck_assert_uint_eq(zone.asked, 0);
}

PARITY_TEST(a_cancelled_query_is_not_answered)
{
	struct zone zone = {0};
	struct str name;
	struct dns_server *server = serve(p, look_up, &zone, &name);
	struct dns_question question = {
		.name = STR("api.example.com"), .servers = &name, .servers_count = 1};
	struct dns_question literal = {.name = STR("10.0.0.1")};
	struct answer answer = {0};

	dns_cancel(p->world, dns_resolve(p->world, &question, answered, &answer));
	dns_cancel(p->world, dns_resolve(p->world, &literal, answered, &answer));
	parity_pause(p, 50);
	ck_assert(!answer.is_there);
	p->world->dns->server_close(server);
}

PARITY_TEST(many_queries_at_once_are_all_answered)
{
	struct zone zone = {0};
	struct str name;
	struct dns_server *server = serve(p, look_up, &zone, &name);
	struct dns_question question = {
		.name = STR("api.example.com"), .servers = &name, .servers_count = 1};
	struct answer answers[50] = {0};

	for (size_t i = 0; i < 50; i++)
		dns_resolve(p->world, &question, answered, &answers[i]);
	for (size_t i = 0; i < 50; i++) {
		parity_await_flag(p, &answers[i].is_there);
		ck_assert_str_eq(answers[i].text, "10.0.0.5/250 ");
	}
	p->world->dns->server_close(server);
}

PARITY_TEST(a_port_serves_one)
{
	struct zone zone = {0};
	struct str name;
	struct dns_server *server = serve(p, look_up, &zone, &name);
	uint16_t port = p->world->dns->server_port(server);

	ck_assert_uint_gt(port, 0);
	ck_assert_ptr_null(dns_serve(p->world, STR("127.0.0.1"), port, look_up, &zone, &p->error));
	ck_assert_int_eq(p->error.kind, ERROR_UNAVAILABLE);
	p->world->dns->server_close(server);
}

TCase *parity_dns_case(int number)
{
	TCase *tests = tcase_create("dns");

	PARITY_ADD(tests, number, addresses_answer_themselves);
	PARITY_ADD(tests, number, localhost_is_this_machine);
	PARITY_ADD(tests, number, records_come_in_order_with_their_time_to_live);
	PARITY_ADD(tests, number, unknown_names_are_not_found);
	PARITY_ADD(tests, number, a_silent_server_is_passed_over);
	PARITY_ADD(tests, number, silence_is_a_timeout);
	PARITY_ADD(tests, number, a_server_that_is_not_there_gives_no_answer);
	PARITY_ADD(tests, number, a_cancelled_query_is_not_answered);
	PARITY_ADD(tests, number, many_queries_at_once_are_all_answered);
	PARITY_ADD(tests, number, a_port_serves_one);
	return tests;
}
