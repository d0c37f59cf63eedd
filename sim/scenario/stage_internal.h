/* The stage of one run: the simulator with the scenario's hosts and processes, and what its steps
 * share. Texts live in the stage's arena, which is the result's. */
#ifndef SIM_SCENARIO_STAGE_INTERNAL_H
#define SIM_SCENARIO_STAGE_INTERNAL_H

#include "base/map.h"
#include "sim/scenario/scenario.h"

struct http_body_collector;
struct http_call;

/* A process of the world's description, running or not. */
struct stage_process {
	struct stage *stage;
	struct str name;
	const struct json *description;
	struct map *edited;          /* variables, by config.edit: name -> struct str * */
	struct sim_process *process; /* NULL: not running */
	struct str ready_text;       /* what the line begins with that says it can serve */
	bool is_ready;
	int exit_status; /* of the last end; -1 while there is none */
	VEC(struct str) lines;
	size_t lines_before_fault;
};

/* What a fault did is counted: one without effect fails the scenario. */
enum stage_fault_kind {
	STAGE_FAULT_RULE,    /* of the network, until `end` */
	STAGE_FAULT_NAME,    /* a name that does not resolve, until dns.restore */
	STAGE_FAULT_ZONE,    /* other addresses of a name, until it changes again */
	STAGE_FAULT_AT_ONCE, /* had its effect, or none, when it was made */
};

struct stage_fault {
	enum stage_fault_kind kind;
	struct str name; /* of `as`, or of its verb */
	int line;
	struct sim_rule *rule;  /* of a rule */
	struct str domain_name; /* of a name or zone */
	uint64_t effects;       /* of what is over, and is no rule */
	bool is_over;
};

/* One call of the background traffic that was answered, or failed. */
struct stage_traffic_answer {
	size_t number; /* of the call, from 0 on, in the order they began */
	int status;    /* 0: failed */
	struct str failure;
};

struct stage_traffic {
	struct stage *stage;
	const struct json *call; /* NULL: there is no traffic */
	int64_t every_us;
	size_t calls_begun;
	VEC(struct stage_traffic_answer) answers;
	VEC(struct stage_call *) waiting;
};

/* A Redis of the world's description. */
struct stage_redis {
	struct str name;
	struct sim_host *host;
	struct sim_redis *node;
	bool is_stopped;
};

struct stage {
	struct arena *arena;
	struct sim *sim;
	const struct json *world; /* its description */
	struct map *variables;    /* {name} in texts: name -> struct str * */
	VEC(struct stage_process *) processes;
	VEC(struct stage_redis) redis;
	VEC(struct stage_fault) faults;
	struct stage_traffic traffic;
	struct str seen; /* by the present step, for the report: in the arena; empty: nothing */
};

/* stage.c */
bool stage_set(struct stage *stage, struct error *error); /* hosts, names, Redis, processes */
void stage_clear(struct stage *stage);
struct sim_host *stage_find_host(struct stage *stage, struct str name, struct error *error);
/* A program that an operator runs on a host, as curl; "" is the host `client`. To be ended by
 * sim_host_world_end(). */
struct world *stage_open_program(struct stage *stage, struct str host, struct str program,
				 struct error *error);
/* Runs until done() says so; false when that took longer. */
bool stage_run(struct stage *stage, int64_t limit_us, bool (*done)(void *data), void *data);

/* verbs_cluster.c: the objects that a world begins with. */
bool stage_add_cluster(struct stage *stage, struct error *error);

/* processes.c */
void stage_add_process(struct stage *stage, const struct json *description);
void stage_free_processes(struct stage *stage);
struct stage_process *stage_find_process(struct stage *stage, struct str name, struct error *error);
/* Starts it, and waits until it is ready, has ended, or takes too long. */
bool stage_start_process(struct stage_process *process, struct error *error);
void stage_mark_fault(struct stage *stage); /* from here on lines are the fault's */
struct str stage_last_line(const struct stage_process *process);

/* text.c: what texts mean. */
/* "30s", "5m", "2h", "1d", "250ms", or a number of seconds. */
bool stage_duration(const struct json *value, int64_t *us, struct error *error);
/* A member that is a whole number within bounds; an absent one leaves *number as it is. */
bool stage_number(const struct json *table, struct str key, int64_t least, int64_t most,
		  int64_t *number, struct error *error);
bool stage_has_word(const char *words, struct str word); /* words: blank separated */
/* Of a variable: small letters, digits, underscores. `{{name}` is the text `{name}`, all other
 * braces are themselves. */
bool stage_is_name(struct str text);
void stage_put_variable(struct stage *stage, struct str name, struct str value);
/* A copy with {name} replaced in every text. NULL and *error for an unknown name. */
struct json *stage_expand(struct stage *stage, const struct json *value, struct error *error);
struct str stage_shown(struct arena *arena, struct str text); /* one short line of it */

/* call.c: one HTTP call of a client. */
#define STAGE_CALL_KEYS                                                                            \
	"get head post put patch delete options from to host fields body form insecure"

struct stage_call {
	struct stage *stage;
	struct world *world;
	struct arena *arena;
	struct http_call *call;
	struct http_body_collector *collector;
	bool is_over;
	int64_t began_us, ended_us;
	size_t number;      /* of the traffic's calls */
	int status;         /* 0: never answered */
	struct str failure; /* empty: none */
	struct str body;
	void (*over)(struct stage_call *call); /* may be NULL; must not destroy the call */
};
/* description: {get: URL, from, to, host, fields, body, form, insecure}. NULL and *error. */
struct stage_call *stage_call_start(struct stage *stage, const struct json *description,
				    void (*over)(struct stage_call *call), struct error *error);
void stage_call_destroy(struct stage_call *call); /* not from within the call's own callbacks */

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
	const char *keys;   /* of its argument, "*": any; NULL: that is a text */
	const char *beside; /* keys that may stand beside it, besides `step` and `shows` */
	bool takes_text;    /* as well as a table */
	bool (*check)(const struct json *step, struct error *error); /* when read; may be NULL */
};
/* The verb of a step that was checked, and its argument. */
const struct stage_verb_row *stage_find_verb(const struct json *step, const struct json **argument);
bool stage_check_step(const struct json *step, struct error *error);

stage_verb stage_verb_call, stage_verb_dig, stage_verb_log, stage_verb_traffic, stage_verb_wait,
	stage_verb_process_start, stage_verb_process_stop, stage_verb_process_kill,
	stage_verb_config_edit, stage_verb_net_drop, stage_verb_net_reject, stage_verb_net_reset,
	stage_verb_net_delay, stage_verb_dns_set, stage_verb_dns_fail, stage_verb_dns_timeout,
	stage_verb_dns_restore, stage_verb_host_down, stage_verb_host_up, stage_verb_clock_jump,
	stage_verb_redis_stop, stage_verb_redis_start, stage_verb_end;
stage_verb stage_verb_cluster_apply, stage_verb_cluster_patch, stage_verb_cluster_delete,
	stage_verb_cluster_get;
bool stage_check_cluster_apply(const struct json *step, struct error *error);
bool stage_check_cluster_get(const struct json *step, struct error *error);
bool stage_check_call(const struct json *step, struct error *error);
bool stage_check_dig(const struct json *step, struct error *error);

/* Looks at every fault; false and *error when one never did anything. */
bool stage_check_faults(struct stage *stage, struct error *error);

#endif
