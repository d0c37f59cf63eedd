/* Trial periods that are over (spec/portal.md 7.12, 9.4): the tenant is told once of each live
 * application with a plan that costs something. */
#include "base/arena.h"
#include "base/json.h"
#include "base/utc.h"
#include "portal/call.h"
#include "portal/database.h"
#include "portal/events.h"
#include "portal/jobs_table.h"
#include "portal/mails.h"
#include "portal/tables.h"

#define TYPE "Cinstances::CinstanceExpiredTrialEvent"
/* Runs that were missed are made up for. Shorter than events are kept, which say what was told. */
#define TOLD_WITHIN_US (6 * UTC_DAY_US)

/* ?1 now, ?2 the oldest end of a trial that is told of, ?3 the rows of a step. */
#define CONDITION                                                                                  \
	"type = 'Cinstance' AND state = 'live' AND trial_period_expires_at <= ?1 AND "             \
	"trial_period_expires_at > ?2 AND tenant_id IN (SELECT id FROM accounts WHERE provider = " \
	"1 AND state = 'approved') AND plan_id IN (SELECT id FROM plans WHERE "                    \
	"trial_period_days > 0 AND (" AS_DECIMAL("cost_per_month") " > 0 OR " AS_DECIMAL(          \
		"setup_fee") " > 0 OR id IN (SELECT plan_id FROM pricing_rules))) AND NOT EXISTS " \
			     "(SELECT 1 FROM event_store_events WHERE event_type = '" TYPE         \
			     "' AND created_at > ?2 AND data = '{\"application_id\":' || "         \
			     "cinstances.id || ',\"provider_id\":' || cinstances.tenant_id || "    \
			     "'}') ORDER BY id LIMIT ?3"
#define ROWS_OF_STEP 100

static struct str text_of(struct call *call, const char *sql, struct value id)
{
	return database_text(call->database, str_from(sql), DATABASE_ARGUMENTS(id));
}

static void tell(struct call *call, const struct record *application)
{
	struct value tenant = record_get(application, "tenant_id");
	struct json *data = json_new(call->arena, JSON_OBJECT);
	const struct mail_value values[] = {
		{"application", record_text(application, "name")},
		{"account", text_of(call, "SELECT org_name FROM accounts WHERE id = ?1",
				    record_get(application, "user_account_id"))},
		{"plan", text_of(call, "SELECT name FROM plans WHERE id = ?1",
				 record_get(application, "plan_id"))},
		{"service", text_of(call, "SELECT name FROM services WHERE id = ?1",
				    record_get(application, "service_id"))},
	};
	struct str event;

	json_set(data, STR("application_id"), json_new_int(call->arena, record_id(application)));
	json_set(data, STR("provider_id"), json_new_int(call->arena, tenant.number));
	event = events_publish(call->database, TYPE, tenant, data);
	mails_notify(call->database, "cinstance_expired_trial", tenant, event, values,
		     sizeof values / sizeof *values);
}

enum job_step job_trial_notices(struct call *call, int64_t object_id)
{
	int64_t now_us = database_now_us(call->database);
	struct record_list ended = record_all(
		call->database, &contracts_table, CONDITION,
		DATABASE_ARGUMENTS(value_time(now_us), value_time(now_us - TOLD_WITHIN_US),
				   value_int(ROWS_OF_STEP)));

	(void)object_id;
	for (size_t i = 0; i < ended.count; i++)
		tell(call, ended.items[i]);
	return ended.count == ROWS_OF_STEP ? JOB_MORE : JOB_DONE;
}
