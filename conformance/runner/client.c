#include "conformance/runner/client.h"

#include <stdlib.h>

#include "base/arena.h"
#include "base/url.h"
#include "conformance/runner/client_raw.h"
#include "conformance/runner/wire.h"
#include "http/body.h"
#include "world/http_client.h"

#define BODY_BYTES_MAX ((size_t)128 * 1024 * 1024)

struct client_call {
	struct world *world;
	struct wire *wire;
	struct record *record;
	struct http_call *http;
	struct client_raw *raw; /* in place of the HTTP call */
	struct http_body_collector *collector;
	client_done *done;
	void *data;
};

void client_cancel(struct client_call *call)
{
	if (call == NULL)
		return;
	if (call->raw != NULL)
		client_raw_cancel(call->raw);
	http_body_collector_stop(call->collector);
	http_call_release(call->http);
	free(call);
}

static void finish(struct client_call *call)
{
	struct record *record = call->record;
	client_done *done = call->done;
	void *data = call->data;

	wire_touch(call->wire);
	client_cancel(call);
	done(record, data);
}

static void collected(enum http_collect_result result, struct str bytes, void *data)
{
	struct client_call *call = data;

	call->collector = NULL;
	call->record->answer_body = bytes;
	if (result != HTTP_COLLECTED)
		call->record->failure = STR("(the answer's body was cut off)");
	finish(call);
}

static void answered(struct http_call *http, void *data)
{
	struct client_call *call = data;
	struct http_body_collector *collector;
	const struct http_response *response = &http->response;

	wire_add_answer(call->wire, call->record, response->status,
			response->reason.size > 0 ? response->reason
						  : http_reason(response->status),
			&response->fields, STR(""));
	collector = http_body_collect(http_call_take_body(http), BODY_BYTES_MAX, call->wire->arena,
				      collected, call);
	if (collector != NULL)
		call->collector = collector;
}

static void failed(struct http_call *http, void *data)
{
	struct client_call *call = data;

	call->record->failure =
		STR_CONCAT(call->wire->arena, STR("no answer: "), http_failure_text(http->failure));
	finish(call);
}

static void raw_is_over(struct record *record, void *data)
{
	struct client_call *call = data;

	call->raw = NULL;
	call->record = record;
	finish(call);
}

static struct http_body *body_of(const struct client_request *request)
{
	struct http_body *body;

	if (!request->has_body)
		return NULL;
	if (!request->is_chunked)
		return http_body_from_str(request->body);
	body = http_body_create(HTTP_BODY_LENGTH_UNKNOWN, request->body.size + 1);
	http_body_write(body, request->body);
	http_body_end(body);
	http_body_producer_release(body);
	return body;
}

static void send_http(struct client_call *call, const struct client_request *request)
{
	struct wire *wire = call->wire;
	struct http_call_options options = {
		.method = request->method,
		.host = request->server_name.size > 0 ? request->server_name : request->address,
		.port = request->port,
		.connect_address = url_host_is_ip(request->address) ? request->address : STR(""),
		.target = request->target,
		.fields = &request->fields,
		.body = body_of(request),
		.idle_timeout_ms = request->timeout_ms,
		.connect_timeout_ms = request->timeout_ms,
		.is_tls = request->is_tls,
		.certificate_file = request->certificate_file,
		.key_file = request->key_file,
		.verify_peer = request->ca_file.size > 0,
		.ca_file = request->ca_file,
	};

	call->record =
		wire_add(wire, SIDE_CLIENT, request->method, request->target, &request->fields);
	call->record->body = str_copy(wire->arena, request->body);
	call->record->is_complete = true;
	call->http = http_call_start(call->world, &options, answered, failed, call);
}

struct client_call *client_send(struct world *world, struct wire *wire,
				const struct client_request *request, client_done *done, void *data)
{
	struct client_call *call = MEMORY_NEW(struct client_call);

	call->world = world;
	call->wire = wire;
	call->done = done;
	call->data = data;
	if (request->raw_count > 0)
		call->raw = client_raw_send(world, wire, request->address, request->port,
					    request->raw, request->raw_count, raw_is_over, call);
	else
		send_http(call, request);
	return call;
}
