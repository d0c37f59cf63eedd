/* One case from its start to its verdict: the scene is set, the target started, the steps taken and
 * judged, everything stopped again.
 */
#ifndef RUNNER_RUN_H
#define RUNNER_RUN_H

#include <stdbool.h>
#include <stdint.h>

#include "base/str.h"
#include "conformance/report/report.h"
#include "conformance/runner/case.h"
#include "conformance/runner/target.h"

struct arena;
struct case_run;
struct world;

struct run_options {
	struct target_plan plan;
	struct str claims; /* comma separated; refscale claims everything */
	bool is_virtual;   /* time is: waits cost nothing */
	int64_t timeout_us;
	uint16_t portal_port; /* 0: any */
};

/* What the case needs and the target does not offer; empty: nothing is missing. */
struct str run_missing_need(const struct run_options *options,
			    const struct conform_case *conform_case, struct arena *arena);

/* target_started: it got as far as its first step. */
typedef void case_run_done(const struct result *result, bool target_started, void *data);

/* `done` is called once, later, when nothing of the case is left; texts of the result are in
 * `arena`. options and the case must outlive the run. */
struct case_run *case_run_start(struct world *world, const struct run_options *options,
				const struct conform_case *conform_case, struct arena *arena,
				case_run_done *done, void *data);
/* Stops at once, without calling back: for the end of the component. NULL is allowed. */
void case_run_abandon(struct case_run *run);

#endif
