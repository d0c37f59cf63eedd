/* Calls through the whole gateway: sections 3, 4 and 6 of spec/gateway.md. */
#include "gateway/request.h"

#include <check.h>
#include <string.h>

#include "gateway/stand_test.h"

#define RULE(method, pattern, metric, delta)                                                       \
	"{\"http_method\":\"" method "\",\"pattern\":\"" pattern                                   \
	"\",\"metric_system_name\":\"" metric "\",\"delta\":" delta "}"
#define RULES(...) ",\"proxy_rules\":[" __VA_ARGS__ "]"

#define PLAY(server, ...)                                                                          \
	gateway_stand_play((server), (const struct gateway_stand_script[]){__VA_ARGS__},           \
			   sizeof((const struct gateway_stand_script[]){__VA_ARGS__}) /            \
				   sizeof(struct gateway_stand_script))

static const struct gateway_stand_script limits_exceeded = {
	.status = 409, .field = "3scale-rejection-reason", .value = "limits_exceeded"};

/* Host and service. */

START_TEST(an_unknown_host_is_not_found)
{
	struct stand_answer answer;

	gateway_stand_start_with("", ",\"error_status_no_match\":411");
	answer = gateway_stand_call((struct gateway_stand_request){.path = "/?user_key=k",
								   .host = "Other.Example.com"});
	expect_answer(answer, 404, "");
	expect_str(gateway_stand_field(&answer, "Content-Type"), "text/plain");
	expect_str(gateway_stand_field(&answer, "Server"), "openresty");
	ck_assert_uint_eq(gateway_stand_seen_count(STAND_BACKEND), 0);
	expect_log("[warn] ");
	expect_log("service not found for host other.example.com, client: 10.0.0.9, server: _, "
		   "request: \"GET /?user_key=k HTTP/1.1\", host: \"Other.Example.com\"");
	expect_log("could not find service for host: other.example.com");
}
END_TEST

START_TEST(case_and_port_of_the_host_do_not_matter)
{
	gateway_stand_start_with("", "");
	expect_answer(gateway_stand_call((struct gateway_stand_request){
			      .path = "/?user_key=k", .host = "API.Example.COM:8080"}),
		      200, "");
}
END_TEST

START_TEST(an_absolute_target_names_the_host)
{
	gateway_stand_start_with("", "");
	expect_answer(
		gateway_stand_call((struct gateway_stand_request){
			.path = "http://api.example.com/x?user_key=k", .host = "api.example.com"}),
		200, "");
	expect_str(gateway_stand_last(STAND_UPSTREAM)->target, "/x?user_key=k");
	expect_answer(gateway_stand_call((struct gateway_stand_request){
			      .path = "http://api.example.com", .host = "api.example.com"}),
		      401, NULL);
	expect_answer(
		gateway_stand_call((struct gateway_stand_request){
			.path = "http://api.example.com?user_key=k", .host = "api.example.com"}),
		200, NULL);
	expect_str(gateway_stand_last(STAND_UPSTREAM)->target, "/?user_key=k");
}
END_TEST

START_TEST(a_target_that_is_no_path_is_a_bad_request)
{
	gateway_stand_start_with("", "");
	expect_answer(gateway_stand_call(
			      (struct gateway_stand_request){.method = "OPTIONS", .path = "*"}),
		      400, NULL);
	ck_assert_uint_eq(gateway_stand_seen_count(STAND_UPSTREAM), 0);
}
END_TEST

START_TEST(health_is_answered_for_any_host_without_a_log_line)
{
	gateway_stand_start_with("", "");
	gateway_stand_forget();
	expect_answer(gateway_stand_call((struct gateway_stand_request){
			      .path = "/_threescale/healthz", .host = "nobody"}),
		      200, "");
	ck_assert_uint_eq(gateway_stand_log().size, 0);
}
END_TEST

/* Answers. */

START_TEST(missing_credentials_have_their_default_answer)
{
	struct stand_answer answer;

	gateway_stand_argument("--log-level=info");
	gateway_stand_start_with("", "");
	answer = gateway_stand_get("/");
	expect_answer(answer, 401, "Authentication parameters missing");
	expect_str(gateway_stand_field(&answer, "Content-Type"), "text/plain; charset=utf-8");
	expect_log("no credentials provided for service 42");
	ck_assert_uint_eq(gateway_stand_seen_count(STAND_BACKEND) +
				  gateway_stand_seen_count(STAND_UPSTREAM),
			  0);
}
END_TEST

START_TEST(each_answer_can_be_configured)
{
	struct stand_answer answer;

	PLAY(STAND_BACKEND, {.status = 403}, limits_exceeded);
	gateway_stand_start_with(
		"", ",\"error_status_auth_missing\":432,\"error_auth_missing\":\"who\","
		    "\"error_headers_auth_missing\":\"application/json\","
		    "\"error_status_auth_failed\":433,\"error_auth_failed\":\"not you\","
		    "\"error_headers_auth_failed\":\"text/a\","
		    "\"error_status_no_match\":434,\"error_no_match\":\"nothing\","
		    "\"error_headers_no_match\":\"text/b\","
		    "\"error_status_limits_exceeded\":435,\"error_limits_exceeded\":\"enough\","
		    "\"error_headers_limits_exceeded\":\"text/c\"" RULES(
			    RULE("GET", "/v1", "hits", "1")));
	answer = gateway_stand_get("/v1");
	expect_answer(answer, 432, "who");
	expect_str(gateway_stand_field(&answer, "Content-Type"), "application/json");
	answer = gateway_stand_get("/v1?user_key=k");
	expect_answer(answer, 433, "not you");
	expect_str(gateway_stand_field(&answer, "Content-Type"), "text/a");
	answer = gateway_stand_get("/v2?user_key=k");
	expect_answer(answer, 434, "nothing");
	expect_str(gateway_stand_field(&answer, "Content-Type"), "text/b");
	answer = gateway_stand_get("/v1?user_key=k");
	expect_answer(answer, 435, "enough");
	expect_str(gateway_stand_field(&answer, "Content-Type"), "text/c");
}
END_TEST

START_TEST(no_matching_rule_is_told_after_missing_credentials_and_before_backend)
{
	gateway_stand_start_with("", RULES(RULE("GET", "/v1", "hits", "1")));
	expect_answer(gateway_stand_get("/v2"), 401, NULL);
	expect_answer(gateway_stand_get("/v2?user_key=k"), 404, "No Mapping Rule matched");
	ck_assert_uint_eq(gateway_stand_seen_count(STAND_BACKEND), 0);
}
END_TEST

START_TEST(broken_basic_authentication_is_an_internal_error)
{
	gateway_stand_start_with("", ",\"credentials_location\":\"authorization\"");
	expect_answer(gateway_stand_call((struct gateway_stand_request){
			      .path = "/", .fields = {"Authorization", "Basic !"}}),
		      500,
		      "<html>\r\n<head><title>500 Internal Server Error</title></head>\r\n"
		      "<body>\r\n<center><h1>500 Internal Server Error</h1></center>\r\n"
		      "<hr><center>openresty</center>\r\n</body>\r\n</html>\r\n");
}
END_TEST

START_TEST(unusable_settings_of_credentials_are_warned_about)
{
	gateway_stand_file(gateway_stand_services(str_cstr(
		gateway_stand_arena(),
		str_format(gateway_stand_arena(), "%s,%s",
			   gateway_stand_service("42", "api.example.com", "",
						 ",\"credentials_location\":\"cookie\""),
			   gateway_stand_service("43", "nine.example.com", ",\"ignored\":1",
						 ",\"authentication_method\":\"9\"")))));
	gateway_stand_start();
	expect_answer(gateway_stand_get("/?user_key=k"), 401, NULL);
	expect_log("cannot get credentials: invalid credentials location");
}
END_TEST

START_TEST(an_unknown_backend_version_is_warned_about)
{
	gateway_stand_file(
		"{\"services\":[{\"id\":1,\"backend_version\":\"9\",\"proxy\":{\"hosts\":"
		"[\"api.example.com\"],\"proxy_rules\":[]}}]}");
	gateway_stand_start();
	expect_answer(gateway_stand_get("/?user_key=k"), 401, NULL);
	expect_log("cannot get credentials: invalid backend version: 9");
}
END_TEST

/* Bodies and rules. */

START_TEST(credentials_and_rules_see_the_form)
{
	gateway_stand_start_with(
		"", RULES("{\"http_method\":\"POST\",\"pattern\":\"/foo\",\"metric_system_name\":"
			  "\"m\",\"delta\":1,\"querystring_parameters\":{\"a\":\"1\"}}"));
	expect_answer(gateway_stand_call((struct gateway_stand_request){
			      .method = "POST", .path = "/foo?a=2", .body = "user_key=k&a=1"}),
		      200, "");
	expect_str(gateway_stand_last(STAND_UPSTREAM)->body, "user_key=k&a=1");
	expect_answer(gateway_stand_call((struct gateway_stand_request){
			      .method = "POST", .path = "/foo?user_key=k&a=1", .body = "a=2"}),
		      404, NULL);
	expect_answer(gateway_stand_call((struct gateway_stand_request){.method = "POST",
									.path = "/foo?user_key=k",
									.body = "a=1",
									.has_chunked_body = true}),
		      200, "");
	expect_str(
		http_fields_get(&gateway_stand_last(STAND_UPSTREAM)->fields, STR("Content-Length")),
		"3");
	expect_answer(gateway_stand_call(
			      (struct gateway_stand_request){.method = "POST", .path = "/foo"}),
		      401, NULL);
	expect_answer(gateway_stand_call((struct gateway_stand_request){
			      .method = "DELETE", .path = "/foo", .body = "user_key=k"}),
		      401, NULL);
}
END_TEST

START_TEST(a_condition_is_met_by_the_query)
{
	gateway_stand_start_with(
		"", RULES("{\"http_method\":\"GET\",\"pattern\":\"/foo\",\"metric_system_name\":"
			  "\"m\",\"delta\":1,\"querystring_parameters\":{\"a\":\"{x}\"}}"));
	expect_answer(gateway_stand_get("/foo?user_key=k&a="), 200, "");
	expect_answer(gateway_stand_get("/foo?user_key=k"), 404, NULL);
}
END_TEST

START_TEST(large_bodies_stream_through)
{
	char *bytes = arena_alloc(gateway_stand_arena(), 600001);

	memset(bytes, 'x', 600000);
	gateway_stand_start_with("", RULES(RULE("POST", "/", "hits", "1")));
	expect_answer(gateway_stand_call((struct gateway_stand_request){
			      .method = "POST", .path = "/?user_key=k", .body = bytes}),
		      200, "");
	ck_assert_uint_eq(gateway_stand_last(STAND_UPSTREAM)->body.size, 600000);
	expect_answer(
		gateway_stand_call((struct gateway_stand_request){
			.method = "POST", .path = "/", .body = bytes, .has_chunked_body = true}),
		401, NULL);
	expect_answer(gateway_stand_call((struct gateway_stand_request){.method = "POST",
									.path = "/?user_key=k",
									.body = bytes,
									.has_chunked_body = true}),
		      200, "");
	ck_assert_uint_eq(gateway_stand_last(STAND_UPSTREAM)->body.size, 600000);
}
END_TEST

/* Backend. */

START_TEST(the_first_call_is_authorized_and_reported_at_once)
{
	const struct gateway_stand_seen *call;

	gateway_stand_start_with("", RULES(RULE("GET", "/", "a b", "2")));
	expect_answer(
		gateway_stand_call((struct gateway_stand_request){
			.path = "/?user_key=k", .fields = {"Cookie", "c=1", "X-Secret", "s"}}),
		200, "");
	ck_assert_uint_eq(gateway_stand_seen_count(STAND_BACKEND), 1);
	call = gateway_stand_last(STAND_BACKEND);
	expect_str(call->method, "GET");
	expect_str(call->target, "/transactions/authrep.xml?service_token=st-42&service_id=42&"
				 "usage%5Ba%20b%5D=2&user_key=k");
	expect_str(http_fields_get(&call->fields, STR("Host")), "10.0.0.2");
	expect_str(http_fields_get(&call->fields, STR("User-Agent")),
		   "APIcast/3.6.0 (Linux; x64; env:production) APIcast/3.6.0");
	expect_str(http_fields_get(&call->fields, STR("3scale-options")),
		   "rejection_reason_header=1&limit_headers=1&no_body=1");
	ck_assert(!http_fields_has(&call->fields, STR("Cookie")));
	ck_assert(!http_fields_has(&call->fields, STR("X-Secret")));
	ck_assert_int_lt(call->order, gateway_stand_last(STAND_UPSTREAM)->order);
}
END_TEST

START_TEST(a_known_key_is_served_first_and_reported_once)
{
	gateway_stand_start_with("", "");
	gateway_stand_get("/?user_key=k");
	gateway_stand_forget();
	expect_answer(gateway_stand_get("/?user_key=k"), 200, "");
	ck_assert_uint_eq(gateway_stand_seen_count(STAND_BACKEND), 1);
	ck_assert_int_gt(gateway_stand_last(STAND_BACKEND)->order,
			 gateway_stand_last(STAND_UPSTREAM)->order);
	ck_assert(str_find(gateway_stand_last(STAND_BACKEND)->target, STR("log")) == STR_NOT_FOUND);
}
END_TEST

START_TEST(reports_carry_the_response_code_when_asked_to)
{
	gateway_stand_variable("APICAST_RESPONSE_CODES", "1");
	PLAY(STAND_UPSTREAM, {.status = 201});
	gateway_stand_start_with("", "");
	gateway_stand_get("/?user_key=k");
	ck_assert(str_find(gateway_stand_last(STAND_BACKEND)->target, STR("log")) == STR_NOT_FOUND);
	expect_answer(gateway_stand_get("/?user_key=k"), 201, "");
	ck_assert(str_has_suffix(gateway_stand_last(STAND_BACKEND)->target,
				 STR("&log%5Bcode%5D=201")));
}
END_TEST

/* Statuses of three calls, by cache handler and backend's answers (4.7). */
static const struct {
	const char *handler;
	struct gateway_stand_script backend[3];
	int statuses[3];
} verdicts[] = {
	{"", {{.status = 200}, {.status = 502}}, {200, 200, 403}},
	{"resilient", {{.status = 200}, {.status = 502}}, {200, 200, 200}},
	{"unknown", {{.status = 200}, {.status = 502}}, {200, 403, 403}},
	{"", {{.status = 403}, {.status = 404}, {.status = 409}}, {403, 403, 403}},
	{"", {{.fault = STAND_CLOSES}, {.status = 200}, {.status = 200}}, {403, 200, 200}},
	{"",
	 {{.status = 200},
	  {.status = 409, .field = "3scale-rejection-reason", .value = "limits_exceeded"}},
	 {200, 200, 429}},
};

START_TEST(verdicts_follow_backend_and_the_cache)
{
	size_t count = 0;

	while (count < 3 && (verdicts[_i].backend[count].status > 0 ||
			     verdicts[_i].backend[count].fault != STAND_NO_FAULT))
		count++;
	gateway_stand_variable("APICAST_BACKEND_CACHE_HANDLER", verdicts[_i].handler);
	gateway_stand_play(STAND_BACKEND, verdicts[_i].backend, count);
	gateway_stand_start_with("", "");
	for (int i = 0; i < 3; i++)
		expect_answer(gateway_stand_get("/?user_key=k"), verdicts[_i].statuses[i], NULL);
}
END_TEST

START_TEST(limits_tell_when_they_end)
{
	struct stand_answer answer;

	PLAY(STAND_BACKEND, limits_exceeded);
	gateway_stand_start_with("", "");
	answer = gateway_stand_get("/?user_key=k");
	expect_answer(answer, 429, "Limits exceeded");
	ck_assert(!http_fields_has(&answer.fields, STR("Retry-After")));
	ck_assert_uint_eq(gateway_stand_seen_count(STAND_UPSTREAM), 0);
}
END_TEST

START_TEST(a_body_of_backend_is_read_and_not_looked_at)
{
	PLAY(STAND_BACKEND,
	     {.status = 200, .body = "<status><authorized>false</authorized></status>"});
	gateway_stand_start_with("", "");
	expect_answer(gateway_stand_get("/?user_key=k"), 200, "");
	PLAY(STAND_BACKEND, {.status = 200, .body = "cut", .fault = STAND_CUTS});
	expect_answer(gateway_stand_get("/?user_key=other"), 200, "");
}
END_TEST

START_TEST(a_silent_backend_refuses_after_its_time)
{
	PLAY(STAND_BACKEND, {.fault = STAND_SILENT});
	gateway_stand_argument("--log-level=info");
	gateway_stand_start_with("", "");
	expect_answer(gateway_stand_get("/?user_key=k"), 403, "Authentication failed");
	expect_log(
		"upstream timed out (110: Connection timed out) while reading response header "
		"from upstream, client: 10.0.0.9, server: _, request: \"GET /?user_key=k "
		"HTTP/1.1\", subrequest: \"/___http_call\", upstream: "
		"\"http://10.0.0.2:3000/transactions/authrep.xml?service_id=42&usage%5Bhits%5D=1&"
		"user_key=k\", host: \"api.example.com\"");
	ck_assert(!gateway_stand_log_has("st-42"));
}
END_TEST

START_TEST(a_backend_that_is_away_refuses)
{
	gateway_stand_stop_server(STAND_BACKEND);
	gateway_stand_start_with("", "");
	expect_answer(gateway_stand_get("/?user_key=k"), 403, "Authentication failed");
	ck_assert_uint_eq(gateway_stand_seen_count(STAND_UPSTREAM), 0);
}
END_TEST

START_TEST(cache_lines_name_the_key)
{
	gateway_stand_argument("--log-level=debug");
	PLAY(STAND_BACKEND, {.status = 200}, {.status = 403});
	gateway_stand_start_with("", "");
	gateway_stand_get("/?user_key=abc");
	expect_log("apicast cache miss key: 42:abc:usage%5Bhits%5D=1 value: nil");
	expect_log("apicast cache write key: 42:abc:usage%5Bhits%5D=1, ttl: nil");
	expect_log("[async] skipping after action, no cached key");
	gateway_stand_get("/?user_key=abc");
	expect_log("apicast cache hit key: 42:abc:usage%5Bhits%5D=1");
	expect_log("[async] reporting to backend asynchronously, cached_key: 42:abc:");
	expect_log("apicast cache delete key: 42:abc:usage%5Bhits%5D=1 cause status 403");
}
END_TEST

START_TEST(a_key_with_a_line_feed_stays_in_its_line)
{
	gateway_stand_argument("--log-level=debug");
	PLAY(STAND_BACKEND, {.status = 200}, {.status = 403});
	gateway_stand_start_with("", "");
	gateway_stand_get("/?user_key=a%0Ab");
	gateway_stand_get("/?user_key=a%0Ab");
	expect_log("miss key: 42:a\\x0Ab:usage");
	expect_log("write key: 42:a\\x0Ab:usage");
	expect_log("hit key: 42:a\\x0Ab:usage");
	expect_log("cached_key: 42:a\\x0Ab:usage");
	expect_log("delete key: 42:a\\x0Ab:usage");
	ck_assert(!gateway_stand_log_has("a\nb"));
}
END_TEST

START_TEST(a_pair_of_credentials_is_one_key)
{
	gateway_stand_argument("--log-level=info");
	gateway_stand_file(
		"{\"services\":[{\"id\":\"7\",\"backend_version\":2,\"proxy\":{\"hosts\":"
		"[\"api.example.com\"],\"backend\":{\"endpoint\":\"http://10.0.0.2:3000/x/\","
		"\"host\":\"su1.example.com\"},\"api_backend\":\"http://10.0.0.3:8000\","
		"\"proxy_rules\":[" RULE("ANY", "/", "hits", "1") "]}}]}");
	gateway_stand_start();
	expect_answer(gateway_stand_get("/?app_id=i&app_key=s"), 200, "");
	expect_log("miss key: 7:i:s:usage%5Bhits%5D=1");
	expect_str(gateway_stand_last(STAND_BACKEND)->target,
		   "/x/transactions/authrep.xml?service_id=7&usage%5Bhits%5D=1&app_id=i&app_key=s");
	expect_str(http_fields_get(&gateway_stand_last(STAND_BACKEND)->fields, STR("Host")),
		   "su1.example.com");
}
END_TEST

START_TEST(a_pair_may_come_in_two_places)
{
	gateway_stand_file(
		"{\"services\":[{\"id\":\"7\",\"backend_version\":\"2\",\"proxy\":{\"hosts\":"
		"[\"api.example.com\"],\"backend\":{\"endpoint\":\"http://10.0.0.2:3000\"},"
		"\"api_backend\":\"http://10.0.0.3:8000\",\"proxy_rules\":[" RULE(
			"ANY", "/", "hits", "1") "]}}]}");
	gateway_stand_start();
	expect_answer(gateway_stand_call((struct gateway_stand_request){
			      .method = "POST", .path = "/?app_id=i", .body = "app_key=s"}),
		      200, "");
	ck_assert(str_has_suffix(gateway_stand_last(STAND_BACKEND)->target,
				 STR("&app_id=i&app_key=s")));
	expect_answer(gateway_stand_call((struct gateway_stand_request){
			      .method = "POST", .path = "/?app_id=i", .body = "other=s"}),
		      401, NULL);
}
END_TEST

START_TEST(the_override_replaces_the_backend)
{
	gateway_stand_variable("BACKEND_ENDPOINT_OVERRIDE", "http://10.0.0.2:3000/over/");
	gateway_stand_start_with("", ",\"ignored\":true");
	expect_answer(gateway_stand_get("/?user_key=k"), 200, "");
	ck_assert(str_has_prefix(gateway_stand_last(STAND_BACKEND)->target,
				 STR("/over/transactions/authrep.xml?")));
}
END_TEST

START_TEST(without_a_backend_the_mock_authorizes)
{
	gateway_stand_file(
		"{\"services\":[{\"id\":1,\"backend_version\":\"1\",\"proxy\":{\"hosts\":"
		"[\"api.example.com\"],\"api_backend\":\"http://10.0.0.3:8000\",\"backend\":null,"
		"\"proxy_rules\":[" RULE("GET", "/", "hits", "1") "]}}]}");
	gateway_stand_start();
	expect_answer(gateway_stand_get("/?user_key=k"), 200, "");
	ck_assert_uint_eq(gateway_stand_seen_count(STAND_BACKEND), 0);
}
END_TEST

/* The connection is free only after the report (4.5), or at once with reporting threads (4.8). */

START_TEST(a_report_keeps_its_connection)
{
	gateway_stand_start_with("", "");
	gateway_stand_get("/?user_key=k");
	PLAY(STAND_BACKEND, {.fault = STAND_SILENT}, {.status = 200});
	gateway_stand_send((struct gateway_stand_request){.path = "/?user_key=k"});
	expect_answer(gateway_stand_wait(), 200, "");
	gateway_stand_forget();
	gateway_stand_send((struct gateway_stand_request){.path = "/?user_key=other"});
	gateway_stand_run_for(30 * STAND_SECOND);
	ck_assert_uint_eq(gateway_stand_seen_count(STAND_UPSTREAM), 0);
	expect_answer(gateway_stand_wait(), 200, "");
	gateway_stand_run_for(STAND_SECOND);
	ck_assert_uint_eq(gateway_stand_seen_count(STAND_UPSTREAM), 1);
}
END_TEST

START_TEST(a_client_may_leave_while_it_waits_for_its_connection)
{
	gateway_stand_start_with("", "");
	gateway_stand_get("/?user_key=k");
	PLAY(STAND_BACKEND, {.fault = STAND_SILENT});
	gateway_stand_send((struct gateway_stand_request){.path = "/?user_key=k"});
	expect_answer(gateway_stand_wait(), 200, "");
	gateway_stand_send((struct gateway_stand_request){.path = "/?user_key=other"});
	gateway_stand_run_for(STAND_SECOND);
	gateway_stand_leave();
	gateway_stand_run_for(120 * STAND_SECOND);
	expect_log("\" 499 0 (");
}
END_TEST

START_TEST(reporting_threads_free_the_connection_at_once)
{
	gateway_stand_variable("APICAST_REPORTING_THREADS", "1");
	gateway_stand_start_with("", "");
	expect_log("using experimental asynchronous reporting threads: 1");
	gateway_stand_get("/?user_key=k");
	PLAY(STAND_BACKEND, {.fault = STAND_SILENT});
	gateway_stand_send((struct gateway_stand_request){.path = "/?user_key=k"});
	expect_answer(gateway_stand_wait(), 200, "");
	gateway_stand_send((struct gateway_stand_request){.path = "/?user_key=k"});
	gateway_stand_run_for(STAND_SECOND);
	expect_answer(gateway_stand_wait(), 200, "");
}
END_TEST

START_TEST(reports_are_finished_when_the_gateway_is_asked_to_stop)
{
	gateway_stand_start_with("", "");
	gateway_stand_get("/?user_key=k");
	PLAY(STAND_BACKEND, {.fault = STAND_SILENT});
	gateway_stand_send((struct gateway_stand_request){.path = "/?user_key=k"});
	gateway_stand_wait();
	gateway_stand_run_for(10 * STAND_MS);
	gateway_stand_ask_to_stop();
	gateway_stand_run_for(STAND_SECOND);
	ck_assert(gateway_stand_is_running());
	gateway_stand_run_for(70 * STAND_SECOND);
	ck_assert(!gateway_stand_is_running());
	ck_assert_int_eq(gateway_stand_exit_status(), 0);
}
END_TEST

START_TEST(reports_under_way_are_dropped_with_the_gateway)
{
	gateway_stand_start_with("", "");
	gateway_stand_get("/?user_key=k");
	PLAY(STAND_BACKEND, {.fault = STAND_SILENT});
	gateway_stand_send((struct gateway_stand_request){.path = "/?user_key=k"});
	gateway_stand_wait();
	gateway_stand_run_for(10 * STAND_MS);
	ck_assert_uint_eq(gateway_stand_seen_count(STAND_BACKEND), 2);
	ck_assert(gateway_stand_is_running());
}
END_TEST

/* Clients that leave. */

static void leave_while_backend_is_silent(void)
{
	PLAY(STAND_BACKEND, {.fault = STAND_SILENT});
	gateway_stand_start_with("", "");
	gateway_stand_send((struct gateway_stand_request){.path = "/?user_key=k"});
	gateway_stand_run_for(STAND_SECOND);
	gateway_stand_leave();
	gateway_stand_run_for(STAND_SECOND);
}

START_TEST(a_client_may_leave_while_backend_is_asked)
{
	leave_while_backend_is_silent();
	ck_assert(!gateway_stand_log_has("HTTP/1.1\" "));
	gateway_stand_run_for(70 * STAND_SECOND);
	expect_log("\"GET /?user_key=k HTTP/1.1\" 403 0 (");
	ck_assert_uint_eq(gateway_stand_seen_count(STAND_UPSTREAM), 0);
}
END_TEST

START_TEST(what_is_begun_for_a_client_that_left_ends_with_the_gateway)
{
	leave_while_backend_is_silent();
	gateway_stand_ask_to_stop();
	gateway_stand_run_for(STAND_SECOND);
	ck_assert(!gateway_stand_is_running());
	ck_assert_int_eq(gateway_stand_exit_status(), 0);
	expect_log("\"GET /?user_key=k HTTP/1.1\" 499 0 (");
}
END_TEST

/* Going upstream, held for its length, read for credentials, and not looked at yet. */
START_TEST(a_body_that_is_cut_off_ends_the_request)
{
	static const struct {
		const char *path;
		bool is_chunked, waits_for_backend;
	} cases[] = {{"/?user_key=k", false, false},
		     {"/?user_key=k", true, false},
		     {"/", false, false},
		     {"/?user_key=k", false, true}};

	if (cases[_i].waits_for_backend)
		PLAY(STAND_BACKEND, {.fault = STAND_SILENT});
	gateway_stand_start_with("", RULES(RULE("POST", "/", "hits", "1")));
	gateway_stand_send((struct gateway_stand_request){.method = "POST",
							  .path = cases[_i].path,
							  .body = "a=b",
							  .has_chunked_body = cases[_i].is_chunked,
							  .stalls = true});
	gateway_stand_run_for(STAND_SECOND);
	gateway_stand_leave();
	gateway_stand_run_for(STAND_SECOND);
	expect_log(" HTTP/1.1\" 499 0 (");
	gateway_stand_ask_to_stop();
	gateway_stand_run_for(STAND_SECOND);
	ck_assert_int_eq(gateway_stand_exit_status(), 0);
}
END_TEST

START_TEST(a_client_may_leave_while_the_upstream_is_asked)
{
	PLAY(STAND_UPSTREAM, {.fault = STAND_SILENT});
	gateway_stand_variable("APICAST_RESPONSE_CODES", "true");
	gateway_stand_start_with("", "");
	gateway_stand_send((struct gateway_stand_request){.path = "/?user_key=k"});
	gateway_stand_run_for(STAND_SECOND);
	gateway_stand_leave();
	gateway_stand_run_for(STAND_SECOND);
	gateway_stand_send((struct gateway_stand_request){.path = "/?user_key=k"});
	gateway_stand_run_for(STAND_SECOND);
	gateway_stand_leave();
	gateway_stand_run_for(70 * STAND_SECOND);
	ck_assert(str_has_suffix(gateway_stand_last(STAND_BACKEND)->target,
				 STR("log%5Bcode%5D=504")));
}
END_TEST

/* Debug headers and logs. */

START_TEST(debug_headers_are_shown_to_who_knows_the_secret)
{
	struct gateway_stand_request request = {.path = "/api/contacts.json?user_key=k",
						.fields = {"X-3scale-Debug", "st-42"}};
	struct stand_answer answer;

	gateway_stand_start_with("", RULES(RULE("GET", "/", "hits", "1") "," RULE(
					     "GET", "/api/contacts.json", "hits", "1")));
	for (int i = 0; i < 2; i++) {
		answer = gateway_stand_call(request);
		expect_answer(answer, 200, "");
		expect_str(gateway_stand_field(&answer, "X-3scale-matched-rules"),
			   "/, /api/contacts.json");
		expect_str(gateway_stand_field(&answer, "X-3scale-credentials"), "user_key=k");
		expect_str(gateway_stand_field(&answer, "X-3scale-usage"), "usage%5Bhits%5D=2");
		expect_str(gateway_stand_field(&answer, "X-3scale-hostname"), "gateway");
		expect_str(gateway_stand_field(&answer, "X-3scale-service-id"), "42");
		expect_str(gateway_stand_field(&answer, "X-3scale-service-name"), "orders");
	}
	ck_assert(!http_fields_has(&gateway_stand_last(STAND_UPSTREAM)->fields,
				   STR("X-3scale-debug")));
	request.fields[1] = "st-43";
	answer = gateway_stand_call(request);
	ck_assert(!http_fields_has(&answer.fields, STR("X-3scale-usage")));
	request =
		(struct gateway_stand_request){.path = "/", .fields = {"X-3scale-Debug", "st-42"}};
	answer = gateway_stand_call(request);
	expect_answer(answer, 401, NULL);
	ck_assert(!http_fields_has(&answer.fields, STR("X-3scale-usage")));
}
END_TEST

START_TEST(debug_headers_are_on_refusals_of_backend)
{
	struct stand_answer answer;

	PLAY(STAND_BACKEND, {.status = 403});
	gateway_stand_start_with("", "");
	answer = gateway_stand_call((struct gateway_stand_request){
		.path = "/?user_key=k", .fields = {"X-3scale-debug", "st-42"}});
	expect_answer(answer, 403, NULL);
	expect_str(gateway_stand_field(&answer, "X-3scale-usage"), "usage%5Bhits%5D=1");
}
END_TEST

START_TEST(one_access_line_a_call)
{
	PLAY(STAND_UPSTREAM, {.body = "hello"});
	gateway_stand_start_with("", "");
	gateway_stand_forget();
	gateway_stand_get("/a?user_key=k");
	ck_assert(str_has_prefix(gateway_stand_log(), STR("[04/Jun/2019:08:00:0")));
	expect_log(" +0000] api.example.com:8080 10.0.0.9:");
	expect_log(" \"GET /a?user_key=k HTTP/1.1\" 200 5 (0.");
	gateway_stand_forget();
	gateway_stand_get("/");
	ck_assert(str_has_suffix(gateway_stand_log(), STR(") \n")));
}
END_TEST

/* Chains. */

START_TEST(a_chain_without_apicast_asks_nobody)
{
	gateway_stand_start_with("", ",\"policy_chain\":[]");
	expect_answer(gateway_stand_get("/"), 200, "");
	ck_assert_uint_eq(gateway_stand_seen_count(STAND_BACKEND) +
				  gateway_stand_seen_count(STAND_UPSTREAM),
			  0);
}
END_TEST

START_TEST(unknown_policies_are_left_out)
{
	gateway_stand_start_with("", ",\"policy_chain\":[{\"name\":\"nobody\",\"version\":\"1\"},"
				     "{\"name\":\"apicast.policy.apicast\",\"version\":\"9\"}]");
	expect_log("failed to load policy: nobody version: 1 err: not found");
	expect_answer(gateway_stand_get("/?user_key=k"), 200, "");
	ck_assert_uint_eq(gateway_stand_seen_count(STAND_BACKEND), 1);
}
END_TEST

START_TEST(a_token_without_known_keys_is_refused)
{
	gateway_stand_file(
		"{\"services\":[{\"id\":42,\"backend_version\":\"oauth\",\"proxy\":{\"hosts\":"
		"[\"api.example.com\"],\"authentication_method\":\"oidc\",\"proxy_rules\":[" RULE(
			"GET", "/", "hits", "1") "]}}]}");
	gateway_stand_start();
	expect_answer(gateway_stand_get("/"), 401, NULL);
	expect_answer(gateway_stand_call((struct gateway_stand_request){
			      .path = "/", .fields = {"Authorization", "Bearer x.y.z"}}),
		      403, "Authentication failed");
	expect_log(
		"failed to initialize OpenID Connect for service 42: missing OIDC configuration");
}
END_TEST

START_TEST(a_native_token_goes_to_the_oauth_call)
{
	gateway_stand_file(
		"{\"services\":[{\"id\":42,\"backend_version\":\"oauth\",\"proxy\":{\"hosts\":"
		"[\"api.example.com\"],\"api_backend\":\"http://10.0.0.3:8000\","
		"\"backend\":{\"endpoint\":\"http://10.0.0.2:3000\"},\"proxy_rules\":[" RULE(
			"GET", "/", "hits", "1") "]}}]}");
	gateway_stand_start();
	expect_answer(gateway_stand_get("/?access_token=t"), 200, "");
	expect_str(
		gateway_stand_last(STAND_BACKEND)->target,
		"/transactions/oauth_authrep.xml?service_id=42&usage%5Bhits%5D=1&access_token=t");
	expect_str(
		http_fields_get(&gateway_stand_last(STAND_BACKEND)->fields, STR("3scale-options")),
		"rejection_reason_header=1&limit_headers=1");
}
END_TEST

/* Path routing (3.3). */

static void start_with_two_paths(void)
{
	gateway_stand_file(gateway_stand_services(
		str_cstr(gateway_stand_arena(),
			 str_format(gateway_stand_arena(), "%s,%s",
				    gateway_stand_service("1", "api.example.com", "",
							  RULES(RULE("GET", "/one", "a", "1"))),
				    gateway_stand_service("2", "api.example.com", "",
							  RULES(RULE("GET", "/two", "b", "1")))))));
	ck_assert(gateway_stand_start());
}

START_TEST(without_path_routing_the_first_service_owns_the_host)
{
	start_with_two_paths();
	expect_log("skipping host api.example.com for service 2 already defined by service 1");
	expect_answer(gateway_stand_get("/two?user_key=k"), 404, "No Mapping Rule matched");
}
END_TEST

START_TEST(paths_choose_the_service)
{
	gateway_stand_variable("APICAST_PATH_ROUTING", "true");
	start_with_two_paths();
	expect_answer(gateway_stand_get("/two?user_key=k"), 200, "");
	ck_assert(str_find(gateway_stand_last(STAND_BACKEND)->target, STR("service_id=2")) !=
		  STR_NOT_FOUND);
	expect_answer(gateway_stand_get("/three?user_key=k"), 404, "No Mapping Rule matched");
}
END_TEST

START_TEST(paths_alone_choose_the_service)
{
	gateway_stand_variable("APICAST_PATH_ROUTING_ONLY", "1");
	start_with_two_paths();
	expect_answer(gateway_stand_get("/one?user_key=k"), 200, "");
	expect_answer(gateway_stand_get("/three?user_key=k"), 404, "");
}
END_TEST

START_TEST(verdicts_are_read_from_the_head)
{
	struct http_fields fields;

	http_fields_init(&fields, gateway_stand_arena());
	ck_assert_int_eq(backend_verdict_of(200, &fields), VERDICT_AUTHORIZED);
	ck_assert_int_eq(backend_verdict_of(0, &fields), VERDICT_UNAVAILABLE);
	ck_assert_int_eq(backend_verdict_of(499, &fields), VERDICT_UNAVAILABLE);
	ck_assert_int_eq(backend_verdict_of(429, &fields), VERDICT_DENIED);
	http_fields_add(&fields, STR("3scale-rejection-reason"), STR("limits_exceeded"));
	ck_assert_int_eq(backend_verdict_of(404, &fields), VERDICT_LIMITS_EXCEEDED);
	http_fields_add(&fields, STR("3scale-limit-max-value"), STR("0"));
	ck_assert_int_eq(backend_verdict_of(409, &fields), VERDICT_DENIED);
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

Suite *gateway_request_suite(void);
Suite *gateway_request_suite(void)
{
	Suite *suite = suite_create("gateway_request");
	TCase *verdict = tcase_create("verdicts"), *cut_off = tcase_create("cut off");

	ADD(suite, "host", an_unknown_host_is_not_found, case_and_port_of_the_host_do_not_matter,
	    an_absolute_target_names_the_host, a_target_that_is_no_path_is_a_bad_request,
	    health_is_answered_for_any_host_without_a_log_line);
	ADD(suite, "answers", missing_credentials_have_their_default_answer,
	    each_answer_can_be_configured,
	    no_matching_rule_is_told_after_missing_credentials_and_before_backend,
	    broken_basic_authentication_is_an_internal_error,
	    unusable_settings_of_credentials_are_warned_about,
	    an_unknown_backend_version_is_warned_about);
	ADD(suite, "bodies", credentials_and_rules_see_the_form, a_condition_is_met_by_the_query,
	    large_bodies_stream_through);
	ADD(suite, "backend", the_first_call_is_authorized_and_reported_at_once,
	    a_known_key_is_served_first_and_reported_once,
	    reports_carry_the_response_code_when_asked_to, limits_tell_when_they_end,
	    a_body_of_backend_is_read_and_not_looked_at, a_silent_backend_refuses_after_its_time,
	    a_backend_that_is_away_refuses, cache_lines_name_the_key,
	    a_key_with_a_line_feed_stays_in_its_line, a_pair_of_credentials_is_one_key,
	    a_pair_may_come_in_two_places, the_override_replaces_the_backend,
	    without_a_backend_the_mock_authorizes, verdicts_are_read_from_the_head);
	ADD(suite, "reports", a_report_keeps_its_connection,
	    a_client_may_leave_while_it_waits_for_its_connection,
	    reporting_threads_free_the_connection_at_once,
	    reports_are_finished_when_the_gateway_is_asked_to_stop,
	    reports_under_way_are_dropped_with_the_gateway);
	ADD(suite, "clients", a_client_may_leave_while_backend_is_asked,
	    what_is_begun_for_a_client_that_left_ends_with_the_gateway,
	    a_client_may_leave_while_the_upstream_is_asked);
	ADD(suite, "debug", debug_headers_are_shown_to_who_knows_the_secret,
	    debug_headers_are_on_refusals_of_backend, one_access_line_a_call);
	ADD(suite, "chains", a_chain_without_apicast_asks_nobody, unknown_policies_are_left_out,
	    a_token_without_known_keys_is_refused, a_native_token_goes_to_the_oauth_call);
	ADD(suite, "path_routing", without_path_routing_the_first_service_owns_the_host,
	    paths_choose_the_service, paths_alone_choose_the_service);
	tcase_add_checked_fixture(verdict, gateway_stand_set, gateway_stand_clear);
	tcase_add_loop_test(verdict, verdicts_follow_backend_and_the_cache, 0,
			    (int)(sizeof verdicts / sizeof *verdicts));
	suite_add_tcase(suite, verdict);
	tcase_add_checked_fixture(cut_off, gateway_stand_set, gateway_stand_clear);
	tcase_add_loop_test(cut_off, a_body_that_is_cut_off_ends_the_request, 0, 4);
	suite_add_tcase(suite, cut_off);
	return suite;
}
