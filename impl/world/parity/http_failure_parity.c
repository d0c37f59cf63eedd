/* How calls fail, in either world; and TLS, which has the most ways. */
#include "world/parity/http_stage.h"

static void respond_ok(struct stage_server *server, struct http_exchange *exchange)
{
	ck_assert_int_eq(exchange->is_tls, *(const bool *)server->data);
	stage_respond(exchange, 200, NULL, STR("ok"));
}

static void respond_never(struct stage_server *server, struct http_exchange *exchange)
{
	(void)server;
	(void)exchange;
}

PARITY_TEST(nobody_listens)
{
	bool is_tls = false;
	struct stage_server server = {.data = &is_tls};

	stage_listen(p, &server, respond_ok, NULL);
	stage_close(&server);

	struct http_call_options options = stage_options(&server, STR("/"));

	stage_fails(p, &options, HTTP_FAILURE_CONNECT_REFUSED);
	options.is_tls = true;
	options.host = STR("localhost");
	stage_fails(p, &options, HTTP_FAILURE_CONNECT_REFUSED);
}

PARITY_TEST(nobody_answers_the_connection)
{
	struct stage_server server = {0};
	struct http_call_options options = stage_options(&server, STR("/"));
	int64_t started_us = world_monotonic_us(p->world);

	options.connect_address = STR("127.0.0.1");
	options.port = parity_silent_port(p);
	options.host = STR("silent.example.com");
	options.connect_timeout_ms = 200;
	options.idle_timeout_ms = 5000;
	started_us = world_monotonic_us(p->world);
	stage_fails(p, &options, HTTP_FAILURE_CONNECT_TIMEOUT);
	ck_assert_int_ge(world_monotonic_us(p->world) - started_us, 199000);
}

PARITY_TEST(nobody_answers_the_request)
{
	struct stage_server server = {0};
	int64_t started_us;

	stage_listen(p, &server, respond_never, NULL);

	struct http_call_options options = stage_options(&server, STR("/"));

	options.idle_timeout_ms = 200;
	started_us = world_monotonic_us(p->world);
	stage_fails(p, &options, HTTP_FAILURE_TIMEOUT);
	ck_assert_int_ge(world_monotonic_us(p->world) - started_us, 199000);
	parity_await_count(p, &server.ended, 1);
	stage_close(&server);
}

static void respond_piece(struct stage_server *server, struct http_exchange *exchange)
{
	struct http_body **body = server->data;

	*body = http_body_create(HTTP_BODY_LENGTH_UNKNOWN, 1000);
	http_body_write(*body, STR("piece"));
	stage_respond_body(exchange, 200, *body);
}

PARITY_TEST(an_answer_may_stall)
{
	struct http_body *body = NULL;
	struct stage_server server = {.data = &body};
	struct stage_call call;

	stage_listen(p, &server, respond_piece, NULL);

	struct http_call_options options = stage_options(&server, STR("/"));

	options.idle_timeout_ms = 200;
	stage_start(p, &call, &options, true);
	parity_await_flag(p, &call.is_over);
	ck_assert(call.is_answered);
	ck_assert_int_eq(call.result, HTTP_COLLECT_FAILED);
	ck_assert_int_eq(call.call->failure, HTTP_FAILURE_TIMEOUT);
	stage_release(&call);
	parity_await_count(p, &server.ended, 1);
	http_body_producer_release(body);
	stage_close(&server);
}

static void respond_source(struct stage_server *server, struct http_exchange *exchange)
{
	stage_respond_body(exchange, 200, stage_source_begin(server->data, 40000000, 40000000));
}

PARITY_TEST(who_reads_slowly_has_not_stalled)
{
	struct stage_source source = {0};
	struct stage_server server = {.data = &source};
	struct stage_sink sink = {.is_held = true};
	struct stage_call call;

	stage_listen(p, &server, respond_source, NULL);

	struct http_call_options options = stage_options(&server, STR("/"));

	options.idle_timeout_ms = 100;
	stage_start(p, &call, &options, false);
	parity_await_flag(p, &call.is_answered);
	stage_sink_begin(&sink, http_call_take_body(call.call));
	parity_pause(p, 400);
	ck_assert(!sink.is_failed);
	stage_sink_go_on(&sink);
	parity_await_flag(p, &sink.is_ended);
	http_body_consumer_release(sink.body);
	stage_release(&call);
	stage_close(&server);
}

PARITY_TEST(names_that_do_not_exist)
{
	struct stage_server server = {.port = 80};
	struct http_call_options options = stage_options(&server, STR("/"));

	options.host = STR("no-such-name.invalid");
	options.connect_timeout_ms = 8000;
	stage_fails(p, &options, HTTP_FAILURE_NAME_NOT_FOUND);
	options.host = STR("");
	stage_fails(p, &options, HTTP_FAILURE_NAME_NOT_FOUND);
	options.host = STR("a/b?@c");
	stage_fails(p, &options, HTTP_FAILURE_NAME_NOT_FOUND);
}

PARITY_TEST(what_is_no_request_is_not_sent)
{
	bool is_tls = false;
	struct stage_server server = {.data = &is_tls};

	stage_listen(p, &server, respond_ok, NULL);

	struct http_call_options options = stage_options(&server, STR("/a b"));

	stage_fails(p, &options, HTTP_FAILURE_PROTOCOL);
	options.target = STR("/\r\nX: y");
	stage_fails(p, &options, HTTP_FAILURE_PROTOCOL);
	options.target = STR("");
	stage_fails(p, &options, HTTP_FAILURE_PROTOCOL);
	options.target = STR("/");
	options.method = STR("GET /");
	stage_fails(p, &options, HTTP_FAILURE_PROTOCOL);
	ck_assert_uint_eq(server.requested, 0);
	stage_close(&server);
}

/* TLS. */

static void listen_tls(struct parity *p, struct stage_server *server, enum parity_certificate kind,
		       struct http_call_options *options)
{
	static const bool is_tls = true;
	struct http_listen_options listen = {0};

	p->fixture->certificate(kind, &listen.certificate, &listen.private_key);
	server->data = (void *)(uintptr_t)&is_tls;
	stage_listen(p, server, respond_ok, &listen);
	*options = stage_options(server, STR("/"));
	options->is_tls = true;
	options->host = STR("localhost");
	options->verify_peer = true;
	options->ca_file = p->fixture->ca_file(p->world);
}

PARITY_TEST(a_trusted_certificate_is_accepted)
{
	struct stage_server server = {0};
	struct http_call_options options;
	struct stage_call call;

	listen_tls(p, &server, PARITY_CERTIFICATE_OK, &options);
	for (int i = 0; i < 2; i++) {
		stage_get(p, &call, &options, 200);
		ck_assert_str(call.body, STR("ok"));
		ck_assert_int_eq(call.call->connection_was_reused, i > 0);
		stage_release(&call);
	}
	options.connect_address = STR("127.0.0.1");
	stage_get(p, &call, &options, 200);
	stage_release(&call);
	stage_close(&server);
}

static void echo_collected(enum http_collect_result result, struct str bytes, void *data)
{
	ck_assert_int_eq(result, HTTP_COLLECTED);
	stage_respond_body(data, 200, http_body_from_str(bytes));
}

static void echo_body(struct stage_server *server, struct http_exchange *exchange)
{
	(void)server;
	http_body_collect(http_exchange_take_body(exchange), 10000000, exchange->arena,
			  echo_collected, exchange);
}

PARITY_TEST(big_bodies_go_over_tls)
{
	struct stage_server server = {0};
	struct stage_source source = {0};
	struct http_call_options options;
	struct stage_call call;

	listen_tls(p, &server, PARITY_CERTIFICATE_OK, &options);
	server.handler = echo_body;
	options.method = STR("POST");
	options.body = stage_source_begin(&source, 3000000, HTTP_BODY_LENGTH_UNKNOWN);
	stage_get(p, &call, &options, 200);
	ck_assert_uint_eq(call.body.size, 3000000);
	stage_check_bytes(call.body, 0);
	stage_release(&call);
	stage_close(&server);
}

PARITY_TEST(certificates_fail_in_their_own_ways)
{
	static const enum http_failure failures[] = {
		[PARITY_CERTIFICATE_EXPIRED] = HTTP_FAILURE_TLS_EXPIRED,
		[PARITY_CERTIFICATE_WRONG_NAME] = HTTP_FAILURE_TLS_NAME,
		[PARITY_CERTIFICATE_SELF_SIGNED] = HTTP_FAILURE_TLS_UNTRUSTED,
	};
	static const enum parity_certificate kinds[] = {
		PARITY_CERTIFICATE_EXPIRED,
		PARITY_CERTIFICATE_WRONG_NAME,
		PARITY_CERTIFICATE_SELF_SIGNED,
	};

	for (size_t i = 0; i < 3; i++) {
		struct stage_server server = {0};
		struct http_call_options options;
		struct stage_call call;

		listen_tls(p, &server, kinds[i], &options);
		stage_fails(p, &options, failures[kinds[i]]);
		ck_assert_uint_eq(server.requested, 0);
		options.verify_peer = false;
		stage_get(p, &call, &options, 200);
		stage_release(&call);
		stage_close(&server);
	}
}

PARITY_TEST(an_authority_of_ones_own_is_not_the_systems)
{
	struct stage_server server = {0};
	struct http_call_options options;

	listen_tls(p, &server, PARITY_CERTIFICATE_OK, &options);
	options.ca_file = STR("");
	stage_fails(p, &options, HTTP_FAILURE_TLS_UNTRUSTED);
	stage_close(&server);
}

PARITY_TEST(a_server_may_not_speak_tls)
{
	bool is_tls = false;
	struct stage_server server = {.data = &is_tls};

	stage_listen(p, &server, respond_ok, NULL);

	struct http_call_options options = stage_options(&server, STR("/"));

	options.is_tls = true;
	stage_fails(p, &options, HTTP_FAILURE_TLS);
	ck_assert_uint_eq(server.requested, 0);
	stage_close(&server);
}

PARITY_TEST(a_certificate_that_is_none_cannot_be_used)
{
	struct http_listen_options options = {.address = STR("127.0.0.1"),
					      .certificate = STR("not PEM"),
					      .private_key = STR("not PEM either")};

	ck_assert_ptr_null(http_listen(p->world, &options, NULL, NULL, &p->error));
	ck_assert_int_ne(p->error.kind, ERROR_NONE);
}

TCase *parity_http_failure_case(int number)
{
	TCase *tests = tcase_create("http failures");

	PARITY_ADD(tests, number, nobody_listens);
	PARITY_ADD(tests, number, nobody_answers_the_connection);
	PARITY_ADD(tests, number, nobody_answers_the_request);
	PARITY_ADD(tests, number, an_answer_may_stall);
	PARITY_ADD(tests, number, who_reads_slowly_has_not_stalled);
	PARITY_ADD(tests, number, names_that_do_not_exist);
	PARITY_ADD(tests, number, what_is_no_request_is_not_sent);
	PARITY_ADD(tests, number, a_trusted_certificate_is_accepted);
	PARITY_ADD(tests, number, big_bodies_go_over_tls);
	PARITY_ADD(tests, number, certificates_fail_in_their_own_ways);
	PARITY_ADD(tests, number, an_authority_of_ones_own_is_not_the_systems);
	PARITY_ADD(tests, number, a_server_may_not_speak_tls);
	PARITY_ADD(tests, number, a_certificate_that_is_none_cannot_be_used);
	return tests;
}
