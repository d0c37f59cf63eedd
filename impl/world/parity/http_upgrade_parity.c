/* Leaving HTTP by 101, in either world. */
#include "world/parity/http_stage.h"

/* What comes goes back: both ends of one body. */
static void respond_echo(struct stage_server *server, struct http_exchange *exchange)
{
	struct http_body *body = http_body_create(HTTP_BODY_LENGTH_UNKNOWN, 100000);
	struct http_response response;

	(void)server;
	ck_assert_str(http_fields_get(&exchange->request.fields, STR("Upgrade")), STR("echo"));
	ck_assert_str(http_fields_get(&exchange->request.fields, STR("Connection")),
		      STR("Upgrade"));
	http_response_init(&response, exchange->arena, 101);
	http_fields_add(&response.fields, STR("Upgrade"), STR("echo"));
	http_fields_add(&response.fields, STR("X-More"), STR("yes"));
	http_exchange_upgrade(exchange, &response, body, body);
}

static void respond_plainly(struct stage_server *server, struct http_exchange *exchange)
{
	(void)server;
	stage_respond(exchange, 400, NULL, STR("no upgrade here"));
}

static struct http_call_options upgrade_options(struct parity *p, const struct stage_server *server,
						struct http_fields *fields, struct http_body *body)
{
	struct http_call_options options = stage_options(server, STR("/chat"));

	http_fields_init(fields, p->arena);
	http_fields_add(fields, STR("Connection"), STR("Upgrade"));
	http_fields_add(fields, STR("Upgrade"), STR("echo"));
	options.fields = fields;
	options.body = body;
	options.is_upgrade = true;
	return options;
}

#define UPGRADED_BYTES 3000000

static void check_flow(struct parity *p, bool is_tls)
{
	const struct http_listen_options listen = {.is_tls = is_tls};
	struct stage_server server = {0};
	struct stage_source source = {0};
	struct stage_sink sink = {0};
	struct http_fields fields;
	struct stage_call call;

	stage_listen(p, &server, respond_echo, &listen);

	struct http_call_options options = upgrade_options(
		p, &server, &fields,
		stage_source_begin(&source, UPGRADED_BYTES, HTTP_BODY_LENGTH_UNKNOWN));

	options.is_tls = is_tls;
	stage_start(p, &call, &options, false);
	parity_await_flag(p, &call.is_answered);
	ck_assert_int_eq(call.call->response.status, 101);
	ck_assert_str(http_fields_get(&call.call->response.fields, STR("Upgrade")), STR("echo"));
	ck_assert_str(http_fields_get(&call.call->response.fields, STR("X-More")), STR("yes"));
	stage_sink_begin(&sink, http_call_take_body(call.call));
	while (sink.place < UPGRADED_BYTES)
		parity_pause(p, 1);
	ck_assert(!sink.is_failed);
	http_body_consumer_release(sink.body);
	stage_release(&call);
	parity_await_count(p, &server.ended, 1);
	ck_assert_int_eq(server.bytes_sent, UPGRADED_BYTES);
	stage_close(&server);
}

PARITY_TEST(bytes_flow_both_ways_after_an_upgrade)
{
	check_flow(p, false);
}

PARITY_TEST(bytes_flow_both_ways_after_an_upgrade_over_tls)
{
	check_flow(p, true);
}

PARITY_TEST(an_upgrade_may_be_refused)
{
	struct stage_server server = {0};
	struct http_body *body = http_body_create(HTTP_BODY_LENGTH_UNKNOWN, 1000);
	struct http_fields fields;
	struct stage_call call;

	stage_listen(p, &server, respond_plainly, NULL);

	struct http_call_options options = upgrade_options(p, &server, &fields, body);

	stage_start(p, &call, &options, true);
	parity_await_flag(p, &call.is_answered);
	http_body_end(body);
	http_body_producer_release(body);
	parity_await_flag(p, &call.is_over);
	ck_assert_int_eq(call.call->response.status, 400);
	ck_assert_str(call.body, STR("no upgrade here"));
	stage_release(&call);
	stage_close(&server);
}

struct held {
	struct http_body *outgoing, *incoming;
};

static void respond_held(struct stage_server *server, struct http_exchange *exchange)
{
	struct held *held = server->data;
	struct http_response response;

	http_response_init(&response, exchange->arena, 101);
	http_fields_add(&response.fields, STR("Upgrade"), STR("echo"));
	http_exchange_upgrade(exchange, &response, held->outgoing, held->incoming);
}

static void check_end(struct parity *p, bool is_tls)
{
	const struct http_listen_options listen = {.is_tls = is_tls};
	struct held held = {http_body_create(HTTP_BODY_LENGTH_UNKNOWN, 1000),
			    http_body_create(HTTP_BODY_LENGTH_UNKNOWN, 1000)};
	struct stage_server server = {.data = &held};
	struct http_body *body = http_body_create(HTTP_BODY_LENGTH_UNKNOWN, 1000);
	struct http_fields fields;
	struct stage_call call;

	stage_listen(p, &server, respond_held, &listen);

	struct http_call_options options = upgrade_options(p, &server, &fields, body);

	options.is_tls = is_tls;
	stage_start(p, &call, &options, true);
	http_body_write(body, STR("hello"));
	while (http_body_waiting(held.incoming) < 5)
		parity_pause(p, 1);
	ck_assert_str(http_body_peek(held.incoming), STR("hello"));
	http_body_write(held.outgoing, STR("bye"));
	http_body_end(held.outgoing);
	http_body_producer_release(held.outgoing);
	parity_await_flag(p, &call.is_over);
	ck_assert_str(call.body, STR("bye"));
	parity_await_count(p, &server.ended, 1);
	http_body_consumer_release(held.incoming);
	http_body_producer_release(body);
	stage_release(&call);
	stage_close(&server);
}

PARITY_TEST(the_server_may_end_it)
{
	check_end(p, false);
}

PARITY_TEST(the_server_may_end_it_over_tls)
{
	check_end(p, true);
}

static void check_close(struct parity *p, bool is_tls)
{
	const struct http_listen_options listen = {.is_tls = is_tls};
	struct held held = {http_body_create(HTTP_BODY_LENGTH_UNKNOWN, 1000),
			    http_body_create(HTTP_BODY_LENGTH_UNKNOWN, 1000)};
	struct stage_server server = {.data = &held};
	struct http_body *body = http_body_create(HTTP_BODY_LENGTH_UNKNOWN, 1000);
	struct http_fields fields;
	struct stage_call call;

	stage_listen(p, &server, respond_held, &listen);

	struct http_call_options options = upgrade_options(p, &server, &fields, body);

	options.is_tls = is_tls;
	stage_start(p, &call, &options, true);
	parity_await_flag(p, &call.is_answered);
	stage_close(&server);
	parity_await_flag(p, &call.is_over);
	http_body_producer_release(held.outgoing);
	http_body_consumer_release(held.incoming);
	http_body_producer_release(body);
	stage_release(&call);
}

PARITY_TEST(listeners_may_close_during_it)
{
	check_close(p, false);
}

PARITY_TEST(listeners_may_close_during_it_over_tls)
{
	check_close(p, true);
}

TCase *parity_http_upgrade_case(int number)
{
	TCase *tests = tcase_create("http upgrades");

	PARITY_ADD(tests, number, bytes_flow_both_ways_after_an_upgrade);
	PARITY_ADD(tests, number, bytes_flow_both_ways_after_an_upgrade_over_tls);
	PARITY_ADD(tests, number, an_upgrade_may_be_refused);
	PARITY_ADD(tests, number, the_server_may_end_it);
	PARITY_ADD(tests, number, the_server_may_end_it_over_tls);
	PARITY_ADD(tests, number, listeners_may_close_during_it);
	PARITY_ADD(tests, number, listeners_may_close_during_it_over_tls);
	return tests;
}
