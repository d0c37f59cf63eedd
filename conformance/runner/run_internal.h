/* The parts of a case's run: run.c takes the steps, actions.c and actions_call.c carry out what
 * `when` says, run_backend.c speaks to the Internal API and the test hooks of a backend,
 * run_redis.c to its Redis. */
#ifndef RUNNER_RUN_INTERNAL_H
#define RUNNER_RUN_INTERNAL_H

#include "conformance/runner/checks.h"
#include "conformance/runner/client.h"
#include "conformance/runner/fixture_backend.h"
#include "conformance/runner/redis_access.h"
#include "conformance/runner/run.h"
#include "conformance/runner/scene.h"
#include "conformance/runner/servers.h"
#include "conformance/runner/target.h"
#include "world/clock.h"

/* reply: NULL when there is none, *failure says why; good until the next judgement. */
typedef void redis_reply_came(struct case_run *run, const struct json *reply, struct str failure);

/* A process that the case runs beside the target: refscale in another role. */
struct run_process {
	struct case_run *run;
	struct target target;    /* with its name */
	struct target_plan plan; /* of one that is no role of the target */
	bool may_end;            /* it was told to */
};

/* One of several calls at the same time. */
struct parallel_call {
	struct case_run *run;
	struct client_call *call; /* NULL: it is over */
};

/* Of a session of the case, a browser's. */
struct cookie {
	struct str session, name, value;
};

struct case_run {
	struct world *world;
	const struct run_options *options;
	const struct conform_case *conform_case;
	struct arena *arena;        /* of the case */
	struct arena *result_arena; /* the caller's */
	struct arena *scratch;      /* of one judgement */
	struct scene scene;
	struct target target;
	VEC(struct run_process *) processes;
	const struct run_process *awaited; /* by the action, until it is ready or has ended */
	struct servers servers;
	struct failures failures; /* of the present judgement */
	int64_t began_us;
	struct timer timeout;

	/* The step. */
	const struct json *step;
	const struct json *action; /* NULL: all are done */
	int64_t repeats_left;
	struct client_call *call;
	VEC(struct parallel_call *) parallel;
	int64_t parallel_left;
	struct timer pause; /* a wait, then the settling */
	int64_t settling_since_us, changed_us;
	uint64_t changes_seen;
	bool has_started, may_end;
	bool is_restarting;       /* the target is to run again; it may have to end first */
	const struct json *until; /* what an action is repeated for; NULL: nothing yet */
	int64_t until_since_us;

	/* A backend. */
	struct fixture_calls fixture;
	size_t fixture_next;
	struct wire hook_wire; /* calls that are not the case's own */
	int64_t clock_us;      /* the target's; INT64_MIN: never set */
	size_t clocks_set;     /* of the target and its processes */

	/* Its Redis. */
	struct redis_access redis;
	redis_reply_came *redis_replied;
	const struct json *observed; /* the check whose command is under way */
	void (*observed_all)(struct case_run *run);
	VEC(struct redis_observation) observations;
	bool is_last_look;

	bool has_kept;           /* something of an answer, for later calls and checks */
	const struct json *then; /* of the step, with what was kept */

	/* A portal. */
	int portal_stage; /* of its start: what is to be done next */
	VEC(struct cookie) cookies;
	const struct json *rows; /* of the step's last `sql`; NULL: none */
	size_t sample;           /* of what it was seeded with: the next to ask for */

	struct result result;
	bool is_over, is_winding_up;
	case_run_done *done;
	void *data;
};

/* run.c */
void case_run_fail(struct case_run *run, struct str reason);
void case_run_fail_checks(struct case_run *run); /* as run->failures say */
/* Judges what was observed; false: run->failures say what does not fit. */
bool case_run_fits(struct case_run *run, const struct json *then);
void case_run_end_when_possible(struct case_run *run); /* once it is over: something has ended */
void case_run_next_action(struct case_run *run);       /* the present one is done */
void case_run_start_target(struct case_run *run);      /* also once it has ended */
void case_run_first_step(struct case_run *run);

/* actions.c, actions_call.c */
void case_run_act(struct case_run *run);
void case_run_act_call(struct case_run *run, const struct json *action);
void case_run_act_raw(struct case_run *run, const struct json *texts);
void case_run_cancel_calls(struct case_run *run);
/* actions_keep.c */
/* What the present action wants of its answer, as {kept.NAME} from here on. False: it has not, and
 * the case failed. */
bool case_run_keep(struct case_run *run, const struct record *record);
/* actions_until.c */
void case_run_until(struct case_run *run); /* looks whether the present action fits now */

/* run_processes.c */
void case_run_process(struct case_run *run, const struct json *given);
/* `which`: target, server.NAME or process.NAME; the next action follows when it has ended, but a
 * target that is only stopped is not waited for. */
void case_run_stop(struct case_run *run, struct str which, bool kills);
/* The same that was stopped: target or server.NAME. */
void case_run_start_again(struct case_run *run, struct str which);
/* A real backend or gateway of refscale beside a portal; case_run_prepare() follows. */
void case_run_companion(struct case_run *run, enum suite suite, const char *name, uint16_t port,
			const struct json *environment, const struct json *arguments);
struct run_process *case_run_find_process(struct case_run *run, struct str name); /* or NULL */
void case_run_stop_processes(struct case_run *run);
bool case_run_has_processes(const struct case_run *run); /* that did not end yet */
void case_run_free_processes(struct case_run *run);

/* run_backend.c */
void case_run_seed(struct case_run *run); /* then the first step */
/* One call of the runner's own, which is not on the case's wire. */
void case_run_ask(struct case_run *run, const struct target *target,
		  const struct fixture_call *call, client_done *done);
/* Its answer came; false after the case failed for it. */
bool case_run_is_fine(struct case_run *run, const struct record *record);
/* The target, or the real backend beside a portal. */
const struct target *case_run_backend(struct case_run *run);
void case_run_drain(struct case_run *run);
void case_run_forget(struct case_run *run);
void case_run_cron(struct case_run *run);
void case_run_set_clock(struct case_run *run, int64_t utc_us);
/* A process that came later gets the time that the others have. */
void case_run_set_clock_of(struct case_run *run, const struct run_process *process);
void case_run_advance_clock(struct case_run *run, int64_t by_us);
/* "Basic ..." of the target's Internal API. */
struct str case_run_internal_credentials(struct case_run *run);

/* run_portal.c */
/* The next part of its start: real processes beside it, what it tells backend first; then the first
 * step. */
void case_run_prepare(struct case_run *run);
void case_run_sql(struct case_run *run, const struct json *action);
void case_run_job(struct case_run *run, struct str name);
/* Those of a project: `rows` are what the world holds of them. */
void case_run_routes(struct case_run *run, struct str namespace);
void case_run_settle(struct case_run *run); /* until backend and zync know all there is */
/* portal_call.c */
/* Host, credentials and cookies of a call; false: the case failed. */
void case_run_dress_call(struct case_run *run, struct client_request *request,
			 const struct json *action);
struct str case_run_portal_host(struct case_run *run, struct str face);
void case_run_keep_cookies(struct case_run *run, const struct record *record);
/* Nested values in brackets: {service: {name: x}, scopes: [a]} is service[name]=x&scopes[]=a. */
struct str case_run_form_text(struct arena *arena, const struct json *form);
void case_run_set_multipart(struct case_run *run, struct client_request *request,
			    const struct json *parts);

/* run_redis.c */
/* An action: `place` is {in, server, database}, may be the action itself. The next one follows the
 * reply. */
void case_run_command(struct case_run *run, const struct json *command, const struct json *place);
/* For the checks of that list; then calls. Nothing of the last judgement is valid any more. */
void case_run_observe(struct case_run *run, const struct json *then,
		      void (*observed_all)(struct case_run *run));

#endif
