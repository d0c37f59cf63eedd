#include "gateway/path_pattern.h"

#include <check.h>

#include "base/arena.h"
#include "base/error.h"

static struct arena *arena;

static void set_up(void)
{
	arena = arena_create();
}

static void tear_down(void)
{
	arena_destroy(arena);
}

static bool fits(const char *pattern, const char *path)
{
	struct path_pattern compiled;
	struct error error = {0};
	bool result;

	ck_assert_msg(path_pattern_compile(arena, str_from(pattern), &compiled, &error), "%s: %s",
		      pattern, error.text);
	result = path_pattern_is_match(&compiled, str_from(path));
	path_pattern_release(&compiled);
	return result;
}

static const struct {
	const char *pattern, *path;
	bool is_match;
} table[] = {
	{"/", "/", true},
	{"/", "/anything/at/all", true},
	{"/v1", "/v1", true},
	{"/v1", "/v1/x", true},
	{"/v1", "/v12", true},
	{"/v1", "/v", false},
	{"/v1", "/x/v1", false},
	{"/foo$", "/foo", true},
	{"/foo$", "/foo/1", false},
	{"/foo?bar=baz", "/foo", true}, /* the query counts elsewhere */
	{"/o/{id}", "/o/7", true},
	{"/o/{id}", "/o/", false},
	{"/o/{id}", "/o/ ", false},
	{"/o/{id}$", "/o/7", true},
	{"/o/{id}$", "/o/7/x", false},
	{"/o/{id}/x", "/o/a@b:c%/x", true},
	{"/o/{id}/x", "/o/a/b/x", false},
	{"/o/{id}.json$", "/o/a.json", true},
	{"/o/{id}.json$", "/o/a.json.json", true},
	{"/o/{id}.json$", "/o/.json", false},
	{"/o/{id}.json$", "/o/a.xml", false},
	{"/{a}-{b}/c", "/x-y-z/c", true},
	{"/{a}-{b}/c", "/x/c", false},
	{"/{a}{b}", "/xy", true},
	{"/{a}{b}", "/x", false},
	{"/v1.json", "/v1.json", true},
	{"/v1.json", "/v1xjson", false},
	{"/{}", "/{}", true}, /* no name: no placeholder */
	{"/{open", "/{open", true},
	{"/(a|b)/c", "/b/c", true},
	{"/(a|b)/c", "/c/c", false},
	{"/a*/{id}.x$", "/aaa/7.x", true},
	{"/a*/{id}.x$", "/aaa/7yx", false},
	{"/a*/{id}.x$", "/aaa/7.x/more", false},
	{"", "/x", true},
	{"$", "/x", false},
};

START_TEST(patterns_match_as_the_table_says)
{
	ck_assert_msg(fits(table[_i].pattern, table[_i].path) == table[_i].is_match, "%s %s",
		      table[_i].pattern, table[_i].path);
}
END_TEST

START_TEST(a_broken_expression_is_told_and_never_matches)
{
	struct path_pattern compiled;
	struct error error = {0};

	ck_assert(!path_pattern_compile(arena, STR("/(a"), &compiled, &error));
	ck_assert_int_eq(error.kind, ERROR_INVALID);
	ck_assert(!path_pattern_is_match(&compiled, STR("/(a")));
	path_pattern_release(&compiled);
}
END_TEST

Suite *gateway_path_pattern_suite(void);
Suite *gateway_path_pattern_suite(void)
{
	Suite *suite = suite_create("gateway_path_pattern");
	TCase *match = tcase_create("match");

	tcase_add_checked_fixture(match, set_up, tear_down);
	tcase_add_loop_test(match, patterns_match_as_the_table_says, 0,
			    (int)(sizeof table / sizeof *table));
	tcase_add_test(match, a_broken_expression_is_told_and_never_matches);
	suite_add_tcase(suite, match);
	return suite;
}
