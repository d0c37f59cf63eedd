#include "store/store_server.h"

#include <stdlib.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/limits.h"
#include "base/list.h"
#include "store/resp.h"
#include "store/store.h"
#include "world/redis.h"
#include "world/tcp.h"

#define CONNECTIONS_MAX 64
#define COMMAND_BYTES_MAX ((size_t)16 * 1024 * 1024)
#define REPLY_BYTES_MAX ((size_t)64 * 1024 * 1024)

struct store_server {
	struct world *world;
	struct store *store;
	int database;
	struct tcp_listener *listener;
	struct list_link connections;
	size_t count;
};

struct connection {
	struct list_link link;
	struct store_server *server;
	struct redis_client *client;
	struct http_body *in, *out;
	struct strbuf got, reply;
	size_t got_used, reply_sent;
	bool is_waiting; /* for the store's reply */
	bool wants_end;  /* after what is in `reply` */
	bool is_closing;
};

static void connection_close(struct connection *connection)
{
	connection->is_closing = true;
	http_body_on_readable(connection->in, NULL, NULL);
	http_body_on_writable(connection->out, NULL, NULL);
	http_body_consumer_release(connection->in);
	http_body_end(connection->out);
	http_body_producer_release(connection->out);
	redis_close(connection->client);
	list_remove(&connection->link);
	connection->server->count--;
	strbuf_free(&connection->got);
	strbuf_free(&connection->reply);
	free(connection);
}

/* False: the other side does not take all of it yet. */
static bool connection_write(struct connection *connection)
{
	struct str rest = str_skip(strbuf_str(&connection->reply), connection->reply_sent);

	connection->reply_sent += http_body_write(connection->out, rest);
	if (connection->reply_sent < strbuf_str(&connection->reply).size)
		return false;
	strbuf_clear(&connection->reply);
	connection->reply_sent = 0;
	return true;
}

static void connection_read(struct connection *connection)
{
	struct str bytes;

	if (connection->got_used > 0) {
		struct str rest = str_skip(strbuf_str(&connection->got), connection->got_used);
		struct arena *arena = arena_create();

		rest = str_copy(arena, rest);
		strbuf_clear(&connection->got);
		strbuf_append(&connection->got, rest);
		connection->got_used = 0;
		arena_destroy(arena);
	}
	while ((bytes = http_body_peek(connection->in)).size > 0) {
		strbuf_append(&connection->got, bytes);
		http_body_consume(connection->in, bytes.size);
	}
}

static void connection_refuse(struct connection *connection, const char *text)
{
	const struct redis_reply reply = {.kind = REDIS_ERROR, .text = str_from(text)};

	resp_write_reply(&connection->reply, &reply);
}

static void connection_advance(struct connection *connection);

static void connection_replied(const struct redis_reply *reply, void *data)
{
	struct connection *connection = data;

	if (connection->is_closing)
		return;
	connection->is_waiting = false;
	if (reply->kind == REDIS_LOST || !resp_write_reply(&connection->reply, reply)) {
		strbuf_clear(&connection->reply);
		connection_refuse(connection, "ERR the reply cannot be sent");
		connection->wants_end = true;
	}
	connection_advance(connection);
}

/* True when one was there; what is to be answered at once is. */
static bool connection_take_command(struct connection *connection)
{
	struct str bytes = str_skip(strbuf_str(&connection->got), connection->got_used), *words;
	struct arena *arena = arena_create();
	size_t count, used;
	enum resp_result result = strbuf_is_full(&connection->got)
					  ? RESP_INVALID
					  : resp_read_command(bytes, arena, &words, &count, &used);

	if (result == RESP_INVALID) {
		connection_refuse(connection, "ERR Protocol error");
		connection->wants_end = true;
	} else if (result == RESP_DONE) {
		connection->got_used += used;
		if (count > 0 && store_command_writes(connection->server->store, words[0])) {
			connection_refuse(connection,
					  "READONLY You can't write against a read only replica.");
		} else if (count > 0) {
			connection->is_waiting = true;
			redis_send(connection->client, words, count, connection_replied,
				   connection);
		}
	}
	arena_destroy(arena);
	return result != RESP_INCOMPLETE;
}

static void connection_advance(struct connection *connection)
{
	while (!connection->is_waiting) {
		if (!connection_write(connection))
			return;
		if (connection->wants_end || http_body_is_abandoned(connection->out)) {
			connection_close(connection);
			return;
		}
		connection_read(connection);
		if (connection_take_command(connection))
			continue;
		if (http_body_is_ended(connection->in) || http_body_is_failed(connection->in))
			connection_close(connection);
		return;
	}
}

static void connection_moved(struct http_body *body, void *data)
{
	(void)body;
	connection_advance(data);
}

static void refuse(struct http_body *incoming, struct http_body *outgoing)
{
	http_body_consumer_release(incoming);
	http_body_end(outgoing);
	http_body_producer_release(outgoing);
}

static void server_accepted(struct http_body *incoming, struct http_body *outgoing, void *data)
{
	struct store_server *server = data;
	struct connection *connection;

	if (server->count == CONNECTIONS_MAX) {
		refuse(incoming, outgoing);
		return;
	}
	connection = MEMORY_NEW(struct connection);
	connection->server = server;
	connection->client = store_client(server->store, server->database);
	connection->in = incoming;
	connection->out = outgoing;
	strbuf_init(&connection->got, COMMAND_BYTES_MAX);
	strbuf_init(&connection->reply, REPLY_BYTES_MAX);
	list_append(&server->connections, &connection->link);
	server->count++;
	http_body_on_writable(outgoing, connection_moved, connection);
	http_body_on_readable(incoming, connection_moved, connection);
}

struct store_server *store_server_open(struct world *world, struct store *store, int database,
				       struct str address, uint16_t port, struct error *error)
{
	struct store_server *server = MEMORY_NEW(struct store_server);

	server->world = world;
	server->store = store;
	server->database = database;
	list_init(&server->connections);
	server->listener = tcp_listen(world, address, port, server_accepted, server, error);
	if (server->listener != NULL)
		return server;
	free(server);
	return NULL;
}

uint16_t store_server_port(const struct store_server *server)
{
	return tcp_listener_port(server->world, server->listener);
}

void store_server_close(struct store_server *server)
{
	if (server == NULL)
		return;
	tcp_listener_close(server->world, server->listener);
	LIST_EACH (link, &server->connections)
		connection_close(LIST_ENTRY(link, struct connection, link));
	free(server);
}
