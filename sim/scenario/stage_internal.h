/* The stage of one run: the simulator with the scenario's hosts and processes, and what its steps
 * share. */
#ifndef SIM_SCENARIO_STAGE_INTERNAL_H
#define SIM_SCENARIO_STAGE_INTERNAL_H

#include "base/map.h"
#include "sim/scenario/scenario.h"
#include "world/clock.h"

struct http_call;
struct http_body_collector;

struct stage_line {
	int64_t at_us;
	struct str text;
};

/* A process of the world's description, running or not. */
struct stage_process {
	struct stage *stage;
	struct str name;
	const struct json *description;
	struct sim_process *process; /* NULL: not running */
	struct map *variables;       /* edited by config.edit: name -> struct str * */
	bool is_ready;
	int exit_status; /* of the last end; -1 while it never ended */
	VEC(struct stage_line) lines;
};

/* A fault that was put in, and what it did: one without effect fails the scenario. */
struct stage_fault {
	struct str name; /* of `as`, or of its verb */
	struct str verb;
	struct str host;       /* dns faults: the name; host.down: the host */
	struct sim_rule *rule; /* net faults */
	uint64_t effects;      /* of the others, counted when they were made */
	bool is_over;
};

/* One call of the background traffic that was answered, or failed. */
struct stage_traffic_answer {
	int64_t began_us, ended_us;
	int status;         /* 0: failed */
	struct str failure; /* text of http_failure */
};

struct stage_traffic {
	struct stage *stage;
	struct world *world;
	const struct json *call;
	int64_t every_us;
	struct timer next;
	VEC(struct stage_traffic_answer) answers;
	VEC(struct stage_call *) waiting;
};

/* A Redis of the world's description. */
struct stage_redis {
	struct str name;
	struct sim_redis *node;
	bool is_stopped;
};

struct stage {
	const struct scenario *scenario;
	struct arena *arena;
	struct sim *sim;
	const struct component *const *components;
	const struct json *world; /* its description */
	struct map *variables;    /* {name} in texts: name -> struct str * */
	VEC(struct stage_process *) processes;
	VEC(struct stage_redis) redis;
	VEC(struct stage_fault) faults;
	struct stage_traffic traffic;
	int64_t fault_us; /* when the section `fault` began: since then log lines are looked at */
};

/* stage.c */
bool stage_set(struct stage *stage, struct error *error); /* hosts, names, processes, variables */
void stage_clear(struct stage *stage);
void stage_put_variable(struct stage *stage, struct str name, struct str value);
/* A copy with {name} replaced in every text. An unknown name is an error. */
struct json *stage_expand(struct stage *stage, const struct json *value, struct error *error);
struct stage_process *stage_find_process(struct stage *stage, struct str name, struct error *error);
bool stage_start_process(struct stage *stage, struct stage_process *process, struct error *error);
struct world *stage_host_world(struct stage *stage, struct str host, struct error *error);
/* Runs until done() says so; false when that took longer. */
bool stage_run(struct stage *stage, int64_t limit_us, bool (*done)(void *data), void *data);

/* "30s", "5m", "2h", "250ms", or a number of seconds. */
bool stage_duration(const struct json *value, int64_t *us, struct error *error);

/* call.c: one HTTP call of a client. */
struct stage_call {
	struct stage *stage;
	struct arena *arena;
	struct http_call *call;
	struct http_body_collector *collector;
	bool is_over;
	int64_t began_us, ended_us;
	int status;         /* 0: failed */
	struct str failure; /* text */
	struct str body;
	void (*over)(struct stage_call *call, void *data);
	void *data;
};
/* description: {get: URL, from: HOST, host, fields, body, form, to}. NULL and *error. `over` may be
 * NULL. */
struct stage_call *stage_call_start(struct stage *stage, const struct json *description,
				    void (*over)(struct stage_call *call, void *data), void *data,
				    struct error *error);
void stage_call_destroy(struct stage_call *call);

/* traffic.c */
bool stage_traffic_start(struct stage *stage, const struct json *description, struct error *error);
void stage_traffic_stop(struct stage *stage);

/* verbs.c: what a step can do. `step` is expanded. False: *error says what was expected and what
 * came. */
typedef bool stage_verb(struct stage *stage, const struct json *step, const struct json *argument,
			struct error *error);
struct stage_verb_row {
	const char *name;
	stage_verb *run;
	const char *keys; /* of its argument when that is a table, blank separated; NULL: any */
};
extern const struct stage_verb_row stage_verbs[];
extern const size_t stage_verbs_count;
/* The verb of a step, and its argument. NULL and *error when there is none, or more than one. */
const struct stage_verb_row *stage_find_verb(const struct json *step, const struct json **argument,
					     struct error *error);

stage_verb stage_verb_call, stage_verb_dig, stage_verb_log, stage_verb_traffic, stage_verb_wait,
	stage_verb_process_start, stage_verb_process_stop, stage_verb_process_kill,
	stage_verb_config_edit, stage_verb_net_drop, stage_verb_net_reject, stage_verb_net_reset,
	stage_verb_net_delay, stage_verb_dns_set, stage_verb_dns_fail, stage_verb_dns_timeout,
	stage_verb_dns_restore, stage_verb_host_down, stage_verb_host_up, stage_verb_clock_jump,
	stage_verb_redis_stop, stage_verb_redis_start, stage_verb_end;

/* Looks at every fault; false and *error when one never did anything. */
bool stage_check_faults(struct stage *stage, struct error *error);

#endif
