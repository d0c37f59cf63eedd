/* Deleting a service (spec/portal.md 6.5): it is invisible already; what hangs on it goes before
 * it, some at a time, and backend is told of each part, at last of the statistics and the service.
 */
#include <inttypes.h>

#include "base/arena.h"
#include "portal/backend_push.h"
#include "portal/call.h"
#include "portal/database.h"
#include "portal/jobs_table.h"
#include "portal/tables.h"

#define PUSHES_MAX 100 /* of a step */

static void limit_gone(struct call *call, const struct record *limit)
{
	push_usage_limit_gone(call, limit, record_text(limit, "period"));
}

/* Backend knows nothing of it; but that it is gone is an event (zync takes its routes away). */
static void proxy_gone(struct call *call, const struct record *proxy)
{
	(void)call;
	(void)proxy;
}

/* ?1 is the service. Children first: what comes later holds what comes before. */
static const struct {
	const struct table *table;
	const char *where;
	void (*gone)(struct call *call, const struct record *record); /* NULL: nobody is told */
} parts[] = {
	{&contracts_table, "service_id = ?1 AND type = 'Cinstance'", push_application_gone},
	{&contracts_table, "service_id = ?1", NULL},
	{&usage_limits_table,
	 "plan_id IN (SELECT id FROM plans WHERE issuer_id = ?1 AND issuer_type = 'Service')",
	 limit_gone},
	{&pricing_rules_table,
	 "plan_id IN (SELECT id FROM plans WHERE issuer_id = ?1 AND issuer_type = 'Service')",
	 NULL},
	{&plans_table, "issuer_id = ?1 AND issuer_type = 'Service'", NULL},
	{&features_table, "featurable_id = ?1 AND featurable_type = 'Service'", NULL},
	{&api_docs_services_table, "service_id = ?1", NULL},
	{&proxy_rules_table, "proxy_id IN (SELECT id FROM proxies WHERE service_id = ?1)", NULL},
	{&proxy_configs_table, "proxy_id IN (SELECT id FROM proxies WHERE service_id = ?1)", NULL},
	{&proxies_table, "service_id = ?1", proxy_gone},
	{&metrics_table, "service_id = ?1 AND parent_id IS NOT NULL", push_metric_gone},
	{&metrics_table, "service_id = ?1", push_metric_gone},
	{&service_tokens_table, "service_id = ?1", push_service_token_gone},
};
#define PARTS (sizeof parts / sizeof *parts)

static bool tell_and_delete(struct call *call, size_t part, struct value service)
{
	struct record_list list =
		record_all(call->database, parts[part].table,
			   str_cstr(call->arena, str_format(call->arena, "%s ORDER BY id LIMIT %d",
							    parts[part].where, PUSHES_MAX)),
			   DATABASE_ARGUMENTS(service));

	for (size_t i = 0; i < list.count; i++) {
		parts[part].gone(call, list.items[i]);
		record_delete(call->database, list.items[i]);
	}
	return list.count > 0;
}

/* Without reading them: versions are large. */
static bool just_delete(struct call *call, size_t part, struct value service)
{
	struct str name = parts[part].table->name;
	struct str last_of_step = str_format(
		call->arena, "SELECT id FROM %.*s WHERE %s ORDER BY id LIMIT 1 OFFSET %d",
		STR_ARG(name), parts[part].where, JOB_ROWS_MAX - 1);
	int64_t last =
		database_int(call->database, last_of_step, DATABASE_ARGUMENTS(service), INT64_MAX);

	return database_run(call->database,
			    str_format(call->arena, "DELETE FROM %.*s WHERE %s AND id <= ?2",
				       STR_ARG(name), parts[part].where),
			    DATABASE_ARGUMENTS(service, value_int(last))) > 0;
}

void job_erase_some_of_service(struct call *call, struct record *service)
{
	struct value id = value_int(record_id(service));

	for (size_t i = 0; i < PARTS; i++) {
		if (parts[i].gone != NULL ? tell_and_delete(call, i, id) : just_delete(call, i, id))
			return;
	}
	if (job_delete_statistics_of(call, record_id(service)))
		return;
	push_service_gone(call, service);
	record_delete(call->database, service);
}

enum job_step job_delete_service(struct call *call, int64_t object_id)
{
	struct record *service =
		record_first(call->database, &services_table, "id = ?1 AND state = 'deleted'",
			     DATABASE_ARGUMENTS(value_int(object_id)));

	if (service == NULL || call->tenant == NULL || database_has_failed(call->database))
		return JOB_DONE;
	job_erase_some_of_service(call, service);
	return JOB_MORE;
}
