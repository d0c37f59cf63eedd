#include <check.h>
#include <string.h>

#include "base/arena.h"
#include "base/limits.h"
#include "base/str_check_test.h"
#include "http/http1.h"

#define H "Host: a\r\n"
#define GET "GET / HTTP/1.1\r\n"
#define GETH GET H
#define POSTH "POST / HTTP/1.1\r\n" H

static struct arena *arena;
static struct http_request request;
static struct http_response response;
static struct http1_framing framing;
static struct http1_fault fault;
static size_t used;

static void set_up(void)
{
	arena = arena_create();
}

static void tear_down(void)
{
	arena_destroy(arena);
}

static enum http1_result read_request(struct str bytes)
{
	fault = (struct http1_fault){.status = 0};
	return http1_read_request(bytes, NULL, arena, &request, &framing, &used, &fault);
}

static enum http1_result read_response(struct str bytes, struct str method)
{
	fault = (struct http1_fault){.status = 0};
	return http1_read_response(bytes, method, arena, &response, &framing, &used, &fault);
}

/* A copy in a block of its own, so that reading past its end is seen by AddressSanitizer. */
static struct str alone(struct str bytes)
{
	return str_copy(arena, bytes);
}

/* Requests that are taken. */

static const struct {
	struct str bytes;
	const char *method, *target;
	int minor_version;
	enum http1_framing_kind kind;
	int64_t length;
	bool keep_alive;
} taken_rows[] = {
	{STR_INIT(GETH "\r\n"), "GET", "/", 1, HTTP1_NO_BODY, 0, true},
	{STR_INIT("\r\n" GETH "\r\n"), "GET", "/", 1, HTTP1_NO_BODY, 0, true},
	{STR_INIT("get /a?b=c#d HTTP/1.1\r\n" H "\r\n"), "get", "/a?b=c#d", 1, HTTP1_NO_BODY, 0,
	 true},
	{STR_INIT("GET /%2e%2e/%zz/\xc3\xa4\\;| HTTP/1.1\r\n" H "\r\n"), "GET",
	 "/%2e%2e/%zz/\xc3\xa4\\;|", 1, HTTP1_NO_BODY, 0, true},
	{STR_INIT("GET http://evil/x HTTP/1.1\r\n" H "\r\n"), "GET", "http://evil/x", 1,
	 HTTP1_NO_BODY, 0, true},
	{STR_INIT("CONNECT a:443 HTTP/1.1\r\n" H "\r\n"), "CONNECT", "a:443", 1, HTTP1_NO_BODY, 0,
	 true},
	{STR_INIT("OPTIONS * HTTP/1.1\r\n" H "\r\n"), "OPTIONS", "*", 1, HTTP1_NO_BODY, 0, true},
	{STR_INIT("GET / HTTP/1.0\r\n\r\n"), "GET", "/", 0, HTTP1_NO_BODY, 0, false},
	{STR_INIT("GET / HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\n"), "GET", "/", 0, HTTP1_NO_BODY,
	 0, true},
	{STR_INIT("GET / HTTP/1.0\r\nConnection: keep-alive, close\r\n\r\n"), "GET", "/", 0,
	 HTTP1_NO_BODY, 0, false},
	{STR_INIT(GETH "connection: x, CLOSE\r\n\r\n"), "GET", "/", 1, HTTP1_NO_BODY, 0, false},
	{STR_INIT(POSTH "Content-Length: 5\r\n\r\nhello"), "POST", "/", 1, HTTP1_LENGTH, 5, true},
	{STR_INIT(POSTH "content-length:\t 005 \t\r\n\r\n"), "POST", "/", 1, HTTP1_LENGTH, 5, true},
	{STR_INIT(POSTH "Content-Length: 0\r\n\r\n"), "POST", "/", 1, HTTP1_LENGTH, 0, true},
	{STR_INIT(POSTH "Content-Length: 9223372036854775807\r\n\r\n"), "POST", "/", 1,
	 HTTP1_LENGTH, INT64_MAX, true},
	{STR_INIT("POST / HTTP/1.0\r\nContent-Length: 1\r\n\r\n"), "POST", "/", 0, HTTP1_LENGTH, 1,
	 false},
	{STR_INIT(POSTH "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n"), "POST", "/", 1,
	 HTTP1_CHUNKED, 0, true},
	{STR_INIT(POSTH "tRANSFER-eNCODING:CHUNKED\r\n\r\n"), "POST", "/", 1, HTTP1_CHUNKED, 0,
	 true},
	{STR_INIT(GET "Host: [::1]:8080\r\n\r\n"), "GET", "/", 1, HTTP1_NO_BODY, 0, true},
	{STR_INIT(GET "Host:\r\n\r\n"), "GET", "/", 1, HTTP1_NO_BODY, 0, true},
	{STR_INIT(GET "HOST: A_b.example.com.:80\r\nEmpty:\r\nX: a\tb \xff\r\n\r\n"), "GET", "/", 1,
	 HTTP1_NO_BODY, 0, true},
};

START_TEST(sound_requests_are_taken)
{
	struct str bytes = taken_rows[_i].bytes;
	size_t end = str_find(str_skip(bytes, 2), STR("\r\n\r\n")) + 6;

	ck_assert_int_eq(read_request(alone(bytes)), HTTP1_DONE);
	ck_assert_uint_eq(used, end);
	ck_assert_strs_eq(request.method, str_from(taken_rows[_i].method));
	ck_assert_strs_eq(request.target, str_from(taken_rows[_i].target));
	ck_assert_int_eq(request.minor_version, taken_rows[_i].minor_version);
	ck_assert_int_eq(framing.kind, taken_rows[_i].kind);
	ck_assert_int_eq(framing.length, taken_rows[_i].length);
	ck_assert_int_eq(framing.keep_alive, taken_rows[_i].keep_alive);
}
END_TEST

START_TEST(every_prefix_of_a_request_waits_for_more)
{
	struct str bytes = taken_rows[_i].bytes;
	size_t end = str_find(str_skip(bytes, 2), STR("\r\n\r\n")) + 6;

	for (size_t size = 0; size < end; size++)
		ck_assert_msg(read_request(alone(str_slice(bytes, 0, size))) == HTTP1_INCOMPLETE,
			      "%zu bytes: %s", size, fault.text);
	for (size_t size = end; size <= bytes.size; size++) {
		ck_assert_int_eq(read_request(alone(str_slice(bytes, 0, size))), HTTP1_DONE);
		ck_assert_uint_eq(used, end);
	}
}
END_TEST

START_TEST(fields_are_read_in_order_and_trimmed)
{
	ck_assert_int_eq(read_request(STR(GETH "X-A: \t a  b \t\r\nx-a:\r\n\r\n")), HTTP1_DONE);
	ck_assert_uint_eq(request.fields.count, 3);
	ck_assert_strs_eq(request.fields.items[1].name, STR("X-A"));
	ck_assert_strs_eq(request.fields.items[1].value, STR("a  b"));
	ck_assert_strs_eq(request.fields.items[2].name, STR("x-a"));
	ck_assert_uint_eq(request.fields.items[2].value.size, 0);
	http_fields_add(&request.fields, STR("More"), STR("1"));
	ck_assert_uint_eq(request.fields.count, 4);
}
END_TEST

START_TEST(a_request_does_not_borrow_from_the_bytes)
{
	char bytes[] = GETH "\r\n";

	ck_assert_int_eq(read_request(str_from(bytes)), HTTP1_DONE);
	memset(bytes, 'x', sizeof bytes);
	ck_assert_strs_eq(request.method, STR("GET"));
	ck_assert_strs_eq(http_fields_get(&request.fields, STR("Host")), STR("a"));
}
END_TEST

/* Requests that are refused: anchors/reliability.md 2.1. */

static const struct {
	int status;
	struct str bytes;
} refused_rows[] = {
	/* Two framings. */
	{400, STR_INIT(POSTH "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n")},
	{400, STR_INIT(POSTH "Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n")},
	{400, STR_INIT(POSTH "Content-Length: 5\r\nContent-Length: 6\r\n\r\n")},
	{400, STR_INIT(POSTH "Content-Length: 5\r\ncontent-length: 5\r\n\r\n")},
	{400, STR_INIT(POSTH "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n")},
	{400, STR_INIT("POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n")},
	/* Lengths. */
	{400, STR_INIT(POSTH "Content-Length: +5\r\n\r\n")},
	{400, STR_INIT(POSTH "Content-Length: -1\r\n\r\n")},
	{400, STR_INIT(POSTH "Content-Length: 0x5\r\n\r\n")},
	{400, STR_INIT(POSTH "Content-Length: 5, 5\r\n\r\n")},
	{400, STR_INIT(POSTH "Content-Length: 5 5\r\n\r\n")},
	{400, STR_INIT(POSTH "Content-Length: 5.0\r\n\r\n")},
	{400, STR_INIT(POSTH "Content-Length:\r\n\r\n")},
	{400, STR_INIT(POSTH "Content-Length: five\r\n\r\n")},
	{413, STR_INIT(POSTH "Content-Length: 9223372036854775808\r\n\r\n")},
	{413, STR_INIT(POSTH "Content-Length: 18446744073709551621\r\n\r\n")},
	/* Codings. */
	{501, STR_INIT(POSTH "Transfer-Encoding: identity\r\n\r\n")},
	{501, STR_INIT(POSTH "Transfer-Encoding: xchunked\r\n\r\n")},
	{501, STR_INIT(POSTH "Transfer-Encoding: gzip, chunked\r\n\r\n")},
	{501, STR_INIT(POSTH "Transfer-Encoding: chunked, identity\r\n\r\n")},
	{501, STR_INIT(POSTH "Transfer-Encoding: chunked, chunked\r\n\r\n")},
	{501, STR_INIT(POSTH "Transfer-Encoding: \"chunked\"\r\n\r\n")},
	{501, STR_INIT(POSTH "Transfer-Encoding: chunked;q=1\r\n\r\n")},
	{400, STR_INIT(POSTH "Transfer-Encoding:\r\n\r\n")},
	{400, STR_INIT(POSTH "Transfer-Encoding:\x0b"
			     "chunked\r\n\r\n")},
	{400, STR_INIT(POSTH "Transfer-Encoding:\r\n chunked\r\n\r\n")},
	/* Field lines. */
	{400, STR_INIT(POSTH "Transfer-Encoding : chunked\r\n\r\n")},
	{400, STR_INIT(GETH "X-A\t: b\r\n\r\n")},
	{400, STR_INIT(GETH "X A: b\r\n\r\n")},
	{400, STR_INIT(GETH ": b\r\n\r\n")},
	{400, STR_INIT(GETH "X-A\r\n\r\n")},
	{400, STR_INIT(GETH "X: a\r\n b\r\n\r\n")},
	{400, STR_INIT(GETH "X: a\r\n\tb: c\r\n\r\n")},
	{400, STR_INIT(GET " Host: a\r\n\r\n")},
	{400, STR_INIT(GET " \r\n" H "\r\n")},
	{400, STR_INIT(GETH "X: a\rY: b\r\n\r\n")},
	{400, STR_INIT(GETH "X: a\nY: b\r\n\r\n")},
	{400, STR_INIT(GETH "X: a\r\r\n\r\n")},
	{400, STR_INIT(GETH "X: a\0b\r\n\r\n")},
	{400, STR_INIT(GETH "X: a\x7f\r\n\r\n")},
	{400, STR_INIT(GETH "\r\r\n\n")},
	{400, STR_INIT("GET / HTTP/1.1\nHost: a\n\n")},
	{400, STR_INIT(GETH "\n")},
	/* Host. */
	{400, STR_INIT(GET "\r\n")},
	{400, STR_INIT(GET "X: y\r\n\r\n")},
	{400, STR_INIT(GETH H "\r\n")},
	{400, STR_INIT(GETH "host: b\r\n\r\n")},
	{400, STR_INIT("GET / HTTP/1.0\r\n" H H "\r\n")},
	{400, STR_INIT(GET "Host: a, b\r\n\r\n")},
	{400, STR_INIT(GET "Host: a,b\r\n\r\n")},
	{400, STR_INIT(GET "Host: user@a\r\n\r\n")},
	{400, STR_INIT(GET "Host: a/b\r\n\r\n")},
	{400, STR_INIT(GET "Host: a\\b\r\n\r\n")},
	{400, STR_INIT(GET "Host: a?\r\n\r\n")},
	{400, STR_INIT(GET "Host: a#\r\n\r\n")},
	{400, STR_INIT(GET "Host: \xc3\xa4\r\n\r\n")},
	/* Request lines. */
	{400, STR_INIT("GET /\r\n\r\n")},
	{400, STR_INIT("GET\r\n\r\n")},
	{400, STR_INIT("\r\n\r\n")},
	{400, STR_INIT("\r\n\r\n" GETH "\r\n")},
	{400, STR_INIT(" GET / HTTP/1.1\r\n" H "\r\n")},
	{400, STR_INIT("GET  / HTTP/1.1\r\n" H "\r\n")},
	{400, STR_INIT("GET /  HTTP/1.1\r\n" H "\r\n")},
	{400, STR_INIT("GET / HTTP/1.1 \r\n" H "\r\n")},
	{400, STR_INIT("GET /a b HTTP/1.1\r\n" H "\r\n")},
	{400, STR_INIT("GET /a\tb HTTP/1.1\r\n" H "\r\n")},
	{400, STR_INIT("GET\t/ HTTP/1.1\r\n" H "\r\n")},
	{400, STR_INIT("GET  HTTP/1.1\r\n" H "\r\n")},
	{400, STR_INIT("G@T / HTTP/1.1\r\n" H "\r\n")},
	{400, STR_INIT("GET a HTTP/1.1\r\n" H "\r\n")},
	{400, STR_INIT("GET * HTTP/1.1\r\n" H "\r\n")},
	{400, STR_INIT("GET http:// HTTP/1.1\r\n" H "\r\n")},
	{400, STR_INIT("GET ://a HTTP/1.1\r\n" H "\r\n")},
	{400, STR_INIT("GET a:443 HTTP/1.1\r\n" H "\r\n")},
	{400, STR_INIT("CONNECT /x HTTP/1.1\r\n" H "\r\n")},
	{400, STR_INIT("GET /a%00b HTTP/1.1\r\n" H "\r\n")},
	{400, STR_INIT("GET /a?b=%00 HTTP/1.1\r\n" H "\r\n")},
	{400, STR_INIT("GET /a\0b HTTP/1.1\r\n" H "\r\n")},
	{400, STR_INIT("\x16\x03\x01\x02")},
	/* Versions. */
	{505, STR_INIT("GET / HTTP/1.2\r\n" H "\r\n")},
	{505, STR_INIT("GET / HTTP/2.0\r\n" H "\r\n")},
	{505, STR_INIT("GET / HTTP/0.9\r\n" H "\r\n")},
	{400, STR_INIT("PRI * HTTP/2.0\r\n\r\n")},
	{400, STR_INIT("GET / http/1.1\r\n" H "\r\n")},
	{400, STR_INIT("GET / HTTP/1\r\n" H "\r\n")},
	{400, STR_INIT("GET / HTTP/1.10\r\n" H "\r\n")},
	{400, STR_INIT("GET / HTTP/11.\r\n" H "\r\n")},
	{400, STR_INIT("GET / HTTP/1,1\r\n" H "\r\n")},
	{400, STR_INIT("GET / HTTP/a.b\r\n" H "\r\n")},
	{400, STR_INIT("GET / HTTPS/1.\r\n" H "\r\n")},
};

START_TEST(unsound_requests_are_refused)
{
	ck_assert_int_eq(read_request(alone(refused_rows[_i].bytes)), HTTP1_INVALID);
	ck_assert_msg(fault.status == refused_rows[_i].status, "%d %s", fault.status, fault.text);
	ck_assert_uint_gt(strlen(fault.text), 0);
}
END_TEST

START_TEST(no_prefix_of_an_unsound_request_is_taken)
{
	struct str bytes = refused_rows[_i].bytes;
	bool was_refused = false;

	for (size_t size = 0; size <= bytes.size; size++) {
		enum http1_result result = read_request(alone(str_slice(bytes, 0, size)));

		ck_assert_int_ne(result, HTTP1_DONE);
		ck_assert(!was_refused || result == HTTP1_INVALID);
		was_refused = result == HTTP1_INVALID;
	}
	ck_assert(was_refused);
}
END_TEST

START_TEST(what_is_refused_leaves_the_outputs_alone)
{
	ck_assert_int_eq(read_request(STR(GETH "\r\n")), HTTP1_DONE);
	ck_assert_int_eq(read_request(STR(POSTH "Content-Length: x\r\n\r\n")), HTTP1_INVALID);
	ck_assert_strs_eq(request.method, STR("GET"));
	ck_assert_uint_eq(used, sizeof GETH + 1);
	ck_assert_int_eq(framing.kind, HTTP1_NO_BODY);
}
END_TEST

/* Every byte, in every place where it could matter. */

static bool takes(const char *before, char c, const char *after)
{
	return read_request(STR_CONCAT(arena, str_from(before), str_of(&c, 1), str_from(after))) ==
	       HTTP1_DONE;
}

START_TEST(every_byte_is_judged_in_every_place)
{
	char c = (char)_i;
	bool is_token = http_is_token(str_of(&c, 1));
	bool is_control = _i < ' ' || _i == 0x7f;

	ck_assert_int_eq(takes("G", c, "T / HTTP/1.1\r\n" H "\r\n"), is_token);
	ck_assert_int_eq(takes("", c, " / HTTP/1.1\r\n" H "\r\n"), is_token);
	ck_assert_int_eq(takes("GET /", c, " HTTP/1.1\r\n" H "\r\n"), !is_control && c != ' ');
	ck_assert_int_eq(takes("GET ", c, " HTTP/1.1\r\n" H "\r\n"), c == '/');
	ck_assert_int_eq(takes("GET / HTTP/1.", c, "\r\n" H "\r\n"), c == '0' || c == '1');
	ck_assert_int_eq(takes("GET / HTTP/1.1", c, "\r\n" H "\r\n"), false);
	ck_assert_int_eq(takes("GET / HTTP", c, "1.1\r\n" H "\r\n"), c == '/');
	ck_assert_int_eq(takes(GETH "X", c, "Y: z\r\n\r\n"), is_token || c == ':');
	ck_assert_int_eq(takes(GETH, c, "Y: z\r\n\r\n"), is_token);
	ck_assert_int_eq(takes(GETH "X", c, ": z\r\n\r\n"), is_token || c == ':');
	ck_assert_int_eq(takes(GETH "X:", c, "z\r\n\r\n"), !is_control || c == '\t');
	ck_assert_int_eq(takes(GETH "X: y", c, "z\r\n\r\n"), !is_control || c == '\t');
	ck_assert_int_eq(takes(GETH "X: y", c, "\r\n\r\n"), !is_control || c == '\t');
	ck_assert_int_eq(takes(GETH "\r", c, ""), c == '\n');
	ck_assert_int_eq(takes(POSTH "Content-Length: 1", c, "2\r\n\r\n"), c >= '0' && c <= '9');
}
END_TEST

/* Whatever surrounds "chunked", a request with it has one framing or none. */
START_TEST(no_misspelt_coding_hides_the_length)
{
	static const char *const places[][2] = {
		{"", "Transfer-Encoding: chunked"}, {"Transfer-Encoding", ": chunked"},
		{"Transfer-Encoding:", "chunked"},  {"Transfer-Encoding: chun", "ked"},
		{"Transfer-Encoding: chunked", ""},
	};
	char c = (char)_i;

	for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
		struct str line = STR_CONCAT(arena, str_from(places[i][0]), str_of(&c, 1),
					     str_from(places[i][1]));

		if (read_request(STR_CONCAT(arena, STR(POSTH), line, STR("\r\n\r\n"))) ==
		    HTTP1_DONE)
			ck_assert(framing.kind == HTTP1_CHUNKED ||
				  !http_fields_has(&request.fields, STR("Transfer-Encoding")));
		if (read_request(STR_CONCAT(arena, STR(POSTH "Content-Length: 3\r\n"), line,
					    STR("\r\n\r\n"))) == HTTP1_DONE)
			ck_assert(!http_fields_has(&request.fields, STR("Transfer-Encoding")));
	}
}
END_TEST

/* Sizes. */

static struct str repeated(char c, size_t count)
{
	char *data = arena_alloc(arena, count);

	memset(data, c, count);
	return str_of(data, count);
}

static struct str request_with_target(size_t size)
{
	return STR_CONCAT(arena, STR("GET /"), repeated('a', size - 1),
			  STR(" HTTP/1.1\r\n" H "\r\n"));
}

START_TEST(targets_have_a_limit)
{
	struct str bytes = request_with_target(LIMIT_HTTP_TARGET_BYTES + 1);

	ck_assert_int_eq(read_request(request_with_target(LIMIT_HTTP_TARGET_BYTES)), HTTP1_DONE);
	ck_assert_int_eq(read_request(bytes), HTTP1_INVALID);
	ck_assert_int_eq(fault.status, 414);
	/* Not before it is certain, and not later. */
	ck_assert_int_eq(read_request(str_slice(bytes, 0, LIMIT_HTTP_TARGET_BYTES + 4)),
			 HTTP1_INCOMPLETE);
	ck_assert_int_eq(read_request(str_slice(bytes, 0, LIMIT_HTTP_TARGET_BYTES + 5)),
			 HTTP1_INVALID);
	ck_assert_int_eq(read_request(request_with_target(40 * 1024)), HTTP1_INVALID);
	ck_assert_int_eq(fault.status, 414);
}
END_TEST

START_TEST(methods_have_a_limit)
{
	struct str rest = STR(" / HTTP/1.1\r\n" H "\r\n");

	ck_assert_int_eq(read_request(STR_CONCAT(arena, repeated('A', 64), rest)), HTTP1_DONE);
	ck_assert_int_eq(read_request(STR_CONCAT(arena, repeated('A', 65), rest)), HTTP1_INVALID);
	ck_assert_int_eq(fault.status, 501);
	ck_assert_int_eq(read_request(repeated('A', 65)), HTTP1_INVALID);
	ck_assert_int_eq(fault.status, 501);
}
END_TEST

static struct str request_of_size(size_t size)
{
	return STR_CONCAT(arena, STR(GETH "X: "),
			  repeated('a', size - (sizeof GETH - 1) - sizeof "X: \r\n\r\n" + 1),
			  STR("\r\n\r\n"));
}

START_TEST(heads_have_a_limit)
{
	struct str largest = request_of_size(LIMIT_HTTP_HEADER_BYTES);

	ck_assert_uint_eq(largest.size, LIMIT_HTTP_HEADER_BYTES);
	ck_assert_int_eq(read_request(largest), HTTP1_DONE);
	ck_assert_int_eq(read_request(STR_CONCAT(arena, largest, STR("more"))), HTTP1_DONE);
	for (size_t more = 1; more < 5; more++) {
		ck_assert_int_eq(read_request(request_of_size(LIMIT_HTTP_HEADER_BYTES + more)),
				 HTTP1_INVALID);
		ck_assert_int_eq(fault.status, 431);
	}
	ck_assert_int_eq(
		read_request(str_slice(request_of_size(40 * 1024), 0, LIMIT_HTTP_HEADER_BYTES - 1)),
		HTTP1_INCOMPLETE);
	ck_assert_int_eq(
		read_request(str_slice(request_of_size(40 * 1024), 0, LIMIT_HTTP_HEADER_BYTES)),
		HTTP1_INVALID);
	ck_assert_int_eq(fault.status, 431);
}
END_TEST

START_TEST(a_server_may_have_limits_of_its_own)
{
	const struct http1_limits limits = {
		.head_bytes = 100000, .target_bytes = 12000, .status = 400};
	const struct {
		struct str bytes;
		enum http1_result result;
	} rows[] = {
		{request_of_size(100000), HTTP1_DONE},
		{request_of_size(100001), HTTP1_INVALID},
		{request_with_target(12000), HTTP1_DONE},
		{request_with_target(12001), HTTP1_INVALID},
	};

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		ck_assert_int_eq(http1_read_request(rows[i].bytes, &limits, arena, &request,
						    &framing, &used, &fault),
				 rows[i].result);
		if (rows[i].result == HTTP1_INVALID)
			ck_assert_int_eq(fault.status, 400);
	}
}
END_TEST

START_TEST(a_server_may_take_zeros_in_queries)
{
	static const struct {
		struct str target;
		enum http1_result result;
	} rows[] = {
		{STR_INIT("/?a=%00"), HTTP1_DONE},
		{STR_INIT("/a%00?b"), HTTP1_INVALID},
		{STR_INIT("/a%00"), HTTP1_INVALID},
	};
	const struct http1_limits limits = {.takes_query_zeros = true};

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		ck_assert_int_eq(http1_read_request(STR_CONCAT(arena, STR("GET "), rows[i].target,
							       STR(" HTTP/1.1\r\n" H "\r\n")),
						    &limits, arena, &request, &framing, &used,
						    &fault),
				 rows[i].result);
}
END_TEST

START_TEST(fields_have_a_limit)
{
	struct str lines = STR("");

	for (int i = 1; i < LIMIT_HTTP_HEADERS; i++)
		lines = STR_CONCAT(arena, lines, STR("x:y\r\n"));
	ck_assert_int_eq(read_request(STR_CONCAT(arena, STR(GETH), lines, STR("\r\n"))),
			 HTTP1_DONE);
	ck_assert_uint_eq(request.fields.count, LIMIT_HTTP_HEADERS);
	ck_assert_int_eq(read_request(STR_CONCAT(arena, STR(GETH), lines, STR("x:y\r\n\r\n"))),
			 HTTP1_INVALID);
	ck_assert_int_eq(fault.status, 431);
}
END_TEST

/* Responses. */

static const struct {
	struct str bytes;
	const char *method, *reason;
	int status;
	enum http1_framing_kind kind;
	int64_t length;
	bool keep_alive;
} answer_rows[] = {
	{STR_INIT("HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabc"), "GET", "OK", 200,
	 HTTP1_LENGTH, 3, true},
	{STR_INIT("HTTP/1.1 200 \r\nContent-Length: 0\r\n\r\n"), "GET", "", 200, HTTP1_LENGTH, 0,
	 true},
	{STR_INIT("HTTP/1.1 200\r\nContent-Length: 0\r\n\r\n"), "GET", "", 200, HTTP1_LENGTH, 0,
	 true},
	{STR_INIT("HTTP/1.1 404 Not  here\xff\r\ntransfer-encoding: Chunked\r\n\r\n"), "GET",
	 "Not  here\xff", 404, HTTP1_CHUNKED, 0, true},
	{STR_INIT("HTTP/1.1 200 OK\r\n\r\n"), "GET", "OK", 200, HTTP1_UNTIL_CLOSE, 0, false},
	{STR_INIT("HTTP/1.0 200 OK\r\n\r\n"), "GET", "OK", 200, HTTP1_UNTIL_CLOSE, 0, false},
	{STR_INIT("HTTP/1.0 200 OK\r\nContent-Length: 3\r\n\r\n"), "GET", "OK", 200, HTTP1_LENGTH,
	 3, false},
	{STR_INIT("HTTP/1.0 200 OK\r\nContent-Length: 3\r\nConnection: keep-alive\r\n\r\n"), "GET",
	 "OK", 200, HTTP1_LENGTH, 3, true},
	{STR_INIT("HTTP/1.1 200 OK\r\nContent-Length: 3\r\nConnection: close\r\n\r\n"), "GET", "OK",
	 200, HTTP1_LENGTH, 3, false},
	{STR_INIT("HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\n"), "HEAD", "OK", 200, HTTP1_NO_BODY,
	 0, true},
	{STR_INIT("HTTP/1.1 200 OK\r\n\r\n"), "HEAD", "OK", 200, HTTP1_NO_BODY, 0, true},
	{STR_INIT("HTTP/1.1 304 Not Modified\r\nContent-Length: 3\r\n\r\n"), "GET", "Not Modified",
	 304, HTTP1_NO_BODY, 0, true},
	{STR_INIT("HTTP/1.1 204 No Content\r\n\r\n"), "GET", "No Content", 204, HTTP1_NO_BODY, 0,
	 true},
	{STR_INIT("HTTP/1.1 204 No Content\r\nContent-Length: 3\r\n\r\n"), "GET", "No Content", 204,
	 HTTP1_NO_BODY, 0, false},
	{STR_INIT("HTTP/1.1 100 Continue\r\n\r\n"), "POST", "Continue", 100, HTTP1_NO_BODY, 0,
	 true},
	{STR_INIT("HTTP/1.1 103 Early\r\nTransfer-Encoding: chunked\r\n\r\n"), "GET", "Early", 103,
	 HTTP1_NO_BODY, 0, false},
	{STR_INIT("HTTP/1.1 200 OK\r\n\r\n"), "CONNECT", "OK", 200, HTTP1_NO_BODY, 0, true},
	{STR_INIT("HTTP/1.1 407 No\r\nContent-Length: 3\r\n\r\n"), "CONNECT", "No", 407,
	 HTTP1_LENGTH, 3, true},
};

START_TEST(sound_responses_are_taken)
{
	struct str bytes = answer_rows[_i].bytes, method = str_from(answer_rows[_i].method);
	size_t end = str_find(bytes, STR("\r\n\r\n")) + 4;

	for (size_t size = 0; size < end; size++)
		ck_assert_int_eq(read_response(alone(str_slice(bytes, 0, size)), method),
				 HTTP1_INCOMPLETE);
	ck_assert_int_eq(read_response(alone(bytes), method), HTTP1_DONE);
	ck_assert_uint_eq(used, end);
	ck_assert_int_eq(response.status, answer_rows[_i].status);
	ck_assert_strs_eq(response.reason, str_from(answer_rows[_i].reason));
	ck_assert_int_eq(framing.kind, answer_rows[_i].kind);
	ck_assert_int_eq(framing.length, answer_rows[_i].length);
	ck_assert_int_eq(framing.keep_alive, answer_rows[_i].keep_alive);
}
END_TEST

static const struct str refused_answers[] = {
	STR_INIT("\r\nHTTP/1.1 200 OK\r\n\r\n"),
	STR_INIT("\r\n"),
	STR_INIT("<html>\r\n\r\n"),
	STR_INIT("HTTP/1.1\r\n\r\n"),
	STR_INIT("HTTP/1.1  200 OK\r\n\r\n"),
	STR_INIT("HTTP/1.1 20 OK\r\n\r\n"),
	STR_INIT("HTTP/1.1 2000 OK\r\n\r\n"),
	STR_INIT("HTTP/1.1 099 OK\r\n\r\n"),
	STR_INIT("HTTP/1.1 600 OK\r\n\r\n"),
	STR_INIT("HTTP/1.1 +20 OK\r\n\r\n"),
	STR_INIT("HTTP/1.1 2x0 OK\r\n\r\n"),
	STR_INIT("HTTP/2 200 OK\r\n\r\n"),
	STR_INIT("HTTP/2.0 200 OK\r\n\r\n"),
	STR_INIT("ICY 200 OK\r\n\r\n"),
	STR_INIT("HTTP/1.1 200 OK\n\n"),
	STR_INIT("HTTP/1.1 200 O\0K\r\n\r\n"),
	STR_INIT("HTTP/1.1 200 OK\r\nX: a\r\n b\r\n\r\n"),
	STR_INIT("HTTP/1.1 200 OK\r\nX : a\r\n\r\n"),
	STR_INIT("HTTP/1.1 200 OK\r\nX\r\n\r\n"),
	STR_INIT("HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 1\r\n\r\n"),
	STR_INIT("HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n"),
	STR_INIT("HTTP/1.1 200 OK\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n"),
	STR_INIT("HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\n"),
	STR_INIT("HTTP/1.1 204 OK\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n"),
	STR_INIT("HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"),
};

START_TEST(unsound_responses_are_refused)
{
	struct str bytes = refused_answers[_i];

	for (size_t size = 0; size < bytes.size; size++)
		ck_assert_int_ne(read_response(alone(str_slice(bytes, 0, size)), STR("GET")),
				 HTTP1_DONE);
	ck_assert_int_eq(read_response(alone(bytes), STR("GET")), HTTP1_INVALID);
}
END_TEST

START_TEST(heads_of_responses_have_a_limit)
{
	struct str bytes = STR_CONCAT(arena, STR("HTTP/1.1 200 OK\r\nX: "),
				      repeated('a', LIMIT_HTTP_HEADER_BYTES));

	ck_assert_int_eq(
		read_response(str_slice(bytes, 0, LIMIT_HTTP_HEADER_BYTES - 1), STR("GET")),
		HTTP1_INCOMPLETE);
	ck_assert_int_eq(read_response(bytes, STR("GET")), HTTP1_INVALID);
	ck_assert_int_eq(fault.status, 431);
}
END_TEST

Suite *http_http1_read_suite(void);
Suite *http_http1_read_suite(void)
{
	Suite *suite = suite_create("http_http1_read");
	TCase *tests = tcase_create("http1_read");

	tcase_add_checked_fixture(tests, set_up, tear_down);
	tcase_add_loop_test(tests, sound_requests_are_taken, 0, COUNT(taken_rows));
	tcase_add_loop_test(tests, every_prefix_of_a_request_waits_for_more, 0, COUNT(taken_rows));
	tcase_add_test(tests, fields_are_read_in_order_and_trimmed);
	tcase_add_test(tests, a_request_does_not_borrow_from_the_bytes);
	tcase_add_loop_test(tests, unsound_requests_are_refused, 0, COUNT(refused_rows));
	tcase_add_loop_test(tests, no_prefix_of_an_unsound_request_is_taken, 0,
			    COUNT(refused_rows));
	tcase_add_test(tests, what_is_refused_leaves_the_outputs_alone);
	tcase_add_loop_test(tests, every_byte_is_judged_in_every_place, 0, 256);
	tcase_add_loop_test(tests, no_misspelt_coding_hides_the_length, 0, 256);
	tcase_add_test(tests, targets_have_a_limit);
	tcase_add_test(tests, methods_have_a_limit);
	tcase_add_test(tests, heads_have_a_limit);
	tcase_add_test(tests, a_server_may_have_limits_of_its_own);
	tcase_add_test(tests, a_server_may_take_zeros_in_queries);
	tcase_add_test(tests, fields_have_a_limit);
	tcase_add_loop_test(tests, sound_responses_are_taken, 0, COUNT(answer_rows));
	tcase_add_loop_test(tests, unsound_responses_are_refused, 0, COUNT(refused_answers));
	tcase_add_test(tests, heads_of_responses_have_a_limit);
	suite_add_tcase(suite, tests);
	return suite;
}
