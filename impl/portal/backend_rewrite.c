#include "portal/backend_rewrite.h"

#include "base/arena.h"
#include "portal/backend_push.h"
#include "portal/call.h"
#include "portal/database.h"
#include "portal/resources/resources.h"
#include "portal/tables.h"

static struct record_list rows_of(struct call *call, const struct table *table, const char *where,
				  const struct record *owner)
{
	return record_all(call->database, table, where,
			  DATABASE_ARGUMENTS(value_int(record_id(owner))));
}

static void rewrite_application(struct call *call, const struct record *application)
{
	struct record_list rows;

	push_application(call, application);
	rows = rows_of(call, &application_keys_table, "application_id = ?1 ORDER BY id",
		       application);
	for (size_t i = 0; i < rows.count; i++)
		push_application_key(call, application, record_text(rows.items[i], "value"));
	rows = rows_of(call, &referrer_filters_table, "application_id = ?1 ORDER BY id",
		       application);
	for (size_t i = 0; i < rows.count; i++)
		push_referrer_filter(call, application, record_text(rows.items[i], "value"));
}

/* What others refer to goes first: metrics before their methods, plans' limits before applications.
 */
static void rewrite_service(struct call *call, const struct record *service)
{
	struct record_list rows;

	push_service(call, service);
	rows = rows_of(call, &service_tokens_table, "service_id = ?1 ORDER BY id", service);
	for (size_t i = 0; i < rows.count; i++)
		push_service_token(call, rows.items[i]);
	rows = rows_of(call, &metrics_table, "service_id = ?1 ORDER BY parent_id IS NOT NULL, id",
		       service);
	for (size_t i = 0; i < rows.count; i++)
		push_metric(call, rows.items[i]);
	rows = rows_of(call, &usage_limits_table,
		       "plan_id IN (SELECT id FROM plans WHERE issuer_id = ?1 AND "
		       "issuer_type = 'Service') ORDER BY id",
		       service);
	for (size_t i = 0; i < rows.count; i++)
		push_usage_limit(call, rows.items[i]);
	rows = rows_of(call, &contracts_table, "service_id = ?1 AND type = 'Cinstance' ORDER BY id",
		       service);
	for (size_t i = 0; i < rows.count; i++)
		rewrite_application(call, rows.items[i]);
}

bool backend_rewrite(struct database *database, const struct settings *settings,
		     struct error *error)
{
	struct arena *arena = arena_create();
	struct call call = {.database = database, .settings = settings, .arena = arena};
	struct record_list tenants, services;
	bool written;

	database_begin(database, arena, true);
	tenants = record_all(database, &accounts_table, "provider = 1 ORDER BY id", NULL, 0);
	for (size_t i = 0; i < tenants.count; i++) {
		call.tenant = tenants.items[i];
		services =
			rows_of(&call, &services_table, "account_id = ?1 ORDER BY id", call.tenant);
		for (size_t j = 0; j < services.count; j++)
			rewrite_service(&call, services.items[j]);
	}
	written = database_commit(database, error);
	arena_destroy(arena);
	return written;
}
