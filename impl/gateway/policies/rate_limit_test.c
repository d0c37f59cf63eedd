/* The policy rate_limit in a gateway of the simulator: what the conformance cases do not reach.
 * spec/gateway.md 9.4. */
#include <check.h>
#include <string.h>

#include "gateway/stand_test.h"
#include "sim/sim.h"

/* Texts of this file say ' where JSON says ". */
static void start_with(const char *configuration)
{
	struct arena *arena = gateway_stand_arena();
	struct str text = str_format(
		arena,
		",'policy_chain':[{'name':'rate_limit','configuration':{%s}},{'name':'apicast'}]",
		configuration);
	char *proxy = (char *)str_cstr(arena, text);

	for (char *at = proxy; *at != '\0'; at++) {
		if (*at == '\'')
			*at = '"';
	}
	gateway_stand_start_with("", proxy);
}

static const struct gateway_stand_request call = {.method = "GET", .path = "/?user_key=k"};

#define CONNECTIONS "'connection_limiters':[{'key':{'name':'c'},'conn':1,'burst':0,'delay':1}]"
#define SLOW_BUCKET "'leaky_bucket_limiters':[{'key':{'name':'b'},'rate':1,'burst':5}]"
#define REDIS "'redis_url':'redis://10.0.0.5'"

/* With the end of what was begun for it. */
START_TEST(a_client_that_leaves_gives_its_connection_back)
{
	start_with(CONNECTIONS);
	gateway_stand_silence(STAND_UPSTREAM);
	gateway_stand_send(call);
	gateway_stand_run_for(STAND_SECOND);
	gateway_stand_leave();
	gateway_stand_run_for(STAND_SECOND);
	gateway_stand_play(STAND_UPSTREAM, &(struct gateway_stand_script){.status = 200}, 1);
	ck_assert_int_eq(gateway_stand_get("/?user_key=k").status, 429);
	gateway_stand_run_for(60 * STAND_SECOND);
	ck_assert_int_eq(gateway_stand_get("/?user_key=k").status, 200);
}
END_TEST

START_TEST(a_client_may_leave_while_it_is_delayed)
{
	start_with(CONNECTIONS "," SLOW_BUCKET);
	ck_assert_int_eq(gateway_stand_get("/?user_key=k").status, 200);
	gateway_stand_send(call);
	gateway_stand_run_for(STAND_SECOND / 10);
	gateway_stand_leave();
	gateway_stand_run_for(5 * STAND_SECOND);
	ck_assert_uint_eq(gateway_stand_seen_count(STAND_UPSTREAM), 2);
	ck_assert_int_eq(gateway_stand_get("/?user_key=k").status, 200);
}
END_TEST

static int status_of_client(const char *name)
{
	return gateway_stand_call((struct gateway_stand_request){.path = "/?user_key=k",
								 .fields = {"X", name}})
		.status;
}

/* Two calls for all together, one for each client: the refused one counts for nobody. */
START_TEST(a_refusal_takes_back_what_other_limiters_counted)
{
	start_with("'fixed_window_limiters':["
		   "{'key':{'name':'all'},'count':2,'window':1000000000},"
		   "{'key':{'name':'{{ headers.x }}','name_type':'liquid'},'count':1,'window':"
		   "1000000000}]");
	ck_assert_int_eq(status_of_client("one"), 200);
	ck_assert_int_eq(status_of_client("one"), 429);
	ck_assert_int_eq(status_of_client("two"), 200);
	ck_assert_int_eq(status_of_client("three"), 429);
}
END_TEST

START_TEST(a_window_without_end_limits_all_the_same)
{
	start_with(_i == 0 ? "'fixed_window_limiters':["
			     "{'key':{'name':'w'},'count':1,'window':10000000000000}]"
			   : "'fixed_window_limiters':["
			     "{'key':{'name':'w'},'count':1,'window':1e300}]");
	ck_assert_int_eq(gateway_stand_get("/?user_key=k").status, 200);
	gateway_stand_run_for(2 * STAND_SECOND);
	ck_assert_int_eq(gateway_stand_get("/?user_key=k").status, 429);
}
END_TEST

START_TEST(a_delay_without_end_lets_nobody_pass_at_once)
{
	start_with("'leaky_bucket_limiters':[{'key':{'name':'b'},'rate':1e-300,'burst':5}]");
	ck_assert_int_eq(gateway_stand_get("/?user_key=k").status, 200);
	gateway_stand_send(call);
	gateway_stand_run_for(60 * STAND_SECOND);
	ck_assert_uint_eq(gateway_stand_seen_count(STAND_UPSTREAM), 1);
	gateway_stand_leave();
}
END_TEST

START_TEST(a_window_may_be_written_as_text)
{
	start_with("'fixed_window_limiters':["
		   "{'key':{'name':'w'},'count':'1','window':'1000000000'}]");
	ck_assert_int_eq(gateway_stand_get("/?user_key=k").status, 200);
	gateway_stand_run_for(5 * STAND_SECOND);
	ck_assert_int_eq(gateway_stand_get("/?user_key=k").status, 429);
}
END_TEST

/* A connection that another limiter refuses is not one's worker's either. */
START_TEST(a_refusal_gives_connections_back)
{
	start_with(CONNECTIONS ",'fixed_window_limiters':["
			       "{'key':{'name':'w'},'count':1,'window':1000000000}]");
	ck_assert_int_eq(gateway_stand_get("/?user_key=k").status, 200);
	for (int i = 0; i < 3; i++)
		ck_assert_int_eq(gateway_stand_get("/?user_key=k").status, 429);
	/* Two counters of 128 bytes, the window's and the connections', and no more. */
	ck_assert(str_find(gateway_stand_call(
				   (struct gateway_stand_request){.path = "/metrics", .port = 9421})
				   .body,
			   STR("free_space{dict=\"limiter\"} 1048320\n")) != STR_NOT_FOUND);
}
END_TEST

static const struct {
	const char *limiter;
} mistakes[] = {
	{"'connection_limiters':[{'key':{'name':'c'},'burst':0,'delay':1}]"},
	{"'leaky_bucket_limiters':[{'key':{'name':'c'},'rate':0,'burst':0}]"},
	{"'leaky_bucket_limiters':[{'key':{'name':'c'},'rate':1,'burst':-1}]"},
	{"'fixed_window_limiters':[{'key':{'name':'c'},'count':-1,'window':1}]"},
	{"'fixed_window_limiters':[{'key':{'name':'c'},'count':1,'window':1,"
	 "'condition':{'operations':[{'left':'a','op':'<','right':'b'}]}}]"},
};

START_TEST(a_limiter_that_cannot_be_used_is_a_configuration_error)
{
	start_with(mistakes[_i].limiter);
	ck_assert_int_eq(gateway_stand_get("/?user_key=k").status, 500);
	expect_log("unknown limiter: ");
}
END_TEST

START_TEST(a_configuration_error_may_be_a_line_in_the_log_alone)
{
	start_with("'connection_limiters':[{}],"
		   "'configuration_error':{'status_code':502,'error_handling':'log'}");
	ck_assert_int_eq(gateway_stand_get("/?user_key=k").status, 200);
	expect_log("unknown limiter: connections, err: conn, burst or delay cannot be used");
}
END_TEST

START_TEST(a_url_that_cannot_be_read_is_a_redis_that_is_not_there)
{
	start_with("'redis_url':'http://redis'," CONNECTIONS);
	ck_assert_int_eq(gateway_stand_get("/?user_key=k").status, 500);
	expect_log("failed to connect Redis: failed to connect to redis on ");
}
END_TEST

/* With a Redis. */

START_TEST(a_redis_that_went_away_is_found_again)
{
	struct sim_redis *redis = gateway_stand_redis();

	start_with(REDIS "," CONNECTIONS);
	ck_assert_int_eq(gateway_stand_get("/?user_key=k").status, 200);
	sim_redis_stop(redis);
	ck_assert_int_eq(gateway_stand_get("/?user_key=k").status, 500);
	ck_assert(sim_redis_restart(redis, NULL));
	ck_assert_int_eq(gateway_stand_get("/?user_key=k").status, 200);
	ck_assert_int_eq(gateway_stand_get("/?user_key=k").status, 200);
}
END_TEST

START_TEST(a_redis_that_is_loading_is_a_configuration_error)
{
	struct sim_redis *redis = gateway_stand_redis();

	sim_redis_set_loading(redis, true);
	start_with(REDIS "," CONNECTIONS "," SLOW_BUCKET
			 ",'configuration_error':{'status_code':503}");
	ck_assert_int_eq(gateway_stand_get("/?user_key=k").status, 503);
	expect_log("failed to limit traffic: LOADING");
	sim_redis_set_loading(redis, false);
	ck_assert_int_eq(gateway_stand_get("/?user_key=k").status, 200);
}
END_TEST

START_TEST(who_left_while_a_redis_was_asked_holds_no_connection)
{
	gateway_stand_redis();
	start_with(REDIS "," CONNECTIONS "," SLOW_BUCKET);
	ck_assert_int_eq(gateway_stand_get("/?user_key=k").status, 200);
	for (int64_t after_us = 100; after_us < 2000; after_us += 100) {
		gateway_stand_send(call);
		gateway_stand_run_for(after_us);
		gateway_stand_leave();
		gateway_stand_run_for(10 * STAND_SECOND);
	}
	ck_assert_int_eq(gateway_stand_get("/?user_key=k").status, 200);
}
END_TEST

START_TEST(buckets_in_a_redis_take_turns)
{
	gateway_stand_redis();
	start_with(REDIS "," SLOW_BUCKET);
	gateway_stand_burst("api.example.com", 8);
	ck_assert_uint_eq(gateway_stand_seen_count(STAND_UPSTREAM), 6);
	expect_log("need to delay by: 4.99");
}
END_TEST

START_TEST(a_gateway_that_stops_gives_connections_back_first)
{
	gateway_stand_redis();
	start_with(REDIS "," CONNECTIONS);
	gateway_stand_send(call);
	gateway_stand_run_for(300);
	gateway_stand_ask_to_stop();
	gateway_stand_wait();
	gateway_stand_run_for(STAND_SECOND);
	ck_assert(!gateway_stand_is_running());
	ck_assert_int_eq(gateway_stand_exit_status(), 0);
	ck_assert(gateway_stand_start());
	ck_assert_int_eq(gateway_stand_get("/?user_key=k").status, 200);
}
END_TEST

/* At whatever moment of the round: nobody else would ever give it back. */
START_TEST(a_gateway_that_stops_gives_back_what_a_redis_holds_for_who_left)
{
	gateway_stand_redis();
	start_with(REDIS "," CONNECTIONS "," SLOW_BUCKET);
	for (int64_t after_us = 100; after_us < 2000; after_us += 100) {
		gateway_stand_send(call);
		gateway_stand_run_for(after_us);
		gateway_stand_leave();
		gateway_stand_ask_to_stop();
		gateway_stand_run_for(STAND_SECOND);
		ck_assert(!gateway_stand_is_running());
		ck_assert_int_eq(gateway_stand_exit_status(), 0);
		ck_assert(gateway_stand_start());
		gateway_stand_run_for(60 * STAND_SECOND);
	}
	ck_assert_int_eq(gateway_stand_get("/?user_key=k").status, 200);
}
END_TEST

Suite *gateway_policies_rate_limit_suite(void);
Suite *gateway_policies_rate_limit_suite(void)
{
	Suite *suite = suite_create("gateway/policies/rate_limit");
	TCase *tcase = tcase_create("rate_limit");

	tcase_add_checked_fixture(tcase, gateway_stand_set, gateway_stand_clear);
	tcase_add_test(tcase, a_client_that_leaves_gives_its_connection_back);
	tcase_add_test(tcase, a_client_may_leave_while_it_is_delayed);
	tcase_add_test(tcase, a_refusal_takes_back_what_other_limiters_counted);
	tcase_add_test(tcase, a_window_may_be_written_as_text);
	tcase_add_test(tcase, a_refusal_gives_connections_back);
	tcase_add_loop_test(tcase, a_window_without_end_limits_all_the_same, 0, 2);
	tcase_add_test(tcase, a_delay_without_end_lets_nobody_pass_at_once);
	tcase_add_loop_test(tcase, a_limiter_that_cannot_be_used_is_a_configuration_error, 0,
			    sizeof mistakes / sizeof *mistakes);
	tcase_add_test(tcase, a_configuration_error_may_be_a_line_in_the_log_alone);
	tcase_add_test(tcase, a_url_that_cannot_be_read_is_a_redis_that_is_not_there);
	tcase_add_test(tcase, a_redis_that_went_away_is_found_again);
	tcase_add_test(tcase, a_redis_that_is_loading_is_a_configuration_error);
	tcase_add_test(tcase, who_left_while_a_redis_was_asked_holds_no_connection);
	tcase_add_test(tcase, buckets_in_a_redis_take_turns);
	tcase_add_test(tcase, a_gateway_that_stops_gives_connections_back_first);
	tcase_add_test(tcase, a_gateway_that_stops_gives_back_what_a_redis_holds_for_who_left);
	suite_add_tcase(suite, tcase);
	return suite;
}
