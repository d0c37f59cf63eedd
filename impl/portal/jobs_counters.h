/* Backend's counters for jobs (spec/portal.md 9.6). Steps are over at once, and the storage answers
 * later: a step asks for a sum, is told that it is not known yet, and ends with JOB_ASKS. What it
 * did is undone, the storage is asked for what is missing, and the step is run again.
 *
 * What was learnt is kept until the job's next step is stored, or fails. */
#ifndef PORTAL_JOBS_COUNTERS_H
#define PORTAL_JOBS_COUNTERS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/str.h"

struct job_counters;
struct statistics_keys;

struct job_counters *job_counters_create(void);
void job_counters_destroy(struct job_counters *counters); /* NULL is allowed */
/* False: some of the keys are not known yet, and noted as missing. */
bool job_counters_sum(struct job_counters *counters, const struct statistics_keys *keys,
		      int64_t *sum);
/* The missing ones, until the next call. */
const struct str *job_counters_missing(const struct job_counters *counters, size_t *count);
/* A value for each of them, in their order. */
void job_counters_learn(struct job_counters *counters, const int64_t *values);
void job_counters_forget(struct job_counters *counters);

#endif
