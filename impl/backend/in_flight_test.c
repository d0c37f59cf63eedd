/* Jobs in flight: whatever ends at whatever moment, each is counted once, and no key is left. */
#include "backend/stand_test.h"

#include <stdlib.h>
#include <string.h>

#define JOB                                                                                        \
	"{\"class\":\"ThreeScale::Backend::Transactor::ReportJob\",\"args\":[\"S1\",{\"0\":{"      \
	"\"app_id\":\"A1\",\"usage\":{\"hits\":\"1\"}}},1.5,{}]}"
#define UNKNOWN "{\"class\":\"Other\",\"args\":[]}"
#define ROUNDS "resque:refscale:in_flight"

static void push_to(const char *list, const char *payload)
{
	struct str words[] = {STR("RPUSH"), str_from(list), str_from(payload)};

	stand_redis_send(1, words, 3);
}

static void push(const char *queue, const char *payload)
{
	push_to(text("resque:queue:%s", queue), payload);
}

static const char *hits(void)
{
	return stand_redis("GET stats/{service:S1}/metric:81/eternity");
}

static void expect_nothing_left(void)
{
	expect_text(stand_queues("KEYS resque:refscale:*"), "[]");
	expect_text(stand_redis("KEYS refscale:*"), "[]");
}

static void set_up(void)
{
	stand_set();
	stand_use_no_hooks();
	stand_provision();
}

START_TEST(jobs_of_a_killed_worker_are_counted_once)
{
	for (int i = 0; i < 3; i++)
		push("priority", JOB);
	stand_run_for(_i * 100);
	stand_kill();
	ck_assert(stand_start());
	stand_run_for(20 * STAND_SECOND);
	expect_text(hits(), "3");
	expect_text(stand_queues("EXISTS resque:failed"), "0");
	expect_nothing_left();
}
END_TEST

START_TEST(jobs_are_counted_once_whenever_redis_goes_away)
{
	for (int i = 0; i < 3; i++)
		push("priority", JOB);
	stand_run_for(_i * 100);
	stand_stop_redis();
	stand_run_for(5 * STAND_SECOND);
	stand_restart_redis();
	stand_run_for(10 * STAND_SECOND);
	expect_text(hits(), "3");
	expect_text(stand_queues("EXISTS resque:failed"), "0");
	expect_nothing_left();
}
END_TEST

START_TEST(jobs_are_counted_once_whenever_the_worker_is_asked_to_stop)
{
	for (int i = 0; i < 3; i++)
		push("priority", JOB);
	stand_run_for(_i * 100);
	stand_ask_to_stop();
	stand_run_for(STAND_SECOND);
	ck_assert_int_eq(stand_exit_status(), 0);
	expect_nothing_left();
	expect_text(stand_queues("EXISTS resque:workers"), "0");
	ck_assert(stand_start());
	stand_run_for(STAND_SECOND);
	expect_text(hits(), "3");
}
END_TEST

/* Another worker, whose lease is over, left its round in every state that it can have. */
static const struct {
	const char *mark, *hits;
	bool has_list;
} left_rows[] = {
	{NULL, "2", true},    {"returned", "2", true},    {"counted", "nil", true},
	{NULL, "nil", false}, {"returned", "nil", false}, {"counted", "nil", false},
};

START_TEST(rounds_of_others_are_settled)
{
	stand_queues("SADD " ROUNDS " w:7:main");
	if (left_rows[_i].has_list) {
		struct str words[] = {STR("RPUSH"), STR("resque:refscale:jobs:w:7:main"), STR(JOB),
				      STR(JOB)};

		stand_redis_send(1, words, 4);
	}
	if (left_rows[_i].mark != NULL)
		stand_redis(text("SET refscale:counted:w:7:main %s", left_rows[_i].mark));
	stand_queues("SET resque:refscale:lease:w 1");
	stand_run_for(20 * STAND_SECOND);
	expect_text(hits(), "nil");
	expect_text(stand_queues("SMEMBERS " ROUNDS), "[w:7:main]");
	stand_queues("DEL resque:refscale:lease:w");
	stand_run_for(10 * STAND_SECOND);
	expect_text(hits(), left_rows[_i].hits);
	expect_nothing_left();
}
END_TEST

/* A Redis that takes over may not know yet that a round was settled. */
START_TEST(an_own_round_that_comes_back_is_settled)
{
	const char *rounds = "[]";
	struct str round;

	push("priority", JOB);
	for (int i = 0; i < 1000 && strcmp(rounds, "[]") == 0; i++) {
		stand_run_for(10);
		rounds = stand_queues("SMEMBERS " ROUNDS);
	}
	round = str_slice(str_from(rounds), 1, strlen(rounds) - 1);
	ck_assert(str_has_suffix(round, STR(":priority")));
	stand_run_for(10 * STAND_SECOND);
	expect_text(hits(), "1");
	expect_nothing_left();
	stand_redis(text("SET refscale:counted:%.*s counted", STR_ARG(round)));
	push_to(text("resque:refscale:jobs:%.*s", STR_ARG(round)), JOB);
	stand_queues(text("SADD " ROUNDS " %.*s", STR_ARG(round)));
	stand_run_for(10 * STAND_SECOND);
	expect_text(hits(), "1");
	expect_nothing_left();
}
END_TEST

START_TEST(a_round_with_a_strange_name_is_dropped)
{
	stand_queues("SADD " ROUNDS " x w:1:nope");
	stand_queues("RPUSH resque:refscale:jobs:w:1:nope x");
	stand_run_for(10 * STAND_SECOND);
	expect_nothing_left();
}
END_TEST

/* They go to the front, in their order. */
START_TEST(jobs_go_back_in_their_order)
{
	stand_clear();
	stand_set();
	stand_provision();
	push("priority", UNKNOWN);
	for (int i = 0; i < 3; i++) {
		struct str words[] = {STR("RPUSH"), STR("resque:refscale:jobs:w:1:priority"),
				      str_from(text("{\"class\":\"c%d\"}", i))};

		stand_redis_send(1, words, 3);
	}
	stand_queues("SADD " ROUNDS " w:1:priority");
	stand_drain();
	expect_text(stand_queues("LLEN resque:failed"), "4");
	ck_assert(stand_contains(str_from(stand_queues("LINDEX resque:failed 0")), "c0"));
	ck_assert(stand_contains(str_from(stand_queues("LINDEX resque:failed 2")), "c2"));
	ck_assert(stand_contains(str_from(stand_queues("LINDEX resque:failed 3")), "Other"));
	expect_nothing_left();
}
END_TEST

/* Somebody else takes the jobs over while they are being counted. */
START_TEST(a_worker_that_was_given_up_counts_nothing)
{
	const char *round;

	stand_redis("SADD application/service_id:S1/id:A9/state x");
	push("priority", JOB);
	for (int i = 0; i < 40; i++) {
		stand_run_for(50);
		round = stand_queues("SMEMBERS " ROUNDS);
		if (strlen(round) > 2)
			break;
	}
	ck_assert_uint_gt(strlen(round), 2);
	round = text("%.*s", (int)strlen(round) - 2, round + 1);
	stand_redis(text("SET refscale:counted:%s returned", round));
	stand_run_for(10 * STAND_SECOND);
	expect_text(hits(), "1");
	expect_nothing_left();
}
END_TEST

START_TEST(unknown_jobs_are_moved_once_whenever_the_worker_ends)
{
	push("priority", UNKNOWN);
	push("priority", JOB);
	push("priority", UNKNOWN);
	stand_run_for(_i * 200);
	stand_kill();
	ck_assert(stand_start());
	stand_run_for(20 * STAND_SECOND);
	expect_text(hits(), "1");
	expect_text(stand_queues("LLEN resque:failed"), "2");
	expect_nothing_left();
}
END_TEST

START_TEST(jobs_that_wait_are_told_of_once)
{
	static const char *const told = "Jobs wait, the worker tries again every second: ";
	static const char *const over = "Jobs wait no more.";

	stand_run_for(STAND_SECOND);
	ck_assert(!stand_contains(stand_log(), told));
	stand_stop_redis();
	stand_run_for(10 * STAND_SECOND);
	ck_assert(stand_contains(stand_log(), told));
	ck_assert(!stand_contains(str_skip(stand_log(), str_find(stand_log(), str_from(told)) + 1),
				  told));
	ck_assert(!stand_contains(stand_log(), over));
	stand_restart_redis();
	stand_run_for(5 * STAND_SECOND);
	ck_assert(stand_contains(stand_log(), over));
}
END_TEST

/* What failed may have been too much at once. */
START_TEST(fewer_jobs_are_taken_while_rounds_fail)
{
	stand_forget_command("multi");
	stand_run_for(STAND_SECOND);
	for (int i = 0; i < 256; i++)
		push("main", JOB);
	stand_run_for(9 * STAND_SECOND);
	ck_assert_int_gt(atoi(hits()), 64);
	ck_assert_int_lt(atoi(hits()), 256);
	ck_assert(stand_contains(stand_log(), "the storage refused their transaction"));
}
END_TEST

START_TEST(all_queues_are_noticed_soon)
{
	stand_run_for(5 * STAND_SECOND);
	push("stats", JOB);
	stand_run_for(1100 * 1000);
	expect_text(hits(), "1");
	push("main", JOB);
	stand_run_for(1100 * 1000);
	expect_text(hits(), "2");
	push("priority", JOB);
	stand_run_for(10 * 1000);
	expect_text(hits(), "3");
	expect_nothing_left();
}
END_TEST

START_TEST(a_counter_that_is_none_is_left_out)
{
	stand_redis("SET stats/{service:S1}/metric:81/eternity x");
	push("priority", JOB);
	stand_run_for(STAND_SECOND);
	expect_text(stand_redis("GET stats/{service:S1}/cinstance:A1/metric:81/eternity"), "1");
	ck_assert(
		stand_contains(stand_log(), "A counter was left out: ERR value is not an integer"));
	expect_text(stand_queues("EXISTS resque:failed"), "0");
	expect_nothing_left();
}
END_TEST

/* 6.6 */

static void expect_workers(const char *expected)
{
	expect_text(stand_queues("SMEMBERS resque:workers"), expected);
}

START_TEST(workers_are_listed_while_they_work)
{
	const char *workers = stand_queues("SMEMBERS resque:workers");

	ck_assert_msg(strncmp(workers, "[backend:", 9) == 0, "%s", workers);
	ck_assert(stand_contains(str_from(workers), ":priority,main,stats]"));
	stand_ask_to_stop();
	stand_run_for(STAND_SECOND);
	expect_workers("[]");
	stand_argument("--release=current");
	ck_assert(stand_start());
	stand_run_for(STAND_SECOND);
	workers = stand_queues("SMEMBERS resque:workers");
	ck_assert_msg(strncmp(workers, "[backend:", 9) == 0, "%s", workers);
	ck_assert(!stand_contains(str_from(workers), "priority"));
}
END_TEST

/* Before Redis 6.2: as 3scale does, but what can be known is known. */

static void set_up_old(void)
{
	stand_set();
	stand_use_no_hooks();
	stand_forget_command("lmove");
	stand_forget_command("blmove");
	stand_provision();
}

#define OLD "The queues' Redis has no LMOVE"

START_TEST(an_old_redis_will_do)
{
	for (int i = 0; i < 100; i++)
		push(i % 2 == 0 ? "priority" : "main", JOB);
	push("stats", UNKNOWN);
	stand_run_for(5 * STAND_SECOND);
	push("stats", JOB);
	stand_run_for(STAND_SECOND);
	expect_text(hits(), "101");
	expect_text(stand_queues("LLEN resque:failed"), "1");
	expect_nothing_left();
	ck_assert(stand_contains(stand_log(), OLD));
	ck_assert(!stand_contains(str_skip(stand_log(), str_find(stand_log(), STR(OLD)) + 1), OLD));
	stand_ask_to_stop();
	stand_run_for(2 * STAND_SECOND);
	ck_assert_int_eq(stand_exit_status(), 0);
}
END_TEST

START_TEST(an_old_redis_may_be_noticed_by_its_jobs)
{
	stand_clear();
	stand_set();
	stand_forget_command("lmove");
	stand_provision();
	for (int i = 0; i < 3; i++)
		push("priority", JOB);
	stand_drain();
	expect_text(hits(), "3");
	expect_nothing_left();
}
END_TEST

/* A job may be lost while LPOP brings it, but not later. */
START_TEST(with_an_old_redis_no_job_is_lost_or_doubled_by_the_storage)
{
	stand_run_for(3 * STAND_SECOND);
	for (int i = 0; i < 3; i++)
		push("priority", JOB);
	stand_run_for(_i * 100);
	stand_stop_redis();
	stand_run_for(5 * STAND_SECOND);
	stand_restart_redis();
	stand_run_for(10 * STAND_SECOND);
	ck_assert_int_le(atoi(hits()), 3);
	ck_assert_msg((_i >= 18 && _i <= 32) || strcmp(hits(), "3") == 0, "%s", hits());
	expect_text(stand_queues("KEYS resque:refscale:*"), "[]");
}
END_TEST

/* While BLPOP waits, calls wake the worker, and what others queue meanwhile comes to it. */
START_TEST(with_an_old_redis_a_woken_worker_loses_no_job)
{
	const int rounds = 40;

	stand_run_for(3 * STAND_SECOND);
	for (int i = 0; i < rounds; i++) {
		stand_send((struct stand_request){.path = "/transactions/authrep.xml?" S1_U1});
		stand_run_for(i * 100);
		push("priority", JOB);
		expect_answer(stand_wait(), 200, NULL);
		stand_run_for(2 * STAND_SECOND);
	}
	expect_text(hits(), text("%d", rounds));
	expect_nothing_left();
}
END_TEST

/* It leaves when the queues were asked for the last time (9.9). */
START_TEST(with_an_old_redis_a_worker_that_stops_loses_no_job)
{
	const char *form = "service_token=T1&service_id=S1&transactions[0][user_key]=U1&"
			   "transactions[0][usage][hits]=1";

	stand_run_for(3 * STAND_SECOND);
	stand_send((struct stand_request){
		.method = "POST", .path = "/transactions.xml", .body = form});
	stand_run_for(_i * 50);
	stand_ask_to_stop();
	ck_assert_int_eq(stand_wait().status, 202);
	stand_run_for(2 * STAND_SECOND);
	ck_assert_int_eq(stand_exit_status(), 0);
	if (strcmp(hits(), "1") != 0)
		expect_text(stand_queues("LLEN resque:queue:priority"), "1");
	expect_nothing_left();
}
END_TEST

Suite *backend_in_flight_suite(void);
Suite *backend_in_flight_suite(void)
{
	Suite *suite = suite_create("backend_in_flight");
	TCase *test = tcase_create("in_flight"), *old = tcase_create("old_redis");

#define ROWS(table) (int)(sizeof table / sizeof *table)
	tcase_add_checked_fixture(test, set_up, stand_clear);
	tcase_set_timeout(test, 60);
	tcase_add_loop_test(test, jobs_of_a_killed_worker_are_counted_once, 0, 60);
	tcase_add_loop_test(test, jobs_are_counted_once_whenever_redis_goes_away, 0, 60);
	tcase_add_loop_test(test, jobs_are_counted_once_whenever_the_worker_is_asked_to_stop, 0,
			    60);
	tcase_add_loop_test(test, rounds_of_others_are_settled, 0, ROWS(left_rows));
	tcase_add_test(test, an_own_round_that_comes_back_is_settled);
	tcase_add_test(test, a_round_with_a_strange_name_is_dropped);
	tcase_add_test(test, jobs_go_back_in_their_order);
	tcase_add_test(test, a_worker_that_was_given_up_counts_nothing);
	tcase_add_loop_test(test, unknown_jobs_are_moved_once_whenever_the_worker_ends, 0, 40);
	tcase_add_test(test, jobs_that_wait_are_told_of_once);
	tcase_add_test(test, fewer_jobs_are_taken_while_rounds_fail);
	tcase_add_test(test, all_queues_are_noticed_soon);
	tcase_add_test(test, a_counter_that_is_none_is_left_out);
	tcase_add_test(test, workers_are_listed_while_they_work);
	suite_add_tcase(suite, test);
	tcase_add_checked_fixture(old, set_up_old, stand_clear);
	tcase_set_timeout(old, 60);
	tcase_add_test(old, an_old_redis_will_do);
	tcase_add_test(old, an_old_redis_may_be_noticed_by_its_jobs);
	tcase_add_loop_test(old, with_an_old_redis_no_job_is_lost_or_doubled_by_the_storage, 0, 60);
	tcase_add_test(old, with_an_old_redis_a_woken_worker_loses_no_job);
	tcase_add_loop_test(old, with_an_old_redis_a_worker_that_stops_loses_no_job, 0, 60);
	suite_add_tcase(suite, old);
	return suite;
}
