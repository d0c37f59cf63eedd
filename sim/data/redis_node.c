/* A Redis on a host: connections that speak RESP, each with a client of the store. The store's
 * replies leave at the end of the turn that brought the commands. */
#include "sim/data/redis_node.h"

#include <stdlib.h>

#include "base/arena.h"
#include "sim/net/stream.h"
#include "sim/sim_internal.h"
#include "store/resp.h"
#include "store/store.h"
#include "world/clock.h"

#define OUT_BYTES_MAX (1024 * 1024 * 1024)
/* A client that does not read its replies is not read either. */
#define OUT_WAITING_BYTES_MAX (1024 * 1024)

struct sim_redis {
	struct list_link link; /* in sim->redis */
	struct sim_process *process;
	struct store *store;
	uint16_t port;
	struct stream_listener *socket; /* NULL: stopped */
	struct list_link connections;
};

struct redis_connection {
	struct list_link link;
	struct sim_redis *redis;
	struct stream *stream;
	struct redis_client *client;
	struct arena *arena; /* of one command */
	struct task flush;
	struct strbuf out;
	size_t out_sent;
	size_t waiting;  /* commands without a reply */
	bool is_refused; /* to be told so after those */
	bool wants_end;  /* after what is in `out` */
};

static void connection_free(struct redis_connection *connection)
{
	list_remove(&connection->link);
	list_remove(&connection->flush.link);
	stream_close(connection->stream);
	connection->stream = NULL; /* replies that come now are of no use */
	redis_close(connection->client);
	arena_destroy(connection->arena);
	strbuf_free(&connection->out);
	free(connection);
}

static void connection_read(struct redis_connection *connection);

static void connection_flush(struct task *task)
{
	struct redis_connection *connection = LIST_ENTRY(task, struct redis_connection, flush);
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

static void connection_ask_for_flush(struct redis_connection *connection)
{
	world_defer(&connection->redis->process->world, &connection->flush, connection_flush);
}

static void connection_write(struct redis_connection *connection, const struct redis_reply *reply)
{
	if (!resp_write_reply(&connection->out, reply))
		connection->wants_end = true;
	connection_ask_for_flush(connection);
}

static void connection_refuse(struct redis_connection *connection)
{
	static const struct redis_reply refusal = {.kind = REDIS_ERROR,
						   .text = STR_INIT("ERR Protocol error")};

	connection->is_refused = true;
	if (connection->waiting > 0)
		return;
	connection_write(connection, &refusal);
	connection->wants_end = true;
}

static void connection_replied(const struct redis_reply *reply, void *data)
{
	struct redis_connection *connection = data;

	if (connection->stream == NULL)
		return;
	connection->waiting--;
	connection_write(connection, reply);
	if (connection->is_refused)
		connection_refuse(connection);
}

static void connection_read(struct redis_connection *connection)
{
	struct str *words;
	size_t count, used;

	while (!connection->is_refused && connection->out.size < OUT_WAITING_BYTES_MAX) {
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
		redis_send(connection->client, words, count, connection_replied, connection);
	}
}

static void stream_readable(struct stream *stream, void *data)
{
	struct redis_connection *connection = data;

	connection_read(connection);
	/* Half a connection is none: nobody waits for replies any more. */
	if (stream_peer_has_ended(stream))
		connection_free(connection);
}

static void stream_writable(struct stream *stream, void *data)
{
	(void)stream;
	connection_flush(&((struct redis_connection *)data)->flush);
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
	struct sim_redis *redis = data;
	struct redis_connection *connection = MEMORY_NEW(struct redis_connection);

	connection->redis = redis;
	connection->stream = stream;
	connection->client = store_client(redis->store, 0);
	connection->arena = arena_create();
	strbuf_init(&connection->out, OUT_BYTES_MAX);
	list_append(&redis->connections, &connection->link);
	stream_adopt(stream, &connection_events, connection);
}

/* The node. */

static void redis_trace(const struct sim_redis *redis, struct str kind)
{
	struct trace *trace = &redis->process->sim->trace;

	trace_begin(trace, redis->process->host->name, kind);
	trace_int(trace, STR("port"), redis->port);
	trace_end(trace);
}

static bool redis_listen(struct sim_redis *redis, struct error *error)
{
	struct stream_listen_options options = {.port = redis->port};

	redis->socket = stream_listen(redis->process->host, &redis->process->actor, &options,
				      connection_accepted, redis, error);
	if (redis->socket != NULL)
		redis_trace(redis, STR("redis.start"));
	return redis->socket != NULL;
}

struct sim_redis *sim_redis_start(struct sim_host *host, uint16_t port, struct error *error)
{
	struct sim_redis *redis = MEMORY_NEW(struct sim_redis);

	redis->process = process_create(host, STR("redis"));
	redis->port = port;
	list_init(&redis->connections);
	redis->store =
		store_create(&redis->process->world, STR(":memory:"), SQL_DURABILITY_NONE, error);
	if (redis->store == NULL || !redis_listen(redis, error)) {
		store_destroy(redis->store);
		process_end(redis->process, 1, false);
		free(redis);
		return NULL;
	}
	list_append(&host->net->sim->redis, &redis->link);
	return redis;
}

void sim_redis_stop(struct sim_redis *redis)
{
	struct list_link *link;

	if (redis->socket == NULL)
		return;
	redis_trace(redis, STR("redis.stop"));
	stream_unlisten(redis->socket);
	redis->socket = NULL;
	stream_cut_all(&redis->process->actor);
	while ((link = list_first(&redis->connections)) != NULL)
		connection_free(LIST_ENTRY(link, struct redis_connection, link));
}

bool sim_redis_restart(struct sim_redis *redis, struct error *error)
{
	sim_redis_stop(redis);
	return redis_listen(redis, error);
}

void redis_nodes_stop(struct sim_host *host)
{
	LIST_EACH (link, &host->net->sim->redis) {
		struct sim_redis *redis = LIST_ENTRY(link, struct sim_redis, link);

		if (redis->process->host == host)
			sim_redis_stop(redis);
	}
}

void redis_nodes_free(struct sim *sim)
{
	struct list_link *link;

	while ((link = list_take_first(&sim->redis)) != NULL) {
		struct sim_redis *redis = LIST_ENTRY(link, struct sim_redis, link);

		sim_redis_stop(redis);
		store_destroy(redis->store);
		free(redis);
	}
}
