/* A round of the worker: jobs of one queue that are prepared together, counted in one transaction,
 * and told of (spec/backend.md 5.3).
 *
 * job_round_begin() reads the jobs, job_round_run() does the rest and calls `over` once. From the
 * embedded store the jobs leave their queue in the same turn as what they count is written, which
 * is one transaction there; from a Redis see in_flight.h. What the jobs name is remembered until
 * `over` has returned.
 */
#ifndef BACKEND_JOB_ROUND_H
#define BACKEND_JOB_ROUND_H

#include <stddef.h>
#include <stdint.h>

#include "backend/batch.h"
#include "backend/counters.h"
#include "backend/job_run.h"
#include "backend/memo.h"
#include "backend/traffic.h"
#include "backend/transaction.h"

struct arena;
struct backend;

enum job_round_outcome {
	JOB_ROUND_COUNTED,
	JOB_ROUND_NOT_COUNTED, /* nothing was written */
	JOB_ROUND_FENCED,      /* somebody else has settled it: nothing was written */
	JOB_ROUND_UNKNOWN,
};

typedef void job_round_over(enum job_round_outcome outcome, void *data);

struct job_round {
	struct backend *backend;
	struct arena *arena; /* of this round */
	enum queue queue;
	struct job *jobs;
	size_t count;
	struct str name; /* in_flight.h; empty: of the embedded store */
	struct str list; /* where the jobs are; empty: nowhere else */
	int64_t began_us;
	struct str failure; /* why it was not counted, or nobody knows */
	bool is_spoilt;     /* by one of its jobs, which cannot be done: fewer tell which one */

	struct batch batch;
	struct reader reader;
	struct counters counters;
	struct traffic traffic;
	struct transaction transaction;
	job_round_over *over;
	void *data;
};

void job_round_init(struct job_round *round, struct backend *backend, struct arena *arena);
void job_round_free(struct job_round *round);
/* The payloads lie in the arena. */
void job_round_begin(struct job_round *round, enum queue queue, const struct str *payloads,
		     size_t count);
void job_round_run(struct job_round *round, struct str name, struct str list, job_round_over *over,
		   void *data);

#endif
