/* What the ports of the real world know of each other: the loop, and where each keeps its things.
 */
#ifndef WORLD_REAL_REAL_INTERNAL_H
#define WORLD_REAL_REAL_INTERNAL_H

#include <uv.h>

#include "base/heap.h"
#include "base/list.h"
#include "base/str.h"
#include "base/vec.h"
#include "world/clock.h"
#include "world/environment.h"
#include "world/log.h"
#include "world/real/real_world.h"
#include "world/world.h"

struct arena;
struct chance;
struct dns_port;
struct http_client_port;
struct log_port;
struct mail_port;
struct routes_port;
struct real_world;
struct shared_memory;

/* What runs at the end of a turn, in this order: a lane waits until those before it are empty. So
 * everything the components do in a turn leaves in one piece for each connection. */
enum turn_lane {
	TURN_TASKS, /* world_defer() */
	TURN_REDIS,
	TURN_CALLS,
	TURN_ANSWERS,
	TURN_LOGS,
	TURN_LANES
};

#define STOP_SIGNALS 3

struct real_loop {
	uv_loop_t uv;
	uv_prepare_t prepare;
	uv_idle_t no_sleep; /* active while something is due in the next turn */
	uv_timer_t alarm;   /* for the first of `timers` */
	uv_signal_t signals[STOP_SIGNALS];
	int64_t alarm_ms; /* on libuv's clock; INT64_MAX = not set */
	struct heap timers;
	struct list_link lanes[TURN_LANES];
	struct list_link next_turn[TURN_LANES];
	bool clock_is_stale; /* the turn it was read for is over */
	int64_t monotonic_us, utc_us;
	struct list_link worlds;
	bool (*is_done)(void *data); /* why turns are taken; then the loop does not sleep */
	void *is_done_data;
	int exit_status; /* of the last world that exited */
};

struct environment_variable {
	struct str name, value;
};

struct stop_handler {
	world_stop_requested *requested;
	void *data;
};

struct real_world {
	struct world world; /* first: ports get back from it */
	struct real_loop *loop;
	struct list_link link; /* in loop->worlds */
	struct arena *arena;   /* texts that live as long as the world */
	VEC(struct environment_variable) variables;
	VEC(struct stop_handler) stop_handlers;
	struct str host_name;   /* once asked for */
	struct list_link tasks; /* of world_defer(); forgotten with the world */
	struct task run_tasks;
	bool has_exited;
	int exit_status;
	struct chance *chance;
	struct log_port *log;
	struct dns_port *dns;
	struct http_client_port *http_client;
	struct list_link listeners; /* http_server.c */
	struct list_link exchanges_free;
	size_t exchanges_free_count;
	struct list_link dns_servers;   /* dns_server.c */
	struct list_link log_receivers; /* log_receiver.c */
	struct list_link redis;         /* redis.c: open clients */
	struct list_link processes;     /* process.c: running ones */
	struct list_link tcp_listeners; /* tcp.c, with the next */
	struct list_link tcp_connections;
	struct mail_port *mail;     /* mail.c; NULL: none was sent yet */
	struct routes_port *routes; /* routes.c; NULL: not asked yet */
};

static inline struct real_world *real_of(struct world *world)
{
	return (struct real_world *)world;
}

/* loop.c. A task is in at most one lane. What could feed itself for ever asks for the next turn. */
void loop_at_turn_end(struct real_loop *loop, enum turn_lane lane, struct task *task,
		      task_run *run);
void loop_in_next_turn(struct real_loop *loop, enum turn_lane lane, struct task *task,
		       task_run *run);
void loop_refresh_clock(struct real_loop *loop);
void loop_world_exits(struct real_world *real, int status);

static inline int64_t loop_monotonic_us(struct real_loop *loop)
{
	if (loop->clock_is_stale)
		loop_refresh_clock(loop);
	return loop->monotonic_us;
}

extern const struct clock_ops real_clock_ops;
extern const struct environment_ops real_environment_ops;
extern const struct log_ops real_log_ops;
extern const struct files_ops real_files_ops;
extern const struct dns_ops real_dns_ops;
extern const struct http_server_ops real_http_server_ops;
extern const struct http_client_ops real_http_client_ops;
extern const struct redis_ops real_redis_ops;
extern const struct process_ops real_process_ops;
extern const struct tcp_ops real_tcp_ops;
extern const struct mail_ops real_mail_ops;
extern const struct shared_memory_ops real_shared_memory_ops;

/* shared_memory.c: what a child finds the memory as, and what it is here. */
#define REAL_SHARED_MEMORY_FILE 3
int real_shared_memory_file(const struct shared_memory *memory);
extern const struct routes_ops real_routes_ops;

struct chance *chance_create(void);
void chance_destroy(struct chance *chance);
uint64_t chance_next(struct chance *chance);

void real_environment_read(struct real_world *real, const char *const *extra);

struct log_port *real_log_create(struct real_world *real);
void real_log_destroy(struct log_port *port);
/* log_receiver.c: the functions of struct log_ops. */
struct log_receiver *real_log_receiver_open(struct world *world, struct str address, uint16_t port,
					    log_received *received, void *data,
					    struct error *error);
uint16_t real_log_receiver_port(struct log_receiver *receiver);
void real_log_receiver_close(struct log_receiver *receiver);
void real_log_receivers_destroy(struct real_world *real);

/* Each closes what its port still has open, without calling back. */
void real_http_server_destroy(struct real_world *real);
void real_http_client_destroy(struct real_world *real);
void real_dns_destroy(struct real_world *real);
void real_dns_servers_destroy(struct real_world *real);
void real_redis_destroy(struct real_world *real);
void real_processes_destroy(struct real_world *real);
void real_tcp_destroy(struct real_world *real);
void real_mail_destroy(struct real_world *real);
void real_routes_destroy(struct real_world *real);

#endif
