#include "portal/routes.h"

#include "base/arena.h"
#include "portal/resources/resources.h"
#include "portal/tables.h"

#define ADMIN "/admin/api"
#define SERVICE ADMIN "/services/{service}"
#define PLAN ADMIN "/application_plans/{plan}"
#define ACCOUNT ADMIN "/accounts/{account}"
#define APPLICATION ACCOUNT "/applications/{application}"
#define REGISTRY_SCOPES "policy_registry account_management"
#define ANY_SCOPE "account_management stats finance cms policy_registry"

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
	{STR_INIT("account"), &accounts_table, "id = ?1 AND provider_account_id = ?2"},
	{STR_INIT("tenant"), &accounts_table, "id = ?1 AND provider_account_id = ?2"},
	{STR_INIT("user"), &users_table, "id = ?1 AND account_id = ?3"},
	{STR_INIT("tenant_user"), &users_table,
	 "id = ?1 AND account_id = ?2 AND signup_type IS NOT 'impersonation'"},
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
	 "id = ?1 AND type = 'ApplicationPlan' AND issuer_id IN " SERVICES_VISIBLE},
	{STR_INIT("bought_service_plan"), &plans_table,
	 "id = ?1 AND type = 'ServicePlan' AND issuer_id IN " SERVICES_VISIBLE},
	{STR_INIT("service_contract"), &contracts_table,
	 "id = ?1 AND type = 'ServiceContract' AND user_account_id = ?3 AND service_id "
	 "IN " SERVICES_VISIBLE},
	{STR_INIT("api_doc"), &api_docs_services_table, "id = ?1 AND account_id = ?2"},
	{STR_INIT("referrer_filter"), &referrer_filters_table, "id = ?1 AND application_id = ?3"},
};
#define PATH_RECORDS (sizeof path_records / sizeof *path_records)

/* Rows are tried in order: literals before parameters. */
const struct route portal_routes[] = {
	/* Services: spec/portal.md 3.1. */
	{"GET", STR_INIT(ADMIN "/services"), api_list, &service_resource,
	 "id IN " SERVICES_VISIBLE " ORDER BY id", NULL, ROUTE_PAGED_ON_REQUEST, NULL},
	{"POST", STR_INIT(ADMIN "/services"), api_create, &service_resource, NULL, "account_id", 0,
	 NULL},
	{"GET", STR_INIT(SERVICE), api_show, &service_resource, NULL, NULL, 0, NULL},
	{"PUT PATCH", STR_INIT(SERVICE), api_update, &service_resource, NULL, NULL, 0, NULL},
	{"DELETE", STR_INIT(SERVICE), service_delete, &service_resource, NULL, NULL, 0, NULL},

	/* Proxy, policies, configurations: 3.2 to 3.4, 3.6. */
	{"GET", STR_INIT(ADMIN "/services/proxy/configs/{environment}"), proxy_config_by_host,
	 &proxy_config_resource, NULL, NULL, ROUTE_JSON_ONLY, NULL},
	{"GET", STR_INIT(SERVICE "/proxy"), proxy_show, &proxy_resource, NULL, NULL, 0, NULL},
	{"PUT PATCH", STR_INIT(SERVICE "/proxy"), proxy_update, &proxy_resource, NULL, NULL, 0,
	 NULL},
	{"GET", STR_INIT(SERVICE "/proxy/policies"), proxy_policies_show, NULL, NULL, NULL,
	 ROUTE_JSON_ONLY, NULL},
	{"PUT PATCH", STR_INIT(SERVICE "/proxy/policies"), proxy_policies_update, NULL, NULL, NULL,
	 ROUTE_JSON_ONLY, NULL},
	{"GET", STR_INIT(SERVICE "/proxy/oidc_configuration"), oidc_configuration_show, NULL, NULL,
	 NULL, 0, NULL},
	{"PUT PATCH", STR_INIT(SERVICE "/proxy/oidc_configuration"), oidc_configuration_update,
	 NULL, NULL, NULL, 0, NULL},
	{"GET", STR_INIT(SERVICE "/proxy/configs/{environment}"), proxy_config_list,
	 &proxy_config_resource, NULL, NULL, ROUTE_JSON_ONLY, NULL},
	{"GET", STR_INIT(SERVICE "/proxy/configs/{environment}/latest"), proxy_config_latest,
	 &proxy_config_resource, NULL, NULL, ROUTE_JSON_ONLY, NULL},
	{"GET", STR_INIT(SERVICE "/proxy/configs/{environment}/{version}"), proxy_config_show,
	 &proxy_config_resource, NULL, NULL, ROUTE_JSON_ONLY, NULL},
	{"POST", STR_INIT(SERVICE "/proxy/configs/{environment}/{version}/promote"),
	 proxy_config_promote, &proxy_config_resource, NULL, NULL, ROUTE_JSON_ONLY, NULL},
	{"GET", STR_INIT(ADMIN "/account/proxy_configs/{environment}"), proxy_config_of_account,
	 &proxy_config_resource, NULL, NULL, ROUTE_JSON_ONLY | ROUTE_PAGED, NULL},
	{"GET", STR_INIT("/master/api/proxy/configs/{environment}"), proxy_config_of_all_tenants,
	 &proxy_config_resource, NULL, NULL, ROUTE_MASTER | ROUTE_JSON_DEFAULT, NULL},

	/* Mapping rules: 3.5. */
	{"GET", STR_INIT(SERVICE "/proxy/mapping_rules"), api_list, &mapping_rule_resource,
	 "proxy_id = (SELECT id FROM proxies WHERE service_id = ?1) ORDER BY position, id", NULL, 0,
	 NULL},
	{"POST", STR_INIT(SERVICE "/proxy/mapping_rules"), api_create, &mapping_rule_resource, NULL,
	 NULL, 0, NULL},
	{"GET", STR_INIT(SERVICE "/proxy/mapping_rules/{rule}"), api_show, &mapping_rule_resource,
	 NULL, NULL, 0, NULL},
	{"PUT PATCH", STR_INIT(SERVICE "/proxy/mapping_rules/{rule}"), api_update,
	 &mapping_rule_resource, NULL, NULL, 0, NULL},
	{"DELETE", STR_INIT(SERVICE "/proxy/mapping_rules/{rule}"), api_delete,
	 &mapping_rule_resource, NULL, NULL, 0, NULL},

	/* Metrics and methods: 3.7. */
	{"GET", STR_INIT(SERVICE "/metrics"), api_list, &metric_resource,
	 "service_id = ?1 ORDER BY id", NULL, 0, NULL},
	{"POST", STR_INIT(SERVICE "/metrics"), api_create, &metric_resource, NULL, "service_id", 0,
	 NULL},
	{"GET", STR_INIT(SERVICE "/metrics/{metric}"), api_show, &metric_resource, NULL, NULL, 0,
	 NULL},
	{"PUT PATCH", STR_INIT(SERVICE "/metrics/{metric}"), api_update, &metric_resource, NULL,
	 NULL, 0, NULL},
	{"DELETE", STR_INIT(SERVICE "/metrics/{metric}"), metric_delete, &metric_resource, NULL,
	 NULL, 0, NULL},
	{"GET", STR_INIT(SERVICE "/metrics/{metric}/methods"), api_list, &method_resource,
	 "parent_id = ?1 ORDER BY id", NULL, 0, NULL},
	{"POST", STR_INIT(SERVICE "/metrics/{metric}/methods"), api_create, &method_resource, NULL,
	 "parent_id", 0, NULL},
	{"GET", STR_INIT(SERVICE "/metrics/{metric}/methods/{method}"), api_show, &method_resource,
	 NULL, NULL, 0, NULL},
	{"PUT PATCH", STR_INIT(SERVICE "/metrics/{metric}/methods/{method}"), api_update,
	 &method_resource, NULL, NULL, 0, NULL},
	{"DELETE", STR_INIT(SERVICE "/metrics/{metric}/methods/{method}"), api_delete,
	 &method_resource, NULL, NULL, 0, NULL},

	/* Plans: 3.8. */
	{"GET", STR_INIT(ADMIN "/application_plans"), api_list, &application_plan_resource,
	 "type = 'ApplicationPlan' AND issuer_id IN " SERVICES_VISIBLE " ORDER BY id", NULL, 0,
	 NULL},
	{"GET", STR_INIT(SERVICE "/application_plans"), api_list, &application_plan_resource,
	 "type = 'ApplicationPlan' AND issuer_id = ?1 ORDER BY id", NULL, 0, NULL},
	{"POST", STR_INIT(SERVICE "/application_plans"), api_create, &application_plan_resource,
	 NULL, "issuer_id", 0, NULL},
	{"GET", STR_INIT(SERVICE "/application_plans/{application_plan}"), api_show,
	 &application_plan_resource, NULL, NULL, 0, NULL},
	{"PUT PATCH", STR_INIT(SERVICE "/application_plans/{application_plan}"), api_update,
	 &application_plan_resource, NULL, NULL, 0, NULL},
	{"DELETE", STR_INIT(SERVICE "/application_plans/{application_plan}"), api_delete,
	 &application_plan_resource, NULL, NULL, 0, NULL},
	{"PUT PATCH", STR_INIT(SERVICE "/application_plans/{application_plan}/default"),
	 plan_default, &application_plan_resource, NULL, NULL, 0, NULL},
	{"GET", STR_INIT(ADMIN "/service_plans"), api_list, &service_plan_resource,
	 "type = 'ServicePlan' AND issuer_id IN " SERVICES_VISIBLE " ORDER BY id", NULL, 0, NULL},
	{"GET", STR_INIT(SERVICE "/service_plans"), api_list, &service_plan_resource,
	 "type = 'ServicePlan' AND issuer_id = ?1 ORDER BY id", NULL, 0, NULL},
	{"POST", STR_INIT(SERVICE "/service_plans"), api_create, &service_plan_resource, NULL,
	 "issuer_id", 0, NULL},
	{"GET", STR_INIT(SERVICE "/service_plans/{service_plan}"), api_show, &service_plan_resource,
	 NULL, NULL, 0, NULL},
	{"PUT PATCH", STR_INIT(SERVICE "/service_plans/{service_plan}"), api_update,
	 &service_plan_resource, NULL, NULL, 0, NULL},
	{"DELETE", STR_INIT(SERVICE "/service_plans/{service_plan}"), api_delete,
	 &service_plan_resource, NULL, NULL, 0, NULL},
	{"PUT PATCH", STR_INIT(SERVICE "/service_plans/{service_plan}/default"), plan_default,
	 &service_plan_resource, NULL, NULL, 0, NULL},
	{"GET", STR_INIT(ADMIN "/account_plans"), api_list, &account_plan_resource,
	 "type = 'AccountPlan' AND issuer_id = ?2 ORDER BY id", NULL, 0, NULL},
	{"POST", STR_INIT(ADMIN "/account_plans"), api_create, &account_plan_resource, NULL,
	 "issuer_id", 0, NULL},
	{"GET", STR_INIT(ADMIN "/account_plans/{account_plan}"), api_show, &account_plan_resource,
	 NULL, NULL, 0, NULL},
	{"PUT PATCH", STR_INIT(ADMIN "/account_plans/{account_plan}"), api_update,
	 &account_plan_resource, NULL, NULL, 0, NULL},
	{"DELETE", STR_INIT(ADMIN "/account_plans/{account_plan}"), api_delete,
	 &account_plan_resource, NULL, NULL, 0, NULL},
	{"PUT PATCH", STR_INIT(ADMIN "/account_plans/{account_plan}/default"), plan_default,
	 &account_plan_resource, NULL, NULL, 0, NULL},

	/* Limits and prices: 3.9. */
	{"GET", STR_INIT(PLAN "/limits"), api_list, &usage_limit_resource,
	 "plan_id = ?1 ORDER BY id", NULL, ROUTE_PAGED, NULL},
	{"GET", STR_INIT(PLAN "/metrics/{plan_metric}/limits"), api_list, &usage_limit_resource,
	 "metric_id = ?1 AND plan_id = ?3 ORDER BY id", NULL, 0, NULL},
	{"POST", STR_INIT(PLAN "/metrics/{plan_metric}/limits"), api_create, &usage_limit_resource,
	 NULL, "metric_id", 0, NULL},
	{"GET", STR_INIT(PLAN "/metrics/{plan_metric}/limits/{limit}"), api_show,
	 &usage_limit_resource, NULL, NULL, 0, NULL},
	{"PUT PATCH", STR_INIT(PLAN "/metrics/{plan_metric}/limits/{limit}"), api_update,
	 &usage_limit_resource, NULL, NULL, 0, NULL},
	{"DELETE", STR_INIT(PLAN "/metrics/{plan_metric}/limits/{limit}"), api_delete,
	 &usage_limit_resource, NULL, NULL, 0, NULL},
	{"GET", STR_INIT(PLAN "/pricing_rules"), api_list, &pricing_rule_resource,
	 "plan_id = ?1 ORDER BY id", NULL, 0, NULL},
	{"GET", STR_INIT(PLAN "/metrics/{plan_metric}/pricing_rules"), api_list,
	 &pricing_rule_resource, "metric_id = ?1 AND plan_id = ?3 ORDER BY id", NULL, 0, NULL},
	{"POST", STR_INIT(PLAN "/metrics/{plan_metric}/pricing_rules"), api_create,
	 &pricing_rule_resource, NULL, "metric_id", 0, NULL},

	/* Accounts and users: 3.10, 3.11. */
	{"GET", STR_INIT(ADMIN "/accounts"), account_list, &account_resource, NULL, NULL,
	 ROUTE_PAGED, NULL},
	{"POST", STR_INIT(ADMIN "/signup"), account_signup, &account_resource, NULL, NULL, 0, NULL},
	{"GET", STR_INIT(ADMIN "/accounts/find"), account_find, &account_resource, NULL, NULL, 0,
	 NULL},
	{"GET", STR_INIT(ACCOUNT), api_show, &account_resource, NULL, NULL, 0, NULL},
	{"PUT PATCH", STR_INIT(ACCOUNT), api_update, &account_resource, NULL, NULL, 0, NULL},
	{"DELETE", STR_INIT(ACCOUNT), api_delete, &account_resource, NULL, NULL, 0, NULL},
	{"PUT PATCH", STR_INIT(ACCOUNT "/approve"), account_approve, NULL, NULL, NULL, 0, NULL},
	{"PUT PATCH", STR_INIT(ACCOUNT "/reject"), account_reject, NULL, NULL, NULL, 0, NULL},
	{"PUT PATCH", STR_INIT(ACCOUNT "/make_pending"), account_make_pending, NULL, NULL, NULL, 0,
	 NULL},
	{"GET", STR_INIT(ACCOUNT "/plan"), account_plan_show, NULL, NULL, NULL, 0, NULL},
	{"PUT PATCH", STR_INIT(ACCOUNT "/change_plan"), account_change_plan, NULL, NULL, NULL, 0,
	 NULL},
	{"GET", STR_INIT(ADMIN "/provider"), account_show_tenant, NULL, NULL, NULL, 0, NULL},
	{"GET", STR_INIT(ACCOUNT "/users"), user_list, &user_resource, NULL, NULL, 0, NULL},
	{"POST", STR_INIT(ACCOUNT "/users"), user_create, &user_resource, NULL, NULL, 0, NULL},
	{"GET", STR_INIT(ACCOUNT "/users/{user}"), api_show, &user_resource, NULL, NULL, 0, NULL},
	{"PUT PATCH", STR_INIT(ACCOUNT "/users/{user}"), api_update, &user_resource, NULL, NULL, 0,
	 NULL},
	{"DELETE", STR_INIT(ACCOUNT "/users/{user}"), api_delete, &user_resource, NULL, NULL, 0,
	 NULL},
	{"PUT PATCH", STR_INIT(ACCOUNT "/users/{user}/admin"), user_make_admin, NULL, NULL, NULL, 0,
	 NULL},
	{"PUT PATCH", STR_INIT(ACCOUNT "/users/{user}/member"), user_make_member, NULL, NULL, NULL,
	 0, NULL},
	{"PUT PATCH", STR_INIT(ACCOUNT "/users/{user}/suspend"), user_suspend, NULL, NULL, NULL, 0,
	 NULL},
	{"PUT PATCH", STR_INIT(ACCOUNT "/users/{user}/unsuspend"), user_unsuspend, NULL, NULL, NULL,
	 0, NULL},
	{"PUT PATCH", STR_INIT(ACCOUNT "/users/{user}/activate"), user_activate, NULL, NULL, NULL,
	 0, NULL},

	/* Applications: 3.12. */
	{"GET", STR_INIT(ADMIN "/applications"), application_list, &application_resource, NULL,
	 NULL, ROUTE_PAGED, NULL},
	{"GET", STR_INIT(ADMIN "/applications/find"), portal_application_find, NULL, NULL, NULL, 0,
	 NULL},
	{"GET", STR_INIT(ACCOUNT "/applications"), application_list_of_account,
	 &application_resource, NULL, NULL, 0, NULL},
	{"POST", STR_INIT(ACCOUNT "/applications"), application_create, NULL, NULL, NULL, 0, NULL},
	{"GET", STR_INIT(ACCOUNT "/applications/find"), application_find_of_account, NULL, NULL,
	 NULL, 0, NULL},
	{"GET", STR_INIT(APPLICATION), api_show, &application_resource, NULL, NULL, 0, NULL},
	{"PUT PATCH", STR_INIT(APPLICATION), api_update, &application_resource, NULL, NULL, 0,
	 NULL},
	{"DELETE", STR_INIT(APPLICATION), api_delete, &application_resource, NULL, NULL, 0, NULL},
	{"PUT PATCH", STR_INIT(APPLICATION "/accept"), application_accept, NULL, NULL, NULL, 0,
	 NULL},
	{"PUT PATCH", STR_INIT(APPLICATION "/suspend"), application_suspend, NULL, NULL, NULL, 0,
	 NULL},
	{"PUT PATCH", STR_INIT(APPLICATION "/resume"), application_resume, NULL, NULL, NULL, 0,
	 NULL},
	{"PUT PATCH", STR_INIT(APPLICATION "/change_plan"), application_change_plan, NULL, NULL,
	 NULL, 0, NULL},
	{"PUT PATCH", STR_INIT(APPLICATION "/customize_plan"), application_customize_plan, NULL,
	 NULL, NULL, 0, NULL},
	{"PUT PATCH", STR_INIT(APPLICATION "/decustomize_plan"), application_decustomize_plan, NULL,
	 NULL, NULL, 0, NULL},
	{"GET", STR_INIT(APPLICATION "/keys"), api_list, &application_key_resource,
	 "application_id = ?1 ORDER BY id", NULL, 0, NULL},
	{"POST", STR_INIT(APPLICATION "/keys"), application_key_create, NULL, NULL, NULL, 0, NULL},
	{"DELETE", STR_INIT(APPLICATION "/keys/{value}"), application_key_delete, NULL, NULL, NULL,
	 ROUTE_DOTS | ROUTE_SECRET, NULL},
	{"GET", STR_INIT(APPLICATION "/referrer_filters"), api_list, &referrer_filter_resource,
	 "application_id = ?1 ORDER BY id", NULL, 0, NULL},
	{"POST", STR_INIT(APPLICATION "/referrer_filters"), referrer_filter_create, NULL, NULL,
	 NULL, 0, NULL},
	{"DELETE", STR_INIT(APPLICATION "/referrer_filters/{referrer_filter}"), api_delete,
	 &referrer_filter_resource, NULL, NULL, 0, NULL},

	/* Features: 3.9. */
	{"GET", STR_INIT(SERVICE "/features"), api_list, &service_feature_resource,
	 "featurable_type = 'Service' AND featurable_id = ?1 ORDER BY id", NULL, 0, NULL},
	{"POST", STR_INIT(SERVICE "/features"), api_create, &service_feature_resource, NULL,
	 "featurable_id", 0, NULL},
	{"GET", STR_INIT(SERVICE "/features/{service_feature}"), api_show,
	 &service_feature_resource, NULL, NULL, 0, NULL},
	{"PUT PATCH", STR_INIT(SERVICE "/features/{service_feature}"), api_update,
	 &service_feature_resource, NULL, NULL, 0, NULL},
	{"DELETE", STR_INIT(SERVICE "/features/{service_feature}"), api_delete,
	 &service_feature_resource, NULL, NULL, 0, NULL},
	{"GET", STR_INIT(ADMIN "/features"), api_list, &account_feature_resource,
	 "featurable_type = 'Account' AND featurable_id = ?2 ORDER BY id", NULL, 0, NULL},
	{"POST", STR_INIT(ADMIN "/features"), api_create, &account_feature_resource, NULL,
	 "featurable_id", 0, NULL},
	{"GET", STR_INIT(ADMIN "/features/{account_feature}"), api_show, &account_feature_resource,
	 NULL, NULL, 0, NULL},
	{"PUT PATCH", STR_INIT(ADMIN "/features/{account_feature}"), api_update,
	 &account_feature_resource, NULL, NULL, 0, NULL},
	{"DELETE", STR_INIT(ADMIN "/features/{account_feature}"), api_delete,
	 &account_feature_resource, NULL, NULL, 0, NULL},
	{"GET", STR_INIT(PLAN "/features"), plan_feature_list, NULL, NULL, NULL, 0, NULL},
	{"POST", STR_INIT(PLAN "/features"), plan_feature_add, NULL, NULL, NULL, 0, NULL},
	{"DELETE", STR_INIT(PLAN "/features/{feature_of_plan}"), plan_feature_remove, NULL, NULL,
	 NULL, 0, NULL},
	{"GET", STR_INIT(ADMIN "/service_plans/{any_service_plan}/features"), plan_feature_list,
	 NULL, NULL, NULL, 0, NULL},
	{"POST", STR_INIT(ADMIN "/service_plans/{any_service_plan}/features"), plan_feature_add,
	 NULL, NULL, NULL, 0, NULL},
	{"DELETE", STR_INIT(ADMIN "/service_plans/{any_service_plan}/features/{feature_of_plan}"),
	 plan_feature_remove, NULL, NULL, NULL, 0, NULL},
	{"GET", STR_INIT(ADMIN "/account_plans/{account_plan}/features"), plan_feature_list, NULL,
	 NULL, NULL, 0, NULL},
	{"POST", STR_INIT(ADMIN "/account_plans/{account_plan}/features"), plan_feature_add, NULL,
	 NULL, NULL, 0, NULL},
	{"DELETE", STR_INIT(ADMIN "/account_plans/{account_plan}/features/{feature_of_plan}"),
	 plan_feature_remove, NULL, NULL, NULL, 0, NULL},

	/* The tenant's own users, tokens and permissions: 3.11. */
	{"GET", STR_INIT(ADMIN "/users"), user_list, &user_resource, NULL, NULL, 0, NULL},
	{"POST", STR_INIT(ADMIN "/users"), user_create, &user_resource, NULL, NULL, 0, NULL},
	{"GET", STR_INIT(ADMIN "/users/{tenant_user}"), api_show, &user_resource, NULL, NULL, 0,
	 NULL},
	{"PUT PATCH", STR_INIT(ADMIN "/users/{tenant_user}"), api_update, &user_resource, NULL,
	 NULL, 0, NULL},
	{"DELETE", STR_INIT(ADMIN "/users/{tenant_user}"), api_delete, &user_resource, NULL, NULL,
	 0, NULL},
	{"PUT PATCH", STR_INIT(ADMIN "/users/{tenant_user}/admin"), user_make_admin, NULL, NULL,
	 NULL, 0, NULL},
	{"PUT PATCH", STR_INIT(ADMIN "/users/{tenant_user}/member"), user_make_member, NULL, NULL,
	 NULL, 0, NULL},
	{"PUT PATCH", STR_INIT(ADMIN "/users/{tenant_user}/suspend"), user_suspend, NULL, NULL,
	 NULL, 0, NULL},
	{"PUT PATCH", STR_INIT(ADMIN "/users/{tenant_user}/unsuspend"), user_unsuspend, NULL, NULL,
	 NULL, 0, NULL},
	{"PUT PATCH", STR_INIT(ADMIN "/users/{tenant_user}/activate"), user_activate, NULL, NULL,
	 NULL, 0, NULL},
	{"GET", STR_INIT(ADMIN "/users/{tenant_user}/permissions"), permissions_show, NULL, NULL,
	 NULL, 0, NULL},
	{"PUT PATCH", STR_INIT(ADMIN "/users/{tenant_user}/permissions"), permissions_update, NULL,
	 NULL, NULL, 0, NULL},
	{"POST", STR_INIT(ADMIN "/users/{tenant_user}/access_tokens"), access_token_create_for_user,
	 NULL, NULL, NULL, ROUTE_JSON_ONLY, NULL},
	{"GET", STR_INIT(ADMIN "/personal/access_tokens"), access_token_list, NULL, NULL, NULL,
	 ROUTE_JSON_DEFAULT, ANY_SCOPE},
	{"POST", STR_INIT(ADMIN "/personal/access_tokens"), access_token_create_personal, NULL,
	 NULL, NULL, ROUTE_JSON_DEFAULT, ANY_SCOPE},
	{"GET", STR_INIT(ADMIN "/personal/access_tokens/{value}"), access_token_show, NULL, NULL,
	 NULL, ROUTE_JSON_DEFAULT | ROUTE_DOTS | ROUTE_SECRET, ANY_SCOPE},
	{"DELETE", STR_INIT(ADMIN "/personal/access_tokens/{value}"), access_token_delete, NULL,
	 NULL, NULL, ROUTE_JSON_DEFAULT | ROUTE_DOTS | ROUTE_SECRET, ANY_SCOPE},

	/* ActiveDocs: 3.13. */
	{"GET", STR_INIT(ADMIN "/active_docs"), api_list, &api_doc_resource,
	 "account_id = ?2 ORDER BY id", NULL, 0, NULL},
	{"POST", STR_INIT(ADMIN "/active_docs"), api_create, &api_doc_resource, NULL, "account_id",
	 0, NULL},
	{"PUT PATCH", STR_INIT(ADMIN "/active_docs/{api_doc}"), api_update, &api_doc_resource, NULL,
	 NULL, 0, NULL},
	{"DELETE", STR_INIT(ADMIN "/active_docs/{api_doc}"), api_delete, &api_doc_resource, NULL,
	 NULL, 0, NULL},

	/* Subscriptions: 3.10. */
	{"GET", STR_INIT(ACCOUNT "/application_plans"), api_list, &application_plan_resource,
	 "type = 'ApplicationPlan' AND issuer_id IN " SERVICES_VISIBLE
	 " AND id IN (SELECT plan_id FROM cinstances WHERE user_account_id = ?1) ORDER BY id",
	 NULL, 0, NULL},
	{"POST", STR_INIT(ACCOUNT "/application_plans/{bought_plan}/buy"), application_plan_buy,
	 NULL, NULL, NULL, 0, NULL},
	{"GET", STR_INIT(ACCOUNT "/service_plans"), api_list, &service_plan_resource,
	 "type = 'ServicePlan' AND issuer_id IN " SERVICES_VISIBLE
	 " AND id IN (SELECT plan_id FROM cinstances WHERE user_account_id = ?1) ORDER BY id",
	 NULL, 0, NULL},
	{"POST", STR_INIT(ACCOUNT "/service_plans/{bought_service_plan}/buy"), service_plan_buy,
	 NULL, NULL, NULL, 0, NULL},
	{"GET", STR_INIT(ACCOUNT "/service_contracts"), api_list, &service_contract_resource,
	 "type = 'ServiceContract' AND user_account_id = ?1 AND service_id IN " SERVICES_VISIBLE
	 " ORDER BY id",
	 NULL, 0, NULL},
	{"DELETE", STR_INIT(ACCOUNT "/service_contracts/{service_contract}"),
	 service_contract_delete, NULL, NULL, NULL, 0, NULL},

	/* Settings, and the registry of policies: 3.4, 3.14. */
	{"GET", STR_INIT(ADMIN "/settings"), settings_show, NULL, NULL, NULL, ROUTE_JSON_ONLY,
	 NULL},
	{"PUT PATCH", STR_INIT(ADMIN "/settings"), settings_update, NULL, NULL, NULL,
	 ROUTE_JSON_ONLY, NULL},
	{"GET", STR_INIT(ADMIN "/policies"), policy_list_all, NULL, NULL, NULL, ROUTE_JSON_ONLY,
	 NULL},
	{"GET", STR_INIT(ADMIN "/registry/policies"), api_list, &policy_resource,
	 "account_id = ?2 ORDER BY id", NULL, ROUTE_JSON_DEFAULT, REGISTRY_SCOPES},
	{"POST", STR_INIT(ADMIN "/registry/policies"), api_create, &policy_resource, NULL,
	 "account_id", ROUTE_JSON_DEFAULT, REGISTRY_SCOPES},
	{"GET", STR_INIT(ADMIN "/registry/policies/{policy}"), policy_show, NULL, NULL, NULL,
	 ROUTE_JSON_DEFAULT | ROUTE_DOTS, REGISTRY_SCOPES},
	{"PUT PATCH", STR_INIT(ADMIN "/registry/policies/{policy}"), policy_update, NULL, NULL,
	 NULL, ROUTE_JSON_DEFAULT | ROUTE_DOTS, REGISTRY_SCOPES},
	{"DELETE", STR_INIT(ADMIN "/registry/policies/{policy}"), policy_delete, NULL, NULL, NULL,
	 ROUTE_JSON_DEFAULT | ROUTE_DOTS, REGISTRY_SCOPES},

	/* Master: 3.20. */
	{"POST", STR_INIT("/master/api/providers"), tenant_signup, NULL, NULL, NULL,
	 ROUTE_MASTER | ROUTE_JSON_DEFAULT, NULL},
	{"GET", STR_INIT("/master/api/providers/{tenant}"), tenant_show, NULL, NULL, NULL,
	 ROUTE_MASTER | ROUTE_JSON_DEFAULT, NULL},
	{"PUT PATCH", STR_INIT("/master/api/providers/{tenant}"), tenant_update, NULL, NULL, NULL,
	 ROUTE_MASTER | ROUTE_JSON_DEFAULT, NULL},
	{"DELETE", STR_INIT("/master/api/providers/{tenant}"), tenant_delete, NULL, NULL, NULL,
	 ROUTE_MASTER | ROUTE_JSON_DEFAULT, NULL},
};

const size_t portal_routes_count = sizeof portal_routes / sizeof *portal_routes;

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
	if (record == NULL)
		return false;
	call->found[call->found_count++] = (struct found){name, record};
	return true;
}

bool routes_look_up(struct call *call)
{
	for (size_t i = 0; i < call->path_parameters.count; i++) {
		if (!look_up(call, call->path_parameters.items[i].name,
			     call->path_parameters.items[i].value)) {
			reply_not_found(call);
			return false;
		}
	}
	return true;
}
