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
#include "conformance/runner/target.h"
#include "world/clock.h"

/* reply: NULL when there is none, *failure says why; good until the next judgement. */
typedef void redis_reply_came(struct case_run *run, const struct json *reply, struct str failure);

struct case_run {
	struct world *world;
	const struct run_options *options;
	const struct conform_case *conform_case;
	struct arena *arena;        /* of the case */
	struct arena *result_arena; /* the caller's */
	struct arena *scratch;      /* of one judgement */
	struct scene scene;
	struct target target;
	struct failures failures; /* of the present judgement */
	int64_t began_us;
	struct timer timeout;

	/* The step. */
	const struct json *step;
	const struct json *action; /* NULL: all are done */
	int64_t repeats_left;
	struct client_call *call;
	struct timer pause; /* a wait, then the settling */
	int64_t settling_since_us, changed_us;
	uint64_t changes_seen;
	bool has_started, may_end;

	/* A backend. */
	struct fixture_calls fixture;
	size_t fixture_next;
	struct wire hook_wire; /* calls that are not the case's own */
	int64_t clock_us;      /* the target's; INT64_MIN: never set */

	/* Its Redis. */
	struct redis_access redis;
	redis_reply_came *redis_replied;
	const struct json *observed; /* the check whose command is under way */
	VEC(struct redis_observation) observations;
	bool is_last_look;

	struct result result;
	bool is_over;
	case_run_done *done;
	void *data;
};

/* run.c */
void case_run_fail(struct case_run *run, struct str reason);
void case_run_next_action(struct case_run *run); /* the present one is done */
void case_run_first_step(struct case_run *run);

void case_run_judge(struct case_run *run); /* all is observed */

/* actions.c, actions_call.c */
void case_run_act(struct case_run *run);
void case_run_act_call(struct case_run *run, const struct json *action);

/* run_backend.c */
void case_run_seed(struct case_run *run); /* then the first step */
/* One call of the runner's own, which is not on the case's wire. */
void case_run_ask(struct case_run *run, const struct fixture_call *call, client_done *done);
void case_run_drain(struct case_run *run);
void case_run_forget(struct case_run *run);
void case_run_cron(struct case_run *run);
void case_run_set_clock(struct case_run *run, int64_t utc_us);
void case_run_advance_clock(struct case_run *run, int64_t by_us);
/* "Basic ..." of the target's Internal API. */
struct str case_run_internal_credentials(struct case_run *run);

/* run_redis.c */
/* An action: `place` is {in}, may be the action itself. The next one follows the reply. */
void case_run_command(struct case_run *run, const struct json *command, const struct json *place);
void case_run_observe(struct case_run *run); /* for the step's checks; then case_run_judge() */

#endif
