/* The HTTP server, by what goes over its connections. */
#include "world/http_server.h"

#include "http/http1.h"
#include "world/real/raw_test.h"

struct stage {
	struct raw_stage raw;
	struct http_listener *listener;
	uint16_t port;
	size_t requested, ended, completed;
	struct strbuf seen; /* "GET /target;" */
};

static void exchange_ended(struct http_exchange *exchange, bool complete)
{
	struct stage *stage = exchange->data;

	stage->ended++;
	stage->completed += complete;
}

static void body_collected(enum http_collect_result result, struct str bytes, void *data)
{
	struct http_exchange *exchange = data;
	struct http_response response;

	if (result != HTTP_COLLECTED)
		return;
	http_response_init(&response, exchange->arena, 200);
	http_exchange_respond_str(exchange, &response,
				  STR_CONCAT(exchange->arena, STR("got "), bytes));
}

static void requested(struct http_exchange *exchange, void *data)
{
	struct stage *stage = data;

	exchange->data = stage;
	exchange->ended = exchange_ended;
	stage->requested++;
	strbuf_append_format(&stage->seen, "%.*s %.*s;", STR_ARG(exchange->request.method),
			     STR_ARG(exchange->request.target));
	http_body_collect(http_exchange_take_body(exchange), 1000000, exchange->arena,
			  body_collected, exchange);
}

static void stage_begin_with(struct stage *stage, struct http1_limits limits)
{
	struct http_listen_options options = {.address = STR("127.0.0.1"), .limits = limits};

	memset(stage, 0, sizeof *stage);
	raw_stage_begin(&stage->raw);
	strbuf_init(&stage->seen, 1000000);
	stage->listener =
		http_listen(stage->raw.world, &options, requested, stage, &stage->raw.error);
	ck_assert_ptr_nonnull(stage->listener);
	stage->port = http_listener_port(stage->raw.world, stage->listener);
}

static void stage_begin(struct stage *stage)
{
	stage_begin_with(stage, (struct http1_limits){0});
}

static void stage_end(struct stage *stage)
{
	http_listener_close(stage->raw.world, stage->listener);
	ck_assert_uint_eq(stage->ended, stage->requested);
	strbuf_free(&stage->seen);
	raw_stage_end(&stage->raw);
}

/* The status of the first answer; 0: closed without one. The connection must close. */
static int refused_with(struct stage *stage, struct str request)
{
	struct raw_end client;
	int64_t status = 0;

	raw_connect(&client, stage->port);
	raw_send(&client, request);
	ck_assert_msg(raw_await(&stage->raw, raw_is_closed, &client),
		      "still open after \"%.*s\": \"%.*s\"", STR_ARG(request),
		      STR_ARG(strbuf_str(&client.bytes)));
	str_to_int64(str_slice(strbuf_str(&client.bytes), 9, 12), &status);
	raw_end_close(&client);
	return (int)status;
}

#define HEAD "POST / HTTP/1.1\r\nHost: a\r\n"
#define CHUNKS "\r\n3\r\nabc\r\n0\r\n\r\n"

START_TEST(test_ambiguous_framing_is_refused)
{
	static const struct {
		struct str request;
		int status;
	} rows[] = {
		{STR_INIT(HEAD "Content-Length: 3\r\nTransfer-Encoding: chunked\r\n" CHUNKS), 400},
		{STR_INIT(HEAD "Content-Length: 3\r\nContent-Length: 4\r\n\r\nabc"), 400},
		{STR_INIT(HEAD "Content-Length: 3\r\nContent-Length: 3\r\n\r\nabc"), 400},
		{STR_INIT(HEAD "Transfer-Encoding : chunked\r\nContent-Length: 3\r\n\r\nabc"), 400},
		{STR_INIT(HEAD "Transfer-Encoding: gzip, chunked\r\n" CHUNKS), 501},
		{STR_INIT(HEAD "Transfer-Encoding: identity\r\n\r\n"), 501},
		{STR_INIT(HEAD
			  "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n" CHUNKS),
		 400},
		{STR_INIT("POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n" CHUNKS), 400},
		{STR_INIT(HEAD "Content-Length: 5, 5\r\n\r\nabcde"), 400},
		{STR_INIT(HEAD "Content-Length: +5\r\n\r\nabcde"), 400},
		{STR_INIT(HEAD "Host: b\r\n\r\n"), 400},
		{STR_INIT("GET / HTTP/1.1\r\n\r\n"), 400},
		{STR_INIT("GET / HTTP/1.1\r\nHost: a\r\nX y: b\r\n\r\n"), 400},
		{STR_INIT("GET /a\x01 HTTP/1.1\r\nHost: a\r\n\r\n"), 400},
		{STR_INIT("G(T / HTTP/1.1\r\nHost: a\r\n\r\n"), 400},
	};
	struct stage stage;

	stage_begin(&stage);
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		ck_assert_msg(refused_with(&stage, rows[i].request) == rows[i].status, "row %zu",
			      i);
	ck_assert_uint_eq(stage.requested, 0);
	stage_end(&stage);
}
END_TEST

START_TEST(test_what_libmicrohttpd_mends_is_refused)
{
	static const struct str requests[] = {
		STR_INIT("GET / HTTP/1.1\r\nHost: a\r\nX: a\r\n folded\r\n\r\n"),
		STR_INIT("GET / HTTP/1.1\r\nHost: a\r\nX: a\r\n\tfolded\r\nY: b\r\n\r\n"),
		STR_INIT(HEAD "Content-Length: 3\r\nTransfer-Encoding\r\n : chunked\r\n\r\nabc"),
		STR_INIT("GET / HTTP/1.1\r\nHost: a\r\nX: a\rY: b\r\n\r\n"),
		STR_INIT("GET / HTTP/1.1\r\nHost: a\r\nX: a\nY: b\r\n\r\n"),
		STR_INIT("GET / HTTP/1.1\r\nHost: a\nX: a\r\n\r\n"),
		STR_INIT("GET / HTTP/1.1\nHost: a\r\n\r\n"),
		STR_INIT("GET / HTTP/1.1\r\nHost: a\r\nX: b\n\n"),
		STR_INIT("GET / HTTP/1.1\r\nHost: a\r\nX: b\n\r\n"),
		STR_INIT("GET / HTTP/1.1\nHost: a\n\n"),
		STR_INIT("GET / HTTP/1.1\r\nHost: a\r\nX: a\0b\r\n\r\n"),
		STR_INIT("GET / HTTP/1.1\r\nHost: a\r\nX: a\0\r\n\r\n"),
		STR_INIT("GET / HTTP/1.1\r\nHost: a\r\nX\0y: a\r\n\r\n"),
		STR_INIT("GET /\0x HTTP/1.1\r\nHost: a\r\n\r\n"),
		STR_INIT("GET / HTTP/1.1\r\nHost: a\r\n: empty\r\n\r\n"),
		STR_INIT("GET / HTTP/1.1\r\nHost: a\r\nno colon\r\n\r\n"),
		STR_INIT("GET / HTTP/1.1\r\n Host: a\r\nHost: a\r\n\r\n"),
		STR_INIT("GET  / HTTP/1.1\r\nHost: a\r\n\r\n"),
		STR_INIT("GET /  HTTP/1.1\r\nHost: a\r\n\r\n"),
		STR_INIT("GET / HTTP/1.1 \r\nHost: a\r\n\r\n"),
		STR_INIT("GET /a b HTTP/1.1\r\nHost: a\r\n\r\n"),
	};
	struct stage stage;

	stage_begin(&stage);
	for (size_t i = 0; i < sizeof requests / sizeof *requests; i++) {
		int status = refused_with(&stage, requests[i]);

		ck_assert_msg(status == 400 || status == 0, "row %zu: %d", i, status);
	}
	ck_assert_uint_eq(stage.requested, 0);
	stage_end(&stage);
}
END_TEST

START_TEST(test_blanks_around_values_are_fine)
{
	static const struct str requests[] = {
		STR_INIT("GET /a?b HTTP/1.1\r\nHost:a\r\nX:\r\nY: \t b "
			 "\t\r\nConnection:close\r\n\r\n"),
		STR_INIT("\r\nGET /? HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"),
		STR_INIT("GET /?a=%20&b HTTP/1.1\r\nHost: a\r\nCookie: a=b; c=\"d\"\r\n"
			 "Connection: close\r\n\r\n"),
	};
	struct stage stage;

	stage_begin(&stage);
	for (size_t i = 0; i < sizeof requests / sizeof *requests; i++)
		ck_assert_msg(refused_with(&stage, requests[i]) == 200, "row %zu", i);
	stage_end(&stage);
}
END_TEST

static struct str repeated(struct arena *arena, struct str text, size_t times)
{
	struct strbuf out;
	struct str copy;

	strbuf_init(&out, 10000000);
	for (size_t i = 0; i < times; i++)
		strbuf_append(&out, text);
	copy = str_copy(arena, strbuf_str(&out));
	strbuf_free(&out);
	return copy;
}

/* What the strict reader of http/http1.h refuses must not reach a component. */
static void check_against_strict_reader(struct stage *stage, struct str request)
{
	struct http_request read;
	struct http1_framing framing;
	struct http1_fault fault;
	struct arena *arena = arena_create();
	size_t used, before = stage->requested;
	enum http1_result result =
		http1_read_request(request, NULL, arena, &read, &framing, &used, &fault);
	struct raw_end client;

	raw_connect(&client, stage->port);
	raw_send(&client, request);
	shutdown(client.fd, SHUT_WR);
	ck_assert(raw_await(&stage->raw, raw_is_closed, &client));
	ck_assert_msg(result == HTTP1_DONE || stage->requested == before,
		      "let through (%s): \"%.*s\"", result == HTTP1_INVALID ? fault.text : "cut",
		      STR_ARG(request));
	raw_end_close(&client);
	arena_destroy(arena);
}

START_TEST(test_nothing_passes_that_the_strict_reader_refuses)
{
	static const struct str request =
		STR_INIT("PUT /a?b HTTP/1.1\r\nHost: a\r\nX-Y: b c\r\nContent-Length: 2\r\n\r\nab");
	static const unsigned char bytes[] = {0,   1,   '\t', '\n', '\r', ' ',  ':',
					      ';', ',', '/',  '1',  'a',  0x7f, 0xff};
	struct stage stage;
	char changed[128];

	stage_begin(&stage);
	/* Not seen, because both bytes became zeros: an empty line before a request without CR, a
	 * zero instead of a CR, and a colon instead of the last one. */
	for (size_t at = 1; at < request.size - 2; at++) {
		for (size_t i = 0; i < sizeof bytes; i++) {
			memcpy(changed, request.data, request.size);
			changed[at] = (char)bytes[i];
			if (request.data[at] != '\r' || (bytes[i] != 0 && bytes[i] != ':'))
				check_against_strict_reader(&stage, str_of(changed, request.size));
			memcpy(changed + at + 1, request.data + at, request.size - at);
			check_against_strict_reader(&stage, str_of(changed, request.size + 1));
		}
	}
	ck_assert_uint_gt(stage.requested, 0);
	stage_end(&stage);
}
END_TEST

START_TEST(test_big_heads_are_refused)
{
	struct stage stage;
	struct arena *arena;

	stage_begin(&stage);
	arena = stage.raw.arena;
	ck_assert_int_eq(refused_with(&stage, STR_CONCAT(arena, STR("GET /"),
							 repeated(arena, STR("x"), 8192),
							 STR(" HTTP/1.1\r\nHost: a\r\n\r\n"))),
			 414);
	ck_assert_int_eq(
		refused_with(&stage,
			     STR_CONCAT(arena, STR("GET / HTTP/1.1\r\nHost: a\r\n"),
					repeated(arena, STR("A: b\r\n"), 100), STR("\r\n"))),
		431);
	ck_assert_int_eq(
		refused_with(&stage, STR_CONCAT(arena, STR("GET / HTTP/1.1\r\nHost: a\r\nX: "),
						repeated(arena, STR("x"), 40000), STR("\r\n\r\n"))),
		431);
	ck_assert_int_eq(refused_with(&stage, STR_CONCAT(arena, STR("GET /"),
							 repeated(arena, STR("x"), 40000),
							 STR(" HTTP/1.1\r\nHost: a\r\n\r\n"))),
			 414);
	ck_assert_uint_eq(stage.requested, 0);
	stage_end(&stage);
}
END_TEST

/* Even far beyond its bound a listener's own status is what the client sees: the library has room
 * for twice as much. */
START_TEST(test_big_heads_are_refused_as_the_listener_wants)
{
	struct stage stage;
	struct arena *arena;
	struct str field;

	stage_begin_with(&stage, (struct http1_limits){.head_bytes = 40000, .status = 400});
	arena = stage.raw.arena;
	field = repeated(arena, STR("x"), 20000);
	ck_assert_int_eq(refused_with(&stage, STR_CONCAT(arena, STR("GET /"), field,
							 STR(" HTTP/1.1\r\nHost: a\r\n\r\n"))),
			 400);
	ck_assert_int_eq(
		refused_with(&stage, STR_CONCAT(arena, STR(HEAD "X: "), field, STR("\r\nY: "),
						field, STR("\r\nZ: "), field, STR("\r\n\r\n"))),
		400);
	ck_assert_uint_eq(stage.requested, 0);
	stage_end(&stage);
}
END_TEST

struct expected {
	struct raw_end *end;
	struct str text;
	size_t times;
};

static bool text_came(void *data)
{
	struct expected *expected = data;
	struct str rest;
	size_t found = 0, at;

	raw_receive(expected->end);
	rest = strbuf_str(&expected->end->bytes);
	while ((at = str_find(rest, expected->text)) != STR_NOT_FOUND) {
		rest = str_skip(rest, at + expected->text.size);
		found++;
	}
	return found >= expected->times;
}

static void await_text(struct stage *stage, struct raw_end *end, struct str text, size_t times)
{
	struct expected expected = {end, text, times};

	ck_assert_msg(raw_await(&stage->raw, text_came, &expected), "\"%.*s\" did not come: %.*s",
		      STR_ARG(text), STR_ARG(strbuf_str(&end->bytes)));
}

START_TEST(test_requests_may_come_in_one_piece_or_many)
{
	static const struct str requests =
		STR_INIT("GET /1?a=%20b HTTP/1.1\r\nHost: a\r\n\r\n"
			 "POST /2 HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc"
			 "POST /3 HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: "
			 "chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n"
			 "GET /4 HTTP/1.1\r\nHost: a\r\n\r\n");
	struct stage stage;
	struct raw_end client;

	stage_begin(&stage);
	raw_connect(&client, stage.port);
	raw_send(&client, requests);
	await_text(&stage, &client, STR("HTTP/1.1 200 OK\r\n"), 4);
	await_text(&stage, &client, STR("\r\n\r\ngot abc"), 2);
	for (size_t i = 0; i < requests.size; i++) {
		raw_send(&client, str_slice(requests, i, i + 1));
		raw_pause(&stage.raw, 0);
	}
	await_text(&stage, &client, STR("HTTP/1.1 200 OK\r\n"), 8);
	ck_assert_uint_eq(
		str_find(strbuf_str(&stage.seen), STR("GET /1?a=%20b;POST /2;POST /3;GET /4;")), 0);
	ck_assert(!client.is_closed);
	raw_end_close(&client);
	stage_end(&stage);
}
END_TEST

START_TEST(test_big_heads_come_in_many_pieces)
{
	static const size_t sizes[] = {4000, 8000, 12000, 16000, 20000, 24000};
	struct stage stage;

	stage_begin(&stage);
	for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
		struct str request = STR_CONCAT(
			stage.raw.arena, STR("GET /?q HTTP/1.1\r\nHost: a\r\nX: "),
			repeated(stage.raw.arena, STR("x"), sizes[i]), STR("\r\nY: z\r\n\r\n"));
		struct raw_end client;

		raw_connect(&client, stage.port);
		raw_send(&client, request);
		raw_send(&client, str_slice(request, 0, 10));
		raw_pause(&stage.raw, 2);
		raw_send(&client, str_slice(request, 10, 3000));
		raw_pause(&stage.raw, 2);
		raw_send(&client, str_skip(request, 3000));
		await_text(&stage, &client, STR("HTTP/1.1 200 OK\r\n"), 2);
		raw_end_close(&client);
	}
	stage_end(&stage);
}
END_TEST

START_TEST(test_folded_lines_in_big_heads_are_refused)
{
	static const size_t sizes[] = {10, 1000, 7000, 15000, 20000};
	struct stage stage;
	struct arena *arena;

	stage_begin(&stage);
	arena = stage.raw.arena;
	for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
		struct str fold = STR_CONCAT(arena, STR("X: a\r\n "),
					     repeated(arena, STR("y"), sizes[i] / 10), STR("\r\n"));
		struct str field = STR_CONCAT(arena, STR("Y: "),
					      repeated(arena, STR("x"), sizes[i]), STR("\r\n"));
		int status =
			refused_with(&stage, STR_CONCAT(arena, STR("GET / HTTP/1.1\r\nHost: a\r\n"),
							fold, field, fold, fold, STR("\r\n")));

		ck_assert_int_ne(status, 200);
	}
	ck_assert_uint_eq(stage.requested, 0);
	stage_end(&stage);
}
END_TEST

START_TEST(test_old_clients_get_what_they_understand)
{
	struct stage stage;
	struct raw_end client;

	stage_begin(&stage);
	ck_assert_int_eq(refused_with(&stage, STR("GET /old HTTP/1.0\r\n\r\n")), 200);
	raw_connect(&client, stage.port);
	raw_send(&client, STR("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n"));
	await_text(&stage, &client, STR("got "), 1);
	raw_end_close(&client);
	stage_end(&stage);
}
END_TEST

START_TEST(test_a_client_that_waits_to_be_asked_is_asked)
{
	struct stage stage;
	struct raw_end client;

	stage_begin(&stage);
	raw_connect(&client, stage.port);
	raw_send(&client, STR(HEAD "Content-Length: 3\r\nExpect: 100-continue\r\n\r\n"));
	await_text(&stage, &client, STR("HTTP/1.1 100 Continue\r\n\r\n"), 1);
	raw_send(&client, STR("abc"));
	await_text(&stage, &client, STR("got abc"), 1);
	raw_end_close(&client);
	stage_end(&stage);
}
END_TEST

struct stage_count {
	const size_t *count;
	size_t wanted;
};

static bool count_is(void *data)
{
	const struct stage_count *count = data;

	return *count->count >= count->wanted;
}

START_TEST(test_clients_may_leave_at_any_byte)
{
	static const struct str request =
		STR_INIT("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nabcde");
	struct stage stage;

	stage_begin(&stage);
	for (size_t i = 0; i <= request.size; i++) {
		struct raw_end client;

		raw_connect(&client, stage.port);
		raw_send(&client, str_slice(request, 0, i));
		if (i % 2 == 0)
			raw_pause(&stage.raw, 1);
		if (i % 3 == 0)
			raw_end_reset(&client);
		raw_end_close(&client);
	}

	struct stage_count all = {&stage.ended, stage.requested};

	raw_pause(&stage.raw, 50);
	all.wanted = stage.requested;
	ck_assert(raw_await(&stage.raw, count_is, &all));
	ck_assert_uint_gt(stage.requested, 0);
	stage_end(&stage);
}
END_TEST

START_TEST(test_who_sends_no_request_is_closed)
{
	struct stage stage;
	struct http_listen_options options = {.address = STR("127.0.0.1"), .idle_timeout_ms = 100};
	struct http_listener *listener;
	struct raw_end silent, slow;

	stage_begin(&stage);
	listener = http_listen(stage.raw.world, &options, requested, &stage, &stage.raw.error);
	raw_connect(&silent, http_listener_port(stage.raw.world, listener));
	raw_connect(&slow, http_listener_port(stage.raw.world, listener));
	raw_send(&slow, STR("GE"));
	ck_assert(raw_await(&stage.raw, raw_is_closed, &silent));
	ck_assert(raw_await(&stage.raw, raw_is_closed, &slow));
	ck_assert_uint_eq(silent.bytes.size, 0);
	raw_end_close(&silent);
	raw_end_close(&slow);
	http_listener_close(stage.raw.world, listener);
	stage_end(&stage);
}
END_TEST

START_TEST(test_processes_share_a_port_when_both_ask_for_it)
{
	struct stage stage;
	struct http_listen_options options = {.address = STR("127.0.0.1"), .share_port = true};
	struct http_listener *first, *second;

	stage_begin(&stage);
	first = http_listen(stage.raw.world, &options, requested, &stage, &stage.raw.error);
	ck_assert_ptr_nonnull(first);
	options.port = http_listener_port(stage.raw.world, first);
	second = http_listen(stage.raw.world, &options, requested, &stage, &stage.raw.error);
	ck_assert_ptr_nonnull(second);
	options.share_port = false;
	ck_assert_ptr_null(
		http_listen(stage.raw.world, &options, requested, &stage, &stage.raw.error));
	http_listener_close(stage.raw.world, first);
	http_listener_close(stage.raw.world, second);
	options.address = STR("not an address");
	ck_assert_ptr_null(
		http_listen(stage.raw.world, &options, requested, &stage, &stage.raw.error));
	stage_end(&stage);
}
END_TEST

START_TEST(test_thousands_of_connections_are_kept)
{
	enum { CONNECTIONS = 1500 };
	struct stage stage;
	struct raw_end *clients;

	stage_begin(&stage);
	clients = arena_alloc(stage.raw.arena, CONNECTIONS * sizeof *clients);
	for (int i = 0; i < CONNECTIONS; i++) {
		raw_connect(&clients[i], stage.port);
		raw_send(&clients[i], STR("GET / HTTP/1.1\r\nHost: a\r\n\r\n"));
		if (i % 100 == 0)
			raw_pause(&stage.raw, 1);
	}
	for (int i = 0; i < CONNECTIONS; i++)
		await_text(&stage, &clients[i], STR("got "), 1);
	for (int i = 0; i < CONNECTIONS; i++)
		raw_send(&clients[i], STR("GET / HTTP/1.1\r\nHost: a\r\n\r\n"));
	for (int i = 0; i < CONNECTIONS; i++) {
		await_text(&stage, &clients[i], STR("got "), 2);
		raw_end_close(&clients[i]);
	}
	ck_assert_uint_eq(stage.requested, 2 * CONNECTIONS);
	stage_end(&stage);
}
END_TEST

Suite *world_real_http_server_suite(void);

Suite *world_real_http_server_suite(void)
{
	Suite *suite = suite_create("world/real/http_server");
	TCase *tests = tcase_create("connections");

	tcase_set_timeout(tests, 60);
	tcase_add_test(tests, test_ambiguous_framing_is_refused);
	tcase_add_test(tests, test_what_libmicrohttpd_mends_is_refused);
	tcase_add_test(tests, test_blanks_around_values_are_fine);
	tcase_add_test(tests, test_nothing_passes_that_the_strict_reader_refuses);
	tcase_add_test(tests, test_big_heads_are_refused);
	tcase_add_test(tests, test_big_heads_are_refused_as_the_listener_wants);
	tcase_add_test(tests, test_requests_may_come_in_one_piece_or_many);
	tcase_add_test(tests, test_big_heads_come_in_many_pieces);
	tcase_add_test(tests, test_folded_lines_in_big_heads_are_refused);
	tcase_add_test(tests, test_old_clients_get_what_they_understand);
	tcase_add_test(tests, test_a_client_that_waits_to_be_asked_is_asked);
	tcase_add_test(tests, test_clients_may_leave_at_any_byte);
	tcase_add_test(tests, test_who_sends_no_request_is_closed);
	tcase_add_test(tests, test_processes_share_a_port_when_both_ask_for_it);
	tcase_add_test(tests, test_thousands_of_connections_are_kept);
	suite_add_tcase(suite, tests);
	return suite;
}
