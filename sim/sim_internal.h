/* What the files of sim/ know of each other beyond sim.h: the run, and its processes.
 *
 * A process is a world, an actor that takes the turns, and the component in it. `process_of` gets
 * from the world that a port was given to the process. A process that was killed is mute: from then
 * on its ports do nothing that anybody could see, so that component.stop() only frees.
 */
#ifndef SIM_SIM_INTERNAL_H
#define SIM_SIM_INTERNAL_H

#include "base/list.h"
#include "base/vec.h"
#include "sim/engine/actor.h"
#include "sim/engine/prng.h"
#include "sim/net/net.h"
#include "sim/sim.h"
#include "world/environment.h"

struct cluster;
struct http_pool;
struct map;
struct shared_memory;

struct sim {
	struct sim_options options;
	struct arena *arena;
	struct queue queue;
	struct trace trace;
	struct net net;
	struct list_link actions; /* of sim_at */
	struct list_link redis;   /* data/redis_node.c */
	struct cluster *cluster;  /* cluster/objects.h */
};

enum process_state {
	PROCESS_RUNNING,
	PROCESS_KILLED, /* mute; its component is being stopped */
	PROCESS_ENDED,
};

struct sim_process {
	struct world world; /* first: ports get back from it */
	struct actor actor;
	struct list_link link; /* in its host's processes */
	struct sim *sim;
	struct sim_host *host;
	struct arena *arena; /* texts that live as long as the world */
	struct str name;
	int id;
	struct prng chance;
	enum process_state state;

	const struct component *component; /* NULL: a bare world */
	void *instance;
	struct str *arguments;
	size_t arguments_count;
	struct event start, stop, kill;
	VEC(struct process_variable) variables; /* sorted by name */
	world_stop_requested *stop_requested;
	void *stop_data;
	bool exit_wanted, kill_wanted;
	int exit_status;

	struct process *handle; /* whom to tell; NULL: nobody */
	struct strbuf output;   /* lines of this turn (process.c) */
	struct map *log_failed; /* targets that could not be opened, said so */

	struct shared_memory *inherited; /* handed over, and not asked for yet */
	struct shared_memory *held;      /* by the component, which inherited it */
	struct http_pool *pool;          /* net/http_pool.c; made when first needed */
};

static inline struct sim_process *process_of(struct world *world)
{
	return (struct sim_process *)world;
}

static inline bool process_is_mute(const struct sim_process *process)
{
	return process->state != PROCESS_RUNNING;
}

/* process.c */
struct sim_process *process_create(struct sim_host *host, struct str name);
void process_free(struct sim_process *process); /* ended before */
struct sim_process *process_launch(struct sim_host *host, struct sim_process *parent,
				   const struct process_options *options, struct error *error);
/* killed: its connections are reset and its ports fall silent before the component stops. */
void process_end(struct sim_process *process, int status, bool killed);
/* Ends it now, or after its turn when it is its own turn. */
void process_kill_now(struct sim_process *process);
void process_ask_to_stop(struct sim_process *process);
void process_write_line(struct sim_process *process, bool is_stderr, struct str line);

/* files.c */
void host_files_free(struct sim_host *host);
bool host_file_write(struct sim_host *host, struct str path, struct str content,
		     struct error *error);
bool host_file_append(struct sim_host *host, struct str path, struct str line, struct error *error);
bool host_directory_make(struct sim_host *host, struct str path, struct error *error);

/* shared_memory.c: one more holder, one less. NULL is allowed. */
struct shared_memory *shared_memory_shared(struct shared_memory *memory);
void shared_memory_leave(struct shared_memory *memory);
/* What a killed process still does to the memory, while its component is taken apart, is undone.
 * NULL of NULL. */
void *shared_memory_keep(struct shared_memory *memory);
void shared_memory_restore(struct shared_memory *memory, void *kept);

/* The ports. */
extern const struct clock_ops sim_clock_ops;
extern const struct environment_ops sim_environment_ops;
extern const struct log_ops sim_log_ops;
extern const struct files_ops sim_files_ops;
extern const struct dns_ops sim_dns_ops;
extern const struct http_server_ops sim_http_server_ops;
extern const struct http_client_ops sim_http_client_ops;
extern const struct redis_ops sim_redis_ops;
extern const struct sql_ops sim_sql_ops;
extern const struct process_ops sim_process_ops;
extern const struct tcp_ops sim_tcp_ops;
extern const struct mail_ops sim_mail_ops;
extern const struct shared_memory_ops sim_shared_memory_ops;
extern const struct routes_ops sim_routes_ops;

#endif
