/* A Redis node: the embedded store behind RESP, with what a server adds to it: a password, roles
 * and replication, LOADING. It lives in a process; redis_node_create() opens its data,
 * redis_node_listen() lets clients in, redis_node_stop() cuts them off and keeps the data.
 *
 * Replicas follow their master over the virtual network, by a connection from the replica's host to
 * the master's port: a rule for those (sim.h) cuts the replication or makes it lag. A replica gets
 * all data as one snapshot whenever it connects, then every command that writes. What a master
 * acknowledged and had not passed on is lost when another is promoted, as in a real one.
 */
#ifndef SIM_DATA_REDIS_NODE_H
#define SIM_DATA_REDIS_NODE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/str.h"

struct component;
struct error;
struct redis_node;
struct sim;
struct sim_host;
struct world;

struct redis_node_options {
	struct str address; /* to listen on; empty: any */
	uint16_t port;
	struct str path;            /* of the data; ":memory:" */
	struct str password;        /* requirepass */
	struct str master_password; /* masterauth */
	struct str master_host;     /* empty: a master */
	uint16_t master_port;
};

/* Texts are copied. */
struct redis_node *redis_node_create(struct world *world, const struct redis_node_options *options,
				     struct error *error);
bool redis_node_listen(struct redis_node *node, struct error *error);
bool redis_node_is_listening(const struct redis_node *node);
void redis_node_stop(struct redis_node *node);
void redis_node_destroy(struct redis_node *node); /* NULL is allowed */
void redis_node_set_loading(struct redis_node *node, bool is_loading);
void redis_node_forget_command(struct redis_node *node, struct str name); /* as an older one */

/* data/redis_server.c: `redis-server` as a process (data_component_find). */
extern const struct component redis_server_component;
/* What a command line of Redis' own programs starts here: redis-server, redis-sentinel. NULL: none
 * of them. */
const struct component *data_component_find(const struct str *words, size_t count);

/* data/sim_redis.c */
void redis_nodes_stop(struct sim_host *host); /* all of the host */
void redis_nodes_free(struct sim *sim);

#endif
