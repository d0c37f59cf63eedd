#include "base/yaml.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

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

static struct json *parse(struct str text)
{
	struct error error = {0};
	struct json *value = yaml_parse(arena, text, 1 << 20, &error);

	ck_assert_msg(value != NULL, "%.*s: %s", STR_ARG(text), error.text);
	return value;
}

static const struct {
	const char *yaml, *json;
} same_rows[] = {
	{"a: 1\nb: [x, 'y', \"z\"]\n", "{\"a\":1,\"b\":[\"x\",\"y\",\"z\"]}"},
	{"- ~\n- null\n- Null\n- NULL\n-\n", "[null,null,null,null,null]"},
	{"[true, True, TRUE, false, False, FALSE]", "[true,true,true,false,false,false]"},
	{"[yes, no, on, off, y, tRUE, nULL]",
	 "[\"yes\",\"no\",\"on\",\"off\",\"y\",\"tRUE\",\"nULL\"]"},
	{"['1', \"true\", '~', '']", "[\"1\",\"true\",\"~\",\"\"]"},
	{"[0, -0, 12, -7, 9007199254740993, 12345678901234567890]",
	 "[0,-0,12,-7,9007199254740993,12345678901234567890]"},
	{"[+1, 007, -010, +0.5]", "[1,7,-10,0.5]"},
	{"[1.5, .5, 2., 1e3, 1.E+3, -.5e-1, 000]", "[1.5,0.5,2,1e3,1E+3,-0.5e-1,0]"},
	{"[0x1F, 0xff, 0o17, 0o0]", "[31,255,15,0]"},
	{"[0x, 0o8, 0xG, 1_000, 1:30, 1.2.3, e5, 1e, ., '-', +, 0b1, 1e+]",
	 "[\"0x\",\"0o8\",\"0xG\",\"1_000\",\"1:30\",\"1.2.3\",\"e5\",\"1e\",\".\",\"-\",\"+\","
	 "\"0b1\",\"1e+\"]"},
	{"[0xFFFFFFFFFFFFFFFF, 0x7fffffffffffffff]",
	 "[\"0xFFFFFFFFFFFFFFFF\",9223372036854775807]"},
	{"2019-06-04: 10.0.0.1", "{\"2019-06-04\":\"10.0.0.1\"}"},
	{"200: ok\ntrue: 1\n~: 2\n", "{\"200\":\"ok\",\"true\":1,\"~\":2}"},
	{"text: |\n  one\n  two\nfolded: >-\n  one\n  two\n",
	 "{\"text\":\"one\\ntwo\\n\",\"folded\":\"one two\"}"},
	{"number: |\n  5\n", "{\"number\":\"5\\n\"}"},
	{"{a: &x [1, {b: 2}], c: *x, d: &y text, e: *y}",
	 "{\"a\":[1,{\"b\":2}],\"c\":[1,{\"b\":2}],\"d\":\"text\",\"e\":\"text\"}"},
	{"- &a 1\n- &a 2\n- *a\n", "[1,2,2]"},
	{"---\njust text\n...\n", "\"just text\""},
	{"%YAML 1.1\n---\na: {}\nb: []\n", "{\"a\":{},\"b\":[]}"},
	{"\xef\xbb\xbf"
	 "a: 1",
	 "{\"a\":1}"},
	{"# comment\na: b # more\n", "{\"a\":\"b\"}"},
	{"{\"json\": [1, 2.50, \"\\u00fc\", null, true]}",
	 "{\"json\":[1,2.50,\"\xc3\xbc\",null,true]}"},
	{"'<<': 1", "{\"<<\":1}"},
	{"a: <<", "{\"a\":\"<<\"}"},
	{"k0: 0\nk1: 1\nk2: 2\nk3: 3\nk4: 4\nk5: 5\nk6: 6\nk7: 7\nk8: 8\n",
	 "{\"k0\":0,\"k1\":1,\"k2\":2,\"k3\":3,\"k4\":4,\"k5\":5,\"k6\":6,\"k7\":7,\"k8\":8}"},
};

START_TEST(yaml_is_the_tree_that_json_would_be)
{
	struct json *from_yaml = parse(str_from(same_rows[_i].yaml));
	struct str printed = json_print(arena, from_yaml);
	struct json *from_json = json_parse(arena, str_from(same_rows[_i].json), 1 << 20, NULL);

	ck_assert_msg(str_equal(printed, str_from(same_rows[_i].json)), "%.*s is not %s",
		      STR_ARG(printed), same_rows[_i].json);
	ck_assert(json_equal(from_yaml, from_json));
}
END_TEST

START_TEST(numbers_have_the_shape_of_json_numbers)
{
	struct json *from_yaml = parse(STR("[12, 1.5, 1e3, 12345678901234567890, -7]"));
	struct json *from_json =
		json_parse(arena, STR("[12, 1.5, 1e3, 12345678901234567890, -7]"), 100, NULL);

	for (size_t i = 0; i < 5; i++) {
		const struct json *a = json_at(from_yaml, i), *b = json_at(from_json, i);

		ck_assert_int_eq(a->kind, b->kind);
		ck_assert_int_eq(a->is_integer, b->is_integer);
		ck_assert_int_eq(a->integer, b->integer);
		ck_assert(a->number == b->number);
		ck_assert(str_equal(a->text, b->text));
	}
}
END_TEST

static const struct {
	struct str text;
	const char *error;
} refused_rows[] = {
	{STR_INIT(""), "line 1: empty document"},
	{STR_INIT("# only\n\n"), "line 3: empty document"},
	{STR_INIT("a: 1\n---\nb: 2\n"), "line 2: more than one document"},
	{STR_INIT("a: 1\nb: 2\na: 3\n"), "line 3: duplicate key \"a\""},
	{STR_INIT("1: x\n'1': y\n"), "line 2: duplicate key \"1\""},
	{STR_INIT("a: !!str 1\n"), "line 1: tags are not supported"},
	{STR_INIT("a:\n  !x {b: 1}\n"), "line 2: tags are not supported"},
	{STR_INIT("!x [1]\n"), "line 1: tags are not supported"},
	{STR_INIT("! 1\n"), "line 1: tags are not supported"},
	{STR_INIT("? [a]\n: 1\n"), "line 1: key that is not a scalar"},
	{STR_INIT("a: &x 1\n*x : 2\n"), "line 2: key that is not a scalar"},
	{STR_INIT("&k a: 1\n"), "line 1: anchor on a key"},
	{STR_INIT("b: &b {x: 1}\na:\n  <<: *b\n"), "line 3: merge keys are not supported"},
	{STR_INIT("a: 1\nb: *x\n"), "line 2: alias of an unknown anchor"},
	{STR_INIT("a: &x [*x]\n"), "line 1: alias of an unknown anchor"},
	{STR_INIT("a: .inf\n"), "line 1: number that JSON cannot hold"},
	{STR_INIT("- -.INF\n"), "line 1: number that JSON cannot hold"},
	{STR_INIT("- 1\n- .NaN\n"), "line 2: number that JSON cannot hold"},
	{STR_INIT("1e400"), "line 1: number out of range"},
	{STR_INIT("1234567890123456789012345678901234567890123456789012345678901234"),
	 "line 1: number of more than 63 characters"},
	{STR_INIT("a: \"x\\0y\"\n"), "line 1: \\0 in a string"},
	{STR_INIT("a: \xff\n"), "not UTF-8"},
};

START_TEST(what_json_cannot_hold_is_refused_with_its_line)
{
	struct error error = {0};

	ck_assert_ptr_null(yaml_parse(arena, refused_rows[_i].text, 1000, &error));
	ck_assert_str_eq(error.text, refused_rows[_i].error);
	ck_assert_ptr_null(yaml_parse(arena, refused_rows[_i].text, 1000, NULL));
}
END_TEST

static const struct {
	struct str text;
	const char *prefix;
} syntax_rows[] = {
	{STR_INIT("a: [1,\nb: 2\n"), "line "},
	{STR_INIT("a: 1\n b: 2\n"), "line 2: "},
	{STR_INIT("a: 1\n\n\tb: 2\n"), "line 3: "},
	{STR_INIT("a: 'x\n"), "line 2: "},
	{STR_INIT("a: 1\nb: @x\n"), "line 2: "},
	{STR_INIT("a: b: c\n"), "line 1: "},
	{STR_INIT("}"), "line 1: "},
	{STR_INIT("a: 1\nb: \x01\n"), "line "},
	{STR_INIT("%FOO\n"), "line "},
	{STR_INIT("a: \"\\q\"\n"), "line 1: "},
};

START_TEST(syntax_errors_have_a_line_and_a_reason)
{
	struct error error = {0};

	ck_assert_ptr_null(yaml_parse(arena, syntax_rows[_i].text, 1000, &error));
	ck_assert_msg(strncmp(error.text, syntax_rows[_i].prefix, strlen(syntax_rows[_i].prefix)) ==
			      0,
		      "%s", error.text);
	ck_assert_uint_gt(strlen(error.text), strlen("line 1: "));
	ck_assert_int_eq(error.kind, ERROR_INVALID);
}
END_TEST

START_TEST(every_node_has_its_line)
{
	const struct json *value =
		parse(STR("# first\n- id: GW-001\n  when:\n    - {get: /}\n- &a x\n- *a\n"));

	ck_assert_int_eq(value->line, 2);
	ck_assert_int_eq(json_at(value, 0)->line, 2);
	ck_assert_int_eq(json_path(json_at(value, 0), "when")->line, 4);
	ck_assert_int_eq(json_path(json_at(json_path(json_at(value, 0), "when"), 0), "get")->line,
			 4);
	ck_assert_int_eq(json_at(value, 1)->line, 5);
	ck_assert_int_eq(json_at(value, 2)->line, 6);
}
END_TEST

static struct str repeated(const char *before, const char *piece, int count, const char *after)
{
	struct strbuf out;
	struct str text;

	strbuf_init(&out, 1 << 22);
	strbuf_append(&out, str_from(before));
	for (int i = 0; i < count; i++)
		strbuf_append(&out, str_from(piece));
	strbuf_append(&out, str_from(after));
	text = str_copy(arena, strbuf_str(&out));
	strbuf_free(&out);
	return text;
}

START_TEST(aliases_are_limited_in_number)
{
	struct error error = {0};

	ck_assert_ptr_nonnull(
		yaml_parse(arena, repeated("- &a x\n", "- *a\n", 100, ""), 10000, &error));
	ck_assert_ptr_null(
		yaml_parse(arena, repeated("- &a x\n", "- *a\n", 101, ""), 10000, &error));
	ck_assert_str_eq(error.text, "line 102: more than 100 aliases");
	ck_assert_int_eq(error.kind, ERROR_LIMIT);
}
END_TEST

START_TEST(aliases_cannot_blow_a_document_up)
{
	struct error error = {0};
	struct strbuf out;

	strbuf_init(&out, 10000);
	strbuf_append(&out, STR("- &a0 [1,1,1,1,1,1,1,1,1,1]\n"));
	for (int i = 1; i < 10; i++) {
		strbuf_append_format(&out, "- &a%d [", i);
		for (int k = 0; k < 10; k++)
			strbuf_append_format(&out, "*a%d,", i - 1);
		strbuf_append(&out, STR("]\n"));
	}
	ck_assert_ptr_null(yaml_parse(arena, strbuf_str(&out), 10000, &error));
	ck_assert_str_eq(error.text, "line 5: aliases make the document too big");
	ck_assert_int_eq(error.kind, ERROR_LIMIT);
	strbuf_free(&out);
}
END_TEST

START_TEST(nesting_is_limited_also_through_aliases)
{
	struct error error = {0};
	struct strbuf out;
	struct str open = repeated("", "[", 128, ""), close = repeated("", "]", 128, "");

	ck_assert_ptr_nonnull(yaml_parse(arena, STR_CONCAT(arena, open, close), 1000, &error));
	ck_assert_ptr_null(yaml_parse(arena, repeated("", "[", 129, ""), 1 << 20, &error));
	ck_assert_str_eq(error.text, "line 1: nested deeper than 128 levels");
	ck_assert_ptr_null(yaml_parse(arena, repeated("", "{a: ", 140, ""), 1 << 20, &error));
	ck_assert_str_eq(error.text, "line 1: nested deeper than 128 levels");
	strbuf_init(&out, 10000);
	strbuf_append(&out, STR("- &a "));
	strbuf_append(&out, repeated("", "[", 100, ""));
	strbuf_append(&out, repeated("", "]", 100, "\n"));
	strbuf_append(&out, repeated("- ", "[", 30, "*a"));
	strbuf_append(&out, repeated("", "]", 30, "\n"));
	ck_assert_ptr_null(yaml_parse(arena, strbuf_str(&out), 10000, &error));
	ck_assert_str_eq(error.text, "line 2: nested deeper than 128 levels");
	strbuf_free(&out);
}
END_TEST

START_TEST(size_is_limited)
{
	struct error error = {0};

	ck_assert_ptr_nonnull(yaml_parse(arena, STR("a: 1"), 4, &error));
	ck_assert_ptr_null(yaml_parse(arena, STR("a: 1"), 3, &error));
	ck_assert_str_eq(error.text, "more than 3 bytes");
	ck_assert_int_eq(error.kind, ERROR_LIMIT);
	ck_assert_ptr_null(yaml_parse(arena, repeated("[", "1,", 3000, "]"), 10000, &error));
	ck_assert_str_eq(error.text, "line 1: too many values");
	ck_assert_int_eq(error.kind, ERROR_LIMIT);
}
END_TEST

START_TEST(damaged_texts_do_no_harm)
{
	struct str seed = STR("a: &x [1, 'b', \"c\\n\"]\nd:\n  - {e: *x}\n  - |\n    text\n");
	static const char bytes[] = "\"'[]{},:-&*!|>%@`\n\t#?0\x01\xff";

	for (size_t i = 0; i < seed.size; i++) {
		for (size_t k = 0; k < sizeof bytes; k++) {
			char *changed = malloc(seed.size);
			struct json *value;

			memcpy(changed, seed.data, seed.size);
			changed[i] = bytes[k];
			value = yaml_parse(arena, str_of(changed, seed.size), 1000, NULL);
			if (value != NULL)
				ck_assert_ptr_nonnull(
					json_parse(arena, json_print(arena, value), 10000, NULL));
			yaml_parse(arena, str_of(changed, i), 1000, NULL);
			free(changed);
		}
	}
}
END_TEST

Suite *base_yaml_suite(void);
Suite *base_yaml_suite(void)
{
	Suite *suite = suite_create("base_yaml");
	TCase *tests = tcase_create("yaml");

	tcase_add_checked_fixture(tests, set_up, tear_down);
	tcase_add_loop_test(tests, yaml_is_the_tree_that_json_would_be, 0,
			    sizeof same_rows / sizeof *same_rows);
	tcase_add_test(tests, numbers_have_the_shape_of_json_numbers);
	tcase_add_loop_test(tests, what_json_cannot_hold_is_refused_with_its_line, 0,
			    sizeof refused_rows / sizeof *refused_rows);
	tcase_add_loop_test(tests, syntax_errors_have_a_line_and_a_reason, 0,
			    sizeof syntax_rows / sizeof *syntax_rows);
	tcase_add_test(tests, every_node_has_its_line);
	tcase_add_test(tests, aliases_are_limited_in_number);
	tcase_add_test(tests, aliases_cannot_blow_a_document_up);
	tcase_add_test(tests, nesting_is_limited_also_through_aliases);
	tcase_add_test(tests, size_is_limited);
	tcase_add_test(tests, damaged_texts_do_no_harm);
	suite_add_tcase(suite, tests);
	return suite;
}
