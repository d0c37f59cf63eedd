/* The process: where its data is, what happens when that is away, its end. spec/backend.md 9. */
#include "backend/stand_test.h"

#include <string.h>

#define AUTH "/transactions/authorize.xml?"
#define AUTHREP "/transactions/authrep.xml?"

/* Starts. */

static const struct {
	const char *variable, *value, *word, *message;
	int status;
} refused_starts[] = {
	{"RACK_ENV", "x", "--release=2.7", "--release cannot be \"2.7\"", 2},
	{"RACK_ENV", "x", "--durability=some", "--durability cannot be \"some\"", 2},
	{"RACK_ENV", "x", "cook", "the role cannot be \"cook\"", 2},
	{"RACK_ENV", "x", "--nope", "nope", 2},
	{"CONFIG_NOTIFICATION_BATCH", "x", "all", "CONFIG_NOTIFICATION_BATCH", 1},
	{"CONFIG_NOTIFICATION_BATCH", "0", "all", "CONFIG_NOTIFICATION_BATCH", 1},
	{"CONFIG_REQUEST_LOGGERS", "text,xml", "all", "xml is not a supported logger type.", 1},
	{"CONFIG_REDIS_SENTINEL_HOSTS", "a:b", "all", "The sentinel \"a:b\" is not valid", 1},
};

START_TEST(some_starts_are_refused)
{
	stand_variable(refused_starts[_i].variable, refused_starts[_i].value);
	stand_argument(refused_starts[_i].word);
	ck_assert(!stand_start());
	ck_assert_int_eq(stand_exit_status(), refused_starts[_i].status);
}
END_TEST

START_TEST(production_demands_credentials)
{
	stand_variable("CONFIG_INTERNAL_API_USER", "");
	stand_variable("CONFIG_INTERNAL_API_PASSWORD", "");
	stand_variable("RACK_ENV", "production");
	ck_assert(!stand_start());
	ck_assert_int_eq(stand_exit_status(), 1);
}
END_TEST

START_TEST(elsewhere_the_internal_api_may_be_open)
{
	stand_variable("CONFIG_INTERNAL_API_USER", "");
	stand_variable("CONFIG_INTERNAL_API_PASSWORD", "");
	ck_assert(stand_start());
	expect_answer(stand_get("/internal/check.json"), 200, "{\"status\":\"ok\"}");
}
END_TEST

START_TEST(a_release_is_chosen)
{
	struct stand_answer answer;

	stand_argument("--release=2.5");
	stand_provision();
	expect_answer(stand_get("/status"), 200,
		      "{\"status\":\"ok\",\"version\":{\"backend\":\"2.91.1\"}}");
	stand_internal("PUT", "services/S1/plans/P/usagelimits/81/day",
		       "{\"usagelimit\":{\"day\":5}}");
	answer = stand_get_with(AUTH S1_U1 "&usage[hits]=1", "limit_headers=1");
	expect_str(stand_field(&answer, "3scale-limit-remaining"), "5");
	ck_assert(!http_fields_has(&answer.fields, STR("3scale-limit-max-value")));
}
END_TEST

/* 9.9 */
START_TEST(requests_are_logged_in_either_form)
{
	stand_variable("CONFIG_REQUEST_LOGGERS", "text, json");
	stand_provision();
	stand_set_clock("2019-06-01T10:20:30Z");
	stand_call((struct stand_request){.path = AUTH S1_U1,
					  .fields = {"X-Forwarded-For", "9.9.9.9", "X-Request-ID",
						     "r1", "3scale-options", "a=\"b\""}});
	stand_post("provider_key=p%20k&service_id=S1&transactions[0][app_id]=A1");
	stand_internal("GET", "check.json", NULL);
	stand_run_for(STAND_SECOND);
	ck_assert(stand_contains(stand_log(),
				 "9.9.9.9 - - [01/Jun/2019 10:20:30 UTC] \"GET " AUTH S1_U1
				 " HTTP/1.1\" 200 102 "));
	ck_assert(stand_contains(stand_log(), " r1 \"a=\\\"b\\\"\"\n"));
	ck_assert(stand_contains(stand_log(), "\"POST /transactions.xml?provider_key=p%20k "
					      "HTTP/1.1\" 403 "));
	ck_assert(stand_contains(stand_log(), "10.0.0.9 - u [01/Jun/2019 10:20:30 UTC] \"GET "
					      "/internal/check.json HTTP/1.1\" 200 15 "));
	ck_assert(stand_contains(
		stand_log(),
		"{\"forwarded_for\":\"9.9.9.9\",\"remote_user\":\"-\",\"time\":\"01/Jun/2019 "
		"10:20:30 UTC\",\"method\":\"GET\",\"path_info\":\"/transactions/"
		"authorize.xml\",\"query_string\":\"?" S1_U1 "\",\"http_version\":\"HTTP/1.1\","
		"\"status\":\"200\",\"response_time\":"));
}
END_TEST

/* Roles. */

START_TEST(a_worker_works_without_being_told)
{
	stand_use_no_hooks();
	stand_variable("CONFIG_WORKERS_LOG_FILE", "/dev/stdout");
	stand_provision();
	expect_answer(stand_get(AUTHREP S1_U1 "&usage[hits]=2"), 200, NULL);
	stand_run_for(STAND_SECOND);
	expect_text(stand_redis("GET stats/{service:S1}/metric:81/eternity"), "2");
	/* Past the time that it waits for a job at a stretch. */
	stand_run_for(150 * STAND_SECOND);
	expect_answer(stand_get(AUTHREP S1_U1 "&usage[hits]=1"), 200, NULL);
	stand_post("service_token=T1&service_id=S1&transactions[0][app_id]=x");
	stand_queues("RPUSH resque:queue:stats x");
	stand_run_for(STAND_SECOND);
	expect_text(stand_redis("GET stats/{service:S1}/metric:81/eternity"), "3");
	ck_assert(stand_contains(stand_log(), "] ReportJob S1 1 0 "));
	ck_assert(stand_contains(stand_log(),
				 "] ReportJob S1 application with id=\"x\" was not found"));
	ck_assert(stand_contains(stand_log(), "a job of 1 bytes in the queue stats is not JSON"));
	expect_answer(stand_call((struct stand_request){.method = "POST", .path = "/__test/drain"}),
		      404, NULL);
	stand_ask_to_stop();
	stand_run_for(STAND_SECOND);
	ck_assert_int_eq(stand_exit_status(), 0);
}
END_TEST

START_TEST(a_listener_leaves_the_jobs_to_others)
{
	stand_argument("listener");
	stand_provision();
	expect_answer(stand_get(AUTHREP S1_U1 "&usage[hits]=2"), 200, NULL);
	stand_run_for(STAND_SECOND);
	expect_text(stand_queues("LLEN resque:queue:priority"), "1");
	stand_forget();
	expect_answer(stand_call((struct stand_request){.method = "POST", .path = "/__test/drain"}),
		      404, NULL);
	stand_ask_to_stop();
	stand_run_for(STAND_SECOND);
	ck_assert_int_eq(stand_exit_status(), 0);
}
END_TEST

START_TEST(a_worker_listens_to_nobody)
{
	stand_argument("worker");
	stand_use_no_hooks();
	ck_assert(stand_start());
	expect_answer(stand_get("/status"), 0, NULL);
	stand_run_for(200 * STAND_SECOND);
	stand_ask_to_stop();
	stand_run_for(STAND_SECOND);
	ck_assert_int_eq(stand_exit_status(), 0);
}
END_TEST

START_TEST(the_embedded_store_does_the_same)
{
	stand_use_embedded_store();
	stand_use_no_hooks();
	stand_provision();
	stand_internal("PUT", "services/S1/plans/P/usagelimits/81/eternity",
		       "{\"usagelimit\":{\"eternity\":300}}");
	for (int i = 0; i < 100; i++)
		expect_answer(stand_get(AUTHREP S1_U1 "&usage[hits]=2"), 200, NULL);
	stand_run_for(STAND_SECOND);
	expect_answer(stand_internal("GET", "services/S1/applications/A1/utilization/", NULL), 200,
		      "{\"status\":\"found\",\"utilization\":[{\"period\":\"eternity\","
		      "\"metric_name\":\"hits\",\"max_value\":300,\"current_value\":200}]}");
	stand_ask_to_stop();
	stand_run_for(STAND_SECOND);
	ck_assert_int_eq(stand_exit_status(), 0);
}
END_TEST

START_TEST(queues_may_be_elsewhere)
{
	stand_variable("CONFIG_REDIS_PROXY", "10.0.0.7:6379/3");
	stand_variable("CONFIG_QUEUES_MASTER_NAME", "redis://10.0.0.7:6379/4");
	/* The option wins over the environment, for the storage that it names. */
	stand_provision();
	expect_answer(stand_get(AUTHREP S1_U1 "&usage[hits]=2"), 200, NULL);
	expect_text(stand_redis("EXISTS service/id:S1/provider_key"), "1");
	expect_text(stand_queues("LLEN resque:queue:priority"), "0");
	expect_text(stand_queues("SELECT 4"), "OK");
	expect_text(stand_queues("LLEN resque:queue:priority"), "1");
}
END_TEST

START_TEST(what_was_begun_is_answered_before_the_end)
{
	stand_provision();
	stand_send((struct stand_request){.path = AUTHREP S1_U1 "&usage[hits]=1"});
	stand_run_for(_i * 300);
	stand_ask_to_stop();
	/* Before it has reached the process there is nothing to answer. */
	stand_run_for(STAND_SECOND);
	ck_assert_int_eq(stand_exit_status(), 0);
	if (_i >= 4)
		expect_answer(stand_wait(), 200, NULL);
}
END_TEST

/* Failures: 9.6. */

START_TEST(without_redis_only_what_needs_none_is_answered)
{
	stand_provision();
	expect_answer(stand_get(AUTH S1_U1), 200, NULL);
	stand_stop_redis();
	expect_answer(stand_get("/status"), 200, NULL);
	expect_answer(stand_get(AUTH "service_id=S1"), 403, NULL);
	expect_answer(stand_internal("GET", "check.json", NULL), 200, NULL);
	expect_answer(stand_get(AUTH S1_U1), 200, NULL); /* remembered */
	expect_answer(stand_get(AUTH S2_A2), 500, "Internal Server Error\n");
	expect_answer(stand_get(AUTHREP S1_U1 "&usage[hits]=1"), 500, NULL);
	expect_answer(stand_post("service_token=T1&service_id=S1&transactions[0][app_id]=A1"), 500,
		      NULL);
	expect_answer(stand_internal("GET", "services/S1", NULL), 500,
		      "<h1>Internal Server Error</h1>");
	expect_answer(stand_internal("GET", "services/S2/applications/A2/utilization/", NULL), 500,
		      NULL);
	stand_restart_redis();
	expect_answer(stand_get(AUTH S2_A2), 200, NULL);
	expect_answer(stand_get(AUTHREP S1_U1 "&usage[hits]=1"), 200, NULL);
}
END_TEST

START_TEST(the_worker_outlives_its_redis)
{
	stand_use_no_hooks();
	stand_provision();
	stand_stop_redis();
	stand_run_for(30 * STAND_SECOND);
	stand_restart_redis();
	expect_answer(stand_get(AUTHREP S1_U1 "&usage[hits]=1"), 200, NULL);
	stand_run_for(10 * STAND_SECOND);
	expect_text(stand_redis("GET stats/{service:S1}/metric:81/eternity"), "1");
	stand_stop_redis();
	stand_run_for(2 * STAND_SECOND);
	stand_ask_to_stop();
	stand_run_for(STAND_SECOND);
	ck_assert_int_eq(stand_exit_status(), 0);
}
END_TEST

/* Redis goes away at any moment of a round: the job is counted, or it is where cron finds it, or
 * it was in the hand of a worker that holds on to it; and nothing hangs. */
START_TEST(no_moment_is_wrong_for_redis_to_go_away)
{
	const char *counted, *failed, *queued;

	stand_use_no_hooks();
	stand_provision();
	stand_queues("RPUSH resque:queue:priority "
		     "{\"class\":\"ThreeScale::Backend::Transactor::ReportJob\",\"args\":[\"S1\","
		     "{\"0\":{\"app_id\":\"A1\",\"usage\":{\"hits\":\"1\"}}},1.5,{}]}");
	stand_run_for(_i * 100);
	stand_stop_redis();
	stand_run_for(5 * STAND_SECOND);
	stand_restart_redis();
	stand_run_for(10 * STAND_SECOND);
	counted = stand_redis("GET stats/{service:S1}/metric:81/eternity");
	failed = stand_queues("LLEN resque:failed");
	queued = stand_queues("LLEN resque:queue:priority");
	expect_text(queued, "0");
	ck_assert_msg(strcmp(counted, "1") == 0 || strcmp(failed, "1") == 0,
		      "counted %s, failed %s", counted, failed);
	expect_answer(stand_get(AUTH S1_U1), 200, NULL);
}
END_TEST

/* The hooks of tests. */

START_TEST(the_clock_obeys_and_memory_ends_with_it)
{
	static const char *const bad[] = {
		"", "x", "-1", "1.", "1.1234567890", "1.-1", "99999999999999"};

	stand_provision();
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		expect_answer(stand_call((struct stand_request){
				      .method = "PUT", .path = "/__test/clock", .body = bad[i]}),
			      400, NULL);
	stand_set_clock("2019-06-01T10:00:00Z");
	expect_answer(stand_get(AUTH S1_U1), 200, NULL);
	stand_redis("SET application/service_id:S1/id:A1/state suspended");
	expect_answer(stand_get(AUTH S1_U1), 200, NULL);
	stand_set_clock("2019-06-01T10:01:00Z");
	expect_answer(stand_get(AUTH S1_U1), 200, NULL);
	stand_set_clock("2019-06-01T10:01:01Z");
	expect_answer(stand_get(AUTH S1_U1), 409, NULL);
	stand_redis("SET application/service_id:S1/id:A1/state active");
	stand_forget();
	expect_answer(stand_get(AUTH S1_U1), 200, NULL);
	expect_answer(stand_call((struct stand_request){
			      .method = "PUT", .path = "/__test/clock", .body = "real"}),
		      204, NULL);
	expect_answer(stand_get("/__test/drain"), 404, NULL);
}
END_TEST

static struct stand_answer command(const char *database, const char *words)
{
	return stand_call((struct stand_request){
		.method = "POST", .path = text("/__test/redis/%s", database), .body = words});
}

START_TEST(a_test_looks_into_the_databases)
{
	ck_assert(stand_start());
	expect_answer(command("storage", "[\"SET\",\"k\",\"a \\\"v\\\"\"]"), 200, "\"OK\"");
	expect_answer(command("storage", "[\"GET\",\"k\"]"), 200, "\"a \\\"v\\\"\"");
	expect_answer(command("queues", "[\"GET\",\"k\"]"), 200, "null");
	expect_answer(command("queues", "[\"RPUSH\",\"l\",\"a\",2]"), 200, "2");
	expect_answer(command("queues", "[\"LRANGE\",\"l\",\"0\",\"-1\"]"), 200, "[\"a\",\"2\"]");
	expect_answer(command("storage", "[\"INCR\",\"k\"]"), 400,
		      "ERR value is not an integer or out of range");
	expect_answer(command("storage", "[]"), 400, "not a list of words");
	expect_answer(command("storage", "{"), 400, "not a list of words");
	stand_stop_redis();
	expect_answer(command("storage", "[\"GET\",\"k\"]"), 500, NULL);
}
END_TEST

START_TEST(what_is_remembered_is_bounded)
{
	stand_provision();
	for (int i = 0; i < 10100; i++)
		stand_get(text(AUTH "service_token=T1&service_id=S1&user_key=k%d", i));
	expect_answer(stand_get(AUTH S1_U1), 200, NULL);
}
END_TEST

START_TEST(without_hooks_there_are_none)
{
	stand_use_no_hooks();
	ck_assert(stand_start());
	expect_answer(
		stand_call((struct stand_request){.method = "DELETE", .path = "/__test/cache"}),
		404, NULL);
}
END_TEST

/* Data of others: 6.9. */

START_TEST(keys_that_others_wrote_authorize)
{
	static const char *const commands[] = {
		"SET service/id:7001/provider_key pk-acme",
		"SET service/id:7001/backend_version 1",
		"SET service/provider_key:pk-acme/id 7001",
		"HSET service_token/token:tok1/service_id:7001 permissions x",
		"SADD metrics/service_id:7001/ids 81 82 9 b10 a10",
		"SET metric/service_id:7001/id:81/name hits",
		"SET metric/service_id:7001/id:9/name nine",
		"SET metric/service_id:7001/id:b10/name b",
		"SET metric/service_id:7001/id:a10/name a",
		"SET metric/service_id:7001/id:82/name search",
		"SET metric/service_id:7001/id:82/parent_id 81",
		"SET application/service_id:7001/id:app1/state active",
		"SET application/service_id:7001/id:app1/plan_id 55",
		"SET application/service_id:7001/id:app1/plan_name Basic",
		"SET application/service_id:7001/key:uk1/id app1",
		"SET usage_limit/service_id:7001/plan_id:55/metric_id:81/minute 5",
		"SET usage_limit/service_id:7001/plan_id:55/metric_id:9/minute 5",
		"SET usage_limit/service_id:7001/plan_id:55/metric_id:b10/minute 5",
		"SET usage_limit/service_id:7001/plan_id:55/metric_id:a10/minute 5",
		"SET stats/{service:7001}/cinstance:app1/metric:81/minute:20190601102 6",
	};
	struct stand_answer answer;

	ck_assert(stand_start());
	stand_set_clock("2019-06-01T10:20:00Z");
	for (size_t i = 0; i < sizeof commands / sizeof *commands; i++)
		stand_redis(commands[i]);
	answer = stand_get_with(AUTH "service_token=tok1&service_id=7001&user_key=uk1",
				"hierarchy=1");
	ck_assert_int_eq(answer.status, 409);
	ck_assert(stand_contains(answer.body,
				 "<hierarchy><metric name=\"nine\" children=\"\"/><metric "
				 "name=\"hits\" children=\"search\"/><metric name=\"a\" "
				 "children=\"\"/><metric name=\"b\" children=\"\"/></hierarchy>"));
	/* A default service that is gone. */
	stand_redis("SET service/provider_key:gone/id 9");
	expect_answer(stand_get(AUTH "provider_key=gone"), 403, NULL);
	/* A key that names an application that is gone (BE-060). */
	stand_redis("SET application/service_id:7001/key:uk2/id app2");
	expect_answer(
		stand_get(AUTH "provider_key=pk-acme&user_key=uk2"), 404,
		ERROR_XML("application_not_found", "application with id=\"app2\" was not found"));
	/* Something else than what belongs there. */
	stand_redis("SADD application/service_id:7001/key:uk3/id x");
	expect_answer(stand_get(AUTH "provider_key=pk-acme&user_key=uk3"), 500, NULL);
}
END_TEST

Suite *backend_backend_suite(void);
Suite *backend_backend_suite(void)
{
	Suite *suite = suite_create("backend_backend");
	TCase *test = tcase_create("backend");

	tcase_add_checked_fixture(test, stand_set, stand_clear);
	tcase_set_timeout(test, 60);
	tcase_add_loop_test(test, some_starts_are_refused, 0,
			    sizeof refused_starts / sizeof *refused_starts);
	tcase_add_test(test, production_demands_credentials);
	tcase_add_test(test, elsewhere_the_internal_api_may_be_open);
	tcase_add_test(test, a_release_is_chosen);
	tcase_add_test(test, requests_are_logged_in_either_form);
	tcase_add_test(test, a_worker_works_without_being_told);
	tcase_add_test(test, a_listener_leaves_the_jobs_to_others);
	tcase_add_test(test, a_worker_listens_to_nobody);
	tcase_add_test(test, the_embedded_store_does_the_same);
	tcase_add_test(test, queues_may_be_elsewhere);
	tcase_add_loop_test(test, what_was_begun_is_answered_before_the_end, 0, 12);
	tcase_add_test(test, without_redis_only_what_needs_none_is_answered);
	tcase_add_test(test, the_worker_outlives_its_redis);
	tcase_add_loop_test(test, no_moment_is_wrong_for_redis_to_go_away, 0, 60);
	tcase_add_test(test, the_clock_obeys_and_memory_ends_with_it);
	tcase_add_test(test, a_test_looks_into_the_databases);
	tcase_add_test(test, what_is_remembered_is_bounded);
	tcase_add_test(test, without_hooks_there_are_none);
	tcase_add_test(test, keys_that_others_wrote_authorize);
	suite_add_tcase(suite, test);
	return suite;
}
