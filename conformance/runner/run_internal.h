/* The parts of a case's run: run.c takes the steps, actions.c carries out what `when` says,
 * run_backend.c speaks to the Internal API and the test hooks of a backend. */
#ifndef RUNNER_RUN_INTERNAL_H
#define RUNNER_RUN_INTERNAL_H

#include "conformance/runner/checks.h"
#include "conformance/runner/client.h"
#include "conformance/runner/fixture_backend.h"
#include "conformance/runner/run.h"
#include "conformance/runner/scene.h"
#include "conformance/runner/target.h"
#include "world/clock.h"

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

	struct result result;
	bool is_over;
	case_run_done *done;
	void *data;
};

/* run.c */
void case_run_fail(struct case_run *run, struct str reason);
void case_run_next_action(struct case_run *run); /* the present one is done */
void case_run_first_step(struct case_run *run);

/* actions.c */
void case_run_act(struct case_run *run);

/* run_backend.c */
void case_run_seed(struct case_run *run); /* then the first step */
void case_run_drain(struct case_run *run);
void case_run_set_clock(struct case_run *run, int64_t utc_us);
void case_run_advance_clock(struct case_run *run, int64_t by_us);
/* "Basic ..." of the target's Internal API. */
struct str case_run_internal_credentials(struct case_run *run);

#endif
