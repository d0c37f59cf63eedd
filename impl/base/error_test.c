#include "base/error.h"

#include <check.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "base/bug.h"

START_TEST(setting_fills_kind_and_text_and_answers_false)
{
	struct error error = {0};

	ck_assert(!error_set(&error, ERROR_LIMIT, "%d of %s", 3, "keys"));
	ck_assert_int_eq(error.kind, ERROR_LIMIT);
	ck_assert_str_eq(error.text, "3 of keys");
}
END_TEST

START_TEST(no_error_wanted_is_allowed)
{
	ck_assert(!error_set(NULL, ERROR_SYSTEM, "x"));
	ck_assert(!error_wrap(NULL, "x"));
}
END_TEST

START_TEST(wrapping_puts_the_context_before)
{
	struct error error = {0};

	error_set(&error, ERROR_INVALID, "bad port");
	ck_assert(!error_wrap(&error, "service %d", 5));
	error_wrap(&error, "config");
	ck_assert_str_eq(error.text, "config: service 5: bad port");
	ck_assert_int_eq(error.kind, ERROR_INVALID);
}
END_TEST

START_TEST(a_text_may_quote_the_error_itself)
{
	struct error error = {0};

	error_set(&error, ERROR_INVALID, "inner");
	error_set(&error, ERROR_SYSTEM, "outer (%s)", error.text);
	ck_assert_str_eq(error.text, "outer (inner)");
}
END_TEST

START_TEST(long_texts_are_cut_between_characters)
{
	struct error error = {0};
	char text[2000];

	memset(text, 'a', sizeof text);
	text[sizeof text - 1] = '\0';
	error_set(&error, ERROR_INVALID, "%s", text);
	ck_assert_uint_eq(strlen(error.text), sizeof error.text - 1);
	error_wrap(&error, "%s", text);
	ck_assert_uint_eq(strlen(error.text), sizeof error.text - 1);
	memcpy(text + sizeof error.text - 2, "\xc3\xbc", 2);
	error_set(&error, ERROR_INVALID, "%s", text);
	ck_assert_uint_eq(strlen(error.text), sizeof error.text - 2);
	ck_assert_int_eq(error.text[sizeof error.text - 3], 'a');
}
END_TEST

START_TEST(one_line_stays_one_line)
{
	struct error error = {0};

	error_set(&error, ERROR_INVALID, "a\nb\r\tc\x7f");
	ck_assert_str_eq(error.text, "a?b??c?");
}
END_TEST

START_TEST(a_broken_invariant_ends_the_process)
{
	volatile int one = 1;

	BUG_IF(one == 1);
}
END_TEST

START_TEST(a_kept_invariant_goes_on)
{
	volatile int one = 1;

	BUG_IF(one == 2);
	ck_assert_int_eq(one, 1);
}
END_TEST

Suite *base_error_suite(void);
Suite *base_error_suite(void)
{
	Suite *suite = suite_create("base_error");
	TCase *tests = tcase_create("error");
	const char *fork = getenv("CK_FORK");

	tcase_add_test(tests, setting_fills_kind_and_text_and_answers_false);
	tcase_add_test(tests, no_error_wanted_is_allowed);
	tcase_add_test(tests, wrapping_puts_the_context_before);
	tcase_add_test(tests, a_text_may_quote_the_error_itself);
	tcase_add_test(tests, long_texts_are_cut_between_characters);
	tcase_add_test(tests, one_line_stays_one_line);
	tcase_add_test(tests, a_kept_invariant_goes_on);
	if (fork == NULL || strcmp(fork, "no") != 0)
		tcase_add_test_raise_signal(tests, a_broken_invariant_ends_the_process, SIGABRT);
	suite_add_tcase(suite, tests);
	return suite;
}
