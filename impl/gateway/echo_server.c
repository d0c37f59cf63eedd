#include "gateway/echo_server.h"

#include "base/arena.h"
#include "base/limits.h"
#include "base/url.h"
#include "gateway/error_log.h"
#include "gateway/upstream_target.h"
#include "http/body.h"
#include "http/message.h"
#include "world/http_server.h"

struct echo_call {
	struct http_exchange *exchange;
	struct http_body_collector *collector;
};

static void respond(struct http_exchange *exchange, struct str body)
{
	struct http_response response;

	http_response_init(&response, exchange->arena, 200);
	http_fields_add(&response.fields, STR("Server"), STR("openresty"));
	http_fields_add(&response.fields, STR("Content-Type"), STR("text/plain"));
	http_exchange_respond_str(exchange, &response, body);
}

/* The head as it came, one header a line, and the body after an empty line. */
static struct str echoed(const struct http_exchange *exchange, struct str body)
{
	const struct http_request *request = &exchange->request;
	struct strbuf out;
	struct str text;

	strbuf_init(&out, LIMIT_BACKEND_BODY_BYTES + (size_t)2 * LIMIT_HTTP_HEADER_BYTES);
	strbuf_append_format(&out, "%.*s %.*s HTTP/1.%d\n", STR_ARG(request->method),
			     STR_ARG(request->target), request->minor_version);
	for (size_t i = 0; i < request->fields.count; i++)
		strbuf_append_format(&out, "%.*s: %.*s\n", STR_ARG(request->fields.items[i].name),
				     STR_ARG(request->fields.items[i].value));
	if (body.size > 0) {
		strbuf_append_char(&out, '\n');
		strbuf_append(&out, body);
	}
	text = str_copy(exchange->arena, strbuf_str(&out));
	strbuf_free(&out);
	return text;
}

static void body_collected(enum http_collect_result result, struct str bytes, void *data)
{
	struct echo_call *call = data;

	call->collector = NULL;
	if (result == HTTP_COLLECT_FAILED)
		http_exchange_abort(call->exchange);
	else
		respond(call->exchange, echoed(call->exchange, bytes));
}

static void call_ended(struct http_exchange *exchange, bool complete)
{
	struct echo_call *call = exchange->data;

	(void)complete;
	http_body_collector_stop(call->collector);
}

/* What the mock backend knows; everything else is echoed. */
static bool mock_answer(const struct http_exchange *exchange, struct str path, struct str *body)
{
	struct str host = http_fields_get(&exchange->request.fields, STR("Host"));

	if (str_has_prefix(path, STR("/config/"))) {
		*body = STR("{}");
		return true;
	}
	*body = STR("transactions authrep!");
	return str_equal(host_key(exchange->arena, host), STR("backend")) &&
	       str_equal(path, STR("/transactions/authrep.xml"));
}

void echo_server_requested(struct http_exchange *exchange, void *data)
{
	struct echo_call *call = ARENA_NEW(exchange->arena, struct echo_call);
	struct str path, query, body;

	(void)data;
	url_split_target(exchange->request.target, &path, &query);
	if (mock_answer(exchange, path, &body)) {
		respond(exchange, body);
		return;
	}
	call->exchange = exchange;
	exchange->data = call;
	exchange->ended = call_ended;
	call->collector =
		http_body_collect(http_exchange_take_body(exchange), LIMIT_BACKEND_BODY_BYTES,
				  exchange->arena, body_collected, call);
}
