/* When periodic jobs are due (spec/portal.md 9.4): each schedule at its times, unless the section
 * `sidekiq_schedule` of the settings' file gives a schedule ("daily") or a job ("purge_audits")
 * others, as a cron expression (base/cron.h). A job's own wins over its schedule's. */
#ifndef PORTAL_JOBS_TIMES_H
#define PORTAL_JOBS_TIMES_H

#include <stdbool.h>
#include <stdint.h>

#include "base/cron.h"
#include "portal/jobs_table.h"

struct error;
struct settings_source;

struct job_times {
	struct cron schedules[JOB_SCHEDULES];
	const struct cron **jobs; /* in the order of portal_jobs; NULL: its schedule's */
};

/* Lies in the source's arena. */
bool job_times_read(struct job_times *times, const struct settings_source *source,
		    struct error *error);
/* The last time at or before `now_us` at which the job, or jobs of the schedule, were due. */
int64_t job_times_last(const struct job_times *times, const struct job *job, int64_t now_us);
int64_t job_times_last_of(const struct job_times *times, enum job_schedule schedule,
			  int64_t now_us);

#endif
