/* Fields of a mail's head: lengths, boundaries, and that a reader gets back what was written. */
#include "portal/mail_field.h"

#include <check.h>
#include <string.h>

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

static struct str subject(struct str text)
{
	return mail_field_text(arena, STR("Subject"), text);
}

static struct str repeated(struct str text, size_t times)
{
	struct str all = STR("");

	for (size_t i = 0; i < times; i++)
		all = STR_CONCAT(arena, all, text);
	return all;
}

/* The next line, without its end and the blank it is folded at. */
static bool next_line(struct str *field, struct str *line)
{
	if (!str_next_field(field, '\n', line))
		return false;
	if (str_has_suffix(*line, STR("\r")))
		*line = str_slice(*line, 0, line->size - 1);
	*line = str_trim(*line);
	return true;
}

/* As a reader does: unfolds, decodes each word, drops the blanks between them. */
static struct str decoded(struct str field)
{
	struct str all = STR(""), line, bytes;

	while (next_line(&field, &line)) {
		ck_assert_uint_le(line.size, 75);
		ck_assert(str_has_prefix(line, STR("=?UTF-8?B?")) &&
			  str_has_suffix(line, STR("?=")));
		ck_assert(base64_decode(arena, str_slice(line, 10, line.size - 2), &bytes));
		ck_assert_msg(str_is_utf8(bytes), "a character is split: %.*s", STR_ARG(bytes));
		all = STR_CONCAT(arena, all, bytes);
	}
	return all;
}

static void lines_fit(struct str field)
{
	size_t used = strlen("Subject: ");
	struct str line;

	while (str_next_field(&field, '\n', &line)) {
		if (str_has_suffix(line, STR("\r")))
			line = str_slice(line, 0, line.size - 1);
		ck_assert_uint_le(used + line.size, 76);
		ck_assert_uint_gt(str_trim(line).size, 0);
		used = 0;
	}
}

static const struct str coded_texts[] = {
	STR_INIT("Ph\xc3\xb6ne was made on Weather"),
	STR_INIT("\xc3\xb6\xc3\xb6\xc3\xb6\xc3\xb6\xc3\xb6\xc3\xb6\xc3\xb6"),
	STR_INIT("a \xe2\x82\xac b\xf0\x9f\x98\x80"),
	STR_INIT("=?UTF-8?B?QQ==?= is written so"),
};

/* Of every length, so that characters of each size come to stand at each boundary. */
START_TEST(coded_words_are_short_and_of_whole_characters)
{
	for (size_t times = 1; times < 40; times++) {
		for (size_t ahead = 0; ahead < 4; ahead++) {
			struct str text = STR_CONCAT(arena, repeated(STR("x"), ahead),
						     repeated(coded_texts[_i], times));
			struct str field = subject(text);

			ck_assert(str_equal(decoded(field), text));
			lines_fit(field);
		}
	}
}
END_TEST

START_TEST(a_short_text_is_one_word)
{
	ck_assert(str_equal(subject(coded_texts[0]),
			    STR("=?UTF-8?B?UGjDtm5lIHdhcyBtYWRlIG9uIFdlYXRoZXI=?=")));
}
END_TEST

START_TEST(words_are_filled)
{
	struct str field = subject(repeated(STR("\xc3\xb6"), 80)), line;
	size_t lines = 0;

	while (str_next_field(&field, '\n', &line))
		lines++;
	/* 38 bytes after the name, 44 on each further line. */
	ck_assert_uint_eq(lines, 1 + (160 - 38 + 43) / 44);
}
END_TEST

START_TEST(bytes_that_are_no_characters_are_coded_too)
{
	struct str field = subject(repeated(STR("\xff\xc3"), 60)), line, bytes, all = STR("");

	lines_fit(field);
	while (next_line(&field, &line)) {
		ck_assert(base64_decode(arena, str_slice(line, 10, line.size - 2), &bytes));
		all = STR_CONCAT(arena, all, bytes);
	}
	ck_assert(str_equal(all, repeated(STR("\xff\xc3"), 60)));
}
END_TEST

/* Unfolding takes line ends away, blanks stay. */
static struct str unfolded(struct str field)
{
	struct str all = STR(""), before;

	while (str_find(field, STR("\r\n")) != STR_NOT_FOUND) {
		before = str_slice(field, 0, str_find(field, STR("\r\n")));
		all = STR_CONCAT(arena, all, before);
		field = str_skip(field, before.size + 2);
		ck_assert(str_has_prefix(field, STR(" ")));
	}
	return STR_CONCAT(arena, all, field);
}

START_TEST(plain_text_is_folded_at_blanks)
{
	for (size_t times = 1; times < 60; times++) {
		struct str text =
			STR_CONCAT(arena, repeated(STR("four is  two "), times), STR("end"));
		struct str field = subject(text);

		lines_fit(field);
		ck_assert(str_equal(unfolded(field), text));
	}
	ck_assert(str_equal(subject(STR("Set a new password")), STR("Set a new password")));
}
END_TEST

START_TEST(what_has_no_blanks_stays_in_one_piece)
{
	struct str word = repeated(STR("w"), 300);

	ck_assert(str_equal(subject(word), word));
	ck_assert(str_equal(unfolded(subject(STR_CONCAT(arena, word, STR(" "), word, STR(" x")))),
			    STR_CONCAT(arena, word, STR(" "), word, STR(" x"))));
	ck_assert(str_equal(subject(STR("")), STR("")));
	ck_assert(str_equal(unfolded(subject(repeated(STR(" "), 200))), repeated(STR(" "), 200)));
}
END_TEST

Suite *portal_mail_field_suite(void);
Suite *portal_mail_field_suite(void)
{
	Suite *suite = suite_create("portal_mail_field");
	TCase *tests = tcase_create("mail_field");

	tcase_add_checked_fixture(tests, set_up, tear_down);
	tcase_add_loop_test(tests, coded_words_are_short_and_of_whole_characters, 0,
			    sizeof coded_texts / sizeof *coded_texts);
	tcase_add_test(tests, a_short_text_is_one_word);
	tcase_add_test(tests, words_are_filled);
	tcase_add_test(tests, bytes_that_are_no_characters_are_coded_too);
	tcase_add_test(tests, plain_text_is_folded_at_blanks);
	tcase_add_test(tests, what_has_no_blanks_stays_in_one_piece);
	suite_add_tcase(suite, tests);
	return suite;
}
