/* Failed jobs go back to their queues (spec/backend.md 9.7): one round of cron.
 *
 * A lock in the queues database lets one process at a time do it. Entries leave the failed list in
 * slices, each in one transaction with the jobs that it brings back, so that no job is there twice
 * or lost when the process ends.
 */
#ifndef BACKEND_FAILED_JOBS_H
#define BACKEND_FAILED_JOBS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/str.h"

struct backend;

struct failed_jobs_result {
	bool has_failed;
	struct str failure; /* why; what was done until then is done */
	int64_t rescheduled, discarded, pending;
};

/* Called once, maybe before failed_jobs_reschedule() has returned. */
typedef void failed_jobs_done(const struct failed_jobs_result *result, void *data);

void failed_jobs_reschedule(struct backend *backend, failed_jobs_done *done, void *data);

#endif
