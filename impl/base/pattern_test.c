#include "base/pattern.h"

#include <check.h>
#include <stddef.h>

#include "base/error.h"

START_TEST(finds_anywhere_unless_anchored)
{
	struct pattern *loose = pattern_create(STR("b+c"), NULL);
	struct pattern *anchored = pattern_create(STR("^on"), NULL);

	ck_assert(pattern_is_found(loose, STR("abbbc")));
	ck_assert(!pattern_is_found(loose, STR("ab")));
	ck_assert(pattern_is_found(anchored, STR("one")));
	ck_assert(!pattern_is_found(anchored, STR("stone")));
	pattern_destroy(loose);
	pattern_destroy(anchored);
	pattern_destroy(NULL);
}
END_TEST

START_TEST(an_empty_expression_matches_an_empty_text)
{
	struct pattern *pattern = pattern_create((struct str){NULL, 0}, NULL);

	ck_assert(pattern_is_found(pattern, (struct str){NULL, 0}));
	pattern_destroy(pattern);
}
END_TEST

START_TEST(a_broken_expression_is_named_with_its_place)
{
	struct error error = {0};

	ck_assert_ptr_null(pattern_create(STR("a["), &error));
	ck_assert_int_eq(error.kind, ERROR_INVALID);
	ck_assert_str_eq(error.text,
			 "invalid pattern at 2: missing terminating ] for character class");
}
END_TEST

START_TEST(a_text_that_takes_too_long_does_not_match)
{
	struct pattern *pattern = pattern_create(STR("(a+)+(b+)+(a+)+$"), NULL);

	ck_assert(
		!pattern_is_found(pattern, STR("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaabaaaaaac")));
	pattern_destroy(pattern);
}
END_TEST

Suite *base_pattern_suite(void)
{
	Suite *suite = suite_create("base/pattern");
	TCase *tcase = tcase_create("pattern");

	tcase_add_test(tcase, finds_anywhere_unless_anchored);
	tcase_add_test(tcase, an_empty_expression_matches_an_empty_text);
	tcase_add_test(tcase, a_broken_expression_is_named_with_its_place);
	tcase_add_test(tcase, a_text_that_takes_too_long_does_not_match);
	suite_add_tcase(suite, tcase);
	return suite;
}
