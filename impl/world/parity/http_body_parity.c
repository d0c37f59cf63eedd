/* Bodies over HTTP, in either world: streaming, back-pressure, handing on, being cut off. */
#include "world/parity/http_stage.h"

#define BIG_BYTES ((uint64_t)40 * 1024 * 1024)
/* What the networks of either world may hold of a body that nobody reads: socket buffers. */
#define HELD_BYTES_MAX ((uint64_t)24 * 1024 * 1024)

static void start_get(struct parity *p, struct stage_server *server, struct stage_call *call)
{
	struct http_call_options options = stage_options(server, STR("/"));

	stage_start(p, call, &options, false);
	parity_await_flag(p, &call->is_answered);
}

static void start_post(struct parity *p, struct stage_server *server, struct stage_call *call,
		       struct http_body *body)
{
	struct http_call_options options = stage_options(server, STR("/"));

	options.method = STR("POST");
	options.body = body;
	stage_start(p, call, &options, true);
}

static void keep_exchange(struct stage_server *server, struct http_exchange *exchange)
{
	(void)server;
	(void)exchange;
}

/* Answers. */

static void respond_source(struct stage_server *server, struct http_exchange *exchange)
{
	struct stage_source *source = server->data;
	uint64_t size = source->left;
	bool knows_length = str_equal(exchange->request.target, STR("/length"));

	stage_respond_body(
		exchange, 200,
		stage_source_begin(source, size,
				   knows_length ? (int64_t)size : HTTP_BODY_LENGTH_UNKNOWN));
}

static void check_download(struct parity *p, uint64_t size, struct str target)
{
	struct stage_source source = {.left = size};
	struct stage_server server = {.data = &source};
	struct stage_call call;

	stage_listen(p, &server, respond_source, NULL);

	struct http_call_options options = stage_options(&server, target);

	stage_get(p, &call, &options, 200);
	ck_assert_uint_eq(call.body.size, size);
	stage_check_bytes(call.body, 0);
	ck_assert_int_eq(http_fields_has(&call.call->response.fields, STR("Content-Length")),
			 str_equal(target, STR("/length")));
	stage_release(&call);
	parity_await_count(p, &server.completed, 1);
	ck_assert_uint_eq(server.bytes_sent, size);
	stage_close(&server);
}

PARITY_TEST(answers_of_any_size_arrive_whole)
{
	static const uint64_t sizes[] = {0, 1, 511, 16384, 65535, 65536, 65537, 1000003};

	for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
		check_download(p, sizes[i], STR("/length"));
		check_download(p, sizes[i], STR("/unknown"));
	}
}

static void respond_open(struct stage_server *server, struct http_exchange *exchange)
{
	struct http_body **body = server->data;

	*body = http_body_create(HTTP_BODY_LENGTH_UNKNOWN, 1000);
	stage_respond_body(exchange, 200, *body);
}

PARITY_TEST(pieces_of_an_answer_arrive_before_its_end)
{
	struct http_body *body = NULL;
	struct stage_server server = {.data = &body};
	struct stage_sink sink = {0};
	struct stage_call call;
	char byte;

	stage_listen(p, &server, respond_open, NULL);
	start_get(p, &server, &call);
	stage_sink_begin(&sink, http_call_take_body(call.call));
	for (uint64_t i = 0; i < 5; i++) {
		byte = stage_byte(i);
		ck_assert_uint_eq(http_body_write(body, str_of(&byte, 1)), 1);
		parity_await_count(p, (const size_t *)&sink.place, (size_t)i + 1);
		ck_assert(!sink.is_ended);
	}
	http_body_end(body);
	http_body_producer_release(body);
	parity_await_flag(p, &sink.is_ended);
	http_body_consumer_release(sink.body);
	stage_release(&call);
	stage_close(&server);
}

PARITY_TEST(a_reader_that_stops_stops_the_writer)
{
	struct stage_source source = {.left = BIG_BYTES};
	struct stage_server server = {.data = &source};
	struct stage_sink sink = {.is_held = true};
	struct stage_call call;
	uint64_t stood_at;

	stage_listen(p, &server, respond_source, NULL);
	start_get(p, &server, &call);
	stage_sink_begin(&sink, http_call_take_body(call.call));
	parity_pause(p, 300);
	stood_at = source.place;
	ck_assert_uint_lt(stood_at, HELD_BYTES_MAX);
	parity_pause(p, 50);
	ck_assert_uint_eq(source.place, stood_at);
	stage_sink_go_on(&sink);
	parity_await_flag(p, &sink.is_ended);
	ck_assert_uint_eq(sink.place, BIG_BYTES);
	http_body_consumer_release(sink.body);
	stage_release(&call);
	stage_close(&server);
}

PARITY_TEST(a_body_that_fails_cuts_the_answer_off)
{
	struct stage_source source = {.left = 100000, .fails = true};
	struct stage_server server = {.data = &source};
	struct stage_call call;

	stage_listen(p, &server, respond_source, NULL);

	struct http_call_options options = stage_options(&server, STR("/unknown"));

	stage_start(p, &call, &options, true);
	parity_await_flag(p, &call.is_over);
	ck_assert(call.is_answered);
	ck_assert_int_eq(call.result, HTTP_COLLECT_FAILED);
	ck_assert_int_eq(call.call->failure, HTTP_FAILURE_CLOSED);
	stage_release(&call);
	parity_await_count(p, &server.ended, 1);
	ck_assert_uint_eq(server.completed, 0);
	stage_close(&server);
}

static void respond_short(struct stage_server *server, struct http_exchange *exchange)
{
	stage_respond_body(exchange, 200, stage_source_begin(server->data, 50000, 70000));
}

PARITY_TEST(a_body_shorter_than_promised_cuts_the_answer_off)
{
	struct stage_source source = {0};
	struct stage_server server = {.data = &source};
	struct stage_sink sink = {0};
	struct stage_call call;

	stage_listen(p, &server, respond_short, NULL);
	start_get(p, &server, &call);
	stage_sink_begin(&sink, http_call_take_body(call.call));
	parity_await_flag(p, &sink.is_failed);
	ck_assert_uint_le(sink.place, 50000);
	parity_await_count(p, &server.ended, 1);
	ck_assert_uint_eq(server.completed, 0);
	ck_assert_int_eq(call.call->failure, HTTP_FAILURE_CLOSED);
	http_body_consumer_release(sink.body);
	stage_release(&call);
	stage_close(&server);
}

PARITY_TEST(an_aborted_exchange_cuts_the_answer_off)
{
	struct http_body *body = NULL;
	struct stage_server server = {.data = &body};
	struct stage_sink sink = {0};
	struct stage_call call;

	stage_listen(p, &server, respond_open, NULL);
	start_get(p, &server, &call);
	stage_sink_begin(&sink, http_call_take_body(call.call));
	http_exchange_abort(server.exchange);
	parity_await_count(p, &server.ended, 1);
	ck_assert_uint_eq(server.completed, 0);
	ck_assert(http_body_is_abandoned(body));
	http_body_producer_release(body);
	parity_await_flag(p, &sink.is_failed);
	http_body_consumer_release(sink.body);
	stage_release(&call);
	stage_close(&server);
}

static void abort_exchange(struct stage_server *server, struct http_exchange *exchange)
{
	(void)server;
	http_exchange_abort(exchange);
}

PARITY_TEST(an_exchange_may_be_aborted_without_an_answer)
{
	struct stage_server server = {0};

	stage_listen(p, &server, abort_exchange, NULL);

	struct http_call_options options = stage_options(&server, STR("/"));

	options.method = STR("POST");
	stage_fails(p, &options, HTTP_FAILURE_CLOSED);
	parity_await_count(p, &server.ended, 1);
	ck_assert_uint_eq(server.completed, 0);
	stage_close(&server);
}

PARITY_TEST(a_client_that_goes_away_abandons_the_answer)
{
	struct stage_source source = {.left = BIG_BYTES};
	struct stage_server server = {.data = &source};
	struct stage_call call;

	stage_listen(p, &server, respond_source, NULL);
	start_get(p, &server, &call);
	stage_release(&call);
	parity_await_flag(p, &source.is_over);
	parity_await_count(p, &server.ended, 1);
	ck_assert_uint_eq(server.completed, 0);
	stage_close(&server);
}

/* Requests. */

struct upload {
	struct stage_sink sink;
	int64_t length;
};

static void take_upload(struct stage_server *server, struct http_exchange *exchange)
{
	struct upload *upload = server->data;

	ck_assert_ptr_nonnull(exchange->body);
	upload->length = http_body_length(exchange->body);
	stage_sink_begin(&upload->sink, http_exchange_take_body(exchange));
}

static void finish_upload(struct parity *p, struct stage_server *server, struct upload *upload,
			  struct stage_call *call)
{
	parity_await_flag(p, &upload->sink.is_ended);
	http_body_consumer_release(upload->sink.body);
	stage_respond(server->exchange, 200, NULL, STR("thanks"));
	parity_await_flag(p, &call->is_over);
	ck_assert(call->is_answered);
	ck_assert_str(call->body, STR("thanks"));
}

static void check_upload(struct parity *p, uint64_t size, bool knows_length)
{
	struct upload upload = {0};
	struct stage_server server = {.data = &upload};
	struct stage_source source = {0};
	struct stage_call call;
	struct http_body *body;

	stage_listen(p, &server, take_upload, NULL);
	body = stage_source_begin(&source, size,
				  knows_length ? (int64_t)size : HTTP_BODY_LENGTH_UNKNOWN);
	start_post(p, &server, &call, body);
	finish_upload(p, &server, &upload, &call);
	ck_assert_uint_eq(upload.sink.place, size);
	ck_assert_int_eq(upload.length, knows_length ? (int64_t)size : HTTP_BODY_LENGTH_UNKNOWN);
	stage_release(&call);
	stage_close(&server);
}

PARITY_TEST(requests_of_any_size_arrive_whole)
{
	static const uint64_t sizes[] = {1, 511, 16384, 65535, 65536, 65537, 1000003};

	for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
		check_upload(p, sizes[i], true);
		check_upload(p, sizes[i], false);
	}
	check_upload(p, 0, false);
}

PARITY_TEST(a_server_that_stops_reading_stops_the_client)
{
	struct upload upload = {.sink.is_held = true};
	struct stage_server server = {.data = &upload};
	struct stage_source source = {0};
	struct stage_call call;
	uint64_t stood_at;

	stage_listen(p, &server, take_upload, NULL);
	start_post(p, &server, &call, stage_source_begin(&source, BIG_BYTES, (int64_t)BIG_BYTES));
	parity_await_count(p, &server.requested, 1);
	parity_pause(p, 300);
	stood_at = source.place;
	ck_assert_uint_lt(stood_at, HELD_BYTES_MAX);
	parity_pause(p, 50);
	ck_assert_uint_eq(source.place, stood_at);
	stage_sink_go_on(&upload.sink);
	finish_upload(p, &server, &upload, &call);
	ck_assert_uint_eq(upload.sink.place, BIG_BYTES);
	stage_release(&call);
	stage_close(&server);
}

PARITY_TEST(a_request_may_wait_for_its_producer)
{
	struct upload upload = {0};
	struct stage_server server = {.data = &upload};
	struct stage_call call;
	struct http_body *body = http_body_create(HTTP_BODY_LENGTH_UNKNOWN, 1000);
	char byte;

	stage_listen(p, &server, take_upload, NULL);
	start_post(p, &server, &call, body);
	for (uint64_t i = 0; i < 3; i++) {
		parity_pause(p, 5);
		byte = stage_byte(i);
		http_body_write(body, str_of(&byte, 1));
		parity_await_count(p, (const size_t *)&upload.sink.place, (size_t)i + 1);
	}
	http_body_end(body);
	http_body_producer_release(body);
	finish_upload(p, &server, &upload, &call);
	stage_release(&call);
	stage_close(&server);
}

PARITY_TEST(a_request_that_is_cut_off_fails_on_both_sides)
{
	struct upload upload = {0};
	struct stage_server server = {.data = &upload};
	struct stage_source source = {.fails = true};
	struct stage_call call;

	stage_listen(p, &server, take_upload, NULL);
	start_post(p, &server, &call,
		   stage_source_begin(&source, 200000, HTTP_BODY_LENGTH_UNKNOWN));
	parity_await_flag(p, &call.is_over);
	ck_assert(call.is_failed);
	ck_assert_int_eq(call.call->failure, HTTP_FAILURE_REQUEST_BODY);
	stage_release(&call);
	/* When the head left at all. */
	parity_pause(p, 50);
	ck_assert_uint_eq(server.ended, server.requested);
	if (server.requested > 0) {
		ck_assert(upload.sink.is_failed);
		http_body_consumer_release(upload.sink.body);
	}
	stage_close(&server);
}

static void respond_early(struct stage_server *server, struct http_exchange *exchange)
{
	(void)server;
	stage_respond(exchange, 403, NULL, STR("no"));
}

PARITY_TEST(an_answer_may_come_before_the_body_was_read)
{
	struct stage_server server = {0};
	struct stage_source source = {0};
	struct stage_call call;

	stage_listen(p, &server, respond_early, NULL);
	start_post(p, &server, &call, stage_source_begin(&source, 5000, 5000));
	parity_await_flag(p, &call.is_over);
	ck_assert(call.is_answered);
	ck_assert_int_eq(call.call->response.status, 403);
	ck_assert_str(call.body, STR("no"));
	stage_release(&call);
	parity_await_count(p, &server.completed, 1);
	stage_close(&server);
}

PARITY_TEST(a_client_that_goes_away_cuts_its_request_off)
{
	struct upload upload = {0};
	struct stage_server server = {.data = &upload};
	struct http_body *body = http_body_create(100, 1000);
	struct stage_call call;

	stage_listen(p, &server, take_upload, NULL);
	start_post(p, &server, &call, body);
	http_body_write(body, str_of(&(char){stage_byte(0)}, 1));
	parity_await_count(p, &server.requested, 1);
	stage_release(&call);
	ck_assert(http_body_is_abandoned(body));
	http_body_producer_release(body);
	parity_await_flag(p, &upload.sink.is_failed);
	http_body_consumer_release(upload.sink.body);
	parity_await_count(p, &server.ended, 1);
	stage_close(&server);
}

/* Handing on: a server between the client and another server, which echoes. */

struct relay {
	struct stage_server *upstream;
	struct http_call *call;
	struct http_exchange *exchange;
};

static void relay_answered(struct http_call *call, void *data)
{
	struct relay *relay = data;
	struct http_body *body = http_call_take_body(call);

	stage_respond_body(relay->exchange, call->response.status, body);
}

static void relay_failed(struct http_call *call, void *data)
{
	(void)call;
	stage_respond(((struct relay *)data)->exchange, 502, NULL, STR(""));
}

static void relay_request(struct stage_server *server, struct http_exchange *exchange)
{
	struct relay *relay = server->data;
	struct http_call_options options = stage_options(relay->upstream, STR("/"));

	options.method = exchange->request.method;
	options.body = http_exchange_take_body(exchange);
	relay->exchange = exchange;
	relay->call =
		http_call_start(server->p->world, &options, relay_answered, relay_failed, relay);
}

static void echo_collected(enum http_collect_result result, struct str bytes, void *data)
{
	ck_assert_int_eq(result, HTTP_COLLECTED);
	stage_respond_body(data, 200, http_body_from_str(bytes));
}

/* All of it first: an answer need not begin before its request has ended. */
static void echo_body(struct stage_server *server, struct http_exchange *exchange)
{
	(void)server;
	http_body_collect(http_exchange_take_body(exchange), 10000000, exchange->arena,
			  echo_collected, exchange);
}

PARITY_TEST(bodies_are_handed_on_in_both_directions)
{
	static const uint64_t sizes[] = {10, 65536, 5000000};

	for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
		struct stage_server upstream = {0};
		struct relay relay = {.upstream = &upstream};
		struct stage_server server = {.data = &relay};
		struct stage_source source = {0};
		struct stage_call call;

		stage_listen(p, &upstream, echo_body, NULL);
		stage_listen(p, &server, relay_request, NULL);
		start_post(p, &server, &call,
			   stage_source_begin(&source, sizes[i],
					      i % 2 == 0 ? (int64_t)sizes[i]
							 : HTTP_BODY_LENGTH_UNKNOWN));
		parity_await_flag(p, &call.is_over);
		ck_assert(call.is_answered);
		ck_assert_int_eq(call.result, HTTP_COLLECTED);
		ck_assert_uint_eq(call.body.size, sizes[i]);
		stage_check_bytes(call.body, 0);
		stage_release(&call);
		http_call_release(relay.call);
		stage_close(&server);
		stage_close(&upstream);
	}
}

PARITY_TEST(a_request_body_left_alone_waits_within_bounds)
{
	struct stage_server server = {0};
	struct stage_source source = {0};
	struct stage_call call;

	stage_listen(p, &server, keep_exchange, NULL);
	start_post(p, &server, &call, stage_source_begin(&source, BIG_BYTES, (int64_t)BIG_BYTES));
	parity_await_count(p, &server.requested, 1);
	parity_pause(p, 200);
	ck_assert_uint_lt(source.place, HELD_BYTES_MAX);
	ck_assert_uint_le(http_body_waiting(server.exchange->body), 64 * 1024);
	stage_release(&call);
	/* What the network holds hides the client's end from the server. */
	stage_close(&server);
}

TCase *parity_http_body_case(int number)
{
	TCase *tests = tcase_create("http bodies");

	PARITY_ADD(tests, number, answers_of_any_size_arrive_whole);
	PARITY_ADD(tests, number, pieces_of_an_answer_arrive_before_its_end);
	PARITY_ADD(tests, number, a_reader_that_stops_stops_the_writer);
	PARITY_ADD(tests, number, a_body_that_fails_cuts_the_answer_off);
	PARITY_ADD(tests, number, a_body_shorter_than_promised_cuts_the_answer_off);
	PARITY_ADD(tests, number, an_aborted_exchange_cuts_the_answer_off);
	PARITY_ADD(tests, number, an_exchange_may_be_aborted_without_an_answer);
	PARITY_ADD(tests, number, a_client_that_goes_away_abandons_the_answer);
	PARITY_ADD(tests, number, requests_of_any_size_arrive_whole);
	PARITY_ADD(tests, number, a_server_that_stops_reading_stops_the_client);
	PARITY_ADD(tests, number, a_request_may_wait_for_its_producer);
	PARITY_ADD(tests, number, a_request_that_is_cut_off_fails_on_both_sides);
	PARITY_ADD(tests, number, an_answer_may_come_before_the_body_was_read);
	PARITY_ADD(tests, number, a_client_that_goes_away_cuts_its_request_off);
	PARITY_ADD(tests, number, bodies_are_handed_on_in_both_directions);
	PARITY_ADD(tests, number, a_request_body_left_alone_waits_within_bounds);
	return tests;
}
