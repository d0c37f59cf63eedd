#include "sim/net/http_pool.h"

#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/bug.h"
#include "sim/net/http_client_internal.h"

#define IDLE_CONNECTIONS_MAX 256
#define IDLE_US_MAX INT64_C(118000000) /* as libcurl, which the real world calls with */
#define KEPT_CALLS_MAX 64
#define OUT_BYTES_MAX (1024 * 1024) /* a head, or one chunk */

struct http_pool *http_pool_of(struct sim_process *process)
{
	struct http_pool *pool = process->pool;

	if (pool != NULL)
		return pool;
	pool = MEMORY_NEW(struct http_pool);
	pool->process = process;
	list_init(&pool->connections);
	list_init(&pool->calls);
	process->pool = pool;
	return pool;
}

static void call_destroy(struct call *call)
{
	strbuf_free(&call->out);
	arena_destroy(call->arena);
	arena_destroy(call->head);
	free(call);
}

void http_pool_destroy(struct http_pool *pool)
{
	struct list_link *link;

	if (pool == NULL)
		return;
	while ((link = list_first(&pool->connections)) != NULL)
		client_connection_close(LIST_ENTRY(link, struct client_connection, link));
	while ((link = list_take_first(&pool->calls)) != NULL)
		call_destroy(LIST_ENTRY(link, struct call, link));
	free(pool);
}

/* Calls. */

struct call *http_pool_take_call(struct http_pool *pool)
{
	struct list_link *link = list_take_first(&pool->calls);
	struct call *call;

	if (link != NULL) {
		pool->calls_count--;
		return LIST_ENTRY(link, struct call, link);
	}
	call = MEMORY_NEW(struct call);
	call->pool = pool;
	call->arena = arena_create();
	call->head = arena_create();
	strbuf_init(&call->out, OUT_BYTES_MAX);
	return call;
}

void http_pool_give_call(struct http_pool *pool, struct call *call)
{
	struct strbuf out = call->out;
	struct arena *arena = call->arena, *head = call->head;

	if (pool->calls_count >= KEPT_CALLS_MAX) {
		call_destroy(call);
		return;
	}
	arena_reset(arena);
	arena_reset(head);
	strbuf_clear(&out);
	*call = (struct call){.pool = pool, .arena = arena, .head = head, .out = out};
	list_append(&pool->calls, &call->link);
	pool->calls_count++;
}

/* Connections. */

/* Without TLS the name matters in the Host field only, so connections are shared by address. */
static bool connection_fits(const struct client_connection *connection, const struct call *call)
{
	if (connection->port != call->port_number || connection->is_tls != call->is_tls ||
	    !str_equal(connection->address, call->address) ||
	    !str_equal(connection->tunnel_address, call->tunnel_address) ||
	    connection->tunnel_port != call->tunnel_port)
		return false;
	return !call->is_tls || (connection->verify_peer == call->verify_peer &&
				 str_equal_nocase(connection->host, call->host) &&
				 str_equal(connection->ca_file, call->ca_file) &&
				 str_equal(connection->certificate_file, call->certificate_file));
}

static void connection_take_out(struct client_connection *connection)
{
	list_remove(&connection->link);
	connection->pool->connections_count--;
}

struct client_connection *http_pool_take(struct http_pool *pool, struct call *call)
{
	int64_t now_us = pool->process->sim->queue.now_us;
	struct client_connection *found = NULL;

	LIST_EACH (link, &pool->connections) {
		struct client_connection *one = LIST_ENTRY(link, struct client_connection, link);

		if (now_us - one->idle_since_us > IDLE_US_MAX)
			client_connection_close(one);
		else if (connection_fits(one, call))
			found = one; /* the last one was used most recently */
	}
	if (found == NULL)
		return NULL;
	connection_take_out(found);
	found->call = call;
	return found;
}

/* Its texts stand behind it. */
static struct str connection_text(struct client_connection *connection, size_t *used,
				  struct str text)
{
	char *copy = (char *)(connection + 1) + *used;

	if (text.size > 0)
		memcpy(copy, text.data, text.size);
	*used += text.size;
	return str_of(copy, text.size);
}

struct client_connection *http_pool_connect(struct http_pool *pool, struct call *call,
					    const struct stream_events *events)
{
	size_t used = 0, texts = call->host.size + call->address.size + call->ca_file.size +
				 call->certificate_file.size + call->tunnel_address.size;
	struct client_connection *connection = memory_alloc(sizeof *connection + texts);
	bool has_tunnel = call->tunnel_address.size > 0;

	connection->pool = pool;
	connection->call = call;
	connection->host = connection_text(connection, &used, call->host);
	connection->address = connection_text(connection, &used, call->address);
	connection->ca_file = connection_text(connection, &used, call->ca_file);
	connection->certificate_file = connection_text(connection, &used, call->certificate_file);
	connection->tunnel_address = connection_text(connection, &used, call->tunnel_address);
	connection->tunnel_port = call->tunnel_port;
	connection->port = call->port_number;
	connection->is_tls = call->is_tls;
	connection->verify_peer = call->verify_peer;
	connection->stream = stream_connect(
		pool->process->host, &pool->process->actor,
		has_tunnel ? connection->tunnel_address : connection->address,
		has_tunnel ? connection->tunnel_port : connection->port, events, connection);
	return connection;
}

void http_pool_give(struct client_connection *connection)
{
	struct http_pool *pool = connection->pool;

	connection->call = NULL;
	connection->idle_since_us = pool->process->sim->queue.now_us;
	list_append(&pool->connections, &connection->link);
	if (++pool->connections_count > IDLE_CONNECTIONS_MAX)
		client_connection_close(
			LIST_ENTRY(list_first(&pool->connections), struct client_connection, link));
}

void client_connection_close(struct client_connection *connection)
{
	if (list_is_linked(&connection->link))
		connection_take_out(connection);
	stream_close(connection->stream);
	free(connection);
}
