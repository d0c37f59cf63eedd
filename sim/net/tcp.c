/* The tcp port over streams: a connection is a stream and two bodies. What a component does to a
 * body only asks for the connection's work, which is done at the end of the turn. */
#include "world/tcp.h"

#include <stdlib.h>

#include "base/arena.h"
#include "base/limits.h"
#include "http/body.h"
#include "sim/net/stream.h"
#include "sim/sim_internal.h"
#include "world/clock.h"

struct tcp_connection {
	struct actor_resource resource;
	struct sim_process *process;
	struct stream *stream;
	struct http_body *outgoing; /* consumer's end */
	struct http_body *incoming; /* producer's end */
	struct task work;
	bool is_open; /* may be written to */
	bool has_broken;
};

struct tcp_listener {
	struct actor_resource resource;
	struct sim_process *process;
	struct stream_listener *socket;
	tcp_accepted *accepted;
	void *data;
};

/* Connections. */

static void connection_free(struct tcp_connection *connection)
{
	resource_disown(&connection->resource);
	list_remove(&connection->work.link);
	http_body_on_readable(connection->outgoing, NULL, NULL);
	http_body_on_writable(connection->incoming, NULL, NULL);
	stream_close(connection->stream);
	if (!connection->has_broken)
		http_body_end(connection->incoming);
	http_body_producer_release(connection->incoming);
	http_body_consumer_release(connection->outgoing);
	free(connection);
}

static void connection_abandon(struct actor_resource *resource)
{
	connection_free(LIST_ENTRY(resource, struct tcp_connection, resource));
}

static void receive(struct tcp_connection *connection)
{
	size_t room = http_body_room(connection->incoming);
	struct str bytes = str_slice(stream_peek(connection->stream), 0, room);

	if (bytes.size == 0)
		return;
	http_body_write(connection->incoming, bytes);
	stream_consume(connection->stream, bytes.size);
}

static void transmit(struct tcp_connection *connection)
{
	struct str bytes = http_body_peek(connection->outgoing);
	size_t written = 1;

	while (connection->is_open && bytes.size > 0 && written > 0) {
		written = stream_write(connection->stream, bytes);
		http_body_consume(connection->outgoing, written);
		bytes = http_body_peek(connection->outgoing);
	}
}

static bool is_over(const struct tcp_connection *connection)
{
	const struct http_body *outgoing = connection->outgoing;
	bool has_sent = http_body_waiting(outgoing) == 0 &&
			(http_body_is_ended(outgoing) || http_body_is_failed(outgoing));

	return has_sent || stream_is_ended(connection->stream);
}

static void connection_work(struct task *task)
{
	struct tcp_connection *connection = LIST_ENTRY(task, struct tcp_connection, work);

	receive(connection);
	transmit(connection);
	if (connection->has_broken || is_over(connection))
		connection_free(connection);
}

static void ask_for_work(struct tcp_connection *connection)
{
	world_defer(&connection->process->world, &connection->work, connection_work);
}

static void body_moved(struct http_body *body, void *data)
{
	(void)body;
	ask_for_work(data);
}

static void stream_opened(struct stream *stream, void *data)
{
	struct tcp_connection *connection = data;

	(void)stream;
	connection->is_open = true;
	ask_for_work(connection);
}

static void stream_moved(struct stream *stream, void *data)
{
	(void)stream;
	ask_for_work(data);
}

static void stream_lost(struct stream *stream, enum stream_failure failure, void *data)
{
	struct tcp_connection *connection = data;

	(void)stream;
	(void)failure;
	connection->has_broken = true;
	connection->is_open = false;
	ask_for_work(connection);
}

static const struct stream_events connection_events = {
	.opened = stream_opened,
	.readable = stream_moved,
	.writable = stream_moved,
	.failed = stream_lost,
};

static struct tcp_connection *connection_create(struct sim_process *process,
						struct http_body *outgoing,
						struct http_body *incoming)
{
	struct tcp_connection *connection = MEMORY_NEW(struct tcp_connection);

	connection->process = process;
	connection->outgoing = outgoing;
	connection->incoming = incoming;
	actor_own(&process->actor, &connection->resource, connection_abandon);
	return connection;
}

static void connection_begin(struct tcp_connection *connection)
{
	http_body_on_writable(connection->incoming, body_moved, connection);
	http_body_on_readable(connection->outgoing, body_moved, connection);
}

static void port_connect(struct world *world, struct str address, uint16_t port,
			 struct http_body *outgoing, struct http_body *incoming)
{
	struct sim_process *process = process_of(world);
	struct tcp_connection *connection = connection_create(process, outgoing, incoming);

	connection->stream = stream_connect(process->host, &process->actor, address, port,
					    &connection_events, connection);
	connection_begin(connection);
}

/* Listening. */

static void client_came(struct stream *stream, void *data)
{
	struct tcp_listener *listener = data;
	struct http_body *outgoing =
		http_body_create(HTTP_BODY_LENGTH_UNKNOWN, LIMIT_BODY_BUFFER_BYTES);
	struct http_body *incoming =
		http_body_create(HTTP_BODY_LENGTH_UNKNOWN, LIMIT_BODY_BUFFER_BYTES);
	struct tcp_connection *connection =
		connection_create(listener->process, outgoing, incoming);

	connection->stream = stream;
	connection->is_open = true;
	stream_adopt(stream, &connection_events, connection);
	connection_begin(connection);
	listener->accepted(incoming, outgoing, listener->data);
}

static void port_close(struct tcp_listener *listener)
{
	resource_disown(&listener->resource);
	stream_unlisten(listener->socket);
	free(listener);
}

static void listener_abandon(struct actor_resource *resource)
{
	port_close(LIST_ENTRY(resource, struct tcp_listener, resource));
}

static struct tcp_listener *port_listen(struct world *world, struct str address, uint16_t port,
					tcp_accepted *accepted, void *data, struct error *error)
{
	struct sim_process *process = process_of(world);
	struct stream_listen_options options = {.address = address, .port = port};
	struct tcp_listener *listener = MEMORY_NEW(struct tcp_listener);

	listener->process = process;
	listener->accepted = accepted;
	listener->data = data;
	listener->socket = stream_listen(process->host, &process->actor, &options,
					 accepted != NULL ? client_came : NULL, listener, error);
	if (listener->socket == NULL) {
		free(listener);
		return NULL;
	}
	actor_own(&process->actor, &listener->resource, listener_abandon);
	return listener;
}

static uint16_t port_port(struct tcp_listener *listener)
{
	return stream_listener_port(listener->socket);
}

const struct tcp_ops sim_tcp_ops = {
	.connect = port_connect,
	.listen = port_listen,
	.port = port_port,
	.close = port_close,
};
