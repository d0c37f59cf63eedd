#include "sim/stage_test.h"
#include "world/http_server.h"

static struct stage stage;

/* A component in pieces: answers as the test wants, and notes what the port told it. */
static struct {
	struct world *world;
	struct http_listener *listener;
	struct http_exchange *exchange; /* the last */
	struct http_body *body;         /* of the last request, when the test reads it */
	bool holds, streams, takes_body;
	int requests, ended, complete;
	uint64_t connection_number;
} site;

/* A client of bytes. */
static struct {
	struct stream *stream;
	struct strbuf got, wanted;
	size_t sent;
	bool is_open, has_ended, has_failed;
} client;

static void client_send(void)
{
	struct str rest = str_skip(strbuf_str(&client.wanted), client.sent);

	client.sent += stream_write(client.stream, rest);
}

static void client_opened(struct stream *stream, void *data)
{
	(void)stream;
	(void)data;
	client.is_open = true;
	client_send();
}

static void client_readable(struct stream *stream, void *data)
{
	struct str bytes = stream_peek(stream);

	(void)data;
	strbuf_append(&client.got, bytes);
	stream_consume(stream, bytes.size);
	client.has_ended = client.has_ended || stream_is_ended(stream);
}

static void client_writable(struct stream *stream, void *data)
{
	(void)stream;
	(void)data;
	client_send();
}

static void client_failed(struct stream *stream, enum stream_failure failure, void *data)
{
	(void)stream;
	(void)failure;
	(void)data;
	client.has_failed = true;
}

static const struct stream_events client_events = {
	.opened = client_opened,
	.readable = client_readable,
	.writable = client_writable,
	.failed = client_failed,
};

static void client_connect(void)
{
	client.stream = stream_connect(stage.client_host, &process_of(stage.client)->actor,
				       STR("10.0.0.2"), STAGE_ECHO_PORT, &client_events, NULL);
	stage_run(&stage, 10000);
	ck_assert(client.is_open);
}

static void client_say(const char *text)
{
	if (client.stream == NULL)
		client_connect();
	strbuf_append(&client.wanted, str_from(text));
	client_send();
	stage_run(&stage, 10000);
}

/* Compares what came and forgets it. The Date is that of the run's start. */
static void expect_got(const char *text)
{
	ck_assert_msg(str_equal(strbuf_str(&client.got), str_from(text)), "%.*s",
		      STR_ARG(strbuf_str(&client.got)));
	strbuf_clear(&client.got);
}

#define DATE "Date: Tue, 04 Jun 2019 08:00:00 GMT\r\n"

static void site_ended(struct http_exchange *exchange, bool complete)
{
	ck_assert_ptr_eq(exchange, site.exchange);
	site.exchange = NULL;
	site.ended++;
	site.complete += complete;
	if (site.body != NULL)
		http_body_consumer_release(site.body);
	site.body = NULL;
}

static void site_answer(int status, const char *text)
{
	struct http_response response;

	http_response_init(&response, site.exchange->arena, status);
	http_fields_add(&response.fields, STR("X-Method"), site.exchange->request.method);
	http_exchange_respond_str(site.exchange, &response, str_from(text));
}

static void site_requested(struct http_exchange *exchange, void *data)
{
	(void)data;
	site.requests++;
	site.exchange = exchange;
	site.connection_number = exchange->connection_number;
	exchange->ended = site_ended;
	if (site.takes_body)
		site.body = http_exchange_take_body(exchange);
	if (!site.holds)
		site_answer(200, "ok");
}

static void site_listen(const struct http_listen_options *options)
{
	struct error error = {0};

	site.listener = http_listen(site.world, options, site_requested, NULL, &error);
	ck_assert_msg(site.listener != NULL, "%s", error.text);
}

static void set_up(void)
{
	struct http_listen_options options = {.port = STAGE_ECHO_PORT};

	stage_open(&stage);
	memset(&site, 0, sizeof site);
	memset(&client, 0, sizeof client);
	strbuf_init(&client.got, 64 * 1024 * 1024);
	strbuf_init(&client.wanted, 64 * 1024 * 1024);
	site.world = sim_host_world(stage.api_host, STR("site"));
	site_listen(&options);
}

static void tear_down(void)
{
	if (client.stream != NULL)
		stream_close(client.stream);
	strbuf_free(&client.got);
	strbuf_free(&client.wanted);
	http_listener_close(site.world, site.listener);
	stage_close(&stage);
}

START_TEST(an_answer_has_its_framing_and_date)
{
	client_say("GET /a HTTP/1.1\r\nHost: x\r\n\r\n");
	expect_got("HTTP/1.1 200 OK\r\nX-Method: GET\r\n" DATE "Content-Length: 2\r\n\r\nok");
	ck_assert_int_eq(site.complete, 1);
	ck_assert(stage_traced(&stage,
			       "\"kind\":\"request\",\"connection\":1,"
			       "\"process\":\"site\",\"method\":\"GET\",\"target\":\"/a\""));
	ck_assert(stage_traced(&stage, "\"kind\":\"answer\",\"connection\":1,"
				       "\"process\":\"site\",\"status\":200"));
}
END_TEST

START_TEST(requests_of_a_connection_are_answered_in_turn)
{
	client_say("GET /1 HTTP/1.1\r\nHost: x\r\n\r\nGET /2 HTTP/1.1\r\nHost: x\r\n\r\n");
	ck_assert_int_eq(site.requests, 2);
	ck_assert_int_eq(site.complete, 2);
	ck_assert_uint_eq(site.connection_number, 1);
	ck_assert(!client.has_ended);
}
END_TEST

START_TEST(the_next_request_waits_for_the_answer_to_the_first)
{
	site.holds = true;
	client_say("GET /1 HTTP/1.1\r\nHost: x\r\n\r\nGET /2 HTTP/1.1\r\nHost: x\r\n\r\n");
	ck_assert_int_eq(site.requests, 1);
	site_answer(200, "1");
	stage_run(&stage, 10000);
	ck_assert_int_eq(site.requests, 2);
	site_answer(200, "2");
	stage_run(&stage, 10000);
	ck_assert_int_eq(site.complete, 2);
}
END_TEST

START_TEST(a_request_in_pieces_is_put_together)
{
	static const char text[] = "POST /a HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\nabc";

	site.takes_body = true;
	site.holds = true;
	for (size_t i = 0; i < sizeof text - 1; i++)
		client_say((const char[]){text[i], '\0'});
	ck_assert_int_eq(site.requests, 1);
	ck_assert(str_equal(http_body_peek(site.body), STR("abc")));
	http_body_consume(site.body, 3);
	ck_assert(http_body_is_ended(site.body));
	site_answer(200, "");
	stage_run(&stage, 10000);
	ck_assert_int_eq(site.complete, 1);
}
END_TEST

START_TEST(a_body_nobody_takes_is_skipped)
{
	client_say("POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
		   "3\r\nabc\r\n0\r\n\r\nGET / HTTP/1.1\r\nHost: x\r\n\r\n");
	ck_assert_int_eq(site.complete, 2);
}
END_TEST

START_TEST(whoever_wants_to_hear_it_is_told_to_continue)
{
	site.holds = true;
	client_say("POST / HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\n"
		   "Content-Length: 3\r\n\r\n");
	expect_got("HTTP/1.1 100 Continue\r\n\r\n");
	site_answer(200, "");
	client_say("abc");
	ck_assert_int_eq(site.complete, 1);
}
END_TEST

START_TEST(what_is_no_request_is_refused)
{
	client_say("GET / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\n"
		   "Transfer-Encoding: chunked\r\n\r\n");
	ck_assert(str_has_prefix(strbuf_str(&client.got), STR("HTTP/1.1 400 ")));
	ck_assert(client.has_ended);
	ck_assert_int_eq(site.requests, 0);
}
END_TEST

START_TEST(a_broken_body_ends_the_exchange)
{
	site.holds = true;
	client_say("POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n");
	ck_assert(client.has_ended);
	ck_assert_int_eq(site.ended, 1);
	ck_assert_int_eq(site.complete, 0);
}
END_TEST

START_TEST(whoever_says_close_is_closed)
{
	client_say("GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
	ck_assert(str_find(strbuf_str(&client.got), STR("Connection: close")) != STR_NOT_FOUND);
	ck_assert(client.has_ended);
	ck_assert_int_eq(site.complete, 1);
}
END_TEST

START_TEST(an_answer_may_say_close)
{
	struct http_response response;

	site.holds = true;
	client_say("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
	http_response_init(&response, site.exchange->arena, 503);
	http_fields_add(&response.fields, STR("Connection"), STR("close"));
	http_exchange_respond(site.exchange, &response, NULL);
	stage_run(&stage, 10000);
	ck_assert(client.has_ended);
	ck_assert_int_eq(site.complete, 1);
}
END_TEST

START_TEST(head_and_204_have_no_body)
{
	client_say("HEAD / HTTP/1.1\r\nHost: x\r\n\r\n");
	expect_got("HTTP/1.1 200 OK\r\nX-Method: HEAD\r\n" DATE "Content-Length: 2\r\n\r\n");
	site.holds = true;
	client_say("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
	site_answer(204, "ignored");
	stage_run(&stage, 10000);
	expect_got("HTTP/1.1 204 No Content\r\nX-Method: GET\r\n" DATE "\r\n");
}
END_TEST

static struct http_body *answer_streaming(int64_t length)
{
	struct http_response response;
	struct http_body *body = http_body_create(length, 64 * 1024);

	http_response_init(&response, site.exchange->arena, 200);
	http_exchange_respond(site.exchange, &response, body);
	return body;
}

START_TEST(an_answer_streams_in_chunks)
{
	struct http_body *body;

	site.holds = true;
	client_say("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
	body = answer_streaming(HTTP_BODY_LENGTH_UNKNOWN);
	stage_run(&stage, 10000);
	expect_got("HTTP/1.1 200 OK\r\n" DATE "Transfer-Encoding: chunked\r\n\r\n");
	http_body_write(body, STR("one"));
	stage_run(&stage, 10000);
	expect_got("3\r\none\r\n");
	http_body_end(body);
	http_body_producer_release(body);
	stage_run(&stage, 10000);
	expect_got("0\r\n\r\n");
	ck_assert_int_eq(site.complete, 1);
	ck_assert(!client.has_ended);
}
END_TEST

START_TEST(http_1_0_gets_the_bytes_until_close)
{
	struct http_body *body;

	site.holds = true;
	client_say("GET / HTTP/1.0\r\n\r\n");
	body = answer_streaming(HTTP_BODY_LENGTH_UNKNOWN);
	http_body_write(body, STR("one"));
	http_body_end(body);
	http_body_producer_release(body);
	stage_run(&stage, 10000);
	ck_assert(str_has_suffix(strbuf_str(&client.got), STR("\r\n\r\none")));
	ck_assert(client.has_ended);
}
END_TEST

START_TEST(an_answer_that_fails_cuts_the_connection)
{
	struct http_body *body;

	site.holds = true;
	client_say("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
	body = answer_streaming(_i == 0 ? 10 : HTTP_BODY_LENGTH_UNKNOWN);
	http_body_write(body, STR("half"));
	http_body_fail(body);
	http_body_producer_release(body);
	stage_run(&stage, 10000);
	ck_assert(client.has_ended || client.has_failed);
	ck_assert_int_eq(site.ended, 1);
	ck_assert_int_eq(site.complete, 0);
}
END_TEST

START_TEST(an_exchange_may_be_aborted)
{
	site.holds = true;
	client_say("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
	http_exchange_abort(site.exchange);
	stage_run(&stage, 10000);
	ck_assert(client.has_ended);
	expect_got("");
	ck_assert_int_eq(site.ended, 1);
	ck_assert_int_eq(site.complete, 0);
}
END_TEST

START_TEST(a_client_that_goes_away_ends_the_exchange)
{
	site.holds = true;
	client_say("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\nhalf");
	if (_i == 0)
		stream_close(client.stream);
	else
		stream_reset(client.stream);
	client.stream = NULL;
	stage_run(&stage, 10000);
	ck_assert_int_eq(site.ended, 1);
	ck_assert_int_eq(site.complete, 0);
}
END_TEST

START_TEST(an_exchange_that_is_held_outlives_its_end)
{
	struct http_exchange *exchange;
	struct http_response response;

	site.holds = true;
	client_say("GET /held HTTP/1.1\r\nHost: x\r\n\r\n");
	exchange = site.exchange;
	http_exchange_hold(exchange);
	stream_close(client.stream);
	client.stream = NULL;
	stage_run(&stage, 10000);
	ck_assert_int_eq(site.ended, 1);
	ck_assert(str_equal(exchange->request.target, STR("/held")));
	/* Answers to nobody vanish. */
	http_response_init(&response, exchange->arena, 200);
	http_exchange_respond(exchange, &response, http_body_from_str(STR("x")));
	http_exchange_respond_str(exchange, &response, STR("x"));
	http_exchange_abort(exchange);
	http_exchange_release(exchange);
}
END_TEST

START_TEST(what_is_left_to_the_end_of_the_run_is_freed)
{
	struct http_response response;

	site.holds = true;
	client_say("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\nhalf");
	http_response_init(&response, site.exchange->arena, 200);
	if (_i == 1)
		http_exchange_respond(site.exchange, &response, http_body_from_str(STR("x")));
	if (_i == 2)
		http_exchange_hold(site.exchange);
	site.listener = NULL; /* nobody closes it */
	site.exchange->ended = NULL;
}
END_TEST

START_TEST(unsound_fields_and_interim_answers_do_not_leave)
{
	struct http_response response;

	site.holds = true;
	client_say("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
	http_response_init(&response, site.exchange->arena, 103);
	response.reason = STR("Mine");
	http_fields_add(&response.fields, STR("X-A\r\nX-B"), STR("1"));
	http_fields_add(&response.fields, STR("X-C"), STR("1\r\nX-D: 2"));
	http_fields_add(&response.fields, STR("Keep-Alive"), STR("5"));
	http_fields_add(&response.fields, STR("X-E"), STR(""));
	http_fields_add(&response.fields, STR("Content-Length"), STR("77"));
	http_exchange_respond_str(site.exchange, &response, STR("x"));
	stage_run(&stage, 10000);
	expect_got("HTTP/1.1 500 Internal Server Error\r\nX-E: \r\n" DATE
		   "Content-Length: 1\r\n\r\nx");
}
END_TEST

START_TEST(an_idle_connection_is_closed)
{
	struct http_listen_options options = {.port = 9000, .idle_timeout_ms = 2000};

	http_listener_close(site.world, site.listener);
	options.port = STAGE_ECHO_PORT;
	site_listen(&options);
	client_say("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
	stage_run(&stage, 1900000);
	ck_assert(!client.has_ended);
	stage_run(&stage, 100000);
	ck_assert(client.has_ended);
}
END_TEST

START_TEST(a_listener_that_closes_ends_its_exchanges)
{
	site.holds = true;
	client_say("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
	http_listener_close(site.world, site.listener);
	site.listener = NULL;
	ck_assert_int_eq(site.ended, 1);
	stage_run(&stage, 10000);
	ck_assert(client.has_ended);
}
END_TEST

START_TEST(a_port_is_listened_on_once)
{
	struct http_listen_options options = {.port = STAGE_ECHO_PORT};
	struct error error = {0};

	ck_assert(http_listen(site.world, &options, site_requested, NULL, &error) == NULL);
	ck_assert_str_eq(error.text, "cannot listen on 0.0.0.0:8081: address in use");
	options.address = STR("10.0.0.77");
	options.port = 1;
	ck_assert(http_listen(site.world, &options, site_requested, NULL, &error) == NULL);
	ck_assert_str_eq(error.text,
			 "cannot listen on 10.0.0.77:1: cannot assign requested address");
	options = (struct http_listen_options){.certificate = STR("no certificate")};
	ck_assert(http_listen(site.world, &options, site_requested, NULL, &error) == NULL);
	options.certificate = STR("simulated certificate strange name\n");
	ck_assert(http_listen(site.world, &options, site_requested, NULL, &error) == NULL);
	ck_assert_str_eq(error.text,
			 "cannot listen on port 0: unknown kind of certificate \"strange\"");
}
END_TEST

START_TEST(a_free_port_may_be_chosen_and_shared)
{
	struct http_listen_options options = {.share_port = true};
	struct http_listener *one = http_listen(site.world, &options, site_requested, NULL, NULL);
	struct http_listener *two;

	options.port = http_listener_port(site.world, one);
	ck_assert_uint_ge(options.port, 32768);
	two = http_listen(site.world, &options, site_requested, NULL, NULL);
	ck_assert(two != NULL);
	http_listener_close(site.world, one);
	http_listener_close(site.world, two);
}
END_TEST

START_TEST(a_body_waits_until_somebody_reads_it)
{
	struct str part = {NULL, 0};

	site.takes_body = true;
	site.holds = true;
	client_say("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000\r\n\r\n");
	while (client.wanted.size < 1000100)
		strbuf_append_char(&client.wanted, 'x');
	client_send();
	stage_run(&stage, STAGE_SECOND);
	ck_assert_uint_lt(client.sent, 200000);
	while (!http_body_is_ended(site.body) && site.ended == 0) {
		part = http_body_peek(site.body);
		http_body_consume(site.body, part.size);
		stage_run(&stage, 10000);
	}
	ck_assert_int_eq(http_body_bytes_passed(site.body), 1000000);
	site_answer(200, "");
	stage_run(&stage, 10000);
	ck_assert_int_eq(site.complete, 1);
}
END_TEST

Suite *sim_net_http_server_suite(void);
Suite *sim_net_http_server_suite(void)
{
	Suite *suite = suite_create("sim_net_http_server");
	TCase *tests = tcase_create("server");

	tcase_add_checked_fixture(tests, set_up, tear_down);
	tcase_add_test(tests, an_answer_has_its_framing_and_date);
	tcase_add_test(tests, requests_of_a_connection_are_answered_in_turn);
	tcase_add_test(tests, the_next_request_waits_for_the_answer_to_the_first);
	tcase_add_test(tests, a_request_in_pieces_is_put_together);
	tcase_add_test(tests, a_body_nobody_takes_is_skipped);
	tcase_add_test(tests, whoever_wants_to_hear_it_is_told_to_continue);
	tcase_add_test(tests, what_is_no_request_is_refused);
	tcase_add_test(tests, a_broken_body_ends_the_exchange);
	tcase_add_test(tests, whoever_says_close_is_closed);
	tcase_add_test(tests, an_answer_may_say_close);
	tcase_add_test(tests, head_and_204_have_no_body);
	tcase_add_test(tests, an_answer_streams_in_chunks);
	tcase_add_test(tests, http_1_0_gets_the_bytes_until_close);
	tcase_add_loop_test(tests, an_answer_that_fails_cuts_the_connection, 0, 2);
	tcase_add_test(tests, an_exchange_may_be_aborted);
	tcase_add_loop_test(tests, a_client_that_goes_away_ends_the_exchange, 0, 2);
	tcase_add_test(tests, an_exchange_that_is_held_outlives_its_end);
	tcase_add_loop_test(tests, what_is_left_to_the_end_of_the_run_is_freed, 0, 3);
	tcase_add_test(tests, unsound_fields_and_interim_answers_do_not_leave);
	tcase_add_test(tests, an_idle_connection_is_closed);
	tcase_add_test(tests, a_listener_that_closes_ends_its_exchanges);
	tcase_add_test(tests, a_port_is_listened_on_once);
	tcase_add_test(tests, a_free_port_may_be_chosen_and_shared);
	tcase_add_test(tests, a_body_waits_until_somebody_reads_it);
	suite_add_tcase(suite, tests);
	return suite;
}
