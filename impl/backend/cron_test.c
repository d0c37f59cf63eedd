/* Cron: spec/backend.md 9.1, 9.7, 9.8. */
#include "backend/stand_test.h"

#include <string.h>

#define JOB                                                                                        \
	"{\"class\":\"ThreeScale::Backend::Transactor::ReportJob\",\"args\":[\"S1\",{\"0\":{"      \
	"\"app_id\":\"A1\",\"usage\":{\"hits\":\"1\"}}},1.5,{}]}"
#define FAILED(payload, queue)                                                                     \
	"{\"failed_at\":\"2019/06/01 10:21:00 UTC\",\"payload\":" payload                          \
	",\"exception\":\"E\",\"error\":\"e\",\"backtrace\":[],\"worker\":\"\",\"queue\":\"" queue \
	"\"}"
#define LOCK "resque:threescale::backend::failedjobsscheduler:lock"

static void set_up(void)
{
	stand_set();
	stand_provision();
}

static void push(const char *entry)
{
	struct str words[] = {STR("RPUSH"), STR("resque:failed"), str_from(entry)};

	stand_redis_send(1, words, 3);
}

static struct stand_answer cron(void)
{
	return stand_call((struct stand_request){.method = "POST", .path = "/__test/cron"});
}

START_TEST(failed_jobs_go_back_to_their_queues)
{
	expect_answer(cron(), 200,
		      "Rescheduled: 0. Failed and discarded: 0. Pending failed jobs: 0.");
	for (int i = 0; i < 70; i++)
		push(FAILED(JOB, "priority"));
	push(FAILED("{\"class\":\"X\",\"args\":[1, 2.50],\"more\":1}", "other"));
	expect_answer(cron(), 200,
		      "Rescheduled: 71. Failed and discarded: 0. Pending failed jobs: 0.");
	expect_text(stand_queues("LLEN resque:queue:priority"), "70");
	expect_text(stand_queues("LINDEX resque:queue:priority 69"), JOB);
	expect_text(stand_queues("LRANGE resque:queue:other 0 -1"),
		    "[{\"class\":\"X\",\"args\":[1,2.50]}]");
	expect_text(stand_queues("KEYS *"),
		    "[resque:queue:other,resque:queue:priority,resque:queues]");
	expect_text(stand_queues("SMEMBERS resque:queues"), "[other,priority]");
	stand_drain();
	expect_text(stand_redis("GET stats/{service:S1}/metric:81/eternity"), "70");
}
END_TEST

/* Jobs may be so long that one is all that can be had in time. */
START_TEST(a_round_begins_with_one_job)
{
	for (int i = 0; i < 10; i++)
		push(FAILED(JOB, "priority"));
	stand_forget_command("exec");
	ck_assert_int_eq(cron().status, 500);
	ck_assert(stand_contains(str_from(stand_queues("LINDEX resque:failed 0")), "retried_at"));
	ck_assert(!stand_contains(str_from(stand_queues("LINDEX resque:failed 1")), "retried_at"));
}
END_TEST

START_TEST(nul_bytes_spoil_no_failed_job)
{
	push(FAILED("{\"class\":\"X\",\"args\":[\"a\\u0000b\"]}", "other"));
	expect_answer(cron(), 200,
		      "Rescheduled: 1. Failed and discarded: 0. Pending failed jobs: 0.");
	expect_text(stand_queues("LRANGE resque:queue:other 0 -1"),
		    "[{\"class\":\"X\",\"args\":[\"a\xef\xbf\xbd"
		    "b\"]}]");
}
END_TEST

static const char *const broken_entries[] = {
	"not JSON",
	"7",
	"{}",
	FAILED("7", "priority"),
	FAILED("{\"class\":\"\",\"args\":[]}", "priority"),
	FAILED("{\"class\":\"X\"}", "priority"),
	FAILED("{\"class\":\"X\",\"args\":{}}", "priority"),
	FAILED(JOB, ""),
};

START_TEST(what_is_no_job_is_discarded)
{
	push(broken_entries[_i]);
	push(FAILED(JOB, "priority"));
	expect_answer(cron(), 200,
		      "Rescheduled: 1. Failed and discarded: 1. Pending failed jobs: 0.");
	push(broken_entries[_i]);
	expect_answer(cron(), 200,
		      "Rescheduled: 0. Failed and discarded: 1. Pending failed jobs: 0.");
}
END_TEST

START_TEST(somebody_elses_lock_is_respected)
{
	stand_queues("SET " LOCK " 123");
	push(FAILED(JOB, "priority"));
	expect_answer(cron(), 200,
		      "Rescheduled: 0. Failed and discarded: 0. Pending failed jobs: 1.");
	expect_text(stand_queues("GET " LOCK), "123");
	stand_queues("DEL " LOCK);
	expect_answer(cron(), 200,
		      "Rescheduled: 1. Failed and discarded: 0. Pending failed jobs: 0.");
	expect_text(stand_queues("EXISTS " LOCK), "0");
}
END_TEST

START_TEST(a_round_has_its_bound)
{
	for (int i = 0; i < 201; i++) {
		struct str words[102] = {STR("RPUSH"), STR("resque:failed")};

		for (int j = 2; j < 102; j++)
			words[j] = STR(FAILED("{\"class\":\"X\",\"args\":[]}", "other"));
		stand_redis_send(1, words, 102);
	}
	expect_answer(cron(), 200,
		      "Rescheduled: 20000. Failed and discarded: 0. Pending failed jobs: 100.");
}
END_TEST

START_TEST(a_job_whose_queue_is_none_stays)
{
	stand_set_clock("2019-06-01T10:25:00Z");
	stand_queues("SET resque:queue:priority x");
	push(FAILED(JOB, "priority"));
	expect_answer(cron(), 500, "Rescheduling failed jobs failed: WRONGTYPE ...");
	expect_text(stand_queues("LLEN resque:failed"), "1");
	ck_assert(
		stand_contains(str_from(stand_queues("LINDEX resque:failed 0")),
			       ",\"queue\":\"priority\",\"retried_at\":\"2019/06/01 10:25:00\"}"));
	stand_queues("SET resque:failed x");
	expect_answer(cron(), 500, "Rescheduling failed jobs failed: WRONGTYPE ...");
	stand_stop_redis();
	expect_answer(cron(), 500, "Rescheduling failed jobs failed: connection refused");
}
END_TEST

/* Whenever Redis goes away, each job is in one place. */
START_TEST(no_job_is_doubled_or_lost_when_redis_goes_away)
{
	for (int i = 0; i < 5; i++)
		push(FAILED("{\"class\":\"X\",\"args\":[]}", "other"));
	stand_send((struct stand_request){.method = "POST", .path = "/__test/cron"});
	stand_run_for(_i * 100);
	stand_stop_redis();
	stand_wait();
	stand_restart_redis();
	stand_run_for(31 * STAND_SECOND);
	expect_answer(cron(), 200, NULL);
	expect_text(stand_queues("LLEN resque:queue:other"), "5");
	expect_text(stand_queues("LLEN resque:failed"), "0");
}
END_TEST

/* The process. */

static void start_cron(void)
{
	stand_clear();
	stand_set();
	stand_argument("cron");
	stand_use_no_hooks();
}

START_TEST(cron_works_at_its_intervals)
{
	start_cron();
	stand_variable("RESCHEDULE_JOBS_FREQ", "60");
	push(FAILED(JOB, "priority"));
	ck_assert(stand_start());
	stand_run_for(STAND_SECOND);
	expect_text(stand_queues("LLEN resque:queue:priority"), "1");
	push(FAILED(JOB, "priority"));
	stand_run_for(50 * STAND_SECOND);
	expect_text(stand_queues("LLEN resque:queue:priority"), "1");
	stand_run_for(15 * STAND_SECOND);
	expect_text(stand_queues("LLEN resque:queue:priority"), "2");
	ck_assert(stand_contains(
		stand_log(), "Rescheduled: 1. Failed and discarded: 0. Pending failed jobs: 0.\n"));
	stand_stop_redis();
	stand_run_for(60 * STAND_SECOND);
	ck_assert(stand_contains(stand_log(), "Rescheduling failed jobs failed: "));
	expect_answer(stand_get("/status"), 0, NULL);
	stand_ask_to_stop();
	stand_run_for(STAND_SECOND);
	ck_assert_int_eq(stand_exit_status(), 0);
}
END_TEST

START_TEST(cron_can_be_had_once)
{
	start_cron();
	if (_i % 2 == 0)
		stand_variable("ONCE", "1");
	else
		stand_argument("--once");
	push(FAILED(JOB, "priority"));
	if (_i >= 2)
		stand_stop_redis();
	stand_start();
	stand_run_for(STAND_SECOND);
	ck_assert_int_eq(stand_exit_status(), _i >= 2 ? 1 : 0);
}
END_TEST

/* 9.8 */

#define MARKED "set_with_services_marked_for_deletion"

static void start_current(void)
{
	stand_clear();
	stand_set();
	stand_argument("--release=current");
}

START_TEST(counters_of_deleted_services_are_purged)
{
	start_current();
	ck_assert(stand_start());
	stand_redis("SADD " MARKED " S1 S}x");
	for (int i = 0; i < 1200; i++)
		stand_redis(text("SET stats/{service:S1}/metric:%d/eternity 1", i));
	stand_redis("SET stats/{service:S}x}/metric:1/eternity 1");
	stand_redis("SADD stats/{service:S1}/cinstances A1");
	stand_redis("SET stats/{service:S2}/metric:1/eternity 1");
	stand_redis("SET service/id:S1/state active");
	expect_answer(cron(), 200,
		      "Rescheduled: 0. Failed and discarded: 0. Pending failed jobs: 0.");
	expect_text(stand_redis("KEYS *"),
		    "[service/id:S1/state,stats/{service:S1}/cinstances,stats/{service:S2}/"
		    "metric:1/eternity]");
	ck_assert(stand_contains(stand_log(), "Purged counters: 1201, of deleted services: 2.\n"));
}
END_TEST

START_TEST(the_guided_releases_purge_nothing)
{
	stand_redis("SADD " MARKED " S1");
	stand_redis("SET stats/{service:S1}/metric:1/eternity 1");
	expect_answer(cron(), 200, NULL);
	expect_text(stand_redis("EXISTS stats/{service:S1}/metric:1/eternity"), "1");
}
END_TEST

START_TEST(services_stay_marked_when_their_purge_fails)
{
	start_current();
	ck_assert(stand_start());
	stand_redis("SADD " MARKED " S1");
	stand_redis("SET stats/{service:S1}/metric:1/eternity 1");
	stand_send((struct stand_request){.method = "POST", .path = "/__test/cron"});
	stand_run_for(_i * 200);
	stand_stop_redis();
	stand_wait();
	stand_restart_redis();
	stand_run_for(31 * STAND_SECOND);
	expect_answer(cron(), 200, NULL);
	expect_text(stand_redis("KEYS stats/*"), "[]");
	expect_text(stand_redis("EXISTS " MARKED), "0");
}
END_TEST

START_TEST(the_purge_has_its_own_interval)
{
	start_current();
	stand_argument("cron");
	stand_use_no_hooks();
	stand_variable("DELETE_STATS_FREQ", "1000");
	ck_assert(stand_start());
	stand_run_for(STAND_SECOND);
	stand_redis("SADD " MARKED " S1");
	stand_redis("SET stats/{service:S1}/metric:1/eternity 1");
	stand_run_for(950 * STAND_SECOND);
	expect_text(stand_redis("KEYS stats/*"), "[stats/{service:S1}/metric:1/eternity]");
	stand_run_for(300 * STAND_SECOND);
	expect_text(stand_redis("KEYS stats/*"), "[]");
	stand_redis("SADD " MARKED " S1");
	stand_stop_redis();
	stand_run_for(1300 * STAND_SECOND);
	ck_assert(stand_contains(stand_log(), "Purging counters failed: connection refused\n"));
}
END_TEST

Suite *backend_cron_suite(void);
Suite *backend_cron_suite(void)
{
	Suite *suite = suite_create("backend_cron");
	TCase *test = tcase_create("cron");

#define ROWS(table) (int)(sizeof table / sizeof *table)
	tcase_add_checked_fixture(test, set_up, stand_clear);
	tcase_set_timeout(test, 60);
	tcase_add_test(test, failed_jobs_go_back_to_their_queues);
	tcase_add_test(test, a_round_begins_with_one_job);
	tcase_add_test(test, nul_bytes_spoil_no_failed_job);
	tcase_add_loop_test(test, what_is_no_job_is_discarded, 0, ROWS(broken_entries));
	tcase_add_test(test, somebody_elses_lock_is_respected);
	tcase_add_test(test, a_round_has_its_bound);
	tcase_add_test(test, a_job_whose_queue_is_none_stays);
	tcase_add_loop_test(test, no_job_is_doubled_or_lost_when_redis_goes_away, 0, 40);
	tcase_add_test(test, cron_works_at_its_intervals);
	tcase_add_loop_test(test, cron_can_be_had_once, 0, 4);
	tcase_add_test(test, counters_of_deleted_services_are_purged);
	tcase_add_test(test, the_guided_releases_purge_nothing);
	tcase_add_loop_test(test, services_stay_marked_when_their_purge_fails, 0, 30);
	tcase_add_test(test, the_purge_has_its_own_interval);
	suite_add_tcase(suite, test);
	return suite;
}
