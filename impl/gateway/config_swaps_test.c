/* Configurations are replaced while calls are under way: each call is served by one version from
 * its first step to its last. ci/gateway_swaps.py does the same with real processes. */
#include "gateway/stand_test.h"

#include <stdio.h>

#include "http/body.h"
#include "world/http_client.h"

#define VERSIONS 1000

static const char *version_of(int number)
{
	return str_cstr(
		gateway_stand_arena(),
		str_format(
			gateway_stand_arena(),
			"{\"services\":[{\"id\":42,\"backend_version\":\"1\",\"proxy\":{"
			"\"hosts\":[\"api.example.com\"],"
			"\"api_backend\":\"http://10.0.0.3:8000/v%d\","
			"\"backend\":{\"endpoint\":\"http://10.0.0.2:3000\"},"
			"\"policy_chain\":[{\"name\":\"headers\",\"configuration\":{"
			"\"response\":[{\"op\":\"set\",\"header\":\"X-Version\",\"value\":\"%d\"}"
			"]}},{\"name\":\"apicast\"}],\"proxy_rules\":[{\"http_method\":\"GET\","
			"\"pattern\":\"/\",\"metric_system_name\":\"hits\",\"delta\":1}]}}]}",
			number, number));
}

static void start_with_management(void)
{
	gateway_stand_variable("APICAST_MANAGEMENT_API", "debug");
	gateway_stand_file(version_of(0));
	ck_assert(gateway_stand_start());
}

static void swap_to(int number)
{
	struct stand_answer answer = gateway_stand_call((struct gateway_stand_request){
		.method = "PUT", .path = "/config", .port = 8090, .body = version_of(number)});

	ck_assert_int_eq(answer.status, 200);
}

/* What the client got and what the API saw are of the same version. */
static void expect_version(const struct stand_answer *answer, int number)
{
	char path[32], text[16];

	snprintf(path, sizeof path, "/v%d/a?user_key=k", number);
	snprintf(text, sizeof text, "%d", number);
	ck_assert_int_eq(answer->status, 200);
	expect_str(gateway_stand_field(answer, "X-Version"), text);
	expect_str(gateway_stand_last(STAND_UPSTREAM)->target, path);
}

START_TEST(each_call_is_served_by_the_newest_version)
{
	start_with_management();
	for (int number = 1; number <= VERSIONS; number++) {
		struct stand_answer answer;

		swap_to(number);
		answer = gateway_stand_get("/a?user_key=k");
		expect_version(&answer, number);
	}
	ck_assert_uint_eq(gateway_stand_seen_count(STAND_UPSTREAM), VERSIONS);
}
END_TEST

static void collected(enum http_collect_result result, struct str bytes, void *data)
{
	(void)bytes;
	(void)data;
	ck_assert_int_eq(result, HTTP_COLLECTED);
}

static void swapped(struct http_call *call, void *data)
{
	int *status = data;

	*status = call->response.status;
	http_body_collect(http_call_take_body(call), 10000, gateway_stand_arena(), collected, NULL);
}

static void not_swapped(struct http_call *call, void *data)
{
	(void)data;
	ck_abort_msg("%.*s", STR_ARG(http_failure_text(call->failure)));
}

/* While a call waits for backend, its version is replaced, and again by another. */
START_TEST(a_call_keeps_the_version_it_began_with)
{
	static const struct gateway_stand_script slow[] = {{.fault = STAND_SILENT}};
	static const struct gateway_stand_script good[] = {{.status = 200}};
	struct stand_answer answer;
	struct http_call *calls[2];
	int statuses[2] = {0};

	gateway_stand_play(STAND_BACKEND, slow, 1);
	gateway_stand_variable("APICAST_BACKEND_CACHE_HANDLER", "resilient");
	start_with_management();
	gateway_stand_send((struct gateway_stand_request){.path = "/a?user_key=k"});
	gateway_stand_run_for(STAND_SECOND);
	for (int i = 0; i < 2; i++) {
		struct http_call_options options = {
			.method = STR("PUT"),
			.host = STR("10.0.0.1"),
			.port = 8090,
			.target = STR("/config"),
			.body = http_body_from_str(str_from(version_of(i + 1))),
		};

		calls[i] = http_call_start(gateway_stand_world(), &options, swapped, not_swapped,
					   &statuses[i]);
		gateway_stand_run_for(STAND_SECOND);
		ck_assert_int_eq(statuses[i], 200);
	}
	/* Backend never answers: the old version's words for that. */
	answer = gateway_stand_wait();
	ck_assert_int_eq(answer.status, 403);
	expect_str(gateway_stand_field(&answer, "X-Version"), "0");
	gateway_stand_play(STAND_BACKEND, good, 1);
	answer = gateway_stand_get("/a?user_key=k");
	expect_version(&answer, 2);
	for (int i = 0; i < 2; i++)
		http_call_release(calls[i]);
}
END_TEST

Suite *gateway_config_swaps_suite(void);
Suite *gateway_config_swaps_suite(void)
{
	Suite *suite = suite_create("gateway_config_swaps");
	TCase *test = tcase_create("swaps");

	tcase_set_timeout(test, 60);
	tcase_add_checked_fixture(test, gateway_stand_set, gateway_stand_clear);
	tcase_add_test(test, each_call_is_served_by_the_newest_version);
	tcase_add_test(test, a_call_keeps_the_version_it_began_with);
	suite_add_tcase(suite, test);
	return suite;
}
