/* What the private API gets and what becomes of its answer: section 5 of spec/gateway.md. */
#include "gateway/upstream.h"

#include <check.h>
#include <string.h>

#include "gateway/stand_test.h"

#define PLAY(...)                                                                                  \
	gateway_stand_play(STAND_UPSTREAM, (const struct gateway_stand_script[]){__VA_ARGS__},     \
			   sizeof((const struct gateway_stand_script[]){__VA_ARGS__}) /            \
				   sizeof(struct gateway_stand_script))

static void start_with_backend(const char *url, const char *proxy)
{
	gateway_stand_file(str_cstr(
		gateway_stand_arena(),
		str_format(
			gateway_stand_arena(),
			"{\"services\":[{\"id\":42,\"backend_version\":\"1\",\"proxy\":{\"hosts\":"
			"[\"api.example.com\"],\"api_backend\":\"%s\",\"backend\":{\"endpoint\":"
			"\"http://10.0.0.2:3000\"}%s,\"proxy_rules\":[{\"http_method\":\"ANY\","
			"\"pattern\":\"/\",\"metric_system_name\":\"hits\",\"delta\":1}]}}]}",
			url, proxy)));
	ck_assert(gateway_stand_start());
}

static struct str sent(const char *name)
{
	return http_fields_get(&gateway_stand_last(STAND_UPSTREAM)->fields, str_from(name));
}

START_TEST(the_request_arrives_as_it_was_sent)
{
	start_with_backend("http://10.0.0.3:8000", "");
	expect_answer(gateway_stand_call((struct gateway_stand_request){
			      .method = "PUT",
			      .path = "/a//b?user_key=k&b=%20",
			      .fields = {"Cookie", "c=1", "some_name", "one", "X-Forwarded-For",
					 "1.2.3.4"},
			      .body = "bytes"}),
		      200, "");
	expect_str(gateway_stand_last(STAND_UPSTREAM)->method, "PUT");
	expect_str(gateway_stand_last(STAND_UPSTREAM)->target, "/a//b?user_key=k&b=%20");
	expect_str(gateway_stand_last(STAND_UPSTREAM)->body, "bytes");
	expect_str(sent("Cookie"), "c=1");
	expect_str(sent("some_name"), "one");
	expect_str(sent("X-Forwarded-For"), "1.2.3.4");
	expect_str(sent("X-Real-IP"), "10.0.0.9");
	expect_str(sent("Host"), "10.0.0.3:8000");
	ck_assert(!http_fields_has(&gateway_stand_last(STAND_UPSTREAM)->fields,
				   STR("X-3scale-proxy-secret-token")));
}
END_TEST

START_TEST(a_small_chunked_body_gets_a_length)
{
	start_with_backend("http://10.0.0.3:8000", "");
	expect_answer(gateway_stand_call((struct gateway_stand_request){.method = "POST",
									.path = "/?user_key=k",
									.body = "bytes",
									.has_chunked_body = true}),
		      200, "");
	expect_str(gateway_stand_last(STAND_UPSTREAM)->body, "bytes");
	expect_str(sent("Content-Length"), "5");
	ck_assert(!http_fields_has(&gateway_stand_last(STAND_UPSTREAM)->fields,
				   STR("Transfer-Encoding")));
}
END_TEST

START_TEST(fields_of_ours_replace_those_of_the_client)
{
	start_with_backend("http://api.internal:8000/FOO",
			   ",\"secret_token\":\"s\",\"hostname_rewrite\":\"api.int\"");
	expect_answer(gateway_stand_call((struct gateway_stand_request){
			      .path = "/bar?user_key=k",
			      .fields = {"X-Real-IP", "6.6.6.6", "x-3scale-proxy-secret-token",
					 "mine", "TE", "trailers"}}),
		      200, "");
	expect_str(gateway_stand_last(STAND_UPSTREAM)->target, "/FOO/bar?user_key=k");
	expect_str(sent("Host"), "api.int");
	expect_str(sent("X-Real-IP"), "10.0.0.9");
	expect_str(sent("X-3scale-proxy-secret-token"), "s");
	ck_assert_uint_eq(
		http_fields_count(&gateway_stand_last(STAND_UPSTREAM)->fields, STR("X-Real-IP")),
		1);
	ck_assert(!http_fields_has(&gateway_stand_last(STAND_UPSTREAM)->fields, STR("TE")));
}
END_TEST

START_TEST(answers_pass_through_but_for_fields_of_the_server)
{
	struct stand_answer answer;

	PLAY({.status = 302, .field = "Location", .value = "http://10.0.0.3:8000/x", .body = "go"},
	     {.status = 404, .field = "X-Accel-Redirect", .value = "/y"},
	     {.status = 500, .field = "Connection", .value = "X-Mine"});
	start_with_backend("http://10.0.0.3:8000", "");
	answer = gateway_stand_get("/?user_key=k");
	expect_answer(answer, 302, "go");
	expect_str(gateway_stand_field(&answer, "Location"), "http://10.0.0.3:8000/x");
	expect_str(gateway_stand_field(&answer, "Server"), "openresty");
	ck_assert(http_fields_has(&answer.fields, STR("Date")));
	answer = gateway_stand_get("/?user_key=k");
	expect_answer(answer, 404, "");
	ck_assert(!http_fields_has(&answer.fields, STR("X-Accel-Redirect")));
	expect_answer(gateway_stand_get("/?user_key=k"), 500, "");
}
END_TEST

START_TEST(a_closed_port_is_a_bad_gateway)
{
	gateway_stand_stop_server(STAND_UPSTREAM);
	start_with_backend("http://api.internal:8000", "");
	expect_answer(gateway_stand_get("/x?user_key=k"), 502,
		      "<html>\r\n<head><title>502 Bad Gateway</title></head>\r\n<body>\r\n"
		      "<center><h1>502 Bad Gateway</h1></center>\r\n"
		      "<hr><center>openresty</center>\r\n</body>\r\n</html>\r\n");
	expect_log("[error] ");
	expect_log(
		": *1 connect() failed (111: Connection refused) while connecting to upstream, "
		"client: 10.0.0.9, server: _, request: \"GET /x?user_key=k HTTP/1.1\", upstream: "
		"\"http://10.0.0.3:8000/x?user_key=k\", host: \"api.example.com\"");
}
END_TEST

START_TEST(an_unknown_name_is_unavailable)
{
	start_with_backend("http://nobody.internal", "");
	expect_answer(gateway_stand_get("/?user_key=k"), 503, NULL);
	expect_log("could not select peer: empty peers");
}
END_TEST

START_TEST(a_silent_upstream_times_out)
{
	struct stand_answer answer;

	PLAY({.fault = STAND_SILENT});
	start_with_backend("http://10.0.0.3:8000", "");
	answer = gateway_stand_get("/?user_key=k");
	expect_answer(answer, 504, NULL);
	ck_assert(str_find(answer.body, STR("504 Gateway Time-out")) != STR_NOT_FOUND);
	expect_log("upstream timed out (110: Connection timed out) while reading response header "
		   "from upstream");
	expect_log("\" 504 ");
}
END_TEST

START_TEST(an_upstream_that_cannot_be_reached_times_out)
{
	gateway_stand_drop(STAND_UPSTREAM);
	start_with_backend("http://10.0.0.3:8000", "");
	expect_answer(gateway_stand_get("/?user_key=k"), 504, NULL);
	expect_log("upstream timed out (110: Connection timed out) while connecting to upstream");
}
END_TEST

START_TEST(an_upstream_without_a_route_is_a_bad_gateway)
{
	start_with_backend("http://10.9.9.9", "");
	expect_answer(gateway_stand_get("/?user_key=k"), 502, NULL);
	expect_log("connect() failed (113: No route to host) while connecting to upstream");
}
END_TEST

START_TEST(an_upstream_that_closes_early_is_a_bad_gateway)
{
	PLAY({.fault = STAND_CLOSES});
	start_with_backend("http://10.0.0.3:8000", "");
	expect_answer(gateway_stand_call((struct gateway_stand_request){.method = "POST",
									.path = "/?user_key=k"}),
		      502, NULL);
	ck_assert(gateway_stand_log_has(
			  "upstream prematurely closed connection while reading response "
			  "header from upstream") ||
		  gateway_stand_log_has("recv() failed (104: Connection reset by peer)"));
}
END_TEST

START_TEST(an_answer_that_is_cut_off_is_cut_off_for_the_client)
{
	PLAY({.body = "part of it", .fault = STAND_CUTS});
	start_with_backend("http://10.0.0.3:8000", "");
	ck_assert(gateway_stand_get("/?user_key=k").was_cut);
	expect_log("upstream prematurely closed connection while reading upstream");
}
END_TEST

START_TEST(a_missing_upstream_is_not_found)
{
	start_with_backend("ftp://x", "");
	expect_answer(gateway_stand_get("/?user_key=k"), 404, "");
	expect_log("could not find upstream for service: 42");
}
END_TEST

START_TEST(a_plain_server_is_no_tls_server)
{
	start_with_backend("https://10.0.0.3:8000", ",\"hostname_rewrite\":\"api.int:99\"");
	expect_answer(gateway_stand_get("/?user_key=k"), 502, NULL);
	expect_log(" while SSL handshaking to upstream");
}
END_TEST

/* Names (5.5). */

START_TEST(names_are_resolved_again_after_their_time)
{
	start_with_backend("http://api.internal:8000", "");
	for (int i = 0; i < 3; i++)
		expect_answer(gateway_stand_get("/?user_key=k"), 200, "");
	gateway_stand_set_name("api.internal", "10.9.9.8");
	expect_answer(gateway_stand_get("/?user_key=k"), 200, "");
	gateway_stand_run_for(61 * STAND_SECOND);
	expect_answer(gateway_stand_get("/?user_key=k"), 502, NULL);
}
END_TEST

Suite *gateway_upstream_suite(void);
Suite *gateway_upstream_suite(void)
{
	Suite *suite = suite_create("gateway_upstream");
	TCase *test = tcase_create("upstream");

	tcase_add_checked_fixture(test, gateway_stand_set, gateway_stand_clear);
	tcase_add_test(test, the_request_arrives_as_it_was_sent);
	tcase_add_test(test, a_small_chunked_body_gets_a_length);
	tcase_add_test(test, fields_of_ours_replace_those_of_the_client);
	tcase_add_test(test, answers_pass_through_but_for_fields_of_the_server);
	tcase_add_test(test, a_closed_port_is_a_bad_gateway);
	tcase_add_test(test, an_unknown_name_is_unavailable);
	tcase_add_test(test, a_silent_upstream_times_out);
	tcase_add_test(test, an_upstream_that_cannot_be_reached_times_out);
	tcase_add_test(test, an_upstream_without_a_route_is_a_bad_gateway);
	tcase_add_test(test, an_upstream_that_closes_early_is_a_bad_gateway);
	tcase_add_test(test, an_answer_that_is_cut_off_is_cut_off_for_the_client);
	tcase_add_test(test, a_missing_upstream_is_not_found);
	tcase_add_test(test, a_plain_server_is_no_tls_server);
	tcase_add_test(test, names_are_resolved_again_after_their_time);
	suite_add_tcase(suite, test);
	return suite;
}
