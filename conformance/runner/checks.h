/* Judging a step: its `then` against what is on the wire since the step began.
 */
#ifndef RUNNER_CHECKS_H
#define RUNNER_CHECKS_H

#include <stdbool.h>

#include "base/str.h"
#include "base/vec.h"
#include "conformance/report/report.h"

struct arena;
struct json;
struct wire;

/* What a Redis replied to the command of one `redis` check. */
struct redis_observation {
	const struct json *check;
	const struct json *reply; /* NULL: an error, or no reply */
	struct str failure;
};

/* A process that the case runs beside the target. */
struct check_process {
	struct str name;
	bool has_ended;
	int exit_status;
};

struct check_view {
	struct arena *arena; /* texts of failures */
	const struct wire *wire;
	bool has_ended; /* the target */
	int exit_status;
	const struct redis_observation *observations;
	size_t observations_count;
	const struct json *rows; /* of the step's last `sql`; NULL: none */
	const struct check_process *processes;
	size_t processes_count;
};

struct failures {
	VEC(struct failure) items;
};

/* Appends what does not fit. */
void checks_judge(const struct check_view *view, const struct json *then,
		  struct failures *failures);

#endif
