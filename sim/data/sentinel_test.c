#include "sim/data/sentinel.h"

#include "sim/data/ask_test.h"

#define SENTINELS 3

static struct stage stage;
static struct sim_redis *nodes[3];
static struct sim_process *sentinels[SENTINELS];
static struct redis_client *asked[SENTINELS]; /* of each Sentinel */

static struct sim_host *host_of(const char *kind, int number)
{
	struct str name = str_format(stage.arena, "%s%d", kind, number);
	struct sim_host *host = sim_host_find(stage.sim, name);

	return host != NULL ? host
			    : sim_host_add(stage.sim, name,
					   str_format(stage.arena, "10.0.%d.%d",
						      kind[0] == 'r' ? 1 : 2, number + 1));
}

static const char *const configuration = "port 26379\n"
					 "# a comment\n"
					 "requirepass \"guard\"\n"
					 "sentinel resolve-hostnames yes\n"
					 "sentinel monitor main redis0 6379 2\n"
					 "sentinel down-after-milliseconds main 500\n"
					 "sentinel failover-timeout main 3000\n"
					 "sentinel parallel-syncs main 1\n"
					 "sentinel auth-pass main secret\n";

static struct sim_process *start_sentinel(int number)
{
	struct str words[] = {STR("redis-sentinel"), STR("/s.conf")};

	return stage_start(&stage, host_of("sentinel", number), words, 2);
}

static void set_up(void)
{
	struct sim_redis_options options = {
		.port = 6379, .password = STR("secret"), .master_password = STR("secret")};

	stage_open(&stage);
	for (int i = 0; i < 3; i++) {
		nodes[i] = sim_redis_start_with(host_of("redis", i), &options, NULL);
		options.master_host = STR("10.0.1.1");
		options.master_port = 6379;
	}
	for (int i = 0; i < SENTINELS; i++) {
		sim_host_write_file(host_of("sentinel", i), STR("/s.conf"),
				    str_from(configuration));
		sentinels[i] = start_sentinel(i);
		asked[i] = ask_open(
			&stage,
			str_cstr(stage.arena,
				 str_format(stage.arena, "redis://:guard@sentinel%d:26379", i)));
	}
	stage_run(&stage, 5 * STAGE_SECOND);
}

static void tear_down(void)
{
	for (int i = 0; i < SENTINELS; i++)
		redis_close(asked[i]);
	stage_close(&stage);
}

#define MASTER_QUESTION "SENTINEL get-master-addr-by-name main"

static bool has_failed_over(void *data)
{
	return stage_count(&stage, "+switch-master main 10.0.1.1 6379") >= *(size_t *)data;
}

START_TEST(sentinels_find_replicas_and_each_other)
{
	for (int i = 0; i < SENTINELS; i++) {
		ASK(&stage, asked[i], MASTER_QUESTION, "[10.0.1.1 6379]");
		ck_assert(ask_finds(&stage, asked[i], "SENTINEL slaves main", "10.0.1.2:6379"));
		ck_assert(ask_finds(&stage, asked[i], "SENTINEL replicas main", "flags slave]"));
		ck_assert(ask_finds(&stage, asked[i], "SENTINEL sentinels main",
				    i == 0 ? "10.0.2.2" : "10.0.2.1"));
		ck_assert(ask_finds(&stage, asked[i], "SENTINEL masters", "name main"));
	}
	ASK(&stage, asked[0], "PING", "+PONG");
	ASK(&stage, asked[0], "ROLE", "[sentinel [main]]");
	ck_assert(ask_finds(&stage, asked[0], "SENTINEL master main", "quorum 2"));
	ck_assert_uint_eq(ask(&stage, asked[0], "SENTINEL myid").size, 40);
	ck_assert(!stage_traced(&stage, "+sdown"));
}
END_TEST

START_TEST(wrong_questions_are_refused)
{
	struct redis_client *stranger = ask_open(&stage, "redis://sentinel0:26379");

	ASK(&stage, stranger, "PING", "-NOAUTH Authentication required.");
	ASK(&stage, stranger, "AUTH wrong",
	    "-WRONGPASS invalid username-password pair or user is disabled.");
	redis_close(stranger);
	ASK(&stage, asked[0], "SENTINEL get-master-addr-by-name other", "nil");
	ASK(&stage, asked[0], "SENTINEL slaves other", "-ERR No such master with that name");
	ASK(&stage, asked[0], "SENTINEL nothing",
	    "-ERR unknown subcommand or wrong number of arguments. Try SENTINEL HELP.");
	ASK(&stage, asked[0], "GET a", "-ERR unknown command");
	ASK(&stage, asked[0], "SENTINEL is-master-down-by-addr 1.2.3.4 x 0 *",
	    "-ERR value is not an integer or out of range");
	ASK(&stage, asked[0], "SENTINEL is-master-down-by-addr 1.2.3.4 1 0 *", "[:0 * :0]");
}
END_TEST

START_TEST(a_dead_master_is_replaced)
{
	size_t all = SENTINELS;
	struct redis_client *client;
	int64_t began_us = sim_now_us(stage.sim);

	sim_redis_stop(nodes[0]);
	ck_assert(sim_run_until(stage.sim, began_us + 20 * STAGE_SECOND, has_failed_over, &all));
	ck_assert_int_le(sim_now_us(stage.sim) - began_us, 3 * STAGE_SECOND);
	for (int i = 1; i < SENTINELS; i++)
		ck_assert(str_equal(ask(&stage, asked[i], MASTER_QUESTION),
				    ask(&stage, asked[0], MASTER_QUESTION)));
	/* The dead one comes back and is made a replica. */
	client = ask_open(&stage, "redis://:secret@redis0");
	sim_redis_restart(nodes[0], NULL);
	ck_assert(ask_finds(&stage, client, "ROLE", "master"));
	stage_run(&stage, 15 * STAGE_SECOND);
	ck_assert(ask_finds(&stage, client, "ROLE", "slave"));
	ck_assert(ask_finds(&stage, client, "ROLE", "connected"));
	redis_close(client);
	ck_assert_uint_eq(stage_count(&stage, "+elected-leader"), 1);
}
END_TEST

START_TEST(a_minority_does_not_fail_over)
{
	sim_process_kill(sentinels[1]);
	sim_process_kill(sentinels[2]);
	stage_run(&stage, STAGE_SECOND);
	sim_redis_stop(nodes[0]);
	stage_run(&stage, 30 * STAGE_SECOND);
	ck_assert(stage_traced(&stage, "+sdown master"));
	ck_assert(!stage_traced(&stage, "+switch-master"));
	/* One comes back: that is a quorum, and two of three known are a majority. */
	sentinels[1] = start_sentinel(1);
	stage_run(&stage, 30 * STAGE_SECOND);
	ck_assert(stage_traced(&stage, "+switch-master"));
}
END_TEST

START_TEST(without_a_replica_nothing_can_be_promoted)
{
	sim_redis_stop(nodes[1]);
	sim_redis_stop(nodes[2]);
	stage_run(&stage, 2 * STAGE_SECOND);
	sim_redis_stop(nodes[0]);
	stage_run(&stage, 10 * STAGE_SECOND);
	ck_assert(stage_traced(&stage, "-failover-abort-no-good-slave"));
	ASK(&stage, asked[0], MASTER_QUESTION, "[10.0.1.1 6379]");
}
END_TEST

START_TEST(a_sentinel_started_anew_learns_the_master)
{
	size_t all = SENTINELS;

	sim_redis_stop(nodes[0]);
	ck_assert(sim_run_until(stage.sim, sim_now_us(stage.sim) + 20 * STAGE_SECOND,
				has_failed_over, &all));
	sim_redis_restart(nodes[0], NULL);
	stage_run(&stage, 15 * STAGE_SECOND);
	sim_process_kill(sentinels[0]);
	sentinels[0] = start_sentinel(0);
	stage_run(&stage, 10 * STAGE_SECOND);
	ck_assert(str_equal(ask(&stage, asked[0], MASTER_QUESTION),
			    ask(&stage, asked[1], MASTER_QUESTION)));
}
END_TEST

START_TEST(wrong_configurations_end_the_process)
{
	static const char *const rows[][2] = {
		{"port x\n", "'port': Bad directive"},
		{"sentinel monitor main 10.0.0.1 6379\n", "'sentinel': Bad directive"},
		{"sentinel monitor main 10.0.0.1 6379 0\n", "'sentinel': Bad directive"},
		{"sentinel down-after-milliseconds main 5\n", "'sentinel': Bad directive"},
		{"sentinel monitor m 10.0.0.1 1 1\nsentinel failover-timeout m x\n",
		 "'sentinel': Bad directive"},
		{"sentinel monitor m 10.0.0.1 1 1\nsentinel nonsense m 1\n",
		 "'sentinel': Bad directive"},
		{"sentinel monitor main redis0 6379 1\n", "Can't resolve instance hostname."},
		{"bind 1.2.3.4 5\n", "'bind': Bad directive"},
		{"nonsense 1\n", "'nonsense': Bad directive"},
	};
	struct str words[] = {STR("redis-server"), STR("/wrong.conf"), STR("--sentinel")};

	sim_host_write_file(stage.api_host, STR("/wrong.conf"), str_from(rows[_i][0]));
	stage_start(&stage, stage.api_host, words, 3);
	stage_run(&stage, STAGE_SECOND);
	ck_assert_int_eq(stage.exit_status, 1);
	ck_assert_msg(str_find(strbuf_str(&stage.output), str_from(rows[_i][1])) != STR_NOT_FOUND,
		      "%.*s", STR_ARG(strbuf_str(&stage.output)));
}
END_TEST

Suite *sim_data_sentinel_suite(void)
{
	Suite *suite = suite_create("sim_data_sentinel");
	TCase *tests = tcase_create("sentinel");

	tcase_add_checked_fixture(tests, set_up, tear_down);
	tcase_add_test(tests, sentinels_find_replicas_and_each_other);
	tcase_add_test(tests, wrong_questions_are_refused);
	tcase_add_test(tests, a_dead_master_is_replaced);
	tcase_add_test(tests, a_minority_does_not_fail_over);
	tcase_add_test(tests, without_a_replica_nothing_can_be_promoted);
	tcase_add_test(tests, a_sentinel_started_anew_learns_the_master);
	tcase_add_loop_test(tests, wrong_configurations_end_the_process, 0, 9);
	suite_add_tcase(suite, tests);
	return suite;
}
