/* Rows that have their time (spec/portal.md 9.5): what is not named here is kept for ever. */
#include "base/utc.h"
#include "portal/call.h"
#include "portal/database.h"
#include "portal/jobs_table.h"
#include "portal/settings.h"

#include "base/arena.h"

/* condition: of ?1, the time before which rows go. */
struct purge {
	const char *table, *condition;
	int64_t age_us;
	int months; /* of the calendar, in place of age_us */
};

static int64_t purge_limit(const struct purge *purge, int64_t now_us)
{
	return purge->months > 0 ? utc_months_before(now_us, purge->months)
				 : now_us - purge->age_us;
}

static enum job_step purge_step(struct call *call, const struct purge *purge)
{
	struct database *database = call->database;
	struct value limit = value_time(purge_limit(purge, database_now_us(database)));
	/* The last row of this step; none: all that are left fit into it. */
	int64_t last = database_int(
		database,
		str_format(call->arena, "SELECT id FROM %s WHERE %s ORDER BY id LIMIT 1 OFFSET %d",
			   purge->table, purge->condition, JOB_ROWS_MAX - 1),
		DATABASE_ARGUMENTS(limit), INT64_MAX);

	database_run(database,
		     str_format(call->arena, "DELETE FROM %s WHERE (%s) AND id <= ?2", purge->table,
				purge->condition),
		     DATABASE_ARGUMENTS(limit, value_int(last)));
	return last < INT64_MAX ? JOB_MORE : JOB_DONE;
}

/* Upstream's janitor is off by accident of its configuration; JANITOR_WORKER_ENABLED=0 shows what
 * comes of that. */
static enum job_step janitor_step(struct call *call, const struct purge *purge)
{
	return call->settings->janitor_worker_enabled ? purge_step(call, purge) : JOB_DONE;
}

enum job_step job_purge_user_sessions(struct call *call, int64_t object_id)
{
	static const struct purge purge = {
		"user_sessions", "COALESCE(accessed_at, created_at) < ?1 OR revoked_at IS NOT NULL",
		14 * UTC_DAY_US, 0};

	(void)object_id;
	return janitor_step(call, &purge);
}

enum job_step job_purge_event_store_events(struct call *call, int64_t object_id)
{
	static const struct purge purge = {"event_store_events", "created_at <= ?1", 7 * UTC_DAY_US,
					   0};

	(void)object_id;
	return janitor_step(call, &purge);
}

enum job_step job_purge_audits(struct call *call, int64_t object_id)
{
	static const struct purge purge = {"audits", "created_at < ?1", 0, 3};

	(void)object_id;
	return purge_step(call, &purge);
}

enum job_step job_purge_log_entries(struct call *call, int64_t object_id)
{
	static const struct purge purge = {"log_entries", "created_at < ?1", 0, 6};

	(void)object_id;
	return purge_step(call, &purge);
}

enum job_step job_expire_provided_tokens(struct call *call, int64_t object_id)
{
	static const struct purge purge = {"provided_access_tokens", "expires_at < ?1", 0, 0};

	(void)object_id;
	return purge_step(call, &purge);
}
