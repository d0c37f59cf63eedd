/* The update button with a played staging gateway, over sockets and in the simulator: PT-096,
 * PT-199 to PT-206. */
#include "portal/integration.h"

#include <check.h>
#include <inttypes.h>
#include <string.h>

#include "base/arena.h"
#include "base/base64.h"
#include "base/error.h"
#include "base/json.h"
#include "base/password.h"
#include "portal/call.h"
#include "portal/database.h"
#include "portal/errand.h"
#include "portal/record.h"
#include "portal/resources/resources.h"
#include "portal/schema.h"
#include "portal/seed.h"
#include "portal/settings.h"
#include "portal/settings_source.h"
#include "portal/tables.h"
#include "portal/validation.h"
#include "sim/sim.h"
#include "world/http_server.h"
#include "world/log.h"
#include "world/sql.h"
#include "world/real/real_world.h"

#define LIMIT_MS 10000
#define GATEWAY_PORT 8081
#define SECOND_US INT64_C(1000000)
#define BODY_BYTES_MAX (1024 * 1024)
#define BOTH_WORLDS 2 /* test loops: 0 over sockets, 1 in the simulator */

static struct {
	struct real_loop *loop; /* NULL in the simulator */
	struct sim *sim;        /* NULL over sockets */
	struct world *world, *gateway_world;
	struct arena *arena;
	struct database *database;
	struct settings settings;
	struct call call;
	struct validation faults;
	/* The gateway. */
	struct http_listener *gateway;
	int gateway_status;
	const char *gateway_body;
	struct str seen; /* request line and fields */
	/* The errand. */
	bool is_over;
	struct hosted_test_result result;
} bench;

/* The played gateway. */

static void gateway_ended(struct http_exchange *exchange, bool complete)
{
	(void)exchange;
	(void)complete;
}

static void gateway_requested(struct http_exchange *exchange, void *data)
{
	struct http_response response;
	struct strbuf text;

	(void)data;
	strbuf_init(&text, BODY_BYTES_MAX);
	strbuf_append_format(&text, "%.*s %.*s\n", STR_ARG(exchange->request.method),
			     STR_ARG(exchange->request.target));
	for (size_t i = 0; i < exchange->request.fields.count; i++)
		strbuf_append_format(&text, "%.*s: %.*s\n",
				     STR_ARG(exchange->request.fields.items[i].name),
				     STR_ARG(exchange->request.fields.items[i].value));
	bench.seen = str_copy(bench.arena, strbuf_str(&text));
	strbuf_free(&text);
	exchange->ended = gateway_ended;
	if (bench.gateway_status == 0)
		return; /* it never answers */
	http_response_init(&response, exchange->arena, bench.gateway_status);
	if (bench.gateway_status == 302)
		http_fields_add(&response.fields, STR("Location"), STR("/elsewhere"));
	http_exchange_respond_str(exchange, &response, str_from(bench.gateway_body));
}

static bool gateway_has_seen(const char *part)
{
	return str_find(bench.seen, str_from(part)) != STR_NOT_FOUND;
}

static struct str gateway_url(void)
{
	uint16_t port = http_listener_port(bench.gateway_world, bench.gateway);

	return str_format(bench.arena, "http://%s:%u",
			  bench.loop != NULL ? "127.0.0.1" : "gateway.example", (unsigned)port);
}

/* The portal's parts. */

static void forget_line(struct world *world, struct str target, struct str line)
{
	(void)world;
	(void)target;
	(void)line;
}

static const struct log_ops quiet_log = {.write = forget_line};

static void open_worlds(int simulated)
{
	static const struct component *const none[] = {NULL};
	struct sim_options options = {.seed = 1, .components = none};
	struct http_listen_options listen = {.address = STR("127.0.0.1")};

	if (simulated) {
		bench.sim = sim_create(&options);
		bench.world = sim_host_world(
			sim_host_add(bench.sim, STR("portal"), STR("10.0.0.1")), STR("portal"));
		bench.gateway_world = sim_host_world(
			sim_host_add(bench.sim, STR("gateway.example"), STR("10.0.0.9")),
			STR("gateway"));
		listen = (struct http_listen_options){.port = GATEWAY_PORT};
	} else {
		bench.loop = real_loop_create();
		bench.world = bench.gateway_world = real_world_create(bench.loop, NULL);
	}
	bench.world->log = &quiet_log;
	bench.gateway = http_listen(bench.gateway_world, &listen, gateway_requested, NULL, NULL);
	ck_assert_ptr_nonnull(bench.gateway);
	bench.gateway_status = 200;
	bench.gateway_body = "fine";
}

static void call_begin(void)
{
	database_begin(bench.database, bench.arena, true);
}

static void call_commit(void)
{
	struct error error = {0};

	ck_assert_msg(database_commit(bench.database, &error), "%s", error.text);
}

static int64_t number(const char *sql)
{
	return database_int(bench.database, str_from(sql), NULL, 0, -1);
}

static void set_up(int simulated)
{
	const struct sql_options in_memory = {.path = STR(":memory:")};
	struct settings_source source;
	struct error error = {0};

	memset(&bench, 0, sizeof bench);
	bench.arena = arena_create();
	open_worlds(simulated);
	ck_assert_msg(settings_source_open(&source, bench.world, bench.arena, STR(""), &error) &&
			      portal_settings_read(&bench.settings, &source, STR(""), &error),
		      "%s", error.text);
	bench.database = database_open(bench.world, &in_memory, &error);
	ck_assert_msg(bench.database != NULL, "%s", error.text);
	ck_assert_msg(schema_prepare(bench.database, &error), "%s", error.text);
	ck_assert_msg(seed_database(bench.database, &bench.settings, &error), "%s", error.text);
	bench.call = (struct call){.database = bench.database,
				   .settings = &bench.settings,
				   .arena = bench.arena,
				   .format = FORMAT_JSON,
				   .parameters = json_new(bench.arena, JSON_OBJECT)};
	call_begin();
	bench.call.tenant = record_first(bench.database, &accounts_table, "provider = 1", NULL, 0);
	bench.call.found[0] = (struct found){
		STR("service"),
		record_first(bench.database, &services_table, "account_id = ?1",
			     DATABASE_ARGUMENTS(value_int(record_id(bench.call.tenant))))};
	bench.call.found_count = 1;
	database_run(bench.database, STR("UPDATE proxies SET sandbox_endpoint = ?1"),
		     DATABASE_ARGUMENTS(value_text(gateway_url())));
	call_commit();
}

static void tear_down(void)
{
	database_close(bench.database);
	if (bench.gateway != NULL)
		http_listener_close(bench.gateway_world, bench.gateway);
	if (bench.loop != NULL) {
		real_world_destroy(bench.world);
		real_loop_destroy(bench.loop);
	} else {
		sim_destroy(bench.sim);
	}
	arena_destroy(bench.arena);
}

/* The button. */

static void tested(struct call *call, const struct hosted_test_result *result)
{
	ck_assert_ptr_eq(call, &bench.call);
	bench.result = *result;
	call->answer.status = 200;
}

static void errand_done(void *data)
{
	(void)data;
	bench.is_over = true;
}

static bool errand_is_over(void *data)
{
	(void)data;
	return bench.is_over;
}

/* Saves what the JSON text says; a transaction of its own, left behind unless something was
 * written. */
static enum integration_result update(const char *sent)
{
	struct json *json = json_parse(bench.arena, str_from(sent), BODY_BYTES_MAX, NULL);
	enum integration_result result;

	ck_assert_ptr_nonnull(json);
	bench.call.errand = NULL;
	call_begin();
	result = integration_update(&bench.call, json, &bench.faults, tested);
	if (result == INTEGRATION_UPDATED || result == INTEGRATION_TESTING)
		call_commit();
	else
		database_rollback(bench.database);
	ck_assert((bench.call.errand != NULL) == (result == INTEGRATION_TESTING));
	return result;
}

static void begin_test(void)
{
	bench.is_over = false;
	bench.call.errand->done = errand_done;
	bench.call.errand->begin(bench.call.errand, &bench.call);
}

static void update_and_test(const char *sent)
{
	ck_assert_int_eq(update(sent), INTEGRATION_TESTING);
	begin_test();
	if (bench.loop != NULL)
		ck_assert(real_loop_run_until(bench.loop, errand_is_over, NULL, LIMIT_MS));
	else
		ck_assert(sim_run_until(bench.sim, sim_now_us(bench.sim) + 200 * SECOND_US,
					errand_is_over, NULL));
}

static void message_is(const char *text)
{
	ck_assert_msg(str_equal(bench.result.message, str_from(text)), "%.*s",
		      STR_ARG(bench.result.message));
	ck_assert(!bench.result.is_successful);
	ck_assert_int_eq(number("SELECT api_test_success FROM proxies WHERE service_id = 2"), 0);
}

/* Tests. */

/* PT-199, PT-203: the flag is written beside the row's own life. */
START_TEST(a_saved_proxy_is_tested_once)
{
	set_up(_i);
	update_and_test("{\"api_test_path\":\"/x?a=b\",\"lock_version\":\"0\"}");
	ck_assert(bench.result.is_successful);
	ck_assert_int_eq(bench.result.status, 200);
	ck_assert(gateway_has_seen("GET /x?a=b&user_key="));
	ck_assert(gateway_has_seen(bench.loop != NULL ? "Host: 127.0.0.1\n"
						      : "Host: gateway.example\n"));
	ck_assert_int_eq(number("SELECT api_test_success FROM proxies WHERE service_id = 2"), 1);
	ck_assert_int_eq(number("SELECT lock_version FROM proxies WHERE service_id = 2"), 1);
	ck_assert_int_eq(number("SELECT max(version) FROM proxy_configs"), 1);
	ck_assert_int_eq(number("SELECT count(*) FROM proxy_configs WHERE content LIKE '%/x?a=b%'"),
			 1);
	tear_down();
}
END_TEST

/* Mode, place -> what the gateway sees. {key} is the user key. */
static const struct {
	const char *mode, *location, *seen;
} placements[] = {
	{"1", "query", "GET /?user_key={key}\n"},
	{"1", "headers", "GET /\n"},
	{"1", "headers", "user_key: {key}\n"},
	{"1", "authorization", "Authorization: Basic {key:}\n"},
	{"2", "query", "GET /?app_id={id}&app_key=secret%21\n"},
	{"2", "headers", "app_id: {id}\napp_key: secret!\n"},
	{"2", "authorization", "Authorization: Basic {id:secret}\n"},
};

static struct str text_of(const char *sql)
{
	return database_text(bench.database, str_from(sql), NULL, 0);
}

static const char *placed(const char *template)
{
	struct arena *arena = bench.arena;
	struct str key = text_of("SELECT user_key FROM cinstances WHERE service_id = 2 AND "
				 "type = 'Cinstance'");
	struct str id = text_of("SELECT application_id FROM cinstances WHERE service_id = 2 AND "
				"type = 'Cinstance'");
	const struct {
		struct str name, value;
	} rows[] = {
		{STR("key"), key},
		{STR("id"), id},
		{STR("key:"), base64_encode(arena, STR_CONCAT(arena, key, STR(":")))},
		{STR("id:secret"), base64_encode(arena, STR_CONCAT(arena, id, STR(":secret!")))},
	};
	struct str before, name, after, rest = str_from(template), text;

	str_split_once(rest, '{', &before, &rest);
	text = before;
	if (!str_split_once(rest, '}', &name, &after))
		return template;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		if (str_equal(rows[i].name, name))
			text = STR_CONCAT(arena, before, rows[i].value, after);
	}
	return str_cstr(arena, text);
}

static void run_sql(const char *sql)
{
	call_begin();
	database_run(bench.database, str_from(sql), NULL, 0);
	bench.call.found[0].record = service_by_id(&bench.call, 2);
	call_commit();
}

START_TEST(credentials_are_where_the_gateway_looks)
{
	set_up(1);
	run_sql("DELETE FROM application_keys");
	run_sql("INSERT INTO application_keys (application_id, value, tenant_id) SELECT id, "
		"'secret!', 2 FROM cinstances WHERE service_id = 2 AND type = 'Cinstance'");
	run_sql(placements[_i].mode[0] == '1' ? "UPDATE services SET backend_version = '1'"
					      : "UPDATE services SET backend_version = '2'");
	update_and_test(
		str_cstr(bench.arena, str_format(bench.arena, "{\"credentials_location\":\"%s\"}",
						 placements[_i].location)));
	ck_assert_msg(gateway_has_seen(placed(placements[_i].seen)), "%.*s", STR_ARG(bench.seen));
	tear_down();
}
END_TEST

/* PT-201, PT-202: what the gateway says is text, not markup. */
START_TEST(without_an_application_the_gateway_refuses)
{
	set_up(_i);
	run_sql("DELETE FROM cinstances WHERE service_id = 2");
	bench.gateway_status = 403;
	bench.gateway_body = "Authentication <failed> & \"more\"";
	update_and_test("{}");
	ck_assert(gateway_has_seen("GET /?user_key=USER_KEY\n"));
	message_is("<b>Test request failed with HTTP code 403</b>: Authentication &lt;failed&gt; "
		   "&amp; &quot;more&quot;");
	ck_assert_int_eq(bench.result.status, 403);
	/* The version made before stays. */
	ck_assert_int_eq(number("SELECT max(version) FROM proxy_configs"), 1);
	run_sql("UPDATE services SET backend_version = '2'");
	update_and_test("{}");
	ck_assert(gateway_has_seen("GET /?app_id=APP_ID&app_key=APP_KEY\n"));
	tear_down();
}
END_TEST

START_TEST(redirects_are_not_followed)
{
	set_up(_i);
	bench.gateway_status = 302;
	bench.gateway_body = "";
	update_and_test("{}");
	message_is("<b>Test request failed with HTTP code 302</b>: ");
	ck_assert(!gateway_has_seen("elsewhere"));
	tear_down();
}
END_TEST

START_TEST(nobody_listens)
{
	struct str url, where;

	set_up(_i);
	url = gateway_url();
	http_listener_close(bench.gateway_world, bench.gateway);
	bench.gateway = NULL;
	update_and_test("{}");
	where = str_skip(url, 7);
	message_is(str_cstr(
		bench.arena,
		str_format(bench.arena,
			   "<b>Test request failed</b>: Connection refused - connect(2) for "
			   "&quot;%.*s&quot; port %.*s (%.*s)",
			   STR_ARG(str_slice(where, 0, str_find_char(where, ':'))),
			   STR_ARG(str_skip(where, str_find_char(where, ':') + 1)),
			   STR_ARG(where))));
	tear_down();
}
END_TEST

/* PT-200: ten seconds of silence. */
START_TEST(a_silent_gateway_is_left)
{
	int64_t began_us;

	set_up(1);
	bench.gateway_status = 0;
	began_us = sim_now_us(bench.sim);
	update_and_test("{}");
	message_is("<b>Test request failed</b>: execution expired");
	ck_assert_int_ge(sim_now_us(bench.sim) - began_us, 10 * SECOND_US);
	ck_assert_int_lt(sim_now_us(bench.sim) - began_us, 11 * SECOND_US);
	tear_down();
}
END_TEST

START_TEST(a_name_may_be_unknown)
{
	set_up(1);
	update_and_test("{\"sandbox_endpoint\":\"http://nobody.example\"}");
	message_is("<b>Test request failed</b>: getaddrinfo: Name or service not known "
		   "(nobody.example:80)");
	tear_down();
}
END_TEST

START_TEST(tls_may_fail)
{
	set_up(_i);
	update_and_test(str_cstr(bench.arena,
				 str_format(bench.arena, "{\"sandbox_endpoint\":\"https%.*s\"}",
					    STR_ARG(str_skip(gateway_url(), 4)))));
	message_is("<b>Test request failed</b>: SSL_connect returned=1 errno=0 state=error: "
		   "certificate verify failed");
	tear_down();
}
END_TEST

/* The gateway shows a certificate that nobody knows: by default that is nobody's business. */
START_TEST(verification_is_a_setting)
{
	struct http_listen_options listen = {
		.address = _i == 0 ? STR("127.0.0.1") : STR(""), .port = 0, .is_tls = true};

	set_up(_i);
	http_listener_close(bench.gateway_world, bench.gateway);
	bench.gateway = http_listen(bench.gateway_world, &listen, gateway_requested, NULL, NULL);
	ck_assert_ptr_nonnull(bench.gateway);
	update_and_test(str_cstr(bench.arena,
				 str_format(bench.arena, "{\"sandbox_endpoint\":\"https%.*s\"}",
					    STR_ARG(str_skip(gateway_url(), 4)))));
	ck_assert(bench.result.is_successful);
	bench.settings.verifies_sandbox = true;
	update_and_test("{}");
	message_is("<b>Test request failed</b>: SSL_connect returned=1 errno=0 state=error: "
		   "certificate verify failed");
	tear_down();
}
END_TEST

/* The page was left while the gateway thought. */
START_TEST(a_test_can_be_stopped)
{
	set_up(_i);
	bench.gateway_status = 0;
	ck_assert_int_eq(update("{}"), INTEGRATION_TESTING);
	begin_test();
	bench.call.errand->stop(bench.call.errand);
	ck_assert(!bench.is_over);
	tear_down();
}
END_TEST

/* PT-204, PT-095. */
static const struct {
	const char *sql, *sent;
	int64_t flag, versions; /* -1: null */
} untested[] = {
	{"UPDATE proxies SET authentication_method = 'oidc'", "{}", -1, 1},
	{"UPDATE services SET backend_version = 'oauth'", "{}", -1, 1},
	{"UPDATE services SET deployment_option = 'self_managed'", "{}", -1, 1},
	{"UPDATE services SET deployment_option = 'service_mesh_istio'", "{}", 1, 2},
	{"UPDATE services SET deployment_option = 'plugin_php'", "{}", 1, 0},
	{"UPDATE services SET name = 'same'", "{\"api_test_path\":\"\"}", -1, 1},
};

START_TEST(some_services_are_not_tested)
{
	set_up(1);
	run_sql("UPDATE proxies SET api_test_success = 1");
	run_sql(untested[_i].sql);
	ck_assert_int_eq(update(untested[_i].sent), INTEGRATION_UPDATED);
	ck_assert_int_eq(number("SELECT api_test_success FROM proxies WHERE service_id = 2"),
			 untested[_i].flag);
	ck_assert_int_eq(number("SELECT count(*) FROM proxy_configs"), untested[_i].versions);
	tear_down();
}
END_TEST

/* PT-205. */
START_TEST(an_outdated_form_is_stale)
{
	set_up(1);
	ck_assert_int_eq(update("{\"lock_version\":\"7\",\"api_test_path\":\"/x\"}"),
			 INTEGRATION_STALE);
	ck_assert_int_eq(number("SELECT count(*) FROM proxy_configs"), 0);
	tear_down();
}
END_TEST

START_TEST(faults_are_told_and_nothing_is_written)
{
	struct strbuf out;

	set_up(1);
	ck_assert_int_eq(
		update("{\"endpoint\":\"x\",\"policies_config\":\"[{\\\"name\\\":\\\"a\\\"}]\","
		       "\"proxy_rules_attributes\":{\"0\":{\"http_method\":\"GET\",\"pattern\":"
		       "\"x\",\"delta\":1,\"metric_id\":999},\"1\":{\"id\":999}}}"),
		INTEGRATION_REFUSED);
	strbuf_init(&out, BODY_BYTES_MAX);
	validation_write_json(&bench.faults, &out);
	ck_assert_msg(str_equal(strbuf_str(&out),
				STR("{\"proxy_rules.metric_id\":[\"is not included in the list\"],"
				    "\"proxy_rules.id\":[\"not found\"],\"policies_config\":["
				    "\"version can't be blank\",\"configuration can't be blank\"],"
				    "\"endpoint\":[\"the accepted format is "
				    "'protocol://address(:port)'\"]}")),
		      "%.*s", STR_ARG(strbuf_str(&out)));
	strbuf_free(&out);
	ck_assert_int_eq(update("{\"policies_config\":\"x\"}"), INTEGRATION_REFUSED);
	ck_assert_int_eq(number("SELECT count(*) FROM proxy_configs"), 0);
	ck_assert_int_eq(number("SELECT lock_version FROM proxies WHERE service_id = 2"), 0);
	tear_down();
}
END_TEST

/* Positions of the form are those of the version (4.3). */
START_TEST(rules_policies_and_flows_are_saved_with_it)
{
	struct str rules;
	int64_t hits, first;

	set_up(1);
	hits = number("SELECT id FROM metrics WHERE service_id = 2 AND system_name = 'hits'");
	first = number("SELECT proxy_rules.id FROM proxy_rules JOIN proxies ON proxies.id = "
		       "proxy_id WHERE service_id = 2");
	update_and_test(str_cstr(
		bench.arena,
		str_format(bench.arena,
			   "{\"proxy_rules_attributes\":[{\"id\":\"%" PRId64
			   "\",\"position\":\"3\"},{\"http_method\":\"GET\",\"pattern\":\"/b\","
			   "\"delta\":\"2\",\"metric_id\":\"%" PRId64
			   "\",\"position\":\"2\"},{\"http_method\":\"GET\",\"pattern\":\"/a\","
			   "\"delta\":\"1\",\"metric_id\":\"%" PRId64
			   "\",\"position\":\"1\"},{\"pattern\":\"\",\"_destroy\":\"1\"}],"
			   "\"policies_config\":\"[{\\\"name\\\":\\\"cors\\\",\\\"version\\\":"
			   "\\\"builtin\\\",\\\"configuration\\\":{}}]\","
			   "\"oidc_configuration_attributes\":{\"implicit_flow_enabled\":\"1\"}}",
			   first, hits, hits)));
	rules = text_of("SELECT group_concat(pattern || position) FROM (SELECT * FROM "
			"proxy_rules WHERE proxy_id = (SELECT id FROM proxies WHERE "
			"service_id = 2) ORDER BY position)");
	ck_assert_msg(str_equal(rules, STR("/a1,/b2,/3")), "%.*s", STR_ARG(rules));
	ck_assert_int_eq(number("SELECT count(*) FROM proxy_configs WHERE content LIKE "
				"'%\"policy_chain\":[{\"name\":\"cors\"%\"proxy_rules\":[%/a%/b%'"),
			 1);
	ck_assert_int_eq(number("SELECT count(*) FROM oidc_configurations WHERE config LIKE "
				"'%\"implicit_flow_enabled\":true%'"),
			 1);
	update_and_test(str_cstr(bench.arena,
				 str_format(bench.arena,
					    "{\"proxy_rules_attributes\":{\"0\":{\"id\":%" PRId64
					    ",\"_destroy\":\"true\"}}}",
					    first)));
	ck_assert_int_eq(number("SELECT count(*) FROM proxy_rules WHERE position = 3"), 0);
	ck_assert_int_eq(number("SELECT max(version) FROM proxy_configs"), 2);
	tear_down();
}
END_TEST

/* PT-096: each user's newest is what is compared with. PT-206: then it is promoted once. */
START_TEST(versions_are_compared_by_user)
{
	struct record *proxy;

	set_up(1);
	run_sql("UPDATE services SET deployment_option = 'self_managed'");
	ck_assert_int_eq(update("{\"api_test_path\":\"/a\"}"), INTEGRATION_UPDATED);
	ck_assert_int_eq(update("{}"), INTEGRATION_UPDATED);
	ck_assert_int_eq(number("SELECT max(version) FROM proxy_configs"), 1);
	bench.call.browser_user = value_int(3);
	ck_assert_int_eq(update("{}"), INTEGRATION_UPDATED);
	ck_assert_int_eq(update("{}"), INTEGRATION_UPDATED);
	ck_assert_int_eq(number("SELECT max(version) FROM proxy_configs"), 2);
	ck_assert_int_eq(number("SELECT user_id FROM proxy_configs WHERE version = 2"), 3);
	call_begin();
	proxy = proxy_of_service(&bench.call, 2);
	ck_assert(proxy_config_promote_newest(&bench.call, proxy));
	ck_assert(!proxy_config_promote_newest(&bench.call, proxy));
	call_commit();
	ck_assert_int_eq(number("SELECT version FROM proxy_configs WHERE environment = "
				"'production' AND user_id = 3"),
			 2);
	tear_down();
}
END_TEST

Suite *portal_integration_suite(void);
Suite *portal_integration_suite(void)
{
	Suite *suite = suite_create("portal_integration");
	TCase *tests = tcase_create("button");

	tcase_add_loop_test(tests, a_saved_proxy_is_tested_once, 0, BOTH_WORLDS);
	tcase_add_loop_test(tests, credentials_are_where_the_gateway_looks, 0,
			    sizeof placements / sizeof *placements);
	tcase_add_loop_test(tests, without_an_application_the_gateway_refuses, 0, BOTH_WORLDS);
	tcase_add_loop_test(tests, redirects_are_not_followed, 0, BOTH_WORLDS);
	tcase_add_loop_test(tests, nobody_listens, 0, BOTH_WORLDS);
	tcase_add_test(tests, a_silent_gateway_is_left);
	tcase_add_test(tests, a_name_may_be_unknown);
	tcase_add_loop_test(tests, tls_may_fail, 0, BOTH_WORLDS);
	tcase_add_loop_test(tests, verification_is_a_setting, 0, BOTH_WORLDS);
	tcase_add_loop_test(tests, a_test_can_be_stopped, 0, BOTH_WORLDS);
	tcase_add_loop_test(tests, some_services_are_not_tested, 0,
			    sizeof untested / sizeof *untested);
	tcase_add_test(tests, an_outdated_form_is_stale);
	tcase_add_test(tests, faults_are_told_and_nothing_is_written);
	tcase_add_test(tests, rules_policies_and_flows_are_saved_with_it);
	tcase_add_test(tests, versions_are_compared_by_user);
	suite_add_tcase(suite, tests);
	return suite;
}
