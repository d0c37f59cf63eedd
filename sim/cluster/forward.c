#include "sim/cluster/forward.h"

#include "base/arena.h"
#include "world/http_client.h"
#include "world/http_server.h"

/* As the cluster's router has them. */
#define CONNECT_TIMEOUT_MS 5000
#define IDLE_TIMEOUT_MS 30000

struct forwarding {
	struct http_exchange *exchange;
	struct http_call *call;
	struct http_fields fields;
};

static void answer_page(struct http_exchange *exchange, int status, const char *why)
{
	struct http_response response;

	http_response_init(&response, exchange->arena, status);
	http_fields_add(&response.fields, STR("Content-Type"), STR("text/html"));
	http_fields_add(&response.fields, STR("Cache-Control"), STR("no-cache"));
	http_exchange_respond_str(
		exchange, &response,
		str_format(exchange->arena,
			   "<html><head><title>%d</title></head><body><h1>%d</h1><p>%s</p>"
			   "</body></html>\n",
			   status, status, why));
}

void forward_refuse(struct http_exchange *exchange)
{
	answer_page(exchange, 503, "service not available: no application answers at this address");
}

static void ended(struct http_exchange *exchange, bool complete)
{
	struct forwarding *forwarding = exchange->data;

	(void)complete;
	http_call_release(forwarding->call);
	forwarding->call = NULL;
}

static void answered(struct http_call *call, void *data)
{
	struct forwarding *forwarding = data;
	struct http_exchange *exchange = forwarding->exchange;
	struct http_response response;

	http_response_init(&response, exchange->arena, call->response.status);
	response.reason = str_copy(exchange->arena, call->response.reason);
	http_fields_copy(&response.fields, exchange->arena, &call->response.fields);
	http_fields_remove_hop_by_hop(&response.fields);
	http_exchange_respond(exchange, &response, http_call_take_body(call));
}

static void failed(struct http_call *call, void *data)
{
	struct forwarding *forwarding = data;

	switch (call->failure) {
	case HTTP_FAILURE_NAME_NOT_FOUND:
	case HTTP_FAILURE_NAME_TIMEOUT:
	case HTTP_FAILURE_CONNECT_REFUSED:
	case HTTP_FAILURE_CONNECT_TIMEOUT:
	case HTTP_FAILURE_UNREACHABLE:
		forward_refuse(forwarding->exchange);
		break;
	case HTTP_FAILURE_TIMEOUT:
		answer_page(forwarding->exchange, 504, "the server did not answer in time");
		break;
	default:
		answer_page(forwarding->exchange, 502, "the server gave no whole answer");
	}
}

static void add_forwarded(struct http_fields *fields, const struct http_exchange *exchange,
			  const struct forward_options *options)
{
	struct str host = http_fields_get(&exchange->request.fields, STR("Host"));
	const struct {
		struct str name, value;
	} said[] = {
		{STR("X-Forwarded-Host"), host},
		{STR("X-Forwarded-Port"), options->is_tls ? STR("443") : STR("80")},
		{STR("X-Forwarded-Proto"), options->is_tls ? STR("https") : STR("http")},
		{STR("X-Forwarded-For"), exchange->remote_address},
	};

	for (size_t i = 0; i < sizeof said / sizeof *said; i++) {
		if (!options->keeps_forwarded || !http_fields_has(fields, said[i].name))
			http_fields_set(fields, said[i].name, said[i].value);
	}
}

void forward(struct http_exchange *exchange, const struct forward_options *options)
{
	struct forwarding *forwarding = ARENA_NEW(exchange->arena, struct forwarding);
	struct http_call_options call = {
		.method = exchange->request.method,
		.host = options->address,
		.port = options->port,
		.target = exchange->request.target,
		.fields = &forwarding->fields,
		.connect_timeout_ms = CONNECT_TIMEOUT_MS,
		.idle_timeout_ms = IDLE_TIMEOUT_MS,
	};

	forwarding->exchange = exchange;
	http_fields_init(&forwarding->fields, exchange->arena);
	http_fields_copy(&forwarding->fields, exchange->arena, &exchange->request.fields);
	http_fields_remove_hop_by_hop(&forwarding->fields);
	add_forwarded(&forwarding->fields, exchange, options);
	call.body = http_exchange_take_body(exchange);
	exchange->data = forwarding;
	exchange->ended = ended;
	forwarding->call = http_call_start(exchange->world, &call, answered, failed, forwarding);
}
