/* The policy 3scale_batcher in a gateway of the simulator: what the conformance cases do not reach.
 * spec/gateway.md 9.4. */
#include <check.h>

#include "gateway/stand_test.h"

#define CHAIN                                                                                      \
	",\"policy_chain\":[{\"name\":\"3scale_batcher\",\"configuration\":"                       \
	"{\"auths_ttl\":100000,\"batch_report_seconds\":10}},{\"name\":\"apicast\"}]"

#define PLAY(server, ...)                                                                          \
	gateway_stand_play((server), (const struct gateway_stand_script[]){__VA_ARGS__},           \
			   sizeof((const struct gateway_stand_script[]){__VA_ARGS__}) /            \
				   sizeof(struct gateway_stand_script))

static const struct gateway_stand_seen *seen(size_t index)
{
	ck_assert_uint_gt(gateway_stand_seen_count(STAND_BACKEND), index);
	return gateway_stand_seen(STAND_BACKEND, index);
}

START_TEST(a_client_may_leave_while_backend_is_asked)
{
	gateway_stand_start_with("", CHAIN);
	gateway_stand_silence(STAND_BACKEND);
	gateway_stand_send((struct gateway_stand_request){.path = "/?user_key=k"});
	gateway_stand_run_for(STAND_SECOND);
	gateway_stand_leave();
	gateway_stand_run_for(STAND_SECOND);
	PLAY(STAND_BACKEND, {.status = 200});
	ck_assert_int_eq(gateway_stand_get("/?user_key=k").status, 200);
	ck_assert_uint_eq(gateway_stand_seen_count(STAND_BACKEND), 2);
}
END_TEST

START_TEST(a_chain_without_apicast_has_nobody_to_report)
{
	gateway_stand_start_with("", ",\"policy_chain\":[{\"name\":\"3scale_batcher\"}]");
	ck_assert_int_eq(gateway_stand_get("/?user_key=k").status, 200);
	gateway_stand_run_for(100 * STAND_SECOND);
	ck_assert_uint_eq(gateway_stand_seen_count(STAND_BACKEND), 1);
	expect_str(seen(0)->target,
		   "/transactions/authorize.xml?service_token=st-42&service_id=42&");
}
END_TEST

START_TEST(usage_that_comes_while_a_report_is_under_way_goes_in_the_next)
{
	gateway_stand_start_with("", CHAIN);
	ck_assert_int_eq(gateway_stand_get("/?user_key=k").status, 200);
	PLAY(STAND_BACKEND, {.fault = STAND_SILENT}, {.status = 200});
	gateway_stand_run_for(11 * STAND_SECOND);
	ck_assert_int_eq(gateway_stand_get("/?user_key=k").status, 200);
	gateway_stand_run_for(100 * STAND_SECOND);
	expect_log("Returning reports to the batcher because couldn't report to backend");
	ck_assert_uint_eq(gateway_stand_seen_count(STAND_BACKEND), 3);
	expect_str(seen(2)->body, "transactions%5B0%5D%5Buser_key%5D=k"
				  "&transactions%5B0%5D%5Busage%5D%5Bhits%5D=2");
}
END_TEST

START_TEST(a_gateway_that_stops_tells_once_more_and_no_more)
{
	gateway_stand_start_with("", CHAIN);
	ck_assert_int_eq(gateway_stand_get("/?user_key=k").status, 200);
	PLAY(STAND_BACKEND, {.fault = STAND_CLOSES});
	gateway_stand_ask_to_stop();
	gateway_stand_run_for(STAND_SECOND);
	ck_assert(!gateway_stand_is_running());
	ck_assert_uint_eq(gateway_stand_seen_count(STAND_BACKEND), 2);
}
END_TEST

START_TEST(a_gateway_may_be_gone_with_reports_under_way)
{
	gateway_stand_start_with("", CHAIN);
	ck_assert_int_eq(gateway_stand_get("/?user_key=k").status, 200);
	gateway_stand_silence(STAND_BACKEND);
	gateway_stand_run_for(11 * STAND_SECOND);
	ck_assert_uint_eq(gateway_stand_seen_count(STAND_BACKEND), 2);
}
END_TEST

/* 1 MiB of rows; keys of 1 KiB take 20 chunks of 64 bytes each. */
START_TEST(rows_without_room_are_lost_and_said)
{
	struct arena *arena = gateway_stand_arena();
	char key[1025];

	for (size_t i = 0; i < sizeof key; i++)
		key[i] = i < sizeof key - 1 ? 'k' : '\0';
	gateway_stand_start_with("", ",\"policy_chain\":[{\"name\":\"3scale_batcher\","
				     "\"configuration\":{\"batch_report_seconds\":100000}},"
				     "{\"name\":\"apicast\"}]");
	for (int i = 0; i < 850; i++) {
		struct str path = str_format(arena, "/?user_key=%s%d", key, i);

		ck_assert_int_eq(gateway_stand_get(str_cstr(arena, path)).status, 200);
	}
	expect_log("Reports batching storage ran out of memory. Will lose a report of 1 to metric "
		   "hits");
	gateway_stand_ask_to_stop();
	gateway_stand_run_for(STAND_SECOND);
	ck_assert(!gateway_stand_is_running());
}
END_TEST

Suite *gateway_policies_batcher_suite(void);
Suite *gateway_policies_batcher_suite(void)
{
	Suite *suite = suite_create("gateway/policies/batcher");
	TCase *tcase = tcase_create("batcher");

	tcase_add_checked_fixture(tcase, gateway_stand_set, gateway_stand_clear);
	tcase_add_test(tcase, a_client_may_leave_while_backend_is_asked);
	tcase_add_test(tcase, a_chain_without_apicast_has_nobody_to_report);
	tcase_add_test(tcase, usage_that_comes_while_a_report_is_under_way_goes_in_the_next);
	tcase_add_test(tcase, a_gateway_that_stops_tells_once_more_and_no_more);
	tcase_add_test(tcase, a_gateway_may_be_gone_with_reports_under_way);
	tcase_add_test(tcase, rows_without_room_are_lost_and_said);
	suite_add_tcase(suite, tcase);
	return suite;
}
