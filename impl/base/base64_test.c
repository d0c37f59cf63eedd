#include "base/base64.h"

#include <check.h>

#include "base/arena.h"

static struct arena *arena;

static void set_up(void)
{
	arena = arena_create();
}

static void tear_down(void)
{
	arena_destroy(arena);
}

/* RFC 4648 10, and bytes that need the last two letters. */
static const struct {
	struct str bytes, text;
} rows[] = {
	{STR_INIT(""), STR_INIT("")},
	{STR_INIT("f"), STR_INIT("Zg==")},
	{STR_INIT("fo"), STR_INIT("Zm8=")},
	{STR_INIT("foo"), STR_INIT("Zm9v")},
	{STR_INIT("foob"), STR_INIT("Zm9vYg==")},
	{STR_INIT("fooba"), STR_INIT("Zm9vYmE=")},
	{STR_INIT("foobar"), STR_INIT("Zm9vYmFy")},
	{STR_INIT("\0\0\0"), STR_INIT("AAAA")},
	{STR_INIT("\xfb\xff\xbf"), STR_INIT("+/+/")},
};

START_TEST(bytes_are_encoded_and_decoded)
{
	struct str bytes = STR("untouched");

	ck_assert(str_equal(base64_encode(arena, rows[_i].bytes), rows[_i].text));
	ck_assert(base64_decode(arena, rows[_i].text, &bytes));
	ck_assert(str_equal(bytes, rows[_i].bytes));
}
END_TEST

START_TEST(padding_may_be_missing_and_the_alphabet_url_safe)
{
	struct str bytes;

	ck_assert(base64_decode(arena, STR("Zm9vYg"), &bytes) && str_equal(bytes, STR("foob")));
	ck_assert(base64_decode(arena, STR("Zm9vYmE"), &bytes) && str_equal(bytes, STR("fooba")));
	ck_assert(base64_decode(arena, STR("-_-_"), &bytes) &&
		  str_equal(bytes, STR("\xfb\xff\xbf")));
	/* spec/backend.md: this word is taken for base64, spare bits and all. */
	ck_assert(base64_decode(arena, STR("doopah"), &bytes));
	ck_assert_uint_eq(bytes.size, 4);
}
END_TEST

static const struct str refused_rows[] = {
	STR_INIT("Z"),       STR_INIT("Zm9vY"), STR_INIT("Zg="),   STR_INIT("Zm8=="),
	STR_INIT("Zm9v="),   STR_INIT("="),     STR_INIT("=="),    STR_INIT("===="),
	STR_INIT("Zg==Zg"),  STR_INIT("Zm 8"),  STR_INIT("Zm8\n"), STR_INIT("Z*9v"),
	STR_INIT("Zm9\xff"), STR_INIT("Zm9\0"), STR_INIT("Z==="),
};

START_TEST(what_is_not_base64_is_refused)
{
	struct str bytes = STR("untouched");

	ck_assert(!base64_decode(arena, refused_rows[_i], &bytes));
	ck_assert(str_equal(bytes, STR("untouched")));
}
END_TEST

START_TEST(all_sizes_go_there_and_back)
{
	char all[256];
	struct str bytes;

	for (int i = 0; i < 256; i++)
		all[i] = (char)i;
	for (size_t size = 0; size <= 256; size++) {
		ck_assert(base64_decode(arena, base64_encode(arena, str_of(all, size)), &bytes));
		ck_assert(str_equal(bytes, str_of(all, size)));
	}
}
END_TEST

START_TEST(hex_is_lower_case)
{
	ck_assert(str_equal(hex_encode(arena, STR("\x00\x0f\xa5\xff")), STR("000fa5ff")));
	ck_assert_uint_eq(hex_encode(arena, STR("")).size, 0);
}
END_TEST

Suite *base_base64_suite(void);
Suite *base_base64_suite(void)
{
	Suite *suite = suite_create("base_base64");
	TCase *tests = tcase_create("base64");

	tcase_add_checked_fixture(tests, set_up, tear_down);
	tcase_add_loop_test(tests, bytes_are_encoded_and_decoded, 0, sizeof rows / sizeof *rows);
	tcase_add_test(tests, padding_may_be_missing_and_the_alphabet_url_safe);
	tcase_add_loop_test(tests, what_is_not_base64_is_refused, 0,
			    sizeof refused_rows / sizeof *refused_rows);
	tcase_add_test(tests, all_sizes_go_there_and_back);
	tcase_add_test(tests, hex_is_lower_case);
	suite_add_tcase(suite, tests);
	return suite;
}
