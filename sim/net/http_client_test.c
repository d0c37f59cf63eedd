#include "sim/stage_test.h"

#define UNREAD_BYTES ((size_t)1024 * 1024) /* more than a connection holds on its way */

static struct stage stage;
static struct stage_server server;
static struct stage_call call;

static void set_up(void)
{
	stage_open(&stage);
}

static void tear_down(void)
{
	stage_close(&stage);
}

static void server_set_up(void)
{
	stage_open(&stage);
	stage_server_open(&stage, &server, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
}

static void server_tear_down(void)
{
	stage_server_close(&server);
	stage_close(&stage);
}

static void expect_got(const char *text)
{
	ck_assert_msg(str_equal(strbuf_str(&server.got), str_from(text)), "%.*s",
		      STR_ARG(strbuf_str(&server.got)));
}

static void expect_failure(const struct http_call_options *options, enum http_failure failure)
{
	stage_call(&stage, &call, options);
	ck_assert_msg(call.failure == failure, "%.*s", STR_ARG(http_failure_text(call.failure)));
}

/* What goes over the wire. */

START_TEST(a_request_is_written_with_its_host_first)
{
	struct http_call_options options = stage_get("/a%2F?b=c&&d");
	struct http_fields fields;

	http_fields_init(&fields, stage.arena);
	http_fields_add(&fields, STR("X-One"), STR("1"));
	http_fields_add(&fields, STR("X-Bad\r\n"), STR("x"));
	http_fields_add(&fields, STR("X-Bad"), STR("x\r\nX-Worse: y"));
	http_fields_add(&fields, STR("Content-Length"), STR("9"));
	http_fields_add(&fields, STR("Expect"), STR("100-continue"));
	http_fields_add(&fields, STR("x-one"), STR("2"));
	options.fields = &fields;
	stage_call(&stage, &call, &options);
	ck_assert_int_eq(call.status, 200);
	ck_assert(str_equal(call.body, STR("ok")));
	expect_got("GET /a%2F?b=c&&d HTTP/1.1\r\nHost: api:8081\r\nX-One: 1\r\nx-one: 2\r\n\r\n");
}
END_TEST

START_TEST(a_host_that_is_given_is_used)
{
	struct http_call_options options = stage_get("/");
	struct http_fields fields;

	http_fields_init(&fields, stage.arena);
	http_fields_add(&fields, STR("Accept"), STR("*/*"));
	http_fields_add(&fields, STR("host"), STR("example.com"));
	options.fields = &fields;
	stage_call(&stage, &call, &options);
	expect_got("GET / HTTP/1.1\r\nHost: example.com\r\nAccept: */*\r\n\r\n");
}
END_TEST

START_TEST(a_body_of_known_length_is_sent_with_it)
{
	struct http_call_options options = stage_get("/");

	options.method = STR("POST");
	options.body = http_body_from_str(STR("hello"));
	stage_call(&stage, &call, &options);
	stage_run(&stage, STAGE_SECOND);
	expect_got("POST / HTTP/1.1\r\nHost: api:8081\r\nContent-Length: 5\r\n\r\nhello");
}
END_TEST

START_TEST(a_body_of_unknown_length_is_sent_in_chunks)
{
	struct http_call_options options = stage_get("/");
	struct http_body *body = http_body_create(HTTP_BODY_LENGTH_UNKNOWN, 1024);

	server.wanted = "0\r\n\r\n";
	options.method = STR("POST");
	options.body = body;
	stage_call_begin(&stage, &call, &options);
	stage_run(&stage, STAGE_SECOND);
	http_body_write(body, STR("first"));
	stage_run(&stage, STAGE_SECOND);
	http_body_write(body, STR("second"));
	http_body_end(body);
	http_body_producer_release(body);
	stage_run(&stage, STAGE_SECOND);
	ck_assert_int_eq(call.status, 200);
	expect_got("POST / HTTP/1.1\r\nHost: api:8081\r\nTransfer-Encoding: chunked\r\n\r\n"
		   "5\r\nfirst\r\n6\r\nsecond\r\n0\r\n\r\n");
}
END_TEST

/* Connections. */

START_TEST(a_connection_serves_one_call_after_the_other)
{
	struct http_call_options options = stage_get("/");

	stage_call(&stage, &call, &options);
	ck_assert(!call.was_reused);
	for (int i = 0; i < 3; i++) {
		stage_call(&stage, &call, &options);
		ck_assert(call.was_reused);
	}
	ck_assert_int_eq(server.connections, 1);
}
END_TEST

START_TEST(calls_at_the_same_time_have_connections_of_their_own)
{
	struct http_call_options options = stage_get("/delay/500");
	struct stage_call calls[3];

	stage_server_close(&server);
	server.stream = NULL;
	server.socket = NULL;
	stage_start_echo(&stage);
	for (int i = 0; i < 3; i++)
		stage_call_begin(&stage, &calls[i], &options);
	stage_run(&stage, STAGE_SECOND);
	for (int i = 0; i < 3; i++)
		ck_assert_int_eq(calls[i].status, 200);
	ck_assert_uint_eq(stage_count(&stage, "\"kind\":\"accept\""), 3);
}
END_TEST

START_TEST(an_answer_that_closes_is_not_followed_by_another)
{
	struct http_call_options options = stage_get("/");

	server.answer = "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 0\r\n\r\n";
	stage_call(&stage, &call, &options);
	stage_call(&stage, &call, &options);
	ck_assert(!call.was_reused);
	ck_assert_int_eq(server.connections, 2);
}
END_TEST

START_TEST(a_request_that_says_close_is_not_followed_by_another)
{
	struct http_call_options options = stage_get("/");
	struct http_fields fields;

	http_fields_init(&fields, stage.arena);
	http_fields_add(&fields, STR("Connection"), STR("close"));
	options.fields = &fields;
	stage_call(&stage, &call, &options);
	stage_call(&stage, &call, &options);
	ck_assert_int_eq(server.connections, 2);
}
END_TEST

START_TEST(a_connection_the_server_closed_is_not_used_again)
{
	struct http_call_options options = stage_get("/");

	stage_call(&stage, &call, &options);
	stage_server_let_go(&server);
	stage_run(&stage, STAGE_SECOND);
	stage_call(&stage, &call, &options);
	ck_assert_int_eq(call.status, 200);
	ck_assert(!call.was_reused);
	ck_assert_int_eq(server.connections, 2);
}
END_TEST

START_TEST(a_connection_that_was_idle_for_long_is_not_used_again)
{
	struct http_call_options options = stage_get("/");

	stage_call(&stage, &call, &options);
	stage_run(&stage, 119 * STAGE_SECOND);
	stage_call(&stage, &call, &options);
	ck_assert(!call.was_reused);
}
END_TEST

/* The server closes while the request is under way. */
static void close_meanwhile(bool by_reset)
{
	struct http_call_options options = stage_get("/first");

	stage_call(&stage, &call, &options);
	server.answer = "";
	server.answers = 0;
	strbuf_clear(&server.got);
	server.ends = !by_reset;
	server.resets = by_reset;
}

static void server_recovers(void *data)
{
	(void)data;
	server.ends = server.resets = false;
	server.answer = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";
}

START_TEST(what_may_be_repeated_is_once_when_a_used_connection_dies)
{
	struct http_call_options options = stage_get("/second");

	close_meanwhile(_i == 1);
	sim_at(stage.sim, sim_now_us(stage.sim) + 900, server_recovers, NULL);
	stage_call(&stage, &call, &options);
	ck_assert_int_eq(call.status, 200);
	ck_assert(!call.was_reused);
	ck_assert_int_eq(server.connections, 2);
	expect_got("GET /second HTTP/1.1\r\nHost: api:8081\r\n\r\n"
		   "GET /second HTTP/1.1\r\nHost: api:8081\r\n\r\n");
}
END_TEST

START_TEST(a_repeated_request_fails_when_the_new_connection_dies_too)
{
	struct http_call_options options = stage_get("/second");

	close_meanwhile(_i == 1);
	expect_failure(&options, _i == 1 ? HTTP_FAILURE_RESET : HTTP_FAILURE_CLOSED);
	ck_assert_int_eq(server.connections, 2);
}
END_TEST

START_TEST(what_may_not_be_repeated_fails_when_a_used_connection_dies)
{
	struct http_call_options options = stage_get("/second");

	close_meanwhile(false);
	if (_i == 0)
		options.method = STR("POST");
	else
		options.is_sent_once = true;
	expect_failure(&options, HTTP_FAILURE_CLOSED);
	ck_assert_int_eq(server.connections, 1);
}
END_TEST

START_TEST(names_of_one_address_share_its_connection)
{
	struct http_call_options options = stage_get("/");

	sim_dns_set(stage.sim, STR("www.example"), STR("10.0.0.2"), 60);
	stage_call(&stage, &call, &options);
	options.host = STR("www.example");
	stage_call(&stage, &call, &options);
	ck_assert(call.was_reused);
	ck_assert(str_find(strbuf_str(&server.got), STR("Host: www.example:8081\r\n")) !=
		  STR_NOT_FOUND);
}
END_TEST

/* Answers. */

START_TEST(informational_answers_are_not_shown)
{
	struct http_call_options options = stage_get("/");

	server.answer = "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n"
			"HTTP/1.1 404 Not Found\r\nContent-Length: 1\r\n\r\nx";
	stage_call(&stage, &call, &options);
	ck_assert_int_eq(call.status, 404);
	ck_assert(str_equal(call.body, STR("x")));
}
END_TEST

START_TEST(an_answer_without_length_ends_with_the_connection)
{
	struct http_call_options options = stage_get("/");

	server.answer = "HTTP/1.1 200 OK\r\n\r\nall of it";
	server.ends = true;
	stage_call(&stage, &call, &options);
	ck_assert_int_eq(call.failure, HTTP_FAILURE_NONE);
	ck_assert(str_equal(call.body, STR("all of it")));
}
END_TEST

START_TEST(an_answer_in_chunks_is_put_together)
{
	struct http_call_options options = stage_get("/");

	server.answer = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
			"3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n";
	stage_call(&stage, &call, &options);
	ck_assert(str_equal(call.body, STR("abcde")));
	stage_call(&stage, &call, &options);
	ck_assert(call.was_reused);
}
END_TEST

START_TEST(an_answer_to_head_has_no_body)
{
	struct http_call_options options = stage_get("/");

	options.method = STR("HEAD");
	server.answer = "HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n";
	stage_call(&stage, &call, &options);
	ck_assert_int_eq(call.status, 200);
	ck_assert_uint_eq(call.body.size, 0);
	ck_assert(str_equal(http_fields_get(&call.fields, STR("content-length")), STR("1000")));
}
END_TEST

/* Failures. */

START_TEST(a_body_that_is_cut_off_shows_as_failed)
{
	struct http_call_options options = stage_get("/");

	server.answer = "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf";
	server.ends = true;
	stage_call(&stage, &call, &options);
	ck_assert_int_eq(call.status, 200);
	ck_assert_int_eq(call.collected, HTTP_COLLECT_FAILED);
	ck_assert_int_eq(call.failure, HTTP_FAILURE_CLOSED);
}
END_TEST

START_TEST(what_is_not_http_is_a_protocol_failure)
{
	static const char *const answers[] = {
		"SSH-2.0-OpenSSH\r\n",
		"HTTP/1.1 101 Switching Protocols\r\n\r\n",
		"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n",
		"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
	};
	struct http_call_options options = stage_get("/");

	server.answer = answers[_i];
	expect_failure(&options, HTTP_FAILURE_PROTOCOL);
}
END_TEST

START_TEST(a_connection_that_closes_without_an_answer_is_a_failure)
{
	struct http_call_options options = stage_get("/");

	server.answer = _i == 0 ? "" : "HTTP/1.1 200 OK\r\nConte";
	server.ends = true;
	expect_failure(&options, HTTP_FAILURE_CLOSED);
}
END_TEST

START_TEST(a_connection_that_is_reset_is_a_failure)
{
	struct http_call_options options = stage_get("/");

	server.answer = "";
	server.resets = true;
	expect_failure(&options, HTTP_FAILURE_RESET);
}
END_TEST

START_TEST(a_server_that_says_nothing_is_given_up)
{
	struct http_call_options options = stage_get("/");
	int64_t began_us = sim_now_us(stage.sim);

	server.wanted = "never";
	options.idle_timeout_ms = 3000;
	expect_failure(&options, HTTP_FAILURE_TIMEOUT);
	ck_assert_int_ge(sim_now_us(stage.sim) - began_us, 3 * STAGE_SECOND);
	ck_assert_int_lt(sim_now_us(stage.sim) - began_us, 3 * STAGE_SECOND + 10000);
}
END_TEST

START_TEST(sending_and_waiting_have_times_of_their_own)
{
	struct http_call_options options = stage_get("/");
	int64_t began_us = sim_now_us(stage.sim);

	server.wanted = "never";
	options.method = STR("POST");
	options.send_timeout_ms = _i == 0 ? 1000 : 9000;
	options.idle_timeout_ms = _i == 0 ? 5000 : 3000;
	/* All of it is sent: from then on the server is waited for. */
	options.body = http_body_from_str(STR("body"));
	expect_failure(&options, HTTP_FAILURE_TIMEOUT);
	ck_assert_int_ge(sim_now_us(stage.sim) - began_us, options.idle_timeout_ms * 1000);
	ck_assert_int_lt(sim_now_us(stage.sim) - began_us, options.idle_timeout_ms * 1000 + 10000);
}
END_TEST

START_TEST(a_server_that_does_not_read_is_given_up)
{
	struct http_call_options options = stage_get("/");
	char *bytes = arena_alloc(stage.arena, UNREAD_BYTES);
	int64_t began_us = sim_now_us(stage.sim);

	server.reads_nothing = true;
	options.method = STR("POST");
	options.send_timeout_ms = 1000;
	options.idle_timeout_ms = 5000;
	options.body = http_body_from_str(str_of(bytes, UNREAD_BYTES));
	expect_failure(&options, HTTP_FAILURE_TIMEOUT);
	ck_assert_int_ge(sim_now_us(stage.sim) - began_us, STAGE_SECOND);
	ck_assert_int_lt(sim_now_us(stage.sim) - began_us, STAGE_SECOND + 100000);
}
END_TEST

START_TEST(an_answer_that_stops_in_its_middle_is_given_up)
{
	struct http_call_options options = stage_get("/");

	server.answer = "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf";
	options.idle_timeout_ms = 1000;
	stage_call(&stage, &call, &options);
	ck_assert_int_eq(call.failure, HTTP_FAILURE_TIMEOUT);
	ck_assert_int_eq(call.collected, HTTP_COLLECT_FAILED);
}
END_TEST

START_TEST(a_request_whose_body_is_cut_off_fails)
{
	struct http_call_options options = stage_get("/");
	struct http_body *body = http_body_create(_i == 0 ? 10 : HTTP_BODY_LENGTH_UNKNOWN, 1024);

	server.wanted = "never";
	options.method = STR("POST");
	options.body = body;
	stage_call_begin(&stage, &call, &options);
	http_body_write(body, STR("half"));
	stage_run(&stage, STAGE_SECOND);
	ck_assert(!call.is_over);
	http_body_fail(body);
	http_body_producer_release(body);
	stage_run(&stage, STAGE_SECOND);
	ck_assert_int_eq(call.failure, HTTP_FAILURE_REQUEST_BODY);
}
END_TEST

START_TEST(a_slow_producer_of_the_request_is_not_a_stall)
{
	struct http_call_options options = stage_get("/");
	struct http_body *body = http_body_create(4, 1024);

	server.wanted = "body";
	options.method = STR("POST");
	options.body = body;
	options.idle_timeout_ms = 1000;
	stage_call_begin(&stage, &call, &options);
	stage_run(&stage, 10 * STAGE_SECOND);
	http_body_write(body, STR("body"));
	http_body_end(body);
	http_body_producer_release(body);
	stage_run(&stage, STAGE_SECOND);
	ck_assert_int_eq(call.status, 200);
}
END_TEST

START_TEST(nobody_there_is_told_apart)
{
	static const struct {
		const char *host;
		enum http_failure failure;
	} rows[] = {
		{"api", HTTP_FAILURE_CONNECT_REFUSED},
		{"10.0.0.2", HTTP_FAILURE_CONNECT_REFUSED},
		{"127.0.0.1", HTTP_FAILURE_CONNECT_REFUSED},
		{"10.9.9.9", HTTP_FAILURE_UNREACHABLE},
		{"nobody.example", HTTP_FAILURE_NAME_NOT_FOUND},
		{"silent.example", HTTP_FAILURE_NAME_TIMEOUT},
		{"broken.example", HTTP_FAILURE_NAME_NOT_FOUND},
	};
	struct http_call_options options = stage_get("/");

	sim_dns_set_fault(stage.sim, STR("silent.example"), SIM_DNS_SILENT);
	sim_dns_set_fault(stage.sim, STR("broken.example"), SIM_DNS_SERVFAIL);
	options.host = str_from(rows[_i].host);
	expect_failure(&options, rows[_i].failure);
	ck_assert(stage_traced(&stage, "\"kind\":\"call.failed\""));
}
END_TEST

START_TEST(what_cannot_be_asked_for_is_refused)
{
	static const struct {
		const char *method, *host, *target;
		enum http_failure failure;
	} rows[] = {
		{"GET", "api", "/a b", HTTP_FAILURE_PROTOCOL},
		{"GET", "api", "/a\r\nX: y", HTTP_FAILURE_PROTOCOL},
		{"GET", "api", "", HTTP_FAILURE_PROTOCOL},
		{"G T", "api", "/", HTTP_FAILURE_PROTOCOL},
		{"GET", "api/x", "/", HTTP_FAILURE_NAME_NOT_FOUND},
		{"GET", "", "/", HTTP_FAILURE_NAME_NOT_FOUND},
	};
	struct http_call_options options = stage_get(rows[_i].target);

	options.method = str_from(rows[_i].method);
	options.host = str_from(rows[_i].host);
	expect_failure(&options, rows[_i].failure);
	ck_assert(!stage_traced(&stage, "\"kind\":\"connect\""));
}
END_TEST

START_TEST(the_time_to_connect_includes_the_name)
{
	struct http_call_options options = stage_get("/");

	sim_dns_set_fault(stage.sim, STR("silent.example"), SIM_DNS_SILENT);
	options.host = STR("silent.example");
	options.connect_timeout_ms = 500;
	expect_failure(&options, HTTP_FAILURE_NAME_TIMEOUT);
	ck_assert_int_eq(sim_now_us(stage.sim), 500000);
}
END_TEST

START_TEST(a_firewall_is_seen_by_its_verdict)
{
	static const struct {
		enum sim_verdict verdict;
		enum http_failure failure;
	} rows[] = {
		{SIM_DROP, HTTP_FAILURE_CONNECT_TIMEOUT},
		{SIM_REJECT, HTTP_FAILURE_CONNECT_REFUSED},
		{SIM_RESET, HTTP_FAILURE_CONNECT_REFUSED},
		{SIM_UNREACHABLE, HTTP_FAILURE_UNREACHABLE},
		{SIM_DELAY, HTTP_FAILURE_NONE},
		{SIM_PASS, HTTP_FAILURE_NONE},
	};
	struct http_call_options options = stage_get("/");
	struct sim_rule_options rule = {
		.to = STR("api"), .verdict = rows[_i].verdict, .delay_us = 100000};
	struct sim_rule *added = sim_rule_add(stage.sim, &rule);

	stage_start_echo(&stage);
	options.connect_timeout_ms = 5000;
	expect_failure(&options, rows[_i].failure);
	ck_assert_uint_gt(sim_rule_effects(added), 0);
	sim_rule_remove(added);
	expect_failure(&options, HTTP_FAILURE_NONE);
	ck_assert_int_eq(call.status, 200);
}
END_TEST

/* Bodies that do not fit a buffer. */

START_TEST(a_large_answer_streams)
{
	struct http_call_options options = stage_get("/bytes/1000000");

	stage_start_echo(&stage);
	stage_call(&stage, &call, &options);
	ck_assert_uint_eq(call.body.size, 1000000);
	ck_assert(str_equal(str_slice(call.body, 999990, 1000000), STR("6789abcdef")));
}
END_TEST

struct slow {
	struct http_call *call;
	struct http_body *body;
	bool failed;
};

static void slow_answered(struct http_call *http_call, void *data)
{
	struct slow *slow = data;

	slow->body = http_call_take_body(http_call);
}

static void slow_failed(struct http_call *http_call, void *data)
{
	(void)http_call;
	((struct slow *)data)->failed = true;
}

START_TEST(a_reader_that_waits_holds_the_sender_back)
{
	struct http_call_options options = stage_get("/bytes/10000000");
	struct slow slow = {NULL, NULL, false};
	size_t got = 0;

	stage_start_echo(&stage);
	slow.call = http_call_start(stage.client, &options, slow_answered, slow_failed, &slow);
	stage_run(&stage, STAGE_SECOND);
	ck_assert(slow.body != NULL);
	/* Longer than both time-outs: whoever waits for us has not stalled. */
	for (int i = 0; i < 20; i++) {
		ck_assert_uint_le(http_body_waiting(slow.body), 64 * 1024);
		stage_run(&stage, 10 * STAGE_SECOND);
		got += http_body_waiting(slow.body);
		http_body_consume(slow.body, http_body_waiting(slow.body));
	}
	ck_assert_uint_gt(got, 1000000);
	ck_assert_uint_lt(got, 5000000);
	ck_assert(!http_body_is_failed(slow.body));
	http_body_consumer_release(slow.body);
	http_call_release(slow.call);
}
END_TEST

static void write_upload(struct http_body *body, void *data)
{
	static const char zeros[10000];
	size_t *left = data;

	while (*left > 0) {
		size_t size = *left < sizeof zeros ? *left : sizeof zeros;
		size_t taken = http_body_write(body, str_of(zeros, size));

		*left -= taken;
		if (taken < size)
			return;
	}
	http_body_on_writable(body, NULL, NULL);
	http_body_end(body);
	http_body_producer_release(body);
}

START_TEST(a_large_request_streams)
{
	struct http_call_options options = stage_get("/");
	size_t left = 1000000;
	struct http_body *body =
		http_body_create(_i == 0 ? (int64_t)left : HTTP_BODY_LENGTH_UNKNOWN, 64 * 1024);

	stage_start_echo(&stage);
	options.method = STR("POST");
	options.body = body;
	http_body_on_writable(body, write_upload, &left);
	write_upload(body, &left);
	stage_call(&stage, &call, &options);
	ck_assert_int_eq(call.status, 200);
	ck_assert(str_find(call.body, STR("\"body_bytes\":1000000")) != STR_NOT_FOUND);
}
END_TEST

START_TEST(a_large_request_in_one_piece_is_sent)
{
	struct http_call_options options = stage_get("/");
	struct str bytes = {memory_alloc(3000000), 3000000};

	stage_start_echo(&stage);
	options.method = STR("POST");
	options.body = http_body_from_str(bytes);
	free((char *)bytes.data);
	stage_call(&stage, &call, &options);
	ck_assert_int_eq(call.status, 200);
	ck_assert(str_find(call.body, STR("\"body_bytes\":3000000")) != STR_NOT_FOUND);
}
END_TEST

/* Giving up. */

START_TEST(a_call_may_be_released_after_any_event)
{
	struct http_call_options options = stage_get("/bytes/300000");
	struct slow slow = {NULL, NULL, false};

	stage_start_echo(&stage);
	slow.call = http_call_start(stage.client, &options, slow_answered, slow_failed, &slow);
	for (int i = 0; i < _i; i++)
		queue_step(&stage.sim->queue, INT64_MAX);
	if (slow.body != NULL && _i % 2 == 0)
		http_body_consumer_release(slow.body);
	http_call_release(slow.call);
	if (slow.body != NULL && _i % 2 == 1) {
		ck_assert(http_body_is_failed(slow.body));
		http_body_consumer_release(slow.body);
	}
	stage_run(&stage, 100 * STAGE_SECOND);
	ck_assert(!slow.failed);
	options.target = STR("/");
	stage_call(&stage, &call, &options);
	ck_assert_int_eq(call.status, 200);
}
END_TEST

static void release_at_once(struct http_call *http_call, void *data)
{
	*(int *)data += 1;
	http_call_release(http_call);
}

START_TEST(a_call_may_be_released_when_it_is_told)
{
	struct http_call_options options = stage_get(_i == 0 ? "/" : "/close");
	int told = 0;

	stage_start_echo(&stage);
	http_call_start(stage.client, &options, release_at_once, release_at_once, &told);
	stage_run(&stage, STAGE_SECOND);
	ck_assert_int_eq(told, 1);
	http_call_release(NULL);
}
END_TEST

START_TEST(a_call_left_to_the_end_of_the_run_is_freed)
{
	struct http_call_options options = stage_get("/delay/60000");

	stage_start_echo(&stage);
	stage_call_begin(&stage, &call, &options);
	stage_run(&stage, STAGE_SECOND);
	ck_assert(!call.is_over);
}
END_TEST

START_TEST(the_head_lives_in_the_arena_that_was_given)
{
	struct http_call_options options = stage_get("/");
	struct slow slow = {NULL, NULL, false};
	struct http_response response;

	options.arena = stage.arena;
	slow.call = http_call_start(stage.client, &options, slow_answered, slow_failed, &slow);
	stage_run(&stage, STAGE_SECOND);
	response = slow.call->response;
	ck_assert(str_equal(slow.call->peer_address, STR("10.0.0.2")));
	ck_assert_int_gt(slow.call->connected_us, slow.call->started_us);
	ck_assert_int_gt(slow.call->answered_us, slow.call->connected_us);
	http_body_consumer_release(slow.body);
	http_call_release(slow.call);
	ck_assert(str_equal(response.reason, STR("OK")));
	ck_assert(str_equal(http_fields_get(&response.fields, STR("Content-Length")), STR("2")));
}
END_TEST

static TCase *server_tests(void)
{
	TCase *tests = tcase_create("server");

	tcase_add_checked_fixture(tests, server_set_up, server_tear_down);
	tcase_add_test(tests, a_request_is_written_with_its_host_first);
	tcase_add_test(tests, a_host_that_is_given_is_used);
	tcase_add_test(tests, a_body_of_known_length_is_sent_with_it);
	tcase_add_test(tests, a_body_of_unknown_length_is_sent_in_chunks);
	tcase_add_test(tests, a_connection_serves_one_call_after_the_other);
	tcase_add_test(tests, calls_at_the_same_time_have_connections_of_their_own);
	tcase_add_test(tests, an_answer_that_closes_is_not_followed_by_another);
	tcase_add_test(tests, a_request_that_says_close_is_not_followed_by_another);
	tcase_add_test(tests, a_connection_the_server_closed_is_not_used_again);
	tcase_add_test(tests, a_connection_that_was_idle_for_long_is_not_used_again);
	tcase_add_test(tests, names_of_one_address_share_its_connection);
	tcase_add_loop_test(tests, what_may_be_repeated_is_once_when_a_used_connection_dies, 0, 2);
	tcase_add_loop_test(tests, a_repeated_request_fails_when_the_new_connection_dies_too, 0, 2);
	tcase_add_loop_test(tests, what_may_not_be_repeated_fails_when_a_used_connection_dies, 0,
			    2);
	tcase_add_test(tests, informational_answers_are_not_shown);
	tcase_add_test(tests, an_answer_without_length_ends_with_the_connection);
	tcase_add_test(tests, an_answer_in_chunks_is_put_together);
	tcase_add_test(tests, an_answer_to_head_has_no_body);
	tcase_add_test(tests, a_body_that_is_cut_off_shows_as_failed);
	tcase_add_loop_test(tests, what_is_not_http_is_a_protocol_failure, 0, 4);
	tcase_add_loop_test(tests, a_connection_that_closes_without_an_answer_is_a_failure, 0, 2);
	tcase_add_test(tests, a_connection_that_is_reset_is_a_failure);
	tcase_add_test(tests, a_server_that_says_nothing_is_given_up);
	tcase_add_loop_test(tests, sending_and_waiting_have_times_of_their_own, 0, 2);
	tcase_add_test(tests, a_server_that_does_not_read_is_given_up);
	tcase_add_test(tests, an_answer_that_stops_in_its_middle_is_given_up);
	tcase_add_loop_test(tests, a_request_whose_body_is_cut_off_fails, 0, 2);
	tcase_add_test(tests, a_slow_producer_of_the_request_is_not_a_stall);
	tcase_add_test(tests, the_head_lives_in_the_arena_that_was_given);
	return tests;
}

Suite *sim_net_http_client_suite(void);
Suite *sim_net_http_client_suite(void)
{
	Suite *suite = suite_create("sim_net_http_client");
	TCase *tests = tcase_create("client");

	tcase_add_checked_fixture(tests, set_up, tear_down);
	tcase_add_loop_test(tests, nobody_there_is_told_apart, 0, 7);
	tcase_add_loop_test(tests, what_cannot_be_asked_for_is_refused, 0, 6);
	tcase_add_test(tests, the_time_to_connect_includes_the_name);
	tcase_add_loop_test(tests, a_firewall_is_seen_by_its_verdict, 0, 6);
	tcase_add_test(tests, a_large_answer_streams);
	tcase_add_test(tests, a_reader_that_waits_holds_the_sender_back);
	tcase_add_loop_test(tests, a_large_request_streams, 0, 2);
	tcase_add_test(tests, a_large_request_in_one_piece_is_sent);
	tcase_add_loop_test(tests, a_call_may_be_released_after_any_event, 0, 30);
	tcase_add_loop_test(tests, a_call_may_be_released_when_it_is_told, 0, 2);
	tcase_add_test(tests, a_call_left_to_the_end_of_the_run_is_freed);
	suite_add_tcase(suite, tests);
	suite_add_tcase(suite, server_tests());
	return suite;
}
