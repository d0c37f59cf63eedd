/* What a job counts, where releases differ: spec/backend.md 5.3 to 5.5, 6.3. */
#include "backend/stand_test.h"

#include <string.h>

#define REPORT "service_token=T1&service_id=S1"
#define JOB(args) "{\"class\":\"ThreeScale::Backend::Transactor::ReportJob\",\"args\":" args "}"

static void set_up(void)
{
	stand_set();
	stand_provision();
	stand_set_clock("2019-06-01T10:20:30Z");
}

static void set_up_current(void)
{
	stand_set();
	stand_argument("--release");
	stand_argument("current");
	stand_provision();
	stand_set_clock("2019-06-01T10:20:30Z");
}

static void report(const char *transactions)
{
	expect_answer(stand_post(text(REPORT "&%s", transactions)), 202, "");
	stand_drain();
}

static void push(const char *payload)
{
	struct str words[] = {STR("RPUSH"), STR("resque:queue:priority"), str_from(payload)};

	stand_redis_send(1, words, 3);
	stand_drain();
}

static struct str last_error(void)
{
	return stand_internal("GET", "services/S1/errors/?per_page=1", NULL).body;
}

static const char *a1(const char *rest)
{
	return stand_redis(text("GET stats/{service:S1}/cinstance:A1/metric:%s", rest));
}

/* 2.5 and 2.6. */

#define ONE "transactions[0][app_id]=A1&transactions[0][usage][hits]=2"

static const struct {
	const char *rest, *value;
} user_rows[] = {
	{"metric:81/eternity", "2"},
	{"metric:81/year:20190101", "2"},
	{"metric:81/month:20190601", "2"},
	{"metric:81/week:20190527", "2"},
	{"metric:81/day:20190601", "2"},
	{"metric:81/hour:201906011", "2"},
	{"metric:81/minute:20190601102", "2"},
	{"response_code:404/minute:20190601102", "1"},
	{"response_code:4XX/year:20190101", "1"},
	{"response_code:4XX/eternity", "1"},
};

START_TEST(end_users_have_counters_of_their_own)
{
	stand_internal("PUT", "services/S1",
		       "{\"service\":{\"default_user_plan_id\":\"9\",\"default_user_plan_name\":"
		       "\"Users\"}}");
	stand_forget();
	report(ONE "&transactions[0][user_id]=alice&transactions[0][log][code]=404");
	for (size_t i = 0; i < sizeof user_rows / sizeof *user_rows; i++)
		expect_text(stand_redis(text("GET stats/{service:S1}/uinstance:alice/%s",
					     user_rows[i].rest)),
			    user_rows[i].value);
	expect_text(stand_redis("EXISTS stats/{service:S1}/uinstance:alice/response_code:403/day:"
				"20190601"),
		    "0");
	expect_text(a1("81/eternity"), "2");
	expect_text(stand_redis("SMEMBERS stats/{service:S1}/cinstances"), "[A1]");
}
END_TEST

static void make_token(const char *fields)
{
	expect_answer(stand_call((struct stand_request){
			      .method = "POST",
			      .path = "/services/S1/oauth_access_tokens.xml",
			      .body = text("service_token=T1&app_id=A1&%s", fields),
			      .fields = {"Content-Type", "application/x-www-form-urlencoded"}}),
		      200, "");
}

START_TEST(tokens_stand_for_their_application)
{
	make_token("token=t1");
	make_token("token=t2&user_id=alice");
	report("transactions[0][access_token]=t1&transactions[0][usage][hits]=1&transactions[1]"
	       "[access_token]=t2&transactions[1][usage][hits]=2&transactions[2][app_id]=A1&"
	       "transactions[2][access_token]=nope&transactions[2][usage][hits]=4");
	expect_text(a1("81/eternity"), "7");
	report("transactions[0][access_token]=nope&transactions[0][usage][hits]=1");
	ck_assert(stand_contains(last_error(),
				 "\"code\":\"access_token_invalid\",\"message\":\"token "
				 "\\\"nope\\\" is invalid: expired or never defined\""));
	/* They are not remembered when they are gone. */
	stand_redis("DEL oauth_access_tokens/service:S1/t1");
	stand_set_clock("2019-06-01T10:20:32Z");
	report("transactions[0][access_token]=t1&transactions[0][usage][hits]=1");
	ck_assert(stand_contains(last_error(), "token \\\"t1\\\" is invalid"));
	expect_text(a1("81/eternity"), "7");
}
END_TEST

/* Whether or not there is usage, and after all applications were found. */
START_TEST(services_without_user_plans_cannot_be_told_of_users)
{
	report("transactions[0][app_id]=A1&transactions[0][user_id]=alice");
	ck_assert(stand_contains(
		last_error(),
		"\"code\":\"service_cannot_use_user_id\",\"message\":\"service with "
		"service_id=\\\"S1\\\" does not have access to end user plans, user_id is not "
		"allowed\""));
	report(ONE "&transactions[0][user_id]=alice&transactions[1][app_id]=nope");
	ck_assert(stand_contains(last_error(), "\"code\":\"application_not_found\""));
	report(ONE "&transactions[0][user_id]=");
	expect_text(a1("81/eternity"), "2");
}
END_TEST

START_TEST(digits_alone_are_a_date)
{
	report(ONE "&transactions[0][timestamp]=2019053123");
	expect_text(a1("81/hour:2019053123"), "2");
	report(ONE "&transactions[0][timestamp]=1559384430");
	ck_assert(stand_contains(last_error(), "\"errors\":[]"));
	expect_text(a1("81/hour:201906011"), "2");
}
END_TEST

/* As deep as parameters may be (2.4): the log goes into the job as it was sent. */
START_TEST(a_deep_log_does_not_cost_the_usage)
{
	const char *log = "";

	for (int i = 0; i < 98; i++)
		log = text("%s[a]", log);
	expect_answer(
		stand_get(text("/transactions/authrep.xml?" S1_U1 "&usage[hits]=1&log%s=1", log)),
		200, NULL);
	stand_drain();
	expect_text(a1("81/eternity"), "1");
}
END_TEST

START_TEST(sets_to_zero_are_stored)
{
	report("transactions[0][app_id]=A1&transactions[0][usage][search]=%230");
	expect_text(a1("82/eternity"), "0");
	expect_text(a1("81/minute:20190601102"), "0");
}
END_TEST

/* The job is done all the same, and what can be counted is. */
START_TEST(counters_at_the_end_of_their_range_stay_there)
{
	report("transactions[0][app_id]=A1&transactions[0][usage][other]=99999999999999999999");
	report("transactions[0][app_id]=A1&transactions[0][usage][other]=1&transactions[0][usage]"
	       "[hits]=1");
	expect_text(a1("83/eternity"), "9223372036854775807");
	expect_text(a1("81/eternity"), "1");
	stand_redis("SET stats/{service:S1}/metric:81/eternity 99999999999999999999");
	stand_redis("SADD stats/{service:S1}/metric:82/eternity x");
	report("transactions[0][app_id]=A1&transactions[0][usage][hits]=1");
	report("transactions[0][app_id]=A1&transactions[0][usage][search]=1");
	expect_text(a1("81/eternity"), "3");
	expect_text(stand_queues("EXISTS resque:failed"), "0");
}
END_TEST

/* The current line. */

START_TEST(digits_alone_are_seconds_in_the_current_line)
{
	report(ONE "&transactions[0][timestamp]=1559347200");
	expect_text(a1("81/hour:20190601"), "2");
	report(ONE "&transactions[0][timestamp]=20190601");
	ck_assert(stand_contains(last_error(), "\"code\":\"transaction_timestamp_too_old\""));
	push(JOB("[\"S1\",[{\"app_id\":\"A1\",\"usage\":{\"hits\":1},\"timestamp\":1559347201}],"
		 "1.5]"));
	expect_text(a1("81/hour:20190601"), "3");
}
END_TEST

START_TEST(sets_to_zero_delete_in_the_current_line)
{
	report("transactions[0][app_id]=A1&transactions[0][usage][search]=5");
	report("transactions[0][app_id]=A1&transactions[0][usage][other]=1&transactions[1][app_id]="
	       "A1&transactions[1][usage][search]=%230");
	expect_text(stand_redis("KEYS stats/*/metric:82/*"), "[]");
	expect_text(stand_redis("KEYS stats/*/metric:81/*"), "[]");
	expect_text(a1("83/eternity"), "1");
	report("transactions[0][app_id]=A1&transactions[0][usage][search]=%230&transactions[1]"
	       "[app_id]=A1&transactions[1][usage][search]=3");
	expect_text(a1("82/eternity"), "3");
}
END_TEST

START_TEST(flat_usage_stands_for_parents_already)
{
	push(JOB("[\"S1\",{\"0\":{\"app_id\":\"A1\",\"usage\":{\"search\":\"2\",\"hits\":\"3\"}}},"
		 "1.5,{\"request\":{\"extensions\":{\"flat_usage\":\"1\"}}}]"));
	expect_text(a1("81/eternity"), "3");
	expect_text(a1("82/eternity"), "2");
	push(JOB("[\"S1\",{\"0\":{\"app_id\":\"A1\",\"usage\":{\"search\":\"2\"}}},1.5,"
		 "{\"request\":{\"extensions\":{\"flat_usage\":\"true\"}}}]"));
	expect_text(a1("81/eternity"), "5");
}
END_TEST

START_TEST(tokens_stand_for_nobody_in_the_current_line)
{
	stand_redis("SET oauth_access_tokens/service:S1/t1 A1");
	report("transactions[0][access_token]=t1&transactions[0][usage][hits]=1");
	ck_assert(stand_contains(last_error(), "\"code\":\"application_not_found\""));
}
END_TEST

/* Usage reaches all above a metric; up to 2.6 its parent alone. */
START_TEST(usage_reaches_all_ancestors_in_the_current_line)
{
	stand_internal("POST", "services/S1/metrics/84",
		       "{\"metric\":{\"name\":\"find\",\"parent_id\":\"82\"}}");
	stand_forget();
	report("transactions[0][app_id]=A1&transactions[0][usage][find]=2");
	expect_text(a1("84/eternity"), "2");
	expect_text(a1("82/eternity"), "2");
	expect_text(a1("81/eternity"), "2");
}
END_TEST

START_TEST(there_are_neither_users_nor_latest_transactions_in_the_current_line)
{
	push(JOB("[\"S1\",{\"0\":{\"app_id\":\"A1\",\"usage\":{\"hits\":1},\"user_id\":\"alice\"}},"
		 "1.5,{}]"));
	expect_text(a1("81/eternity"), "1");
	expect_text(stand_redis("KEYS stats/{service:S1}/uinstance:*"), "[]");
	expect_text(stand_redis("KEYS transactions/*"), "[]");
	push(JOB("[\"S1\",{\"0\":{\"usage\":{\"hits\":1}}},1.5,{}]"));
	ck_assert(stand_contains(last_error(), "\"message\":\"application id is missing\""));
}
END_TEST

/* The master service has no latest transactions, even when it is reported to (5.7). */
START_TEST(the_master_service_keeps_no_latest_transactions)
{
	stand_clear();
	stand_set();
	stand_variable("CONFIG_MASTER_SERVICE_ID", "S1");
	stand_provision();
	report("transactions[0][app_id]=A1&transactions[0][usage][hits]=1");
	expect_text(a1("81/eternity"), "1");
	expect_text(stand_redis("KEYS transactions/*"), "[]");
}
END_TEST

Suite *backend_job_run_suite(void);
Suite *backend_job_run_suite(void)
{
	Suite *suite = suite_create("backend_job_run");
	TCase *guided = tcase_create("guided"), *current = tcase_create("current");

	tcase_add_checked_fixture(guided, set_up, stand_clear);
	tcase_add_test(guided, end_users_have_counters_of_their_own);
	tcase_add_test(guided, tokens_stand_for_their_application);
	tcase_add_test(guided, services_without_user_plans_cannot_be_told_of_users);
	tcase_add_test(guided, digits_alone_are_a_date);
	tcase_add_test(guided, a_deep_log_does_not_cost_the_usage);
	tcase_add_test(guided, sets_to_zero_are_stored);
	tcase_add_test(guided, counters_at_the_end_of_their_range_stay_there);
	tcase_add_test(guided, the_master_service_keeps_no_latest_transactions);
	suite_add_tcase(suite, guided);
	tcase_add_checked_fixture(current, set_up_current, stand_clear);
	tcase_add_test(current, digits_alone_are_seconds_in_the_current_line);
	tcase_add_test(current, sets_to_zero_delete_in_the_current_line);
	tcase_add_test(current, flat_usage_stands_for_parents_already);
	tcase_add_test(current,
		       there_are_neither_users_nor_latest_transactions_in_the_current_line);
	tcase_add_test(current, tokens_stand_for_nobody_in_the_current_line);
	tcase_add_test(current, usage_reaches_all_ancestors_in_the_current_line);
	suite_add_tcase(suite, current);
	return suite;
}
