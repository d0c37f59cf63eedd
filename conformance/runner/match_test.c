#include "conformance/runner/match.h"

#include <check.h>

#include "base/arena.h"
#include "base/json.h"
#include "base/limits.h"

static struct arena *arena;

static void set_up(void)
{
	arena = arena_create();
}

static void tear_down(void)
{
	arena_destroy(arena);
}

static const struct json *json_of(const char *text)
{
	const struct json *value = json_parse(arena, str_from(text), LIMIT_CASE_FILE_BYTES, NULL);

	ck_assert_ptr_nonnull(value);
	return value;
}

static const struct {
	const char *expected, *actual; /* NULL: absent */
	bool fits;
} value_rows[] = {
	{"\"k\"", "k", true},
	{"\"k\"", "K", false},
	{"\"k\"", NULL, false},
	{"\"\"", "", true},
	{"\"\"", NULL, false},
	{"2", "2", true},
	{"2", "2.0", false},
	{"true", "true", true},
	{"{\"matches\": \"^a.c$\"}", "abc", true},
	{"{\"matches\": \"b\"}", "abc", true},
	{"{\"matches\": \"^b\"}", "abc", false},
	{"{\"matches\": \"\"}", NULL, false},
	{"{\"absent\": true}", NULL, true},
	{"{\"absent\": true}", "", false},
	{"{\"any\": true}", "", true},
	{"{\"any\": true}", NULL, false},
};

START_TEST(a_value_is_a_text_or_one_of_three_matchers)
{
	const char *actual = value_rows[_i].actual;

	ck_assert_int_eq(
		match_value(json_of(value_rows[_i].expected), actual != NULL, str_from(actual)),
		value_rows[_i].fits);
}
END_TEST

static const struct {
	const char *expected, *actual;
	bool fits;
} json_rows[] = {
	{"{}", "{\"a\": 1}", true},
	{"{\"a\": 1}", "{\"b\": 2, \"a\": 1}", true},
	{"{\"a\": 1}", "{\"a\": \"1\"}", false},
	{"{\"a\": 1}", "{\"b\": 1}", false},
	{"{\"a\": {\"b\": [1]}}", "{\"a\": {\"b\": [1], \"c\": 0}}", true},
	{"{\"a\": 1}", "[1]", false},
	{"[]", "[]", true},
	{"[]", "[1]", false},
	{"[{\"a\": 1}, 2]", "[{\"a\": 1, \"b\": 2}, 2]", true},
	{"[1, 2]", "[2, 1]", false},
	{"[1]", "{\"a\": 1}", false},
	{"null", "null", true},
	{"null", "0", false},
	{"{\"a\": {\"matches\": \"UTC$\"}}", "{\"a\": \"now UTC\"}", true},
	{"{\"a\": {\"matches\": \"^4\"}}", "{\"a\": 42}", true},
	{"{\"a\": {\"absent\": true}}", "{}", true},
	{"{\"a\": {\"absent\": true}}", "{\"a\": null}", false},
	{"{\"a\": {\"any\": true}}", "{\"a\": []}", true},
	{"{\"a\": {\"any\": true}}", "{}", false},
	{"{\"has_item\": {\"a\": 1}}", "[2, {\"a\": 1, \"b\": 2}]", true},
	{"{\"has_item\": {\"a\": 1}}", "[{\"a\": 2}]", false},
	{"{\"has_item\": 1}", "1", false},
	{"{\"l\": {\"has_no_item\": 1}}", "{\"l\": [2, 3]}", true},
	{"{\"l\": {\"has_no_item\": 1}}", "{\"l\": [2, 1]}", false},
	{"{\"l\": {\"has_no_item\": 1}}", "{}", false},
	{"{\"item_count\": 2}", "[1, 1]", true},
	{"{\"item_count\": 2}", "[1]", false},
	{"{\"any\": 1, \"matches\": 2}", "{\"any\": 1, \"matches\": 2}", true},
};

START_TEST(json_fits_as_a_subset)
{
	ck_assert_int_eq(match_json(json_of(json_rows[_i].expected), json_of(json_rows[_i].actual)),
			 json_rows[_i].fits);
}
END_TEST

static const struct {
	const char *expected, *actual;
	bool fits;
} exact_rows[] = {
	{"{\"a\": 1}", "{\"a\": 1}", true},
	{"{\"a\": 1}", "{\"a\": 1, \"b\": 2}", false},
	{"{\"a\": 1, \"b\": 2}", "{\"b\": 2, \"a\": 1}", true},
	{"{\"a\": [{\"b\": 1}]}", "{\"a\": [{\"b\": 1, \"c\": 1}]}", false},
	{"{\"a\": {\"any\": true}}", "{\"a\": {\"b\": 1}}", true},
	{"{\"has_item\": {\"a\": 1}}", "[{\"a\": 1, \"b\": 1}]", false},
};

START_TEST(json_fits_exactly)
{
	ck_assert_int_eq(match_json_exactly(json_of(exact_rows[_i].expected),
					    json_of(exact_rows[_i].actual)),
			 exact_rows[_i].fits);
}
END_TEST

static const struct {
	const char *pattern, *text;
	bool fits;
} glob_rows[] = {
	{"GW-083", "GW-083", true},
	{"GW-08", "GW-083", false},
	{"GW-08*", "GW-083", true},
	{"GW-08*", "GW-08", true},
	{"*", "", true},
	{"*3", "GW-083", true},
	{"*8*3*", "GW-083", true},
	{"GW-0?3", "GW-083", true},
	{"?", "", false},
	{"*-1*-2", "a-1-1-2", true},
	{"*a", "ab", false},
	{"", "", true},
	{"", "a", false},
};

START_TEST(a_star_stands_for_any_text)
{
	ck_assert_int_eq(match_glob(str_from(glob_rows[_i].pattern), str_from(glob_rows[_i].text)),
			 glob_rows[_i].fits);
}
END_TEST

#define ROWS(rows) (int)(sizeof(rows) / sizeof *(rows))

Suite *conformance_runner_match_suite(void);
Suite *conformance_runner_match_suite(void)
{
	Suite *suite = suite_create("conformance_runner_match");
	TCase *tests = tcase_create("match");

	tcase_add_checked_fixture(tests, set_up, tear_down);
	tcase_add_loop_test(tests, a_value_is_a_text_or_one_of_three_matchers, 0, ROWS(value_rows));
	tcase_add_loop_test(tests, json_fits_as_a_subset, 0, ROWS(json_rows));
	tcase_add_loop_test(tests, json_fits_exactly, 0, ROWS(exact_rows));
	tcase_add_loop_test(tests, a_star_stands_for_any_text, 0, ROWS(glob_rows));
	suite_add_tcase(suite, tests);
	return suite;
}
