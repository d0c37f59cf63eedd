#include "portal/events.h"

#include <inttypes.h>

#include "base/arena.h"
#include "base/json.h"
#include "portal/database.h"
#include "portal/mails.h"
#include "portal/tables.h"
#include "portal/zync.h"
#include "world/clock.h"

/* Conditions. */

static bool is_application(struct database *database, const struct record *contract)
{
	(void)database;
	return str_equal(record_text(contract, "type"), STR("Cinstance"));
}

static bool is_subscription(struct database *database, const struct record *contract)
{
	(void)database;
	return str_equal(record_text(contract, "type"), STR("ServiceContract"));
}

static struct value monthly_cost(struct database *database, struct value plan_id)
{
	const struct record *plan =
		record_first(database, &plans_table, "id = ?1", DATABASE_ARGUMENTS(plan_id));

	return plan != NULL ? record_get(plan, "cost_per_month") : value_null();
}

static bool is_downgraded(struct database *database, const struct record *contract)
{
	return is_application(database, contract) &&
	       monthly_cost(database, record_get(contract, "plan_id")).number <
		       monthly_cost(database, record_stored(contract, "plan_id")).number;
}

static bool service_is_oidc(struct database *database, struct value service_id)
{
	struct str version =
		database_text(database, STR("SELECT backend_version FROM services WHERE id = ?1"),
			      DATABASE_ARGUMENTS(service_id));

	return str_equal(version, STR("oauth")) || str_equal(version, STR("oidc"));
}

static bool is_oidc_application(struct database *database, const struct record *contract)
{
	return is_application(database, contract) &&
	       service_is_oidc(database, record_get(contract, "service_id"));
}

static bool is_of_oidc_service(struct database *database, const struct record *proxy)
{
	return service_is_oidc(database, record_get(proxy, "service_id"));
}

static bool is_buyer(struct database *database, const struct record *account)
{
	(void)database;
	return record_bool(account, "buyer");
}

static bool is_provider(struct database *database, const struct record *account)
{
	(void)database;
	return record_bool(account, "provider") || record_bool(account, "master");
}

static bool is_scheduled_for_deletion(struct database *database, const struct record *service)
{
	(void)database;
	return str_equal(record_text(service, "state"), STR("deleted"));
}

/* The table of events. */

/* columns: blank separated, one of them changed; NULL: any. object: what the data calls the row.
 * zync_type: zync is told of it, as that. */
static const struct event_rule {
	const struct table *table;
	unsigned changes;
	const char *columns;
	bool (*applies)(struct database *database, const struct record *record);
	const char *type, *object, *zync_type;
	const char *notification; /* mails.h */
} rules[] = {
	{&accounts_table, CHANGE_CREATED, NULL, is_buyer, "Accounts::AccountCreatedEvent",
	 "account", NULL, "account_created"},
	{&accounts_table, CHANGE_UPDATED, "state", is_buyer, "Accounts::AccountStateChangedEvent",
	 "account", NULL, NULL},
	{&accounts_table, CHANGE_DELETED, NULL, is_buyer, "Accounts::AccountDeletedEvent",
	 "account", NULL, "account_deleted"},
	{&services_table, CHANGE_CREATED, NULL, NULL, "Services::ServiceCreatedEvent", "service",
	 NULL, NULL},
	{&services_table, CHANGE_UPDATED, "state", is_scheduled_for_deletion,
	 "Services::ServiceScheduledForDeletionEvent", "service", NULL, NULL},
	{&services_table, CHANGE_DELETED, NULL, NULL, "Services::ServiceDeletedEvent", "service",
	 NULL, "service_deleted"},
	{&metrics_table, CHANGE_DELETED, NULL, NULL, "Metrics::MetricDeletedEvent", "metric", NULL,
	 NULL},
	{&contracts_table, CHANGE_CREATED, NULL, is_application,
	 "Applications::ApplicationCreatedEvent", "application", NULL, "application_created"},
	{&contracts_table, CHANGE_UPDATED, "plan_id", is_application,
	 "Cinstances::CinstancePlanChangedEvent", "application", NULL, "cinstance_plan_changed"},
	{&contracts_table, CHANGE_UPDATED, "plan_id", is_downgraded, "Plans::PlanDowngradedEvent",
	 "application", NULL, "plan_downgraded"},
	{&contracts_table, CHANGE_DELETED, NULL, is_application,
	 "Applications::ApplicationDeletedEvent", "application", NULL, "cinstance_cancellation"},
	{&contracts_table, CHANGE_CREATED, NULL, is_subscription,
	 "ServiceContracts::ServiceContractCreatedEvent", "service_contract", NULL,
	 "service_contract_created"},
	{&contracts_table, CHANGE_DELETED, NULL, is_subscription,
	 "ServiceContracts::ServiceContractCancellationEvent", "service_contract", NULL,
	 "service_contract_cancellation"},

	/* zync's: 6.7. */
	{&contracts_table, CHANGE_CREATED | CHANGE_DELETED, NULL, is_oidc_application,
	 "OIDC::ApplicationChangedEvent", "application", "Application", NULL},
	{&contracts_table, CHANGE_UPDATED, NULL, is_oidc_application,
	 "Applications::ApplicationUpdatedEvent", "application", "Application", NULL},
	{&contracts_table, CHANGE_UPDATED, "state", is_oidc_application,
	 "Applications::ApplicationEnabledChangedEvent", "application", "Application", NULL},
	{&proxies_table, CHANGE_CREATED | CHANGE_UPDATED, NULL, is_of_oidc_service,
	 "OIDC::ProxyChangedEvent", "proxy", "Proxy", NULL},
	{&services_table, CHANGE_CREATED | CHANGE_UPDATED | CHANGE_DELETED, NULL, NULL,
	 "OIDC::ServiceChangedEvent", "service", "Service", NULL},
	{&proxies_table, CHANGE_CREATED | CHANGE_DELETED, NULL, NULL,
	 "Domains::ProxyDomainsChangedEvent", "proxy", "Proxy", NULL},
	{&proxies_table, CHANGE_UPDATED, "endpoint sandbox_endpoint", NULL,
	 "Domains::ProxyDomainsChangedEvent", "proxy", "Proxy", NULL},
	{&accounts_table, CHANGE_CREATED | CHANGE_DELETED, NULL, is_provider,
	 "Domains::ProviderDomainsChangedEvent", "provider", "Provider", NULL},
	{&accounts_table, CHANGE_UPDATED, "org_name domain self_domain state", is_provider,
	 "Domains::ProviderDomainsChangedEvent", "provider", "Provider", NULL},
};

static bool fits(struct database *database, const struct event_rule *rule,
		 const struct record *record, enum change change)
{
	struct str rest = str_from(rule->columns), name;
	bool is_touched = rule->columns == NULL;

	if (rule->table != record->table || (rule->changes & change) == 0)
		return false;
	while (!is_touched && str_next_field(&rest, ' ', &name))
		is_touched = record_is_changed(record, str_cstr(database_arena(database), name));
	return is_touched && (rule->applies == NULL || rule->applies(database, record));
}

struct str events_new_id(struct database *database)
{
	struct world *world = database_world(database);
	uint64_t high = world_chance(world), low = world_chance(world);

	return str_format(database_arena(database),
			  "%08" PRIx64 "-%04" PRIx64 "-4%03" PRIx64 "-%04" PRIx64 "-%012" PRIx64,
			  high >> 32, (high >> 16) & 0xffff, high & 0xfff,
			  ((low >> 48) & 0x3fff) | 0x8000, low & 0xffffffffffff);
}

struct str events_publish(struct database *database, const char *type, struct value tenant_id,
			  const struct json *data)
{
	struct arena *arena = database_arena(database);
	struct record *event = record_new(arena, &event_store_events_table);
	struct str id = events_new_id(database);

	record_set_text(event, "stream", STR("all"));
	record_set_text(event, "event_type", str_from(type));
	record_set_text(event, "event_id", id);
	record_set(event, "metadata",
		   value_json(tenant_id.kind == VALUE_INT
				      ? str_format(arena, "{\"provider_id\":%" PRId64 "}",
						   tenant_id.number)
				      : STR("{}")));
	record_set(event, "data", value_json(json_print(arena, data)));
	record_set(event, "tenant_id", tenant_id);
	record_set(event, "provider_id", tenant_id);
	record_save(database, event);
	return id;
}

/* A tenant is its own, and so is master. */
static struct value tenant_of(const struct record *record)
{
	if (record->table == &accounts_table &&
	    (record_bool(record, "provider") || record_bool(record, "master")))
		return value_int(record_id(record));
	return record_get(record, "tenant_id");
}

static struct value service_of(const struct record *record)
{
	if (record->table == &services_table)
		return value_int(record_id(record));
	return table_column(record->table, STR("service_id")) != NULL
		       ? record_get(record, "service_id")
		       : value_null();
}

static void set_number(struct arena *arena, struct json *object, const char *name,
		       struct value number)
{
	if (number.kind == VALUE_INT)
		json_set(object, str_from(name), json_new_int(arena, number.number));
}

/* What a notification says of the row. */

static struct str text_of(struct database *database, const char *sql, struct value id)
{
	struct str text = database_text(database, str_from(sql), DATABASE_ARGUMENTS(id));

	return text.data != NULL ? text : STR("");
}

static struct value column_of(const struct record *record, const char *name)
{
	return table_column(record->table, str_from(name)) != NULL ? record_get(record, name)
								   : value_null();
}

static struct value stored_of(const struct record *record, const char *name)
{
	return table_column(record->table, str_from(name)) != NULL ? record_stored(record, name)
								   : value_null();
}

/* Seeding and jobs are nobody's doing; but that a service is gone at last is told. */
static bool is_worth_telling(struct database *database, const struct record *record,
			     struct value tenant)
{
	return database_author(database) != NULL ||
	       (record->table == &services_table &&
		database_int(database,
			     STR("SELECT count(*) FROM accounts WHERE id = ?1 AND state = "
				 "'approved'"),
			     DATABASE_ARGUMENTS(tenant), 0) > 0);
}

static void notify(struct database *database, const struct event_rule *rule,
		   const struct record *record, struct value tenant, struct str event_id)
{
	bool is_account = record->table == &accounts_table;
	const struct mail_value values[] = {
		{"account",
		 is_account ? record_text(record, "org_name")
			    : text_of(database, "SELECT org_name FROM accounts WHERE id = ?1",
				      column_of(record, "user_account_id"))},
		{"application", is_account ? STR("") : record_text(record, "name")},
		{"plan", text_of(database, "SELECT name FROM plans WHERE id = ?1",
				 column_of(record, "plan_id"))},
		{"old_plan", text_of(database, "SELECT name FROM plans WHERE id = ?1",
				     stored_of(record, "plan_id"))},
		{"service",
		 text_of(database, "SELECT name FROM services WHERE id = ?1", service_of(record))},
	};

	if (tenant.kind == VALUE_INT && is_worth_telling(database, record, tenant))
		mails_notify(database, rule->notification, tenant, event_id, values,
			     sizeof values / sizeof *values);
}

static void raise(struct database *database, const struct event_rule *rule,
		  const struct record *record)
{
	struct arena *arena = database_arena(database);
	struct json *data = json_new(arena, JSON_OBJECT);
	struct value tenant = tenant_of(record), service = service_of(record);
	struct str id;

	set_number(arena, data,
		   str_cstr(arena, STR_CONCAT(arena, str_from(rule->object), STR("_id"))),
		   value_int(record_id(record)));
	set_number(arena, data, "provider_id", tenant);
	set_number(arena, data, "service_id", service);
	id = events_publish(database, rule->type, tenant, data);
	if (rule->notification != NULL)
		notify(database, rule, record, tenant, id);
	if (rule->zync_type != NULL)
		zync_notice_add(database,
				&(struct zync_notice){.type = str_from(rule->zync_type),
						      .object_id = record_id(record),
						      .tenant_id = tenant,
						      .service_id = service,
						      .parent_event_id = id,
						      .parent_event_type = str_from(rule->type)});
}

void events_raise_domains(struct database *database, const struct record *record)
{
	for (size_t i = 0; i < sizeof rules / sizeof *rules; i++) {
		if (rules[i].table != record->table ||
		    !str_has_prefix(str_from(rules[i].type), STR("Domains::")))
			continue;
		raise(database, &rules[i], record);
		return;
	}
}

/* Whether a proxy has routes is said by its service, too. */
static bool decides_on_routes(const struct record *record, enum change change)
{
	return record->table == &services_table &&
	       (change == CHANGE_DELETED ||
		(change == CHANGE_UPDATED && (record_is_changed(record, "deployment_option") ||
					      record_is_changed(record, "state"))));
}

static void raise_domains_of_proxy_of(struct database *database, const struct record *service)
{
	struct record *proxy = record_first(database, &proxies_table, "service_id = ?1",
					    DATABASE_ARGUMENTS(value_int(record_id(service))));

	if (proxy != NULL)
		events_raise_domains(database, proxy);
}

void events_raise(struct database *database, const struct record *record, enum change change)
{
	for (size_t i = 0; i < sizeof rules / sizeof *rules; i++) {
		if (fits(database, &rules[i], record, change))
			raise(database, &rules[i], record);
	}
	if (decides_on_routes(record, change))
		raise_domains_of_proxy_of(database, record);
}
