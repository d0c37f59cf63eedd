#include "base/pattern.h"

#include <check.h>
#include <stddef.h>
#include <string.h>

#include "base/arena.h"
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

/* Without a bound of its own for each, these take from 10 s to minutes, and gigabytes. */
static const char *const exploding[] = {
	"(?:x|a.{0,400}.{0,400})[yz]",
	"a.{0,400}.{0,400}[yz]",     /* some work, from each of many beginnings */
	"(?:(?:a|aa)(?:a|aa))*[yz]", /* more with each byte */
	"(a(?1)?[bc]|a)*[yz]",       /* calls itself */
	"(?:((((((a))))))|(b))*+(?:a|aa)*[yz]",
};

START_TEST(a_long_text_takes_no_longer)
{
	static char text[8192];
	struct pattern *pattern = pattern_create(str_from(exploding[_i]), NULL);

	memset(text, 'a', sizeof text);
	ck_assert(!pattern_is_found(pattern, str_of(text, sizeof text)));
	pattern_destroy(pattern);
}
END_TEST

START_TEST(steps_of_many_groups_are_dearer)
{
	static char text[8192];
	struct strbuf expression;
	struct pattern *pattern;

	strbuf_init(&expression, 65536);
	for (size_t i = 0; i < 5000; i++)
		strbuf_append(&expression, STR("()"));
	strbuf_append(&expression, STR("(?:(a)|(b))*[yz]"));
	pattern = pattern_create(strbuf_str(&expression), NULL);
	memset(text, 'a', sizeof text);
	ck_assert(!pattern_is_found(pattern, str_of(text, sizeof text)));
	pattern_destroy(pattern);
	strbuf_free(&expression);
}
END_TEST

START_TEST(what_is_long_but_no_work_matches)
{
	static const char *const expressions[] = {
		"^(a|b)*$", "^((a)|(b))*$", "a+b?a$", ".*a$", "^(?:a[ab])*[^z]+$", "[b-z]|a(?!a)",
	};
	static char text[8192];

	memset(text, 'a', sizeof text);
	for (size_t i = 0; i < sizeof expressions / sizeof *expressions; i++) {
		struct pattern *pattern = pattern_create(str_from(expressions[i]), NULL);

		ck_assert_msg(pattern_is_found(pattern, str_of(text, sizeof text)), "%s",
			      expressions[i]);
		pattern_destroy(pattern);
	}
}
END_TEST

START_TEST(a_long_text_of_characters_is_searched_from_each)
{
	static char text[8192];
	struct arena *arena = arena_create();
	struct str groups[1];

	for (size_t i = 0; i < sizeof text; i += 2) {
		text[i] = '\xc3';
		text[i + 1] = i < 2600 ? '\xa9' : '\xa0';
	}
	ck_assert_uint_eq(
		pattern_find(pattern_create_in(arena, STR("(?:x|(\xc3\xa9|e)*)\xc3\xa0+$"),
					       PATTERN_UTF, NULL),
			     str_of(text, sizeof text), 0, groups, 1),
		1);
	ck_assert_ptr_eq(groups[0].data, text);
	arena_destroy(arena);
}
END_TEST

START_TEST(groups_are_slices_and_those_that_took_no_part_have_no_data)
{
	struct arena *arena = arena_create();
	struct pattern *pattern = pattern_create_in(arena, STR("b(c)?(d)"), 0, NULL);
	struct str text = STR("abd abcd"), groups[4];

	ck_assert_uint_eq(pattern_find(pattern, text, 0, groups, 4), 3);
	ck_assert(str_equal(groups[0], STR("bd")) && groups[0].data == text.data + 1);
	ck_assert_ptr_null(groups[1].data);
	ck_assert(str_equal(groups[2], STR("d")));
	ck_assert_uint_eq(pattern_find(pattern, text, 2, groups, 2), 2);
	ck_assert(str_equal(groups[1], STR("c")));
	ck_assert_uint_eq(pattern_find(pattern, text, 7, groups, 4), 0);
	ck_assert_uint_eq(pattern_find(pattern, text, 9, groups, 4), 0);
	arena_destroy(arena);
}
END_TEST

START_TEST(options_change_what_matches)
{
	static const struct {
		unsigned options;
		struct str expression, text;
		bool with, without;
	} rows[] = {
		{PATTERN_NOCASE, STR_INIT("AB"), STR_INIT("xab"), true, false},
		{PATTERN_ANCHORED, STR_INIT("b"), STR_INIT("ab"), false, true},
		{PATTERN_MULTILINE, STR_INIT("^b"), STR_INIT("a\nb"), true, false},
		{PATTERN_DOTALL, STR_INIT("a.b"), STR_INIT("a\nb"), true, false},
		{PATTERN_EXTENDED, STR_INIT("a b"), STR_INIT("ab"), true, false},
		{PATTERN_UTF, STR_INIT("^.$"), STR_INIT("\xc3\xa9"), true, false},
		{PATTERN_UTF, STR_INIT("b"), STR_INIT("b\xff"), false, true},
	};
	struct arena *arena = arena_create();

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		ck_assert(pattern_is_found(pattern_create_in(arena, rows[i].expression,
							     rows[i].options, NULL),
					   rows[i].text) == rows[i].with);
		ck_assert(pattern_is_found(pattern_create_in(arena, rows[i].expression, 0, NULL),
					   rows[i].text) == rows[i].without);
	}
	ck_assert_ptr_null(pattern_create_in(arena, STR("("), 0, NULL));
	arena_destroy(arena);
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
	tcase_add_loop_test(tcase, a_long_text_takes_no_longer, 0,
			    sizeof exploding / sizeof *exploding);
	tcase_add_test(tcase, steps_of_many_groups_are_dearer);
	tcase_add_test(tcase, what_is_long_but_no_work_matches);
	tcase_add_test(tcase, a_long_text_of_characters_is_searched_from_each);
	tcase_add_test(tcase, groups_are_slices_and_those_that_took_no_part_have_no_data);
	tcase_add_test(tcase, options_change_what_matches);
	suite_add_tcase(suite, tcase);
	return suite;
}
