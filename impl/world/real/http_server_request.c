/* One request as it comes in, through libmicrohttpd's handler. */
#include "base/arena.h"
#include "base/bug.h"
#include "base/limits.h"
#include "world/real/http_server_internal.h"

/* An answer given before the body was read waits for that many bytes of it; past them, or when the
 * client asked first (Expect), it leaves at once and the connection closes. */
#define DISCARD_BYTES_MAX LIMIT_BODY_BUFFER_BYTES

/* libmicrohttpd's `method` is where the head begins in its buffer. */
static bool read_head(struct exchange *exchange, const char *method, struct http1_framing *framing,
		      struct http1_fault *fault)
{
	struct http_exchange *public = &exchange->public;
	const struct http_listener *listener = exchange->connection->listener;
	struct str target = public->request.target;
	const union MHD_ConnectionInfo *info = MHD_get_connection_info(
		exchange->connection->mhd, MHD_CONNECTION_INFO_REQUEST_HEADER_SIZE);

	public->remote_address = str_copy(public->arena, public->remote_address);
	/* Folded lines make it move what it has, and then the size says nothing. */
	if (info == NULL || info->header_size > listener->connection_bytes)
		return request_fault(fault, BAD_REQUEST, "folded field line");
	return request_read(str_of(method, info->header_size), target, &listener->limits,
			    public->arena, &public->request, framing, fault);
}

/* Queued at the first call of the handler, libmicrohttpd closes the connection after it. */
static enum MHD_Result queue_answer(struct exchange *exchange)
{
	exchange->is_queued = true;
	exchange->wait = WAIT_NOTHING;
	return MHD_queue_response(exchange->connection->mhd, exchange->status, exchange->response);
}

static enum MHD_Result refuse(struct exchange *exchange, const char *method,
			      const struct http1_fault *fault)
{
	struct http_exchange *public = &exchange->public;
	const struct http_listener *listener = exchange->connection->listener;
	struct http_refusal refusal = {
		.arena = public->arena,
		.reason = fault->text,
		.request = &public->request,
		.remote_address = public->remote_address,
		.connection_number = public->connection_number,
		.body = STR(""),
	};

	http_response_init(&refusal.response, public->arena, fault->status);
	public->request.method = str_copy(public->arena, str_from(method));
	public->request.minor_version = 1;
	if (listener->refused != NULL)
		listener->refused(&refusal, listener->data);
	exchange_answer_refusal(exchange, &refusal);
	return queue_answer(exchange);
}

static void tell_component(struct exchange *exchange)
{
	struct http_listener *listener = exchange->connection->listener;

	exchange->connection->deadline_us = INT64_MAX;
	listener->requested(&exchange->public, listener->data);
}

/* The component knows of the request, all of it is here: answer, or wait for the answer. */
static enum MHD_Result finish_request(struct exchange *exchange)
{
	struct connection *connection = exchange->connection;

	if (connection == NULL || exchange->is_aborted)
		return MHD_NO;
	if (exchange->response != NULL)
		return queue_answer(exchange);
	if (connection->is_hung_up)
		return MHD_NO;
	exchange->wait = WAIT_ANSWER;
	connection_await(connection);
	return MHD_YES;
}

/* An answer is there already, and nobody wants the body: reading it would only keep the client. */
static bool answers_without_body(const struct exchange *exchange)
{
	const struct http_exchange *public = &exchange->public;
	int64_t length = http_body_length(exchange->incoming);

	return exchange->response != NULL && public->body != NULL &&
	       (length < 0 || length > DISCARD_BYTES_MAX ||
		http_fields_has(&public->request.fields, STR("Expect")));
}

static void incoming_is_writable(struct http_body *body, void *data)
{
	struct exchange *exchange = data;

	(void)body;
	if (exchange->wait == WAIT_ROOM)
		connection_wake(exchange->connection);
}

static enum MHD_Result begin_body(struct exchange *exchange, int64_t length)
{
	exchange->phase = EXCHANGE_BODY;
	exchange->incoming = http_body_create(length, LIMIT_BODY_BUFFER_BYTES);
	exchange->public.body = exchange->incoming;
	http_body_on_writable(exchange->incoming, incoming_is_writable, exchange);
	tell_component(exchange);
	if (exchange->connection == NULL || exchange->is_aborted)
		return MHD_NO;
	return answers_without_body(exchange) ? queue_answer(exchange) : MHD_YES;
}

static enum MHD_Result begin_request(struct exchange *exchange, const char *method)
{
	struct http1_framing framing;
	struct http1_fault fault;

	if (!read_head(exchange, method, &framing, &fault))
		return refuse(exchange, method, &fault);
	if (framing.kind == HTTP1_CHUNKED)
		return begin_body(exchange, HTTP_BODY_LENGTH_UNKNOWN);
	if (framing.kind == HTTP1_LENGTH && framing.length > 0)
		return begin_body(exchange, framing.length);
	exchange->phase = EXCHANGE_NO_BODY;
	return MHD_YES;
}

static enum MHD_Result receive_body(struct exchange *exchange, struct str bytes, size_t *left)
{
	struct connection *connection = exchange->connection;

	exchange->wait = WAIT_NOTHING;
	if (exchange->is_aborted)
		return MHD_NO;
	exchange_discard_if_answered(exchange);
	while (bytes.size > 0 && exchange->incoming != NULL) {
		size_t taken = http_body_write(exchange->incoming, bytes);

		bytes = str_skip(bytes, taken);
		if (taken == 0)
			break;
	}
	*left = bytes.size;
	if (exchange->connection == NULL || exchange->is_aborted)
		return MHD_NO;
	if (bytes.size == 0)
		return MHD_YES;
	if (connection->is_hung_up)
		return MHD_NO;
	exchange->wait = WAIT_ROOM;
	connection_sleep(connection);
	return MHD_YES;
}

static enum MHD_Result end_body(struct exchange *exchange)
{
	struct http_body *incoming = exchange->incoming;

	exchange->phase = EXCHANGE_COMPLETE;
	exchange->wait = WAIT_NOTHING;
	if (exchange->is_aborted)
		return MHD_NO;
	exchange_discard_if_answered(exchange);
	exchange->incoming = NULL;
	http_body_on_writable(incoming, NULL, NULL);
	http_body_end(incoming);
	http_body_producer_release(incoming);
	return finish_request(exchange);
}

static enum MHD_Result proceed(struct exchange *exchange, const char *method, const char *bytes,
			       size_t *bytes_size)
{
	switch (exchange->phase) {
	case EXCHANGE_HEAD:
		return begin_request(exchange, method);
	case EXCHANGE_NO_BODY:
		exchange->phase = EXCHANGE_COMPLETE;
		tell_component(exchange);
		return finish_request(exchange);
	case EXCHANGE_BODY:
		if (*bytes_size > 0)
			return receive_body(exchange, str_of(bytes, *bytes_size), bytes_size);
		return end_body(exchange);
	case EXCHANGE_COMPLETE:
		return finish_request(exchange);
	}
	return MHD_NO;
}

/* The component may end the exchange in any of its callbacks. */
enum MHD_Result exchange_proceed(struct exchange *exchange, const char *method, const char *bytes,
				 size_t *bytes_size)
{
	enum MHD_Result result;

	exchange->holds++;
	result = proceed(exchange, method, bytes, bytes_size);
	http_exchange_release(&exchange->public);
	return result;
}
