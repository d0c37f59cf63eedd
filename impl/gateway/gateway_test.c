/* The component over real sockets: its own echo API is the upstream, its mock backend authorizes.
 */
#include "gateway/gateway.h"

#include <check.h>
#include <string.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/json.h"
#include "gateway/gateway_internal.h"
#include "gateway/loader.h"
#include "http/body.h"
#include "world/http_client.h"
#include "world/http_server.h"
#include "world/real/real_world.h"

#define LIMIT_MS 20000
#define LARGE_BYTES ((size_t)900 * 1000)

static struct fixture {
	struct arena *arena;
	struct real_loop *loop;
	struct world *world;
	struct gateway *gateway;
	struct http_call *call;
	struct http_body_collector *collector;
	int status;
	struct str body;
	bool is_over;
} the;

static bool gateway_serves(void *data)
{
	(void)data;
	return the.gateway->proxy != NULL;
}

static void use_echo_as_upstream(void)
{
	struct arena *own = arena_create();
	struct error error;
	struct str text = str_format(
		own,
		"{\"services\":[{\"id\":1,\"backend_version\":\"1\",\"proxy\":{\"hosts\":["
		"\"localhost\"],"
		"\"api_backend\":\"http://127.0.0.1:%u\",\"proxy_rules\":[{\"http_method\":\"ANY\","
		"\"pattern\":\"/\",\"metric_system_name\":\"hits\",\"delta\":1}]}}]}",
		(unsigned)the.gateway->echo_port);
	struct json *document = json_parse(own, text, text.size, &error);

	ck_assert_msg(document != NULL, "%s", error.text);
	ck_assert_int_eq(loader_replace(the.gateway->loader, own, document, &error), 1);
}

static void set_up(void)
{
	static const char *const variables[] = {"APICAST_CONFIGURATION",
						"data:application/json,%7B%7D",
						"APICAST_ACCESS_LOG_FILE",
						"/dev/null",
						"APICAST_WORKERS",
						"1",
						NULL};
	const struct str arguments[] = {STR("--port=0"), STR("--management-port=0"),
					STR("--metrics-port=0"), STR("--echo-port=0")};
	struct error error;
	int status;

	the = (struct fixture){.arena = arena_create()};
	the.loop = real_loop_create();
	the.world = real_world_create(the.loop, variables);
	the.gateway = gateway_component.start(the.world, arguments, 4, &status, &error);
	ck_assert_ptr_nonnull(the.gateway);
	ck_assert(real_loop_run_until(the.loop, gateway_serves, NULL, LIMIT_MS));
	use_echo_as_upstream();
}

static void tear_down(void)
{
	http_body_collector_stop(the.collector);
	http_call_release(the.call);
	gateway_component.stop(the.gateway);
	real_world_destroy(the.world);
	real_loop_destroy(the.loop);
	arena_destroy(the.arena);
}

static void collected(enum http_collect_result result, struct str bytes, void *data)
{
	(void)data;
	ck_assert_int_eq(result, HTTP_COLLECTED);
	the.collector = NULL;
	the.body = bytes;
	the.is_over = true;
}

static void answered(struct http_call *call, void *data)
{
	struct http_body_collector *collector;

	(void)data;
	the.status = call->response.status;
	collector = http_body_collect(http_call_take_body(call), 2 * LARGE_BYTES, the.arena,
				      collected, NULL);
	if (!the.is_over)
		the.collector = collector;
}

static void failed(struct http_call *call, void *data)
{
	(void)data;
	ck_abort_msg("%.*s", STR_ARG(http_failure_text(call->failure)));
}

static bool is_over(void *data)
{
	(void)data;
	return the.is_over;
}

static void call(const char *method, const char *target, struct http_body *body)
{
	struct http_fields fields;
	struct http_call_options options = {
		.method = str_from(method),
		.host = STR("127.0.0.1"),
		.port = http_listener_port(the.world, the.gateway->proxy),
		.target = str_from(target),
		.fields = &fields,
		.body = body,
	};

	http_fields_init(&fields, the.arena);
	http_fields_add(&fields, STR("Host"), STR("localhost"));
	http_call_release(the.call);
	the.is_over = false;
	the.call = http_call_start(the.world, &options, answered, failed, NULL);
	ck_assert(real_loop_run_until(the.loop, is_over, NULL, LIMIT_MS));
}

START_TEST(calls_are_authorized_and_proxied)
{
	for (int i = 0; i < 3; i++) {
		call("GET", "/hello?user_key=k", NULL);
		ck_assert_int_eq(the.status, 200);
		ck_assert(str_has_prefix(the.body, STR("GET /hello?user_key=k HTTP/1.1\n")));
	}
	call("GET", "/hello", NULL);
	ck_assert_int_eq(the.status, 401);
	call("GET", "/?user_key=k", http_body_from_str(STR("x")));
	ck_assert_int_eq(the.status, 200);
}
END_TEST

START_TEST(large_bodies_go_through_or_are_refused)
{
	char *bytes = arena_alloc(the.arena, LARGE_BYTES);

	memset(bytes, 'x', LARGE_BYTES);
	call("POST", "/?user_key=k", http_body_from_str(str_of(bytes, LARGE_BYTES)));
	ck_assert_int_eq(the.status, 200);
	ck_assert(str_has_suffix(the.body, str_of(bytes, LARGE_BYTES)));
	call("POST", "/", http_body_from_str(str_of(bytes, LARGE_BYTES)));
	ck_assert_int_eq(the.status, 401);
}
END_TEST

Suite *gateway_gateway_suite(void);
Suite *gateway_gateway_suite(void)
{
	Suite *suite = suite_create("gateway_gateway");
	TCase *test = tcase_create("sockets");

	tcase_add_checked_fixture(test, set_up, tear_down);
	tcase_add_test(test, calls_are_authorized_and_proxied);
	tcase_add_test(test, large_bodies_go_through_or_are_refused);
	suite_add_tcase(suite, test);
	return suite;
}
