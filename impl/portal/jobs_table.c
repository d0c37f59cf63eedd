#include "portal/jobs_table.h"

const struct job_schedule_row portal_schedules[JOB_SCHEDULES] = {
	[JOB_HOURLY] = {"hourly", "42 * * * *"},
	[JOB_DAILY] = {"daily", "0 8 * * *"},
	[JOB_WEEKLY] = {"weekly", "0 0 * * 1"},
};

/* Those of one schedule are run in this order. */
const struct job portal_jobs[] = {
	{"weekly_reports", JOB_WEEKLY, job_weekly_reports},
	{"daily_reports", JOB_DAILY, job_daily_reports},
	{"trial_notices", JOB_DAILY, job_trial_notices},
	{"purge_user_sessions", JOB_WEEKLY, job_purge_user_sessions},
	{"purge_event_store_events", JOB_WEEKLY, job_purge_event_store_events},
	{"purge_audits", JOB_DAILY, job_purge_audits},
	{"purge_log_entries", JOB_DAILY, job_purge_log_entries},
	{"expire_provided_tokens", JOB_DAILY, job_expire_provided_tokens},
	{"erase_tenants", JOB_DAILY, job_erase_tenants},
	{"erase_tenant", JOB_ON_DEMAND, job_erase_tenant},
	{"delete_service", JOB_ON_DEMAND, job_delete_service},
	{"delete_statistics", JOB_DAILY, job_delete_statistics},
	{"billing", JOB_DAILY, job_billing},
	{"bill_tenant", JOB_ON_DEMAND, job_bill_tenant},
	{"bill_account", JOB_ON_DEMAND, job_bill_account},
	{"billing_notices", JOB_ON_DEMAND, job_billing_notices},
};

const size_t portal_jobs_count = sizeof portal_jobs / sizeof *portal_jobs;
