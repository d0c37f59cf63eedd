#include "gateway/upstream.h"

#include "base/arena.h"
#include "base/limits.h"
#include "gateway/gateway_internal.h"
#include "gateway/metrics.h"
#include "gateway/request.h"
#include "gateway/retry_cases.h"
#include "gateway/upstream_target.h"
#include "world/clock.h"
#include "world/http_server.h"

#define UPSTREAM_TIMEOUT_MS 60000    /* each of them, unless a policy says otherwise (5.4) */
#define RESPONSE_HEAD_BYTES_MAX 4096 /* one buffer (5.4) */

/* Fields of the request that do not go upstream as they came (5.2): hop-by-hop ones, and those that
 * the gateway sets. */
static const struct str request_fields_dropped[] = {
	STR_INIT("Host"),
	STR_INIT("Connection"),
	STR_INIT("Content-Length"),
	STR_INIT("Transfer-Encoding"),
	STR_INIT("Keep-Alive"),
	STR_INIT("TE"),
	STR_INIT("Upgrade"),
	STR_INIT("Expect"),
	STR_INIT("Proxy-Connection"),
	STR_INIT("X-Real-IP"),
	STR_INIT("X-3scale-proxy-secret-token"),
	STR_INIT("X-3scale-debug"),
};

/* Fields of the answer that do not reach the client as they came (5.3). */
static const struct str response_fields_dropped[] = {
	STR_INIT("Server"),     STR_INIT("Date"),    STR_INIT("Connection"),
	STR_INIT("Keep-Alive"), STR_INIT("Upgrade"), STR_INIT("Transfer-Encoding"),
	STR_INIT("X-Pad"),
};

static bool is_listed(struct str name, const struct str *list, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		if (name.size == list[i].size && str_equal_nocase(name, list[i]))
			return true;
	}
	return false;
}

#define IS_LISTED(name, list) is_listed((name), (list), sizeof(list) / sizeof *(list))

static void start_attempt(struct request *request, struct http_body *body);
static struct http_body *repeated_body(const struct request *request);

static void say_failure(struct request *request, const char *text)
{
	struct upstream_call *upstream = &request->upstream;
	struct log_subject subject = request->subject;

	subject.upstream = outgoing_url(&upstream->outgoing, upstream->uri, request->arena);
	LOG_CORE(&request->gateway->log, LEVEL_ERROR, &subject, "%s", text);
}

/* Which address it was this time; a proxy chooses for itself (6.4). */
static void say_peer(const struct request *request)
{
	const struct outgoing *outgoing = &request->upstream.outgoing;
	const struct http_call *call = outgoing->call;

	if (call != NULL && outgoing->proxy == NULL)
		LOG(&request->gateway->log, LEVEL_INFO, &request->subject,
		    "balancer set peer %.*s:%u ok: true err: nil", STR_ARG(call->peer_address),
		    (unsigned)call->peer_port);
}

static int64_t upstream_span_us(const struct request *request)
{
	const struct http_call *call = request->upstream.outgoing.call;

	return call != NULL ? world_monotonic_us(request->gateway->world) - call->started_us : 0;
}

/* Room for all at once: growing would leave its smaller arrays behind in the arena. */
static void fields_reserve(struct http_fields *fields, size_t count, struct arena *arena)
{
	http_fields_init(fields, arena);
	fields->items = ARENA_ARRAY(arena, struct http_field, count);
	fields->capacity = count;
}

static void copy_response_fields(struct http_fields *to, const struct http_fields *from)
{
	static const struct str instructions = STR_INIT("X-Accel-");

	for (size_t i = 0; i < from->count; i++) {
		const struct http_field *field = &from->items[i];

		if (!IS_LISTED(field->name, response_fields_dropped) &&
		    !str_equal_nocase(str_slice(field->name, 0, instructions.size), instructions))
			http_fields_add(to, field->name, field->value);
	}
}

/* Once more? The call is over then. */
static bool repeats(struct request *request, bool is_a_case)
{
	struct upstream_call *upstream = &request->upstream;
	struct gateway *gateway = request->gateway;
	const struct http_call *call = upstream->outgoing.call;
	bool was_sent = call != NULL && call->connected_us > 0;

	if (upstream->retries_left == 0 || !is_a_case ||
	    !retry_cases_have_method(gateway->settings.retry_cases,
				     request->exchange->request.method, was_sent))
		return false;
	upstream->retries_left--;
	outgoing_stop(&upstream->outgoing);
	return true;
}

/* Of the answer to a HEAD, which says that GET's would have a body of no size that is known yet. */
static struct http_body *unmeasured_body(void)
{
	struct http_body *body = http_body_create(HTTP_BODY_LENGTH_UNKNOWN, 1);

	http_body_end(body);
	http_body_producer_release(body);
	return body;
}

static bool is_unmeasured(const struct request *request, const struct http_call *call)
{
	return call->body == NULL && call->response.status != 204 && call->response.status != 304 &&
	       str_equal(request->exchange->request.method, STR("HEAD")) &&
	       !http_fields_has(&call->response.fields, STR("Content-Length"));
}

/* The upstream agreed to leave HTTP, or did not: then it still waits for the bytes after it. */
static void answer_client(struct request *request, struct http_call *call)
{
	struct upstream_call *upstream = &request->upstream;
	struct http_body *incoming = upstream->upgraded;

	upstream->upgraded = NULL;
	if (call->response.status == 101) {
		http_fields_add(&request->response.fields, STR("Upgrade"), STR("websocket"));
		request_answer_upgrade(request, http_call_take_body(call), incoming);
		return;
	}
	if (incoming != NULL) {
		http_body_end(incoming);
		http_body_producer_release(incoming);
	}
	request_answer_body(request, is_unmeasured(request, call) ? unmeasured_body()
								  : http_call_take_body(call));
}

static void upstream_answered(struct outgoing *outgoing, void *data)
{
	struct request *request = data;
	struct http_call *call = outgoing->call;

	say_peer(request);
	if (repeats(request, retry_cases_have_status(request->gateway->settings.retry_cases,
						     call->response.status))) {
		start_attempt(request, repeated_body(request));
		return;
	}
	http_response_init(&request->response, request->arena, call->response.status);
	request->response.reason = call->response.reason;
	/* Fields that Connection names are for us alone; few answers have it. */
	if (http_fields_has(&call->response.fields, STR("Connection")))
		http_fields_remove_hop_by_hop(&call->response.fields);
	/* Server, and six more for who debugs. */
	fields_reserve(&request->response.fields, call->response.fields.count + 7, request->arena);
	copy_response_fields(&request->response.fields, &call->response.fields);
	metrics_count_upstream(request->gateway->metrics, request->service, call->response.status,
			       upstream_span_us(request));
	answer_client(request, call);
	request_resume(request, PHASE_ANSWERED);
}

static void upstream_failed(struct outgoing *outgoing, void *data)
{
	struct request *request = data;
	struct outgoing_trouble trouble =
		outgoing_trouble(outgoing, request->upstream.uri, request->arena);

	if (trouble.status == 0) {
		request_abort(request);
		return;
	}
	say_peer(request);
	say_failure(request, trouble.text);
	if (repeats(request, retry_cases_have_failure(request->gateway->settings.retry_cases,
						      outgoing_failure(outgoing)))) {
		start_attempt(request, repeated_body(request));
		return;
	}
	metrics_count_upstream(request->gateway->metrics, request->service, trouble.status,
			       upstream_span_us(request));
	request_answer_page(request, trouble.status);
	request_resume(request, PHASE_ANSWERED);
}

/* Through the tunnel of a proxy 2.6 sends what the client sent, without its own fields (5.7). */
static bool is_tunnelled(const struct request *request)
{
	const struct upstream_target *target = request->upstream.target;

	return target->is_tls &&
	       network_proxy(&request->gateway->settings.network, true, target->host) != NULL;
}

static void make_fields(struct request *request, struct str host_header)
{
	struct http_exchange *exchange = request->exchange;
	const struct service *service = request->service;
	const struct http_fields *from = &exchange->request.fields;
	struct http_fields *fields = &request->upstream.fields;

	fields_reserve(fields, from->count + 5, request->arena);
	http_fields_add(fields, STR("Host"), host_header);
	if (is_tunnelled(request))
		http_fields_add(fields, STR("Connection"), STR("close"));
	else
		http_fields_add(fields, STR("X-Real-IP"), exchange->remote_address);
	if (service->secret_token.size > 0 && !is_tunnelled(request))
		http_fields_add(fields, STR("X-3scale-proxy-secret-token"), service->secret_token);
	if (request->upstream.upgraded != NULL) {
		http_fields_add(fields, STR("Connection"), STR("Upgrade"));
		http_fields_add(fields, STR("Upgrade"), STR("websocket"));
	}
	for (size_t i = 0; i < from->count; i++) {
		if (!IS_LISTED(from->items[i].name, request_fields_dropped))
			http_fields_add(fields, from->items[i].name, from->items[i].value);
	}
}

static void start_attempt(struct request *request, struct http_body *body)
{
	struct upstream_call *upstream = &request->upstream;
	const struct upstream_target *target = upstream->target;
	const struct policy_exports *exports = &request->service->exports;
	const struct network *network = &request->gateway->settings.network;
	struct http_call_options options = {
		.method = request->exchange->request.method,
		.is_tls = target->is_tls,
		.host = target->host,
		.port = target->port,
		.target = upstream->uri,
		.fields = &upstream->fields,
		.body = body,
		.connect_timeout_ms = exports->connect_timeout_ms,
		.idle_timeout_ms = exports->read_timeout_ms > 0 ? exports->read_timeout_ms
								: UPSTREAM_TIMEOUT_MS,
		.send_timeout_ms = exports->send_timeout_ms > 0 ? exports->send_timeout_ms
								: UPSTREAM_TIMEOUT_MS,
		.certificate_file = network->certificate_file,
		.key_file = network->key_file,
		.key_password = network->key_password,
		.forgets_tls_sessions = network->forgets_tls_sessions,
		.head_bytes_max = RESPONSE_HEAD_BYTES_MAX,
		.is_upgrade = upstream->upgraded != NULL,
	};

	if (target->is_tls && upstream->host_header.size > 0)
		options.host =
			host_key(request->arena, upstream->host_header); /* the name to be proven */
	outgoing_start(&upstream->outgoing, request->gateway, &options, target->host,
		       upstream_answered, upstream_failed, request);
}

/* The body of a call that is repeated was read before the first attempt. */
static struct http_body *repeated_body(const struct request *request)
{
	const struct form *form = &request->form;

	if (request->upstream.has_no_body)
		return NULL;
	return http_body_from_str(str_of(form->bytes, form->size));
}

static bool body_can_be_repeated(const struct request *request)
{
	return request->upstream.has_no_body || form_is_held(&request->form);
}

/* 9.5, of the policy `websocket`. */
static bool asks_for_websocket(const struct request *request)
{
	const struct http_fields *fields = &request->exchange->request.fields;

	return request->service->exports.passes_websocket &&
	       http_fields_lists(fields, STR("Upgrade"), STR("websocket")) &&
	       http_fields_has(fields, STR("Sec-WebSocket-Key"));
}

static void send_request(struct request *request)
{
	struct upstream_call *upstream = &request->upstream;
	const struct upstream_target *target = upstream->target;
	struct upstream_path path = {
		.raw_path = request->raw_path,
		.raw_query = request->raw_query,
		.has_query = request->has_query,
		.normal_path = request->path,
		.is_rewritten = request->path_is_rewritten,
	};
	struct http_body *body = request_take_body(request);

	if (body == NULL && asks_for_websocket(request)) {
		upstream->upgraded =
			http_body_create(HTTP_BODY_LENGTH_UNKNOWN, LIMIT_BODY_BUFFER_BYTES);
		body = upstream->upgraded;
	}
	upstream->has_no_body = body == NULL;
	upstream->retries_left =
		body_can_be_repeated(request) ? request->service->exports.retries : 0;
	upstream->uri = upstream_target_uri(target, &path, request->arena);
	make_fields(request,
		    upstream->host_header.size > 0 ? upstream->host_header : target->authority);
	upstream->is_running = true;
	start_attempt(request, body);
}

static void body_is_measured(struct form *form, void *data)
{
	(void)form;
	send_request(data);
}

/* To tell its length, or to send it again. */
static bool body_must_be_read(const struct request *request)
{
	const struct http_body *body = request_body(request);

	return body != NULL && (http_body_length(body) == HTTP_BODY_LENGTH_UNKNOWN ||
				request->service->exports.retries > 0);
}

enum phase_result upstream_start(struct request *request, const struct upstream_target *target,
				 struct str host_header)
{
	request->upstream.target = target;
	request->upstream.host_header = host_header;
	if (body_must_be_read(request))
		request_read_form(request, body_is_measured);
	else
		send_request(request);
	return PHASE_WAIT;
}

void upstream_stop(struct request *request, bool complete)
{
	struct upstream_call *upstream = &request->upstream;
	struct http_call *call = upstream->outgoing.call;

	if (!upstream->is_running)
		return;
	upstream->is_running = false;
	if (!complete && request->step == REQUEST_ANSWERED && call != NULL) {
		if (call->failure == HTTP_FAILURE_TIMEOUT)
			say_failure(request, "upstream timed out (110: Connection timed out) while "
					     "reading upstream");
		else if (call->failure == HTTP_FAILURE_RESET ||
			 call->failure == HTTP_FAILURE_CLOSED)
			say_failure(request, "upstream prematurely closed connection while reading "
					     "upstream");
		else if (call->failure == HTTP_FAILURE_PROTOCOL)
			say_failure(request, "upstream sent invalid chunked response while reading "
					     "upstream");
	}
	if (upstream->upgraded != NULL)
		http_body_producer_release(upstream->upgraded);
	upstream->upgraded = NULL;
	outgoing_stop(&upstream->outgoing);
}
