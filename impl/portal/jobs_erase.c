/* What goes for good: tenants whose time is over (spec/portal.md 6.2, 6.5), and backend's
 * statistics of what is gone. */
#include <inttypes.h>

#include "base/arena.h"
#include "base/json.h"
#include "base/utc.h"
#include "portal/backend_push.h"
#include "portal/call.h"
#include "portal/database.h"
#include "portal/jobs.h"
#include "portal/jobs_table.h"
#include "portal/tables.h"

#define TENANT_WAITS_US (15 * 24 * 3600 * UTC_SECOND_US)

/* Daily: each tenant whose fifteen days are over gets a job of its own. */
enum job_step job_erase_tenants(struct call *call, int64_t object_id)
{
	int64_t limit_us = database_now_us(call->database) - TENANT_WAITS_US;
	struct record_list tenants =
		record_all(call->database, &accounts_table,
			   "state = 'scheduled_for_deletion' AND provider = 1 AND "
			   "state_changed_at <= ?1 ORDER BY id",
			   DATABASE_ARGUMENTS(value_time(limit_us)));

	(void)object_id;
	for (size_t i = 0; i < tenants.count; i++)
		jobs_add(call, "erase_tenant", record_id(tenants.items[i]));
	return JOB_DONE;
}

/* True when a service of the tenant was there to make smaller. */
static bool erase_from_service(struct call *call)
{
	struct record *service =
		record_first(call->database, &services_table, "account_id = ?1 ORDER BY id LIMIT 1",
			     DATABASE_ARGUMENTS(value_int(call_tenant_id(call))));

	if (service == NULL || database_has_failed(call->database))
		return false;
	job_erase_some_of_service(call, service);
	return true;
}

/* Outboxes outlive the tenant: what they hold is on its way. */
static bool is_outbox(const struct table *table)
{
	return table == &background_jobs_table || table == &zync_notices_table ||
	       table == &mails_table;
}

/* True when rows of the tenant were there. Tables that others refer to come last. */
static bool erase_from_tables(struct call *call, struct value tenant)
{
	struct database *database = call->database;

	for (size_t i = portal_tables_count; i-- > 0;) {
		const struct table *table = portal_tables[i];
		struct str sql;
		int64_t last;

		if (is_outbox(table) || table == &accounts_table ||
		    table_column(table, STR("tenant_id")) == NULL)
			continue;
		sql = str_format(call->arena,
				 "SELECT id FROM %.*s WHERE tenant_id = ?1 ORDER BY id LIMIT 1 "
				 "OFFSET %d",
				 STR_ARG(table->name), JOB_ROWS_MAX - 1);
		last = database_int(database, sql, DATABASE_ARGUMENTS(tenant), INT64_MAX);
		sql = str_format(call->arena, "DELETE FROM %.*s WHERE tenant_id = ?1 AND id <= ?2",
				 STR_ARG(table->name));
		if (database_run(database, sql, DATABASE_ARGUMENTS(tenant, value_int(last))) > 0)
			return true;
	}
	return database_run(database, STR("DELETE FROM accounts WHERE tenant_id = ?1 AND id <> ?1"),
			    DATABASE_ARGUMENTS(tenant)) > 0;
}

/* One that was resumed meanwhile is left alone. */
enum job_step job_erase_tenant(struct call *call, int64_t object_id)
{
	call->tenant = record_first(call->database, &accounts_table,
				    "id = ?1 AND state = 'scheduled_for_deletion' AND provider = 1",
				    DATABASE_ARGUMENTS(value_int(object_id)));
	if (call->tenant == NULL || database_has_failed(call->database))
		return JOB_DONE;
	if (erase_from_service(call) || erase_from_tables(call, value_int(object_id)))
		return JOB_MORE;
	record_delete(call->database, call->tenant);
	return JOB_DONE;
}

/* Statistics. */

static void add_names(struct call *call, struct json *definition, const char *name,
		      struct str object_type, const struct record_list *objects)
{
	struct json *list = json_set(definition, str_from(name), json_new(call->arena, JSON_ARRAY));

	for (size_t i = 0; i < objects->count; i++) {
		const struct record *object = objects->items[i];
		struct str known_as = record_text(object, "metadata");

		if (!str_equal(record_text(object, "object_type"), object_type))
			continue;
		if (known_as.size == 0)
			known_as = str_format(call->arena, "%" PRId64,
					      record_int(object, "object_id"));
		json_append(list, json_new_str(call->arena, known_as));
	}
}

static struct json *definition_of(struct call *call, const struct record_list *objects)
{
	struct json *definition = json_new(call->arena, JSON_OBJECT);
	int64_t since_us = record_get(call->tenant, "created_at").number;

	add_names(call, definition, "applications", STR("Cinstance"), objects);
	add_names(call, definition, "metrics", STR("Metric"), objects);
	json_set(definition, STR("users"), json_new(call->arena, JSON_ARRAY));
	json_set(definition, STR("from"), json_new_int(call->arena, since_us / UTC_SECOND_US));
	json_set(definition, STR("to"),
		 json_new_int(call->arena, database_now_us(call->database) / UTC_SECOND_US));
	return definition;
}

/* Backend is told once for some of the service's objects. */
bool job_delete_statistics_of(struct call *call, int64_t service_id)
{
	struct record_list objects = record_all(
		call->database, &deleted_objects_table,
		str_cstr(call->arena, str_format(call->arena,
						 "owner_id = ?1 AND owner_type = 'Service' ORDER "
						 "BY id LIMIT %d",
						 JOB_ROWS_MAX)),
		DATABASE_ARGUMENTS(value_int(service_id)));

	if (objects.count > 0 && call->tenant != NULL)
		push_statistics_gone(call, service_id, definition_of(call, &objects));
	for (size_t i = 0; i < objects.count; i++)
		record_delete(call->database, objects.items[i]);
	return objects.count > 0;
}

/* Of the first service that lost something. */
enum job_step job_delete_statistics(struct call *call, int64_t object_id)
{
	struct database *database = call->database;
	struct record *first = record_first(database, &deleted_objects_table,
					    "owner_type = 'Service' ORDER BY id LIMIT 1", NULL, 0);

	(void)object_id;
	if (first == NULL || database_has_failed(database))
		return JOB_DONE;
	call->tenant = record_first(database, &accounts_table, "id = ?1",
				    DATABASE_ARGUMENTS(record_get(first, "tenant_id")));
	job_delete_statistics_of(call, record_int(first, "owner_id"));
	return JOB_MORE;
}
