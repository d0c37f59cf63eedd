/* Reports of a tenant's day or week, for those users who asked for them (spec/portal.md 7.12, 9.4);
 * both are off until then. */
#include <inttypes.h>

#include "base/arena.h"
#include "base/utc.h"
#include "portal/call.h"
#include "portal/database.h"
#include "portal/jobs_table.h"
#include "portal/mails.h"
#include "portal/tables.h"

/* condition: of ?1 the tenant, ?2 the time from which rows count. */
static const struct {
	const char *title, *condition;
} lines[] = {
	{"New developer accounts",
	 "accounts WHERE provider_account_id = ?1 AND buyer = 1 AND created_at >= ?2"},
	{"New applications",
	 "cinstances WHERE type = 'Cinstance' AND tenant_id = ?1 AND created_at >= ?2"},
	{"Limits that were reached", "alerts WHERE account_id = ?1 AND timestamp >= ?2"},
};

static struct str report_of(struct call *call, const struct record *tenant, int64_t since_us)
{
	struct str report = STR("");

	for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
		struct str sql = STR_CONCAT(call->arena, STR("SELECT count(*) FROM "),
					    str_from(lines[i].condition));
		int64_t count = database_int(
			call->database, sql,
			DATABASE_ARGUMENTS(value_int(record_id(tenant)), value_time(since_us)), 0);

		report = STR_CONCAT(
			call->arena, report,
			str_format(call->arena, "%s: %" PRId64 "\n", lines[i].title, count));
	}
	return report;
}

static enum job_step report(struct call *call, const char *notification, int64_t span_us)
{
	int64_t since_us = database_now_us(call->database) - span_us;
	struct record_list tenants = record_all(
		call->database, &accounts_table,
		"provider = 1 AND state = 'approved' AND id IN (SELECT account_id FROM users WHERE "
		"id IN (SELECT user_id FROM notification_preferences WHERE preferences LIKE ?1 "
		"ESCAPE '!')) ORDER BY id",
		DATABASE_ARGUMENTS(database_containing(
			call->database, str_format(call->arena, "\"%s\":true", notification))));

	for (size_t i = 0; i < tenants.count; i++) {
		const struct record *tenant = tenants.items[i];
		const struct mail_value values[] = {
			{"organization", record_text(tenant, "org_name")},
			{"report", report_of(call, tenant, since_us)},
		};

		mails_notify(call->database, notification, value_int(record_id(tenant)), STR(""),
			     values, sizeof values / sizeof *values);
	}
	return JOB_DONE;
}

enum job_step job_daily_reports(struct call *call, int64_t object_id)
{
	(void)object_id;
	return report(call, "daily_report", UTC_DAY_US);
}

enum job_step job_weekly_reports(struct call *call, int64_t object_id)
{
	(void)object_id;
	return report(call, "weekly_report", 7 * UTC_DAY_US);
}
