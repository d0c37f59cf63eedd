#include "portal/routes.h"

#include "base/arena.h"
#include "portal/call.h"
#include "portal/reply.h"
#include "portal/routes/tables.h"
#include "portal/tables.h"

/* What a part of a path stands for. The condition's arguments: ?1 the number in the path, ?2 the
 * tenant, ?3 the record found before it, ?4 the one before that, ?5 the visible services. */
static const struct {
	struct str name;
	const struct table *table;
	const char *where;
} path_records[] = {
	{STR_INIT("service"), &services_table, "id = ?1 AND id IN " SERVICES_VISIBLE},
	{STR_INIT("metric"), &metrics_table, "id = ?1 AND service_id = ?3"},
	{STR_INIT("method"), &metrics_table, "id = ?1 AND parent_id = ?3"},
	{STR_INIT("rule"), &proxy_rules_table,
	 "id = ?1 AND proxy_id = (SELECT id FROM proxies WHERE service_id = ?3)"},
	{STR_INIT("application_plan"), &plans_table,
	 "id = ?1 AND type = 'ApplicationPlan' AND issuer_id = ?3"},
	{STR_INIT("service_plan"), &plans_table,
	 "id = ?1 AND type = 'ServicePlan' AND issuer_id = ?3"},
	{STR_INIT("account_plan"), &plans_table,
	 "id = ?1 AND type = 'AccountPlan' AND issuer_id = ?2"},
	{STR_INIT("plan"), &plans_table,
	 "id = ?1 AND type = 'ApplicationPlan' AND issuer_id IN " SERVICES_VISIBLE},
	{STR_INIT("plan_metric"), &metrics_table,
	 "id = ?1 AND service_id = (SELECT issuer_id FROM plans WHERE id = ?3)"},
	{STR_INIT("limit"), &usage_limits_table, "id = ?1 AND metric_id = ?3 AND plan_id = ?4"},
	{STR_INIT("pricing_rule"), &pricing_rules_table,
	 "id = ?1 AND metric_id = ?3 AND plan_id = ?4"},
	{STR_INIT("account"), &accounts_table, "id = ?1 AND provider_account_id = ?2"},
	{STR_INIT("tenant"), &accounts_table, "id = ?1 AND provider_account_id = ?2"},
	{STR_INIT("user"), &users_table, "id = ?1 AND account_id = ?3"},
	{STR_INIT("tenant_user"), &users_table,
	 "id = ?1 AND account_id = ?2 AND COALESCE(signup_type, '') <> 'impersonation'"},
	{STR_INIT("application"), &contracts_table,
	 "id = ?1 AND type = 'Cinstance' AND user_account_id = ?3 AND service_id "
	 "IN " SERVICES_VISIBLE},
	{STR_INIT("service_feature"), &features_table,
	 "id = ?1 AND featurable_type = 'Service' AND featurable_id = ?3"},
	{STR_INIT("account_feature"), &features_table,
	 "id = ?1 AND featurable_type = 'Account' AND featurable_id = ?2"},
	{STR_INIT("any_service_plan"), &plans_table,
	 "id = ?1 AND type = 'ServicePlan' AND issuer_id IN " SERVICES_VISIBLE},
	{STR_INIT("bought_plan"), &plans_table,
	 "id = ?1 AND type = 'ApplicationPlan' AND original_id = 0 AND issuer_id "
	 "IN " SERVICES_VISIBLE},
	{STR_INIT("bought_service_plan"), &plans_table,
	 "id = ?1 AND type = 'ServicePlan' AND issuer_id IN " SERVICES_VISIBLE},
	{STR_INIT("service_contract"), &contracts_table,
	 "id = ?1 AND type = 'ServiceContract' AND user_account_id = ?3 AND service_id "
	 "IN " SERVICES_VISIBLE},
	{STR_INIT("api_doc"), &api_docs_services_table,
	 "id = ?1 AND account_id = ?2 AND (service_id IS NULL OR service_id IN " SERVICES_VISIBLE
	 ")"},
	{STR_INIT("cms_template"), &cms_templates_table, "id = ?1 AND provider_id = ?2"},
	{STR_INIT("cms_section"), &cms_sections_table, "id = ?1 AND provider_id = ?2"},
	{STR_INIT("cms_file"), &cms_files_table, "id = ?1 AND provider_id = ?2"},
	{STR_INIT("invoice"), &invoices_table, "id = ?1 AND provider_account_id = ?2"},
	{STR_INIT("account_invoice"), &invoices_table,
	 "id = ?1 AND provider_account_id = ?2 AND buyer_account_id = ?3"},
	{STR_INIT("line_item"), &line_items_table, "id = ?1 AND invoice_id = ?3"},
	{STR_INIT("authentication_provider"), &authentication_providers_table,
	 "id = ?1 AND account_id = ?2 AND account_type = 'developer'"},
	{STR_INIT("own_authentication_provider"), &authentication_providers_table,
	 "id = ?1 AND account_id = ?2 AND account_type = 'provider'"},
	{STR_INIT("referrer_filter"), &referrer_filters_table, "id = ?1 AND application_id = ?3"},
};
/* What may be named by a text instead, in ?1. */
static const struct {
	struct str name;
	const char *where;
} path_names[] = {
	{STR_INIT("cms_section"), "system_name = ?1 AND provider_id = ?2"},
};

#define PATH_RECORDS (sizeof path_records / sizeof *path_records)

/* A path belongs to one table only, so their order says nothing. */
const struct route_table *const portal_route_tables[] = {
	&routes_of_services, &routes_of_plans,   &routes_of_accounts,   &routes_of_tenant,
	&routes_of_content,  &routes_of_billing, &routes_of_statistics, &routes_of_master,
};
const size_t portal_route_tables_count = sizeof portal_route_tables / sizeof *portal_route_tables;

const char *routes_condition(struct str name)
{
	for (size_t i = 0; i < PATH_RECORDS; i++) {
		if (str_equal(path_records[i].name, name))
			return path_records[i].where;
	}
	return NULL;
}

/* Names that the table does not have are read by the handlers themselves. */
static bool look_up(struct call *call, struct str name, struct str text)
{
	struct value arguments[CALL_ARGUMENTS];
	struct record *record = NULL;
	size_t row = 0;
	int64_t id;

	while (row < PATH_RECORDS && !str_equal(path_records[row].name, name))
		row++;
	if (row == PATH_RECORDS)
		return true;
	call_arguments(call, arguments);
	arguments[3] = arguments[2];
	arguments[2] = arguments[0];
	if (str_to_int64(text, &id)) {
		arguments[0] = value_int(id);
		record = record_first(call->database, path_records[row].table,
				      path_records[row].where, arguments, CALL_ARGUMENTS);
	}
	for (size_t i = 0; i < sizeof path_names / sizeof *path_names && record == NULL; i++) {
		arguments[0] = value_text(text);
		if (str_equal(path_names[i].name, name))
			record = record_first(call->database, path_records[row].table,
					      path_names[i].where, arguments, CALL_ARGUMENTS);
	}
	if (record == NULL)
		return false;
	call->found[call->found_count++] = (struct found){name, record};
	return true;
}

bool routes_find_records(struct call *call)
{
	for (size_t i = 0; i < call->path_parameters.count; i++) {
		if (!look_up(call, call->path_parameters.items[i].name,
			     call->path_parameters.items[i].value))
			return false;
	}
	return true;
}

bool routes_look_up(struct call *call)
{
	if (routes_find_records(call))
		return true;
	reply_not_found(call);
	return false;
}
