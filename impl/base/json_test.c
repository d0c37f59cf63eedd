#include "base/json.h"

#include <check.h>
#include <signal.h>
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

static struct json *parse(const char *text)
{
	struct error error = {0};
	struct json *value = json_parse(arena, str_from(text), 1 << 20, &error);

	ck_assert_msg(value != NULL, "%s: %s", text, error.text);
	return value;
}

static void prints_as(const struct json *value, const char *expected)
{
	struct str printed = json_print(arena, value);

	ck_assert_msg(str_equal(printed, str_from(expected)), "%.*s is not %s", STR_ARG(printed),
		      expected);
}

START_TEST(members_are_found_by_exact_key)
{
	const struct json *value = parse("{\"Id\":1,\"id\":2,\"\":3}");

	ck_assert_int_eq(json_int(json_get(value, STR("id")), -1), 2);
	ck_assert_int_eq(json_int(json_get(value, STR("Id")), -1), 1);
	ck_assert_int_eq(json_int(json_get(value, STR("")), -1), 3);
	ck_assert_ptr_null(json_get(value, STR("ID")));
	ck_assert_ptr_null(json_get(NULL, STR("id")));
	ck_assert_ptr_null(json_get(json_at(value, 0), STR("id")));
}
END_TEST

START_TEST(paths_lead_through_objects)
{
	const struct json *value = parse("{\"proxy\":{\"backend\":{\"host\":\"b.example\"}}}");

	ck_assert(str_equal(json_str(json_path(value, "proxy.backend.host")), STR("b.example")));
	ck_assert_ptr_null(json_path(value, "proxy.nothing.host"));
	ck_assert_ptr_null(json_path(value, "proxy.backend.host.more"));
	ck_assert_ptr_null(json_path(NULL, "a"));
	value = json_parse(arena, STR("{\"rules\":[{\"id\":1},{\"id\":2}]}"), 100, NULL);
	ck_assert_int_eq(json_int(json_path(value, "rules.1.id"), 0), 2);
	ck_assert_ptr_null(json_path(value, "rules.2.id"));
	ck_assert_ptr_null(json_path(value, "rules.-1.id"));
	ck_assert_ptr_null(json_path(value, "rules.first.id"));
}
END_TEST

START_TEST(elements_are_found_by_index)
{
	const struct json *value = parse("[10,20,30]");
	int64_t sum = 0;

	ck_assert_int_eq(json_int(json_at(value, 2), -1), 30);
	ck_assert_ptr_null(json_at(value, 3));
	ck_assert_ptr_null(json_at(parse("{\"a\":1}"), 0));
	ck_assert_ptr_null(json_at(NULL, 0));
	JSON_EACH (child, value)
		sum += child->integer;
	ck_assert_int_eq(sum, 60);
	JSON_EACH (child, (const struct json *)NULL)
		ck_abort();
}
END_TEST

START_TEST(scalars_are_read_with_a_fallback)
{
	const struct json *v = parse("{\"s\":\"x\",\"n\":12,\"f\":1.5,\"t\":true,\"z\":null,"
				     "\"sn\":\"-7\",\"st\":\"true\",\"sf\":\"false\",\"a\":[1]}");

	ck_assert_int_eq(json_int(json_get(v, STR("sn")), 0), -7);
	ck_assert_int_eq(json_int(json_get(v, STR("s")), 5), 5);
	ck_assert_int_eq(json_int(json_get(v, STR("f")), 5), 5);
	ck_assert_int_eq(json_int(json_get(v, STR("z")), 5), 5);
	ck_assert_int_eq(json_int(NULL, 5), 5);
	ck_assert(json_bool(json_get(v, STR("t")), false));
	ck_assert(json_bool(json_get(v, STR("st")), false));
	ck_assert(!json_bool(json_get(v, STR("sf")), true));
	ck_assert(json_bool(json_get(v, STR("n")), true));
	ck_assert(json_bool(json_get(v, STR("s")), true) &&
		  !json_bool(json_get(v, STR("s")), false));
	ck_assert(json_bool(NULL, true));
	ck_assert(str_equal(json_get_str(v, STR("s")), STR("x")));
	ck_assert_uint_eq(json_get_str(v, STR("n")).size, 0);
	ck_assert_uint_eq(json_get_str(v, STR("none")).size, 0);
	ck_assert(json_is_null(NULL) && json_is_null(json_get(v, STR("z"))));
	ck_assert(!json_is_null(v));
}
END_TEST

START_TEST(scalars_have_a_text)
{
	const struct json *v = parse("[\"x\",12.50,true,false,null,[1],{}]");
	static const char *const texts[] = {"x", "12.50", "true", "false", "", "", "", ""};

	for (size_t i = 0; i < 8; i++)
		ck_assert(str_equal(json_scalar_text(json_at(v, i)), str_from(texts[i])));
}
END_TEST

static const struct {
	const char *a, *b;
	bool equal;
} equal_rows[] = {
	{"{\"a\":1,\"b\":[true,null]}", "{\"b\":[true,null],\"a\":1}", true},
	{"{\"a\":1,\"b\":2}", "{\"a\":1,\"c\":2}", false},
	{"{\"a\":1}", "{\"a\":1,\"b\":2}", false},
	{"{\"a\":1,\"b\":2,\"c\":3}", "{\"c\":3,\"b\":2,\"a\":1}", true},
	{"{\"a\":1,\"b\":2,\"c\":3}", "{\"c\":3,\"b\":3,\"a\":1}", false},
	{"[1,2]", "[2,1]", false},
	{"[1,2]", "[1,2]", true},
	{"[]", "{}", false},
	{"1", "1.0", true},
	{"1000", "1e3", true},
	{"1", "\"1\"", false},
	{"1", "2", false},
	{"1.5", "1.50", true},
	{"1.5", "2", false},
	{"1e300", "1.0e300", true},
	{"12345678901234567890", "12345678901234567891", false},
	{"12345678901234567890", "12345678901234567890", true},
	{"9007199254740993", "9007199254740992", false},
	{"true", "false", false},
	{"null", "null", true},
	{"\"a\"", "\"b\"", false},
};

START_TEST(values_are_compared)
{
	const struct json *a = parse(equal_rows[_i].a), *b = parse(equal_rows[_i].b);

	ck_assert_int_eq(json_equal(a, b), equal_rows[_i].equal);
	ck_assert_int_eq(json_equal(b, a), equal_rows[_i].equal);
	ck_assert(json_equal(NULL, NULL) && !json_equal(a, NULL) && !json_equal(NULL, b));
}
END_TEST

START_TEST(trees_are_built)
{
	struct json *object = json_new(arena, JSON_OBJECT);
	struct json *array = json_set(object, STR("list"), json_new(arena, JSON_ARRAY));

	json_append(array, json_new_int(arena, INT64_MIN));
	json_append(array, json_new_bool(arena, true));
	json_append(array, json_new(arena, JSON_NULL));
	json_append(array, json_new_str(arena, STR("x")));
	json_set(object, STR("off"), json_new_bool(arena, false));
	prints_as(object, "{\"list\":[-9223372036854775808,true,null,\"x\"],\"off\":false}");
	ck_assert_uint_eq(array->count, 4);
	ck_assert(json_equal(object, parse("{\"off\":false,\"list\":[-9223372036854775808,"
					   "true,null,\"x\"]}")));
}
END_TEST

START_TEST(setting_a_key_again_replaces_in_place)
{
	struct json *object = parse("{\"a\":1,\"b\":2,\"c\":3}");

	json_set(object, STR("b"), json_new_int(arena, 20));
	prints_as(object, "{\"a\":1,\"b\":20,\"c\":3}");
	json_set(object, STR("a"), json_new_int(arena, 10));
	json_set(object, STR("c"), json_new_int(arena, 30));
	json_set(object, STR("d"), json_new_int(arena, 40));
	prints_as(object, "{\"a\":10,\"b\":20,\"c\":30,\"d\":40}");
	ck_assert_uint_eq(object->count, 4);
}
END_TEST

START_TEST(a_copy_shares_nothing)
{
	struct arena *other = arena_create();
	struct json *value =
		json_parse(other, STR("{\"a\":[1,{\"b\":\"text\"}],\"c\":1.50}"), 100, NULL);
	struct json *copy = json_copy(arena, value);

	ck_assert(json_equal(value, copy));
	arena_destroy(other);
	prints_as(copy, "{\"a\":[1,{\"b\":\"text\"}],\"c\":1.50}");
	ck_assert_ptr_null(json_copy(arena, NULL));
}
END_TEST

START_TEST(strings_are_escaped)
{
	struct json *value = json_new_str(
		arena, STR("q\" b\\ /\b\f\n\r\t\x01\x1f \x7f \xc3\xbc \xf0\x9f\x98\x80"));

	prints_as(value, "\"q\\\" b\\\\ /\\b\\f\\n\\r\\t\\u0001\\u001f \x7f \xc3\xbc "
			 "\xf0\x9f\x98\x80\"");
	ck_assert(json_equal(value, json_parse(arena, json_print(arena, value), 100, NULL)));
	prints_as(json_new_str(arena, STR("a\0b")), "\"a\\u0000b\"");
}
END_TEST

START_TEST(bytes_that_are_not_utf8_are_replaced)
{
	prints_as(json_new_str(arena, STR("a\xff\"\xc3\xbc\xe2\x82z\n")),
		  "\"a\\ufffd\\\"\xc3\xbc\\ufffd\\ufffdz\\n\"");
}
END_TEST

START_TEST(a_full_buffer_is_reported_at_every_size)
{
	const struct json *value = parse("{\"a\":[1,\"x\\ny\"],\"b\":{\"c\":null}}");
	struct str invalid = STR("a\xff\n\xc3\xbc");
	struct str whole = json_print(arena, value);

	for (size_t size = 0; size <= whole.size; size++) {
		struct strbuf out;

		strbuf_init(&out, size);
		ck_assert_int_eq(json_write(&out, value), size == whole.size);
		ck_assert_int_eq(strbuf_is_full(&out), size < whole.size);
		strbuf_free(&out);
	}
	for (size_t size = 0; size <= 14; size++) {
		struct strbuf out;

		strbuf_init(&out, size);
		ck_assert_int_eq(json_write_str(&out, invalid), size >= 13);
		strbuf_free(&out);
	}
}
END_TEST

START_TEST(nothing_is_written_as_null)
{
	prints_as(NULL, "null");
}
END_TEST

START_TEST(setting_a_member_of_an_array_is_a_bug)
{
	json_set(json_new(arena, JSON_ARRAY), STR("a"), json_new(arena, JSON_NULL));
}
END_TEST

START_TEST(appending_to_an_object_is_a_bug)
{
	json_append(json_new(arena, JSON_OBJECT), json_new(arena, JSON_NULL));
}
END_TEST

Suite *base_json_suite(void);
Suite *base_json_suite(void)
{
	Suite *suite = suite_create("base_json");
	TCase *tests = tcase_create("json");
	const char *fork = getenv("CK_FORK");

	tcase_add_checked_fixture(tests, set_up, tear_down);
	tcase_add_test(tests, members_are_found_by_exact_key);
	tcase_add_test(tests, paths_lead_through_objects);
	tcase_add_test(tests, elements_are_found_by_index);
	tcase_add_test(tests, scalars_are_read_with_a_fallback);
	tcase_add_test(tests, scalars_have_a_text);
	tcase_add_loop_test(tests, values_are_compared, 0, sizeof equal_rows / sizeof *equal_rows);
	tcase_add_test(tests, trees_are_built);
	tcase_add_test(tests, setting_a_key_again_replaces_in_place);
	tcase_add_test(tests, a_copy_shares_nothing);
	tcase_add_test(tests, strings_are_escaped);
	tcase_add_test(tests, bytes_that_are_not_utf8_are_replaced);
	tcase_add_test(tests, a_full_buffer_is_reported_at_every_size);
	tcase_add_test(tests, nothing_is_written_as_null);
	if (fork == NULL || strcmp(fork, "no") != 0) {
		tcase_add_test_raise_signal(tests, setting_a_member_of_an_array_is_a_bug, SIGABRT);
		tcase_add_test_raise_signal(tests, appending_to_an_object_is_a_bug, SIGABRT);
	}
	suite_add_tcase(suite, tests);
	return suite;
}
