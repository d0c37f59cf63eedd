/* POST /transactions.xml: spec/backend.md 2.3, 5.1. */
#include "backend/stand_test.h"

#include <string.h>

static void set_up(void)
{
	stand_set();
	stand_provision();
}

static struct stand_answer post_as(const char *content_type, const char *body)
{
	return stand_call((struct stand_request){.method = "POST",
						 .path = "/transactions.xml",
						 .body = body,
						 .fields = {"Content-Type", content_type}});
}

#define S1 "service_token=T1&service_id=S1"
#define ONE_HIT "&transactions[0][user_key]=U1&transactions[0][usage][hits]=1"

static const char *hits(void)
{
	stand_drain();
	return stand_redis("GET stats/{service:S1}/cinstance:A1/metric:81/eternity");
}

static const struct {
	const char *content_type;
	bool is_accepted;
} content_type_rows[] = {
	{"application/x-www-form-urlencoded", true},
	{"application/x-www-form-urlencoded; charset=utf-8", true},
	{"APPLICATION/X-WWW-FORM-URLENCODED", true},
	{"", true},
	{"application/json", false},
	{"text/plain", false},
	{"text/xml; charset=utf-8", false},
};

START_TEST(only_forms_are_read)
{
	struct stand_answer answer = post_as(content_type_rows[_i].content_type, S1 ONE_HIT);

	if (content_type_rows[_i].is_accepted) {
		expect_answer(answer, 202, "");
		expect_text(hits(), "1");
		return;
	}
	ck_assert_int_eq(answer.status, 400);
	ck_assert(stand_contains(answer.body, "<error code=\"content_type_invalid\">invalid "
					      "Content-Type: "));
	/* It wins over missing credentials (BE-168), and names the bare type. */
	expect_answer(post_as("text/xml; charset=utf-8", "x=y"), 400,
		      ERROR_XML("content_type_invalid", "invalid Content-Type: text/xml"));
}
END_TEST

START_TEST(multipart_bodies_say_the_same)
{
	const char *body = "--xx\r\nContent-Disposition: form-data; name=\"service_token\"\r\n\r\n"
			   "T1\r\n--xx\r\nContent-Disposition: form-data; name=service_id\r\n\r\n"
			   "S1\r\n--xx\r\nContent-Disposition: form-data; "
			   "name=\"transactions[0][app_id]\"\r\n\r\nA1\r\n"
			   "--xx\r\nContent-Disposition: form-data; "
			   "name=\"transactions[0][usage][hits]\"\r\n\r\n2\r\n"
			   "--xx\r\nContent-Disposition: form-data; name=\"f\"; filename=\"x\"\r\n"
			   "Content-Type: text/plain\r\n\r\nbytes\r\n--xx--\r\n";

	expect_answer(post_as("multipart/form-data; boundary=\"xx\"", body), 202, "");
	expect_text(hits(), "2");
	expect_answer(post_as("multipart/form-data; boundary=yy", body), 400, NULL);
	expect_answer(post_as("multipart/form-data", body), 400, NULL);
	expect_answer(post_as("multipart/form-data; boundary=xx", "--xx\r\nno end"), 400, NULL);
	expect_answer(post_as("multipart/form-data; boundary=xx", "--xx\r\n\r\n--xx--"), 400, NULL);
	expect_answer(post_as("multipart/form-data; boundary=xx", "--xx"), 400, NULL);
	expect_answer(post_as("multipart/form-data; boundary=xx", ""), 403, NULL);
}
END_TEST

START_TEST(parameters_may_stand_in_the_query)
{
	expect_answer(stand_call((struct stand_request){.method = "POST",
							.path = "/transactions.xml?" S1 ONE_HIT}),
		      202, "");
	expect_text(hits(), "1");
	/* The body wins at the top (BE-170). */
	expect_answer(stand_call((struct stand_request){
			      .method = "POST",
			      .path = "/transactions.xml?service_token=bad&service_id=S1",
			      .body = S1 ONE_HIT,
			      .fields = {"Content-Type", "application/x-www-form-urlencoded"}}),
		      202, "");
}
END_TEST

#define BLANK ERROR_XML("transactions_is_blank", "transactions parameter is blank")
#define FORMAT ERROR_XML("transactions_format_invalid", "transactions format is invalid")
#define NO_CREDENTIALS                                                                             \
	ERROR_XML("provider_key_or_service_token_required",                                        \
		  "Provider key or service token are required")

static const struct {
	const char *form;
	int status;
	const char *body;
} refusal_rows[] = {
	{"", 403, NO_CREDENTIALS},
	{"transactions=%ff", 403, NO_CREDENTIALS},
	{"provider_key=&" S1 ONE_HIT, 403,
	 ERROR_XML("service_token_invalid",
		   "service token \"T1\" or service id \"S1\" is invalid")},
	{"provider_key=nope&service_id=S1" ONE_HIT, 403,
	 ERROR_XML("provider_key_invalid", "provider key \"nope\" is invalid")},
	{S1, 400, BLANK},
	{S1 "&transactions=", 400, BLANK},
	{S1 "&transactions", 400, BLANK},
	{S1 "&transactions=x", 400, FORMAT},
	{S1 "&transactions[]=x", 400, FORMAT},
	{S1 "&transactions[][app_id]=x", 400, FORMAT},
	{S1 "&transactions[0]", 400,
	 ERROR_XML("transactions_has_nil_transaction", "transactions has a nil transaction")},
	{S1 "&transactions[0][user_key]=%ff", 400,
	 ERROR_XML("not_valid_data", "all data must be valid UTF8")},
	{S1 "&service_token=%ff&service_id=S1", 403, NULL},
	{S1 "&a=%z", 400, ERROR_XML("bad_request", "Invalid query parameters: invalid %-encoding")},
};

START_TEST(reports_are_refused)
{
	expect_answer(stand_post(refusal_rows[_i].form), refusal_rows[_i].status,
		      refusal_rows[_i].body);
	expect_text(stand_queues("LLEN resque:queue:priority"), "0");
	expect_text(stand_redis("EXISTS errors/service_id:S1"), "0");
}
END_TEST

START_TEST(a_report_is_one_job)
{
	stand_set_clock("2019-06-01T10:20:30Z");
	expect_answer(
		stand_post(S1 "&transactions[0][app_id]=a1&transactions[0][usage][hits]=1&"
			      "transactions[0][timestamp]=2019-06-01+10:00:00&transactions[x][log]"
			      "[code]=200&transactions[x][list][]=1&transactions[x][list][]"),
		202, "");
	expect_text(
		stand_queues("LRANGE resque:queue:priority 0 -1"),
		"[{\"class\":\"ThreeScale::Backend::Transactor::ReportJob\",\"args\":[\"S1\",{"
		"\"0\":"
		"{\"app_id\":\"a1\",\"usage\":{\"hits\":\"1\"},\"timestamp\":\"2019-06-01 "
		"10:00:00\"},\"x\":{\"log\":{\"code\":\"200\"},\"list\":[\"1\",null]}},"
		"1559384430.0,{\"response_code\":202,\"request\":{\"url\":\"http://"
		"10.0.0.2:3000/transactions.xml\",\"method\":\"POST\",\"form_vars\":\""
		"service_token=T1&service_id=S1&transactions[0][app_id]=a1&transactions[0][usage]"
		"[hits]=1&transactions[0][timestamp]=2019-06-01+10:00:00&transactions[x][log]"
		"[code]=200&transactions[x][list][]=1&transactions[x][list][]\",\"user_agent\":"
		"null,\"ip\":\"10.0.0.9\",\"content_type\":\"application/x-www-form-urlencoded\","
		"\"content_length\":\"216\"}}]}]");
}
END_TEST

START_TEST(many_transactions_are_one_report)
{
	struct strbuf form;

	strbuf_init(&form, 1024 * 1024);
	strbuf_append(&form, STR(S1));
	for (int i = 0; i < 1500; i++)
		strbuf_append_format(&form,
				     "&transactions[%d][user_key]=U1&transactions[%d][usage]"
				     "[hits]=1",
				     i, i);
	expect_answer(stand_post(str_cstr(stand_arena(), strbuf_str(&form))), 202, "");
	expect_text(hits(), "1500");
	strbuf_free(&form);
}
END_TEST

START_TEST(bodies_are_bounded)
{
	size_t size = 4 * 1024 * 1024 + 1;
	char *body = arena_alloc(stand_arena(), size + 1);

	memset(body, 'x', size);
	expect_answer(stand_post(body), 400,
		      ERROR_XML("bad_request", "total query size exceeds limit (4194304)"));
	body[70000] = '\0';
	expect_answer(stand_post(body), 400,
		      ERROR_XML("not_valid_data", "all data must be valid UTF8"));
}
END_TEST

Suite *backend_report_suite(void);
Suite *backend_report_suite(void)
{
	Suite *suite = suite_create("backend_report");
	TCase *test = tcase_create("report");

	tcase_add_checked_fixture(test, set_up, stand_clear);
	tcase_add_loop_test(test, only_forms_are_read, 0,
			    sizeof content_type_rows / sizeof *content_type_rows);
	tcase_add_test(test, multipart_bodies_say_the_same);
	tcase_add_test(test, parameters_may_stand_in_the_query);
	tcase_add_loop_test(test, reports_are_refused, 0,
			    sizeof refusal_rows / sizeof *refusal_rows);
	tcase_add_test(test, a_report_is_one_job);
	tcase_add_test(test, many_transactions_are_one_report);
	tcase_add_test(test, bodies_are_bounded);
	suite_add_tcase(suite, test);
	return suite;
}
