#include "base/str.h"

#include <check.h>
#include <string.h>

#include "base/arena.h"
#include "base/str_check_test.h"

static struct arena *arena;

static void set_up(void)
{
	arena = arena_create();
}

static void tear_down(void)
{
	arena_destroy(arena);
}

START_TEST(slices_are_made_from_c_strings_and_literals)
{
	ck_assert_uint_eq(str_from(NULL).size, 0);
	ck_assert_strs_eq(str_from("abc"), STR("abc"));
	ck_assert_uint_eq(STR("a\0b").size, 3);
	ck_assert(str_is_empty(str_of(NULL, 0)) && !str_is_empty(STR(" ")));
}
END_TEST

START_TEST(equality_is_of_bytes_and_optionally_of_letters)
{
	ck_assert(str_equal(STR("a\0b"), STR("a\0b")));
	ck_assert(!str_equal(STR("a\0b"), STR("a\0c")));
	ck_assert(!str_equal(STR("ab"), STR("a")));
	ck_assert(str_equal(str_of(NULL, 0), STR("")));
	ck_assert(str_equal_nocase(STR("Content-TYPE"), STR("content-type")));
	ck_assert(!str_equal_nocase(STR("a@"), STR("a`")));
	ck_assert(!str_equal_nocase(STR("\xc4"), STR("\xe4")));
	ck_assert(!str_equal_nocase(STR("ab"), STR("abc")));
}
END_TEST

START_TEST(comparison_is_by_unsigned_bytes_then_size)
{
	ck_assert_int_eq(str_compare(STR("a"), STR("b")), -1);
	ck_assert_int_eq(str_compare(STR("\xff"), STR("a")), 1);
	ck_assert_int_eq(str_compare(STR("a"), STR("ab")), -1);
	ck_assert_int_eq(str_compare(STR("ab"), STR("a")), 1);
	ck_assert_int_eq(str_compare(STR("ab"), str_of("az", 1)), 1);
	ck_assert_int_eq(str_compare(str_of("az", 1), STR("ab")), -1);
	ck_assert_int_eq(str_compare(str_of(NULL, 0), STR("")), 0);
}
END_TEST

START_TEST(prefixes_and_suffixes_are_found)
{
	ck_assert(str_has_prefix(STR("abc"), STR("ab")) && str_has_prefix(STR("abc"), STR("")));
	ck_assert(!str_has_prefix(STR("abc"), STR("b")) && !str_has_prefix(STR("a"), STR("ab")));
	ck_assert(str_has_suffix(STR("abc"), STR("bc")) && str_has_suffix(STR("abc"), STR("")));
	ck_assert(!str_has_suffix(STR("abc"), STR("b")) && !str_has_suffix(STR("c"), STR("bc")));
}
END_TEST

START_TEST(slicing_is_clamped)
{
	ck_assert_strs_eq(str_slice(STR("abcdef"), 1, 3), STR("bc"));
	ck_assert_strs_eq(str_slice(STR("abc"), 1, 99), STR("bc"));
	ck_assert_uint_eq(str_slice(STR("abc"), 2, 1).size, 0);
	ck_assert_uint_eq(str_slice(STR("abc"), 9, 10).size, 0);
	ck_assert_strs_eq(str_skip(STR("abc"), 2), STR("c"));
	ck_assert_uint_eq(str_skip(STR("abc"), 5).size, 0);
	ck_assert_uint_eq(str_skip(str_of(NULL, 0), 5).size, 0);
}
END_TEST

START_TEST(searching_finds_the_first_place)
{
	ck_assert_uint_eq(str_find(STR("aab aab"), STR("ab")), 1);
	ck_assert_uint_eq(str_find(STR("aaab"), STR("aab")), 1);
	ck_assert_uint_eq(str_find(STR("abc"), STR("")), 0);
	ck_assert_uint_eq(str_find(STR("abc"), STR("abcd")), STR_NOT_FOUND);
	ck_assert_uint_eq(str_find(STR("abab"), STR("abc")), STR_NOT_FOUND);
	ck_assert_uint_eq(str_find(STR("xxa"), STR("ab")), STR_NOT_FOUND);
	ck_assert_uint_eq(str_find(STR("xxx"), STR("ab")), STR_NOT_FOUND);
	ck_assert_uint_eq(str_find(str_of(NULL, 0), STR("a")), STR_NOT_FOUND);
	ck_assert_uint_eq(str_find_char(STR("a\0b"), '\0'), 1);
	ck_assert_uint_eq(str_find_char(STR("ab"), 'c'), STR_NOT_FOUND);
	ck_assert_uint_eq(str_find_char(str_of(NULL, 0), 'c'), STR_NOT_FOUND);
	ck_assert_uint_eq(str_find_last_char(STR("a:b:c"), ':'), 3);
	ck_assert_uint_eq(str_find_last_char(STR("abc"), ':'), STR_NOT_FOUND);
}
END_TEST

START_TEST(trimming_takes_spaces_and_tabs_only)
{
	ck_assert_strs_eq(str_trim(STR(" \t a b\t ")), STR("a b"));
	ck_assert_strs_eq(str_trim(STR("\na\r")), STR("\na\r"));
	ck_assert_uint_eq(str_trim(STR(" \t ")).size, 0);
}
END_TEST

static const struct {
	struct str text;
	bool valid;
} utf8_rows[] = {
	{STR_INIT(""), true},
	{STR_INIT("plain text of more than eight bytes"), true},
	{STR_INIT("gr\xc3\xbc\xc3\x9f"), true},
	{STR_INIT("\xe2\x82\xac"), true},
	{STR_INIT("\xf0\x9f\x98\x80"), true},
	{STR_INIT("\xf4\x8f\xbf\xbf"), true},
	{STR_INIT("\xed\x9f\xbf"), true},
	{STR_INIT("\xee\x80\x80"), true},
	{STR_INIT("a\0b"), true},
	{STR_INIT("12345678\xff"), false},
	{STR_INIT("\x80"), false},
	{STR_INIT("\xc0\xaf"), false},
	{STR_INIT("\xc1\xbf"), false},
	{STR_INIT("\xe0\x9f\xbf"), false},
	{STR_INIT("\xf0\x8f\xbf\xbf"), false},
	{STR_INIT("\xed\xa0\x80"), false},
	{STR_INIT("\xf4\x90\x80\x80"), false},
	{STR_INIT("\xf5\x80\x80\x80"), false},
	{STR_INIT("\xe2\x82"), false},
	{STR_INIT("\xf0\x9f\x98"), false},
	{STR_INIT("\xc3"), false},
	{STR_INIT("\xe2\x28\xa1"), false},
	{STR_INIT("\xe2\x82\x28"), false},
};

START_TEST(utf8_is_judged_by_rfc_3629)
{
	ck_assert_int_eq(str_is_utf8(utf8_rows[_i].text), utf8_rows[_i].valid);
}
END_TEST

START_TEST(a_character_is_measured_at_the_front)
{
	ck_assert_uint_eq(str_character_size(STR("ab")), 1);
	ck_assert_uint_eq(str_character_size(STR("\xc3\xbcx")), 2);
	ck_assert_uint_eq(str_character_size(STR("\xf0\x9f\x98\x80x")), 4);
	ck_assert_uint_eq(str_character_size(STR("\xffx")), 0);
	ck_assert_uint_eq(str_character_size(STR("")), 0);
}
END_TEST

START_TEST(hashes_are_the_same_on_every_machine_and_depend_on_the_seed)
{
	uint64_t seen[64];

	ck_assert_uint_eq(str_hash(STR(""), 0), UINT64_C(0x6b3c89e238a4996e));
	ck_assert_uint_eq(str_hash(STR("hits"), 0), UINT64_C(0xaeef00344097307a));
	ck_assert_uint_eq(str_hash(STR("/stats/{service:7001}/metric:81"), 42),
			  UINT64_C(0x649327218c5489f7));
	ck_assert_uint_ne(str_hash(STR("hits"), 1), str_hash(STR("hits"), 2));
	/* Every size up to a few words differs from every other. */
	for (size_t i = 0; i < 64; i++) {
		static const char zeros[64];

		seen[i] = str_hash(str_of(zeros, i), 7);
		for (size_t k = 0; k < i; k++)
			ck_assert_uint_ne(seen[i], seen[k]);
	}
}
END_TEST

START_TEST(a_text_is_split_at_the_first_separator)
{
	struct str before, after;

	ck_assert(str_split_once(STR("a=b=c"), '=', &before, &after));
	ck_assert_strs_eq(before, STR("a"));
	ck_assert_strs_eq(after, STR("b=c"));
	ck_assert(!str_split_once(STR("abc"), '=', &before, &after));
	ck_assert_strs_eq(before, STR("abc"));
	ck_assert_uint_eq(after.size, 0);
	ck_assert(str_split_once(STR("="), '=', &before, &after));
	ck_assert(before.size == 0 && after.size == 0);
}
END_TEST

START_TEST(fields_are_walked)
{
	struct str rest = STR("a,,b,"), field;

	ck_assert(str_next_field(&rest, ',', &field));
	ck_assert_strs_eq(field, STR("a"));
	ck_assert(str_next_field(&rest, ',', &field));
	ck_assert_strs_eq(field, STR(""));
	ck_assert(str_next_field(&rest, ',', &field));
	ck_assert_strs_eq(field, STR("b"));
	ck_assert(!str_next_field(&rest, ',', &field));
	rest = STR("");
	ck_assert(!str_next_field(&rest, ',', &field));
	rest = STR("one");
	ck_assert(str_next_field(&rest, ',', &field));
	ck_assert_strs_eq(field, STR("one"));
	ck_assert(!str_next_field(&rest, ',', &field));
}
END_TEST

static const struct {
	struct str text;
	bool valid;
	int64_t value;
} number_rows[] = {
	{STR_INIT("0"), true, 0},
	{STR_INIT("-0"), true, 0},
	{STR_INIT("007"), true, 7},
	{STR_INIT("-12"), true, -12},
	{STR_INIT("9223372036854775807"), true, INT64_MAX},
	{STR_INIT("-9223372036854775808"), true, INT64_MIN},
	{STR_INIT("9223372036854775808"), false, 0},
	{STR_INIT("-9223372036854775809"), false, 0},
	{STR_INIT("99999999999999999999999"), false, 0},
	{STR_INIT(""), false, 0},
	{STR_INIT("-"), false, 0},
	{STR_INIT("+1"), false, 0},
	{STR_INIT(" 1"), false, 0},
	{STR_INIT("1 "), false, 0},
	{STR_INIT("1.0"), false, 0},
	{STR_INIT("0x1"), false, 0},
	{STR_INIT("--1"), false, 0},
	{STR_INIT("1\0"), false, 0},
	{STR_INIT("\xb1"), false, 0},
};

START_TEST(decimal_numbers_are_strict)
{
	int64_t value = 77;

	ck_assert_int_eq(str_to_int64(number_rows[_i].text, &value), number_rows[_i].valid);
	ck_assert_int_eq(value, number_rows[_i].valid ? number_rows[_i].value : 77);
}
END_TEST

START_TEST(sixteen_bits_are_in_range)
{
	uint16_t value = 77;

	ck_assert(str_to_uint16(STR("65535"), &value));
	ck_assert_uint_eq(value, 65535);
	ck_assert(str_to_uint16(STR("0"), &value));
	ck_assert_uint_eq(value, 0);
	value = 77;
	ck_assert(!str_to_uint16(STR("65536"), &value) && !str_to_uint16(STR("-1"), &value));
	ck_assert(!str_to_uint16(STR("-0"), &value) && !str_to_uint16(STR(""), &value));
	ck_assert_uint_eq(value, 77);
}
END_TEST

START_TEST(new_text_lives_in_the_arena)
{
	char original[] = "AbC\xc4";
	struct str copy = str_copy(arena, str_from(original));
	struct str lower = str_lower(arena, str_from(original));

	original[0] = 'X';
	ck_assert_strs_eq(copy, STR("AbC\xc4"));
	ck_assert_strs_eq(lower, STR("abc\xc4"));
	ck_assert_uint_eq(str_copy(arena, str_of(NULL, 0)).size, 0);
	ck_assert_strs_eq(STR_CONCAT(arena, STR("a"), str_of(NULL, 0), STR("bc")), STR("abc"));
	ck_assert_str_eq(str_cstr(arena, str_of("abcd", 2)), "ab");
	ck_assert_str_eq(str_cstr(arena, str_of(NULL, 0)), "");
}
END_TEST

START_TEST(formatted_text_may_be_short_or_long)
{
	char long_text[1000];

	memset(long_text, 'x', sizeof long_text);
	ck_assert_strs_eq(str_format(arena, "%d-%s", 7, "a"), STR("7-a"));
	ck_assert_strs_eq(str_format(arena, "%.*s", 255, long_text), str_of(long_text, 255));
	ck_assert_strs_eq(str_format(arena, "%.*s", 256, long_text), str_of(long_text, 256));
	ck_assert_strs_eq(str_format(arena, "%.*s", 1000, long_text), str_of(long_text, 1000));
}
END_TEST

Suite *base_str_suite(void);
Suite *base_str_suite(void)
{
	Suite *suite = suite_create("base_str");
	TCase *tests = tcase_create("str");

	tcase_add_checked_fixture(tests, set_up, tear_down);
	tcase_add_test(tests, slices_are_made_from_c_strings_and_literals);
	tcase_add_test(tests, equality_is_of_bytes_and_optionally_of_letters);
	tcase_add_test(tests, comparison_is_by_unsigned_bytes_then_size);
	tcase_add_test(tests, prefixes_and_suffixes_are_found);
	tcase_add_test(tests, slicing_is_clamped);
	tcase_add_test(tests, searching_finds_the_first_place);
	tcase_add_test(tests, trimming_takes_spaces_and_tabs_only);
	tcase_add_loop_test(tests, utf8_is_judged_by_rfc_3629, 0,
			    sizeof utf8_rows / sizeof *utf8_rows);
	tcase_add_test(tests, a_character_is_measured_at_the_front);
	tcase_add_test(tests, hashes_are_the_same_on_every_machine_and_depend_on_the_seed);
	tcase_add_test(tests, a_text_is_split_at_the_first_separator);
	tcase_add_test(tests, fields_are_walked);
	tcase_add_loop_test(tests, decimal_numbers_are_strict, 0,
			    sizeof number_rows / sizeof *number_rows);
	tcase_add_test(tests, sixteen_bits_are_in_range);
	tcase_add_test(tests, new_text_lives_in_the_arena);
	tcase_add_test(tests, formatted_text_may_be_short_or_long);
	suite_add_tcase(suite, tests);
	return suite;
}
