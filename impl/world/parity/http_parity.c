/* HTTP in and out, in either world: heads, connections and the life of an exchange. */
#include "world/parity/http_stage.h"

#include <string.h>

static void respond_hello(struct stage_server *server, struct http_exchange *exchange)
{
	static const char *const fields[] = {"Content-Type", "text/plain", "X-Empty", "", NULL};

	(void)server;
	stage_respond(exchange, 200, fields, STR("hello"));
}

PARITY_TEST(an_answer_arrives)
{
	struct stage_server server = {0};
	struct stage_call call;

	stage_listen(p, &server, respond_hello, NULL);

	struct http_call_options options = stage_options(&server, STR("/"));

	stage_get(p, &call, &options, 200);
	ck_assert_str(call.body, STR("hello"));
	ck_assert_str(http_fields_get(&call.call->response.fields, STR("content-type")),
		      STR("text/plain"));
	ck_assert(http_fields_has(&call.call->response.fields, STR("X-Empty")));
	ck_assert_str(http_fields_get(&call.call->response.fields, STR("X-Empty")), STR(""));
	ck_assert_str(http_fields_get(&call.call->response.fields, STR("Content-Length")),
		      STR("5"));
	ck_assert(http_fields_has(&call.call->response.fields, STR("Date")));
	ck_assert_str(call.call->peer_address, STR("127.0.0.1"));
	ck_assert_uint_eq(call.call->peer_port, server.port);
	ck_assert_int_le(call.call->started_us, call.call->connected_us);
	ck_assert_int_le(call.call->connected_us, call.call->answered_us);
	ck_assert(!call.call->connection_was_reused);
	stage_release(&call);
	parity_await_count(p, &server.ended, 1);
	ck_assert_uint_eq(server.completed, 1);
	ck_assert_int_eq(server.bytes_sent, 5);
	stage_close(&server);
}

/* The head as the server saw it, one line a field, in the body of the answer. */
static void respond_head(struct stage_server *server, struct http_exchange *exchange)
{
	const struct http_request *request = &exchange->request;
	struct strbuf text;

	ck_assert_str(exchange->remote_address, STR("127.0.0.1"));
	ck_assert_str(http_exchange_local_address(exchange), STR("127.0.0.1"));
	ck_assert_uint_gt(exchange->remote_port, 0);
	ck_assert_uint_eq(exchange->local_port, server->port);
	ck_assert_ptr_eq(exchange->world, server->p->world);
	ck_assert_int_eq(request->minor_version, 1);
	strbuf_init(&text, 100000);
	strbuf_append_format(&text, "%.*s %.*s\n", STR_ARG(request->method),
			     STR_ARG(request->target));
	for (size_t i = 0; i < request->fields.count; i++)
		strbuf_append_format(&text, "%.*s: %.*s\n", STR_ARG(request->fields.items[i].name),
				     STR_ARG(request->fields.items[i].value));
	stage_respond(exchange, 200, NULL, strbuf_str(&text));
	strbuf_free(&text);
}

PARITY_TEST(the_head_arrives_as_it_was_sent)
{
	struct stage_server server = {0};
	struct http_fields fields;
	struct stage_call call;

	stage_listen(p, &server, respond_head, NULL);

	struct http_call_options options =
		stage_options(&server, STR("/a//b/../%2e%2E/%41%zz;x?q=%20&q&a=b?c"));

	http_fields_init(&fields, p->arena);
	http_fields_add(&fields, STR("Host"), STR("api.example.com"));
	http_fields_add(&fields, STR("x-Lower"), STR("a  b"));
	http_fields_add(&fields, STR("X-Twice"), STR("1"));
	http_fields_add(&fields, STR("X-Twice"), STR("2"));
	http_fields_add(&fields, STR("X-Empty"), STR(""));
	http_fields_add(&fields, STR("Accept"), STR("*/*"));
	http_fields_add(&fields, STR("Transfer-Encoding"), STR("chunked"));
	http_fields_add(&fields, STR("Content-Length"), STR("99"));
	options.method = STR("DELETE");
	options.fields = &fields;
	stage_get(p, &call, &options, 200);
	ck_assert_str(call.body, STR("DELETE /a//b/../%2e%2E/%41%zz;x?q=%20&q&a=b?c\n"
				     "Host: api.example.com\nx-Lower: a  b\nX-Twice: 1\n"
				     "X-Twice: 2\nX-Empty: \nAccept: */*\n"));
	stage_release(&call);
	stage_close(&server);
}

PARITY_TEST(nothing_is_added_but_the_host)
{
	struct stage_server server = {0};
	struct stage_call call;

	stage_listen(p, &server, respond_head, NULL);

	struct http_call_options options = stage_options(&server, STR("/"));

	options.host = STR("localhost");
	stage_get(p, &call, &options, 200);
	ck_assert_str(call.body,
		      str_format(p->arena, "GET /\nHost: localhost:%u\n", (unsigned)server.port));
	stage_release(&call);
	options.host = STR("service.invalid");
	options.connect_address = STR("127.0.0.1");
	stage_get(p, &call, &options, 200);
	ck_assert_str(call.body, str_format(p->arena, "GET /\nHost: service.invalid:%u\n",
					    (unsigned)server.port));
	stage_release(&call);
	stage_close(&server);
}

struct methods {
	struct str seen[8];
	size_t count;
};

static void note_method(struct stage_server *server, struct http_exchange *exchange)
{
	struct methods *methods = server->data;

	methods->seen[methods->count++] = str_copy(server->p->arena, exchange->request.method);
	ck_assert_ptr_null(exchange->body);
	stage_respond(exchange, 200, NULL, STR(""));
}

PARITY_TEST(any_method_is_sent)
{
	static const struct str names[] = {STR_INIT("POST"), STR_INIT("PUT"), STR_INIT("PATCH"),
					   STR_INIT("OPTIONS"), STR_INIT("X-ODD")};
	struct methods methods = {0};
	struct stage_server server = {.data = &methods};
	struct stage_call call;

	stage_listen(p, &server, note_method, NULL);
	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		struct http_call_options options = stage_options(&server, STR("/"));

		options.method = names[i];
		stage_get(p, &call, &options, 200);
		ck_assert_str(call.body, STR(""));
		ck_assert_str(methods.seen[i], names[i]);
		stage_release(&call);
	}
	stage_close(&server);
}

static void respond_status(struct stage_server *server, struct http_exchange *exchange)
{
	static const char *const fields[] = {"Content-Length", "1234", NULL};
	int64_t status;

	(void)server;
	ck_assert(str_to_int64(str_skip(exchange->request.target, 1), &status));
	stage_respond(exchange, (int)status,
		      str_equal(exchange->request.method, STR("HEAD")) ? fields : NULL,
		      STR("body"));
}

PARITY_TEST(some_answers_have_no_body)
{
	struct stage_server server = {0};
	struct stage_call call;

	stage_listen(p, &server, respond_status, NULL);

	struct http_call_options options = stage_options(&server, STR("/204"));

	stage_get(p, &call, &options, 204);
	ck_assert_str(call.body, STR(""));
	stage_release(&call);
	options.target = STR("/304");
	stage_get(p, &call, &options, 304);
	ck_assert_str(call.body, STR(""));
	stage_release(&call);
	options.target = STR("/200");
	options.method = STR("HEAD");
	stage_get(p, &call, &options, 200);
	ck_assert_str(call.body, STR(""));
	ck_assert_str(http_fields_get(&call.call->response.fields, STR("Content-Length")),
		      STR("1234"));
	stage_release(&call);
	/* All on one connection: nothing was left over on it. */
	options.method = STR("GET");
	options.target = STR("/599");
	stage_get(p, &call, &options, 599);
	ck_assert_str(call.body, STR("body"));
	ck_assert(call.call->connection_was_reused);
	stage_release(&call);
	stage_close(&server);
}

PARITY_TEST(connections_are_kept)
{
	struct stage_server server = {0};
	struct stage_call call;

	stage_listen(p, &server, respond_hello, NULL);

	struct http_call_options options = stage_options(&server, STR("/"));

	for (int i = 0; i < 3; i++) {
		stage_get(p, &call, &options, 200);
		ck_assert_int_eq(call.call->connection_was_reused, i > 0);
		stage_release(&call);
		parity_await_count(p, &server.ended, (size_t)i + 1);
	}
	ck_assert_uint_eq(server.completed, 3);
	stage_close(&server);
}

static void note_connection(struct stage_server *server, struct http_exchange *exchange)
{
	static const char *const close[] = {"Connection", "close", NULL};
	uint64_t *numbers = server->data;

	numbers[server->requested - 1] = exchange->connection_number;
	stage_respond(exchange, 200,
		      str_equal(exchange->request.target, STR("/close")) ? close : NULL, STR("x"));
}

PARITY_TEST(either_side_may_end_a_connection)
{
	uint64_t numbers[4] = {0};
	struct stage_server server = {.data = numbers};
	struct http_fields fields;
	struct stage_call call;

	stage_listen(p, &server, note_connection, NULL);

	struct http_call_options options = stage_options(&server, STR("/close"));

	http_fields_init(&fields, p->arena);
	http_fields_add(&fields, STR("Connection"), STR("close"));
	stage_get(p, &call, &options, 200);
	ck_assert(http_fields_lists(&call.call->response.fields, STR("Connection"), STR("close")));
	stage_release(&call);
	options.target = STR("/keep");
	stage_get(p, &call, &options, 200);
	stage_release(&call);
	options.fields = &fields;
	stage_get(p, &call, &options, 200);
	stage_release(&call);
	options.fields = NULL;
	stage_get(p, &call, &options, 200);
	stage_release(&call);
	ck_assert_uint_eq(numbers[0], 1);
	ck_assert_uint_eq(numbers[1], 2);
	ck_assert_uint_eq(numbers[2], 2);
	ck_assert_uint_eq(numbers[3], 3);
	stage_close(&server);
}

struct delayed {
	struct timer timer; /* first */
	struct http_exchange *exchange;
};

static void answer_now(struct timer *timer)
{
	stage_respond(((struct delayed *)timer)->exchange, 200, NULL, STR("late"));
}

static void respond_later(struct stage_server *server, struct http_exchange *exchange)
{
	struct delayed *delayed = ARENA_NEW(exchange->arena, struct delayed);

	delayed->exchange = exchange;
	timer_start(server->p->world, &delayed->timer, 20000, answer_now);
}

PARITY_TEST(many_answers_may_be_late)
{
	struct stage_server server = {0};
	struct stage_call calls[40];

	stage_listen(p, &server, respond_later, NULL);

	struct http_call_options options = stage_options(&server, STR("/"));

	for (size_t i = 0; i < 40; i++)
		stage_start(p, &calls[i], &options, true);
	for (size_t i = 0; i < 40; i++) {
		parity_await_flag(p, &calls[i].is_over);
		ck_assert(calls[i].is_answered);
		ck_assert_str(calls[i].body, STR("late"));
		ck_assert_int_ge(calls[i].call->answered_us - calls[i].call->started_us, 20000);
		stage_release(&calls[i]);
	}
	ck_assert_uint_eq(server.requested, 40);
	stage_close(&server);
}

static void respond_never(struct stage_server *server, struct http_exchange *exchange)
{
	(void)server;
	(void)exchange;
}

PARITY_TEST(a_client_that_goes_away_ends_the_exchange)
{
	struct stage_server server = {0};
	struct stage_call call;

	stage_listen(p, &server, respond_never, NULL);

	struct http_call_options options = stage_options(&server, STR("/"));

	stage_start(p, &call, &options, true);
	parity_await_count(p, &server.requested, 1);
	ck_assert_uint_eq(server.ended, 0);
	stage_release(&call);
	parity_await_count(p, &server.ended, 1);
	ck_assert_uint_eq(server.completed, 0);
	ck_assert(!call.is_over);
	stage_close(&server);
}

PARITY_TEST(a_call_may_be_released_at_once)
{
	struct stage_server server = {0};
	struct stage_call call;

	stage_listen(p, &server, respond_hello, NULL);

	struct http_call_options options = stage_options(&server, STR("/"));

	stage_start(p, &call, &options, true);
	stage_release(&call);
	parity_pause(p, 20);
	ck_assert(!call.is_over);
	http_call_release(NULL);
	stage_close(&server);
}

static void release_in_callback(struct http_call *call, void *data)
{
	*(bool *)data = true;
	http_call_release(call);
}

PARITY_TEST(a_call_may_be_released_in_its_callbacks)
{
	struct stage_server server = {0};
	bool is_answered = false, is_failed = false;

	stage_listen(p, &server, respond_hello, NULL);

	struct http_call_options options = stage_options(&server, STR("/"));

	http_call_start(p->world, &options, release_in_callback, release_in_callback, &is_answered);
	parity_await_flag(p, &is_answered);
	stage_close(&server);
	http_call_start(p->world, &options, release_in_callback, release_in_callback, &is_failed);
	parity_await_flag(p, &is_failed);
}

static void hold_and_answer(struct stage_server *server, struct http_exchange *exchange)
{
	http_exchange_hold(exchange);
	*(struct http_exchange **)server->data = exchange;
	stage_respond(exchange, 200, NULL, STR("held"));
}

PARITY_TEST(a_held_exchange_outlives_its_end)
{
	struct http_exchange *held = NULL;
	struct stage_server server = {.data = &held};
	struct stage_call call;

	stage_listen(p, &server, hold_and_answer, NULL);

	struct http_call_options options = stage_options(&server, STR("/held?x"));

	stage_get(p, &call, &options, 200);
	stage_release(&call);
	parity_await_count(p, &server.ended, 1);
	parity_pause(p, 5);
	ck_assert_str(held->request.target, STR("/held?x"));
	/* Too late for anything else: both do nothing. */
	stage_respond(held, 200, NULL, STR("again"));
	http_exchange_abort(held);
	http_exchange_release(held);
	ck_assert_uint_eq(server.ended, 1);
	stage_close(&server);
}

PARITY_TEST(closing_the_listener_ends_its_exchanges)
{
	struct stage_server server = {0};
	struct stage_call call;

	stage_listen(p, &server, respond_never, NULL);

	struct http_call_options options = stage_options(&server, STR("/"));

	options.method = STR("POST"); /* not sent again */
	stage_start(p, &call, &options, true);
	parity_await_count(p, &server.requested, 1);
	stage_close(&server);
	ck_assert_uint_eq(server.ended, 1);
	ck_assert_uint_eq(server.completed, 0);
	parity_await_flag(p, &call.is_over);
	ck_assert(call.is_failed);
	ck_assert(call.call->failure == HTTP_FAILURE_CLOSED ||
		  call.call->failure == HTTP_FAILURE_RESET);
	stage_release(&call);
	stage_fails(p, &options, HTTP_FAILURE_CONNECT_REFUSED);
	http_listener_close(p->world, NULL);
}

PARITY_TEST(a_port_that_is_taken_is_named)
{
	struct stage_server server = {0};
	struct http_listen_options options = {.address = STR("127.0.0.1")};
	struct str text;

	stage_listen(p, &server, respond_hello, NULL);
	options.port = server.port;
	ck_assert_ptr_null(http_listen(p->world, &options, NULL, NULL, &p->error));
	text = str_format(p->arena, "cannot listen on 127.0.0.1:%u: address in use",
			  (unsigned)server.port);
	ck_assert_str(str_from(p->error.text), text);
	stage_close(&server);
}

static void respond_cookies(struct stage_server *server, struct http_exchange *exchange)
{
	static const char *const fields[] = {"Set-Cookie",
					     "a=1",
					     "Date",
					     "Tue, 04 Jun 2019 11:06:15 GMT",
					     "Set-Cookie",
					     "b=2",
					     "Server",
					     "openresty/1.13.6.2",
					     "Transfer-Encoding",
					     "x",
					     "X-Injected\r\n",
					     "x",
					     "X-Value",
					     "a\r\nX-Injected: b",
					     NULL};

	(void)server;
	stage_respond(exchange, 200, fields, STR("x"));
}

PARITY_TEST(fields_of_the_answer_keep_their_order)
{
	struct stage_server server = {0};
	struct strbuf text;
	struct stage_call call;

	stage_listen(p, &server, respond_cookies, NULL);

	struct http_call_options options = stage_options(&server, STR("/"));

	stage_get(p, &call, &options, 200);
	strbuf_init(&text, 10000);
	for (size_t i = 0; i < call.call->response.fields.count; i++) {
		const struct http_field *field = &call.call->response.fields.items[i];

		if (!str_equal_nocase(field->name, STR("Content-Length")) &&
		    !str_equal_nocase(field->name, STR("Connection")))
			strbuf_append_format(&text, "%.*s: %.*s\n", STR_ARG(field->name),
					     STR_ARG(field->value));
	}
	ck_assert_str(strbuf_str(&text),
		      STR("Set-Cookie: a=1\nDate: Tue, 04 Jun 2019 11:06:15 GMT\n"
			  "Set-Cookie: b=2\nServer: openresty/1.13.6.2\n"));
	strbuf_free(&text);
	stage_release(&call);
	stage_close(&server);
}

PARITY_TEST(idle_connections_are_closed)
{
	struct http_listen_options listen = {.idle_timeout_ms = 100};
	struct stage_server server = {0};
	struct stage_call call;

	stage_listen(p, &server, respond_hello, &listen);

	struct http_call_options options = stage_options(&server, STR("/"));

	stage_get(p, &call, &options, 200);
	stage_release(&call);
	parity_pause(p, 400);
	stage_get(p, &call, &options, 200);
	ck_assert(!call.call->connection_was_reused);
	stage_release(&call);
	stage_close(&server);
}

/* Larger than any port reads at once; what is larger still is refused with the status asked for. */
PARITY_TEST(a_listener_may_take_larger_heads)
{
	struct http_listen_options listen = {
		.limits = {.head_bytes = 100000, .target_bytes = 12000, .status = 400}};
	const struct {
		size_t target_bytes, value_bytes;
		int status;
	} rows[] = {{12000, 80000, 200}, {10, 90000, 200}, {12001, 10, 400}, {10, 101000, 400}};
	struct stage_server server = {0};
	struct stage_call call;

	stage_listen(p, &server, respond_hello, &listen);
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		char *target = arena_alloc(p->arena, rows[i].target_bytes);
		char *value = arena_alloc(p->arena, rows[i].value_bytes);
		struct http_call_options options;
		struct http_fields fields;

		memset(target, 'x', rows[i].target_bytes);
		memset(value, 'y', rows[i].value_bytes);
		target[0] = '/';
		options = stage_options(&server, str_of(target, rows[i].target_bytes));
		http_fields_init(&fields, p->arena);
		http_fields_add(&fields, STR("X-Long"), str_of(value, rows[i].value_bytes));
		options.fields = &fields;
		stage_get(p, &call, &options, rows[i].status);
		if (rows[i].status == 400)
			ck_assert_str(call.body, STR(""));
		stage_release(&call);
	}
	stage_close(&server);
}

TCase *parity_http_case(int number)
{
	TCase *tests = tcase_create("http");

	PARITY_ADD(tests, number, an_answer_arrives);
	PARITY_ADD(tests, number, the_head_arrives_as_it_was_sent);
	PARITY_ADD(tests, number, nothing_is_added_but_the_host);
	PARITY_ADD(tests, number, any_method_is_sent);
	PARITY_ADD(tests, number, some_answers_have_no_body);
	PARITY_ADD(tests, number, connections_are_kept);
	PARITY_ADD(tests, number, either_side_may_end_a_connection);
	PARITY_ADD(tests, number, many_answers_may_be_late);
	PARITY_ADD(tests, number, a_client_that_goes_away_ends_the_exchange);
	PARITY_ADD(tests, number, a_call_may_be_released_at_once);
	PARITY_ADD(tests, number, a_call_may_be_released_in_its_callbacks);
	PARITY_ADD(tests, number, a_held_exchange_outlives_its_end);
	PARITY_ADD(tests, number, closing_the_listener_ends_its_exchanges);
	PARITY_ADD(tests, number, a_port_that_is_taken_is_named);
	PARITY_ADD(tests, number, fields_of_the_answer_keep_their_order);
	PARITY_ADD(tests, number, idle_connections_are_closed);
	PARITY_ADD(tests, number, a_listener_may_take_larger_heads);
	return tests;
}
