/* Bodies of mails: as they are, or coded when a relay might not take them. */
#include "portal/mail_body.h"

#include <check.h>

#include "base/arena.h"
#include "base/base64.h"

static struct arena *arena;

static void set_up(void)
{
	arena = arena_create();
}

static void tear_down(void)
{
	arena_destroy(arena);
}

static struct str repeated(struct str text, size_t times)
{
	struct str all = STR("");

	for (size_t i = 0; i < times; i++)
		all = STR_CONCAT(arena, all, text);
	return all;
}

START_TEST(short_lines_go_as_they_are)
{
	struct mail_body body = mail_body_of(arena, STR("Gr\xc3\xbc\xc3\x9f"
							"e\n\n.two\n"));

	ck_assert(str_equal(body.encoding, STR("8bit")));
	ck_assert(str_equal(body.text, STR("Gr\xc3\xbc\xc3\x9f"
					   "e\r\n\r\n.two\r\n")));
	body = mail_body_of(arena, repeated(STR("x"), 998));
	ck_assert(str_equal(body.encoding, STR("8bit")));
}
END_TEST

static void is_coded(struct str text, struct str wanted)
{
	struct mail_body body = mail_body_of(arena, text);
	struct str rest = body.text, line, coded = STR(""), bytes;

	ck_assert(str_equal(body.encoding, STR("base64")));
	while (str_next_field(&rest, '\n', &line)) {
		ck_assert(str_has_suffix(line, STR("\r")));
		ck_assert_uint_le(line.size, 76 + 1);
		coded = STR_CONCAT(arena, coded, str_slice(line, 0, line.size - 1));
	}
	ck_assert(base64_decode(arena, coded, &bytes));
	ck_assert(str_equal(bytes, wanted));
}

START_TEST(long_lines_are_coded)
{
	struct str line = repeated(STR("\xe2\x82\xac"), 333); /* 999 bytes */

	is_coded(STR_CONCAT(arena, STR("Hello,\n"), line, STR("\n")),
		 STR_CONCAT(arena, STR("Hello,\r\n"), line, STR("\r\n")));
}
END_TEST

START_TEST(what_looks_like_an_end_of_a_line_is_coded)
{
	is_coded(STR("a\r.\n"), STR("a\r.\r\n"));
	is_coded(str_of("a\0b\n", 4), str_of("a\0b\r\n", 5));
}
END_TEST

Suite *portal_mail_body_suite(void);
Suite *portal_mail_body_suite(void)
{
	Suite *suite = suite_create("portal_mail_body");
	TCase *tests = tcase_create("mail_body");

	tcase_add_checked_fixture(tests, set_up, tear_down);
	tcase_add_test(tests, short_lines_go_as_they_are);
	tcase_add_test(tests, long_lines_are_coded);
	tcase_add_test(tests, what_looks_like_an_end_of_a_line_is_coded);
	suite_add_tcase(suite, tests);
	return suite;
}
