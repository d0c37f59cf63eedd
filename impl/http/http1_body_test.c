#include <check.h>
#include <stdio.h>

#include "base/arena.h"
#include "base/limits.h"
#include "base/str_check_test.h"
#include "http/http1.h"

#define CHUNKED ((struct http1_framing){.kind = HTTP1_CHUNKED})

static struct arena *arena;
static struct http1_body body;
static struct http1_fault fault;
static struct strbuf got;

static void set_up(void)
{
	arena = arena_create();
	strbuf_init(&got, 1 << 20);
}

static void tear_down(void)
{
	strbuf_free(&got);
	arena_destroy(arena);
}

/* Feeds pieces of at most `piece` bytes until the body is over or the bytes are. */
static enum http1_result feed(struct http1_framing framing, struct str bytes, size_t piece,
			      size_t *used)
{
	enum http1_result result = HTTP1_INCOMPLETE;

	*used = 0;
	strbuf_clear(&got);
	fault = (struct http1_fault){.status = 0};
	http1_body_begin(&body, framing);
	while (*used < bytes.size && result == HTTP1_INCOMPLETE) {
		struct str fed = str_copy(arena, str_slice(bytes, *used, *used + piece)), data;
		size_t part;

		result = http1_read_body(&body, fed, &part, &data, &fault);
		ck_assert_uint_le(part, fed.size);
		ck_assert(result != HTTP1_INCOMPLETE || part > 0);
		if (data.size > 0)
			ck_assert(data.data >= fed.data &&
				  data.data + data.size <= fed.data + part);
		ck_assert(strbuf_append(&got, data));
		*used += part;
	}
	return result;
}

START_TEST(no_body_is_over_at_once)
{
	struct str data;
	size_t used;

	http1_body_begin(&body, (struct http1_framing){.kind = HTTP1_NO_BODY});
	ck_assert_int_eq(http1_read_body(&body, STR("next"), &used, &data, &fault), HTTP1_DONE);
	ck_assert_uint_eq(used + data.size, 0);
	http1_body_begin(&body, (struct http1_framing){.kind = HTTP1_LENGTH});
	ck_assert_int_eq(http1_read_body(&body, STR("next"), &used, &data, &fault), HTTP1_DONE);
	ck_assert_uint_eq(used + data.size, 0);
}
END_TEST

START_TEST(a_length_is_kept)
{
	struct http1_framing framing = {.kind = HTTP1_LENGTH, .length = 5};
	size_t used;

	for (size_t piece = 1; piece < 10; piece++) {
		ck_assert_int_eq(feed(framing, STR("hello next"), piece, &used), HTTP1_DONE);
		ck_assert_uint_eq(used, 5);
		ck_assert_strs_eq(strbuf_str(&got), STR("hello"));
		ck_assert_int_eq(feed(framing, STR("hell"), piece, &used), HTTP1_INCOMPLETE);
	}
}
END_TEST

START_TEST(until_close_takes_everything)
{
	struct http1_framing framing = {.kind = HTTP1_UNTIL_CLOSE};
	size_t used;

	ck_assert_int_eq(feed(framing, STR("0\r\n\r\n"), 2, &used), HTTP1_INCOMPLETE);
	ck_assert_strs_eq(strbuf_str(&got), STR("0\r\n\r\n"));
}
END_TEST

static const struct {
	struct str bytes, data;
} taken_rows[] = {
	{STR_INIT("0\r\n\r\n"), STR_INIT("")},
	{STR_INIT("000\r\n\r\n"), STR_INIT("")},
	{STR_INIT("5\r\nhello\r\n0\r\n\r\n"), STR_INIT("hello")},
	{STR_INIT("a\r\n0123456789\r\n1\r\nx\r\n0\r\n\r\n"), STR_INIT("0123456789x")},
	{STR_INIT("A\r\n0123456789\r\n00000000000000000001\r\nx\r\n0\r\n\r\n"),
	 STR_INIT("0123456789x")},
	{STR_INIT("3\r\n\r\n0\r\n0\r\n\r\n"), STR_INIT("\r\n0")},
	{STR_INIT("1;a\r\nx\r\n0;b=c;d=\"e;f\"\t \xff\r\n\r\n"), STR_INIT("x")},
	{STR_INIT("1;\r\nx\r\n0\r\n\r\n"), STR_INIT("x")},
	{STR_INIT("1\r\nx\r\n0\r\nA: b\r\nContent-Length: 9\r\nEmpty:\r\nX:\ty\xff\r\n\r\n"),
	 STR_INIT("x")},
};

START_TEST(chunks_are_read_in_pieces_of_any_size)
{
	struct str bytes = STR_CONCAT(arena, taken_rows[_i].bytes, STR("NEXT"));
	size_t used;

	for (size_t piece = 1; piece <= bytes.size; piece++) {
		ck_assert_int_eq(feed(CHUNKED, bytes, piece, &used), HTTP1_DONE);
		ck_assert_strs_eq(str_skip(bytes, used), STR("NEXT"));
		ck_assert_strs_eq(strbuf_str(&got), taken_rows[_i].data);
	}
}
END_TEST

START_TEST(every_prefix_of_chunks_waits_for_more)
{
	struct str bytes = taken_rows[_i].bytes;
	size_t used;

	for (size_t size = 0; size < bytes.size; size++) {
		ck_assert_int_eq(feed(CHUNKED, str_slice(bytes, 0, size), size + 1, &used),
				 HTTP1_INCOMPLETE);
		ck_assert_uint_eq(used, size);
		ck_assert(str_has_prefix(taken_rows[_i].data, strbuf_str(&got)));
	}
}
END_TEST

START_TEST(after_the_end_nothing_is_taken)
{
	struct str data;
	size_t used;

	ck_assert_int_eq(feed(CHUNKED, STR("0\r\n\r\n"), 9, &used), HTTP1_DONE);
	ck_assert_int_eq(http1_read_body(&body, STR("0\r\n\r\n"), &used, &data, &fault),
			 HTTP1_DONE);
	ck_assert_uint_eq(used + data.size, 0);
}
END_TEST

static const struct str refused_rows[] = {
	STR_INIT("0x3\r\nabc\r\n0\r\n\r\n"),
	STR_INIT("3 \r\nabc\r\n0\r\n\r\n"),
	STR_INIT(" 3\r\nabc\r\n0\r\n\r\n"),
	STR_INIT("\t3\r\nabc\r\n0\r\n\r\n"),
	STR_INIT("-1\r\n"),
	STR_INIT("+3\r\nabc\r\n0\r\n\r\n"),
	STR_INIT("_3\r\nabc\r\n0\r\n\r\n"),
	STR_INIT("1_0\r\n"),
	STR_INIT("3\t;a\r\nabc"),
	STR_INIT("3 ;a\r\nabc"),
	STR_INIT("g\r\n"),
	STR_INIT("\r\n"),
	STR_INIT(";a\r\n"),
	STR_INIT("3\nabc\r\n0\r\n\r\n"),
	STR_INIT("3\rabc\r\n0\r\n\r\n"),
	STR_INIT("3\r\r\nabc"),
	STR_INIT("3;a\nabc\r\n0\r\n\r\n"),
	STR_INIT("3;a\rb\r\nabc"),
	STR_INIT("3;a=\"\n\"\r\nabc"),
	STR_INIT("3;a\0\r\nabc"),
	STR_INIT("3\r\nabcd\r\n0\r\n\r\n"),
	STR_INIT("3\r\nabc\n0\r\n\r\n"),
	STR_INIT("3\r\nabc0\r\n\r\n"),
	STR_INIT("3\r\nabc\r0\r\n\r\n"),
	STR_INIT("3\r\nabc\r\n\r\n"),
	STR_INIT("0\r\n\n"),
	STR_INIT("0\r\n\rx"),
	STR_INIT("0\r\nA\r\n\r\n"),
	STR_INIT("0\r\n: b\r\n\r\n"),
	STR_INIT("0\r\nA : b\r\n\r\n"),
	STR_INIT("0\r\n A: b\r\n\r\n"),
	STR_INIT("0\r\nA: b\r\n c\r\n\r\n"),
	STR_INIT("0\r\nA: b\nC: d\r\n\r\n"),
	STR_INIT("0\r\nA: b\rC: d\r\n\r\n"),
	STR_INIT("0\r\nA: \0\r\n\r\n"),
	STR_INIT("0\r\nGET / HTTP/1.1\r\n\r\n"),
};

START_TEST(malformed_chunks_are_refused)
{
	size_t used;

	for (size_t piece = 1; piece <= refused_rows[_i].size; piece++) {
		ck_assert_int_eq(feed(CHUNKED, refused_rows[_i], piece, &used), HTTP1_INVALID);
		ck_assert_int_eq(fault.status, 400);
	}
}
END_TEST

START_TEST(sizes_are_bounded)
{
	size_t used;

	ck_assert_int_eq(feed(CHUNKED, STR("7fffffffffffffff\r\nx"), 99, &used), HTTP1_INCOMPLETE);
	ck_assert_int_eq(body.left, INT64_MAX - 1);
	ck_assert_int_eq(feed(CHUNKED, STR("8000000000000000\r\n"), 99, &used), HTTP1_INVALID);
	ck_assert_int_eq(fault.status, 413);
	ck_assert_int_eq(feed(CHUNKED, STR("10000000000000003\r\nabc"), 99, &used), HTTP1_INVALID);
	ck_assert_int_eq(fault.status, 413);
	ck_assert_int_eq(feed(CHUNKED, STR("ffffffffffffffff\r\n"), 99, &used), HTTP1_INVALID);
}
END_TEST

static struct str repeated(char c, size_t count)
{
	char *data = arena_alloc(arena, count);

	for (size_t i = 0; i < count; i++)
		data[i] = c;
	return str_of(data, count);
}

START_TEST(chunk_lines_are_bounded)
{
	struct str longest = STR_CONCAT(
		arena, STR("1;"), repeated('a', LIMIT_HTTP_CHUNK_LINE_BYTES - 4), STR("\r\n"));
	struct str end = STR("x\r\n0\r\n\r\n");
	size_t used;

	/* Each line counts for itself. */
	ck_assert_int_eq(
		feed(CHUNKED, STR_CONCAT(arena, longest, STR("x\r\n"), longest, end), 7, &used),
		HTTP1_DONE);
	ck_assert_int_eq(feed(CHUNKED, STR_CONCAT(arena, STR("0"), longest, end), 7, &used),
			 HTTP1_INVALID);
	ck_assert_int_eq(feed(CHUNKED, repeated('0', 1 << 20), 1 << 20, &used), HTTP1_INVALID);
	ck_assert_uint_eq(used, LIMIT_HTTP_CHUNK_LINE_BYTES);
}
END_TEST

START_TEST(trailers_are_bounded_together)
{
	struct str line = STR("Name: value\r\n"), bytes = STR("0\r\n");
	size_t count = LIMIT_HTTP_HEADER_BYTES / line.size, used;

	for (size_t i = 0; i < count; i++)
		bytes = STR_CONCAT(arena, bytes, line);
	ck_assert_int_eq(feed(CHUNKED, STR_CONCAT(arena, bytes, STR("\r\n")), 100, &used),
			 HTTP1_DONE);
	ck_assert_int_eq(feed(CHUNKED, STR_CONCAT(arena, bytes, line, STR("\r\n")), 100, &used),
			 HTTP1_INVALID);
	ck_assert_int_eq(fault.status, 431);
}
END_TEST

START_TEST(every_byte_is_judged_in_every_place)
{
	char c = (char)_i;
	struct str byte = str_of(&c, 1);
	bool is_control = _i < ' ' || _i == 0x7f;
	bool is_decimal = c >= '0' && c <= '9';
	size_t used;

	ck_assert_int_eq(feed(CHUNKED, STR_CONCAT(arena, byte, STR("\r\n")), 9, &used) !=
				 HTTP1_INVALID,
			 is_decimal || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F'));
	ck_assert_int_eq(feed(CHUNKED, STR_CONCAT(arena, STR("1;"), byte, STR("\r\n")), 9, &used) !=
				 HTTP1_INVALID,
			 !is_control || c == '\t');
	ck_assert_int_eq(feed(CHUNKED, STR_CONCAT(arena, STR("0\r\n"), byte, STR("A: b\r\n")), 9,
			      &used) != HTTP1_INVALID,
			 http_is_token(byte));
	ck_assert_int_eq(feed(CHUNKED, STR_CONCAT(arena, STR("0\r\nA: "), byte, STR("\r\n")), 99,
			      &used) != HTTP1_INVALID,
			 !is_control || c == '\t');
	ck_assert_int_eq(feed(CHUNKED, STR_CONCAT(arena, STR("1\r\n"), byte, STR("\r\n0\r\n\r\n")),
			      99, &used),
			 HTTP1_DONE);
	ck_assert_strs_eq(strbuf_str(&got), byte);
}
END_TEST

Suite *http_http1_body_suite(void);
Suite *http_http1_body_suite(void)
{
	Suite *suite = suite_create("http_http1_body");
	TCase *tests = tcase_create("http1_body");

	tcase_add_checked_fixture(tests, set_up, tear_down);
	tcase_add_test(tests, no_body_is_over_at_once);
	tcase_add_test(tests, a_length_is_kept);
	tcase_add_test(tests, until_close_takes_everything);
	tcase_add_loop_test(tests, chunks_are_read_in_pieces_of_any_size, 0, COUNT(taken_rows));
	tcase_add_loop_test(tests, every_prefix_of_chunks_waits_for_more, 0, COUNT(taken_rows));
	tcase_add_test(tests, after_the_end_nothing_is_taken);
	tcase_add_loop_test(tests, malformed_chunks_are_refused, 0, COUNT(refused_rows));
	tcase_add_test(tests, sizes_are_bounded);
	tcase_add_test(tests, chunk_lines_are_bounded);
	tcase_add_test(tests, trailers_are_bounded_together);
	tcase_add_loop_test(tests, every_byte_is_judged_in_every_place, 0, 256);
	suite_add_tcase(suite, tests);
	return suite;
}
