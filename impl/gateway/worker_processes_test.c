/* Several workers: spec/gateway.md 1.1. */
#include "gateway/worker_processes.h"

#include <string.h>

#include "gateway/stand_test.h"

static void start_workers(const char *count)
{
	gateway_stand_variable("APICAST_WORKERS", count);
	gateway_stand_variable("APICAST_LOG_LEVEL", "info");
	gateway_stand_start_with("", "");
}

static const char *page(uint16_t port, const char *path)
{
	struct stand_answer answer =
		gateway_stand_call((struct gateway_stand_request){.path = path, .port = port});

	gateway_stand_leave();
	ck_assert_int_eq(answer.status, 200);
	return str_cstr(gateway_stand_arena(), answer.body);
}

static void expect_on(const char *shown, const char *part)
{
	ck_assert_msg(strstr(shown, part) != NULL, "%s in\n%.3000s", part, shown);
}

START_TEST(workers_share_the_ports)
{
	start_workers("3");
	expect_log("loading production environment configuration: builtin\n");
	expect_log("ready gateway port=8080 management_port=8090 metrics_port=9421 echo_port=8081 "
		   "workers=3\n");
	ck_assert_uint_eq(gateway_stand_children(), 3);
	for (int i = 0; i < 9; i++) {
		expect_answer(gateway_stand_get("/?user_key=k"), 200, NULL);
		gateway_stand_leave();
	}
	ck_assert_uint_eq(gateway_stand_seen_count(STAND_UPSTREAM), 9);
	gateway_stand_ask_to_stop();
	gateway_stand_run_for(STAND_SECOND);
	ck_assert_int_eq(gateway_stand_exit_status(), 0);
	ck_assert_uint_eq(gateway_stand_children(), 0);
}
END_TEST

/* On a connection that is kept it is always the same. */
START_TEST(each_worker_says_which_it_is)
{
	static const char *const shown[] = {"\"count\":2,\"id\":0", "\"count\":2,\"id\":1"};
	size_t first;

	gateway_stand_argument("-w");
	gateway_stand_argument("2");
	start_workers("9");
	first = strstr(page(8090, "/status/info"), shown[0]) != NULL ? 0 : 1;
	expect_on(page(8090, "/status/info"), shown[first]);
	gateway_stand_kill_child(first);
	expect_on(page(8090, "/status/info"), shown[1 - first]);
}
END_TEST

START_TEST(metrics_are_those_of_all)
{
	const char *shown;

	start_workers("3");
	for (int i = 0; i < 12; i++) {
		gateway_stand_get("/?user_key=k");
		gateway_stand_leave();
	}
	shown = page(9421, "/metrics");
	expect_on(shown, "threescale_backend_calls{endpoint=\"authrep\",status=\"2xx\"} 12\n");
	expect_on(shown, "# HELP upstream_status HTTP status from upstream servers\n"
			 "# TYPE upstream_status counter\n"
			 "upstream_status{status=\"200\",service_id=\"\","
			 "service_system_name=\"\"} 12\n");
	expect_on(shown, "nginx_http_connections{state=\"total\"} 12\n");
	expect_on(shown, "openresty_shdict_capacity{dict=\"api_keys\"} 10485760\n");
	expect_on(shown, "nginx_metric_errors_total 0\n");
	/* What one has counted outlives it, what it holds does not. */
	gateway_stand_kill_child(1);
	gateway_stand_run_for(2 * STAND_SECOND);
	ck_assert_uint_eq(gateway_stand_children(), 3);
	expect_log("[alert] 100#100: worker process 1 exited on signal 9; another one is started");
	expect_on(page(9421, "/metrics"),
		  "threescale_backend_calls{endpoint=\"authrep\",status=\"2xx\"} 12\n");
	ck_assert_int_eq(
		gateway_stand_call((struct gateway_stand_request){.path = "/x", .port = 9421})
			.status,
		404);
}
END_TEST

/* Whoever served so far is not there any more. */
static void kill_all(void)
{
	for (size_t i = gateway_stand_children(); i > 0; i--)
		gateway_stand_kill_child(0);
	gateway_stand_run_for(2 * STAND_SECOND);
	ck_assert_uint_eq(gateway_stand_children(), 2);
}

START_TEST(an_authorization_outlives_its_worker)
{
	start_workers("2");
	expect_answer(gateway_stand_get("/?user_key=k"), 200, NULL);
	kill_all();
	expect_answer(gateway_stand_get("/?user_key=k"), 200, NULL);
	ck_assert_uint_eq(gateway_stand_seen_count(STAND_BACKEND), 2);
	ck_assert_int_lt(gateway_stand_seen(STAND_UPSTREAM, 1)->order,
			 gateway_stand_seen(STAND_BACKEND, 1)->order);
}
END_TEST

START_TEST(what_a_killed_worker_had_batched_is_reported)
{
	gateway_stand_variable("APICAST_WORKERS", "2");
	gateway_stand_start_with("", ",\"policy_chain\":[{\"name\":\"3scale_batcher\","
				     "\"configuration\":{\"batch_report_seconds\":100000}},"
				     "{\"name\":\"apicast\"}]");
	for (int i = 0; i < 3; i++)
		expect_answer(gateway_stand_get("/?user_key=k"), 200, NULL);
	kill_all();
	ck_assert_uint_eq(gateway_stand_seen_count(STAND_BACKEND), 2);
	expect_str(gateway_stand_seen(STAND_BACKEND, 1)->body,
		   "transactions%5B0%5D%5Buser_key%5D=k"
		   "&transactions%5B0%5D%5Busage%5D%5Bhits%5D=3");
}
END_TEST

START_TEST(connections_of_a_killed_worker_do_not_count_any_more)
{
	gateway_stand_variable("APICAST_WORKERS", "2");
	gateway_stand_start_with("", ",\"policy_chain\":[{\"name\":\"rate_limit\","
				     "\"configuration\":{\"connection_limiters\":[{\"key\":"
				     "{\"name\":\"c\"},\"conn\":1,\"burst\":0,\"delay\":1}]}},"
				     "{\"name\":\"apicast\"}]");
	gateway_stand_silence(STAND_UPSTREAM);
	gateway_stand_send((struct gateway_stand_request){.path = "/?user_key=k"});
	gateway_stand_run_for(STAND_SECOND);
	gateway_stand_play(STAND_UPSTREAM, &(struct gateway_stand_script){.status = 200}, 1);
	kill_all();
	expect_answer(gateway_stand_get("/?user_key=k"), 200, NULL);
}
END_TEST

START_TEST(a_worker_without_memory_does_not_start)
{
	gateway_stand_argument("--workers-total");
	gateway_stand_argument("2");
	gateway_stand_file("{}");
	ck_assert(!gateway_stand_start());
	ck_assert_int_eq(gateway_stand_exit_status(), 1);
	expect_log("no memory to share was handed over by the process that started this one");
}
END_TEST

START_TEST(each_worker_loads_for_itself)
{
	static const struct gateway_stand_script portal[] = {
		{.prefix = "/admin/api/services.json", .body = "{\"services\":[]}"},
	};

	gateway_stand_play(STAND_PORTAL, portal, 1);
	gateway_stand_variable("THREESCALE_PORTAL_ENDPOINT", "http://t@10.0.0.4:3000");
	gateway_stand_variable("APICAST_WORKERS", "2");
	ck_assert(gateway_stand_start());
	ck_assert_uint_eq(gateway_stand_seen_count(STAND_PORTAL), 2);
	gateway_stand_run_for(310 * STAND_SECOND);
	ck_assert_uint_eq(gateway_stand_seen_count(STAND_PORTAL), 4);
}
END_TEST

START_TEST(a_start_that_fails_is_not_tried_again)
{
	gateway_stand_variable("APICAST_WORKERS", "2");
	gateway_stand_file("not json");
	ck_assert(!gateway_stand_start());
	ck_assert_int_eq(gateway_stand_exit_status(), 1);
	expect_log("failed to load configuration, exiting (code 1)");
	ck_assert_uint_eq(gateway_stand_children(), 0);
}
END_TEST

START_TEST(a_cache_that_is_off_ends_all_well)
{
	gateway_stand_variable("APICAST_WORKERS", "2");
	gateway_stand_variable("APICAST_CONFIGURATION_CACHE", "0");
	gateway_stand_file("{}");
	ck_assert(!gateway_stand_start());
	ck_assert_int_eq(gateway_stand_exit_status(), 0);
}
END_TEST

START_TEST(a_port_that_cannot_be_had_ends_the_start)
{
	gateway_stand_variable("APICAST_WORKERS", "2");
	gateway_stand_argument("--address");
	gateway_stand_argument("10.9.9.9");
	gateway_stand_file("{}");
	ck_assert(!gateway_stand_start());
	ck_assert_int_eq(gateway_stand_exit_status(), 1);
	expect_log("cannot listen on 10.9.9.9:8081");
}
END_TEST

Suite *gateway_worker_processes_suite(void);
Suite *gateway_worker_processes_suite(void)
{
	Suite *suite = suite_create("gateway_worker_processes");
	TCase *test = tcase_create("workers");

	tcase_add_checked_fixture(test, gateway_stand_set, gateway_stand_clear);
	tcase_add_test(test, workers_share_the_ports);
	tcase_add_test(test, each_worker_says_which_it_is);
	tcase_add_test(test, metrics_are_those_of_all);
	tcase_add_test(test, an_authorization_outlives_its_worker);
	tcase_add_test(test, what_a_killed_worker_had_batched_is_reported);
	tcase_add_test(test, connections_of_a_killed_worker_do_not_count_any_more);
	tcase_add_test(test, a_worker_without_memory_does_not_start);
	tcase_add_test(test, each_worker_loads_for_itself);
	tcase_add_test(test, a_start_that_fails_is_not_tried_again);
	tcase_add_test(test, a_cache_that_is_off_ends_all_well);
	tcase_add_test(test, a_port_that_cannot_be_had_ends_the_start);
	suite_add_tcase(suite, test);
	return suite;
}
