/* Processes: several listeners, metrics, logs, connectivity. spec/backend.md 9.1, 9.9, 10. */
#include "backend/stand_test.h"

#include <string.h>

#define AUTH "/transactions/authorize.xml?"
#define AUTHREP "/transactions/authrep.xml?"
#define HITS "stats/{service:S1}/metric:81/eternity"

static void ask_to_stop(void)
{
	stand_ask_to_stop();
	stand_run_for(STAND_SECOND);
	ck_assert_int_eq(stand_exit_status(), 0);
}

static const char *page(uint16_t port)
{
	struct stand_answer answer =
		stand_call((struct stand_request){.path = "/metrics", .port = port});

	ck_assert_int_eq(answer.status, 200);
	return str_cstr(stand_arena(), answer.body);
}

static size_t count_of(struct str text, const char *part)
{
	size_t count = 0, at;

	while ((at = str_find(text, str_from(part))) != STR_NOT_FOUND) {
		count++;
		text = str_skip(text, at + 1);
	}
	return count;
}

/* Listeners. */

static const struct {
	const char *release, *variable, *value, *message;
} refused_rows[] = {
	{"2.6", "PUMA_WORKERS", "x", "PUMA_WORKERS environment var cannot be parsed: \"x\""},
	{"2.6", "PUMA_WORKERS", "-1", "PUMA_WORKERS environment var cannot be parsed: \"-1\""},
	{"2.6", "PUMA_WORKERS", "257", "PUMA_WORKERS environment var cannot be parsed: \"257\""},
	{"current", "LISTENER_WORKERS", "4.5", "LISTENER_WORKERS environment var cannot be parsed"},
	{"2.6", "RESCHEDULE_JOBS_FREQ", "0", "RESCHEDULE_JOBS_FREQ is not a number of seconds"},
	{"2.6", "DELETE_STATS_FREQ", "x", "DELETE_STATS_FREQ is not a number of seconds"},
	{"2.6", "CONFIG_WORKER_PROMETHEUS_METRICS_PORT", "65536",
	 "CONFIG_WORKER_PROMETHEUS_METRICS_PORT is not a port: \"65536\""},
	{"2.6", "CONFIG_LISTENER_PROMETHEUS_METRICS_PORT", "x", "is not a port: \"x\""},
	{"2.6", "CONFIG_WORKERS_LOGGER_FORMATTER", "xml",
	 "CONFIG_WORKERS_LOGGER_FORMATTER cannot be \"xml\""},
};

START_TEST(what_cannot_be_read_is_named)
{
	stand_variable(refused_rows[_i].variable, refused_rows[_i].value);
	stand_argument("--release");
	stand_argument(refused_rows[_i].release);
	ck_assert(!stand_start());
	ck_assert_int_eq(stand_exit_status(), 1);
	ck_assert_msg(stand_contains(stand_log(), refused_rows[_i].message), "%.*s",
		      STR_ARG(stand_log()));
}
END_TEST

START_TEST(several_listeners_share_a_port)
{
	stand_variable("PUMA_WORKERS", "3");
	stand_use_no_hooks();
	stand_provision();
	ck_assert(stand_contains(stand_log(), "ready backend port=3000 workers=3\n"));
	ck_assert_uint_eq(count_of(stand_log(), "ready "), 1);
	ck_assert_uint_eq(stand_children(), 3);
	for (int i = 0; i < 10; i++) {
		expect_answer(stand_get(AUTHREP S1_U1 "&usage[hits]=1"), 200, NULL);
		stand_leave();
	}
	stand_run_for(STAND_SECOND);
	expect_text(stand_redis("GET " HITS), "10");
	ask_to_stop();
	ck_assert_uint_eq(stand_children(), 0);
	expect_text(stand_queues("EXISTS resque:workers"), "0");
}
END_TEST

START_TEST(a_listener_that_ends_is_replaced)
{
	stand_variable("LISTENER_WORKERS", "2");
	stand_argument("listener");
	stand_argument("--release=current");
	stand_use_no_hooks();
	stand_provision();
	for (int i = 0; i < 8; i++) {
		stand_kill_child((size_t)i % 2);
		stand_run_for(6 * STAND_SECOND);
		ck_assert_uint_eq(stand_children(), 2);
	}
	stand_kill_child(0);
	stand_run_for(20 * STAND_SECOND);
	stand_kill_child(0);
	stand_kill_child(0);
	stand_run_for(20 * STAND_SECOND);
	ck_assert_uint_eq(stand_children(), 2);
	ck_assert(stand_contains(stand_log(), "Listener process 1 ended with status 137; another "
					      "one is started.\n"));
	expect_answer(stand_get(AUTH S1_U1), 200, NULL);
	stand_kill_child(1);
	stand_run_for(50 * 1000);
	ask_to_stop();
	ck_assert_uint_eq(stand_children(), 0);
}
END_TEST

START_TEST(listeners_that_cannot_start_are_not_started_for_ever)
{
	stand_variable("PUMA_WORKERS", "2");
	stand_argument("--bind");
	stand_argument("10.9.9.9");
	stand_use_no_hooks();
	ck_assert(!stand_start());
	ck_assert_int_eq(stand_exit_status(), 1);
	ck_assert(stand_contains(stand_log(), "cannot listen on 10.9.9.9:3000"));
}
END_TEST

/* Whatever the children are doing then. */
START_TEST(listeners_may_be_stopped_while_they_start)
{
	stand_variable("PUMA_WORKERS", "3");
	stand_use_no_hooks();
	stand_start_only();
	stand_run_for(_i * 50);
	ask_to_stop();
}
END_TEST

START_TEST(the_embedded_store_has_one_process)
{
	stand_variable("PUMA_WORKERS", "4");
	stand_use_embedded_store();
	stand_use_no_hooks();
	stand_provision();
	ck_assert(stand_contains(stand_log(), "One process serves: more than one listener (4 are "
					      "asked for) needs a Redis, and no test hooks.\n"));
	ck_assert_uint_eq(stand_children(), 0);
}
END_TEST

/* 9.1: the guided releases do not know the later variable. */
START_TEST(the_guided_releases_know_one_variable)
{
	stand_variable("LISTENER_WORKERS", "x");
	stand_variable("PUMA_WORKERS", "0");
	stand_use_no_hooks();
	ck_assert(stand_start());
	ck_assert_uint_eq(stand_children(), 0);
}
END_TEST

/* Metrics. */

#define WORKER_ON "CONFIG_WORKER_PROMETHEUS_METRICS_ENABLED"
#define LISTENER_ON "CONFIG_LISTENER_PROMETHEUS_METRICS_ENABLED"

START_TEST(a_worker_counts_its_jobs)
{
	stand_variable(WORKER_ON, "true");
	stand_variable("CONFIG_MASTER_SERVICE_ID", "S2");
	stand_variable("CONFIG_NOTIFICATION_BATCH", "1");
	stand_provision();
	ck_assert(
		stand_contains(stand_log(), "ready backend port=3000 worker_metrics_port=9394\n"));
	expect_text(page(9394),
		    "# TYPE apisonator_worker_job_count counter\n"
		    "# HELP apisonator_worker_job_count Total number of jobs processed\n"
		    "# TYPE apisonator_worker_job_runtime_seconds histogram\n"
		    "# HELP apisonator_worker_job_runtime_seconds How long jobs take to run\n");
	stand_get(AUTHREP S1_U1 "&usage[hits]=1");
	stand_post("service_token=T1&service_id=S1&transactions[0][app_id]=A1&transactions[0]"
		   "[usage][hits]=1");
	stand_post("service_token=T1&service_id=S1&transactions[0][app_id]=nope");
	stand_drain();
	ck_assert(
		stand_contains(str_from(page(9394)),
			       "# HELP apisonator_worker_job_count Total number of jobs processed\n"
			       "apisonator_worker_job_count{type=\"ReportJob\"} 2\n"
			       "apisonator_worker_job_count{type=\"NotifyJob\"} "));
	ck_assert(stand_contains(str_from(page(9394)),
				 "apisonator_worker_job_runtime_seconds_bucket{type=\"ReportJob\","
				 "le=\"0.1\"} 2\n"));
	ck_assert(stand_contains(str_from(page(9394)),
				 "apisonator_worker_job_runtime_seconds_bucket{type=\"ReportJob\","
				 "le=\"1\"} 2\n"
				 "apisonator_worker_job_runtime_seconds_bucket{type=\"ReportJob\","
				 "le=\"+Inf\"} 2\n"
				 "apisonator_worker_job_runtime_seconds_sum{type=\"ReportJob\"} "
				 "0."));
	ck_assert(stand_contains(str_from(page(9394)),
				 "apisonator_worker_job_runtime_seconds_count{type=\"ReportJob\"} "
				 "2\n"));
	expect_answer(stand_call((struct stand_request){.path = "/", .port = 9394}), 404, "");
}
END_TEST

static const struct {
	const char *release, *variable, *value;
	bool is_open;
} port_rows[] = {
	{"2.6", WORKER_ON, "", false},          {"2.6", WORKER_ON, "1", false},
	{"2.6", WORKER_ON, "true", true},       {"2.5", WORKER_ON, "true", false},
	{"current", WORKER_ON, "1", true},      {"current", WORKER_ON, "TRUE", true},
	{"current", WORKER_ON, "yes", false},   {"2.6", LISTENER_ON, "true", false},
	{"current", LISTENER_ON, "true", true},
};

START_TEST(the_port_is_closed_unless_it_is_wanted)
{
	stand_variable(port_rows[_i].variable, port_rows[_i].value);
	stand_argument("--release");
	stand_argument(port_rows[_i].release);
	ck_assert(stand_start());
	ck_assert_int_eq(
		stand_call((struct stand_request){.path = "/metrics", .port = 9394}).status,
		port_rows[_i].is_open ? 200 : 0);
}
END_TEST

#define CODES(type, code, count)                                                                   \
	"apisonator_listener_response_codes{request_type=\"" type "\",resp_code=\"" code           \
	"\"} " count "\n"
#define INTERNAL(type, code, count)                                                                \
	"apisonator_listener_internal_api_response_codes{request_type=\"" type                     \
	"\",resp_code=\"" code "\"} " count "\n"

static void expect_on(const char *shown, const char *part)
{
	ck_assert_msg(stand_contains(str_from(shown), part), "%s in\n%.3000s", part, shown);
}

START_TEST(a_listener_counts_its_answers)
{
	const char *shown;

	stand_argument("--release=current");
	stand_variable(LISTENER_ON, "true");
	stand_variable(WORKER_ON, "true");
	stand_provision();
	stand_get(AUTH S1_U1);
	stand_get(AUTH "service_id=S1");
	stand_get(AUTH "service_token=T2&service_id=S2&app_id=nope");
	stand_get(AUTH "service_token=T1");
	stand_get("/transactions/oauth_authorize.xml?" S2_A2);
	stand_get("/status");
	stand_get("/nope");
	stand_post("transactions[0]=1");
	stand_internal("GET", "services/S1/applications/A1/keys/", NULL);
	stand_internal("GET", "services/S1/applications/A1/utilization/", NULL);
	stand_internal("GET", "services/S9", NULL);
	stand_internal("GET", "events/", NULL);
	stand_internal("GET", "check.json", NULL);
	shown = page(9394);
	expect_on(shown, CODES("authorize", "2xx", "1") CODES("authorize", "403", "1")
				 CODES("authorize", "404", "1") CODES("authorize", "4xx", "1"));
	expect_on(shown, CODES("authorize_oauth", "409", "1"));
	expect_on(shown, CODES("report", "403", "1"));
	expect_on(shown, INTERNAL("application_keys", "2xx", "2"));
	expect_on(shown, INTERNAL("utilization", "2xx", "1"));
	expect_on(shown, INTERNAL("services", "404", "1"));
	expect_on(shown, INTERNAL("events", "2xx", "1"));
	expect_on(shown, INTERNAL("", "2xx", "2") INTERNAL("", "404", "1"));
	expect_on(shown, "# TYPE apisonator_listener_response_times_seconds histogram\n"
			 "# HELP apisonator_listener_response_times_seconds Response times\n"
			 "apisonator_listener_response_times_seconds_bucket{request_type="
			 "\"authorize\",le=\"0.01\"} 4\n");
	expect_on(shown, "apisonator_listener_internal_api_response_times_seconds_count{"
			 "request_type=\"\"} 3\n");
	/* On the one port the worker shows its own. */
	expect_on(shown, "apisonator_worker_job_count");
	stand_stop_redis();
	stand_forget();
	stand_get(AUTH S1_U1);
	expect_on(page(9394), CODES("authorize", "5xx", "1"));
}
END_TEST

START_TEST(what_several_listeners_count_is_summed)
{
	const char *shown;

	stand_argument("--release=current");
	stand_variable("LISTENER_WORKERS", "3");
	stand_variable(LISTENER_ON, "true");
	stand_variable(WORKER_ON, "true");
	stand_variable("CONFIG_WORKER_PROMETHEUS_METRICS_PORT", "9395");
	stand_use_no_hooks();
	stand_provision();
	ck_assert(stand_contains(stand_log(), "ready backend port=3000 workers=3 "
					      "worker_metrics_port=9395 "
					      "listener_metrics_port=9394\n"));
	for (int i = 0; i < 12; i++)
		stand_get(AUTHREP S1_U1 "&usage[hits]=1");
	stand_run_for(STAND_SECOND);
	shown = page(9394);
	expect_on(shown, CODES("authrep", "2xx", "12"));
	expect_on(shown, "apisonator_listener_response_times_seconds_count{request_type="
			 "\"authrep\"} 12\n");
	ck_assert(!stand_contains(str_from(shown), "worker"));
	shown = page(9395);
	expect_on(shown, "apisonator_worker_job_count{type=\"ReportJob\"} 12\n");
	ck_assert(!stand_contains(str_from(shown), "listener"));
	expect_answer(stand_call((struct stand_request){.path = "/x", .port = 9394}), 404, "");
	/* What was seen of a child outlives it. */
	for (int i = 0; i < 3; i++)
		stand_kill_child(0);
	stand_send((struct stand_request){.path = "/metrics", .port = 9394});
	stand_wait();
	stand_run_for(STAND_SECOND);
	expect_on(page(9394), CODES("authrep", "2xx", "12"));
	stand_send((struct stand_request){.path = "/metrics", .port = 9394});
	stand_run_for(1500);
	stand_leave();
	stand_run_for(STAND_SECOND);
	ask_to_stop();
}
END_TEST

/* Logs: 9.9. */

START_TEST(failed_requests_have_their_exception_line)
{
	stand_variable("CONFIG_REQUEST_LOGGERS", "json,text");
	stand_provision();
	stand_set_clock("2019-06-01T10:20:30Z");
	stand_stop_redis();
	stand_call((struct stand_request){
		.path = AUTH S1_U1,
		.fields = {"X-Request-ID", "r1", "3scale-options", "no_body=1"}});
	stand_run_for(STAND_SECOND);
	ck_assert(stand_contains(stand_log(),
				 "10.0.0.9 - - [01/Jun/2019 10:20:30 UTC] \"GET " AUTH S1_U1
				 " HTTP/1.1\" 500 \"a command to Redis "
				 "failed\" 0."));
	ck_assert(stand_contains(stand_log(), " r1 \"no_body=1\"\n"));
	ck_assert(stand_contains(stand_log(), ",\"status\":\"500\",\"response_time\":0."));
	ck_assert(stand_contains(stand_log(), ",\"request_id\":\"r1\",\"extensions\":\"no_body=1\","
					      "\"error\":\"a command to Redis failed\"}\n"));
}
END_TEST

static void push(const char *payload)
{
	struct str words[] = {STR("RPUSH"), STR("resque:queue:priority"), str_from(payload)};

	stand_redis_send(1, words, 3);
}

#define REPORT_JOB "{\"class\":\"ThreeScale::Backend::Transactor::ReportJob\",\"args\":"

START_TEST(the_worker_logs_in_either_form)
{
	stand_variable("CONFIG_WORKERS_LOG_FILE", "/dev/stdout");
	stand_variable("CONFIG_WORKERS_LOGGER_FORMATTER", _i == 0 ? "text" : "json");
	stand_provision();
	stand_set_clock("2019-06-01T10:20:30Z");
	push(REPORT_JOB "[\"S1\",{\"0\":{\"app_id\":\"A1\",\"usage\":{\"hits\":1}}},"
			"1559384429.5,{}]}");
	push(REPORT_JOB "[\"S1\",{\"0\":{\"app_id\":\"x\\ny\\\"z\"}},1.5,{}]}");
	push("x");
	stand_drain();
	if (_i == 0) {
		ck_assert(stand_contains(stand_log(),
					 " [01/Jun/2019 10:20:30 UTC] ReportJob S1 1 0 "
					 "0.0"));
		ck_assert(stand_contains(stand_log(), " 0.50000 "));
		ck_assert(stand_contains(stand_log(), "ERROR "));
		ck_assert(stand_contains(stand_log(), "ReportJob S1 application with id=\"x "
						      "y\"z\" was not found\n"));
		return;
	}
	ck_assert(stand_contains(stand_log(), "{\"severity\":\"INFO\",\"pid\":"));
	ck_assert(stand_contains(stand_log(), ",\"time\":\"2019-06-01 10:20:30 UTC\",\"job_class\":"
					      "\"ReportJob\",\"runtime\":0.0"));
	ck_assert(stand_contains(stand_log(),
				 ",\"run_plus_queued_time\":0.50000,\"memoizer_size\":"));
	ck_assert(stand_contains(stand_log(), "{\"severity\":\"ERROR\",\"pid\":"));
	ck_assert(stand_contains(stand_log(), ",\"msg\":\"ReportJob S1 application with id="
					      "\\\"x\\ny\\\"z\\\" was not found\"}\n"));
	ck_assert(stand_contains(stand_log(),
				 ",\"msg\":\"a job of 1 bytes in the queue priority is "
				 "not JSON\"}\n"));
}
END_TEST

/* Where what the process itself has to say goes. */
static const struct {
	const char *variable, *value;
	bool is_on_output;
} log_rows[] = {
	{"CONFIG_LOG_PATH", "/var/log/", false},
	{"CONFIG_LOG_PATH", "/var/log/x.log", false},
	{"CONFIG_LOG_FILE", "/var/log/x.log", false},
	{"CONFIG_LOG_FILE", "/dev/stdout", true},
	{"CONFIG_LOG_FILE", "", true},
};

START_TEST(the_application_log_has_its_place)
{
	stand_variable("PUMA_WORKERS", "2");
	stand_variable(log_rows[_i].variable, log_rows[_i].value);
	ck_assert(stand_start());
	stand_run_for(1000);
	ck_assert(stand_contains(stand_log(), "One process serves") == log_rows[_i].is_on_output);
}
END_TEST

/* Connectivity: 9.1. */

static const struct {
	const char *role, *release;
	bool is_down;
	const char *line;
} check_rows[] = {
	{"check-storage", "2.6", false,
	 "Connection to Redis Storage (redis://10.0.0.7:6379) performed successfully\n"},
	{"check-queues", "2.6", false,
	 "Connection to Redis Queue Storage (redis://10.0.0.7:6379/1) performed successfully\n"},
	{"check-storage", "current", false, "Connection to Redis storage performed successfully\n"},
	{"check-queues", "current", false,
	 "Connection to Redis queue storage performed successfully\n"},
	{"check-storage", "2.6", true, "Error connecting to Redis Storage: connection refused\n"},
	{"check-queues", "2.6", true,
	 "Error connecting to Redis Queue Storage: connection refused\n"},
	{"check-queues", "current", true,
	 "Error connecting to Redis Queue Storage: connection refused\n"},
};

START_TEST(connectivity_is_told)
{
	stand_argument(check_rows[_i].role);
	stand_argument("--release");
	stand_argument(check_rows[_i].release);
	stand_use_no_hooks();
	if (check_rows[_i].is_down)
		stand_stop_redis();
	stand_start();
	ck_assert_int_eq(stand_exit_status(), check_rows[_i].is_down ? 1 : 0);
	expect_str(stand_log(), check_rows[_i].line);
}
END_TEST

START_TEST(connectivity_is_tried_three_times_by_later_releases)
{
	stand_argument("check-storage");
	stand_argument("--release=current");
	stand_use_no_hooks();
	stand_stop_redis();
	stand_start_only();
	stand_run_for(1500 * 1000);
	stand_restart_redis();
	stand_run_for(STAND_SECOND);
	ck_assert_int_eq(stand_exit_status(), 0);
}
END_TEST

START_TEST(connectivity_hides_the_password)
{
	stand_argument("check-storage");
	stand_use_no_hooks();
	stand_variable("CONFIG_REDIS_PROXY", "redis://:secret@10.0.0.7:6379/2");
	stand_use_variables();
	stand_start();
	ck_assert(!stand_contains(stand_log(), "secret"));
	ck_assert(stand_contains(stand_log(), "edis://10.0.0.7:6379/2") ||
		  stand_contains(stand_log(), "Error connecting to Redis Storage: "));
}
END_TEST

Suite *backend_processes_suite(void);
Suite *backend_processes_suite(void)
{
	Suite *suite = suite_create("backend_processes");
	TCase *test = tcase_create("processes");

#define ROWS(table) (int)(sizeof table / sizeof *table)
	tcase_add_checked_fixture(test, stand_set, stand_clear);
	tcase_set_timeout(test, 60);
	tcase_add_loop_test(test, what_cannot_be_read_is_named, 0, ROWS(refused_rows));
	tcase_add_test(test, several_listeners_share_a_port);
	tcase_add_test(test, a_listener_that_ends_is_replaced);
	tcase_add_test(test, listeners_that_cannot_start_are_not_started_for_ever);
	tcase_add_loop_test(test, listeners_may_be_stopped_while_they_start, 0, 40);
	tcase_add_test(test, the_embedded_store_has_one_process);
	tcase_add_test(test, the_guided_releases_know_one_variable);
	tcase_add_test(test, a_worker_counts_its_jobs);
	tcase_add_loop_test(test, the_port_is_closed_unless_it_is_wanted, 0, ROWS(port_rows));
	tcase_add_test(test, a_listener_counts_its_answers);
	tcase_add_test(test, what_several_listeners_count_is_summed);
	tcase_add_test(test, failed_requests_have_their_exception_line);
	tcase_add_loop_test(test, the_worker_logs_in_either_form, 0, 2);
	tcase_add_loop_test(test, the_application_log_has_its_place, 0, ROWS(log_rows));
	tcase_add_loop_test(test, connectivity_is_told, 0, ROWS(check_rows));
	tcase_add_test(test, connectivity_is_tried_three_times_by_later_releases);
	tcase_add_test(test, connectivity_hides_the_password);
	suite_add_tcase(suite, test);
	return suite;
}
