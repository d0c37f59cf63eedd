/* Where the line after 2.6 answers and reports in another way: spec/backend.md, profile CUR. */
#include "backend/stand_test.h"

#define AUTH "/transactions/authorize.xml?"
#define AUTHREP "/transactions/authrep.xml?"
#define OAUTH "/transactions/oauth_authorize.xml?"
#define REFUSED(code) XML "<error code=\"" code "\">..."

static void set_up(void)
{
	stand_set();
	stand_argument("--release");
	stand_argument("current");
	stand_provision();
}

static const struct {
	const char *path, *options;
	int status;
	const char *body;
} rows[] = {
	/* Identifiers (3.4). */
	{AUTH "service_token=T1&service_id=S1", "", 403,
	 ERROR_XML("user_key_invalid", "user key is missing")},
	{AUTH "service_token=T1&service_id=S1&app_id=A1", "", 403,
	 ERROR_XML("user_key_invalid", "user key is missing")},
	{AUTH "service_token=T1&service_id=S1&user_key=x", "", 403,
	 ERROR_XML("user_key_invalid", "user key \"x\" is invalid")},
	{AUTH S1_U1 "&app_id=A1", "", 403, REFUSED("authentication_error")},
	{AUTH "service_token=T2&service_id=S2&user_key=U1", "", 404,
	 ERROR_XML("application_not_found", "application id is missing")},
	{AUTH S2_A2 "x", "", 404,
	 ERROR_XML("application_not_found", "application with id=\"A2x\" was not found")},
	{OAUTH "service_token=T3&service_id=S3", "", 404,
	 ERROR_XML("application_not_found", "application id is missing")},
	/* Users (2.2), after credentials and before the shape of the usage. */
	{AUTH S1_U1 "&user_id&usage=1", "", 400,
	 ERROR_XML("end_users_no_longer_supported",
		   "End-users are no longer supported, do not specify the user_id parameter")},
	{AUTH "user_id=x", "", 403, REFUSED("provider_key_or_service_token_required")},
	{AUTH "provider_key=nope&user_id=x", "", 400, REFUSED("end_users_no_longer_supported")},
	/* Texts (2.6). */
	{AUTH S1_U1 "&referrer=%ff", "", 422, REFUSED("not_valid_data")},
	{AUTH "%ff=1", "", 422, REFUSED("not_valid_data")},
	/* Keys of OAuth services (3.5). */
	{AUTH "service_token=T3&service_id=S3&app_id=A3", "", 200, NULL},
	{AUTH "service_token=T3&service_id=S3&app_id=A3&app_key=x", "", 409, NULL},
	/* Metrics first, without a document (stage 10). */
	{AUTH S1_U1 "&usage[nope]=x", "no_body=1", 404, ""},
	{AUTH S1_U1 "&usage[hits]=x", "no_body=1", 403, ""},
	{AUTH S1_U1 "&usage[%20hits%20]=1", "no_body=1", 200, ""},
	/* Keys in documents (4.1). */
	{AUTH "service_token=T3&service_id=S3&app_id=A3", "list_app_keys=1", 200,
	 AUTHORIZED "<plan>Basic</plan><app_keys app=\"A3\" svc=\"S3\"><key id=\"K3\"/></app_keys>"
		    "</status>"},
};

START_TEST(calls_are_answered_as_of_late)
{
	expect_answer(stand_get_with(rows[_i].path, rows[_i].options), rows[_i].status,
		      rows[_i].body);
}
END_TEST

START_TEST(errors_tell_of_the_request_and_its_options)
{
	stand_set_clock("2019-06-01T10:20:30Z");
	stand_call((struct stand_request){.path = AUTH S1_U1 "&user_id=x",
					  .fields = {"3scale-options", "hierarchy=1&x[y]=z"}});
	expect_answer(
		stand_internal("GET", "services/S1/errors/", NULL), 200,
		"{\"status\":\"found\",\"errors\":[{\"code\":\"end_users_no_longer_supported\","
		"\"message\":\"End-users are no longer supported, do not specify the user_id "
		"parameter\",\"timestamp\":\"2019-06-01 10:20:30 UTC\",\"context_info\":{"
		"\"url\":\"http://10.0.0.2:3000" AUTH S1_U1 "&user_id=x\",\"method\":\"GET\","
		"\"form_vars\":null,\"user_agent\":null,\"ip\":\"10.0.0.9\","
		"\"content_type\":null,\"content_length\":null,\"extensions\":{"
		"\"hierarchy\":\"1\",\"x\":{\"y\":\"z\"}}}}],\"count\":1}");
}
END_TEST

/* Jobs (5.1, 5.2, 6.7). */

static const char *take_job(void)
{
	return stand_queues("LPOP resque:queue:priority");
}

#define JOB(transactions, context)                                                                 \
	"{\"class\":\"ThreeScale::Backend::Transactor::ReportJob\",\"args\":[\"S1\"," transactions \
	",1559384430.25," context "]}"

START_TEST(an_authrep_reports_what_was_used)
{
	stand_set_clock("2019-06-01T10:20:30.25Z");
	stand_get_with(AUTHREP S1_U1 "&usage[hits]=0&usage[other]=2&log[code]=200&log[x]=y",
		       "flat_usage=1");
	expect_text(take_job(), JOB("{\"0\":{\"app_id\":\"A1\",\"usage\":{\"other\":\"2\"},"
				    "\"log\":{\"code\":\"200\"}}}",
				    "{\"request\":{\"extensions\":{\"flat_usage\":\"1\"}}}"));
	stand_get(AUTHREP S1_U1 "&usage[hits]=1&log[x]=y");
	expect_text(take_job(), JOB("{\"0\":{\"app_id\":\"A1\",\"usage\":{\"hits\":\"1\"},"
				    "\"log\":null}}",
				    "{\"request\":{\"extensions\":{}}}"));
	stand_get(AUTHREP S1_U1 "&usage[hits]=0&log[code]=200");
	expect_text(take_job(), JOB("{\"0\":{\"app_id\":\"A1\",\"usage\":null,"
				    "\"log\":{\"code\":\"200\"}}}",
				    "{\"request\":{\"extensions\":{}}}"));
	stand_get(AUTHREP S1_U1 "&usage[hits]=0&log=text");
	expect_text(take_job(), "nil");
}
END_TEST

START_TEST(a_report_holds_what_was_used)
{
	const char *form = "service_token=T1&service_id=S1&transactions[0][user_key]=U1"
			   "&transactions[0][usage][hits]=0&transactions[1][log][code]=200"
			   "&transactions[1][usage][hits]=00&transactions[1][log][x]=y"
			   "&transactions[2]=text&transactions[3][usage]=1"
			   "&transactions[4][usage][hits]=1&transactions[4][log][x]=y"
			   "&transactions[4][usage][other]=0&transactions[4][list][]=1";

	stand_set_clock("2019-06-01T10:20:30.25Z");
	expect_answer(stand_post(form), 202, "");
	expect_text(take_job(),
		    text(JOB("{\"1\":{\"log\":{\"code\":\"200\"},\"usage\":{\"hits\":\"00\"}},"
			     "\"4\":{\"usage\":{\"hits\":\"1\"},\"list\":[\"1\"]}}",
			     "{\"response_code\":202,\"request\":{\"url\":\"http://10.0.0.2:3000/"
			     "transactions.xml\",\"method\":\"POST\",\"form_vars\":\"%s\","
			     "\"user_agent\":null,\"ip\":\"10.0.0.9\",\"content_type\":"
			     "\"application/x-www-form-urlencoded\",\"content_length\":\"%zu\","
			     "\"extensions\":{}}}"),
			 form, str_from(form).size));
	expect_answer(stand_post("service_token=T1&service_id=S1&transactions[0][usage][hits]=0"),
		      202, "");
	expect_text(take_job(), "nil");
	expect_answer(stand_post("service_token=T1&service_id=S1&transactions[0][user_id]=x"), 400,
		      REFUSED("end_users_no_longer_supported"));
	expect_answer(stand_post("service_token=T1&service_id=S1&transactions[0][user_id]=x&"
				 "transactions[1]"),
		      400, REFUSED("transactions_has_nil_transaction"));
	expect_answer(stand_post("service_token=T1&service_id=S1&x=%ff"), 422,
		      REFUSED("not_valid_data"));
}
END_TEST

START_TEST(flat_usage_is_for_its_metric_alone)
{
	struct stand_answer answer;

	stand_internal("PUT", "services/S1/plans/P/usagelimits/81/day",
		       "{\"usagelimit\":{\"day\":0}}");
	ck_assert_int_eq(stand_get(AUTH S1_U1 "&usage[search]=1").status, 409);
	answer = stand_get_with(AUTHREP S1_U1 "&usage[search]=1", "flat_usage=1&limit_headers=1");
	ck_assert_int_eq(answer.status, 200);
	expect_str(stand_field(&answer, "3scale-limit-remaining"), "-1");
	expect_str(stand_field(&answer, "Content-Security-Policy"), "default-src 'self'");
}
END_TEST

START_TEST(a_part_of_the_referrer_was_enough_of_old)
{
	stand_set();
	stand_argument("--release");
	stand_argument("current");
	stand_variable("CONFIG_LEGACY_REFERRER_FILTERS", "TRUE");
	stand_provision();
	stand_internal("POST", "services/S1/applications/A1/referrer_filters",
		       "{\"referrer_filter\":\"a*b.org\"}");
	stand_internal("PUT", "services/S1", "{\"service\":{\"referrer_filters_required\":true}}");
	expect_answer(stand_get(AUTH S1_U1 "&referrer=x.a.b.org.y"), 200, NULL);
	expect_answer(stand_get(AUTH S1_U1 "&referrer=x%0aab.org"), 200, NULL);
	expect_answer(stand_get(AUTH S1_U1 "&referrer=a%0ab.org"), 409, NULL);
	stand_clear();
}
END_TEST

Suite *backend_current_release_suite(void);
Suite *backend_current_release_suite(void)
{
	Suite *suite = suite_create("backend_current_release");
	TCase *test = tcase_create("current_release"), *other = tcase_create("other_starts");

	tcase_add_checked_fixture(test, set_up, stand_clear);
	tcase_add_loop_test(test, calls_are_answered_as_of_late, 0, sizeof rows / sizeof *rows);
	tcase_add_test(test, errors_tell_of_the_request_and_its_options);
	tcase_add_test(test, an_authrep_reports_what_was_used);
	tcase_add_test(test, a_report_holds_what_was_used);
	tcase_add_test(test, flat_usage_is_for_its_metric_alone);
	tcase_add_test(other, a_part_of_the_referrer_was_enough_of_old);
	suite_add_tcase(suite, test);
	suite_add_tcase(suite, other);
	return suite;
}
