#include "gateway/retry_cases.h"

#include <check.h>

static unsigned parse(const char *text)
{
	struct str unknown;
	unsigned cases = retry_cases_parse(str_from(text), &unknown);

	ck_assert_uint_eq(unknown.size, 0);
	return cases;
}

START_TEST(words_are_cases)
{
	struct str unknown;

	ck_assert_uint_eq(parse(""), 0);
	ck_assert_uint_eq(parse("error  timeout"), RETRY_ERROR | RETRY_TIMEOUT);
	ck_assert_uint_eq(parse("http_500 off invalid_header"), RETRY_INVALID_HEADER);
	ck_assert_uint_eq(retry_cases_parse(STR("error http_418"), &unknown), RETRY_ERROR);
	ck_assert(str_equal(unknown, STR("http_418")));
}
END_TEST

START_TEST(statuses_and_failures_are_cases_of_their_words)
{
	static const struct {
		const char *word;
		enum http_failure failure;
	} failures[] = {
		{"error", HTTP_FAILURE_CONNECT_REFUSED}, {"error", HTTP_FAILURE_CLOSED},
		{"error", HTTP_FAILURE_TLS_UNTRUSTED},   {"timeout", HTTP_FAILURE_CONNECT_TIMEOUT},
		{"timeout", HTTP_FAILURE_TIMEOUT},       {"invalid_header", HTTP_FAILURE_PROTOCOL},
	};
	unsigned all = parse("error timeout invalid_header http_503 http_404");

	for (size_t i = 0; i < sizeof failures / sizeof *failures; i++) {
		ck_assert(retry_cases_have_failure(parse(failures[i].word), failures[i].failure));
		ck_assert(!retry_cases_have_failure(parse("http_503"), failures[i].failure));
	}
	ck_assert(!retry_cases_have_failure(all, HTTP_FAILURE_NAME_NOT_FOUND));
	ck_assert(!retry_cases_have_failure(all, HTTP_FAILURE_REQUEST_BODY));
	ck_assert(retry_cases_have_status(all, 503));
	ck_assert(retry_cases_have_status(all, 404));
	ck_assert(!retry_cases_have_status(all, 502));
	ck_assert(!retry_cases_have_status(all, 200));
}
END_TEST

START_TEST(what_may_act_twice_is_repeated_only_before_it_was_sent)
{
	ck_assert(retry_cases_have_method(0, STR("GET"), true));
	ck_assert(retry_cases_have_method(0, STR("DELETE"), true));
	ck_assert(!retry_cases_have_method(0, STR("POST"), true));
	ck_assert(!retry_cases_have_method(0, STR("PATCH"), true));
	ck_assert(retry_cases_have_method(0, STR("POST"), false));
	ck_assert(retry_cases_have_method(RETRY_NON_IDEMPOTENT, STR("LOCK"), true));
}
END_TEST

Suite *gateway_retry_cases_suite(void)
{
	Suite *suite = suite_create("gateway/retry_cases");
	TCase *tcase = tcase_create("retry_cases");

	tcase_add_test(tcase, words_are_cases);
	tcase_add_test(tcase, statuses_and_failures_are_cases_of_their_words);
	tcase_add_test(tcase, what_may_act_twice_is_repeated_only_before_it_was_sent);
	suite_add_tcase(suite, tcase);
	return suite;
}
