/* Where configurations come from, when, and what becomes of failures: sections 1 and 2 of
 * spec/gateway.md. */
#include "gateway/loader.h"

#include <check.h>
#include <string.h>

#include "gateway/stand_test.h"

#define PORTAL(...)                                                                                \
	gateway_stand_play(STAND_PORTAL, (const struct gateway_stand_script[]){__VA_ARGS__},       \
			   sizeof((const struct gateway_stand_script[]){__VA_ARGS__}) /            \
				   sizeof(struct gateway_stand_script))

static const char *wrapped(const char *service)
{
	return str_cstr(
		gateway_stand_arena(),
		str_format(gateway_stand_arena(), "{\"proxy_config\":{\"content\":%s}}", service));
}

static const char *service(const char *id, const char *host)
{
	return gateway_stand_service(id, host, "", "");
}

/* A portal without a path that has services 5 and 9. */
static void play_portal(const char *environment)
{
	struct arena *arena = gateway_stand_arena();
	const char *first = str_cstr(
		arena, str_format(arena, "/admin/api/services/5/proxy/configs/%s/", environment));
	const char *second = str_cstr(
		arena, str_format(arena, "/admin/api/services/9/proxy/configs/%s/", environment));

	PORTAL({.prefix = "/admin/api/services.json",
		.body = "{\"services\":[{\"service\":{\"id\":5}},{\"service\":{\"id\":9}},{}]}"},
	       {.prefix = first, .body = wrapped(service("5", "five.example.com"))},
	       {.prefix = second, .body = wrapped(service("9", "nine.example.com"))});
	gateway_stand_variable("THREESCALE_PORTAL_ENDPOINT", "http://tok@10.0.0.4:3000");
}

static int get(const char *host)
{
	return gateway_stand_call(
		       (struct gateway_stand_request){.path = "/?user_key=k", .host = host})
		.status;
}

static void expect_portal_calls(const char *const *targets)
{
	size_t count = 0;

	for (; targets[count] != NULL; count++)
		expect_str(gateway_stand_seen(STAND_PORTAL, count)->target, targets[count]);
	ck_assert_uint_eq(gateway_stand_seen_count(STAND_PORTAL), count);
}

#define EXPECT_PORTAL_CALLS(...) expect_portal_calls((const char *const[]){__VA_ARGS__, NULL})

/* Boot. */

START_TEST(production_loads_all_services_before_it_serves)
{
	const struct gateway_stand_seen *call;

	play_portal("production");
	gateway_stand_argument("--log-level=info");
	ck_assert(gateway_stand_start());
	EXPECT_PORTAL_CALLS("/admin/api/services.json",
			    "/admin/api/services/5/proxy/configs/production/latest.json",
			    "/admin/api/services/9/proxy/configs/production/latest.json");
	call = gateway_stand_seen(STAND_PORTAL, 0);
	expect_str(http_fields_get(&call->fields, STR("Authorization")), "Basic dG9rOg==");
	expect_str(http_fields_get(&call->fields, STR("Host")), "10.0.0.4:3000");
	ck_assert(
		str_has_prefix(http_fields_get(&call->fields, STR("User-Agent")), STR("APIcast/")));
	expect_log("using boot configuration loader");
	expect_log("added service 5 configuration with hosts: five.example.com ttl: 300");
	ck_assert_int_eq(get("five.example.com"), 200);
	ck_assert_int_eq(get("nine.example.com"), 200);
	ck_assert_int_eq(get("other.example.com"), 404);
	ck_assert_uint_eq(gateway_stand_seen_count(STAND_PORTAL), 3);
}
END_TEST

START_TEST(production_reloads_every_five_minutes)
{
	play_portal("production");
	gateway_stand_argument("--log-level=info");
	ck_assert(gateway_stand_start());
	PORTAL({.prefix = "/admin/api/services.json",
		.body = "{\"services\":[{\"service\":{\"id\":9}}]}"},
	       {.prefix = "/admin/api/services/9",
		.body = wrapped(service("9", "new.example.com"))});
	gateway_stand_run_for(299 * STAND_SECOND);
	ck_assert_int_eq(get("five.example.com"), 200);
	gateway_stand_run_for(2 * STAND_SECOND);
	expect_log("auto updating configuration, context: ngx.timer");
	expect_log("auto updating configuration finished successfuly");
	ck_assert_int_eq(get("new.example.com"), 200);
	ck_assert_int_eq(get("five.example.com"), 404);
	gateway_stand_forget();
	gateway_stand_run_for(301 * STAND_SECOND);
	ck_assert_uint_eq(gateway_stand_seen_count(STAND_PORTAL), 2);
}
END_TEST

START_TEST(a_failed_reload_keeps_what_is_there)
{
	play_portal("production");
	ck_assert(gateway_stand_start());
	PORTAL({.prefix = "/", .status = 500});
	gateway_stand_run_for(301 * STAND_SECOND);
	expect_log("failed to update configuration: nil");
	ck_assert_int_eq(get("five.example.com"), 200);
	PORTAL({.prefix = "/", .body = "oops"});
	gateway_stand_run_for(301 * STAND_SECOND);
	expect_log("auto updating configuration failed with: Expected value but found invalid "
		   "token at "
		   "character 1");
	ck_assert_int_eq(get("five.example.com"), 200);
	PORTAL({.prefix = "/", .body = "{\"services\":[]}"});
	gateway_stand_run_for(301 * STAND_SECOND);
	ck_assert_int_eq(get("five.example.com"), 404);
}
END_TEST

START_TEST(a_service_without_a_version_is_left_out)
{
	play_portal("other");
	gateway_stand_variable("THREESCALE_DEPLOYMENT_ENV", "staging");
	gateway_stand_argument("-b");
	gateway_stand_argument("--log-level=info");
	ck_assert(gateway_stand_start());
	expect_log("could not get configuration for service 5: invalid status: 404 (Not Found)");
	ck_assert_int_eq(get("five.example.com"), 404);
	gateway_stand_forget();
	gateway_stand_run_for(1000 * STAND_SECOND);
	ck_assert_uint_eq(gateway_stand_seen_count(STAND_PORTAL), 0);
}
END_TEST

START_TEST(a_list_of_services_spares_a_call)
{
	play_portal("production");
	gateway_stand_variable("APICAST_SERVICES_LIST", "5, 9");
	gateway_stand_variable("APICAST_SERVICE_9_CONFIGURATION_VERSION", "3");
	ck_assert(gateway_stand_start());
	EXPECT_PORTAL_CALLS("/admin/api/services/5/proxy/configs/production/latest.json",
			    "/admin/api/services/9/proxy/configs/production/3.json");
}
END_TEST

START_TEST(boot_fails_when_the_portal_refuses)
{
	PORTAL({.prefix = "/", .status = 403});
	gateway_stand_variable("THREESCALE_PORTAL_ENDPOINT", "https://secret@10.0.0.4:3000");
	gateway_stand_variable("THREESCALE_PORTAL_ENDPOINT", "http://secret@10.0.0.4:3000");
	ck_assert(!gateway_stand_start());
	ck_assert_int_eq(gateway_stand_exit_status(), 1);
	EXPECT_PORTAL_CALLS("/admin/api/services.json", "/admin/api/nginx/spec.json");
	expect_log("failed to get list of services: invalid status: 403 (Forbidden) url: "
		   "http://10.0.0.4:3000/admin/api/services.json");
	expect_log("configuration download error: invalid status: 403 (Forbidden)");
	expect_log("missing configuration");
	expect_log("[emerg] ");
	expect_log("failed to load configuration, exiting (code 1)");
	ck_assert(!gateway_stand_log_has("secret"));
}
END_TEST

START_TEST(boot_waits_for_the_portals_port)
{
	gateway_stand_stop_server(STAND_PORTAL);
	gateway_stand_variable("THREESCALE_PORTAL_ENDPOINT", "http://10.0.0.4:3000");
	ck_assert(!gateway_stand_start());
	ck_assert_int_eq(gateway_stand_exit_status(), 1);
	expect_log("failed to get list of services: invalid status: 0 url: "
		   "http://10.0.0.4:3000/admin/api/services.json");
	expect_log("configuration download error: connection refused");
	ck_assert(str_has_prefix(gateway_stand_log(), STR("loading production")));
}
END_TEST

START_TEST(boot_fails_when_the_answer_is_no_json)
{
	PORTAL({.prefix = "/", .body = "oops"});
	gateway_stand_variable("THREESCALE_PORTAL_ENDPOINT", "http://10.0.0.4:3000");
	ck_assert(!gateway_stand_start());
	ck_assert_int_eq(gateway_stand_exit_status(), 1);
	expect_log("Expected value but found invalid token at character 1");
}
END_TEST

START_TEST(boot_without_a_source_fails)
{
	ck_assert(!gateway_stand_start());
	ck_assert_int_eq(gateway_stand_exit_status(), 1);
	expect_log("failed to get list of services: no endpoint url: nil");
}
END_TEST

START_TEST(boot_with_the_cache_off_ends_at_once)
{
	play_portal("production");
	gateway_stand_variable("APICAST_CONFIGURATION_CACHE", "0");
	ck_assert(!gateway_stand_start());
	ck_assert_int_eq(gateway_stand_exit_status(), 0);
	expect_log("cache is off, cannot store configuration, exiting");
}
END_TEST

START_TEST(a_negative_cache_never_reloads)
{
	play_portal("production");
	gateway_stand_variable("APICAST_CONFIGURATION_CACHE", "-1");
	ck_assert(gateway_stand_start());
	gateway_stand_run_for(100000 * STAND_SECOND);
	ck_assert_uint_eq(gateway_stand_seen_count(STAND_PORTAL), 3);
	ck_assert_int_eq(get("five.example.com"), 200);
}
END_TEST

START_TEST(method_v1_serves_what_the_list_does_not)
{
	PORTAL({.prefix = "/admin/api/nginx/spec.json",
		.body = gateway_stand_services(service("5", "five.example.com"))});
	gateway_stand_variable("THREESCALE_PORTAL_ENDPOINT", "http://10.0.0.4:3000/");
	ck_assert(gateway_stand_start());
	ck_assert_int_eq(get("five.example.com"), 200);
}
END_TEST

/* Endpoints with a path (2.3). */

START_TEST(a_path_is_asked_for_everything_at_once)
{
	PORTAL({.prefix = "/cfg/production.json",
		.body = str_cstr(gateway_stand_arena(),
				 str_format(gateway_stand_arena(), "{\"proxy_configs\":[%s]}",
					    wrapped(service("5", "five.example.com"))))});
	gateway_stand_variable("THREESCALE_PORTAL_ENDPOINT", "http://user:pw@10.0.0.4:3000/cfg/");
	ck_assert(gateway_stand_start());
	EXPECT_PORTAL_CALLS("/cfg/production.json?");
	expect_str(http_fields_get(&gateway_stand_last(STAND_PORTAL)->fields, STR("Authorization")),
		   "Basic dXNlcjpwdw==");
	ck_assert_int_eq(get("five.example.com"), 200);
}
END_TEST

START_TEST(a_path_falls_back_to_the_list_and_to_itself)
{
	PORTAL({.prefix = "/cfg/", .status = 404},
	       {.prefix = "/cfg",
		.body = gateway_stand_services(service("5", "five.example.com"))});
	gateway_stand_variable("THREESCALE_PORTAL_ENDPOINT", "http://10.0.0.4:3000/cfg");
	gateway_stand_variable("THREESCALE_DEPLOYMENT_ENV", "staging");
	ck_assert(gateway_stand_start());
	ck_assert_int_eq(get("five.example.com"), 200);
	EXPECT_PORTAL_CALLS("/cfg/staging.json?host=five.example.com",
			    "/cfg/admin/api/services.json", "/cfg");
}
END_TEST

/* Lazy. */

static void start_staging(const char *cache)
{
	play_portal("staging");
	gateway_stand_variable("THREESCALE_DEPLOYMENT_ENV", "staging");
	gateway_stand_variable("APICAST_CONFIGURATION_CACHE", cache);
	ck_assert(gateway_stand_start());
	ck_assert_uint_eq(gateway_stand_seen_count(STAND_PORTAL), 0);
}

START_TEST(staging_loads_for_each_call)
{
	start_staging("");
	ck_assert_int_eq(get("five.example.com"), 200);
	ck_assert_uint_eq(gateway_stand_seen_count(STAND_PORTAL), 3);
	ck_assert_int_eq(get("other.example.com"), 404);
	ck_assert_uint_eq(gateway_stand_seen_count(STAND_PORTAL), 6);
	gateway_stand_stop_server(STAND_PORTAL);
	ck_assert_int_eq(get("five.example.com"), 404);
	expect_log("failed to get config for host: five.example.com, client: 10.0.0.9");
}
END_TEST

START_TEST(what_is_no_json_is_told)
{
	start_staging("0");
	PORTAL({.prefix = "/", .body = "["});
	ck_assert_int_eq(get("five.example.com"), 404);
	expect_log("failed to load config for host: five.example.com error: ");
}
END_TEST

START_TEST(a_lazy_cache_is_used_until_it_expires_and_when_the_portal_is_away)
{
	start_staging("60");
	ck_assert_int_eq(get("five.example.com"), 200);
	ck_assert_int_eq(get("nine.example.com"), 200);
	ck_assert_int_eq(get("five.example.com"), 200);
	ck_assert_uint_eq(gateway_stand_seen_count(STAND_PORTAL), 3);
	gateway_stand_run_for(61 * STAND_SECOND);
	ck_assert_int_eq(get("five.example.com"), 200);
	ck_assert_uint_eq(gateway_stand_seen_count(STAND_PORTAL), 6);
	gateway_stand_stop_server(STAND_PORTAL);
	gateway_stand_run_for(61 * STAND_SECOND);
	ck_assert_int_eq(get("five.example.com"), 200);
	ck_assert_int_eq(get("other.example.com"), 404);
}
END_TEST

START_TEST(a_lazy_cache_below_zero_never_expires)
{
	start_staging("-1");
	ck_assert_int_eq(get("five.example.com"), 200);
	gateway_stand_run_for(100000 * STAND_SECOND);
	ck_assert_int_eq(get("five.example.com"), 200);
	ck_assert_uint_eq(gateway_stand_seen_count(STAND_PORTAL), 3);
}
END_TEST

START_TEST(calls_for_one_host_share_downloads)
{
	start_staging("0");
	gateway_stand_burst("five.example.com", 5);
	/* One download for the first, one more for all who came while it ran. */
	ck_assert_uint_eq(gateway_stand_seen_count(STAND_PORTAL), 6);
	ck_assert_uint_eq(gateway_stand_seen_count(STAND_UPSTREAM), 5);
}
END_TEST

START_TEST(a_request_waits_fifteen_seconds_for_its_configuration)
{
	start_staging("0");
	gateway_stand_silence(STAND_PORTAL);
	gateway_stand_send(
		(struct gateway_stand_request){.path = "/?user_key=k", .host = "five.example.com"});
	gateway_stand_run_for(14 * STAND_SECOND);
	ck_assert(!gateway_stand_log_has("failed to load config"));
	expect_answer(gateway_stand_wait(), 404, "");
	expect_log("failed to load config for host: five.example.com error: timeout");
}
END_TEST

/* Each byte is progress. */
START_TEST(a_portal_that_drips_is_given_up)
{
	start_staging("0");
	PORTAL({.prefix = "/", .fault = STAND_DRIPS});
	ck_assert_int_eq(get("five.example.com"), 404);
	play_portal("staging");
	ck_assert_int_eq(get("five.example.com"), 404); /* waits for the same download */
	gateway_stand_run_for(120 * STAND_SECOND);
	expect_log("failed to get list of services: invalid status: 0 url: http://10.0.0.4:3000/");
	ck_assert_int_eq(get("five.example.com"), 200);
}
END_TEST

START_TEST(a_client_may_leave_while_its_configuration_is_loaded)
{
	start_staging("0");
	gateway_stand_silence(STAND_PORTAL);
	gateway_stand_send(
		(struct gateway_stand_request){.path = "/?user_key=k", .host = "five.example.com"});
	gateway_stand_run_for(STAND_SECOND);
	gateway_stand_leave();
	gateway_stand_run_for(20 * STAND_SECOND);
	expect_log("\" 404 0 (");
}
END_TEST

/* Files and data. */

START_TEST(a_file_goes_before_the_portal)
{
	gateway_stand_variable("THREESCALE_PORTAL_ENDPOINT", "http://10.0.0.4:3000");
	gateway_stand_start_with("", "");
	expect_answer(gateway_stand_get("/?user_key=k"), 200, "");
	ck_assert_uint_eq(gateway_stand_seen_count(STAND_PORTAL), 0);
}
END_TEST

START_TEST(a_missing_file_ends_the_start)
{
	gateway_stand_variable("THREESCALE_CONFIG_FILE", "/nowhere.json");
	ck_assert(!gateway_stand_start());
	ck_assert_int_eq(gateway_stand_exit_status(), 1);
	expect_log("/nowhere.json: No such file or directory");
}
END_TEST

static const struct {
	const char *content, *text;
} broken_files[] = {
	{"not json", "Expected value but found invalid token at character 1"},
	{"  ", "Expected value but found T_END at character 3"},
	{"{\"a\"}", "line 1"},
	{"[1]", NULL},
	{"{\"services\":[7]}", "a service is not an object"},
	{"{\"services\":[{\"id\":1,\"proxy\":{\"proxy_rules\":[{\"pattern\":\"/\"}]}}]}",
	 "service 1: mapping rule \"/\" has no metric_system_name"},
};

START_TEST(a_broken_file_ends_the_start)
{
	gateway_stand_file(broken_files[_i].content);
	if (broken_files[_i].text == NULL) {
		ck_assert(gateway_stand_start());
		return;
	}
	ck_assert(!gateway_stand_start());
	ck_assert_int_eq(gateway_stand_exit_status(), 1);
	expect_log(broken_files[_i].text);
}
END_TEST

START_TEST(an_empty_configuration_serves_nobody)
{
	gateway_stand_file("{}");
	ck_assert(gateway_stand_start());
	expect_answer(gateway_stand_get("/?user_key=k"), 404, "");
}
END_TEST

START_TEST(a_lazy_file_is_read_for_each_call)
{
	gateway_stand_argument("--lazy");
	gateway_stand_argument("-i");
	gateway_stand_argument("0");
	gateway_stand_start_with("", "");
	expect_answer(gateway_stand_get("/?user_key=k"), 200, "");
	gateway_stand_file("{}");
	expect_answer(gateway_stand_get("/?user_key=k"), 404, "");
}
END_TEST

static const char *const uris[] = {
	"data:application/json,%7B%22services%22:[]%7D",
	"data:application/json;base64,eyJzZXJ2aWNlcyI6W119",
	"data:application/yaml,services:%20[]",
	"file:/gateway.json",
	"file:///gateway.json",
	"/gateway.json",
};

START_TEST(a_uri_says_where_the_configuration_is)
{
	gateway_stand_file("{}");
	gateway_stand_variable("THREESCALE_CONFIG_FILE", "");
	gateway_stand_variable("APICAST_CONFIGURATION", uris[_i]);
	ck_assert_msg(gateway_stand_start(), "%.*s", STR_ARG(gateway_stand_log()));
}
END_TEST

START_TEST(services_are_filtered)
{
	gateway_stand_variable("APICAST_SERVICES", "5");
	gateway_stand_variable("APICAST_SERVICES_FILTER_BY_URL", "^on");
	gateway_stand_file(gateway_stand_services(str_cstr(
		gateway_stand_arena(),
		str_format(gateway_stand_arena(), "%s,%s,%s,%s", service("5", "five"),
			   service("1", "one"), service("2", "two"), service("5", "again")))));
	ck_assert(gateway_stand_start());
	expect_log("DEPRECATION NOTICE: Use APICAST_SERVICES_LIST not APICAST_SERVICES");
	expect_log("filtering out service 2");
	expect_log("skipping service 5 becasue it is a duplicate");
	ck_assert_int_eq(get("five"), 200);
	ck_assert_int_eq(get("one"), 200);
	ck_assert_int_eq(get("two"), 404);
	ck_assert_int_eq(get("again"), 404);
}
END_TEST

START_TEST(a_list_alone_keeps_only_its_services)
{
	gateway_stand_variable("APICAST_SERVICES_LIST", "5,");
	gateway_stand_file(gateway_stand_services(str_cstr(
		gateway_stand_arena(), str_format(gateway_stand_arena(), "%s,%s",
						  service("5", "five"), service("9", "nine")))));
	ck_assert(gateway_stand_start());
	ck_assert_int_eq(get("five"), 200);
	ck_assert_int_eq(get("nine"), 404);
}
END_TEST

START_TEST(a_broken_filter_keeps_nobody)
{
	gateway_stand_variable("APICAST_SERVICES_FILTER_BY_URL", "[");
	gateway_stand_start_with("", "");
	expect_log(
		"APICAST_SERVICES_FILTER_BY_URL cannot compile and all services are filtering out, "
		"error: ");
	expect_answer(gateway_stand_get("/?user_key=k"), 404, "");
}
END_TEST

static void add(Suite *suite, const char *name, const TTest *const *tests, size_t count)
{
	TCase *test = tcase_create(name);

	tcase_add_checked_fixture(test, gateway_stand_set, gateway_stand_clear);
	for (size_t i = 0; i < count; i++)
		tcase_add_test(test, tests[i]);
	suite_add_tcase(suite, test);
}

#define ADD(suite, name, ...)                                                                      \
	add((suite), (name), (const TTest *const[]){__VA_ARGS__},                                  \
	    sizeof((const TTest *const[]){__VA_ARGS__}) / sizeof(const TTest *))

Suite *gateway_loader_suite(void);
Suite *gateway_loader_suite(void)
{
	Suite *suite = suite_create("gateway_loader");
	TCase *loops = tcase_create("loops");

	ADD(suite, "boot", production_loads_all_services_before_it_serves,
	    production_reloads_every_five_minutes, a_failed_reload_keeps_what_is_there,
	    a_service_without_a_version_is_left_out, a_list_of_services_spares_a_call,
	    boot_fails_when_the_portal_refuses, boot_waits_for_the_portals_port,
	    boot_fails_when_the_answer_is_no_json, boot_without_a_source_fails,
	    boot_with_the_cache_off_ends_at_once, a_negative_cache_never_reloads,
	    method_v1_serves_what_the_list_does_not, a_path_is_asked_for_everything_at_once,
	    a_path_falls_back_to_the_list_and_to_itself);
	ADD(suite, "lazy", staging_loads_for_each_call, what_is_no_json_is_told,
	    a_lazy_cache_is_used_until_it_expires_and_when_the_portal_is_away,
	    a_lazy_cache_below_zero_never_expires, calls_for_one_host_share_downloads,
	    a_request_waits_fifteen_seconds_for_its_configuration, a_portal_that_drips_is_given_up,
	    a_client_may_leave_while_its_configuration_is_loaded);
	ADD(suite, "files", a_file_goes_before_the_portal, a_missing_file_ends_the_start,
	    an_empty_configuration_serves_nobody, a_lazy_file_is_read_for_each_call,
	    services_are_filtered, a_list_alone_keeps_only_its_services,
	    a_broken_filter_keeps_nobody);
	tcase_add_checked_fixture(loops, gateway_stand_set, gateway_stand_clear);
	tcase_add_loop_test(loops, a_broken_file_ends_the_start, 0,
			    (int)(sizeof broken_files / sizeof *broken_files));
	tcase_add_loop_test(loops, a_uri_says_where_the_configuration_is, 0,
			    (int)(sizeof uris / sizeof *uris));
	suite_add_tcase(suite, loops);
	return suite;
}
