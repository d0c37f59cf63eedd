#include "sim/scenario/desk_test.h"

#include "base/json.h"
#include "base/yaml.h"
#include "sim/scenario/stage_internal.h"

static struct stage stage;

static void set_up(void)
{
	stage.arena = arena_create();
	stage.variables = map_create(0);
}

static void tear_down(void)
{
	map_destroy(stage.variables);
	arena_destroy(stage.arena);
}

static const struct json *yaml(const char *text)
{
	struct error error = {0};
	const struct json *value = yaml_parse(stage.arena, str_from(text), 10000, &error);

	ck_assert_msg(value != NULL, "%s", error.text);
	return value;
}

static const struct {
	const char *text;
	int64_t us; /* -1: refused */
} durations[] = {
	{"250ms", 250000},
	{"0s", 0},
	{"30s", 30000000},
	{"5m", 300000000},
	{"2h", INT64_C(7200000000)},
	{"1d", INT64_C(86400000000)},
	{"7", 7000000},
	{"'7'", 7000000},
	{"3650d", INT64_C(315360000000000)},
	{"3651d", -1},
	{"99999999999999999999s", -1},
	{"9223372036854775807", -1},
	{"-1s", -1},
	{"1.5s", -1},
	{"s", -1},
	{"''", -1},
	{"10 s", -1},
	{"10 s ", -1},
	{"10us", -1},
	{"5m30s", -1},
	{"[1s]", -1},
	{"null", -1},
};

START_TEST(durations_are_read)
{
	struct error error = {0};
	int64_t us = 42;
	bool read = stage_duration(yaml(durations[_i].text), &us, &error);

	ck_assert_int_eq(read, durations[_i].us >= 0);
	ck_assert_int_eq(us, read ? durations[_i].us : 42);
	if (!read)
		desk_assert_has(str_from(error.text), "is no duration");
}
END_TEST

START_TEST(a_missing_duration_is_none)
{
	int64_t us = 42;

	ck_assert(!stage_duration(NULL, &us, NULL));
	ck_assert_int_eq(us, 42);
}
END_TEST

START_TEST(numbers_have_bounds)
{
	const struct json *table = yaml("{a: 1, b: 65535, c: 65536, d: '80', e: x, f: 1.5, g: -1}");
	struct error error = {0};
	int64_t number = 42;

	ck_assert(stage_number(table, STR("none"), 1, 65535, &number, &error));
	ck_assert_int_eq(number, 42);
	ck_assert(stage_number(table, STR("a"), 1, 65535, &number, &error));
	ck_assert_int_eq(number, 1);
	ck_assert(stage_number(table, STR("b"), 1, 65535, &number, &error));
	ck_assert_int_eq(number, 65535);
	ck_assert(stage_number(table, STR("d"), 1, 65535, &number, &error));
	ck_assert_int_eq(number, 80);
	ck_assert(!stage_number(table, STR("c"), 1, 65535, &number, &error));
	ck_assert_str_eq(error.text, "c must be a number from 1 to 65535, not \"65536\"");
	ck_assert(!stage_number(table, STR("e"), 1, 65535, &number, &error));
	ck_assert(!stage_number(table, STR("f"), 1, 65535, &number, &error));
	ck_assert(!stage_number(table, STR("g"), 0, 65535, &number, &error));
	ck_assert_int_eq(number, 80);
}
END_TEST

START_TEST(words_are_whole)
{
	ck_assert(stage_has_word("of contains", STR("of")));
	ck_assert(stage_has_word("of contains", STR("contains")));
	ck_assert(!stage_has_word("of contains", STR("contain")));
	ck_assert(!stage_has_word("of contains", STR("of contains")));
	ck_assert(!stage_has_word("", STR("of")));
}
END_TEST

static const struct {
	const char *text, *expanded; /* NULL: unknown variable */
} expansions[] = {
	{"plain", "plain"},
	{"{one}", "1"},
	{"a{one}b{two_2}c", "a1btwoc"},
	{"{one}{one}", "11"},
	{"{braces}", "{one}"}, /* what a variable holds is text */
	{"{unknown}", NULL},
	{"{one", "{one"},
	{"one}", "one}"},
	{"{}", "{}"},
	{"{ one }", "{ one }"},
	{"{One}", "{One}"},
	{"\\d{3}", "\\d{3}"},
	{"{\"a\":{\"b\":\"{one}\"}}", "{\"a\":{\"b\":\"1\"}}"},
	{"/users/{{id}/x", "/users/{id}/x"},
	{"{{one}", "{one}"},
	{"{{ one }}", "{{ one }}"},
	{"{{{one}", "{{one}"},
	{"{", "{"},
	{"{{", "{{"},
};

START_TEST(variables_are_replaced)
{
	struct json *value = json_new_str(stage.arena, str_from(expansions[_i].text));
	struct error error = {0};
	const struct json *expanded;

	stage_put_variable(&stage, STR("one"), STR("1"));
	stage_put_variable(&stage, STR("two_2"), STR("two"));
	stage_put_variable(&stage, STR("braces"), STR("{one}"));
	expanded = stage_expand(&stage, value, &error);
	if (expansions[_i].expanded == NULL) {
		ck_assert(expanded == NULL);
		ck_assert_str_eq(error.text, "no variable {unknown}");
		return;
	}
	ck_assert_msg(expanded != NULL, "%s", error.text);
	ck_assert_str_eq(str_cstr(stage.arena, expanded->text), expansions[_i].expanded);
	ck_assert(str_equal(value->text, str_from(expansions[_i].text)));
}
END_TEST

START_TEST(whole_trees_are_expanded)
{
	const struct json *tree =
		yaml("{a: ['{one}', {b: '{one}', c: 5, d: null}], '{one}': true}");
	const struct json *expanded;

	stage_put_variable(&stage, STR("one"), STR("0"));
	stage_put_variable(&stage, STR("one"), STR("1"));
	expanded = stage_expand(&stage, tree, NULL);
	ck_assert(
		str_equal(json_print(stage.arena, expanded),
			  STR("{\"a\":[\"1\",{\"b\":\"1\",\"c\":5,\"d\":null}],\"{one}\":true}")));
	ck_assert(stage_expand(&stage, yaml("[x, [{y: '{nope}'}]]"), NULL) == NULL);
}
END_TEST

START_TEST(texts_do_not_grow_without_bound)
{
	struct strbuf text;
	struct error error = {0};

	strbuf_init(&text, 1 << 20);
	while (strbuf_append_char(&text, 'x'))
		continue;
	stage_put_variable(&stage, STR("x"), strbuf_str(&text));
	strbuf_free(&text);
	ck_assert(stage_expand(&stage, yaml("'{x}{x}{x}{x}'"), &error) != NULL);
	ck_assert(stage_expand(&stage, yaml("'{x}{x}{x}{x}{x}'"), &error) == NULL);
	ck_assert_int_eq(error.kind, ERROR_LIMIT);
}
END_TEST

START_TEST(what_is_shown_is_one_short_line)
{
	char text[300];

	memset(text, 'a', sizeof text);
	text[0] = '\n';
	text[1] = '\033';
	text[2] = 0x7f;
	ck_assert_uint_eq(stage_shown(stage.arena, str_of(text, sizeof text)).size, 200);
	ck_assert(str_equal(stage_shown(stage.arena, str_of(text, 4)), STR("   a")));
	ck_assert_uint_eq(stage_shown(stage.arena, STR("")).size, 0);
}
END_TEST

Suite *sim_scenario_text_suite(void);
Suite *sim_scenario_text_suite(void)
{
	Suite *suite = suite_create("sim_scenario_text");
	TCase *tests = tcase_create("texts");

	tcase_add_checked_fixture(tests, set_up, tear_down);
	tcase_add_loop_test(tests, durations_are_read, 0, sizeof durations / sizeof *durations);
	tcase_add_test(tests, a_missing_duration_is_none);
	tcase_add_test(tests, numbers_have_bounds);
	tcase_add_test(tests, words_are_whole);
	tcase_add_loop_test(tests, variables_are_replaced, 0,
			    sizeof expansions / sizeof *expansions);
	tcase_add_test(tests, whole_trees_are_expanded);
	tcase_add_test(tests, texts_do_not_grow_without_bound);
	tcase_add_test(tests, what_is_shown_is_one_short_line);
	suite_add_tcase(suite, tests);
	return suite;
}
