/* Replication, both sides of it. The replica's link goes through its states by itself: name,
 * connection, greeting (AUTH, REPLCONF, PSYNC), snapshot, stream; when it breaks it begins again
 * after a second. */
#include <inttypes.h>
#include <stdlib.h>

#include "base/bug.h"
#include "sim/data/redis_node_internal.h"
#include "sim/net/stream.h"
#include "store/resp.h"
#include "world/dns.h"

#define SECOND_US INT64_C(1000000)
#define KEEP_ALIVE_US (10 * SECOND_US) /* repl-ping-replica-period */
#define SILENCE_US (60 * SECOND_US)    /* repl-timeout */
#define SNAPSHOT_BYTES_MAX ((size_t)512 * 1024 * 1024)

enum link_state {
	LINK_WAITING, /* for the next try */
	LINK_CONNECTING,
	LINK_GREETING,
	LINK_SNAPSHOT,
	LINK_UP,
};

struct replication_link {
	struct redis_node *node;
	struct str host;
	uint16_t port;
	enum link_state state;
	struct dns_query *query;
	struct stream *stream;
	struct arena *arena; /* of one reply or command */
	struct arena *texts;
	int greetings;      /* answers to come before that to PSYNC */
	int database;       /* of the stream */
	int64_t heard_us;   /* when the master was heard last */
	struct timer timer; /* every second */
};

static struct world *world_of(struct redis_node *node)
{
	return &node->process->world;
}

/* The master's side. */

static void feed(struct redis_node *node, struct str bytes)
{
	if (node->link == NULL)
		node->offset += (int64_t)bytes.size;
	LIST_EACH (link, &node->server.connections) {
		struct resp_connection *connection = LIST_ENTRY(link, struct resp_connection, link);

		if (session_of(connection)->is_replica)
			resp_write(connection, bytes);
	}
}

static void feed_command(struct redis_node *node, const struct str *words, size_t count)
{
	struct strbuf bytes;

	strbuf_init(&bytes, SNAPSHOT_BYTES_MAX);
	resp_write_command(&bytes, words, count);
	feed(node, strbuf_str(&bytes));
	strbuf_free(&bytes);
}

static void feed_database(struct redis_node *node, int database)
{
	struct arena *arena = arena_create();

	if (node->fed_database != database)
		feed_command(node,
			     (const struct str[]){STR("SELECT"), str_format(arena, "%d", database)},
			     2);
	node->fed_database = database;
	arena_destroy(arena);
}

/* What waits in one node takes what came: in the others nothing may wait. */
static void feed_write(int database, const struct str *words, size_t count,
		       const struct redis_reply *reply, void *data)
{
	static const struct {
		struct str blocking, plain;
	} pops[] = {
		{STR_INIT("blpop"), STR_INIT("LPOP")},
		{STR_INIT("brpop"), STR_INIT("RPOP")},
		{STR_INIT("blmove"), STR_INIT("LMOVE")},
		{STR_INIT("brpoplpush"), STR_INIT("RPOPLPUSH")},
	};
	struct redis_node *node = data;

	feed_database(node, database);
	for (size_t i = 0; i < sizeof pops / sizeof *pops; i++) {
		struct str plain[5] = {pops[i].plain};

		if (!str_equal_nocase(words[0], pops[i].blocking))
			continue;
		if (i < 2 && reply->kind == REDIS_ARRAY) {
			plain[1] = reply->items[0].text;
			feed_command(node, plain, 2);
		} else if (i >= 2 && reply->kind == REDIS_STRING) {
			for (size_t k = 1; k + 1 < count; k++)
				plain[k] = words[k];
			feed_command(node, plain, count - 1);
		}
		return;
	}
	feed_command(node, words, count);
}

size_t replication_replicas(const struct redis_node *node)
{
	size_t count = 0;

	LIST_EACH (link, &node->server.connections)
		count += session_of(LIST_ENTRY(link, struct resp_connection, link))->is_replica;
	return count;
}

static void drop_replicas(struct redis_node *node)
{
	LIST_EACH (link, &node->server.connections) {
		struct resp_connection *connection = LIST_ENTRY(link, struct resp_connection, link);

		if (session_of(connection)->is_replica)
			resp_end(connection);
	}
}

static void keep_alive_is_due(struct timer *timer)
{
	struct redis_node *node = LIST_ENTRY(timer, struct redis_node, keep_alive);

	if (replication_replicas(node) == 0)
		return;
	if (node->link == NULL)
		feed_command(node, (const struct str[]){STR("PING")}, 1);
	timer_start(world_of(node), timer, KEEP_ALIVE_US, keep_alive_is_due);
}

/* A replica says this alone on its connection, so the answer leaves at once and whatever is
 * written from now on follows the snapshot. */
void replication_answer_psync(struct node_call *call)
{
	struct redis_node *node = call->node;
	struct redis_reply begin = {.kind = REDIS_STATUS}, snapshot = {.kind = REDIS_STRING};
	struct strbuf commands, bytes;

	if (call->connection->waiting != 1) {
		node_reply_error(call, "ERR PSYNC stands alone");
		return;
	}
	call->is_silent = true;
	strbuf_init(&commands, SNAPSHOT_BYTES_MAX);
	strbuf_init(&bytes, 2 * SNAPSHOT_BYTES_MAX);
	snapshot_write(node->store, &commands);
	begin.text = str_format(call->arena, "FULLRESYNC %.*s %" PRId64, STR_ARG(node->run_id),
				node->offset);
	snapshot.text = strbuf_str(&commands);
	resp_write_reply(&bytes, &begin);
	resp_write_reply(&bytes, &snapshot);
	resp_write(call->connection, strbuf_str(&bytes));
	strbuf_free(&commands);
	strbuf_free(&bytes);
	session_of(call->connection)->is_replica = true;
	session_of(call->connection)->replica_offset = node->offset;
	node->fed_database = -1; /* the next write says which it is */
	if (!timer_is_running(&node->keep_alive))
		timer_start(world_of(node), &node->keep_alive, KEEP_ALIVE_US, keep_alive_is_due);
}

/* The replica's side. */

static void link_connect(struct replication_link *link);

static void link_disconnect(struct replication_link *link)
{
	if (link->query != NULL)
		dns_cancel(world_of(link->node), link->query);
	if (link->stream != NULL)
		stream_close(link->stream);
	link->query = NULL;
	link->stream = NULL;
	link->state = LINK_WAITING;
}

static void link_send(struct replication_link *link, const struct str *words, size_t count)
{
	struct strbuf bytes;

	strbuf_init(&bytes, SNAPSHOT_BYTES_MAX);
	resp_write_command(&bytes, words, count);
	stream_write(link->stream, strbuf_str(&bytes));
	strbuf_free(&bytes);
}

static void link_acknowledge(struct replication_link *link)
{
	struct arena *arena = arena_create();

	link_send(link,
		  (const struct str[]){STR("REPLCONF"), STR("ACK"),
				       str_format(arena, "%" PRId64, link->node->offset)},
		  3);
	arena_destroy(arena);
}

static void link_timer_fired(struct timer *timer)
{
	struct replication_link *link = LIST_ENTRY(timer, struct replication_link, timer);
	struct world *world = world_of(link->node);

	timer_start(world, timer, SECOND_US, link_timer_fired);
	if (link->state != LINK_WAITING && world_monotonic_us(world) - link->heard_us > SILENCE_US)
		link_disconnect(link);
	if (link->state == LINK_WAITING)
		link_connect(link);
	else if (link->state == LINK_UP)
		link_acknowledge(link);
}

/* False when what came is not what must come. */
static bool link_take_reply(struct replication_link *link, const struct redis_reply *reply)
{
	struct redis_node *node = link->node;
	struct str rest = reply->text, field = STR("");

	if (link->state == LINK_SNAPSHOT) {
		link->state = LINK_UP;
		return reply->kind == REDIS_STRING &&
		       snapshot_read(node->store, reply->text, &link->database);
	}
	if (link->greetings > 0) {
		link->greetings--;
		if (link->greetings == 0)
			link_send(link, (const struct str[]){STR("PSYNC"), STR("?"), STR("-1")}, 3);
		return reply->kind == REDIS_STATUS;
	}
	for (int i = 0; i < 3; i++)
		str_next_field(&rest, ' ', &field);
	link->state = LINK_SNAPSHOT;
	return reply->kind == REDIS_STATUS && str_has_prefix(reply->text, STR("FULLRESYNC ")) &&
	       str_to_int64(field, &node->offset);
}

static enum resp_result link_read(struct replication_link *link, struct str bytes, size_t *used)
{
	struct redis_reply reply;
	struct str *words;
	size_t count;
	enum resp_result result;

	arena_reset(link->arena);
	if (link->state != LINK_UP) {
		result = resp_read_reply(bytes, link->arena, &reply, used);
		if (result == RESP_DONE && !link_take_reply(link, &reply))
			return RESP_INVALID;
		return result;
	}
	result = resp_read_command(bytes, link->arena, &words, &count, used);
	if (result == RESP_DONE && count > 0)
		store_execute(link->node->store, &link->database, words, count);
	if (result == RESP_DONE)
		link->node->offset += (int64_t)*used;
	return result;
}

static void link_readable(struct stream *stream, void *data)
{
	struct replication_link *link = data;
	enum resp_result result = RESP_DONE;
	size_t used;

	link->heard_us = world_monotonic_us(world_of(link->node));
	while (result == RESP_DONE && stream_peek(stream).size > 0) {
		result = link_read(link, stream_peek(stream), &used);
		if (result == RESP_DONE)
			stream_consume(stream, used);
	}
	if (result == RESP_INVALID || stream_peer_has_ended(stream))
		link_disconnect(link);
	else if (result == RESP_INCOMPLETE)
		stream_want_more(stream);
}

static void link_opened(struct stream *stream, void *data)
{
	struct replication_link *link = data;
	const struct redis_node_options *options = &link->node->options;

	(void)stream;
	link->state = LINK_GREETING;
	link->greetings = 1;
	if (options->master_password.size > 0) {
		link_send(link, (const struct str[]){STR("AUTH"), options->master_password}, 2);
		link->greetings++;
	}
	link_send(link,
		  (const struct str[]){STR("REPLCONF"), STR("listening-port"),
				       str_format(link->texts, "%u", (unsigned)options->port)},
		  3);
}

static void link_writable(struct stream *stream, void *data)
{
	(void)stream;
	(void)data;
}

static void link_failed(struct stream *stream, enum stream_failure failure, void *data)
{
	(void)stream;
	(void)failure;
	link_disconnect(data);
}

static const struct stream_events link_events = {
	.opened = link_opened,
	.readable = link_readable,
	.writable = link_writable,
	.failed = link_failed,
};

static void link_name_answered(enum dns_status status, const struct dns_record *records,
			       size_t count, void *data)
{
	struct replication_link *link = data;
	struct sim_process *process = link->node->process;

	link->query = NULL;
	link->state = LINK_WAITING;
	if (status != DNS_OK || count == 0)
		return;
	link->state = LINK_CONNECTING;
	link->stream = stream_connect(process->host, &process->actor, records[0].address,
				      link->port, &link_events, link);
}

static void link_connect(struct replication_link *link)
{
	struct dns_question question = {.name = link->host};

	link->state = LINK_CONNECTING;
	link->database = 0;
	link->heard_us = world_monotonic_us(world_of(link->node));
	link->query = dns_resolve(world_of(link->node), &question, link_name_answered, link);
}

static void link_destroy(struct replication_link *link)
{
	if (link == NULL)
		return;
	link_disconnect(link);
	timer_stop(&link->timer);
	arena_destroy(link->arena);
	arena_destroy(link->texts);
	free(link);
}

void replication_follow(struct redis_node *node, struct str host, uint16_t port)
{
	struct replication_link *link = node->link;

	if (link != NULL && str_equal(link->host, host) && link->port == port)
		return;
	if (host.size > 0) {
		drop_replicas(node);
		node->link = MEMORY_NEW(struct replication_link);
		*node->link = (struct replication_link){
			.node = node,
			.port = port,
			.arena = arena_create(),
			.texts = arena_create(),
		};
		node->link->host = str_copy(node->link->texts, host);
		timer_start(world_of(node), &node->link->timer, 0, link_timer_fired);
	} else {
		node->link = NULL;
		node->fed_database = -1;
	}
	link_destroy(link);
	node->options.master_host = str_copy(node->arena, host);
	node->options.master_port = port;
}

void replication_open(struct redis_node *node)
{
	struct str host = node->options.master_host;

	node->fed_database = -1;
	store_watch_writes(node->store, feed_write, node);
	if (host.size > 0)
		replication_follow(node, host, node->options.master_port);
}

/* Whom the node follows is still in its options. */
void replication_close(struct redis_node *node)
{
	timer_stop(&node->keep_alive);
	link_destroy(node->link);
	node->link = NULL;
}

struct str replication_state(const struct redis_node *node)
{
	static const struct str names[] = {
		[LINK_WAITING] = STR_INIT("connect"),    [LINK_CONNECTING] = STR_INIT("connecting"),
		[LINK_GREETING] = STR_INIT("handshake"), [LINK_SNAPSHOT] = STR_INIT("sync"),
		[LINK_UP] = STR_INIT("connected"),
	};

	BUG_IF(node->link == NULL);
	return names[node->link->state];
}

struct str replication_master_host(const struct redis_node *node)
{
	return node->link->host;
}

uint16_t replication_master_port(const struct redis_node *node)
{
	return node->link->port;
}
