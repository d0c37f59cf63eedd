#include "portal/jobs.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/arena.h"
#include "base/bug.h"
#include "base/error.h"
#include "base/json.h"
#include "base/utc.h"
#include "portal/call.h"
#include "portal/database.h"
#include "portal/jobs_counters.h"
#include "portal/jobs_table.h"
#include "portal/jobs_times.h"
#include "portal/settings.h"
#include "portal/statistics/storage.h"
#include "portal/tables.h"
#include "world/clock.h"
#include "world/log.h"

#define MINUTE_US (60 * UTC_SECOND_US)
#define RETRY_MAX_US (60 * MINUTE_US)
/* The wall clock may jump, and other processes enqueue, too. */
#define LOOK_US MINUTE_US

struct jobs {
	struct jobs_options options;
	struct timer timer;
	struct timer rest;    /* after a failure that could not even be noted */
	int64_t looked_at_us; /* for what is due; 0: not yet */
	int64_t current_id;   /* whose first step was run in this process, and when */
	int64_t began_us;
	bool has_more; /* since it was woken, as far as is known */
	struct job_counters *counters;
	struct storage_question *question; /* under way: no step is run */
	int64_t asking_id;                 /* whose step asked */
};

struct jobs *jobs_create(const struct jobs_options *options)
{
	struct jobs *jobs = MEMORY_NEW(struct jobs);

	jobs->options = *options;
	jobs->counters = job_counters_create();
	return jobs;
}

void jobs_destroy(struct jobs *jobs)
{
	if (jobs == NULL)
		return;
	timer_stop(&jobs->timer);
	timer_stop(&jobs->rest);
	storage_question_stop(jobs->question);
	job_counters_destroy(jobs->counters);
	free(jobs);
}

static const struct job *job_named(struct str name)
{
	for (size_t i = 0; i < portal_jobs_count; i++) {
		if (str_equal(str_from(portal_jobs[i].name), name))
			return &portal_jobs[i];
	}
	return NULL;
}

static struct call job_call(struct jobs *jobs, struct arena *arena)
{
	return (struct call){.database = jobs->options.database,
			     .settings = jobs->options.settings,
			     .counters = jobs->counters,
			     .arena = arena,
			     .format = FORMAT_JSON,
			     .parameters = json_new(arena, JSON_OBJECT)};
}

void jobs_add(struct call *call, const char *name, int64_t object_id)
{
	struct record *row = call_new_record(call, &background_jobs_table);

	if (database_int(call->database,
			 STR("SELECT count(*) FROM background_jobs WHERE name = ?1 AND "
			     "object_id = ?2"),
			 DATABASE_ARGUMENTS(value_text(str_from(name)), value_int(object_id)),
			 0) > 0)
		return;
	record_set_text(row, "name", str_from(name));
	record_set_int(row, "object_id", object_id);
	record_set(row, "run_at", value_time(database_now_us(call->database)));
	record_save(call->database, row);
}

/* What is due. */

static void enqueue_if_due(struct call *call, const struct job *job)
{
	int64_t due_us =
		job_times_last(&call->settings->job_times, job, database_now_us(call->database));
	struct record *row = record_first(call->database, &periodic_jobs_table, "name = ?1",
					  DATABASE_ARGUMENTS(value_text(str_from(job->name))));
	bool is_first = row == NULL;

	if (is_first) {
		row = record_new(call->arena, &periodic_jobs_table);
		record_set_text(row, "name", str_from(job->name));
	} else if (record_get(row, "due_at").number >= due_us) {
		return;
	} else {
		jobs_add(call, job->name, 0);
	}
	record_set(row, "due_at", value_time(due_us));
	record_save(call->database, row);
}

/* A daily run takes up what failed before (spec/portal.md 6.5). */
static void hurry_failed_ones(struct call *call)
{
	database_run(call->database,
		     STR("UPDATE background_jobs SET run_at = ?1 WHERE tries > 0 AND run_at > ?1"),
		     DATABASE_ARGUMENTS(value_time(database_now_us(call->database))));
}

/* Has a job come to be due in between? Times are of whole minutes. */
static bool any_is_due(const struct job_times *times, int64_t from_us, int64_t to_us)
{
	bool is_any = false;

	if (from_us / MINUTE_US == to_us / MINUTE_US)
		return false;
	for (size_t i = 0; i < portal_jobs_count && !is_any; i++) {
		const struct job *job = &portal_jobs[i];

		is_any = job->schedule != JOB_ON_DEMAND &&
			 job_times_last(times, job, to_us) != job_times_last(times, job, from_us);
	}
	return is_any;
}

static bool daily_run_is_due(const struct job_times *times, int64_t from_us, int64_t to_us)
{
	return job_times_last_of(times, JOB_DAILY, to_us) !=
	       job_times_last_of(times, JOB_DAILY, from_us);
}

/* A transaction only when a time has passed that some job is due at, and at the start. */
static void enqueue_due(struct jobs *jobs)
{
	struct database *database = jobs->options.database;
	int64_t before_us = jobs->looked_at_us, now_us = database_now_us(database);
	const struct job_times *times = &jobs->options.settings->job_times;
	bool is_start = before_us == 0;
	struct arena *arena;
	struct call call;

	jobs->looked_at_us = now_us;
	if (!is_start && !any_is_due(times, before_us, now_us))
		return;
	arena = arena_create();
	call = job_call(jobs, arena);
	database_begin(database, arena, true);
	for (size_t i = 0; i < portal_jobs_count; i++) {
		if (portal_jobs[i].schedule != JOB_ON_DEMAND)
			enqueue_if_due(&call, &portal_jobs[i]);
	}
	if (!is_start && daily_run_is_due(times, before_us, now_us))
		hurry_failed_ones(&call);
	if (!database_commit(database, NULL))
		jobs->looked_at_us = before_us;
	arena_destroy(arena);
}

/* One step. */

static void job_log(struct jobs *jobs, const struct record *row, const char *what)
{
	struct world *world = jobs->options.world;
	char time[32];

	log_format(world, LOG_STDOUT, "[%.*s] job %.*s id=%" PRId64 " object=%" PRId64 " %s",
		   STR_ARG(utc_format_iso(time, database_now_us(jobs->options.database))),
		   STR_ARG(record_text(row, "name")), record_id(row), record_int(row, "object_id"),
		   what);
}

static void job_begins(struct jobs *jobs, const struct record *row)
{
	if (jobs->current_id == record_id(row))
		return;
	jobs->current_id = record_id(row);
	jobs->began_us = world_monotonic_us(jobs->options.world);
	job_log(jobs, row, "start");
}

static int64_t retry_us(int64_t tries)
{
	int64_t wait_us =
		tries < 10 ? (tries * tries * tries * tries + 15) * UTC_SECOND_US : RETRY_MAX_US;

	return wait_us < RETRY_MAX_US ? wait_us : RETRY_MAX_US;
}

static void jobs_rested(struct timer *timer)
{
	jobs_wake(LIST_ENTRY(timer, struct jobs, rest));
}

/* The step's own transaction is lost; this is another. When that is lost too the row stays due:
 * nothing is run for a while. */
static void job_failed(struct jobs *jobs, struct record *row, const struct error *error)
{
	struct database *database = jobs->options.database;
	struct arena *arena = arena_create();
	int64_t tries = record_int(row, "tries") + 1;

	job_log(jobs, row,
		str_cstr(arena, str_format(arena, "fail: %s; next try in %" PRId64 " s",
					   error->text, retry_us(tries) / UTC_SECOND_US)));
	database_begin(database, arena, true);
	database_run(database,
		     STR("UPDATE background_jobs SET tries = ?2, run_at = ?3 WHERE id = ?1"),
		     DATABASE_ARGUMENTS(value_int(record_id(row)), value_int(tries),
					value_time(database_now_us(database) + retry_us(tries))));
	if (!database_commit(database, NULL))
		timer_start(jobs->options.world, &jobs->rest, LOOK_US, jobs_rested);
	jobs->current_id = 0;
	job_counters_forget(jobs->counters);
	arena_destroy(arena);
}

static void job_done(struct jobs *jobs, const struct record *row)
{
	char text[64];

	snprintf(text, sizeof text, "done %" PRId64 "ms",
		 (world_monotonic_us(jobs->options.world) - jobs->began_us) / 1000);
	job_log(jobs, row, text);
	jobs->current_id = 0;
	job_counters_forget(jobs->counters);
}

static enum job_step run_step(struct call *call, struct record *row)
{
	const struct job *job = job_named(record_text(row, "name"));

	if (!value_is_blank(record_get(row, "tenant_id")))
		call->tenant = record_first(call->database, &accounts_table, "id = ?1",
					    DATABASE_ARGUMENTS(record_get(row, "tenant_id")));
	/* Of another release: nobody here can do it. */
	return job != NULL ? job->run(call, record_int(row, "object_id")) : JOB_DONE;
}

/* Backend's storage is asked. */

static void asking_failed(struct jobs *jobs, struct str why)
{
	struct database *database = jobs->options.database;
	struct arena *arena = arena_create();
	struct error error = {0};
	struct record *row;

	error_set(&error, ERROR_INVALID, "backend's storage: %.*s", STR_ARG(why));
	database_begin(database, arena, false);
	row = record_by_id(database, &background_jobs_table, jobs->asking_id);
	database_rollback(database);
	if (row != NULL)
		job_failed(jobs, row, &error);
	arena_destroy(arena);
}

static void counters_told(const int64_t *values, struct str why, void *data)
{
	struct jobs *jobs = data;

	jobs->question = NULL;
	if (values != NULL)
		job_counters_learn(jobs->counters, values);
	else
		asking_failed(jobs, why);
	jobs_wake(jobs);
}

static void ask(struct jobs *jobs, const struct record *row)
{
	size_t count;
	const struct str *keys = job_counters_missing(jobs->counters, &count);

	BUG_IF(count == 0);
	jobs->asking_id = record_id(row);
	if (jobs->options.storage != NULL)
		jobs->question = statistics_storage_ask(jobs->options.storage, keys, count,
							counters_told, jobs);
	else
		asking_failed(jobs, STR("none is configured"));
}

/* False when nothing is to be done now. */
static bool run_next(struct jobs *jobs)
{
	struct database *database = jobs->options.database;
	struct arena *arena = arena_create();
	struct call call = job_call(jobs, arena);
	struct error error = {0};
	enum job_step step = JOB_DONE;
	struct record *row;

	if (jobs->question != NULL) {
		arena_destroy(arena);
		return false;
	}
	database_begin(database, arena, true);
	row = record_first(database, &background_jobs_table, "run_at <= ?1 ORDER BY id LIMIT 1",
			   DATABASE_ARGUMENTS(value_time(database_now_us(database))));
	if (row == NULL || database_has_failed(database)) {
		database_rollback(database);
		arena_destroy(arena);
		return false;
	}
	job_begins(jobs, row);
	step = run_step(&call, row);
	if (step == JOB_ASKS && !database_has_failed(database)) {
		database_rollback(database);
		ask(jobs, row);
		arena_destroy(arena);
		return jobs->question == NULL && !timer_is_running(&jobs->rest);
	}
	if (step == JOB_DONE)
		record_delete(database, row);
	if (!database_commit(database, &error))
		job_failed(jobs, row, &error);
	else if (step == JOB_DONE)
		job_done(jobs, row);
	arena_destroy(arena);
	jobs->options.committed(jobs->options.data);
	return !timer_is_running(&jobs->rest);
}

/* Life. */

static bool has_waiting(struct jobs *jobs)
{
	struct database *database = jobs->options.database;
	struct arena *arena = arena_create();
	bool found;

	database_begin(database, arena, false);
	found = database_int(database,
			     STR("SELECT count(*) FROM background_jobs WHERE run_at <= ?1"),
			     DATABASE_ARGUMENTS(value_time(database_now_us(database))), 0) > 0;
	database_rollback(database);
	arena_destroy(arena);
	return found;
}

static void jobs_turn(struct timer *timer)
{
	struct jobs *jobs = LIST_ENTRY(timer, struct jobs, timer);

	enqueue_due(jobs);
	jobs->has_more = has_waiting(jobs) && run_next(jobs);
	timer_start(jobs->options.world, timer, jobs->has_more ? 0 : LOOK_US, jobs_turn);
}

void jobs_wake(struct jobs *jobs)
{
	if (timer_is_running(&jobs->rest))
		return;
	jobs->has_more = true;
	timer_start(jobs->options.world, &jobs->timer, 0, jobs_turn);
}

bool jobs_are_idle(const struct jobs *jobs)
{
	return !jobs->has_more && jobs->question == NULL;
}

static bool is_of_schedule(const struct job *job, struct str name)
{
	return job->schedule != JOB_ON_DEMAND &&
	       str_equal(str_from(portal_schedules[job->schedule].name), name);
}

bool jobs_run(struct jobs *jobs, struct str name)
{
	struct database *database = jobs->options.database;
	struct arena *arena = arena_create();
	struct call call = job_call(jobs, arena);
	bool found = false;

	database_begin(database, arena, true);
	for (size_t i = 0; i < portal_jobs_count; i++) {
		if (!str_equal(str_from(portal_jobs[i].name), name) &&
		    !is_of_schedule(&portal_jobs[i], name))
			continue;
		jobs_add(&call, portal_jobs[i].name, 0);
		found = true;
	}
	if (str_equal(name, STR("daily")))
		hurry_failed_ones(&call);
	database_commit(database, NULL);
	arena_destroy(arena);
	while (found && run_next(jobs))
		continue;
	return found;
}
