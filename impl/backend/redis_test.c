/* What backend does when its Redis are not as they should be (spec/backend.md 9.5, 9.6). */
#include "backend/stand_test.h"

#include "base/error.h"
#include "sim/sim.h"

#define AUTH "/transactions/authorize.xml?"
#define AUTHREP "/transactions/authrep.xml?"
#define REPORT                                                                                     \
	"service_token=T1&service_id=S1&transactions[0][app_id]=A1&transactions[0][usage][hits]=1"

START_TEST(a_connection_that_died_while_idle_is_not_seen_by_callers)
{
	stand_provision();
	for (int i = 0; i < 3; i++) {
		stand_stop_redis();
		stand_restart_redis();
		stand_forget();
		expect_answer(stand_get(AUTHREP S1_U1 "&usage[hits]=1"), 200, NULL);
		expect_answer(stand_post(REPORT), 202, NULL);
	}
	expect_text(stand_queues("LLEN resque:queue:priority"), "6");
}
END_TEST

START_TEST(a_read_only_node_refuses_what_has_to_be_written)
{
	stand_variable("CONFIG_MASTER_SERVICE_ID", "S1");
	stand_provision();
	stand_redis("REPLICAOF 10.0.0.4 1");
	stand_forget();
	expect_answer(stand_get(AUTHREP S1_U1 "&usage[hits]=1"), 500, "Internal Server Error\n");
	expect_answer(stand_post(REPORT), 500, "Internal Server Error\n");
	/* What is wrong with the request is the answer, though it cannot be noted. */
	expect_answer(stand_get(AUTH "service_token=wrong&service_id=S1&user_key=U1"), 403, NULL);
	expect_answer(stand_get("/status"), 200, NULL);
	expect_answer(stand_internal("PUT", "services/S1", "{\"service\":{\"id\":\"S1\"}}"), 500,
		      "<h1>Internal Server Error</h1>");
	stand_redis("REPLICAOF NO ONE");
	expect_answer(stand_get(AUTHREP S1_U1 "&usage[hits]=1"), 200, NULL);
	expect_answer(stand_post(REPORT), 202, NULL);
}
END_TEST

/* BE-281: what is reported is also noted, and that note is refused. */
START_TEST(a_storage_that_only_reads_fails_what_is_reported)
{
	ck_assert_ptr_nonnull(sim_redis_start(
		sim_host_add(stand_sim(), STR("queues"), STR("10.0.0.8")), 6379, NULL));
	stand_variable("CONFIG_QUEUES_MASTER_NAME", "10.0.0.8");
	stand_variable("CONFIG_MASTER_SERVICE_ID", "M");
	stand_provision();
	expect_answer(stand_get(AUTHREP S1_U1 "&usage[hits]=1"), 200, NULL);
	stand_redis("REPLICAOF 10.0.0.4 1");
	expect_answer(stand_get(AUTHREP S1_U1 "&usage[hits]=1"), 500, "Internal Server Error\n");
	expect_answer(stand_post(REPORT), 500, "Internal Server Error\n");
	expect_answer(stand_get(AUTH S1_U1), 200, NULL);
	expect_answer(stand_get(AUTH "service_token=wrong&service_id=S1&user_key=U1"), 403, NULL);
}
END_TEST

START_TEST(a_node_that_loads_is_an_inner_error)
{
	stand_provision();
	stand_forget();
	stand_set_loading(true);
	expect_answer(stand_get(AUTH S1_U1), 500, "Internal Server Error\n");
	expect_answer(stand_get("/status"), 200, NULL);
	stand_set_loading(false);
	expect_answer(stand_get(AUTH S1_U1), 200, NULL);
}
END_TEST

/* A group of two nodes and three Sentinels. */

static struct sim_redis *nodes[2];

static void start_group(void)
{
	static const char *const configuration =
		"requirepass guard\nsentinel monitor main 10.0.1.1 6379 2\n"
		"sentinel auth-pass main secret\nsentinel down-after-milliseconds main 500\n"
		"sentinel failover-timeout main 3000\n";
	struct sim_redis_options options = {
		.port = 6379, .password = STR("secret"), .master_password = STR("secret")};
	struct str words[] = {STR("redis-sentinel"), STR("/s.conf")};
	struct process_options process = {.words = words, .words_count = 2};

	for (int i = 1; i <= 2; i++) {
		const char *address = text("10.0.1.%d", i);

		nodes[i - 1] = sim_redis_start_with(
			sim_host_add(stand_sim(), str_from(text("node%d", i)), str_from(address)),
			&options, NULL);
		options.master_host = STR("10.0.1.1");
		options.master_port = 6379;
	}
	for (int i = 1; i <= 3; i++) {
		struct sim_host *host = sim_host_add(stand_sim(), str_from(text("sentinel%d", i)),
						     str_from(text("10.0.2.%d", i)));

		sim_host_write_file(host, STR("/s.conf"), str_from(configuration));
		ck_assert_ptr_nonnull(sim_process_start(host, &process, NULL));
	}
	stand_use_variables();
	stand_variable("CONFIG_REDIS_PROXY", "redis://:secret@main/5");
	stand_variable("CONFIG_QUEUES_MASTER_NAME", "redis://:secret@main/6");
	stand_variable(
		"CONFIG_REDIS_SENTINEL_HOSTS",
		" :guard@nowhere, ,:guard@sentinel1,:guard@sentinel2:26379,:guard@sentinel3");
	stand_run_for(5 * STAND_SECOND);
}

static void set_limit(void)
{
	expect_answer(stand_internal("PUT", "services/S1/plans/P/usagelimits/81/eternity",
				     "{\"usagelimit\":{\"eternity\":300}}"),
		      200, NULL);
}

static bool is_answered_again(void)
{
	for (int i = 0; i < 50; i++) {
		if (stand_get(AUTHREP S1_U1 "&usage[hits]=1").status == 200)
			return true;
		stand_run_for(STAND_SECOND / 10);
	}
	return false;
}

START_TEST(calls_go_on_after_a_failover)
{
	start_group();
	stand_provision();
	set_limit();
	stand_get(AUTHREP S1_U1 "&usage[hits]=1");
	stand_get(AUTHREP S1_U1 "&usage[hits]=1"); /* both wait in the queue */
	stand_run_for(STAND_SECOND);
	sim_redis_stop(nodes[0]);
	stand_forget();
	expect_answer(stand_get(AUTHREP S1_U1 "&usage[hits]=1"), 500, "Internal Server Error\n");
	expect_answer(stand_get("/status"), 200, NULL);
	ck_assert(is_answered_again());
	stand_drain();
	expect_answer(stand_internal("GET", "services/S1/applications/A1/utilization/", NULL), 200,
		      "{\"status\":\"found\",\"utilization\":[{\"period\":\"eternity\","
		      "\"metric_name\":\"hits\",\"max_value\":300,\"current_value\":3}]}");
	/* The former master is a replica by now; back to it. */
	sim_redis_restart(nodes[0], NULL);
	stand_run_for(15 * STAND_SECOND);
	sim_redis_stop(nodes[1]);
	ck_assert(is_answered_again());
}
END_TEST

START_TEST(a_worker_finds_the_new_master)
{
	start_group();
	stand_use_no_hooks();
	stand_provision();
	set_limit();
	stand_run_for(STAND_SECOND);
	sim_redis_stop(nodes[0]);
	ck_assert(is_answered_again());
	stand_run_for(3 * STAND_SECOND);
	expect_answer(stand_internal("GET", "services/S1/applications/A1/utilization/", NULL), 200,
		      "{\"status\":\"found\",\"utilization\":[{\"period\":\"eternity\","
		      "\"metric_name\":\"hits\",\"max_value\":300,\"current_value\":1}]}");
}
END_TEST

START_TEST(a_role_of_slave_reads_from_a_replica)
{
	start_group();
	stand_provision();
	stand_ask_to_stop();
	stand_run_for(STAND_SECOND);
	ck_assert_int_eq(stand_exit_status(), 0);
	stand_variable("CONFIG_REDIS_SENTINEL_ROLE", "slave");
	ck_assert(stand_start());
	expect_answer(stand_get(AUTH S1_U1), 200, NULL);
	expect_answer(stand_internal("PUT", "services/S1", "{\"service\":{\"id\":\"S1\"}}"), 500,
		      NULL);
}
END_TEST

Suite *backend_redis_suite(void);

Suite *backend_redis_suite(void)
{
	Suite *suite = suite_create("backend_redis");
	TCase *tests = tcase_create("redis");

	tcase_add_checked_fixture(tests, stand_set, stand_clear);
	tcase_add_test(tests, a_connection_that_died_while_idle_is_not_seen_by_callers);
	tcase_add_test(tests, a_read_only_node_refuses_what_has_to_be_written);
	tcase_add_test(tests, a_storage_that_only_reads_fails_what_is_reported);
	tcase_add_test(tests, a_node_that_loads_is_an_inner_error);
	tcase_add_test(tests, calls_go_on_after_a_failover);
	tcase_add_test(tests, a_worker_finds_the_new_master);
	tcase_add_test(tests, a_role_of_slave_reads_from_a_replica);
	suite_add_tcase(suite, tests);
	return suite;
}
