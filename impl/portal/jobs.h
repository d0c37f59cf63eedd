/* Work that nobody waits for (spec/portal.md 6.5, 9.4, 9.5): periodic jobs, and jobs that a change
 * leaves to be done afterwards. Both are rows of the table in jobs_table.c.
 *
 * A job that waits is a row of `background_jobs`, written by jobs_add() in the transaction of
 * the change. It is run in steps, each in a transaction of its own and small enough that requests
 * are served in between; what was done of it survives the end of the process, and the rest is done
 * by the next one. A step whose transaction fails is tried again later: (n^4 + 15) seconds after
 * the nth time, at most an hour, and with the next daily run.
 *
 * A periodic job is enqueued once for each time it is due at (jobs_times.h). The last such time is
 * kept, so that a start catches up once on what was missed, several processes run nothing twice,
 * and the first start of a database runs nothing at all. Time is database_now_us().
 */
#ifndef PORTAL_JOBS_H
#define PORTAL_JOBS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/str.h"

struct call;
struct database;
struct jobs;
struct settings;
struct statistics_storage;
struct world;

struct jobs_options {
	struct world *world;
	struct database *database;
	const struct settings *settings;
	struct statistics_storage *storage; /* NULL: jobs that need it fail */
	/* A step was committed: outboxes may have rows. */
	void (*committed)(void *data);
	void *data;
};

struct jobs *jobs_create(const struct jobs_options *options);
void jobs_destroy(struct jobs *jobs); /* NULL is allowed */
/* There may be jobs, or the clock was set. Outside a transaction only. */
void jobs_wake(struct jobs *jobs);
/* In a transaction: a job of that name for the object, of the call's tenant. One that waits already
 * for the same object is enough. */
void jobs_add(struct call *call, const char *name, int64_t object_id);
/* Now, and to the end, with all that waits: a job's name, or "hourly", "daily", "weekly" for those
 * of that schedule. What comes after a question to backend's storage (jobs_counters.h) follows its
 * answer. False when there is no such job. Outside a transaction only. */
bool jobs_run(struct jobs *jobs, struct str name);
/* Nothing is under way or due, as far as this process runs jobs. */
bool jobs_are_idle(const struct jobs *jobs);

#endif
