/* The HTTP client, by the bytes that servers answer. */
#include "world/http_client.h"

#include "base/limits.h"
#include "world/real/raw_test.h"

/* A server that sends these bytes to each connection once a request came, then closes it. */
#define OK "HTTP/1.1 200 OK\r\n"
#define UNREAD_BYTES ((size_t)16 * 1024 * 1024) /* more than two sockets hold */

struct server {
	struct raw_stage *stage;
	int listener;
	uint16_t port;
	struct str bytes;
	bool resets, stays;
	struct raw_end ends[16];
	size_t count;
	bool tunnels; /* a proxy and what is behind it: such a call is libcurl's */
};

struct outcome {
	struct http_call *call;
	bool is_answered, is_failed, is_over;
	enum http_collect_result result;
	struct str body;
	struct arena *arena;
	struct server *server;
};

static void server_begin(struct server *server, struct raw_stage *stage, struct str bytes)
{
	*server = (struct server){.stage = stage, .bytes = bytes};
	server->listener = raw_listen(&server->port);
}

static void server_end(struct server *server)
{
	for (size_t i = 0; i < server->count; i++)
		raw_end_close(&server->ends[i]);
	close(server->listener);
}

static void server_play(struct server *server)
{
	int fd = accept4(server->listener, NULL, NULL, SOCK_CLOEXEC);

	if (fd >= 0)
		raw_end_begin(&server->ends[server->count++], fd);
	for (size_t i = 0; i < server->count; i++) {
		struct raw_end *end = &server->ends[i];

		if (end->fd < 0)
			continue;
		raw_receive(end);
		if (str_find(strbuf_str(&end->bytes), STR("\r\n\r\n")) == STR_NOT_FOUND)
			continue;
		if (str_has_prefix(strbuf_str(&end->bytes), STR("CONNECT "))) {
			raw_send(end, STR(OK "\r\n"));
			strbuf_clear(&end->bytes);
			continue;
		}
		raw_send(end, server->bytes);
		strbuf_clear(&end->bytes);
		if (server->resets)
			raw_end_reset(end);
		else if (!server->stays)
			raw_end_close(end);
	}
}

static void collected(enum http_collect_result result, struct str bytes, void *data)
{
	struct outcome *outcome = data;

	outcome->is_over = true;
	outcome->result = result;
	outcome->body = bytes;
}

static void answered(struct http_call *call, void *data)
{
	struct outcome *outcome = data;

	outcome->is_answered = true;
	http_body_collect(http_call_take_body(call), 10000000, outcome->arena, collected, outcome);
}

static void failed(struct http_call *call, void *data)
{
	struct outcome *outcome = data;

	(void)call;
	outcome->is_failed = outcome->is_over = true;
}

static bool play_until_over(void *data)
{
	struct outcome *outcome = data;

	server_play(outcome->server);
	return outcome->is_over;
}

static void begin_call(struct server *server, struct str method, http_call_event *told,
		       struct outcome *outcome)
{
	struct http_call_options options = {.method = method,
					    .host = STR("127.0.0.1"),
					    .port = server->port,
					    .target = STR("/"),
					    .idle_timeout_ms = 3000};

	if (server->tunnels) {
		options.connect_address = STR("127.0.0.1");
		options.tunnel_address = STR("127.0.0.1");
		options.tunnel_port = server->port;
	}
	*outcome = (struct outcome){.arena = server->stage->arena, .server = server};
	outcome->call = http_call_start(server->stage->world, &options, told, failed, outcome);
}

static void call_server(struct server *server, struct str method, struct outcome *outcome)
{
	begin_call(server, method, answered, outcome);
	ck_assert(raw_await(server->stage, play_until_over, outcome));
}

static bool is_over(void *data)
{
	return ((const struct outcome *)data)->is_over;
}

/* Sending has a time of its own: the server lets the request wait in its sockets, which hold less
 * than the body. */
START_TEST(test_a_server_that_does_not_read_is_given_up)
{
	struct raw_stage stage;
	struct server server;
	struct outcome outcome;
	struct http_call_options options = {.method = STR("POST"),
					    .host = STR("127.0.0.1"),
					    .target = STR("/"),
					    .idle_timeout_ms = 60000,
					    .send_timeout_ms = 50};

	raw_stage_begin(&stage);
	server_begin(&server, &stage, STR(""));
	options.port = server.port;
	options.body =
		http_body_from_str(str_of(arena_alloc(stage.arena, UNREAD_BYTES), UNREAD_BYTES));
	outcome = (struct outcome){.arena = stage.arena, .server = &server};
	outcome.call = http_call_start(stage.world, &options, answered, failed, &outcome);
	ck_assert(raw_await(&stage, is_over, &outcome));
	ck_assert(outcome.is_failed);
	ck_assert_int_eq(outcome.call->failure, HTTP_FAILURE_TIMEOUT);
	http_call_release(outcome.call);
	server_end(&server);
	raw_stage_end(&stage);
}
END_TEST

/* Once all is sent, the answer is waited for: longer than sending may take. */
START_TEST(test_waiting_for_the_answer_is_not_sending)
{
	struct raw_stage stage;
	struct server server;
	struct outcome outcome;
	struct http_call_options options = {.method = STR("POST"),
					    .host = STR("127.0.0.1"),
					    .target = STR("/"),
					    .idle_timeout_ms = 60000,
					    .send_timeout_ms = 10};

	raw_stage_begin(&stage);
	server_begin(&server, &stage, STR(OK "Content-Length: 1\r\n\r\na"));
	options.port = server.port;
	options.body = http_body_from_str(STR("body"));
	outcome = (struct outcome){.arena = stage.arena, .server = &server};
	outcome.call = http_call_start(stage.world, &options, answered, failed, &outcome);
	raw_pause(&stage, 40);
	ck_assert(!outcome.is_over);
	ck_assert(raw_await(&stage, play_until_over, &outcome));
	ck_assert(outcome.is_answered);
	http_call_release(outcome.call);
	server_end(&server);
	raw_stage_end(&stage);
}
END_TEST

START_TEST(test_hostile_answers_fail)
{
	static const struct {
		struct str bytes;
		enum http_failure failure;
	} rows[] = {
		{STR_INIT(""), HTTP_FAILURE_CLOSED},
		{STR_INIT("HTTP/1.1 20"), HTTP_FAILURE_CLOSED},
		{STR_INIT("hello, this is no HTTP at all\r\n\r\n"), HTTP_FAILURE_PROTOCOL},
		{STR_INIT("SSH-2.0-OpenSSH_9.2\r\n"), HTTP_FAILURE_PROTOCOL},
		{STR_INIT("HTTP/1.1 abc OK\r\n\r\n"), HTTP_FAILURE_PROTOCOL},
		{STR_INIT("HTTP/1.1 700 OK\r\n\r\n"), HTTP_FAILURE_PROTOCOL},
		{STR_INIT("HTTP/1.1 101 Switching\r\n\r\n"), HTTP_FAILURE_PROTOCOL},
		{STR_INIT(OK "Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n"),
		 HTTP_FAILURE_PROTOCOL},
		{STR_INIT(OK "Content-Length: 3\r\nContent-Length: 4\r\n\r\nabc"),
		 HTTP_FAILURE_PROTOCOL},
		{STR_INIT(OK "Content-Length: -3\r\n\r\nabc"), HTTP_FAILURE_PROTOCOL},
		{STR_INIT(OK "Content-Length: 0x3\r\n\r\nabc"), HTTP_FAILURE_PROTOCOL},
		{STR_INIT(OK "Transfer-Encoding: gzip\r\n\r\nabc"), HTTP_FAILURE_PROTOCOL},
		{STR_INIT(OK "X: a\r\n folded\r\n\r\n"), HTTP_FAILURE_PROTOCOL},
		{STR_INIT(OK "X : a\r\n\r\n"), HTTP_FAILURE_PROTOCOL},
		{STR_INIT(OK "no colon\r\n\r\n"), HTTP_FAILURE_PROTOCOL},
		{STR_INIT(OK "X: a\r\n"), HTTP_FAILURE_CLOSED},
	};
	struct raw_stage stage;

	raw_stage_begin(&stage);
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct server server;
		struct outcome outcome;

		server_begin(&server, &stage, rows[i].bytes);
		server.tunnels = _i == 1;
		call_server(&server, STR("POST"), &outcome);
		ck_assert_msg(outcome.is_failed, "row %zu was answered", i);
		ck_assert_msg(outcome.call->failure == rows[i].failure, "row %zu: %.*s", i,
			      STR_ARG(http_failure_text(outcome.call->failure)));
		http_call_release(outcome.call);
		server_end(&server);
	}
	raw_stage_end(&stage);
}
END_TEST

START_TEST(test_bodies_are_cut_off_in_their_own_ways)
{
	static const struct {
		struct str bytes, body;
		bool is_whole;
		enum http_failure failure;
	} rows[] = {
		{STR_INIT(OK "Content-Length: 5\r\n\r\nabc"), STR_INIT("abc"), false,
		 HTTP_FAILURE_CLOSED},
		{STR_INIT(OK "Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n"), STR_INIT("abc"),
		 false, HTTP_FAILURE_CLOSED},
		{STR_INIT(OK "Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\nxyz\r\n"),
		 STR_INIT("abc"), false, HTTP_FAILURE_PROTOCOL},
		{STR_INIT(OK "\r\nabc"), STR_INIT("abc"), true, HTTP_FAILURE_NONE},
		{STR_INIT("HTTP/1.0 200\r\n\r\nabc"), STR_INIT("abc"), true, HTTP_FAILURE_NONE},
		{STR_INIT(OK "Content-Length: 3\r\n\r\nabcdef"), STR_INIT("abc"), true,
		 HTTP_FAILURE_NONE},
		{STR_INIT("HTTP/1.1 204 No\r\n\r\nabc"), STR_INIT(""), true, HTTP_FAILURE_NONE},
		{STR_INIT("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early\r\nA: b\r\n\r\n" OK
			  "Content-Length: 3\r\n\r\nabc"),
		 STR_INIT("abc"), true, HTTP_FAILURE_NONE},
		{STR_INIT(OK "Transfer-Encoding: chunked\r\nTrailer: X\r\n\r\n1;e=1\r\na\r\n2\r\nbc"
			     "\r\n0\r\nX: y\r\n\r\n"),
		 STR_INIT("abc"), true, HTTP_FAILURE_NONE},
	};
	struct raw_stage stage;

	raw_stage_begin(&stage);
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct server server;
		struct outcome outcome;

		server_begin(&server, &stage, rows[i].bytes);
		server.tunnels = _i == 1;
		call_server(&server, STR("GET"), &outcome);
		ck_assert_msg(outcome.is_answered, "row %zu was not answered", i);
		ck_assert_msg((outcome.result == HTTP_COLLECTED) == rows[i].is_whole, "row %zu", i);
		if (rows[i].is_whole)
			ck_assert_msg(str_equal(outcome.body, rows[i].body), "row %zu", i);
		ck_assert_msg(outcome.call->failure == rows[i].failure, "row %zu: %.*s", i,
			      STR_ARG(http_failure_text(outcome.call->failure)));
		ck_assert(!http_fields_has(&outcome.call->response.fields, STR("X")));
		ck_assert(!http_fields_has(&outcome.call->response.fields, STR("A")));
		http_call_release(outcome.call);
		server_end(&server);
	}
	raw_stage_end(&stage);
}
END_TEST

static void answered_to_wait(struct http_call *call, void *data)
{
	struct outcome *outcome = data;

	(void)call;
	outcome->is_answered = true;
}

static bool play_until_answered(void *data)
{
	struct outcome *outcome = data;

	server_play(outcome->server);
	return outcome->is_answered;
}

/* No more than a buffer of it is taken before somebody reads, and then all of it. */
START_TEST(test_an_answer_waits_for_its_reader)
{
	struct raw_stage stage;
	struct server server;
	struct outcome outcome;
	struct strbuf bytes;
	struct str head = STR(OK "Content-Length: 150000\r\n\r\n");
	struct http_body *body;

	raw_stage_begin(&stage);
	strbuf_init(&bytes, 1000000);
	strbuf_append(&bytes, head);
	for (int i = 0; i < 15000; i++)
		strbuf_append_format(&bytes, "%09d ", i);
	server_begin(&server, &stage, strbuf_str(&bytes));
	server.tunnels = _i == 1;
	begin_call(&server, STR("GET"), answered_to_wait, &outcome);
	ck_assert(raw_await(&stage, play_until_answered, &outcome));
	raw_pause(&stage, 10);
	body = http_call_take_body(outcome.call);
	ck_assert_uint_gt(http_body_waiting(body), 0);
	ck_assert_uint_le(http_body_waiting(body), LIMIT_BODY_BUFFER_BYTES);
	http_body_collect(body, 10000000, stage.arena, collected, &outcome);
	ck_assert(raw_await(&stage, play_until_over, &outcome));
	ck_assert_int_eq(outcome.result, HTTP_COLLECTED);
	ck_assert(str_equal(outcome.body, str_skip(strbuf_str(&bytes), head.size)));
	http_call_release(outcome.call);
	server_end(&server);
	strbuf_free(&bytes);
	raw_stage_end(&stage);
}
END_TEST

START_TEST(test_a_reset_is_a_reset)
{
	struct raw_stage stage;
	struct server server;
	struct outcome outcome;

	raw_stage_begin(&stage);
	server_begin(&server, &stage, STR(""));
	server.tunnels = _i == 1;
	server.resets = true;
	call_server(&server, STR("POST"), &outcome);
	ck_assert(outcome.is_failed);
	ck_assert_int_eq(outcome.call->failure, HTTP_FAILURE_RESET);
	http_call_release(outcome.call);
	server_end(&server);
	raw_stage_end(&stage);
}
END_TEST

START_TEST(test_big_heads_are_refused)
{
	struct raw_stage stage;
	struct server server;
	struct strbuf bytes;

	raw_stage_begin(&stage);
	strbuf_init(&bytes, 1000000);
	for (int kind = 0; kind < 2; kind++) {
		struct outcome outcome;

		strbuf_clear(&bytes);
		strbuf_append(&bytes, STR(OK));
		for (int i = 0; i < (kind == 0 ? 101 : 40); i++)
			strbuf_append_format(&bytes, "X-%d: %0*d\r\n", i, kind == 0 ? 1 : 1000, 0);
		strbuf_append(&bytes, STR("Content-Length: 0\r\n\r\n"));
		server_begin(&server, &stage, strbuf_str(&bytes));
		server.tunnels = _i == 1;
		call_server(&server, STR("GET"), &outcome);
		ck_assert(outcome.is_failed);
		ck_assert_int_eq(outcome.call->failure, HTTP_FAILURE_PROTOCOL);
		http_call_release(outcome.call);
		server_end(&server);
	}
	strbuf_free(&bytes);
	raw_stage_end(&stage);
}
END_TEST

/* The kept connection turns out to be dead when the second request was sent on it. */
static void call_twice(struct str method, struct outcome *second, struct raw_stage *stage)
{
	struct server server;
	struct outcome first;

	server_begin(&server, stage, STR(OK "Content-Length: 1\r\n\r\na"));
	server.stays = true;
	call_server(&server, method, &first);
	ck_assert(first.is_answered);
	http_call_release(first.call);
	raw_pause(stage, 5);
	ck_assert_uint_eq(server.count, 1);
	/* From now on the old connection is closed when a request comes, a new one answered. */
	server.bytes = STR("");
	server.stays = false;

	struct http_call_options options = {.method = method,
					    .host = STR("127.0.0.1"),
					    .port = server.port,
					    .target = STR("/"),
					    .idle_timeout_ms = 3000};

	*second = (struct outcome){.arena = stage->arena, .server = &server};
	second->call = http_call_start(stage->world, &options, answered, failed, second);
	for (int i = 0; i < 1000 && server.ends[0].fd >= 0 && !second->is_over; i++) {
		raw_pause(stage, 1);
		server_play(&server);
	}
	server.bytes = STR(OK "Content-Length: 1\r\n\r\nb");
	ck_assert(raw_await(stage, play_until_over, second));
	server_end(&server);
}

START_TEST(test_a_dead_connection_is_replaced_when_that_is_safe)
{
	struct raw_stage stage;
	struct outcome outcome;

	raw_stage_begin(&stage);
	call_twice(STR("GET"), &outcome, &stage);
	ck_assert(outcome.is_answered);
	ck_assert(str_equal(outcome.body, STR("b")));
	ck_assert(!outcome.call->connection_was_reused);
	http_call_release(outcome.call);
	call_twice(STR("POST"), &outcome, &stage);
	ck_assert(outcome.is_failed);
	ck_assert_int_eq(outcome.call->failure, HTTP_FAILURE_CLOSED);
	http_call_release(outcome.call);
	raw_stage_end(&stage);
}
END_TEST

START_TEST(test_every_failure_has_a_text)
{
	for (int i = HTTP_FAILURE_NONE; i <= HTTP_FAILURE_REQUEST_BODY; i++)
		ck_assert_uint_gt(http_failure_text((enum http_failure)i).size, 0);
}
END_TEST

Suite *world_real_http_client_suite(void);

Suite *world_real_http_client_suite(void)
{
	Suite *suite = suite_create("world/real/http_client");
	TCase *tests = tcase_create("answers");

	tcase_set_timeout(tests, 60);
	tcase_add_loop_test(tests, test_hostile_answers_fail, 0, 2);
	tcase_add_loop_test(tests, test_bodies_are_cut_off_in_their_own_ways, 0, 2);
	tcase_add_loop_test(tests, test_an_answer_waits_for_its_reader, 0, 2);
	tcase_add_loop_test(tests, test_a_reset_is_a_reset, 0, 2);
	tcase_add_loop_test(tests, test_big_heads_are_refused, 0, 2);
	tcase_add_test(tests, test_a_dead_connection_is_replaced_when_that_is_safe);
	tcase_add_test(tests, test_a_server_that_does_not_read_is_given_up);
	tcase_add_test(tests, test_waiting_for_the_answer_is_not_sending);
	tcase_add_test(tests, test_every_failure_has_a_text);
	suite_add_tcase(suite, tests);
	return suite;
}
