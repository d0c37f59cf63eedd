/* What a component sees of one request, and how it answers. */
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/bug.h"
#include "world/real/http_server_internal.h"

#define POOLED_MAX 256                  /* exchanges kept for reuse, with their arenas */
#define PIECE_BYTES ((size_t)32 * 1024) /* of a streamed answer, read at once */

static struct exchange *exchange_of(struct http_exchange *public)
{
	return (struct exchange *)public;
}

/* Life. */

static void exchange_free(struct exchange *exchange)
{
	arena_destroy(exchange->public.arena);
	free(exchange);
}

void exchanges_free(struct real_world *real)
{
	struct list_link *link;

	while ((link = list_take_first(&real->exchanges_free)) != NULL)
		exchange_free(LIST_ENTRY(link, struct exchange, link));
}

static void exchange_recycle(struct exchange *exchange)
{
	struct real_world *real = real_of(exchange->public.world);
	struct arena *arena = exchange->public.arena;

	if (real->exchanges_free_count >= POOLED_MAX) {
		exchange_free(exchange);
		return;
	}
	arena_reset(arena);
	*exchange = (struct exchange){.public.arena = arena};
	list_append(&real->exchanges_free, &exchange->link);
	real->exchanges_free_count++;
}

static struct exchange *exchange_take(struct real_world *real)
{
	struct list_link *link = list_take_first(&real->exchanges_free);
	struct exchange *exchange;

	if (link != NULL) {
		real->exchanges_free_count--;
		return LIST_ENTRY(link, struct exchange, link);
	}
	exchange = MEMORY_NEW(struct exchange);
	exchange->public.arena = arena_create();
	return exchange;
}

static void exchange_hold(struct http_exchange *public)
{
	exchange_of(public)->holds++;
}

static void exchange_release(struct http_exchange *public)
{
	struct exchange *exchange = exchange_of(public);

	BUG_IF(exchange->holds == 0);
	if (--exchange->holds == 0)
		exchange_recycle(exchange);
}

static void let_go_of_incoming(struct exchange *exchange)
{
	struct http_body *incoming = exchange->incoming;

	if (incoming == NULL)
		return;
	exchange->incoming = NULL;
	http_body_on_writable(incoming, NULL, NULL);
	http_body_producer_release(incoming);
}

static void let_go_of_answer(struct exchange *exchange)
{
	struct http_body *answer = exchange->answer;

	if (answer == NULL)
		return;
	exchange->answer = NULL;
	http_body_on_readable(answer, NULL, NULL);
	http_body_consumer_release(answer);
}

void exchange_end(struct exchange *exchange, bool complete)
{
	struct http_exchange *public = &exchange->public;

	upgrade_stop(exchange);
	exchange->connection->exchange = NULL;
	exchange->connection = NULL;
	if (complete && exchange->answer_bytes > 0)
		exchange->public.body_bytes_sent = exchange->answer_bytes;
	let_go_of_answer(exchange);
	let_go_of_incoming(exchange);
	if (exchange->response != NULL)
		MHD_destroy_response(exchange->response);
	exchange->response = NULL;
	if (public->ended != NULL)
		exchange->public.ended(public,
				       complete && exchange->is_queued && !exchange->is_aborted);
	if (public->body != NULL)
		http_body_consumer_release(http_exchange_take_body(public));
	exchange_release(public);
}

/* Answers. */

/* What goes without a body must not get a framing that says otherwise. */
static bool sends_no_body(const struct exchange *exchange)
{
	return str_equal(exchange->public.request.method, STR("HEAD")) || exchange->status == 204 ||
	       exchange->status == 304;
}

static void answer_is_readable(struct http_body *body, void *data)
{
	struct exchange *exchange = data;

	(void)body;
	if (exchange->wait == WAIT_BYTES)
		connection_wake(exchange->connection);
}

/* Nothing to read: is that the end, or is there more to come? A body that ends before its length
 * is cut off. */
static ssize_t answer_wait(struct connection *connection)
{
	struct exchange *exchange = connection->exchange;

	if (exchange == NULL || connection->is_hung_up || http_body_is_failed(exchange->answer))
		return MHD_CONTENT_READER_END_WITH_ERROR;
	if (http_body_is_ended(exchange->answer))
		return http_body_length(exchange->answer) == HTTP_BODY_LENGTH_UNKNOWN
			       ? MHD_CONTENT_READER_END_OF_STREAM
			       : MHD_CONTENT_READER_END_WITH_ERROR;
	exchange->wait = WAIT_BYTES;
	connection_sleep(connection);
	return 0;
}

/* libmicrohttpd wants bytes of the answer. */
static ssize_t answer_read(void *data, uint64_t position, char *buffer, size_t buffer_size)
{
	struct connection *connection = data;
	struct exchange *exchange = connection->exchange;
	struct http_body *answer = exchange != NULL ? exchange->answer : NULL;
	size_t filled = 0;

	(void)position;
	if (answer == NULL || exchange->is_aborted)
		return MHD_CONTENT_READER_END_WITH_ERROR;
	exchange->wait = WAIT_NOTHING;
	exchange->holds++;
	connection->listener->runs_for_nothing = 0;
	while (filled < buffer_size && http_body_waiting(answer) > 0) {
		struct str bytes = str_slice(http_body_peek(answer), 0, buffer_size - filled);

		memcpy(buffer + filled, bytes.data, bytes.size);
		filled += bytes.size;
		exchange->public.body_bytes_sent += (int64_t)bytes.size;
		http_body_consume(answer, bytes.size);
		if (exchange->answer == NULL)
			break;
	}
	exchange_release(&exchange->public);
	return filled > 0 ? (ssize_t)filled : answer_wait(connection);
}

static struct MHD_Response *response_of_str(struct str body)
{
	return MHD_create_response_from_buffer(body.size, (void *)(uintptr_t)body.data,
					       MHD_RESPMEM_PERSISTENT);
}

/* Never read: only its size is told. One of unknown size tells no framing at all, which
 * libmicrohttpd does for the last answer of a connection only. */
static struct MHD_Response *response_of_size(struct exchange *exchange, int64_t size)
{
	struct MHD_Response *response = MHD_create_response_from_callback(
		(uint64_t)size, 1, answer_read, exchange->connection, NULL);

	if (size < 0)
		MHD_set_response_options(response, MHD_RF_HTTP_1_0_COMPATIBLE_STRICT, MHD_RO_END);
	return response;
}

/* A body that is all there leaves together with the head, in one system call. */
static struct str body_in_full(struct exchange *exchange, struct http_body *body)
{
	size_t size = http_body_waiting(body), filled = 0;
	char *bytes = arena_alloc(exchange->public.arena, size);

	while (filled < size) {
		struct str piece = http_body_peek(body);

		memcpy(bytes + filled, piece.data, piece.size);
		filled += piece.size;
		http_body_consume(body, piece.size);
	}
	return str_of(bytes, size);
}

static struct MHD_Response *response_of_body(struct exchange *exchange, struct http_body *body)
{
	int64_t length = http_body_length(body);

	if (length >= 0 && (uint64_t)length == http_body_waiting(body)) {
		struct str bytes = body_in_full(exchange, body);

		http_body_consumer_release(body);
		exchange->answer_bytes = (int64_t)bytes.size;
		return response_of_str(bytes);
	}
	exchange->answer = body;
	http_body_on_readable(body, answer_is_readable, exchange);
	if (length < 0)
		return MHD_create_response_from_callback(
			MHD_SIZE_UNKNOWN,
			exchange->public.request.minor_version == 0 ? PIECE_BYTES : 1, answer_read,
			exchange->connection, NULL);
	return MHD_create_response_from_callback(
		(uint64_t)length, (uint64_t)length < PIECE_BYTES ? (size_t)length : PIECE_BYTES,
		answer_read, exchange->connection, NULL);
}

/* The framing is libmicrohttpd's. */
static bool field_is_ours(struct str name)
{
	static const struct str names[] = {
		STR_INIT("Content-Length"), STR_INIT("Transfer-Encoding"), STR_INIT("Connection"),
		STR_INIT("Keep-Alive"),     STR_INIT("Upgrade"),
	};

	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		if (str_equal_nocase(names[i], name))
			return true;
	}
	return false;
}

/* libmicrohttpd refuses empty values; a blank is dropped by every reader. */
static void add_field(struct exchange *exchange, struct str name, struct str value)
{
	struct strbuf *text = &exchange->connection->listener->text;

	if (!http_is_token(name) || !http_is_field_value(value))
		return;
	strbuf_clear(text);
	strbuf_append(text, name);
	strbuf_append_char(text, 0);
	strbuf_append(text, value.size > 0 ? value : STR(" "));
	if (strbuf_append_char(text, 0))
		MHD_add_response_header(exchange->response, text->data, text->data + name.size + 1);
}

static void add_fields(struct exchange *exchange, const struct http_fields *fields)
{
	for (size_t i = 0; i < fields->count; i++) {
		if (!field_is_ours(fields->items[i].name))
			add_field(exchange, fields->items[i].name, fields->items[i].value);
	}
	if (!http_fields_has(fields, STR("Date")))
		add_field(exchange, STR("Date"), listener_date(exchange->connection->listener));
	if (http_fields_lists(fields, STR("Connection"), STR("close")))
		add_field(exchange, STR("Connection"), STR("close"));
}

/* Of the body that is not sent: what the component said, else its size. A 304 means another body
 * than the one at hand. */
static int64_t told_length(const struct exchange *exchange, const struct http_fields *fields,
			   int64_t size)
{
	int64_t length;

	if (str_to_int64(http_fields_get(fields, STR("Content-Length")), &length) && length >= 0)
		return length;
	return exchange->status == 304 ? HTTP_BODY_LENGTH_UNKNOWN : size;
}

/* An interim answer cannot be the last one. */
static unsigned status_of(const struct http_response *response)
{
	return response->status >= 200 && response->status <= 599 ? (unsigned)response->status
								  : 500;
}

void exchange_discard_if_answered(struct exchange *exchange)
{
	if (exchange->response != NULL && exchange->public.body != NULL)
		http_body_consumer_release(http_exchange_take_body(&exchange->public));
}

/* The answer is there: the handler takes it up, now or when libmicrohttpd calls it next. */
static void exchange_answered(struct exchange *exchange, const struct http_response *response)
{
	BUG_IF(exchange->response == NULL);
	add_fields(exchange, &response->fields);
	if (exchange->wait == WAIT_ANSWER)
		connection_wake(exchange->connection);
	else if (exchange->wait == WAIT_ROOM)
		exchange_discard_if_answered(exchange);
}

static bool may_answer(struct exchange *exchange)
{
	if (exchange->connection == NULL || exchange->is_aborted)
		return false;
	BUG_IF(exchange->response != NULL);
	return true;
}

static void exchange_respond(struct http_exchange *public, const struct http_response *response,
			     struct http_body *body)
{
	struct exchange *exchange = exchange_of(public);
	int64_t length = body != NULL ? http_body_length(body) : 0;

	if (!may_answer(exchange)) {
		if (body != NULL)
			http_body_consumer_release(body);
		return;
	}
	exchange->status = status_of(response);
	if (sends_no_body(exchange)) {
		if (body != NULL)
			http_body_consumer_release(body);
		exchange->response = response_of_size(
			exchange, told_length(exchange, &response->fields, length));
	} else {
		exchange->response =
			body == NULL ? response_of_str(STR("")) : response_of_body(exchange, body);
	}
	exchange_answered(exchange, response);
}

static void exchange_respond_str(struct http_exchange *public, const struct http_response *response,
				 struct str body)
{
	struct exchange *exchange = exchange_of(public);

	if (!may_answer(exchange))
		return;
	exchange->status = status_of(response);
	if (sends_no_body(exchange)) {
		exchange->response = response_of_size(
			exchange, told_length(exchange, &response->fields, (int64_t)body.size));
	} else {
		exchange->response = response_of_str(body);
		exchange->answer_bytes = (int64_t)body.size;
	}
	exchange_answered(exchange, response);
}

static void exchange_upgrade(struct http_exchange *public, const struct http_response *response,
			     struct http_body *outgoing, struct http_body *incoming)
{
	struct exchange *exchange = exchange_of(public);
	const struct http_fields *fields = &response->fields;

	if (!may_answer(exchange)) {
		http_body_consumer_release(outgoing);
		http_body_producer_release(incoming);
		return;
	}
	exchange->status = MHD_HTTP_SWITCHING_PROTOCOLS;
	exchange->response = upgrade_create(exchange, outgoing, incoming);
	for (size_t i = 0; i < fields->count; i++) {
		if (!str_equal_nocase(fields->items[i].name, STR("Connection")))
			add_field(exchange, fields->items[i].name, fields->items[i].value);
	}
	if (exchange->wait == WAIT_ANSWER)
		connection_wake(exchange->connection);
}

void exchange_answer_refusal(struct exchange *exchange, const struct http_refusal *refusal)
{
	exchange->status = status_of(&refusal->response);
	exchange->response = response_of_str(refusal->body);
	add_fields(exchange, &refusal->response.fields);
}

static void exchange_abort(struct http_exchange *public)
{
	struct exchange *exchange = exchange_of(public);

	if (exchange->connection == NULL || exchange->is_aborted)
		return;
	exchange->is_aborted = true;
	connection_cut(exchange->connection);
}

static struct str exchange_local_address(struct http_exchange *public)
{
	struct exchange *exchange = exchange_of(public);
	char address[INET6_ADDRSTRLEN] = "";

	if (exchange->connection != NULL)
		connection_read_local(exchange->connection, address);
	return str_copy(public->arena, str_from(address));
}

static struct http_tls_peer exchange_tls_peer(struct http_exchange *public)
{
	struct connection *connection = exchange_of(public)->connection;
	struct http_tls_peer none = {.server_name = STR(""), .certificate = STR("")};

	return connection != NULL && public->is_tls ? tls_peer(connection, public->arena) : none;
}

static const struct http_exchange_ops exchange_ops = {
	.respond = exchange_respond,
	.respond_str = exchange_respond_str,
	.upgrade = exchange_upgrade,
	.abort = exchange_abort,
	.hold = exchange_hold,
	.release = exchange_release,
	.local_address = exchange_local_address,
	.tls_peer = exchange_tls_peer,
};

/* The beginning. */

struct exchange *exchange_create(struct connection *connection, struct str target)
{
	struct http_listener *listener = connection->listener;
	struct exchange *exchange = exchange_take(listener->real);
	struct http_exchange *public = &exchange->public;

	exchange->connection = connection;
	exchange->holds = 1;
	connection->exchange = exchange;
	public->world = &listener->real->world;
	public->request.target = str_copy(public->arena, target);
	public->remote_address = str_from(connection->address);
	public->remote_port = connection->port;
	public->local_port = listener->port;
	public->connection_number = connection->number;
	public->is_tls = listener->is_tls;
	if (listener->asks_client_certificate)
		exchange->public.client_certificates = tls_client_certificates(connection);
	public->began_us = loop_monotonic_us(listener->real->loop);
	public->ops = &exchange_ops;
	return exchange;
}
