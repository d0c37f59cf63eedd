/* The jobs: their names, when they are due and what they do. jobs.c runs them. */
#ifndef PORTAL_JOBS_TABLE_H
#define PORTAL_JOBS_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct call;
struct record;

enum job_step {
	JOB_DONE,
	JOB_MORE,
	JOB_ASKS, /* for counters that are missing (jobs_counters.h): nothing is stored, once more
		     then */
};
/* Rows that a step handles at most, so that requests need not wait for long. */
#define JOB_ROWS_MAX 1000

enum job_schedule { JOB_ON_DEMAND, JOB_HOURLY, JOB_DAILY, JOB_WEEKLY, JOB_SCHEDULES };

/* Their names, and when they are due unless told otherwise (jobs_times.h). */
extern const struct job_schedule_row {
	const char *name, *times; /* NULL for JOB_ON_DEMAND */
} portal_schedules[JOB_SCHEDULES];

struct job {
	const char *name;
	enum job_schedule schedule;
	/* One step, in its transaction. The call has no request; its tenant is that of the one who
	 * enqueued the job, NULL when that is gone or there was none. */
	enum job_step (*run)(struct call *call, int64_t object_id);
};

extern const struct job portal_jobs[];
extern const size_t portal_jobs_count;

/* jobs_purge.c */
enum job_step job_purge_user_sessions(struct call *call, int64_t object_id);
enum job_step job_purge_event_store_events(struct call *call, int64_t object_id);
enum job_step job_purge_audits(struct call *call, int64_t object_id);
enum job_step job_purge_log_entries(struct call *call, int64_t object_id);
enum job_step job_expire_provided_tokens(struct call *call, int64_t object_id);

/* jobs_reports.c */
enum job_step job_daily_reports(struct call *call, int64_t object_id);
enum job_step job_weekly_reports(struct call *call, int64_t object_id);

/* jobs_trials.c */
enum job_step job_trial_notices(struct call *call, int64_t object_id);

/* jobs_billing.c */
enum job_step job_billing(struct call *call, int64_t object_id);
enum job_step job_bill_tenant(struct call *call, int64_t object_id);
enum job_step job_bill_account(struct call *call, int64_t object_id);
enum job_step job_billing_notices(struct call *call, int64_t object_id);

/* jobs_erase.c */
enum job_step job_erase_tenants(struct call *call, int64_t object_id);
enum job_step job_erase_tenant(struct call *call, int64_t object_id);
enum job_step job_delete_statistics(struct call *call, int64_t object_id);
/* Part of a step: of one service. False when nothing was left to tell. */
bool job_delete_statistics_of(struct call *call, int64_t service_id);

/* jobs_service.c */
enum job_step job_delete_service(struct call *call, int64_t object_id);
/* A step, until the service itself is gone. */
void job_erase_some_of_service(struct call *call, struct record *service);

#endif
