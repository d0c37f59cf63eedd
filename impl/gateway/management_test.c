/* The management API, the metrics page and the echo API: sections 7, 8 and 1.1 of
 * spec/gateway.md. */
#include "gateway/management.h"

#include <check.h>
#include <string.h>

#include "gateway/stand_test.h"

static struct stand_answer call(const char *method, const char *path, const char *body)
{
	return gateway_stand_call((struct gateway_stand_request){
		.method = method, .path = path, .body = body, .port = 8090});
}

static void start_in_scope(const char *scope)
{
	gateway_stand_variable("APICAST_MANAGEMENT_API", scope);
	gateway_stand_start_with("", "");
}

static struct str metrics(void)
{
	struct stand_answer answer = gateway_stand_call(
		(struct gateway_stand_request){.path = "/metrics", .port = 9421});

	ck_assert_int_eq(answer.status, 200);
	return answer.body;
}

static bool metrics_have(const char *text)
{
	return str_find(metrics(), str_from(text)) != STR_NOT_FOUND;
}

/* Scope, path and status of the routes. */
static const struct {
	const char *scope, *method, *path;
	int status;
} routes[] = {
	{"", "GET", "/status/live", 200},       {"status", "GET", "/status/ready/", 200},
	{"status", "GET", "/status/info", 200}, {"status", "GET", "/policies", 200},
	{"status", "GET", "/config", 404},      {"status", "POST", "/status/live", 404},
	{"disabled", "GET", "/", 403},          {"disabled", "GET", "/status/live", 404},
	{"policies", "GET", "/policies", 200},  {"policies", "GET", "/status/info", 404},
	{"debug", "GET", "/status/live", 200},  {"debug", "GET", "/config", 200},
	{"debug", "GET", "/dns/cache", 200},    {"other", "GET", "/status/live", 404},
};

START_TEST(scopes_open_routes)
{
	start_in_scope(routes[_i].scope);
	ck_assert_int_eq(call(routes[_i].method, routes[_i].path, NULL).status, routes[_i].status);
	if (strcmp(routes[_i].scope, "other") == 0)
		expect_log("invalid management api setting: other");
}
END_TEST

START_TEST(status_is_told_as_json)
{
	struct stand_answer answer;

	start_in_scope("status");
	answer = call("GET", "/status/live", NULL);
	expect_answer(answer, 200, "{\"status\":\"live\",\"success\":true}\n");
	expect_str(gateway_stand_field(&answer, "Content-Type"), "application/json; charset=utf-8");
	expect_answer(call("GET", "/status/ready", NULL), 200,
		      "{\"status\":\"ready\",\"success\":true}\n");
	expect_answer(call("GET", "/foobar?x", NULL), 404, "Could not resolve GET /foobar - nil\n");
	answer = call("GET", "/policies", NULL);
	ck_assert(str_has_prefix(answer.body, STR("{\"policies\":{\"")));
	ck_assert_uint_ne(str_find(answer.body, STR("\"apicast\":[{")), STR_NOT_FOUND);
}
END_TEST

START_TEST(no_services_are_a_warning)
{
	gateway_stand_file("{}");
	ck_assert(gateway_stand_start());
	expect_answer(call("GET", "/status/ready", NULL), 200,
		      "{\"status\":\"warning\",\"warning\":\"no services\",\"success\":true}\n");
}
END_TEST

START_TEST(a_configuration_is_put_shown_and_deleted)
{
	const char *config =
		gateway_stand_services(gateway_stand_service("7", "seven.example.com", "", ""));

	start_in_scope("debug");
	expect_answer(
		call("PUT", "/config", config), 200,
		str_cstr(gateway_stand_arena(),
			 str_format(gateway_stand_arena(),
				    "{\"status\":\"ok\",\"services\":1,\"config\":%s}\n", config)));
	expect_answer(
		call("GET", "/config", NULL), 200,
		str_cstr(gateway_stand_arena(), str_format(gateway_stand_arena(), "%s\n", config)));
	ck_assert_int_eq(
		gateway_stand_call((struct gateway_stand_request){.path = "/?user_key=k",
								  .host = "seven.example.com"})
			.status,
		200);
	ck_assert_int_eq(gateway_stand_get("/?user_key=k").status, 404);
	expect_answer(call("DELETE", "/config", NULL), 200,
		      "{\"status\":\"ok\",\"config\":null}\n");
	expect_answer(call("GET", "/config", NULL), 200, "null\n");
	expect_answer(call("GET", "/status/ready", NULL), 412,
		      "{\"status\":\"error\",\"error\":\"not configured\",\"success\":false}\n");
}
END_TEST

START_TEST(what_is_no_configuration_is_refused)
{
	start_in_scope("debug");
	expect_answer(call("POST", "/config", "invalid json"), 400,
		      "{\"status\":\"error\",\"config\":null,\"error\":\"Expected value but found "
		      "invalid token at character 1\"}\n");
	expect_answer(call("POST", "/config", "{\"services\":[1]}"), 400, NULL);
	expect_log("not configured: a service is not an object");
	expect_answer(call("POST", "/config", NULL), 400, NULL);
	ck_assert_int_eq(gateway_stand_get("/?user_key=k").status, 200);
	expect_answer(call("POST", "/config", "{\"id\":42}"), 406,
		      "{\"status\":\"not_configured\",\"services\":0,\"config\":{\"id\":42},"
		      "\"error\":\"no services\"}\n");
}
END_TEST

START_TEST(boot_downloads_again)
{
	struct stand_answer answer;

	start_in_scope("debug");
	answer = call("POST", "/boot", NULL);
	ck_assert_int_eq(answer.status, 200);
	ck_assert(str_has_prefix(answer.body,
				 STR("{\"status\":\"ok\",\"config\":{\"services\":[{\"id\":42,")));
	ck_assert(str_has_suffix(answer.body, STR("],\"oidc\":[false]}}\n")));
	gateway_stand_file("oops");
	expect_answer(call("POST", "/boot", NULL), 500, NULL);
	ck_assert_int_eq(gateway_stand_get("/?user_key=k").status, 200);
}
END_TEST

START_TEST(a_client_may_leave_while_boot_downloads)
{
	gateway_stand_variable("APICAST_MANAGEMENT_API", "debug");
	gateway_stand_variable("THREESCALE_DEPLOYMENT_ENV", "staging");
	gateway_stand_variable("THREESCALE_PORTAL_ENDPOINT", "http://10.0.0.4:3000");
	gateway_stand_silence(STAND_PORTAL);
	ck_assert(gateway_stand_start());
	gateway_stand_send(
		(struct gateway_stand_request){.method = "POST", .path = "/boot", .port = 8090});
	gateway_stand_run_for(STAND_SECOND);
	gateway_stand_leave();
	gateway_stand_run_for(STAND_SECOND);
	gateway_stand_send(
		(struct gateway_stand_request){.method = "POST", .path = "/boot", .port = 8090});
	gateway_stand_run_for(STAND_SECOND);
	gateway_stand_ask_to_stop(); /* with a download under way */
	gateway_stand_run_for(STAND_SECOND);
	ck_assert(!gateway_stand_is_running());
}
END_TEST

START_TEST(names_are_shown_with_their_addresses)
{
	struct stand_answer answer;

	gateway_stand_variable("APICAST_MANAGEMENT_API", "debug");
	gateway_stand_start_with("", ",\"api_backend_ignored\":1");
	call("PUT", "/config",
	     "{\"services\":[{\"id\":1,\"backend_version\":\"1\",\"proxy\":{\"hosts\":[\"h\"],"
	     "\"api_backend\":\"http://api.internal:8000\",\"backend\":{\"endpoint\":"
	     "\"http://10.0.0.2:3000\"},\"proxy_rules\":[{\"http_method\":\"GET\",\"pattern\":\"/"
	     "\","
	     "\"metric_system_name\":\"m\",\"delta\":1}]}}]}");
	ck_assert_int_eq(gateway_stand_call((struct gateway_stand_request){.path = "/?user_key=k",
									   .host = "h"})
				 .status,
			 200);
	answer = call("GET", "/dns/cache", NULL);
	ck_assert(str_has_prefix(
		answer.body,
		STR("{\"api.internal\":{\"value\":{\"1\":{\"address\":\"10.0.0.3\","
		    "\"type\":1,\"class\":1,\"section\":1,\"name\":\"api.internal\","
		    "\"ttl\":60},\"name\":\"api.internal\",\"ttl\":60},\"expires_in\":")));
}
END_TEST

/* Metrics. */

START_TEST(a_fresh_gateway_shows_gauges)
{
	start_in_scope("status");
	ck_assert(metrics_have("# TYPE nginx_http_connections gauge\n"));
	ck_assert(metrics_have("nginx_http_connections{state=\"accepted\"} 0\n"));
	ck_assert(metrics_have("nginx_metric_errors_total 0\n"));
	ck_assert(metrics_have("openresty_shdict_capacity{dict=\"api_keys\"} 10485760\n"));
	ck_assert(metrics_have("openresty_shdict_free_space{dict=\"api_keys\"} 10485760\n"));
	ck_assert(!metrics_have("upstream_status{"));
	ck_assert(!metrics_have("threescale_backend_calls{"));
	ck_assert_int_eq(
		gateway_stand_call((struct gateway_stand_request){.path = "/other", .port = 9421})
			.status,
		404);
}
END_TEST

START_TEST(calls_are_counted)
{
	static const struct gateway_stand_script answers[] = {
		{.status = 200}, {.status = 403}, {.fault = STAND_CLOSES}};

	gateway_stand_play(STAND_BACKEND, answers, 3);
	start_in_scope("status");
	for (int i = 0; i < 3; i++)
		gateway_stand_get(i == 0   ? "/?user_key=a"
				  : i == 1 ? "/?user_key=b"
					   : "/?user_key=c");
	ck_assert(metrics_have("threescale_backend_calls{endpoint=\"authrep\",status=\"2xx\"} 1\n"
			       "threescale_backend_calls{endpoint=\"authrep\",status=\"4xx\"} 1\n"
			       "threescale_backend_calls{endpoint=\"authrep\","
			       "status=\"invalid_status\"} 1\n"));
	ck_assert(metrics_have("upstream_status{status=\"200\",service_id=\"\","
			       "service_system_name=\"\"} 1\n"));
	ck_assert(metrics_have("total_response_time_seconds_bucket{service_id=\"\","
			       "service_system_name=\"\",le=\"10.000\"} 3\n"
			       "total_response_time_seconds_bucket{service_id=\"\","
			       "service_system_name=\"\",le=\"+Inf\"} 3\n"
			       "total_response_time_seconds_count{service_id=\"\","
			       "service_system_name=\"\"} 3\n"));
	ck_assert(metrics_have("nginx_http_connections{state=\"total\"} 3\n"));
}
END_TEST

START_TEST(extended_metrics_name_the_service)
{
	gateway_stand_variable("APICAST_EXTENDED_METRICS", "true");
	gateway_stand_file(
		"{\"services\":[{\"id\":1,\"system_name\":\"a\\\"b\\\\c\\nd\",\"backend_version\":"
		"\"1\",\"proxy\":{\"hosts\":[\"api.example.com\"],\"api_backend\":"
		"\"http://10.0.0.3:8000\",\"backend\":{\"endpoint\":\"http://10.0.0.2:3000\"},"
		"\"proxy_rules\":[{\"http_method\":\"GET\",\"pattern\":\"/\","
		"\"metric_system_name\":\"m\",\"delta\":1}]}}]}");
	ck_assert(gateway_stand_start());
	gateway_stand_get("/?user_key=k");
	gateway_stand_get("/?user_key=k");
	ck_assert(metrics_have("upstream_status{status=\"200\",service_id=\"1\","
			       "service_system_name=\"a\\\"b\\\\c\\nd\"} 2\n"));
}
END_TEST

START_TEST(error_lines_are_counted_by_level)
{
	gateway_stand_variable("NGINX_METRICS_LOG_LEVEL", "warn");
	start_in_scope("status");
	gateway_stand_call((struct gateway_stand_request){.path = "/", .host = "nobody"});
	ck_assert(metrics_have("nginx_error_log{level=\"warn\"} 2\n"));
}
END_TEST

/* Echo. */

static struct stand_answer echo(const char *host, const char *path, const char *body)
{
	return gateway_stand_call(
		(struct gateway_stand_request){.method = body != NULL ? "POST" : "GET",
					       .path = path,
					       .host = host,
					       .fields = {"X-A", "1"},
					       .body = body,
					       .port = 8081});
}

START_TEST(the_echo_api_shows_what_it_got)
{
	struct stand_answer answer;

	start_in_scope("status");
	answer = echo("echo", "/x?y=1", NULL);
	ck_assert_int_eq(answer.status, 200);
	ck_assert(str_has_prefix(answer.body, STR("GET /x?y=1 HTTP/1.1\nHost: echo\nX-A: 1\n")));
	answer = echo("echo", "/x", "bytes");
	ck_assert(str_has_suffix(answer.body, STR("\n\nbytes")));
	expect_answer(echo("echo", "/config/any", NULL), 200, "{}");
	expect_answer(echo("backend", "/transactions/authrep.xml?x=1", NULL), 200,
		      "transactions authrep!");
	ck_assert(
		str_has_prefix(echo("echo", "/transactions/authrep.xml", NULL).body, STR("GET ")));
}
END_TEST

Suite *gateway_management_suite(void);
Suite *gateway_management_suite(void)
{
	Suite *suite = suite_create("gateway_management");
	TCase *test = tcase_create("management");

	tcase_add_checked_fixture(test, gateway_stand_set, gateway_stand_clear);
	tcase_add_loop_test(test, scopes_open_routes, 0, (int)(sizeof routes / sizeof *routes));
	tcase_add_test(test, status_is_told_as_json);
	tcase_add_test(test, no_services_are_a_warning);
	tcase_add_test(test, a_configuration_is_put_shown_and_deleted);
	tcase_add_test(test, what_is_no_configuration_is_refused);
	tcase_add_test(test, boot_downloads_again);
	tcase_add_test(test, a_client_may_leave_while_boot_downloads);
	tcase_add_test(test, names_are_shown_with_their_addresses);
	tcase_add_test(test, a_fresh_gateway_shows_gauges);
	tcase_add_test(test, calls_are_counted);
	tcase_add_test(test, extended_metrics_name_the_service);
	tcase_add_test(test, error_lines_are_counted_by_level);
	tcase_add_test(test, the_echo_api_shows_what_it_got);
	suite_add_tcase(suite, test);
	return suite;
}
