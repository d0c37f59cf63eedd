#include "world/parity/http_stage.h"

/* Server. */

static void exchange_ended(struct http_exchange *exchange, bool complete)
{
	struct stage_server *server = exchange->data;

	server->ended++;
	server->completed += complete;
	server->bytes_sent = exchange->body_bytes_sent;
	if (server->exchange == exchange)
		server->exchange = NULL;
}

static void requested(struct http_exchange *exchange, void *data)
{
	struct stage_server *server = data;

	exchange->data = server;
	exchange->ended = exchange_ended;
	server->exchange = exchange;
	server->requested++;
	server->handler(server, exchange);
}

void stage_listen(struct parity *p, struct stage_server *server, stage_handler *handler,
		  const struct http_listen_options *options)
{
	struct http_listen_options listen = {0};

	if (options != NULL)
		listen = *options;
	listen.address = STR("127.0.0.1");
	*server = (struct stage_server){.p = p, .handler = handler, .data = server->data};
	server->listener = http_listen(p->world, &listen, requested, server, &p->error);
	ck_assert_msg(server->listener != NULL, "%s", p->error.text);
	server->port = http_listener_port(p->world, server->listener);
	ck_assert_uint_gt(server->port, 0);
}

void stage_close(struct stage_server *server)
{
	http_listener_close(server->p->world, server->listener);
	server->listener = NULL;
	ck_assert_uint_eq(server->ended, server->requested);
}

static void response_of(struct http_exchange *exchange, int status, const char *const *fields,
			struct http_response *response)
{
	http_response_init(response, exchange->arena, status);
	for (; fields != NULL && fields[0] != NULL; fields += 2)
		http_fields_add(&response->fields, str_from(fields[0]), str_from(fields[1]));
}

void stage_respond(struct http_exchange *exchange, int status, const char *const *fields,
		   struct str body)
{
	struct http_response response;

	response_of(exchange, status, fields, &response);
	http_exchange_respond_str(exchange, &response, str_copy(exchange->arena, body));
}

void stage_respond_body(struct http_exchange *exchange, int status, struct http_body *body)
{
	struct http_response response;

	response_of(exchange, status, NULL, &response);
	http_exchange_respond(exchange, &response, body);
}

/* Client. */

struct http_call_options stage_options(const struct stage_server *server, struct str target)
{
	return (struct http_call_options){.method = STR("GET"),
					  .host = STR("127.0.0.1"),
					  .port = server->port,
					  .target = target};
}

static void collected(enum http_collect_result result, struct str bytes, void *data)
{
	struct stage_call *call = data;

	call->collector = NULL;
	call->is_collected = call->is_over = true;
	call->result = result;
	call->body = bytes;
}

static void answered(struct http_call *http, void *data)
{
	struct stage_call *call = data;

	ck_assert_ptr_eq(http, call->call);
	ck_assert(!call->is_answered && !call->is_failed);
	call->is_answered = true;
}

static void answered_and_collected(struct http_call *http, void *data)
{
	struct stage_call *call = data;
	struct http_body_collector *collector;

	answered(http, data);
	collector = http_body_collect(http_call_take_body(http), 256 * 1024 * 1024, call->p->arena,
				      collected, call);
	if (!call->is_collected)
		call->collector = collector;
}

static void failed(struct http_call *http, void *data)
{
	struct stage_call *call = data;

	ck_assert_ptr_eq(http, call->call);
	ck_assert(!call->is_answered && !call->is_failed);
	ck_assert_int_ne(http->failure, HTTP_FAILURE_NONE);
	call->is_failed = call->is_over = true;
}

void stage_start(struct parity *p, struct stage_call *call, const struct http_call_options *options,
		 bool collect)
{
	*call = (struct stage_call){.p = p};
	call->call = http_call_start(p->world, options, collect ? answered_and_collected : answered,
				     failed, call);
	ck_assert(!call->is_answered && !call->is_failed);
}

void stage_get(struct parity *p, struct stage_call *call, const struct http_call_options *options,
	       int status)
{
	stage_start(p, call, options, true);
	parity_await_flag(p, &call->is_over);
	ck_assert_msg(call->is_answered, "%.*s", STR_ARG(http_failure_text(call->call->failure)));
	ck_assert_int_eq(call->result, HTTP_COLLECTED);
	ck_assert_int_eq(call->call->response.status, status);
}

void stage_release(struct stage_call *call)
{
	http_body_collector_stop(call->collector);
	http_call_release(call->call);
	call->call = NULL;
}

void stage_fails(struct parity *p, const struct http_call_options *options,
		 enum http_failure failure)
{
	struct stage_call call;

	stage_start(p, &call, options, true);
	parity_await_flag(p, &call.is_over);
	ck_assert_msg(call.is_failed, "answered");
	ck_assert_msg(call.call->failure == failure, "%.*s, expected %.*s",
		      STR_ARG(http_failure_text(call.call->failure)),
		      STR_ARG(http_failure_text(failure)));
	stage_release(&call);
}

/* Bodies. */

static void source_go_on(struct http_body *body, void *data)
{
	struct stage_source *source = data;
	char bytes[8192];

	while (source->left > 0) {
		size_t size = source->left < sizeof bytes ? (size_t)source->left : sizeof bytes;
		size_t taken;

		for (size_t i = 0; i < size; i++)
			bytes[i] = stage_byte(source->place + i);
		taken = http_body_write(body, str_of(bytes, size));
		source->place += taken;
		source->left -= taken;
		if (http_body_is_abandoned(body))
			source->left = 0;
		else if (taken == 0)
			return;
	}
	if (source->is_over)
		return;
	source->is_over = true;
	if (source->fails)
		http_body_fail(body);
	else
		http_body_end(body);
	http_body_producer_release(body);
}

struct http_body *stage_source_begin(struct stage_source *source, uint64_t size, int64_t length)
{
	*source = (struct stage_source){.left = size, .fails = source->fails};
	source->body = http_body_create(length, 64 * 1024);
	http_body_on_writable(source->body, source_go_on, source);
	source_go_on(source->body, source);
	return source->body;
}

static void sink_readable(struct http_body *body, void *data)
{
	struct stage_sink *sink = data;

	while (!sink->is_held && http_body_waiting(body) > 0) {
		struct str bytes = http_body_peek(body);

		stage_check_bytes(bytes, sink->place);
		sink->place += bytes.size;
		http_body_consume(body, bytes.size);
	}
	if (http_body_is_ended(body))
		sink->is_ended = true;
	else if (http_body_is_failed(body))
		sink->is_failed = true;
}

void stage_sink_begin(struct stage_sink *sink, struct http_body *body)
{
	sink->body = body;
	http_body_on_readable(body, sink_readable, sink);
}

void stage_sink_go_on(struct stage_sink *sink)
{
	sink->is_held = false;
	sink_readable(sink->body, sink);
}
