/* What the files of the simulated Sentinel know of each other: sentinel.c (the process and its
 * configuration), sentinel_watch.c (who is there, who is up), sentinel_failover.c (agreement and
 * promotion), sentinel_commands.c (what it is asked).
 *
 * A `struct watched_master` is one group: the master, its replicas, the other Sentinels, each an
 * instance with a client of its own. Every tick looks at all of them; replies only note what they
 * say. */
#ifndef SIM_DATA_SENTINEL_INTERNAL_H
#define SIM_DATA_SENTINEL_INTERNAL_H

#include "base/arena.h"
#include "base/vec.h"
#include "sim/data/redis_config.h"
#include "sim/data/resp_server.h"
#include "sim/data/sentinel.h"
#include "sim/sim_internal.h"
#include "world/dns.h"

#define SECOND_US INT64_C(1000000)

struct sentinel;
struct watched_master;

enum instance_kind { INSTANCE_MASTER, INSTANCE_REPLICA, INSTANCE_SENTINEL };

struct instance {
	struct list_link link; /* in the group's replicas or sentinels */
	struct watched_master *group;
	enum instance_kind kind;
	struct str address, run_id;
	uint16_t port;
	struct redis_client *client;

	int64_t heard_us; /* the last good reply to PING */
	int64_t next_ping_us, next_info_us, next_hello_us, next_ask_us;
	bool is_down; /* by our own measure (S_DOWN) */

	/* What INFO said. */
	bool has_info, says_master;
	int64_t role_since_us, offset;
	struct str follows_address;
	uint16_t follows_port;
	bool is_linked; /* to that master */

	/* What another Sentinel said of the master. */
	bool says_down;
	int64_t said_us;
	struct str leader;
	int64_t leader_epoch;
};

enum failover_state {
	FAILOVER_NONE,
	FAILOVER_ELECTION,
	FAILOVER_PROMOTION, /* REPLICAOF NO ONE was sent */
};

struct watched_master {
	struct list_link link;
	struct sentinel *sentinel;
	struct str name, host;
	struct dns_query *query; /* of its host, at the beginning */
	struct str node_password;
	int64_t quorum, down_after_us, failover_timeout_us;

	struct instance *master; /* NULL: its name is not known yet */
	struct list_link replicas, sentinels;
	int64_t config_epoch;
	bool is_down;      /* as the quorum sees it (O_DOWN) */
	struct str leader; /* for whom we voted */
	int64_t leader_epoch;

	enum failover_state failover;
	int64_t failover_epoch, failover_since_us;
	struct instance *promoted;
};

struct sentinel {
	struct arena *arena;
	struct sim_process *process;
	struct resp_server server;
	struct str address, password, sentinel_password;
	uint16_t port;
	struct str run_id;
	bool resolves_names;
	int64_t epoch;
	struct list_link masters;
	struct timer tick;
};

static inline struct world *sentinel_world(const struct sentinel *sentinel)
{
	return &sentinel->process->world;
}

/* sentinel.c */
int64_t sentinel_now_us(const struct sentinel *sentinel);
struct watched_master *sentinel_group(struct sentinel *sentinel, struct str name);
struct str sentinel_own_address(const struct watched_master *group);

/* sentinel_watch.c */
struct instance *instance_create(struct watched_master *group, enum instance_kind kind,
				 struct str address, uint16_t port);
void instance_destroy(struct instance *instance); /* NULL is allowed */
void group_watch(struct watched_master *group);
void group_event(const struct instance *instance, const char *what);
/* The group has another master: the former one becomes a replica. */
void group_switch(struct watched_master *group, struct str address, uint16_t port);
void group_say_hello(struct watched_master *group); /* to all, now */
/* Told to follow the group's master, and its clients sent away. */
void instance_follow(struct instance *instance, struct str address, uint16_t port);

/* sentinel_failover.c */
void group_judge(struct watched_master *group);
/* The vote for that epoch: whom it went to, and in which epoch. */
void group_vote(struct watched_master *group, int64_t epoch, struct str candidate);

/* sentinel_commands.c */
extern const struct resp_server_events sentinel_server_events;

#endif
