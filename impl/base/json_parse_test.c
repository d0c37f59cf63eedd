#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/json.h"

static struct arena *arena;

static void set_up(void)
{
	arena = arena_create();
}

static void tear_down(void)
{
	arena_destroy(arena);
}

static const struct {
	struct str text;
	const char *error; /* NULL: accepted */
} rows[] = {
	{STR_INIT("{}"), NULL},
	{STR_INIT(" \t\r\n[1, 2 ,3]\n "), NULL},
	{STR_INIT("0"), NULL},
	{STR_INIT("\"top\""), NULL},
	{STR_INIT("null"), NULL},
	{STR_INIT("[-0,-1.5,1e5,1E+5,1.25e-10,0.0]"), NULL},
	{STR_INIT("\"\\\"\\\\\\/\\b\\f\\n\\r\\t\\u00fc\\ud83d\\ude00\""), NULL},
	{STR_INIT("{\"a\":1,\"A\":2}"), NULL},
	{STR_INIT("\"\\u09aF\\uAf90\\ufA09\""), NULL},
	{STR_INIT("\"\\u000g\""), "line 1: malformed \\u escape"},
	{STR_INIT("\"\\u00G0\""), "line 1: malformed \\u escape"},
	{STR_INIT("\"\\u0:00\""), "line 1: malformed \\u escape"},
	{STR_INIT(""), "line 1: empty text"},
	{STR_INIT("  \n "), "line 2: malformed value"},
	{STR_INIT("{\"a\":1,\n\"b\":2,\n\"a\":3}"), "line 3: duplicate key \"a\""},
	{STR_INIT("{\"a\":1,\n\"b\":{\"\\u0061\":{},\"a\":[]}}"), "line 2: duplicate key \"a\""},
	{STR_INIT("{\"k0\":0,\"k1\":1,\"k2\":2,\"k3\":3,\"k4\":4,\"k5\":5,\"k6\":6,\"k7\":7,"
		  "\"k8\":8,\n\"k3\":9}"),
	 "line 2: duplicate key \"k3\""},
	{STR_INIT("{} {}"), "line 1: text after the value"},
	{STR_INIT("[1]\n\n2"), "line 3: text after the value"},
	{STR_INIT("1 true"), "line 1: text after the value"},
	{STR_INIT("{\"a\":\"\\u0000\"}"), "line 1: \\u0000 in a string"},
	{STR_INIT("{\"\\u0000\":1}"), "line 1: \\u0000 in a string"},
	{STR_INIT("\"\\\\u0000\""), NULL},
	{STR_INIT("\"a\nb\""), "line 1: control character in a string"},
	{STR_INIT("\"a\0b\""), "line 1: control character in a string"},
	{STR_INIT("1\0"), "line 1: unexpected character"},
	{STR_INIT("[1,\f2]"), "line 1: unexpected character"},
	{STR_INIT("\xef\xbb\xbf{}"), "line 1: unexpected character"},
	{STR_INIT("\"\xff\""), "not UTF-8"},
	{STR_INIT("\"\xed\xa0\x80\""), "not UTF-8"},
	{STR_INIT("\"\\ud800\""), "line 1: malformed value"},
	{STR_INIT("\"\\ud800\\u0041\""), "line 1: malformed value"},
	{STR_INIT("\"\\udc00\""), "line 1: malformed value"},
	{STR_INIT("\"\\x41\""), "line 1: malformed value"},
	{STR_INIT("\"\\u12\""), "line 1: malformed \\u escape"},
	{STR_INIT("\"\\u12G4\""), "line 1: malformed \\u escape"},
	{STR_INIT("\"\\u00"), "line 1: malformed \\u escape"},
	{STR_INIT("\"\\ud800\\u004z\""), "line 1: malformed \\u escape"},
	{STR_INIT("\"abc"), "line 1: string without an end"},
	{STR_INIT("\"abc\\\""), "line 1: string without an end"},
	{STR_INIT("\"abc\\"), "line 1: string without an end"},
	{STR_INIT("01"), "line 1: malformed number"},
	{STR_INIT("-01"), "line 1: malformed number"},
	{STR_INIT("-"), "line 1: malformed number"},
	{STR_INIT("1."), "line 1: malformed number"},
	{STR_INIT("-.5"), "line 1: malformed number"},
	{STR_INIT("1e"), "line 1: malformed number"},
	{STR_INIT("1e+"), "line 1: malformed number"},
	{STR_INIT(".5"), "line 1: unexpected character"},
	{STR_INIT("+1"), "line 1: unexpected character"},
	{STR_INIT("1.2.3"), "line 1: unexpected character"},
	{STR_INIT("1-2"), "line 1: text after the value"},
	{STR_INIT("[1-2]"), "line 1: malformed value"},
	{STR_INIT("0x10"), "line 1: unexpected character"},
	{STR_INIT("NaN"), "line 1: unexpected character"},
	{STR_INIT("Infinity"), "line 1: unexpected character"},
	{STR_INIT("[\n1e400]"), "line 2: number out of range"},
	{STR_INIT("-1e400"), "line 1: number out of range"},
	{STR_INIT("0.123456789012345678901234567890123456789012345678901234567890123"),
	 "line 1: number of more than 63 characters"},
	{STR_INIT("0.1234567890123456789012345678901234567890123456789012345678901"), NULL},
	{STR_INIT("True"), "line 1: unexpected character"},
	{STR_INIT("tru"), "line 1: unexpected character"},
	{STR_INIT("truefalse"), "line 1: text after the value"},
	{STR_INIT("[truefalse]"), "line 1: malformed value"},
	{STR_INIT("// comment\n1"), "line 1: unexpected character"},
	{STR_INIT("{'a':1}"), "line 1: unexpected character"},
	{STR_INIT("{a:1}"), "line 1: unexpected character"},
	{STR_INIT("{\"a\" 1}"), "line 1: malformed value"},
	{STR_INIT("{\"a\":}"), "line 1: malformed value"},
	{STR_INIT("{\"a\":1,}"), "line 1: malformed value"},
	{STR_INIT("{1:1}"), "line 1: malformed value"},
	{STR_INIT("{,}"), "line 1: malformed value"},
	{STR_INIT("[1,]"), "line 1: malformed value"},
	{STR_INIT("[,1]"), "line 1: malformed value"},
	{STR_INIT("[1 2]"), "line 1: malformed value"},
	{STR_INIT("[1:2]"), "line 1: malformed value"},
	{STR_INIT("[\n1,\n"), "line 3: the text ends inside an array or object"},
	{STR_INIT("{\"1\":1,"), "line 1: the text ends inside an array or object"},
	{STR_INIT("[1}"), "line 1: closing bracket without its opening one"},
	{STR_INIT("1]"), "line 1: closing bracket without its opening one"},
	{STR_INIT(","), "line 1: malformed value"},
	{STR_INIT(":"), "line 1: malformed value"},
};

START_TEST(what_is_not_one_json_value_is_refused_with_its_place)
{
	struct error error = {0};
	struct json *value;
	/* In memory of exactly its size, so that reading past the end is seen. */
	size_t size = rows[_i].text.size;
	char *exact = malloc(size > 0 ? size : 1);
	struct str text = {exact, size};

	memcpy(exact, rows[_i].text.data, size);
	value = json_parse(arena, text, 1000, &error);
	if (rows[_i].error == NULL) {
		ck_assert_msg(value != NULL, "%s", error.text);
	} else {
		ck_assert_ptr_null(value);
		ck_assert_str_eq(error.text, rows[_i].error);
		ck_assert_ptr_null(json_parse(arena, text, 1000, NULL));
	}
	free(exact);
}
END_TEST

static const struct {
	const char *text;
	bool is_integer;
	int64_t integer;
	double number;
} number_rows[] = {
	{"0", true, 0, 0},
	{"-0", true, 0, 0},
	{"42", true, 42, 42},
	{"-1.0", true, -1, -1},
	{"1e3", true, 1000, 1000},
	{"1.5", false, 0, 1.5},
	{"1e-3", false, 0, 0.001},
	{"9007199254740993", true, 9007199254740993, 9007199254740992.0},
	{"9223372036854775807", true, INT64_MAX, 9223372036854775807.0},
	{"-9223372036854775808", true, INT64_MIN, -9223372036854775808.0},
	{"12345678901234567890", false, 0, 12345678901234567890.0},
	{"1e16", false, 0, 1e16},
	{"1e-400", true, 0, 0},
	{"1.7976931348623157e308", false, 0, 1.7976931348623157e308},
	{"-1.7976931348623157e308", false, 0, -1.7976931348623157e308},
};

START_TEST(numbers_keep_their_text_and_whole_ones_their_digits)
{
	struct str text = str_from(number_rows[_i].text);
	/* Texts that look like numbers stand before it: the walk beside cJSON's must skip them. */
	struct str document = STR_CONCAT(arena, STR("{\"12\":[\"5\\\"6\",7],\"a\":{\"9\":"), text,
					 STR("},\"b\":-8.0}"));
	const struct json *value = json_parse(arena, document, 1000, NULL);
	const struct json *number = json_path(value, "a.9");

	ck_assert_ptr_nonnull(number);
	ck_assert(str_equal(number->text, text));
	ck_assert_int_eq(number->is_integer, number_rows[_i].is_integer);
	ck_assert_int_eq(number->integer, number_rows[_i].integer);
	ck_assert(number->number == number_rows[_i].number);
	ck_assert(str_equal(json_get(value, STR("b"))->text, STR("-8.0")));
	ck_assert(str_equal(json_print(arena, value), document));
}
END_TEST

static struct str nested(size_t depth, const char *open, const char *close)
{
	struct strbuf out;
	struct str text;

	strbuf_init(&out, 1 << 20);
	for (size_t i = 0; i < depth; i++)
		strbuf_append(&out, str_from(open));
	strbuf_append(&out, STR("1"));
	for (size_t i = 0; i < depth; i++)
		strbuf_append(&out, str_from(close));
	text = str_copy(arena, strbuf_str(&out));
	strbuf_free(&out);
	return text;
}

START_TEST(nesting_is_limited_to_128_levels)
{
	struct error error = {0};

	ck_assert_ptr_nonnull(json_parse(arena, nested(128, "[", "]"), 1 << 20, &error));
	ck_assert_ptr_nonnull(json_parse(arena, nested(128, "{\"a\":", "}"), 1 << 20, &error));
	ck_assert_ptr_null(json_parse(arena, nested(129, "[", "]"), 1 << 20, &error));
	ck_assert_str_eq(error.text, "line 1: nested deeper than 128 levels");
	ck_assert_int_eq(error.kind, ERROR_LIMIT);
	ck_assert_ptr_null(json_parse(arena, nested(100000, "[", "]"), 1 << 20, &error));
	ck_assert_str_eq(error.text, "line 1: nested deeper than 128 levels");
}
END_TEST

START_TEST(size_is_limited)
{
	struct error error = {0};

	ck_assert_ptr_nonnull(json_parse(arena, STR("[1,2]"), 5, &error));
	ck_assert_ptr_null(json_parse(arena, STR("[1,2]"), 4, &error));
	ck_assert_str_eq(error.text, "more than 4 bytes");
	ck_assert_int_eq(error.kind, ERROR_LIMIT);
}
END_TEST

/* An array of `count` ones. */
static struct str ones(size_t count)
{
	char *data = arena_alloc(arena, 2 * count + 1);

	for (size_t i = 0; i < count; i++) {
		data[2 * i] = ',';
		data[2 * i + 1] = '1';
	}
	data[0] = '[';
	data[2 * count] = ']';
	return str_of(data, 2 * count + 1);
}

START_TEST(a_text_that_is_all_small_values_is_limited)
{
	struct error error = {0};

	ck_assert_ptr_nonnull(json_parse(arena, ones(1024), 10000, &error));
	ck_assert_ptr_null(json_parse(arena, ones(3000), 10000, &error));
	ck_assert_str_eq(error.text, "line 1: too many values");
	ck_assert_int_eq(error.kind, ERROR_LIMIT);
	ck_assert_ptr_nonnull(json_parse(arena, ones(3000), 100000, &error));
}
END_TEST

START_TEST(strings_are_decoded)
{
	struct json *value = json_parse(
		arena, STR("[\"\\u00fc\\ud83d\\ude00\\t\\/\",{\"k\\u0065y\":\"\xc3\xbc\"}]"), 100,
		NULL);

	ck_assert(str_equal(json_str(json_at(value, 0)), STR("\xc3\xbc\xf0\x9f\x98\x80\t/")));
	ck_assert(str_equal(json_get_str(json_at(value, 1), STR("key")), STR("\xc3\xbc")));
}
END_TEST

START_TEST(the_tree_does_not_need_the_text)
{
	char text[] = "{\"key\":[\"value\",12.5]}";
	struct json *value = json_parse(arena, str_from(text), 100, NULL);

	memset(text, 'x', sizeof text);
	ck_assert(str_equal(json_print(arena, value), STR("{\"key\":[\"value\",12.5]}")));
}
END_TEST

START_TEST(values_know_their_line)
{
	struct json *value = json_parse(
		arena, STR("{\"a\":\n1,\n\"b\":[\n\"x\", true]\n,\"c\":null}"), 100, NULL);

	ck_assert_int_eq(value->line, 1);
	ck_assert_int_eq(json_get(value, STR("a"))->line, 2);
	ck_assert_int_eq(json_get(value, STR("b"))->line, 3);
	ck_assert_int_eq(json_at(json_get(value, STR("b")), 1)->line, 4);
	ck_assert_int_eq(json_get(value, STR("c"))->line, 5);
}
END_TEST

START_TEST(big_objects_are_checked_for_duplicates_in_time)
{
	enum { COUNT = 100000 };
	struct strbuf out;
	struct error error = {0};
	struct json *value;

	strbuf_init(&out, 8 << 20);
	for (int i = 0; i < COUNT; i++)
		strbuf_append_format(&out, "%c\"%d\":%d", i == 0 ? '{' : ',', i * 7919 % COUNT, i);
	strbuf_append_char(&out, '}');
	value = json_parse(arena, strbuf_str(&out), 8 << 20, &error);
	ck_assert_msg(value != NULL, "%s", error.text);
	ck_assert_uint_eq(value->count, COUNT);
	strbuf_free(&out);
}
END_TEST

/* Broken texts must be refused or accepted, never crash: each row cut and changed at each byte. */
START_TEST(damaged_texts_do_no_harm)
{
	struct str seed = STR("{\"a\":[1,-2.5e3,true,null,\"x\\u00e9\\n\"],\"b\":{\"c\":[]}}");
	static const char bytes[] = "\"\\[]{},:0-eE.tu\n\x7f\xff";

	for (size_t i = 0; i < seed.size; i++) {
		char *cut = malloc(i > 0 ? i : 1);

		memcpy(cut, seed.data, i);
		ck_assert_ptr_null(json_parse(arena, str_of(cut, i), 1000, NULL));
		free(cut);
		for (size_t k = 0; k < sizeof bytes; k++) {
			char *changed = malloc(seed.size);
			struct json *value;

			memcpy(changed, seed.data, seed.size);
			changed[i] = bytes[k];
			value = json_parse(arena, str_of(changed, seed.size), 1000, NULL);
			if (value != NULL)
				ck_assert_ptr_nonnull(
					json_parse(arena, json_print(arena, value), 1000, NULL));
			free(changed);
		}
	}
}
END_TEST

Suite *base_json_parse_suite(void);
Suite *base_json_parse_suite(void)
{
	Suite *suite = suite_create("base_json_parse");
	TCase *tests = tcase_create("json_parse");

	tcase_add_checked_fixture(tests, set_up, tear_down);
	tcase_add_loop_test(tests, what_is_not_one_json_value_is_refused_with_its_place, 0,
			    sizeof rows / sizeof *rows);
	tcase_add_loop_test(tests, numbers_keep_their_text_and_whole_ones_their_digits, 0,
			    sizeof number_rows / sizeof *number_rows);
	tcase_add_test(tests, nesting_is_limited_to_128_levels);
	tcase_add_test(tests, size_is_limited);
	tcase_add_test(tests, a_text_that_is_all_small_values_is_limited);
	tcase_add_test(tests, strings_are_decoded);
	tcase_add_test(tests, the_tree_does_not_need_the_text);
	tcase_add_test(tests, values_know_their_line);
	tcase_add_test(tests, big_objects_are_checked_for_duplicates_in_time);
	tcase_add_test(tests, damaged_texts_do_no_harm);
	suite_add_tcase(suite, tests);
	return suite;
}
