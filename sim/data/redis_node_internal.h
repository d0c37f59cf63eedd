/* What the files of a Redis node know of each other: redis_node.c (life, who may do what),
 * redis_node_commands.c (what the store does not answer), redis_replication.c, redis_snapshot.c. */
#ifndef SIM_DATA_REDIS_NODE_INTERNAL_H
#define SIM_DATA_REDIS_NODE_INTERNAL_H

#include "base/arena.h"
#include "base/vec.h"
#include "sim/data/redis_node.h"
#include "sim/data/resp_server.h"
#include "sim/sim_internal.h"
#include "store/store.h"

struct replication_link;

/* What a Sentinel told the node's subscribers last (redis_node_commands.c). */
struct hello {
	struct str sender; /* its run id */
	struct str text;
};

struct redis_node {
	struct arena *arena;
	struct sim_process *process;
	struct redis_node_options options;
	struct store *store;
	struct resp_server server;
	struct str run_id;
	bool is_loading;

	/* A master's: what was written is counted in bytes of the stream to its replicas. */
	int64_t offset; /* a replica's: how far it got in its master's stream */
	int fed_database;
	struct timer keep_alive;

	struct replication_link *link; /* to the master; NULL: a master */
	VEC(struct hello) hellos;
	struct arena *hello_texts;
};

/* The owner of a connection. */
struct redis_session {
	struct redis_node *node;
	struct redis_client *client; /* of the store */
	bool is_authenticated;
	bool is_replica;
	uint16_t replica_port; /* where it serves */
	int64_t replica_offset;
};

static inline struct redis_session *session_of(struct resp_connection *connection)
{
	return connection->owner;
}

/* A command that the node answers itself. The reply's texts may lie in `arena`. */
struct node_call {
	struct redis_node *node;
	struct resp_connection *connection;
	const struct str *words;
	size_t count;
	struct arena *arena;
	struct redis_reply reply;
	bool is_silent; /* there is no answer */
};

enum node_command_flags {
	NODE_WITHOUT_PASSWORD = 1,
	NODE_WHILE_LOADING = 2,
	NODE_BY_STORE = 4, /* the store answers, when the flags allow it */
};

struct node_command {
	struct str name; /* small letters */
	size_t words_min;
	unsigned flags;
	void (*run)(struct node_call *call);
};

/* redis_node_commands.c */
const struct node_command *node_command_find(struct str name); /* NULL: the store's alone */
void node_reply_error(struct node_call *call, const char *literal);

/* redis_node.c: whoever waits for a list on a node that is no master any more. */
void node_unblock_all(struct redis_node *node, const struct resp_connection *except);
void node_end_clients(struct redis_node *node, const struct resp_connection *except);

/* redis_replication.c */
void replication_open(struct redis_node *node);
void replication_close(struct redis_node *node);
/* Empty host: no master any more. */
void replication_follow(struct redis_node *node, struct str host, uint16_t port);
/* "connected", "sync" or "connect". */
struct str replication_state(const struct redis_node *node);
struct str replication_master_host(const struct redis_node *node);
uint16_t replication_master_port(const struct redis_node *node);
void replication_answer_psync(struct node_call *call);
size_t replication_replicas(const struct redis_node *node);

/* redis_snapshot.c: all data as commands. */
void snapshot_write(struct store *store, struct strbuf *out);
bool snapshot_read(struct store *store, struct str bytes, int *database);

#endif
