/* Patterns of mapping rules: PT-100 to PT-102, spec/portal.md 3.5. */
#include <check.h>
#include <string.h>

#include "base/arena.h"
#include "portal/mapping_pattern.h"

#define NEEDS "a Mapping Rule has to start with '/'"
#define REPEATED "Can't have repeated variable names"

static const struct {
	const char *pattern, *fault; /* how it begins; "" = none */
} rows[] = {
	{"/", ""},
	{"/v2/pet/{petId}$", ""},
	{"/cities/{city}/now?units={units}", ""},
	{"/a;b=c/d,e/~f/g.json", ""},
	{"/a?b=c&d", ""},
	{"/a?b[]=c", ""},
	{"/a%20b", ""},
	{"", "a Mapping Rule can't be empty, has to start with '/'"},
	{"  ", "a Mapping Rule can't be empty"},
	{"a", NEEDS},
	{"/a b", NEEDS},
	{"/a$b", NEEDS},
	{"/a$$", NEEDS},
	{"/a?b=$", NEEDS},
	{"http://example.com/a", NEEDS},
	{"/a#b", NEEDS},
	{"/{}", NEEDS},
	{"/{a-b}", NEEDS},
	{"/{a", NEEDS},
	{"/a\xc3\xa9", NEEDS},
	{"/{a}/{a}", REPEATED},
	{"/{a}?b={a}", REPEATED},
	{"/a?b=1&b=2", REPEATED},
	{"/a?{b}=1", "Can't use variables as keys in the querystring"},
};

START_TEST(patterns_are_judged)
{
	struct arena *arena = arena_create();
	struct str fault = mapping_pattern_fault(arena, str_from(rows[_i].pattern));

	ck_assert_msg(str_has_prefix(fault, str_from(rows[_i].fault)) &&
			      (fault.size == 0) == (*rows[_i].fault == '\0'),
		      "%s: %.*s", rows[_i].pattern, STR_ARG(fault));
	arena_destroy(arena);
}
END_TEST

START_TEST(a_long_pattern_is_left_to_the_rule_of_lengths)
{
	struct arena *arena = arena_create();
	char pattern[300];

	memset(pattern, ' ', sizeof pattern);
	pattern[0] = '/';
	ck_assert_uint_eq(mapping_pattern_fault(arena, str_of(pattern, 255)).size > 0, 1);
	pattern[1] = 'a';
	ck_assert_uint_eq(mapping_pattern_fault(arena, str_of(pattern, 256)).size, 0);
	arena_destroy(arena);
}
END_TEST

START_TEST(wildcards_and_queries_are_taken_apart)
{
	struct arena *arena = arena_create();
	struct str pattern = STR("/a/{b}/{c}$?d={e}&f=1");

	ck_assert(str_equal(mapping_pattern_parameters(arena, pattern), STR("[\"b\",\"c\"]")));
	ck_assert(str_equal(mapping_pattern_query(arena, pattern),
			    STR("{\"d\":\"{e}\",\"f\":\"1\"}")));
	ck_assert(str_equal(mapping_pattern_parameters(arena, STR("/")), STR("[]")));
	ck_assert(str_equal(mapping_pattern_query(arena, STR("/")), STR("{}")));
	arena_destroy(arena);
}
END_TEST

Suite *portal_mapping_pattern_suite(void);
Suite *portal_mapping_pattern_suite(void)
{
	Suite *suite = suite_create("portal_mapping_pattern");
	TCase *tests = tcase_create("mapping_pattern");

	tcase_add_loop_test(tests, patterns_are_judged, 0, sizeof rows / sizeof *rows);
	tcase_add_test(tests, a_long_pattern_is_left_to_the_rule_of_lengths);
	tcase_add_test(tests, wildcards_and_queries_are_taken_apart);
	suite_add_tcase(suite, tests);
	return suite;
}
