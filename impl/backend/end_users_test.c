/* End users, as callers of an application that is for them: spec/backend.md 3.10. */
#include "backend/stand_test.h"

#define AUTH "/transactions/authorize.xml?" S1_U1
#define AUTHREP "/transactions/authrep.xml?" S1_U1

static void put(const char *path, const char *json)
{
	struct stand_answer answer = stand_internal("PUT", path, json);

	ck_assert_msg(answer.status == 200, "%s: %.*s", path, STR_ARG(answer.body));
}

static void open_service(void)
{
	put("services/S1",
	    "{\"service\":{\"user_registration_required\":false,"
	    "\"default_user_plan_id\":\"UP\",\"default_user_plan_name\":\"Users\"}}");
}

static void set_up(void)
{
	stand_set();
	stand_provision();
	put("services/S1/applications/A1",
	    "{\"application\":{\"state\":\"active\",\"plan_id\":\"P\",\"plan_name\":\"Basic\","
	    "\"user_required\":true}}");
}

START_TEST(a_user_must_be_named_and_known)
{
	expect_answer(stand_get(AUTH), 403,
		      ERROR_XML("user_not_defined",
				"application with id=\"A1\" requires a user (user_id)"));
	expect_answer(stand_get(AUTH "&user_id="), 403, NULL);
	expect_answer(stand_get(AUTH "&user_id=bob"), 403,
		      ERROR_XML("service_requires_registered_user",
				"Service id=\"S1\" requires users to be registered beforehand"));
	expect_text(stand_redis("LLEN errors/service_id:S1"), "3");
	/* A service cannot become open without a plan, but its keys may say so. */
	stand_redis("SET service/id:S1/user_registration_required 0");
	stand_forget();
	expect_answer(stand_get(AUTH "&user_id=bob"), 403,
		      ERROR_XML("service_requires_default_user_plan",
				"Services without the need for registered users require a default "
				"user plan"));
}
END_TEST

START_TEST(a_user_is_made_where_all_are_welcome)
{
	open_service();
	expect_answer(stand_get(AUTHREP "&user_id=bob&usage[hits]=2"), 200,
		      AUTHORIZED "<plan>Basic</plan><user_plan>Users</user_plan></status>");
	expect_text(stand_redis("HGETALL service:S1/user:bob"),
		    "[S1,UP,Users,active,bob,plan_id,plan_name,service_id,state,username]");
	expect_text(stand_redis("SMEMBERS service/id:S1/user_set"), "[bob]");
	ck_assert(stand_contains(str_from(stand_queues("LINDEX resque:queue:priority 0")),
				 "{\"app_id\":\"A1\",\"usage\":{\"hits\":\"2\"},"
				 "\"user_id\":\"bob\",\"log\":null}"));
	stand_drain();
	expect_text(stand_redis("GET stats/{service:S1}/uinstance:bob/metric:81/eternity"), "2");
	/* From here on the user is known. */
	stand_internal("PUT", "services/S1/users/bob",
		       "{\"user\":{\"state\":\"active\",\"plan_id\":\"UP\","
		       "\"plan_name\":\"Special\"}}");
	expect_answer(stand_get(AUTH "&user_id=bob"), 200,
		      AUTHORIZED "<plan>Basic</plan><user_plan>Special</user_plan></status>");
	stand_internal("DELETE", "services/S1/users/bob", NULL);
	expect_answer(stand_get(AUTH "&user_id=bob"), 200,
		      AUTHORIZED "<plan>Basic</plan><user_plan>Users</user_plan></status>");
}
END_TEST

#define USER_REPORT(current, more)                                                                 \
	"<user_plan>Users</user_plan><user_usage_reports><usage_report metric=\"hits\" "           \
	"period=\"eternity\"" more "><max_value>3</max_value><current_value>" current              \
	"</current_value></usage_report></user_usage_reports>"

START_TEST(a_user_has_limits_besides_the_applications)
{
	open_service();
	put("services/S1/plans/UP/usagelimits/81/eternity", "{\"usagelimit\":{\"eternity\":3}}");
	expect_answer(stand_get(AUTHREP "&user_id=bob&usage[search]=2"), 200,
		      AUTHORIZED "<plan>Basic</plan>" USER_REPORT("2", "") "</status>");
	stand_drain();
	expect_answer(stand_get(AUTHREP "&user_id=bob&usage[hits]=2"), 409,
		      DENIED("usage limits are exceeded") "<plan>Basic</plan>" USER_REPORT(
			      "2", "") "</status>");
	stand_redis("SET stats/{service:S1}/uinstance:bob/metric:81/eternity 4");
	expect_answer(stand_get(AUTH "&user_id=bob"), 409,
		      DENIED("usage limits are exceeded") "<plan>Basic</plan>" USER_REPORT(
			      "4", " exceeded=\"true\"") "</status>");
	expect_answer(stand_get(AUTH "&user_id=carol&usage[hits]=3"), 200, NULL);
	/* The application's limits come first in the document, and with limits of both. */
	put("services/S1/plans/P/usagelimits/81/eternity", "{\"usagelimit\":{\"eternity\":9}}");
	ck_assert(stand_contains(stand_get(AUTH "&user_id=carol").body,
				 "<max_value>9</max_value><current_value>2</current_value>"
				 "</usage_report></usage_reports>" USER_REPORT("0", "")));
}
END_TEST

START_TEST(users_that_cannot_be_read_are_a_failure)
{
	open_service();
	stand_redis("SET service:S1/user:bob text");
	ck_assert_int_eq(stand_get(AUTH "&user_id=bob").status, 500);
}
END_TEST

START_TEST(applications_for_nobody_in_particular_know_no_users)
{
	expect_answer(stand_get("/transactions/authrep.xml?" S2_A2 "&user_id=bob&usage[hits]=1"),
		      200, AUTHORIZED "<plan>Basic</plan></status>");
	ck_assert(stand_contains(str_from(stand_queues("LINDEX resque:queue:priority 0")),
				 "\"user_id\":null"));
}
END_TEST

Suite *backend_end_users_suite(void);
Suite *backend_end_users_suite(void)
{
	Suite *suite = suite_create("backend_end_users");
	TCase *test = tcase_create("end_users");

	tcase_add_checked_fixture(test, set_up, stand_clear);
	tcase_add_test(test, a_user_must_be_named_and_known);
	tcase_add_test(test, a_user_is_made_where_all_are_welcome);
	tcase_add_test(test, a_user_has_limits_besides_the_applications);
	tcase_add_test(test, users_that_cannot_be_read_are_a_failure);
	tcase_add_test(test, applications_for_nobody_in_particular_know_no_users);
	suite_add_tcase(suite, test);
	return suite;
}
