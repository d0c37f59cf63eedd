#include <check.h>

#include "base/arena.h"
#include "base/str_check_test.h"
#include "http/body.h"
#include "http/http1.h"

static struct arena *arena;
static struct http_request request;
static struct http_response response;
static struct strbuf out;

static void set_up(void)
{
	arena = arena_create();
	request = (struct http_request){STR("GET"), STR("/"), .minor_version = 1};
	http_fields_init(&request.fields, arena);
	http_response_init(&response, arena, 200);
	strbuf_init(&out, 4096);
}

static void tear_down(void)
{
	strbuf_free(&out);
	arena_destroy(arena);
}

/* Requests. */

static const struct {
	const char *method;
	int minor_version;
	bool has_body;
	int64_t length;
	const char *written; /* NULL: refused */
} request_rows[] = {
	{"GET", 1, false, 0, "GET / HTTP/1.1\r\nHost: a\r\n\r\n"},
	{"GET", 0, false, 0, "GET / HTTP/1.0\r\nHost: a\r\n\r\n"},
	{"GET", 1, true, 3, "GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\n"},
	{"POST", 1, false, 7, "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n"},
	{"POST", 1, true, 0, "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n"},
	{"POST", 1, true, INT64_MAX,
	 "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 9223372036854775807\r\n\r\n"},
	{"PUT", 1, true, HTTP_BODY_LENGTH_UNKNOWN,
	 "PUT / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"},
	{"PUT", 0, true, HTTP_BODY_LENGTH_UNKNOWN, NULL},
	{"PUT", 1, true, HTTP1_LENGTH_UNTIL_CLOSE, NULL},
	{"G T", 1, false, 0, NULL},
	{"", 1, false, 0, NULL},
};

START_TEST(requests_get_the_framing_of_their_body)
{
	bool is_written;

	request.method = str_from(request_rows[_i].method);
	request.minor_version = request_rows[_i].minor_version;
	http_fields_add(&request.fields, STR("Host"), STR("a"));
	http_fields_add(&request.fields, STR("content-length"), STR("99"));
	http_fields_add(&request.fields, STR("Transfer-Encoding"), STR("gzip"));
	is_written = http1_write_request(&out, &request, request_rows[_i].has_body,
					 request_rows[_i].length);
	ck_assert_int_eq(is_written, request_rows[_i].written != NULL);
	ck_assert_strs_eq(strbuf_str(&out), str_from(request_rows[_i].written));
}
END_TEST

static const struct {
	struct str target, name, value;
} unsound_rows[] = {
	{STR_INIT(""), STR_INIT("X"), STR_INIT("y")},
	{STR_INIT("/a b"), STR_INIT("X"), STR_INIT("y")},
	{STR_INIT("/a\r\nX: y"), STR_INIT("X"), STR_INIT("y")},
	{STR_INIT("/a\x7f"), STR_INIT("X"), STR_INIT("y")},
	{STR_INIT("/"), STR_INIT(""), STR_INIT("y")},
	{STR_INIT("/"), STR_INIT("X "), STR_INIT("y")},
	{STR_INIT("/"), STR_INIT("X:"), STR_INIT("y")},
	{STR_INIT("/"), STR_INIT("X\r\nY"), STR_INIT("y")},
	{STR_INIT("/"), STR_INIT("X"), STR_INIT("y\r\nZ: z")},
	{STR_INIT("/"), STR_INIT("X"), STR_INIT("y\n")},
	{STR_INIT("/"), STR_INIT("X"), STR_INIT("\0")},
};

START_TEST(nothing_unsound_leaves)
{
	bool fields_are_sound =
		http_is_token(unsound_rows[_i].name) && http_is_field_value(unsound_rows[_i].value);

	strbuf_append(&out, STR("before"));
	request.target = unsound_rows[_i].target;
	http_fields_add(&request.fields, unsound_rows[_i].name, unsound_rows[_i].value);
	ck_assert(!http1_write_request(&out, &request, false, 0));
	ck_assert_strs_eq(strbuf_str(&out), STR("before"));
	http_fields_add(&response.fields, unsound_rows[_i].name, unsound_rows[_i].value);
	ck_assert_int_eq(http1_write_response(&out, &response, STR("GET"), 0, true),
			 fields_are_sound);
	ck_assert(fields_are_sound || out.size == 6);
}
END_TEST

/* Responses. */

static const struct {
	int status;
	const char *method;
	int64_t length;
	bool keep_alive;
	const char *written; /* after the status line and the field X; NULL: refused */
} response_rows[] = {
	{200, "GET", 3, true, "Content-Length: 3\r\n\r\n"},
	{200, "GET", 0, true, "Content-Length: 0\r\n\r\n"},
	{200, "GET", HTTP_BODY_LENGTH_UNKNOWN, true, "Transfer-Encoding: chunked\r\n\r\n"},
	{200, "GET", 3, false, "Connection: close\r\nContent-Length: 3\r\n\r\n"},
	{200, "GET", HTTP1_LENGTH_UNTIL_CLOSE, false, "Connection: close\r\n\r\n"},
	{200, "GET", HTTP1_LENGTH_UNTIL_CLOSE, true, NULL},
	{200, "GET", -3, false, NULL},
	{200, "HEAD", 3, true, "Content-Length: 3\r\n\r\n"},
	{200, "HEAD", HTTP_BODY_LENGTH_UNKNOWN, true, "Transfer-Encoding: chunked\r\n\r\n"},
	{204, "GET", 3, true, "\r\n"},
	{304, "GET", 3, true, "\r\n"},
	{100, "POST", 0, true, "\r\n"},
	{200, "CONNECT", 0, true, "\r\n"},
	{404, "CONNECT", 0, true, "Content-Length: 0\r\n\r\n"},
	{99, "GET", 0, true, NULL},
	{600, "GET", 0, true, NULL},
};

START_TEST(responses_get_the_framing_of_their_body)
{
	struct str head =
		str_format(arena, "HTTP/1.1 %d %.*s\r\nX: y\r\n", response_rows[_i].status,
			   STR_ARG(http_reason(response_rows[_i].status)));
	bool is_written;

	response.status = response_rows[_i].status;
	http_fields_add(&response.fields, STR("X"), STR("y"));
	http_fields_add(&response.fields, STR("Transfer-Encoding"), STR("gzip"));
	is_written = http1_write_response(&out, &response, str_from(response_rows[_i].method),
					  response_rows[_i].length, response_rows[_i].keep_alive);
	ck_assert_int_eq(is_written, response_rows[_i].written != NULL);
	if (is_written)
		ck_assert_strs_eq(strbuf_str(&out),
				  STR_CONCAT(arena, head, str_from(response_rows[_i].written)));
	else
		ck_assert_uint_eq(out.size, 0);
}
END_TEST

START_TEST(head_keeps_the_length_that_get_would_have)
{
	http_fields_add(&response.fields, STR("Content-Length"), STR("42"));
	ck_assert(http1_write_response(&out, &response, STR("HEAD"), 0, true));
	ck_assert_strs_eq(strbuf_str(&out), STR("HTTP/1.1 200 OK\r\nContent-Length: 42\r\n\r\n"));
	strbuf_clear(&out);
	http_fields_set(&response.fields, STR("Content-Length"), STR("-42"));
	ck_assert(http1_write_response(&out, &response, STR("HEAD"), 7, true));
	ck_assert_strs_eq(strbuf_str(&out), STR("HTTP/1.1 200 OK\r\nContent-Length: 7\r\n\r\n"));
}
END_TEST

START_TEST(the_last_answer_says_close_once)
{
	http_fields_add(&response.fields, STR("Connection"), STR("keep-alive"));
	response.reason = STR("Fine");
	ck_assert(http1_write_response(&out, &response, STR("GET"), 0, true));
	ck_assert(http1_write_response(&out, &response, STR("GET"), 0, false));
	ck_assert_strs_eq(
		strbuf_str(&out),
		STR("HTTP/1.1 200 Fine\r\nConnection: keep-alive\r\nContent-Length: 0\r\n\r\n"
		    "HTTP/1.1 200 Fine\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"));
	response.reason = STR("a\r\nX: y");
	ck_assert(!http1_write_response(&out, &response, STR("GET"), 0, true));
}
END_TEST

START_TEST(chunks_are_written)
{
	ck_assert(http1_write_chunk(&out, STR("0123456789abcdef0")));
	ck_assert(http1_write_chunk(&out, STR("")));
	ck_assert(http1_write_last_chunk(&out));
	ck_assert_strs_eq(strbuf_str(&out), STR("11\r\n0123456789abcdef0\r\n0\r\n\r\n"));
}
END_TEST

START_TEST(a_full_buffer_holds_no_halves)
{
	struct strbuf small;

	http_fields_add(&request.fields, STR("Host"), STR("a"));
	request.method = STR("POST");
	ck_assert(http1_write_request(&out, &request, true, 5));
	for (size_t max = 0; max <= out.size; max++) {
		strbuf_init(&small, max);
		ck_assert_int_eq(http1_write_request(&small, &request, true, 5), max == out.size);
		ck_assert_uint_eq(small.size, (max == out.size ? max : 0));
		ck_assert_int_eq(strbuf_is_full(&small), max < out.size);
		strbuf_free(&small);
	}
	strbuf_clear(&out);
	http_fields_add(&response.fields, STR("X"), STR("y"));
	ck_assert(http1_write_response(&out, &response, STR("GET"), 5, false));
	for (size_t max = 0; max < out.size; max++) {
		strbuf_init(&small, max);
		ck_assert(!http1_write_response(&small, &response, STR("GET"), 5, false));
		ck_assert_uint_eq(small.size, 0);
		strbuf_free(&small);
	}
	for (size_t max = 0; max < 8; max++) {
		strbuf_init(&small, max);
		ck_assert(!http1_write_chunk(&small, STR("abc")));
		ck_assert_uint_eq(small.size, 0);
		strbuf_free(&small);
	}
}
END_TEST

/* What is written is read again as the same. */
START_TEST(what_is_written_is_read)
{
	struct http_request again;
	struct http1_framing framing;
	struct http1_fault fault;
	size_t used;

	request.method = STR("PATCH");
	request.target = STR("/a?b=%20#c");
	http_fields_add(&request.fields, STR("Host"), STR("a:1"));
	http_fields_add(&request.fields, STR("X-Y"), STR("a \t \xff"));
	ck_assert(http1_write_request(&out, &request, true, HTTP_BODY_LENGTH_UNKNOWN));
	ck_assert_int_eq(
		http1_read_request(strbuf_str(&out), NULL, arena, &again, &framing, &used, &fault),
		HTTP1_DONE);
	ck_assert_uint_eq(used, out.size);
	ck_assert_int_eq(framing.kind, HTTP1_CHUNKED);
	ck_assert_strs_eq(again.method, request.method);
	ck_assert_strs_eq(again.target, request.target);
	ck_assert_uint_eq(again.fields.count, 3);
	ck_assert_strs_eq(http_fields_get(&again.fields, STR("X-Y")), STR("a \t \xff"));
}
END_TEST

Suite *http_http1_write_suite(void);
Suite *http_http1_write_suite(void)
{
	Suite *suite = suite_create("http_http1_write");
	TCase *tests = tcase_create("http1_write");

	tcase_add_checked_fixture(tests, set_up, tear_down);
	tcase_add_loop_test(tests, requests_get_the_framing_of_their_body, 0, COUNT(request_rows));
	tcase_add_loop_test(tests, nothing_unsound_leaves, 0, COUNT(unsound_rows));
	tcase_add_loop_test(tests, responses_get_the_framing_of_their_body, 0,
			    COUNT(response_rows));
	tcase_add_test(tests, head_keeps_the_length_that_get_would_have);
	tcase_add_test(tests, the_last_answer_says_close_once);
	tcase_add_test(tests, chunks_are_written);
	tcase_add_test(tests, a_full_buffer_holds_no_halves);
	tcase_add_test(tests, what_is_written_is_read);
	suite_add_tcase(suite, tests);
	return suite;
}
