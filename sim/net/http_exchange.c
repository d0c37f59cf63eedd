/* Exchanges: a request, and the answer to it on its way out. */
#include <string.h>

#include "base/arena.h"
#include "base/bug.h"
#include "base/certificate.h"
#include "base/limits.h"
#include "base/utc.h"
#include "sim/net/http_server_internal.h"

static struct server_connection *connection_of(struct http_exchange *exchange)
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

void server_exchange_end(struct server_exchange *exchange, bool complete)
{
	struct http_exchange *public = &exchange->public;

	exchange->connection->exchange = NULL;
	exchange->connection = NULL;
	exchange->has_ended = true;
	exchange_let_go_of_answer(exchange);
	if (public->ended != NULL)
		exchange->public.ended(public, complete);
	if (public->body != NULL)
		http_body_consumer_release(http_exchange_take_body(public));
	exchange_release(public);
}

/* The process is over: nobody is told. */
static void exchange_abandon(struct actor_resource *resource)
{
	struct server_exchange *exchange = LIST_ENTRY(resource, struct server_exchange, resource);

	if (exchange->connection != NULL)
		exchange->connection->exchange = NULL;
	exchange_let_go_of_answer(exchange);
	if (exchange->public.body != NULL)
		http_body_consumer_release(exchange->public.body);
	arena_destroy(exchange->public.arena);
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

struct server_exchange *server_exchange_create(struct server_connection *connection,
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
		.client_certificates = (unsigned)certificate_count(connection->hello.certificate),
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

/* Writing. */

/* One more piece of the answer; false when there is none now. */
static bool write_piece(struct server_connection *connection, struct server_exchange *exchange)
{
	struct str piece = str_slice(http_body_peek(exchange->answer), 0, LIMIT_BODY_BUFFER_BYTES);

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

bool server_exchange_write(struct server_connection *connection)
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
	struct server_connection *connection = exchange->connection;
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
	server_connection_ask_for_work(connection);
}

static bool answer_has_body(const struct server_exchange *exchange)
{
	return exchange->status != 204 && exchange->status != 304 &&
	       !str_equal(exchange->public.request.method, STR("HEAD"));
}

static void answer_readable(struct http_body *body, void *data)
{
	(void)body;
	server_connection_ask_for_work(connection_of(data));
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

static void exchange_upgrade(struct http_exchange *public, const struct http_response *response,
			     struct http_body *outgoing, struct http_body *incoming)
{
	struct server_exchange *exchange = (struct server_exchange *)public;
	struct server_connection *connection = exchange->connection;

	if (connection == NULL) {
		http_body_consumer_release(outgoing);
		http_body_producer_release(incoming);
		return;
	}
	BUG_IF(exchange->is_answered || connection->incoming != NULL);
	strbuf_append(&connection->out,
		      STR("HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\n"));
	for (size_t i = 0; i < response->fields.count; i++) {
		const struct http_field *field = &response->fields.items[i];

		if (http_is_token(field->name) && http_is_field_value(field->value) &&
		    !str_equal_nocase(field->name, STR("Connection")))
			strbuf_append_format(&connection->out, "%.*s: %.*s\r\n",
					     STR_ARG(field->name), STR_ARG(field->value));
	}
	strbuf_append(&connection->out, STR("\r\n"));
	exchange->status = 101;
	exchange->is_answered = true;
	exchange->answer = outgoing;
	http_body_on_readable(outgoing, answer_readable, public);
	server_connection_read_raw(connection, incoming);
}

static void exchange_abort(struct http_exchange *public)
{
	struct server_exchange *exchange = (struct server_exchange *)public;

	if (exchange->connection == NULL)
		return;
	exchange->is_aborted = true;
	server_connection_ask_for_work(exchange->connection);
}

static struct http_tls_peer exchange_tls_peer(struct http_exchange *public)
{
	const struct server_connection *connection = connection_of(public);
	struct http_tls_peer peer = {.server_name = STR(""), .certificate = STR("")};

	if (connection == NULL || connection->tls == NULL)
		return peer;
	peer.server_name = str_copy(public->arena, connection->hello.server_name);
	peer.certificate = str_copy(public->arena, connection->hello.certificate);
	return peer;
}

static struct str exchange_local_address(struct http_exchange *public)
{
	struct server_exchange *exchange = (struct server_exchange *)public;

	return exchange->connection != NULL
		       ? str_copy(public->arena, stream_local_address(exchange->connection->stream))
		       : STR("");
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
