/* Published ActiveDocs documents for developers and their tools, and what fills in the parameters
 * of a document for who is logged in (spec/portal.md 7.9, 7.10). All of it is JSON. */
#include "base/arena.h"
#include "base/json.h"
#include "portal/authentication.h"
#include "portal/database.h"
#include "portal/pages/tables.h"
#include "portal/pages/visit.h"
#include "portal/reply.h"
#include "portal/resources/resources.h"
#include "portal/tables.h"

/* How much a list offers: the newest ones. */
#define OFFERED "20"

/* Documents. */

static struct str spec_path(struct call *call, const struct record *doc)
{
	return STR_CONCAT(call->arena, STR("/swagger/spec/"), record_text(doc, "system_name"),
			  STR(".json"));
}

static void list_documents(struct visit *visit)
{
	struct call *call = visit->call;
	struct record_list docs = record_all(call->database, &api_docs_services_table,
					     "account_id = ?1 AND published = 1 ORDER BY name, id",
					     DATABASE_ARGUMENTS(value_int(call_tenant_id(call))));
	struct json *list = json_new(call->arena, JSON_OBJECT);
	struct json *apis = json_new(call->arena, JSON_ARRAY);

	for (size_t i = 0; i < docs.count; i++) {
		static const char *const columns[] = {"name", "system_name", "description"};
		struct json *api = json_append(apis, json_new(call->arena, JSON_OBJECT));

		for (size_t j = 0; j < sizeof columns / sizeof *columns; j++)
			json_set(api, str_from(columns[j]),
				 json_new_str(call->arena, record_text(docs.items[i], columns[j])));
		json_set(api, STR("path"),
			 json_new_str(call->arena, spec_path(call, docs.items[i])));
	}
	json_set(list, STR("apis"), apis);
	reply_json(call, 200, json_print(call->arena, list));
}

static void show_document(struct visit *visit)
{
	struct call *call = visit->call;
	struct str name = http_route_parameter(&call->path_parameters, STR("name"));
	struct record *doc = NULL;
	int64_t id;

	if (str_to_int64(name, &id))
		doc = record_first(
			call->database, &api_docs_services_table,
			"id = ?1 AND account_id = ?2 AND published = 1",
			DATABASE_ARGUMENTS(value_int(id), value_int(call_tenant_id(call))));
	if (doc == NULL)
		doc = record_first(
			call->database, &api_docs_services_table,
			"system_name = ?1 AND account_id = ?2 AND published = 1",
			DATABASE_ARGUMENTS(value_text(name), value_int(call_tenant_id(call))));
	if (doc == NULL)
		reply_not_found(call);
	else
		reply_json(call, 200, record_text(doc, "body"));
}

/* What parameters can be: lists of names and values. */

static void offer(struct call *call, struct json *list, struct str name, struct str value)
{
	struct json *item = json_append(list, json_new(call->arena, JSON_OBJECT));

	json_set(item, STR("name"), json_new_str(call->arena, name));
	json_set(item, STR("value"), json_new_str(call->arena, value));
}

/* Credentials by the modes that have them. */
static const struct {
	const char *name, *modes;
	const char *column; /* of the application; NULL: its keys */
} credentials[] = {
	{"user_keys", "1", "user_key"},
	{"app_ids", "2", "application_id"},
	{"app_keys", "2", NULL},
	{"client_ids", "oauth oidc", "application_id"},
	{"client_secrets", "oauth oidc", NULL},
};

static void offer_keys(struct call *call, struct json *list, struct str name,
		       const struct record *application)
{
	struct record_list keys = record_all(call->database, &application_keys_table,
					     "application_id = ?1 ORDER BY id",
					     DATABASE_ARGUMENTS(record_get(application, "id")));

	for (size_t i = 0; i < keys.count; i++)
		offer(call, list, name, record_text(keys.items[i], "value"));
}

static void offer_credentials(struct call *call, struct json *results,
			      const struct record_list *applications, size_t row)
{
	struct json *list = json_new(call->arena, JSON_ARRAY);

	for (size_t i = 0; i < applications->count; i++) {
		struct record *application = applications->items[i];
		struct record *service = service_by_id(call, record_int(application, "service_id"));
		struct str name;

		if (!application_is_of_mode(call, application, credentials[row].modes))
			continue;
		name = STR_CONCAT(call->arena, record_text(application, "name"), STR(" - "),
				  record_text(service, "name"));
		if (credentials[row].column != NULL)
			offer(call, list, name, record_text(application, credentials[row].column));
		else
			offer_keys(call, list, name, application);
	}
	json_set(results, str_from(credentials[row].name), list);
}

static void offer_all_credentials(struct call *call, struct json *results,
				  const struct record_list *applications)
{
	for (size_t i = 0; i < sizeof credentials / sizeof *credentials; i++)
		offer_credentials(call, results, applications, i);
}

/* What the tenant's own people are offered beyond that. */
static const struct {
	const char *name, *section;
	const struct table *table;
	const char *where, *label, *column;
} lists[] = {
	{"service_ids", NULL, &services_table, "id IN " SERVICES_VISIBLE, "name", "id"},
	{"metric_names", "plans", &metrics_table, "service_id IN " SERVICES_VISIBLE,
	 "friendly_name", "system_name"},
	{"metric_ids", "plans", &metrics_table, "service_id IN " SERVICES_VISIBLE, "friendly_name",
	 "id"},
	{"application_plan_ids", "plans", &plans_table,
	 "type = 'ApplicationPlan' AND issuer_id IN " SERVICES_VISIBLE, "name", "id"},
	{"service_plan_ids", "plans", &plans_table,
	 "type = 'ServicePlan' AND issuer_id IN " SERVICES_VISIBLE, "name", "id"},
	{"account_plan_ids", "plans", &plans_table, "type = 'AccountPlan' AND issuer_id = ?2",
	 "name", "id"},
	{"account_ids", "partners", &accounts_table, "provider_account_id = ?2", "org_name", "id"},
	{"application_ids", "partners", &contracts_table,
	 "type = 'Cinstance' AND service_id IN " SERVICES_VISIBLE, "name", "id"},
};

static void offer_list(struct call *call, struct json *results, size_t row)
{
	struct json *list = json_new(call->arena, JSON_ARRAY);
	struct value arguments[CALL_ARGUMENTS];
	struct record_list records;
	struct str where = STR_CONCAT(call->arena, str_from(lists[row].where),
				      STR(" ORDER BY id DESC LIMIT " OFFERED));

	if (lists[row].section != NULL &&
	    !authentication_user_has_section(call, lists[row].section))
		return;
	call_arguments(call, arguments);
	records = record_all(call->database, lists[row].table, str_cstr(call->arena, where),
			     arguments, CALL_ARGUMENTS);
	for (size_t i = 0; i < records.count; i++)
		offer(call, list, record_text(records.items[i], lists[row].label),
		      value_to_text(call->arena, record_get(records.items[i], lists[row].column)));
	json_set(results, str_from(lists[row].name), list);
}

static bool is_known(struct visit *visit)
{
	if (visit->user != NULL)
		return true;
	reply_json(visit->call, 200, STR("{\"status\":401}"));
	return false;
}

static void reply_results(struct call *call, struct json *results)
{
	struct json *answer = json_new(call->arena, JSON_OBJECT);

	json_set(answer, STR("status"), json_new_int(call->arena, 200));
	json_set(answer, STR("results"), results);
	reply_json(call, 200, json_print(call->arena, answer));
	reply_field(call, "Cache-Control", STR("no-store"));
}

static void developer_data(struct visit *visit)
{
	struct call *call = visit->call;
	struct json *results = json_new(call->arena, JSON_OBJECT);
	struct record_list applications;

	if (!is_known(visit))
		return;
	applications = record_all(call->database, &contracts_table,
				  "type = 'Cinstance' AND user_account_id = ?1 ORDER BY id DESC "
				  "LIMIT " OFFERED,
				  DATABASE_ARGUMENTS(record_get(visit->user, "account_id")));
	offer_all_credentials(call, results, &applications);
	reply_results(call, results);
}

static void admin_data(struct visit *visit)
{
	struct call *call = visit->call;
	struct json *results = json_new(call->arena, JSON_OBJECT);
	struct value arguments[CALL_ARGUMENTS];
	struct record_list applications;

	if (!is_known(visit))
		return;
	call_arguments(call, arguments);
	if (authentication_user_has_section(call, "partners")) {
		applications = record_all(call->database, &contracts_table,
					  "type = 'Cinstance' AND service_id IN " SERVICES_VISIBLE
					  " ORDER BY id DESC LIMIT " OFFERED,
					  arguments, CALL_ARGUMENTS);
		offer_all_credentials(call, results, &applications);
	}
	for (size_t i = 0; i < sizeof lists / sizeof *lists; i++)
		offer_list(call, results, i);
	reply_results(call, results);
}

static const struct page_route rows[] = {
	{"GET", STR_INIT("/swagger/spec.json"), list_documents, PAGE_DEVELOPER | PAGE_OPEN, NULL},
	{"GET", STR_INIT("/swagger/spec/{name}.json"), show_document, PAGE_DEVELOPER | PAGE_OPEN,
	 NULL},
	{"GET", STR_INIT("/api_docs/services/{name}.json"), show_document,
	 PAGE_DEVELOPER | PAGE_OPEN, NULL},
	{"GET", STR_INIT("/api_docs/account_data.json"), developer_data, PAGE_DEVELOPER | PAGE_OPEN,
	 NULL},
	{"GET", STR_INIT("/p/admin/api_docs/account_data.json"), admin_data, PAGE_ADMIN | PAGE_OPEN,
	 NULL},
};

const struct page_table pages_of_active_docs = PAGE_TABLE(rows);
