/* Values between columns, parameters and answers. */
#include <check.h>

#include "base/arena.h"
#include "portal/value.h"

static const struct {
	const char *text;
	bool is_read;
	int64_t ten_thousandths;
	const char *printed;
} decimals[] = {
	{"0", true, 0, "0.0"},
	{"12", true, 120000, "12.0"},
	{"12.5", true, 125000, "12.5"},
	{"-1.25", true, -12500, "-1.25"},
	{".5", true, 5000, "0.5"},
	{"1.", true, 10000, "1.0"},
	{"0.12349", true, 1234, "0.1234"},
	{"100000000000000", true, INT64_C(1000000000000000000), "100000000000000.0"},
	{"100000000000001", false, 0, NULL},
	{"99999999999999999999", false, 0, NULL},
	{"", false, 0, NULL},
	{".", false, 0, NULL},
	{"--1", false, 0, NULL},
	{"1.x", false, 0, NULL},
	{"x", false, 0, NULL},
};

START_TEST(decimals_are_exact)
{
	struct arena *arena = arena_create();
	int64_t number = 7;

	ck_assert_int_eq(value_decimal_parse(str_from(decimals[_i].text), &number),
			 decimals[_i].is_read);
	if (decimals[_i].is_read) {
		ck_assert_int_eq(number, decimals[_i].ten_thousandths);
		ck_assert(str_equal(value_decimal_text(arena, number),
				    str_from(decimals[_i].printed)));
	} else {
		ck_assert_int_eq(number, 7);
	}
	arena_destroy(arena);
}
END_TEST

static const struct {
	enum value_kind kind;
	const char *text;
	enum value_kind read;
	const char *printed;
} texts[] = {
	{VALUE_BOOL, "true", VALUE_BOOL, "true"},
	{VALUE_BOOL, "ON", VALUE_BOOL, "true"},
	{VALUE_BOOL, "1", VALUE_BOOL, "true"},
	{VALUE_BOOL, "T", VALUE_BOOL, "true"},
	{VALUE_BOOL, "0", VALUE_BOOL, "false"},
	{VALUE_BOOL, "", VALUE_BOOL, "false"},
	{VALUE_BOOL, "yes", VALUE_BOOL, "false"},
	{VALUE_INT, " 12 ", VALUE_INT, "12"},
	{VALUE_INT, "", VALUE_NULL, ""},
	{VALUE_INT, "x", VALUE_TEXT, "x"},
	{VALUE_INT, "1.5", VALUE_TEXT, "1.5"},
	{VALUE_DECIMAL, "1.5", VALUE_DECIMAL, "1.5"},
	{VALUE_DECIMAL, "x", VALUE_TEXT, "x"},
	{VALUE_TEXT, "", VALUE_TEXT, ""},
	{VALUE_JSON, "{}", VALUE_JSON, "{}"},
	{VALUE_TIME, "soon", VALUE_TEXT, "soon"},
	{VALUE_TIME, "2019-10-01T10:00:00Z", VALUE_TIME, "2019-10-01 10:00:00"},
	{VALUE_TIME, "2019-10-01 10:00:00", VALUE_TIME, "2019-10-01 10:00:00"},
};

START_TEST(texts_become_values_and_texts_again)
{
	struct arena *arena = arena_create();
	struct value value = value_from_text(texts[_i].kind, str_from(texts[_i].text));

	ck_assert_int_eq(value.kind, texts[_i].read);
	ck_assert(str_equal(value_to_text(arena, value), str_from(texts[_i].printed)));
	arena_destroy(arena);
}
END_TEST

START_TEST(blank_is_null_or_without_characters)
{
	ck_assert(value_is_blank(value_null()));
	ck_assert(value_is_blank(value_absent()));
	ck_assert(value_is_blank(value_text(STR(" \t"))));
	ck_assert(value_is_blank(value_json(STR(""))));
	ck_assert(!value_is_blank(value_int(0)));
	ck_assert(!value_is_blank(value_bool(false)));
	ck_assert(!value_is_blank(value_text(STR("a"))));
}
END_TEST

START_TEST(null_is_not_an_empty_text)
{
	struct arena *arena = arena_create();

	ck_assert_int_eq(value_text(str_of(NULL, 0)).kind, VALUE_NULL);
	ck_assert_int_eq(value_json(str_of(NULL, 0)).kind, VALUE_NULL);
	ck_assert(!value_equal(value_null(), value_text(STR(""))));
	ck_assert(value_equal(value_text(STR("a")), value_text(STR("a"))));
	ck_assert(!value_equal(value_int(1), value_int(2)));
	ck_assert(!value_equal(value_int(1), value_decimal(1)));
	ck_assert(str_equal(value_to_text(arena, value_time(0)), STR("1970-01-01 00:00:00")));
	arena_destroy(arena);
}
END_TEST

Suite *portal_value_suite(void);
Suite *portal_value_suite(void)
{
	Suite *suite = suite_create("portal_value");
	TCase *tests = tcase_create("value");

	tcase_add_loop_test(tests, decimals_are_exact, 0, sizeof decimals / sizeof *decimals);
	tcase_add_loop_test(tests, texts_become_values_and_texts_again, 0,
			    sizeof texts / sizeof *texts);
	tcase_add_test(tests, blank_is_null_or_without_characters);
	tcase_add_test(tests, null_is_not_an_empty_text);
	suite_add_tcase(suite, tests);
	return suite;
}
