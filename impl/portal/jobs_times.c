#include "portal/jobs_times.h"

#include "base/arena.h"
#include "base/bug.h"
#include "base/error.h"
#include "base/json.h"
#include "portal/settings_source.h"

#define SECTION "sidekiq_schedule"

/* The cron that the name stands for; NULL: it is none of a schedule or a periodic job. */
static struct cron *cron_of(struct job_times *times, struct arena *arena, struct str name)
{
	struct cron *own;

	for (enum job_schedule i = JOB_HOURLY; i < JOB_SCHEDULES; i++) {
		if (str_equal(name, str_from(portal_schedules[i].name)))
			return &times->schedules[i];
	}
	for (size_t i = 0; i < portal_jobs_count; i++) {
		if (!str_equal(name, str_from(portal_jobs[i].name)) ||
		    portal_jobs[i].schedule == JOB_ON_DEMAND)
			continue;
		own = ARENA_NEW(arena, struct cron);
		times->jobs[i] = own;
		return own;
	}
	return NULL;
}

static bool read_time(struct job_times *times, const struct settings_source *source,
		      const struct json *value, struct error *error)
{
	struct cron *cron = cron_of(times, source->arena, value->key);
	struct str place = settings_place(source, SECTION, value);

	if (cron == NULL)
		return error_set(error, ERROR_INVALID,
				 "%.*s is neither a schedule nor one of its "
				 "jobs",
				 STR_ARG(place));
	if (value->kind != JSON_STRING)
		return error_set(error, ERROR_INVALID, "%.*s must be a cron expression in quotes",
				 STR_ARG(place));
	return cron_parse(value->text, cron, error) || error_wrap(error, "%.*s", STR_ARG(place));
}

bool job_times_read(struct job_times *times, const struct settings_source *source,
		    struct error *error)
{
	times->jobs = ARENA_ARRAY(source->arena, const struct cron *, portal_jobs_count);
	for (enum job_schedule i = JOB_HOURLY; i < JOB_SCHEDULES; i++)
		BUG_IF(!cron_parse(str_from(portal_schedules[i].times), &times->schedules[i],
				   NULL));
	JSON_EACH (value, settings_section(source, SECTION)) {
		if (!read_time(times, source, value, error))
			return false;
	}
	return true;
}

int64_t job_times_last_of(const struct job_times *times, enum job_schedule schedule, int64_t now_us)
{
	return cron_last(&times->schedules[schedule], now_us);
}

int64_t job_times_last(const struct job_times *times, const struct job *job, int64_t now_us)
{
	const struct cron *own = times->jobs[job - portal_jobs];

	return own != NULL ? cron_last(own, now_us)
			   : job_times_last_of(times, job->schedule, now_us);
}
