/* The http_server port over streams: a connection reads one request after the other, and has each
 * answered before it reads the next. */
#include "world/http_server.h"

#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/base64.h"
#include "base/bug.h"
#include "base/error.h"
#include "base/limits.h"
#include "sim/net/http_server_internal.h"

#define IDLE_TIMEOUT_DEFAULT_MS 75000 /* spec/gateway.md 1.3 */
#define OUT_BYTES_MAX (1024 * 1024)   /* an answer's head, or one chunk */

/* The end of a connection. */

static void connection_leave(struct server_connection *connection)
{
	if (--connection->busy > 0 || connection->listener != NULL)
		return;
	arena_destroy(connection->arena);
	arena_destroy(connection->tls);
	strbuf_free(&connection->out);
	strbuf_free(&connection->head);
	free(connection);
}

static void connection_let_go_of_incoming(struct server_connection *connection)
{
	struct http_body *incoming = connection->incoming;

	if (incoming == NULL)
		return;
	connection->incoming = NULL;
	http_body_on_writable(incoming, NULL, NULL);
	http_body_producer_release(incoming);
}

/* Takes the connection out of everything; it is freed with the last connection_leave(). The
 * exchange learns it before the body fails, so that the component has let go of that by then. */
static void connection_close(struct server_connection *connection, bool tell)
{
	struct server_exchange *exchange = connection->exchange;

	if (connection->listener == NULL)
		return;
	connection->busy++;
	connection->listener = NULL;
	timer_stop(&connection->idle);
	list_remove(&connection->work.link);
	list_remove(&connection->link);
	stream_close(connection->stream);
	connection->stream = NULL;
	if (exchange != NULL && tell) {
		server_exchange_end(exchange, false);
	} else if (exchange != NULL) {
		exchange->connection = NULL;
		connection->exchange = NULL;
	}
	connection_let_go_of_incoming(connection);
	connection_leave(connection);
}

/* Reading. */

static void connection_work(struct task *task);

void server_connection_ask_for_work(struct server_connection *connection)
{
	if (connection->listener != NULL)
		world_defer(&connection->listener->process->world, &connection->work,
			    connection_work);
}

static void incoming_writable(struct http_body *body, void *data)
{
	(void)body;
	server_connection_ask_for_work(data);
}

/* As much of it as there is, for the component's log. */
static void read_request_line(const struct server_connection *connection,
			      struct http_request *request)
{
	struct str bytes = stream_peek(connection->stream), rest;

	bytes = str_slice(bytes, 0, str_find_char(bytes, '\r'));
	str_split_once(bytes, ' ', &request->method, &rest);
	str_split_once(rest, ' ', &request->target, &rest);
}

void server_connection_read_raw(struct server_connection *connection, struct http_body *incoming)
{
	connection->incoming = incoming;
	connection->keep_alive = false;
	http_body_on_writable(incoming, incoming_writable, connection);
	http1_body_begin(&connection->reading, (struct http1_framing){.kind = HTTP1_UNTIL_CLOSE});
	server_connection_ask_for_work(connection);
}

static void refuse_request(struct server_connection *connection, const struct http1_fault *fault)
{
	struct http_listener *listener = connection->listener;
	bool says_why = fault->status != listener->limits.status && listener->refused == NULL;
	struct http_request request = {.minor_version = 1};
	struct http_refusal refusal = {
		.arena = connection->arena,
		.reason = fault->text,
		.request = &request,
		.remote_address = stream_peer_address(connection->stream),
		.connection_number = connection->number,
		.body = says_why ? str_from(fault->text) : STR(""),
	};

	read_request_line(connection, &request);
	http_response_init(&refusal.response, connection->arena, fault->status);
	if (listener->refused != NULL)
		listener->refused(&refusal, listener->data);
	else
		http_fields_add(&refusal.response.fields, STR("Content-Type"), STR("text/plain"));
	http1_write_response(&connection->out, &refusal.response, STR("GET"),
			     (int64_t)refusal.body.size, false);
	strbuf_append(&connection->out, refusal.body);
	stream_write(connection->stream, strbuf_str(&connection->out));
	connection_close(connection, true);
}

static void begin_exchange(struct server_connection *connection, const struct http_request *request,
			   struct http1_framing framing)
{
	struct http_listener *listener = connection->listener;
	struct server_exchange *exchange = server_exchange_create(connection, request);

	connection->keep_alive = framing.keep_alive;
	if (framing.kind == HTTP1_CHUNKED || (framing.kind == HTTP1_LENGTH && framing.length > 0)) {
		int64_t length =
			framing.kind == HTTP1_LENGTH ? framing.length : HTTP_BODY_LENGTH_UNKNOWN;

		connection->incoming = http_body_create(length, LIMIT_BODY_BUFFER_BYTES);
		exchange->public.body = connection->incoming;
		http_body_on_writable(connection->incoming, incoming_writable, connection);
		http1_body_begin(&connection->reading, framing);
		if (http_fields_lists(&request->fields, STR("Expect"), STR("100-continue")))
			stream_write(connection->stream, STR("HTTP/1.1 100 Continue\r\n\r\n"));
	}
	listener->requested(&exchange->public, listener->data);
}

/* A head may be larger than the stream's window: what has come is then taken out of it. */
static void keep_head(struct server_connection *connection, struct str bytes)
{
	if (connection->head.size == 0 && bytes.size < STREAM_WINDOW_BYTES / 2)
		return;
	strbuf_append(&connection->head, bytes);
	stream_consume(connection->stream, bytes.size);
}

/* True when there may be more to do. */
static bool read_head(struct server_connection *connection)
{
	struct str came = stream_peek(connection->stream), bytes = came;
	const struct http1_limits *limits = &connection->listener->limits;
	size_t kept = connection->head.size, used;
	struct http_request request;
	struct http1_framing framing;
	struct http1_fault fault;

	if (came.size == 0)
		return false;
	if (connection->arena == NULL)
		connection->arena = arena_create();
	if (kept > 0)
		bytes = STR_CONCAT(connection->arena, strbuf_str(&connection->head), came);
	switch (http1_read_request(bytes, limits, connection->arena, &request, &framing, &used,
				   &fault)) {
	case HTTP1_INCOMPLETE:
		keep_head(connection, came);
		arena_reset(connection->arena);
		return false;
	case HTTP1_INVALID:
		refuse_request(connection, &fault);
		return false;
	case HTTP1_DONE:
		break;
	}
	strbuf_clear(&connection->head);
	stream_consume(connection->stream, used - kept);
	begin_exchange(connection, &request, framing);
	return true;
}

/* As much of the request's body as its consumer has room for. */
static void read_body(struct server_connection *connection)
{
	struct http1_fault fault;

	while (connection->incoming != NULL) {
		struct str bytes = stream_peek(connection->stream), data;
		size_t used;

		if (!http_body_is_abandoned(connection->incoming))
			bytes = str_slice(bytes, 0, http_body_room(connection->incoming));
		if (bytes.size == 0)
			return;

		enum http1_result result =
			http1_read_body(&connection->reading, bytes, &used, &data, &fault);

		if (result == HTTP1_INVALID) {
			connection_close(connection, true);
			return;
		}
		if (data.size > 0)
			http_body_write(connection->incoming, data);
		if (connection->listener == NULL)
			return;
		stream_consume(connection->stream, used);
		if (result == HTTP1_DONE) {
			http_body_end(connection->incoming);
			connection_let_go_of_incoming(connection);
		} else if (used == 0) {
			return;
		}
	}
}

static bool read_hello(struct server_connection *connection)
{
	struct tls_hello hello;
	size_t used;

	switch (tls_read_hello(stream_peek(connection->stream), &hello, &used)) {
	case TLS_INCOMPLETE:
		return false;
	case TLS_BROKEN:
		connection_close(connection, true);
		return false;
	case TLS_DONE:
		break;
	}
	connection->tls = arena_create();
	connection->hello.server_name = str_copy(connection->tls, hello.server_name);
	if (!connection->listener->asks_client_certificate ||
	    !base64_decode(connection->tls, hello.certificate, &connection->hello.certificate))
		connection->hello.certificate = STR("");
	stream_consume(connection->stream, used);
	connection->wants_hello = false;
	tls_write_certificate(&connection->out, &connection->listener->certificate);
	stream_write(connection->stream, strbuf_str(&connection->out));
	strbuf_clear(&connection->out);
	return true;
}

static void finish_exchange(struct server_connection *connection)
{
	server_exchange_end(connection->exchange, true);
	if (connection->listener != NULL && !connection->keep_alive)
		connection_close(connection, true);
}

/* The connection's work: all that can be done now, in either direction. */

static bool is_waiting_for_client(const struct server_connection *connection)
{
	if (connection->exchange == NULL || connection->out.size > 0 ||
	    connection->exchange->rest.size > 0)
		return true;
	return connection->incoming != NULL && http_body_room(connection->incoming) > 0;
}

static void connection_idle_too_long(struct timer *timer)
{
	struct server_connection *connection = LIST_ENTRY(timer, struct server_connection, idle);

	connection_close(connection, true);
}

static void connection_advance(struct server_connection *connection)
{
	bool goes_on = true;

	connection->busy++;
	while (goes_on && connection->listener != NULL) {
		goes_on = false;
		if (connection->wants_hello)
			goes_on = read_hello(connection);
		else if (connection->incoming != NULL)
			read_body(connection);
		else if (connection->exchange == NULL)
			goes_on = read_head(connection);
		if (connection->listener == NULL)
			break;
		if (connection->exchange != NULL && connection->exchange->is_answered &&
		    server_exchange_write(connection)) {
			finish_exchange(connection);
			goes_on = true;
		}
		if (connection->exchange != NULL && connection->exchange->is_aborted) {
			connection_close(connection, true);
			break;
		}
	}
	/* Who has ended has gone away (nginx takes it so too), whatever is still to be read. */
	if (connection->listener != NULL && stream_peer_has_ended(connection->stream))
		connection_close(connection, true);
	if (connection->listener != NULL) {
		if (is_waiting_for_client(connection))
			timer_start(&connection->listener->process->world, &connection->idle,
				    connection->listener->idle_timeout_us,
				    connection_idle_too_long);
		else
			timer_stop(&connection->idle);
	}
	connection_leave(connection);
}

static void connection_work(struct task *task)
{
	connection_advance(LIST_ENTRY(task, struct server_connection, work));
}

static void stream_moved(struct stream *stream, void *data)
{
	(void)stream;
	connection_advance(data);
}

static void stream_lost(struct stream *stream, enum stream_failure failure, void *data)
{
	(void)stream;
	(void)failure;
	connection_close(data, true);
}

static const struct stream_events connection_events = {
	.readable = stream_moved,
	.writable = stream_moved,
	.failed = stream_lost,
};

static void connection_accepted(struct stream *stream, void *data)
{
	struct http_listener *listener = data;
	struct server_connection *connection = MEMORY_NEW(struct server_connection);

	connection->listener = listener;
	connection->stream = stream;
	connection->number = ++listener->connections_count;
	connection->wants_hello = listener->is_tls;
	strbuf_init(&connection->out, OUT_BYTES_MAX);
	strbuf_init(&connection->head, OUT_BYTES_MAX);
	list_append(&listener->connections, &connection->link);
	stream_adopt(stream, &connection_events, connection);
	timer_start(&listener->process->world, &connection->idle, listener->idle_timeout_us,
		    connection_idle_too_long);
}

/* The port. */

static void listener_free(struct http_listener *listener, bool tell)
{
	struct list_link *link;

	resource_disown(&listener->resource);
	stream_unlisten(listener->socket);
	while ((link = list_first(&listener->connections)) != NULL)
		connection_close(LIST_ENTRY(link, struct server_connection, link), tell);
	arena_destroy(listener->arena);
	free(listener);
}

static void listener_abandon(struct actor_resource *resource)
{
	listener_free(LIST_ENTRY(resource, struct http_listener, resource), false);
}

static void port_close(struct http_listener *listener)
{
	listener_free(listener, true);
}

/* Without one, one of its own that nobody trusts. */
static struct str certificate_of(const struct http_listen_options *options, struct arena *arena)
{
	return options->certificate.size > 0
		       ? str_copy(arena, options->certificate)
		       : sim_tls_certificate(arena, STR("localhost"), STR("self-signed"));
}

static struct http_listener *port_listen(struct world *world,
					 const struct http_listen_options *options,
					 http_requested *requested, void *data, struct error *error)
{
	struct sim_process *process = process_of(world);
	struct arena *arena = arena_create();
	struct http_listener *listener = MEMORY_NEW(struct http_listener);
	struct stream_listen_options listen = {.address = options->address,
					       .port = options->port,
					       .share_port = options->share_port};
	int64_t idle_ms =
		options->idle_timeout_ms > 0 ? options->idle_timeout_ms : IDLE_TIMEOUT_DEFAULT_MS;

	listener->process = process;
	listener->arena = arena;
	listener->requested = requested;
	listener->data = data;
	listener->idle_timeout_us = idle_ms * 1000;
	listener->limits = options->limits;
	listener->refused = options->refused;
	listener->is_tls = options->is_tls || options->certificate.size > 0;
	listener->asks_client_certificate = options->asks_client_certificate;
	list_init(&listener->connections);
	if (listener->is_tls && !tls_certificate_read(arena, certificate_of(options, arena),
						      &listener->certificate, error)) {
		error_wrap(error, "cannot listen on port %u", (unsigned)options->port);
		goto fail;
	}
	listener->socket = stream_listen(process->host, &process->actor, &listen,
					 connection_accepted, listener, error);
	if (listener->socket == NULL)
		goto fail;
	actor_own(&process->actor, &listener->resource, listener_abandon);
	return listener;
fail:
	arena_destroy(arena);
	free(listener);
	return NULL;
}

static uint16_t port_port(struct http_listener *listener)
{
	return stream_listener_port(listener->socket);
}

const struct http_server_ops sim_http_server_ops = {
	.listen = port_listen,
	.port = port_port,
	.close = port_close,
};
