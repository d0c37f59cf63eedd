/* The network: hosts, the links between them, names, rules, and what is under way.
 *
 * Internal to sim/; the door is sim.h. `struct net` belongs to `struct sim`; it owns its hosts,
 * links, rules, names and connections.
 */
#ifndef SIM_NET_NET_H
#define SIM_NET_NET_H

#include "base/list.h"
#include "base/vec.h"
#include "sim/engine/prng.h"
#include "sim/engine/queue.h"
#include "sim/engine/trace.h"
#include "sim/sim.h"

struct arena;
struct actor;
struct link;
struct map;
struct segment;
struct zone;

struct sim_host {
	struct net *net;
	size_t index; /* in net->hosts */
	struct str name, address;
	bool is_up;
	int64_t clock_offset_us;
	VEC(struct link *) links;        /* by the other host's index; made when first used */
	struct list_link listeners;      /* net/stream.c */
	struct list_link datagram_ports; /* net/dns.c */
	struct list_link log_ports;      /* net/log_datagram.c */
	struct list_link processes;      /* process.c */
	struct map *dns_cache;           /* NULL: the resolver keeps nothing */
	struct map *files;               /* files.c */
	struct map *databases;           /* data/sql.c */
	struct map *process_starts;      /* name -> how often it was started */
	uint16_t next_free_port;
	uint64_t accepts; /* shares connections among those who share a port */
	int next_process_id;
};

struct net {
	struct sim *sim;
	struct queue *queue;
	struct trace *trace;
	struct arena *arena; /* lives as long as the run: names, links, rules */
	uint64_t seed;
	VEC(struct sim_host *) hosts;
	struct map *hosts_by_name, *hosts_by_address;
	struct sim_link default_link;
	VEC(struct sim_rule *) rules; /* in force */
	/* A network of the cluster above this one: false where nothing gets through. NULL: none. */
	bool (*overlay_joins)(const struct sim_host *from, const struct sim_host *to, void *data);
	void *overlay_data;
	struct zone *zone;
	struct list_link connections;
	uint64_t next_connection;
	struct list_link segments_free;
	size_t segments_free_count;
};

/* The rest of *net is filled in already: sim (may be NULL in tests), queue, trace, arena, seed. */
void net_init(struct net *net);
void net_free(struct net *net); /* the queue is empty and no actor lives any more */

/* net/host.c */
struct sim_host *net_host_add(struct net *net, struct str name, struct str address);
/* By name or address; NULL. */
struct sim_host *net_host_find(const struct net *net, struct str name);
/* Whom an address means for `from`: 127.x.x.x is itself. NULL when nobody has it. */
struct sim_host *net_host_at(const struct net *net, struct sim_host *from, struct str address);
bool net_is_loopback(struct str address);
/* A port nobody listens on: 32768..60999, one after the other. */
uint16_t net_free_port(struct sim_host *host);

#endif
