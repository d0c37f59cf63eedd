#include "store/resp.h"

#include <check.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/limits.h"

static struct arena *arena;
static struct strbuf out;

static void set_up(void)
{
	arena = arena_create();
	strbuf_init(&out, LIMIT_RESP_TEXT_BYTES);
}

static void tear_down(void)
{
	strbuf_free(&out);
	arena_destroy(arena);
}

static const struct str WORDS[] = {STR_INIT("SET"), STR_INIT("a\r\nb\0c"), STR_INIT("")};
#define WORDS_WIRE STR("*3\r\n$3\r\nSET\r\n$6\r\na\r\nb\0c\r\n$0\r\n\r\n")

START_TEST(a_command_is_written_as_an_array_of_its_words)
{
	ck_assert(resp_write_command(&out, WORDS, 3));
	ck_assert(str_equal(strbuf_str(&out), WORDS_WIRE));
}
END_TEST

START_TEST(a_command_is_read_back_and_its_size_told)
{
	struct str *words;
	size_t count, used;

	strbuf_append(&out, WORDS_WIRE);
	strbuf_append(&out, STR("*1\r\n"));
	ck_assert_int_eq(resp_read_command(strbuf_str(&out), arena, &words, &count, &used),
			 RESP_DONE);
	ck_assert_uint_eq(used, WORDS_WIRE.size);
	ck_assert_uint_eq(count, 3);
	memset(out.data, 'x', out.size); /* the words are copies */
	for (size_t i = 0; i < 3; i++)
		ck_assert(str_equal(words[i], WORDS[i]));
}
END_TEST

START_TEST(every_beginning_of_a_command_is_incomplete_and_takes_no_memory)
{
	struct str *words;
	size_t count, used;

	for (size_t size = 0; size < WORDS_WIRE.size; size++)
		ck_assert_int_eq(resp_read_command(str_slice(WORDS_WIRE, 0, size), arena, &words,
						   &count, &used),
				 RESP_INCOMPLETE);
	ck_assert_uint_eq(arena_bytes(arena), 0);
}
END_TEST

START_TEST(an_empty_command_is_read_as_no_words)
{
	static const struct str wires[] = {STR_INIT("*0\r\n"), STR_INIT("*-1\r\n")};
	struct str *words;
	size_t count, used;

	for (size_t i = 0; i < 2; i++) {
		ck_assert_int_eq(resp_read_command(wires[i], arena, &words, &count, &used),
				 RESP_DONE);
		ck_assert_uint_eq(count, 0);
		ck_assert_uint_eq(used, wires[i].size);
	}
}
END_TEST

static const struct str BAD_COMMANDS[] = {
	STR_INIT("PING\r\n"),
	STR_INIT("*x\r\n"),
	STR_INIT("*\r\n"),
	STR_INIT("* 1\r\n"),
	STR_INIT("*1048577\r\n"),
	STR_INIT("*00000000000000000000000000000000001\r\n"),
	STR_INIT("*1\r\n+PING\r\n"),
	STR_INIT("*1\r\n$-1\r\n"),
	STR_INIT("*1\r\n$536870913\r\n"),
	STR_INIT("*1\r\n$4\r\nPINGxx"),
	STR_INIT("*1\r\n$4\r\nPING\rx"),
	STR_INIT("*2\r\n$4\r\nPING\r\n*"),
};

START_TEST(a_broken_command_is_invalid)
{
	struct str *words;
	size_t count, used;

	ck_assert_int_eq(resp_read_command(BAD_COMMANDS[_i], arena, &words, &count, &used),
			 RESP_INVALID);
}
END_TEST

static const struct redis_reply NUMBERS[] = {
	{.kind = REDIS_INTEGER, .integer = INT64_MIN},
	{.kind = REDIS_INTEGER, .integer = INT64_MAX},
};
static const struct redis_reply ITEMS[] = {
	{.kind = REDIS_STRING, .text = STR_INIT("a\r\n")},
	{.kind = REDIS_NIL},
	{.kind = REDIS_ARRAY, .items = NUMBERS, .count = 2},
	{.kind = REDIS_ARRAY},
};
static const struct {
	struct redis_reply reply;
	struct str wire;
} REPLIES[] = {
	{{.kind = REDIS_STATUS, .text = STR_INIT("OK")}, STR_INIT("+OK\r\n")},
	{{.kind = REDIS_STATUS}, STR_INIT("+\r\n")},
	{{.kind = REDIS_ERROR, .text = STR_INIT("ERR no")}, STR_INIT("-ERR no\r\n")},
	{{.kind = REDIS_INTEGER, .integer = -7}, STR_INIT(":-7\r\n")},
	{{.kind = REDIS_STRING, .text = STR_INIT("x\0y")}, STR_INIT("$3\r\nx\0y\r\n")},
	{{.kind = REDIS_STRING}, STR_INIT("$0\r\n\r\n")},
	{{.kind = REDIS_NIL}, STR_INIT("$-1\r\n")},
	{{.kind = REDIS_ARRAY, .items = ITEMS, .count = 4},
	 STR_INIT("*4\r\n$3\r\na\r\n\r\n$-1\r\n*2\r\n:-9223372036854775808\r\n"
		  ":9223372036854775807\r\n*0\r\n")},
};
#define REPLIES_COUNT (sizeof REPLIES / sizeof *REPLIES)

static void assert_same_reply(const struct redis_reply *a, const struct redis_reply *b, int depth)
{
	ck_assert_int_le(depth, LIMIT_RESP_DEPTH);
	ck_assert_int_eq(a->kind, b->kind);
	ck_assert_int_eq(a->integer, b->integer);
	ck_assert(str_equal(a->text, b->text));
	ck_assert_uint_eq(a->count, b->count);
	for (size_t i = 0; i < a->count; i++)
		assert_same_reply(&a->items[i], &b->items[i], depth + 1);
}

START_TEST(a_reply_is_written_and_read_back)
{
	struct redis_reply reply;
	size_t used;

	ck_assert(resp_write_reply(&out, &REPLIES[_i].reply));
	ck_assert(str_equal(strbuf_str(&out), REPLIES[_i].wire));
	strbuf_append(&out, STR("+"));
	ck_assert_int_eq(resp_read_reply(strbuf_str(&out), arena, &reply, &used), RESP_DONE);
	memset(out.data, 'x', out.size); /* the texts are copies */
	ck_assert_uint_eq(used, REPLIES[_i].wire.size);
	assert_same_reply(&reply, &REPLIES[_i].reply, 0);
}
END_TEST

START_TEST(every_beginning_of_a_reply_is_incomplete_and_takes_no_memory)
{
	struct redis_reply reply;
	size_t used;

	for (size_t size = 0; size < REPLIES[_i].wire.size; size++)
		ck_assert_int_eq(
			resp_read_reply(str_slice(REPLIES[_i].wire, 0, size), arena, &reply, &used),
			RESP_INCOMPLETE);
	ck_assert_uint_eq(arena_bytes(arena), 0);
}
END_TEST

START_TEST(a_null_array_is_nil)
{
	struct redis_reply reply;
	size_t used;

	ck_assert_int_eq(resp_read_reply(STR("*-1\r\n"), arena, &reply, &used), RESP_DONE);
	ck_assert_int_eq(reply.kind, REDIS_NIL);
}
END_TEST

static const struct str BAD_REPLIES[] = {
	STR_INIT("OK\r\n"),
	STR_INIT(":\r\n"),
	STR_INIT(":9223372036854775808\r\n"),
	STR_INIT("$-2\r\n"),
	STR_INIT("$536870913\r\n"),
	STR_INIT("$1\r\nab\r"),
	STR_INIT("*-2\r\n"),
	STR_INIT("*1048577\r\n"),
	STR_INIT("*2\r\n:1\r\n?"),
	STR_INIT("*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n"),
};

START_TEST(a_broken_reply_is_invalid)
{
	struct redis_reply reply;
	size_t used;

	ck_assert_int_eq(resp_read_reply(BAD_REPLIES[_i], arena, &reply, &used), RESP_INVALID);
}
END_TEST

START_TEST(a_line_has_a_bound)
{
	struct redis_reply reply;
	size_t used;

	strbuf_append_char(&out, '+');
	for (size_t i = 0; i < LIMIT_RESP_LINE_BYTES; i++)
		strbuf_append_char(&out, 'a');
	ck_assert_int_eq(resp_read_reply(strbuf_str(&out), arena, &reply, &used), RESP_INCOMPLETE);
	strbuf_append(&out, STR("\r\n"));
	ck_assert_int_eq(resp_read_reply(strbuf_str(&out), arena, &reply, &used), RESP_DONE);
	ck_assert_uint_eq(reply.text.size, LIMIT_RESP_LINE_BYTES);
	out.size -= 2;
	strbuf_append(&out, STR("aa"));
	ck_assert_int_eq(resp_read_reply(strbuf_str(&out), arena, &reply, &used), RESP_INVALID);
}
END_TEST

START_TEST(an_error_cannot_forge_a_second_reply)
{
	struct redis_reply reply = {.kind = REDIS_ERROR, .text = STR("ERR a\r\n+OK\nb\r")};

	ck_assert(resp_write_reply(&out, &reply));
	ck_assert(str_equal(strbuf_str(&out), STR("-ERR a  +OK b \r\n")));
}
END_TEST

START_TEST(a_full_buffer_is_told)
{
	struct redis_reply reply = {.kind = REDIS_STATUS, .text = STR("OK")};

	strbuf_free(&out);
	strbuf_init(&out, 4);
	ck_assert(!resp_write_reply(&out, &reply));
	ck_assert(!resp_write_command(&out, WORDS, 3));
}
END_TEST

START_TEST(a_lost_reply_is_never_written)
{
	struct redis_reply reply = {.kind = REDIS_LOST, .text = STR("gone")};

	resp_write_reply(&out, &reply);
}
END_TEST

Suite *store_resp_suite(void)
{
	Suite *suite = suite_create("store_resp");
	TCase *commands = tcase_create("commands");
	TCase *replies = tcase_create("replies");

	tcase_add_checked_fixture(commands, set_up, tear_down);
	tcase_add_test(commands, a_command_is_written_as_an_array_of_its_words);
	tcase_add_test(commands, a_command_is_read_back_and_its_size_told);
	tcase_add_test(commands, every_beginning_of_a_command_is_incomplete_and_takes_no_memory);
	tcase_add_test(commands, an_empty_command_is_read_as_no_words);
	tcase_add_loop_test(commands, a_broken_command_is_invalid, 0,
			    sizeof BAD_COMMANDS / sizeof *BAD_COMMANDS);
	suite_add_tcase(suite, commands);

	tcase_add_checked_fixture(replies, set_up, tear_down);
	tcase_add_loop_test(replies, a_reply_is_written_and_read_back, 0, REPLIES_COUNT);
	tcase_add_loop_test(replies, every_beginning_of_a_reply_is_incomplete_and_takes_no_memory,
			    0, REPLIES_COUNT);
	tcase_add_test(replies, a_null_array_is_nil);
	tcase_add_loop_test(replies, a_broken_reply_is_invalid, 0,
			    sizeof BAD_REPLIES / sizeof *BAD_REPLIES);
	tcase_add_test(replies, a_line_has_a_bound);
	tcase_add_test(replies, an_error_cannot_forge_a_second_reply);
	tcase_add_test(replies, a_full_buffer_is_told);
	if (getenv("CK_FORK") == NULL || strcmp(getenv("CK_FORK"), "no") != 0)
		tcase_add_test_raise_signal(replies, a_lost_reply_is_never_written, SIGABRT);
	suite_add_tcase(suite, replies);
	return suite;
}
