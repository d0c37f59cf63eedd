/* The http_server port over streams: a connection reads one request after the other, and answers
 * each before it reads the next.
 *
 * Whatever a component does to an exchange or a body only asks for the connection's work, which is
 * done at the end of the turn: so the port never calls back from within a call of the component. */
#include "world/http_server.h"

#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/bug.h"
#include "base/error.h"
#include "base/limits.h"
#include "base/utc.h"
#include "http/http1.h"
#include "sim/net/stream.h"
#include "sim/net/tls.h"
#include "sim/sim_internal.h"
#include "world/clock.h"

#define IDLE_TIMEOUT_DEFAULT_MS 75000 /* spec/gateway.md 1.3 */
#define OUT_BYTES_MAX (1024 * 1024)   /* an answer's head, or one chunk */

struct connection;

struct http_listener {
	struct resource resource;
	struct sim_process *process;
	struct arena *arena;
	struct stream_listener *socket;
	http_requested *requested;
	void *data;
	int64_t idle_timeout_us;
	bool is_tls;
	struct tls_certificate certificate;
	struct list_link connections;
	uint64_t connections_count;
};

struct server_exchange {
	struct http_exchange public; /* first */
	struct resource resource;
	struct connection *connection; /* NULL when that is gone */
	int holds; /* the port's own until `ended` returned, and the component's */
	bool is_answered, is_aborted, is_chunked, has_ended;
	int status;
	struct http_body *answer; /* consumer's end of what streams */
	struct str rest;          /* or what is still to be sent of an answer that is all there */
};

struct connection {
	struct list_link link;
	struct http_listener *listener; /* NULL: closed, to be freed when not busy */
	struct stream *stream;
	uint64_t number;
	struct timer idle;
	struct task work;
	int busy;
	bool wants_hello; /* TLS, before the handshake */
	bool keep_alive;
	struct arena *arena; /* of the next request */
	struct server_exchange *exchange;
	struct http1_body reading;
	struct http_body *incoming; /* producer's end of the request's body, until it is complete */
	struct strbuf out;
	size_t out_sent;
};

static struct connection *connection_of(struct http_exchange *exchange)
{
	return ((struct server_exchange *)exchange)->connection;
}

/* Exchanges. */

static void exchange_release(struct http_exchange *public)
{
	struct server_exchange *exchange = (struct server_exchange *)public;

	BUG_IF(exchange->holds == 0);
	if (--exchange->holds > 0)
		return;
	resource_disown(&exchange->resource);
	arena_destroy(public->arena);
}

static void exchange_hold(struct http_exchange *public)
{
	((struct server_exchange *)public)->holds++;
}

static void exchange_let_go_of_answer(struct server_exchange *exchange)
{
	if (exchange->answer == NULL)
		return;
	http_body_on_readable(exchange->answer, NULL, NULL);
	http_body_consumer_release(exchange->answer);
	exchange->answer = NULL;
}

/* Says so to the component, once, and lets go of what the port had for it. */
static void exchange_end(struct server_exchange *exchange, bool complete)
{
	struct http_exchange *public = &exchange->public;

	exchange->connection->exchange = NULL;
	exchange->connection = NULL;
	exchange->has_ended = true;
	exchange_let_go_of_answer(exchange);
	if (public->ended != NULL)
	public->ended(public, complete);
	if (public->body != NULL)
		http_body_consumer_release(http_exchange_take_body(public));
	exchange_release(public);
}

/* The process is over: nobody is told. */
static void exchange_abandon(struct resource *resource)
{
	struct server_exchange *exchange = LIST_ENTRY(resource, struct server_exchange, resource);

	if (exchange->connection != NULL)
		exchange->connection->exchange = NULL;
	exchange_let_go_of_answer(exchange);
	if (exchange->public.body != NULL)
		http_body_consumer_release(exchange->public.body);
	arena_destroy(exchange->public.arena);
}

/* The end of a connection. */

static void connection_leave(struct connection *connection)
{
	if (--connection->busy > 0 || connection->listener != NULL)
		return;
	arena_destroy(connection->arena);
	strbuf_free(&connection->out);
	free(connection);
}

static void connection_let_go_of_incoming(struct connection *connection)
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
static void connection_close(struct connection *connection, bool tell)
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
		exchange_end(exchange, false);
	} else if (exchange != NULL) {
		exchange->connection = NULL;
		connection->exchange = NULL;
	}
	connection_let_go_of_incoming(connection);
	connection_leave(connection);
}

/* Reading. */

static void connection_work(struct task *task);

static void connection_ask_for_work(struct connection *connection)
{
	if (connection->listener != NULL)
		world_defer(&connection->listener->process->world, &connection->work,
			    connection_work);
}

static void incoming_writable(struct http_body *body, void *data)
{
	(void)body;
	connection_ask_for_work(data);
}

static void refuse_request(struct connection *connection, const struct http1_fault *fault)
{
	struct http_response response;
	struct str text = str_from(fault->text);

	http_response_init(&response, connection->arena, fault->status);
	http_fields_add(&response.fields, STR("Content-Type"), STR("text/plain"));
	http1_write_response(&connection->out, &response, STR("GET"), (int64_t)text.size, false);
	strbuf_append(&connection->out, text);
	stream_write(connection->stream, strbuf_str(&connection->out));
	connection_close(connection, true);
}

static void exchange_trace(const struct server_exchange *exchange, struct str kind)
{
	const struct http_exchange *public = &exchange->public;
	struct sim_process *process = process_of(public->world);
	struct trace *trace = &process->sim->trace;

	trace_begin(trace, process->host->name, kind);
	trace_int(trace, STR("connection"), (int64_t)stream_number(exchange->connection->stream));
	trace_text(trace, STR("process"), process->name);
}

static const struct http_exchange_ops exchange_ops;

static struct server_exchange *exchange_create(struct connection *connection,
					       const struct http_request *request)
{
	struct http_listener *listener = connection->listener;
	struct arena *arena = connection->arena;
	struct server_exchange *exchange = ARENA_NEW(arena, struct server_exchange);

	connection->arena = NULL; /* the exchange's from now on */
	connection->exchange = exchange;
	exchange->connection = connection;
	exchange->holds = 1;
	exchange->public = (struct http_exchange){
		.world = &listener->process->world,
		.arena = arena,
		.request = *request,
		.remote_address = str_copy(arena, stream_peer_address(connection->stream)),
		.remote_port = stream_peer_port(connection->stream),
		.local_port = stream_local_port(connection->stream),
		.connection_number = connection->number,
		.is_tls = listener->is_tls,
		.began_us = world_monotonic_us(&listener->process->world),
		.ops = &exchange_ops,
	};
	actor_own(&listener->process->actor, &exchange->resource, exchange_abandon);
	exchange_trace(exchange, STR("request"));
	trace_text(&listener->process->sim->trace, STR("method"), request->method);
	trace_text(&listener->process->sim->trace, STR("target"), request->target);
	trace_end(&listener->process->sim->trace);
	return exchange;
}

static void begin_exchange(struct connection *connection, const struct http_request *request,
			   struct http1_framing framing)
{
	struct http_listener *listener = connection->listener;
	struct server_exchange *exchange = exchange_create(connection, request);

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

/* True when there may be more to do. */
static bool read_head(struct connection *connection)
{
	struct str bytes = stream_peek(connection->stream);
	struct http_request request;
	struct http1_framing framing;
	struct http1_fault fault;
	size_t used;

	if (bytes.size == 0)
		return false;
	if (connection->arena == NULL)
		connection->arena = arena_create();
	switch (http1_read_request(bytes, connection->arena, &request, &framing, &used, &fault)) {
	case HTTP1_INCOMPLETE:
		arena_reset(connection->arena);
		return false;
	case HTTP1_INVALID:
		refuse_request(connection, &fault);
		return false;
	case HTTP1_DONE:
		break;
	}
	stream_consume(connection->stream, used);
	begin_exchange(connection, &request, framing);
	return true;
}

/* As much of the request's body as its consumer has room for. */
static void read_body(struct connection *connection)
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

static bool read_hello(struct connection *connection)
{
	size_t used;

	switch (tls_read_hello(stream_peek(connection->stream), &used)) {
	case TLS_INCOMPLETE:
		return false;
	case TLS_BROKEN:
		connection_close(connection, true);
		return false;
	case TLS_DONE:
		break;
	}
	stream_consume(connection->stream, used);
	connection->wants_hello = false;
	tls_write_certificate(&connection->out, &connection->listener->certificate);
	stream_write(connection->stream, strbuf_str(&connection->out));
	strbuf_clear(&connection->out);
	return true;
}

/* Writing. */

/* One more piece of the answer; false when there is none now. */
static bool write_piece(struct connection *connection, struct server_exchange *exchange)
{
	struct str piece = http_body_peek(exchange->answer);

	if (piece.size == 0) {
		if (http_body_is_failed(exchange->answer))
			exchange->is_aborted = true;
		if (!http_body_is_ended(exchange->answer))
			return false;
		if (exchange->is_chunked)
			http1_write_last_chunk(&connection->out);
		exchange_let_go_of_answer(exchange);
		return true;
	}
	if (exchange->is_chunked)
		http1_write_chunk(&connection->out, piece);
	else
		piece.size = stream_write(connection->stream, piece);
	exchange->public.body_bytes_sent += (int64_t)piece.size;
	http_body_consume(exchange->answer, piece.size);
	return piece.size > 0;
}

/* True when the whole answer was handed over. */
static bool write_answer(struct connection *connection)
{
	struct server_exchange *exchange = connection->exchange;

	for (;;) {
		struct str out = str_skip(strbuf_str(&connection->out), connection->out_sent);
		size_t written = out.size > 0 ? stream_write(connection->stream, out) : 0;

		connection->out_sent += written;
		if (written < out.size)
			return false;
		strbuf_clear(&connection->out);
		connection->out_sent = 0;
		if (exchange->rest.size > 0) {
			written = stream_write(connection->stream, exchange->rest);
			exchange->rest = str_skip(exchange->rest, written);
			exchange->public.body_bytes_sent += (int64_t)written;
			return exchange->rest.size == 0;
		}
		if (exchange->answer == NULL)
			return true;
		if (!write_piece(connection, exchange))
			return false;
		if (connection->listener == NULL)
			return false;
	}
}

static void finish_exchange(struct connection *connection)
{
	exchange_end(connection->exchange, true);
	if (connection->listener != NULL && !connection->keep_alive)
		connection_close(connection, true);
}

/* The connection's work: all that can be done now, in either direction. */

static bool is_waiting_for_client(const struct connection *connection)
{
	if (connection->exchange == NULL || connection->out.size > 0 ||
	    connection->exchange->rest.size > 0)
		return true;
	return connection->incoming != NULL && http_body_room(connection->incoming) > 0;
}

static void connection_idle_too_long(struct timer *timer)
{
	struct connection *connection = LIST_ENTRY(timer, struct connection, idle);

	connection_close(connection, true);
}

static void connection_advance(struct connection *connection)
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
		    write_answer(connection)) {
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
	connection_advance(LIST_ENTRY(task, struct connection, work));
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
	struct connection *connection = MEMORY_NEW(struct connection);

	connection->listener = listener;
	connection->stream = stream;
	connection->number = ++listener->connections_count;
	connection->wants_hello = listener->is_tls;
	strbuf_init(&connection->out, OUT_BYTES_MAX);
	list_append(&listener->connections, &connection->link);
	stream_adopt(stream, &connection_events, connection);
	timer_start(&listener->process->world, &connection->idle, listener->idle_timeout_us,
		    connection_idle_too_long);
}

/* Answering. */

/* The framing and what becomes of the connection are the port's to say. */
static bool field_is_ours(struct str name)
{
	static const struct str names[] = {
		STR_INIT("Transfer-Encoding"),
		STR_INIT("Connection"),
		STR_INIT("Keep-Alive"),
		STR_INIT("Upgrade"),
	};

	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		if (str_equal_nocase(names[i], name))
			return true;
	}
	return false;
}

/* As the real world writes it: the usual reason, no unsound fields, no interim answers. */
static void complete_answer(const struct server_exchange *exchange,
			    const struct http_response *response, struct http_response *complete)
{
	struct arena *arena = exchange->public.arena;
	const struct http_fields *fields = &response->fields;
	bool is_final = response->status >= 200 && response->status <= 599;
	char date[32];

	http_response_init(complete, arena, is_final ? response->status : 500);
	for (size_t i = 0; i < fields->count; i++) {
		const struct http_field *field = &fields->items[i];

		if (http_is_token(field->name) && http_is_field_value(field->value) &&
		    !field_is_ours(field->name))
			http_fields_add(&complete->fields, field->name, field->value);
	}
	if (!http_fields_has(fields, STR("Date")))
		http_fields_add(
			&complete->fields, STR("Date"),
			str_copy(arena,
				 utc_format_http(date, world_utc_us(exchange->public.world))));
}

static void write_answer_head(struct server_exchange *exchange,
			      const struct http_response *response, int64_t length)
{
	struct connection *connection = exchange->connection;
	struct http_response complete;

	complete_answer(exchange, response, &complete);
	if (http_fields_lists(&response->fields, STR("Connection"), STR("close")))
		connection->keep_alive = false;
	exchange->is_chunked = length == HTTP_BODY_LENGTH_UNKNOWN;
	if (exchange->is_chunked && exchange->public.request.minor_version == 0) {
		exchange->is_chunked = false; /* HTTP/1.0 knows no chunks */
		length = HTTP1_LENGTH_UNTIL_CLOSE;
		connection->keep_alive = false;
	}
	http1_write_response(&connection->out, &complete, exchange->public.request.method, length,
			     connection->keep_alive);
	exchange->status = complete.status;
	exchange_trace(exchange, STR("answer"));
	trace_int(&process_of(exchange->public.world)->sim->trace, STR("status"), complete.status);
	trace_end(&process_of(exchange->public.world)->sim->trace);
	exchange->is_answered = true;
	connection_ask_for_work(connection);
}

static bool answer_has_body(const struct server_exchange *exchange)
{
	return exchange->status != 204 && exchange->status != 304 &&
	       !str_equal(exchange->public.request.method, STR("HEAD"));
}

static void answer_readable(struct http_body *body, void *data)
{
	(void)body;
	connection_ask_for_work(connection_of(data));
}

static void exchange_respond(struct http_exchange *public, const struct http_response *response,
			     struct http_body *body)
{
	struct server_exchange *exchange = (struct server_exchange *)public;
	int64_t length = body != NULL ? http_body_length(body) : 0;

	if (exchange->connection == NULL) {
		if (body != NULL)
			http_body_consumer_release(body);
		return;
	}
	BUG_IF(exchange->is_answered);
	write_answer_head(exchange, response, length);
	exchange->answer = body;
	if (!answer_has_body(exchange))
		exchange_let_go_of_answer(exchange);
	if (exchange->answer != NULL)
		http_body_on_readable(body, answer_readable, public);
}

static void exchange_respond_str(struct http_exchange *public, const struct http_response *response,
				 struct str body)
{
	struct server_exchange *exchange = (struct server_exchange *)public;

	if (exchange->connection == NULL)
		return;
	BUG_IF(exchange->is_answered);
	write_answer_head(exchange, response, (int64_t)body.size);
	if (answer_has_body(exchange))
		exchange->rest = body;
}

static void exchange_abort(struct http_exchange *public)
{
	struct server_exchange *exchange = (struct server_exchange *)public;

	if (exchange->connection == NULL)
		return;
	exchange->is_aborted = true;
	connection_ask_for_work(exchange->connection);
}

static const struct http_exchange_ops exchange_ops = {
	.respond = exchange_respond,
	.respond_str = exchange_respond_str,
	.abort = exchange_abort,
	.hold = exchange_hold,
	.release = exchange_release,
};

/* The port. */

static void listener_free(struct http_listener *listener, bool tell)
{
	struct list_link *link;

	resource_disown(&listener->resource);
	stream_unlisten(listener->socket);
	while ((link = list_first(&listener->connections)) != NULL)
		connection_close(LIST_ENTRY(link, struct connection, link), tell);
	arena_destroy(listener->arena);
	free(listener);
}

static void listener_abandon(struct resource *resource)
{
	listener_free(LIST_ENTRY(resource, struct http_listener, resource), false);
}

static void port_close(struct http_listener *listener)
{
	listener_free(listener, true);
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
	listener->is_tls = options->certificate.size > 0;
	list_init(&listener->connections);
	if (listener->is_tls && !tls_certificate_read(str_copy(arena, options->certificate),
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
