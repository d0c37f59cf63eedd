#include <check.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"

static struct strbuf buffer;

static void set_up(void)
{
	strbuf_init(&buffer, 1000);
}

static void tear_down(void)
{
	strbuf_free(&buffer);
}

static void holds(const char *text)
{
	ck_assert_msg(str_equal(strbuf_str(&buffer), str_from(text)), "\"%.*s\" is not \"%s\"",
		      STR_ARG(strbuf_str(&buffer)), text);
}

START_TEST(text_is_appended)
{
	holds("");
	ck_assert(strbuf_append(&buffer, STR("ab")));
	ck_assert(strbuf_append(&buffer, str_of(NULL, 0)));
	ck_assert(strbuf_append_char(&buffer, 'c'));
	ck_assert(strbuf_append_format(&buffer, "-%d", 5));
	holds("abc-5");
}
END_TEST

START_TEST(integers_of_any_size_are_appended)
{
	strbuf_append_int(&buffer, INT64_MIN);
	strbuf_append_char(&buffer, ' ');
	strbuf_append_int(&buffer, INT64_MAX);
	strbuf_append_char(&buffer, ' ');
	strbuf_append_int(&buffer, 0);
	strbuf_append_int(&buffer, -7);
	holds("-9223372036854775808 9223372036854775807 0-7");
}
END_TEST

START_TEST(long_formats_are_appended_whole)
{
	char text[901];

	memset(text, 'y', 900);
	text[900] = '\0';
	ck_assert(strbuf_append_format(&buffer, "%s", text));
	holds(text);
	ck_assert(strbuf_append_format(&buffer, "%.100s", text));
	ck_assert_uint_eq(buffer.size, 1000);
	ck_assert(!strbuf_is_full(&buffer));
}
END_TEST

START_TEST(an_append_past_the_maximum_is_refused_and_remembered)
{
	char text[1001];

	memset(text, 'z', 1001);
	ck_assert(strbuf_append(&buffer, str_of(text, 999)));
	ck_assert(!strbuf_append(&buffer, str_of(text, 2)));
	ck_assert(strbuf_is_full(&buffer));
	ck_assert_uint_eq(buffer.size, 999);
	ck_assert(strbuf_append_char(&buffer, 'a'));
	ck_assert(!strbuf_append_char(&buffer, 'b'));
	ck_assert(!strbuf_append_int(&buffer, 1));
	ck_assert_uint_eq(buffer.size, 1000);
	ck_assert(strbuf_is_full(&buffer));
	strbuf_clear(&buffer);
	ck_assert(!strbuf_is_full(&buffer));
	holds("");
}
END_TEST

START_TEST(a_long_format_past_the_maximum_is_refused)
{
	ck_assert(!strbuf_append_format(&buffer, "%1001d", 1));
	ck_assert(strbuf_is_full(&buffer));
	ck_assert_uint_eq(buffer.size, 0);
}
END_TEST

START_TEST(consuming_makes_room_again)
{
	strbuf_append_format(&buffer, "%1000d", 1);
	strbuf_consume(&buffer, 998);
	holds(" 1");
	ck_assert(strbuf_append(&buffer, STR("23")));
	holds(" 123");
	strbuf_consume(&buffer, 0);
	strbuf_consume(&buffer, 4);
	holds("");
}
END_TEST

START_TEST(reserved_room_can_be_written_and_committed)
{
	char *room = strbuf_reserve(&buffer, 1000);

	ck_assert_ptr_nonnull(room);
	memset(room, 'q', 1000);
	strbuf_commit(&buffer, 3);
	holds("qqq");
	ck_assert_ptr_null(strbuf_reserve(&buffer, 998));
	ck_assert_ptr_nonnull(strbuf_reserve(&buffer, 997));
	ck_assert(!strbuf_is_full(&buffer));
}
END_TEST

START_TEST(a_freed_buffer_is_empty_and_reusable)
{
	strbuf_append(&buffer, STR("x"));
	strbuf_free(&buffer);
	holds("");
	ck_assert(strbuf_append_format(&buffer, "%1000d", 1));
	ck_assert(!strbuf_append(&buffer, STR("x")));
}
END_TEST

START_TEST(bytes_are_kept_over_many_appends)
{
	strbuf_init(&buffer, 1 << 20);
	for (int i = 0; i < 100000; i++)
		strbuf_append_char(&buffer, (char)(i % 127));
	ck_assert_uint_eq(buffer.size, 100000);
	for (int i = 0; i < 100000; i++)
		ck_assert_int_eq(buffer.data[i], i % 127);
}
END_TEST

START_TEST(a_buffer_of_no_bytes_refuses_all_but_nothing)
{
	strbuf_init(&buffer, 0);
	ck_assert(strbuf_append(&buffer, STR("")));
	ck_assert(!strbuf_append_char(&buffer, 'x'));
	holds("");
}
END_TEST

START_TEST(committing_more_than_reserved_is_a_bug)
{
	strbuf_reserve(&buffer, 10);
	strbuf_commit(&buffer, 2000);
}
END_TEST

START_TEST(consuming_more_than_there_is_is_a_bug)
{
	strbuf_append(&buffer, STR("ab"));
	strbuf_consume(&buffer, 3);
}
END_TEST

Suite *base_strbuf_suite(void);
Suite *base_strbuf_suite(void)
{
	Suite *suite = suite_create("base_strbuf");
	TCase *tests = tcase_create("strbuf");
	const char *fork = getenv("CK_FORK");

	tcase_add_checked_fixture(tests, set_up, tear_down);
	tcase_add_test(tests, text_is_appended);
	tcase_add_test(tests, integers_of_any_size_are_appended);
	tcase_add_test(tests, long_formats_are_appended_whole);
	tcase_add_test(tests, an_append_past_the_maximum_is_refused_and_remembered);
	tcase_add_test(tests, a_long_format_past_the_maximum_is_refused);
	tcase_add_test(tests, consuming_makes_room_again);
	tcase_add_test(tests, reserved_room_can_be_written_and_committed);
	tcase_add_test(tests, a_freed_buffer_is_empty_and_reusable);
	tcase_add_test(tests, bytes_are_kept_over_many_appends);
	tcase_add_test(tests, a_buffer_of_no_bytes_refuses_all_but_nothing);
	if (fork == NULL || strcmp(fork, "no") != 0) {
		tcase_add_test_raise_signal(tests, committing_more_than_reserved_is_a_bug, SIGABRT);
		tcase_add_test_raise_signal(tests, consuming_more_than_there_is_is_a_bug, SIGABRT);
	}
	suite_add_tcase(suite, tests);
	return suite;
}
