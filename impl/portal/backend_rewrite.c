#include "portal/backend_rewrite.h"

#include "base/arena.h"
#include "portal/backend_push.h"
#include "portal/call.h"
#include "portal/database.h"
#include "portal/resources/resources.h"
#include "portal/tables.h"

/* Applications of one transaction: others who write wait for its end. */
#define APPLICATIONS_AT_ONCE 500

struct rewrite {
	struct database *database;
	const struct settings *settings;
	struct error *error;
	struct arena *arena; /* of one transaction */
	struct call call;
};

static void rewrite_begin(struct rewrite *rewrite)
{
	rewrite->arena = arena_create();
	rewrite->call = (struct call){.database = rewrite->database,
				      .settings = rewrite->settings,
				      .arena = rewrite->arena};
	database_begin(rewrite->database, rewrite->arena, true);
}

static bool rewrite_commit(struct rewrite *rewrite)
{
	bool written = database_commit(rewrite->database, rewrite->error);

	arena_destroy(rewrite->arena);
	return written;
}

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
static void rewrite_service_facts(struct call *call, const struct record *service)
{
	struct record_list rows;

	push_service_state(call, service);
	alert_levels_saved(call, service, NULL);
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
}

/* The service and its tenant as they are now; NULL when it has gone meanwhile. */
static struct record *service_now(struct rewrite *rewrite, int64_t service_id)
{
	struct record *service = record_by_id(rewrite->database, &services_table, service_id);

	if (service != NULL)
		rewrite->call.tenant = record_by_id(rewrite->database, &accounts_table,
						    record_int(service, "account_id"));
	return service;
}

/* Some of its applications, from the one after *last on; *last = 0 when there are no more. */
static bool rewrite_some_applications(struct rewrite *rewrite, int64_t service_id, int64_t *last)
{
	struct record_list list = {0};

	rewrite_begin(rewrite);
	if (service_now(rewrite, service_id) != NULL)
		list = record_all(
			rewrite->database, &contracts_table,
			"service_id = ?1 AND type = 'Cinstance' AND id > ?2 ORDER BY id LIMIT ?3",
			DATABASE_ARGUMENTS(value_int(service_id), value_int(*last),
					   value_int(APPLICATIONS_AT_ONCE)));
	for (size_t i = 0; i < list.count; i++)
		rewrite_application(&rewrite->call, list.items[i]);
	*last = list.count > 0 ? record_id(list.items[list.count - 1]) : 0;
	return rewrite_commit(rewrite);
}

static bool rewrite_service(struct rewrite *rewrite, int64_t service_id)
{
	struct record *service;
	int64_t last = 0;

	rewrite_begin(rewrite);
	service = service_now(rewrite, service_id);
	if (service != NULL)
		rewrite_service_facts(&rewrite->call, service);
	if (!rewrite_commit(rewrite))
		return false;
	do {
		if (!rewrite_some_applications(rewrite, service_id, &last))
			return false;
	} while (last != 0);
	return true;
}

bool backend_rewrite(struct database *database, const struct settings *settings,
		     struct error *error)
{
	struct rewrite rewrite = {.database = database, .settings = settings, .error = error};
	struct arena *arena = arena_create();
	struct record_list services;
	bool written;

	database_begin(database, arena, false);
	services = record_all(database, &services_table,
			      "account_id IN (SELECT id FROM accounts WHERE provider = 1) "
			      "AND state <> 'deleted' "
			      "ORDER BY account_id, id",
			      NULL, 0);
	written = database_commit(database, error);
	for (size_t i = 0; written && i < services.count; i++)
		written = rewrite_service(&rewrite, record_id(services.items[i]));
	arena_destroy(arena);
	return written;
}
