#include "sim/data/resp_server.h"

#include <stdlib.h>

#include "base/arena.h"
#include "base/bug.h"
#include "sim/net/stream.h"
#include "sim/sim_internal.h"
#include "store/resp.h"

#define OUT_BYTES_MAX (1024 * 1024 * 1024)
/* A client that does not read its replies is not read either. */
#define OUT_WAITING_BYTES_MAX (1024 * 1024)

static void connection_free(struct resp_connection *connection)
{
	struct stream *stream = connection->stream;

	list_remove(&connection->link);
	list_remove(&connection->flush.link);
	connection->stream = NULL;
	stream_close(stream);
	connection->server->events->closed(connection, connection->server->data);
	arena_destroy(connection->arena);
	strbuf_free(&connection->out);
	free(connection);
}

static void connection_read(struct resp_connection *connection);

static void connection_flush(struct task *task)
{
	struct resp_connection *connection = LIST_ENTRY(task, struct resp_connection, flush);
	struct str out = str_skip(strbuf_str(&connection->out), connection->out_sent);
	size_t written = out.size > 0 ? stream_write(connection->stream, out) : 0;

	connection->out_sent += written;
	if (written < out.size)
		return;
	strbuf_clear(&connection->out);
	connection->out_sent = 0;
	if (connection->wants_end)
		connection_free(connection);
	else
		connection_read(connection);
}

static void connection_ask_for_flush(struct resp_connection *connection)
{
	world_defer(&connection->server->process->world, &connection->flush, connection_flush);
}

void resp_write(struct resp_connection *connection, struct str bytes)
{
	if (connection->stream == NULL)
		return;
	if (!strbuf_append(&connection->out, bytes))
		connection->wants_end = true;
	connection_ask_for_flush(connection);
}

void resp_end(struct resp_connection *connection)
{
	if (connection->stream == NULL)
		return;
	connection->wants_end = true;
	connection_ask_for_flush(connection);
}

static void connection_write(struct resp_connection *connection, const struct redis_reply *reply)
{
	if (!resp_write_reply(&connection->out, reply))
		connection->wants_end = true;
	connection_ask_for_flush(connection);
}

static void connection_refuse(struct resp_connection *connection)
{
	static const struct redis_reply refusal = {.kind = REDIS_ERROR,
						   .text = STR_INIT("ERR Protocol error")};

	connection->is_refused = true;
	if (connection->waiting > 0)
		return;
	connection_write(connection, &refusal);
	connection->wants_end = true;
}

void resp_answer(struct resp_connection *connection, const struct redis_reply *reply)
{
	if (connection->stream == NULL)
		return;
	BUG_IF(connection->waiting == 0);
	connection->waiting--;
	connection_write(connection, reply);
	if (connection->is_refused)
		connection_refuse(connection);
}

static void connection_read(struct resp_connection *connection)
{
	struct str *words;
	size_t count, used;

	while (!connection->is_refused && !connection->wants_end &&
	       connection->out.size < OUT_WAITING_BYTES_MAX) {
		struct str bytes = stream_peek(connection->stream);

		if (bytes.size == 0)
			return;
		arena_reset(connection->arena);
		switch (resp_read_command(bytes, connection->arena, &words, &count, &used)) {
		case RESP_INCOMPLETE:
			stream_want_more(connection->stream);
			return;
		case RESP_INVALID:
			connection_refuse(connection);
			return;
		case RESP_DONE:
			break;
		}
		stream_consume(connection->stream, used);
		if (count == 0)
			continue;
		connection->waiting++;
		connection->server->events->command(connection, words, count,
						    connection->server->data);
	}
}

static void stream_readable(struct stream *stream, void *data)
{
	struct resp_connection *connection = data;

	connection_read(connection);
	/* Half a connection is none: nobody waits for replies any more. */
	if (stream_peer_has_ended(stream))
		connection_free(connection);
}

static void stream_writable(struct stream *stream, void *data)
{
	(void)stream;
	connection_flush(&((struct resp_connection *)data)->flush);
}

static void stream_lost(struct stream *stream, enum stream_failure failure, void *data)
{
	(void)stream;
	(void)failure;
	connection_free(data);
}

static const struct stream_events connection_events = {
	.readable = stream_readable,
	.writable = stream_writable,
	.failed = stream_lost,
};

static void connection_accepted(struct stream *stream, void *data)
{
	struct resp_server *server = data;
	struct resp_connection *connection = MEMORY_NEW(struct resp_connection);

	connection->server = server;
	connection->stream = stream;
	connection->arena = arena_create();
	strbuf_init(&connection->out, OUT_BYTES_MAX);
	list_append(&server->connections, &connection->link);
	server->events->opened(connection, server->data);
	stream_adopt(stream, &connection_events, connection);
}

void resp_server_init(struct resp_server *server, struct sim_process *process,
		      const struct resp_server_events *events, void *data)
{
	*server = (struct resp_server){.process = process, .events = events, .data = data};
	list_init(&server->connections);
}

bool resp_server_listen(struct resp_server *server, struct str address, uint16_t port,
			struct error *error)
{
	struct stream_listen_options options = {.address = address, .port = port};

	BUG_IF(server->socket != NULL);
	server->socket = stream_listen(server->process->host, &server->process->actor, &options,
				       connection_accepted, server, error);
	return server->socket != NULL;
}

void resp_server_close(struct resp_server *server)
{
	struct list_link *link;

	if (server->socket != NULL)
		stream_unlisten(server->socket);
	server->socket = NULL;
	while ((link = list_first(&server->connections)) != NULL)
		connection_free(LIST_ENTRY(link, struct resp_connection, link));
}
