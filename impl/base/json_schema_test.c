#include "base/json_schema.h"

#include <check.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/json.h"

#define BYTES_MAX 65536

static struct arena *arena;

static void set_up(void)
{
	arena = arena_create();
}

static void tear_down(void)
{
	arena_destroy(arena);
}

static const struct row {
	const char *schema, *value;
	const char *error; /* NULL: accepted */
} rows[] = {
	{"{}", "1", NULL},
	{"true", "1", NULL},
	{"false", "1", "is not allowed"},
	{"{\"type\":\"string\"}", "\"a\"", NULL},
	{"{\"type\":\"string\"}", "1", "expected string, got number"},
	{"{\"type\":\"integer\"}", "1", NULL},
	{"{\"type\":\"integer\"}", "1.0", NULL},
	{"{\"type\":\"integer\"}", "1.5", "expected integer, got number"},
	{"{\"type\":\"integer\"}", "\"1\"", "expected integer, got string"},
	{"{\"type\":[\"null\",\"boolean\"]}", "true", NULL},
	{"{\"type\":[\"null\",\"boolean\"]}", "[]", "expected another type, got array"},
	{"{\"enum\":[\"a\",2]}", "2", NULL},
	{"{\"enum\":[\"a\",2]}", "\"b\"", "matches none of the enum values"},
	{"{\"const\":{\"a\":1}}", "{\"a\":1}", NULL},
	{"{\"const\":1}", "2", "is not the constant it must be"},
	{"{\"required\":[\"a\"]}", "{\"a\":null}", NULL},
	{"{\"required\":[\"a\"]}", "{\"b\":1}", "property a is required"},
	{"{\"required\":[\"a\"]}", "1", NULL},
	{"{\"properties\":{\"a\":{\"type\":\"string\"}}}", "{\"b\":1}", NULL},
	{"{\"properties\":{\"a\":{\"type\":\"string\"}}}", "{\"a\":1}",
	 "a: expected string, got number"},
	{"{\"properties\":{\"a\":{}},\"additionalProperties\":false}", "{\"a\":1}", NULL},
	{"{\"properties\":{\"a\":{}},\"additionalProperties\":false}", "{\"b\":1}",
	 "property b is not known"},
	{"{\"additionalProperties\":{\"type\":\"string\"}}", "{\"b\":1}",
	 "b: expected string, got number"},
	{"{\"dependencies\":{\"a\":[\"b\"]}}", "{\"a\":1,\"b\":1}", NULL},
	{"{\"dependencies\":{\"a\":[\"b\"]}}", "{\"c\":1}", NULL},
	{"{\"dependencies\":{\"a\":[\"b\"]}}", "{\"a\":1}", "with a: property b is required"},
	{"{\"dependencies\":{\"a\":{\"required\":[\"c\"]}}}", "{\"a\":1}",
	 "with a: property c is required"},
	{"{\"items\":{\"type\":\"string\"}}", "[\"a\",\"b\"]", NULL},
	{"{\"items\":{\"type\":\"string\"}}", "[\"a\",2]", "1: expected string, got number"},
	{"{\"minItems\":1}", "[]", "number of items is less than 1"},
	{"{\"maxItems\":1}", "[1,2]", "number of items is more than 1"},
	{"{\"minimum\":1}", "1", NULL},
	{"{\"minimum\":1}", "0", "number is less than 1"},
	{"{\"maximum\":10}", "11", "number is more than 10"},
	{"{\"minLength\":2}", "\"\u00e9\"", "length is less than 2"},
	{"{\"maxLength\":1}", "\"\u00e9\"", NULL},
	{"{\"maxLength\":1}", "\"ab\"", "length is more than 1"},
	{"{\"pattern\":\"^a\"}", "\"ab\"", NULL},
	{"{\"pattern\":\"^a\"}", "\"b\"", "does not match pattern ^a"},
	{"{\"pattern\":\"[\"}", "\"b\"",
	 "invalid pattern at 1: missing terminating ] for character class"},
	{"{\"allOf\":[{\"minimum\":1},{\"maximum\":3}]}", "2", NULL},
	{"{\"allOf\":[{\"minimum\":1},{\"maximum\":3}]}", "4", "number is more than 3"},
	{"{\"anyOf\":[{\"minimum\":5},{\"maximum\":3}]}", "2", NULL},
	{"{\"anyOf\":[{\"minimum\":5},{\"maximum\":3}]}", "4", "fits none of the alternatives"},
	{"{\"oneOf\":[{\"minimum\":1},{\"maximum\":3}]}", "4", NULL},
	{"{\"oneOf\":[{\"minimum\":1},{\"maximum\":3}]}", "2",
	 "fits 2 of the alternatives, not one"},
	{"{\"not\":{\"type\":\"string\"}}", "2", NULL},
	{"{\"not\":{\"type\":\"string\"}}", "\"a\"", "is what it must not be"},
	{"{\"$ref\":\"#/definitions/a\",\"definitions\":{\"a\":{\"type\":\"string\"}}}", "1",
	 "expected string, got number"},
	{"{\"$ref\":\"#/definitions/a\"}", "1",
	 "the schema refers to #/definitions/a, which is not there"},
	{"{\"$ref\":\"#/definitions/a\",\"definitions\":{\"a\":{\"$ref\":\"#/definitions/a\"}}}",
	 "1", "the schema is too deep"},
};

START_TEST(a_value_is_accepted_or_the_place_is_named)
{
	const struct row *row = &rows[_i];
	const struct json *schema = json_parse(arena, str_from(row->schema), BYTES_MAX, NULL);
	const struct json *value = json_parse(arena, str_from(row->value), BYTES_MAX, NULL);
	struct error error = {0};

	ck_assert_ptr_nonnull(schema);
	ck_assert_ptr_nonnull(value);
	ck_assert_msg(json_schema_accepts(schema, value, &error) == (row->error == NULL),
		      "%s for %s: %s", row->schema, row->value, error.text);
	if (row->error != NULL)
		ck_assert_str_eq(error.text, row->error);
}
END_TEST

START_TEST(without_a_schema_everything_is_accepted)
{
	ck_assert(json_schema_accepts(NULL, json_new(arena, JSON_OBJECT), NULL));
}
END_TEST

Suite *base_json_schema_suite(void)
{
	Suite *suite = suite_create("base/json_schema");
	TCase *tcase = tcase_create("json_schema");

	tcase_add_checked_fixture(tcase, set_up, tear_down);
	tcase_add_loop_test(tcase, a_value_is_accepted_or_the_place_is_named, 0,
			    sizeof rows / sizeof *rows);
	tcase_add_test(tcase, without_a_schema_everything_is_accepted);
	suite_add_tcase(suite, tcase);
	return suite;
}
