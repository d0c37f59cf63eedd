/* The target of a case: refscale itself, a command, or something that runs already. One target
 * struct starts one process, once.
 *
 * refscale tells its ports in its line "ready NAME port=N ..."; for a command free ports are chosen
 * and given to it through placeholders, and it is ready when it answers. target->changed is called
 * (never from within a function here) when the state changes.
 */
#ifndef RUNNER_TARGET_H
#define RUNNER_TARGET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/str.h"
#include "base/vec.h"
#include "conformance/runner/case.h"
#include "conformance/runner/placeholders.h"
#include "conformance/runner/wire.h"
#include "world/clock.h"
#include "world/process.h"

struct client_call;
struct error;
struct json;
struct target;

/* TARGET_HTTPS is where APICAST_HTTPS_PORT of the case says. */
enum target_port {
	TARGET_PROXY,
	TARGET_MANAGEMENT,
	TARGET_METRICS,
	TARGET_ECHO,
	TARGET_HTTPS,
	TARGET_PORTS
};
bool target_port_from_name(struct str name, enum target_port *port);

/* How every case's target is had; the same for the whole run. */
struct target_plan {
	enum suite suite;
	struct str start_command;                /* empty: refscale */
	struct str worker_command, cron_command; /* of a backend's further processes; empty: none */
	struct str url, management_url;          /* of a running target; empty: none */
	struct str store;                        /* backend: redis:// URL; empty: in memory */
	struct str database;                     /* portal: DATABASE_URL; empty: in memory */
};

bool target_plan_is_refscale(const struct target_plan *plan);
/* Whether a backend's process of that role can be started. */
bool target_plan_has_role(const struct target_plan *plan, struct str role);
/* Whether there is a way to that port of the target. */
bool target_plan_has_port(const struct target_plan *plan, enum target_port port);

enum target_state { TARGET_STARTING, TARGET_READY, TARGET_ENDED };

typedef void target_changed(struct target *target, void *data);

struct target {
	struct world *world;
	const struct target_plan *plan;
	struct arena *arena;
	struct wire *wire;    /* gets its log */
	struct str name;      /* of its log lines; empty: the target itself */
	struct str role;      /* of a backend; empty: all */
	struct str release;   /* of a backend; empty: the default */
	bool refuses_hooks;   /* refscale's backend or portal without its test hooks */
	bool resets_database; /* refscale's portal: it begins with an empty one */
	uint16_t port;        /* where refscale must listen; 0: anywhere */
	int64_t clock_us; /* portal: where its clock stands from the start on; INT64_MIN: it goes */
	enum target_state state;
	int exit_status; /* when it ended: status, or 128 + signal */
	bool was_killed;
	struct str address;
	uint16_t ports[TARGET_PORTS]; /* 0: not open */
	struct process *process;      /* NULL: not running */
	struct timer timer;
	struct client_call *probe;
	struct wire probe_wire; /* not part of the case */
	target_changed *changed;
	void *data;
};

/* Order of use: fill world, plan, arena, wire, name, role, release, refuses_hooks, port, clock_us,
 * changed, data; start; stop;
 * wait for TARGET_ENDED; free. `environment` (name: text) is what the target gets on top,
 * `arguments` a list or NULL. */
bool target_start(struct target *target, struct placeholders *placeholders,
		  const struct json *environment, const struct json *arguments,
		  struct error *error);
/* Asks it to end (SIGTERM), kills it when it does not. False: there is nothing to wait for. */
bool target_stop(struct target *target);
void target_ask_to_stop(struct target *target); /* only asks */
void target_kill(struct target *target);
/* Whether its clock, and all else that only tests touch, is in reach (refscale's own backend or
 * portal that listens). */
bool target_has_hooks(const struct target *target);
void target_free(struct target *target);

#endif
