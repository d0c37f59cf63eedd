/* Variables about the wire, and calls that leave HTTP: sections 1.3, 5.6 and 5.7 of
 * spec/gateway.md. */
#include "gateway/network.h"

#include <check.h>

#include "gateway/stand_test.h"
#include "http/body.h"
#include "world/http_client.h"
#include "world/http_server.h"

#define ECHO_PORT 9000

START_TEST(variables_that_stop_the_start)
{
	static const struct {
		const char *name, *value, *line;
	} rows[] = {
		{"APICAST_HTTPS_PORT", "x", "APICAST_HTTPS_PORT is not a port: x"},
		{"APICAST_HTTPS_CERTIFICATE", "/no/such.pem", "APICAST_HTTPS_CERTIFICATE"},
		{"APICAST_HTTPS_CERTIFICATE", "/one.pem", "go together"},
		{"APICAST_PROXY_HTTPS_CERTIFICATE", "/no/such.pem",
		 "APICAST_PROXY_HTTPS_CERTIFICATE"},
		{"APICAST_PROXY_HTTPS_PASSWORD_FILE", "/no/such",
		 "APICAST_PROXY_HTTPS_PASSWORD_FILE"},
	};

	gateway_stand_write("/one.pem", "anything");
	gateway_stand_variable("APICAST_HTTPS_PORT", "8443");
	gateway_stand_variable("APICAST_PROXY_HTTPS_CERTIFICATE", "/one.pem");
	gateway_stand_variable("APICAST_PROXY_HTTPS_CERTIFICATE_KEY", "/one.pem");
	gateway_stand_variable(rows[_i].name, rows[_i].value);
	gateway_stand_file(gateway_stand_services(""));
	ck_assert(!gateway_stand_start());
	ck_assert_int_eq(gateway_stand_exit_status(), 1);
	expect_log(rows[_i].line);
}
END_TEST

START_TEST(proxies_are_chosen_by_scheme_and_host)
{
	static const struct forward_proxy plain = {.is_supported = true};
	static const struct forward_proxy secure = {.is_supported = true};
	static const struct {
		const char *no_proxy, *host;
		bool is_exempt;
	} rows[] = {
		{"", "api.example.com", false},
		{"*", "api.example.com", true},
		{"api.example.com", "API.example.com", true},
		{" example.com ,x", "api.example.com", true},
		{".example.com", "api.example.com", true},
		{".example.com", "example.com", true},
		{"example.com", "badexample.com", false},
		{"api.example.com", "example.com", false},
		{",.,", "example.com", false},
		{"10.0.0.3", "10.0.0.3", true},
	};
	struct network network = {.http_proxy = &plain,
				  .https_proxy = &secure,
				  .no_proxy = str_from(rows[_i].no_proxy)};
	struct str host = str_from(rows[_i].host);

	ck_assert_ptr_eq(network_proxy(&network, false, host), rows[_i].is_exempt ? NULL : &plain);
	ck_assert_ptr_eq(network_proxy(&network, true, host), rows[_i].is_exempt ? NULL : &secure);
	network.http_proxy = NULL;
	ck_assert_ptr_null(network_proxy(&network, false, host));
}
END_TEST

START_TEST(a_proxy_that_cannot_be_used_makes_upstreams_unavailable)
{
	static const struct {
		const char *url, *line;
	} rows[] = {
		{"socks5://10.0.0.8:1080", "could not connect to proxy: socks5://10.0.0.8:1080 "
					   "err: proxy connection supports "
					   "only http"},
		{"nonsense", "could not connect to proxy: (invalid URL) err: "},
		{"http://nowhere.example.com:3128",
		 "could not connect to proxy: http://nowhere.example.com:3128 err: name not found"},
		{"http://10.0.0.3:1",
		 "could not connect to proxy: http://10.0.0.3:1 err: connection "
		 "refused"},
	};

	gateway_stand_variable("http_proxy", rows[_i].url);
	gateway_stand_variable("no_proxy", "10.0.0.2");
	gateway_stand_start_with("", "");
	expect_answer(gateway_stand_get("/?user_key=k"), 503, NULL);
	expect_log(rows[_i].line);
	ck_assert_uint_eq(gateway_stand_seen_count(STAND_UPSTREAM), 0);
}
END_TEST

/* WebSocket. */

struct echo {
	bool agrees;
	struct http_fields fields; /* of the request */
};

static void echo_requested(struct http_exchange *exchange, void *data)
{
	struct echo *echo = data;
	struct http_body *body = http_body_create(HTTP_BODY_LENGTH_UNKNOWN, 1000);
	struct http_response response;

	http_fields_copy(&echo->fields, gateway_stand_arena(), &exchange->request.fields);
	http_response_init(&response, exchange->arena, echo->agrees ? 101 : 426);
	http_fields_add(&response.fields, STR("Sec-WebSocket-Accept"), STR("yes"));
	if (echo->agrees) {
		http_exchange_upgrade(exchange, &response, body, body);
		return;
	}
	http_body_producer_release(body);
	http_body_consumer_release(body);
	http_exchange_respond_str(exchange, &response, STR("not today"));
}

static int answers;

static void call_answered(struct http_call *call, void *data)
{
	(void)call;
	(void)data;
	answers++;
}

static void start_with_echo(struct echo *echo, struct http_listener **listener)
{
	struct http_listen_options listen = {.port = ECHO_PORT};

	gateway_stand_file(
		"{\"services\":[{\"id\":42,\"backend_version\":\"1\",\"proxy\":{\"hosts\":["
		"\"api.example.com\"],\"api_backend\":\"http://127.0.0.1:9000\",\"backend\":{"
		"\"endpoint\":\"http://10.0.0.2:3000\"},\"policy_chain\":[{\"name\":"
		"\"websocket\",\"version\":\"builtin\"},{\"name\":\"apicast\","
		"\"version\":\"builtin\"}],\"proxy_rules\":[{\"http_method\":\"ANY\","
		"\"pattern\":\"/\",\"metric_system_name\":\"hits\",\"delta\":1}]}}]}");
	ck_assert(gateway_stand_start());
	*listener = http_listen(gateway_stand_world(), &listen, echo_requested, echo, NULL);
	ck_assert_ptr_nonnull(*listener);
}

/* A call that asks for it; the body is what is sent after 101. */
static struct http_call *ask_for_websocket(struct http_body *body)
{
	struct http_fields fields;
	struct http_call_options options = {.method = STR("GET"),
					    .host = STR("127.0.0.1"),
					    .port = 8080,
					    .target = STR("/chat?user_key=k"),
					    .fields = &fields,
					    .body = body,
					    .is_upgrade = true};
	struct http_call *call;

	http_fields_init(&fields, gateway_stand_arena());
	http_fields_add(&fields, STR("Host"), STR("api.example.com"));
	http_fields_add(&fields, STR("Connection"), STR("Upgrade"));
	http_fields_add(&fields, STR("Upgrade"), STR("websocket"));
	http_fields_add(&fields, STR("Sec-WebSocket-Key"), STR("key"));
	answers = 0;
	call = http_call_start(gateway_stand_world(), &options, call_answered, call_answered, NULL);
	gateway_stand_run_for(STAND_SECOND);
	ck_assert_int_eq(answers, 1);
	return call;
}

START_TEST(websockets_pass_with_the_policy)
{
	struct echo echo = {.agrees = true};
	struct http_listener *listener;
	struct http_body *body = http_body_create(HTTP_BODY_LENGTH_UNKNOWN, 1000);
	struct http_call *call;

	start_with_echo(&echo, &listener);
	call = ask_for_websocket(body);
	ck_assert_int_eq(call->response.status, 101);
	expect_str(http_fields_get(&call->response.fields, STR("Upgrade")), "websocket");
	expect_str(http_fields_get(&call->response.fields, STR("Sec-WebSocket-Accept")), "yes");
	expect_str(http_fields_get(&echo.fields, STR("Upgrade")), "websocket");
	expect_str(http_fields_get(&echo.fields, STR("Connection")), "Upgrade");
	http_body_write(body, STR("hello"));
	gateway_stand_run_for(STAND_SECOND);
	expect_str(http_body_peek(call->body), "hello");
	http_call_release(call);
	http_body_producer_release(body);
	gateway_stand_run_for(STAND_SECOND);
	expect_log("\"GET /chat?user_key=k HTTP/1.1\" 101 5 ");
	http_listener_close(gateway_stand_world(), listener);
}
END_TEST

START_TEST(an_upstream_may_refuse_a_websocket)
{
	struct echo echo = {.agrees = false};
	struct http_listener *listener;
	struct http_body *body = http_body_create(HTTP_BODY_LENGTH_UNKNOWN, 1000);
	struct http_call *call;

	start_with_echo(&echo, &listener);
	call = ask_for_websocket(body);
	ck_assert_int_eq(call->response.status, 426);
	expect_str(http_body_peek(call->body), "not today");
	http_call_release(call);
	http_body_producer_release(body);
	http_listener_close(gateway_stand_world(), listener);
}
END_TEST

Suite *gateway_network_suite(void);

Suite *gateway_network_suite(void)
{
	Suite *suite = suite_create("gateway_network");
	TCase *tests = tcase_create("network");

	tcase_add_checked_fixture(tests, gateway_stand_set, gateway_stand_clear);
	tcase_add_loop_test(tests, variables_that_stop_the_start, 0, 5);
	tcase_add_loop_test(tests, proxies_are_chosen_by_scheme_and_host, 0, 10);
	tcase_add_loop_test(tests, a_proxy_that_cannot_be_used_makes_upstreams_unavailable, 0, 4);
	tcase_add_test(tests, websockets_pass_with_the_policy);
	tcase_add_test(tests, an_upstream_may_refuse_a_websocket);
	suite_add_tcase(suite, tests);
	return suite;
}
