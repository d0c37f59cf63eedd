#include "portal/authorization_samples_test.h"

#include <check.h>
#include <string.h>

#include "base/json.h"
#include "portal/portal_rig_test.h"
#include "portal/routes.h"
#include "portal/routes/tables.h"

#define SPARE_SERVICE ADMIN "/services/{spare_service}"
#define HITS_METHODS ADMIN "/services/{service}/metrics/{hits}/methods"
#define CONFIGS SERVICE "/proxy/configs/{environment}"
#define OWN ADMIN "/personal/access_tokens"
#define BUYER ADMIN "/accounts/{account}"
#define OF_STATE(kind) ADMIN "/accounts/{account}/applications/{" kind "_application}"
#define STATS_SERVICE "/stats/services/{id}"
#define OUR_STATS_SERVICE "/stats/services/{service}"
#define STATS_APPLICATION "/stats/applications/{id}"
#define OUR_STATS_APPLICATION "/stats/applications/{application}"
#define MANIFEST "{\"name\":\"n\",\"version\":\"1\",\"summary\":\"s\",\"configuration\":{}}"
#define PROVIDERS "/master/api/providers"

/* Method, route, path, query, body, status, names_service, is_idle. */
static const struct sample samples[] = {
	/* Services. */
	{"POST", ADMIN "/services", NULL, NULL, "name=New", 201, false, false},
	{"PUT", SERVICE, NULL, NULL, "description=d", 200, false, false},
	{"DELETE", SERVICE, SPARE_SERVICE, NULL, NULL, 200, false, false},
	{"PUT", SERVICE "/proxy", NULL, NULL, "api_test_path=/x", 200, false, false},
	{"POST", SERVICE "/proxy/deploy", NULL, NULL, "", 201, false, true},
	{"PUT", SERVICE "/proxy/policies", NULL, NULL,
	 "policies_config=[{\"name\":\"cors\",\"version\":\"builtin\",\"configuration\":{}}]", 200,
	 false, false},
	{"PUT", SERVICE "/proxy/oidc_configuration", NULL, NULL, "implicit_flow_enabled=true", 200,
	 false, false},
	{"GET", ADMIN "/services/proxy/configs/{environment}", NULL, "host=x", NULL, 200, false,
	 false},
	{"POST", CONFIGS "/{version}/promote", NULL, NULL, "to=production", 201, false, false},
	{"POST", SERVICE "/proxy/mapping_rules", NULL, NULL,
	 "http_method=GET&pattern=/x&delta=1&metric_id={hits}", 201, false, false},
	{"PUT", SERVICE "/proxy/mapping_rules/{rule}", NULL, NULL, "delta=7", 200, false, false},
	{"POST", SERVICE "/metrics", NULL, NULL, "friendly_name=New&unit=u", 201, false, false},
	{"PUT", SERVICE "/metrics/{metric}", NULL, NULL, "friendly_name=N", 200, false, false},
	{"POST", SERVICE "/metrics/{metric}/methods", HITS_METHODS, NULL, "friendly_name=New", 201,
	 false, false},
	{"GET", SERVICE "/metrics/{metric}/methods/{method}", HITS_METHODS "/{method}", NULL, NULL,
	 200, false, false},
	{"PUT", SERVICE "/metrics/{metric}/methods/{method}", HITS_METHODS "/{method}", NULL,
	 "friendly_name=N", 200, false, false},
	{"DELETE", SERVICE "/metrics/{metric}/methods/{method}", HITS_METHODS "/{method}", NULL,
	 NULL, 200, false, false},

	/* Plans. */
	{"POST", SERVICE "/application_plans", NULL, NULL, "name=New", 201, false, false},
	{"PUT", SERVICE "/application_plans/{application_plan}", NULL, NULL, "name=Q", 200, false,
	 false},
	{"PUT", SERVICE "/application_plans/{application_plan}/default", NULL, NULL, "", 200, false,
	 false},
	{"POST", SERVICE "/service_plans", NULL, NULL, "name=New", 201, false, false},
	{"PUT", SERVICE "/service_plans/{service_plan}", NULL, NULL, "name=Q", 200, false, false},
	{"PUT", SERVICE "/service_plans/{service_plan}/default", NULL, NULL, "", 200, false, false},
	{"POST", ADMIN "/account_plans", NULL, NULL, "name=New", 201, false, false},
	{"PUT", ADMIN "/account_plans/{account_plan}", NULL, NULL, "name=Q", 200, false, false},
	{"PUT", ADMIN "/account_plans/{account_plan}/default", NULL, NULL, "", 200, false, false},
	{"POST", PLAN "/metrics/{plan_metric}/limits", NULL, NULL, "period=month&value=1", 201,
	 false, false},
	{"PUT", PLAN "/metrics/{plan_metric}/limits/{limit}", NULL, NULL, "value=9", 200, false,
	 false},
	{"POST", PLAN "/metrics/{plan_metric}/pricing_rules", NULL, NULL,
	 "min=100&max=200&cost_per_unit=1", 201, false, false},
	{"POST", SERVICE "/features", NULL, NULL, "name=New", 201, false, false},
	{"PUT", SERVICE "/features/{service_feature}", NULL, NULL, "name=G", 200, false, false},
	{"POST", ADMIN "/features", NULL, NULL, "name=New", 201, false, false},
	{"PUT", ADMIN "/features/{account_feature}", NULL, NULL, "name=G", 200, false, false},
	{"POST", PLAN "/features", NULL, NULL, "feature_id={service_feature}", 201, false, false},
	{"DELETE", PLAN "/features/{feature_of_plan}", NULL, NULL, NULL, 200, false, false},
	{"POST", ADMIN "/service_plans/{any_service_plan}/features", NULL, NULL,
	 "feature_id={service_plan_feature}", 201, false, true},
	{"DELETE", ADMIN "/service_plans/{any_service_plan}/features/{feature_of_plan}",
	 ADMIN "/service_plans/{any_service_plan}/features/{service_plan_feature}", NULL, NULL, 200,
	 false, false},
	{"POST", ADMIN "/account_plans/{account_plan}/features", NULL, NULL,
	 "feature_id={account_feature}", 201, false, true},
	{"DELETE", ADMIN "/account_plans/{account_plan}/features/{feature_of_plan}",
	 ADMIN "/account_plans/{account_plan}/features/{account_feature}", NULL, NULL, 200, false,
	 false},

	/* End users, who are none. */
	{"POST", SERVICE "/end_user_plans", NULL, NULL, "", 403, false, false},
	{"GET", SERVICE "/end_user_plans/{end_user_plan}", NULL, NULL, NULL, 404, false, false},
	{"PUT", SERVICE "/end_user_plans/{end_user_plan}", NULL, NULL, "", 403, false, false},
	{"DELETE", SERVICE "/end_user_plans/{end_user_plan}", NULL, NULL, NULL, 403, false, false},
	{"PUT", SERVICE "/end_user_plans/{end_user_plan}/default", NULL, NULL, "", 403, false,
	 false},
	{"POST", ADMIN "/end_user_plans/{end_user_plan}/metrics/{end_user_metric}/limits", NULL,
	 NULL, "", 403, false, false},
	{"GET",
	 ADMIN "/end_user_plans/{end_user_plan}/metrics/{end_user_metric}/limits/"
	       "{end_user_limit}",
	 NULL, NULL, NULL, 404, false, false},
	{"PUT",
	 ADMIN "/end_user_plans/{end_user_plan}/metrics/{end_user_metric}/limits/"
	       "{end_user_limit}",
	 NULL, NULL, "", 403, false, false},
	{"DELETE",
	 ADMIN "/end_user_plans/{end_user_plan}/metrics/{end_user_metric}/limits/"
	       "{end_user_limit}",
	 NULL, NULL, NULL, 403, false, false},
	{"POST", SERVICE "/end_users", NULL, NULL, "", 403, false, false},
	{"GET", SERVICE "/end_users/{end_user}", NULL, NULL, NULL, 404, false, false},
	{"PUT", SERVICE "/end_users/{end_user}", NULL, NULL, "", 403, false, false},
	{"DELETE", SERVICE "/end_users/{end_user}", NULL, NULL, NULL, 403, false, false},
	{"PUT", SERVICE "/end_users/{end_user}/change_plan", NULL, NULL, "", 403, false, false},

	/* Accounts and their users. */
	{"POST", ADMIN "/signup", NULL, NULL,
	 "org_name=N&username=newcomer&email=n@new.example&password=123456", 201, false, false},
	{"GET", ADMIN "/accounts/find", NULL, "username=john", NULL, 200, false, false},
	{"PUT", ACCOUNT, NULL, NULL, "org_name=Changed", 200, false, false},
	{"PUT", ACCOUNT "/approve", ADMIN "/accounts/{pending_account}/approve", NULL, "", 200,
	 false, false},
	{"PUT", ACCOUNT "/reject", NULL, NULL, "", 200, false, false},
	{"PUT", ACCOUNT "/make_pending", NULL, NULL, "", 200, false, false},
	{"PUT", ACCOUNT "/change_plan", NULL, NULL, "plan_id={account_plan}", 200, false, false},
	{"PUT", ADMIN "/provider", NULL, NULL, "support_email=a@b.example", 200, false, false},
	{"PUT", ACCOUNT "/credit_card", NULL, NULL,
	 "credit_card_token=t&credit_card_expiration_year=2030&credit_card_expiration_month=1&"
	 "billing_address_name=n&billing_address_address=a&billing_address_city=c&"
	 "billing_address_country=ES",
	 200, false, false},
	{"DELETE", ACCOUNT "/credit_card", NULL, NULL, NULL, 200, false, true},
	{"POST", ACCOUNT "/messages", NULL, NULL, "body=Hello", 201, false, false},
	{"POST", ACCOUNT "/users", NULL, NULL,
	 "username=newcomer&email=n@new.example&password=123456", 201, false, false},
	{"PUT", ACCOUNT "/users/{user}", NULL, NULL, "first_name=F", 200, false, false},
	{"PUT", ACCOUNT "/users/{user}/admin", NULL, NULL, "", 200, false, false},
	{"PUT", ACCOUNT "/users/{user}/member", BUYER "/users/{admin_user}/member", NULL, "", 200,
	 false, false},
	{"PUT", ACCOUNT "/users/{user}/suspend", NULL, NULL, "", 200, false, false},
	{"PUT", ACCOUNT "/users/{user}/unsuspend", BUYER "/users/{suspended_user}/unsuspend", NULL,
	 "", 200, false, false},
	{"PUT", ACCOUNT "/users/{user}/activate", BUYER "/users/{pending_user}/activate", NULL, "",
	 200, false, false},

	/* Applications and subscriptions. */
	{"GET", ADMIN "/applications/find", NULL, "user_key={user_key}", NULL, 200, true, false},
	{"POST", ACCOUNT "/applications", NULL, NULL, "plan_id={plan}&name=n&description=d", 201,
	 true, false},
	{"GET", ACCOUNT "/applications/find", NULL, "user_key={user_key}", NULL, 200, true, false},
	{"PUT", APPLICATION, NULL, NULL, "name=Changed", 200, false, false},
	{"PUT", APPLICATION "/accept", OF_STATE("pending") "/accept", NULL, "", 200, false, false},
	{"PUT", APPLICATION "/suspend", NULL, NULL, "", 200, false, false},
	{"PUT", APPLICATION "/resume", OF_STATE("suspended") "/resume", NULL, "", 200, false,
	 false},
	{"PUT", APPLICATION "/change_plan", NULL, NULL, "plan_id={plan}", 200, false, false},
	{"PUT", APPLICATION "/customize_plan", NULL, NULL, "", 200, false, false},
	{"PUT", APPLICATION "/decustomize_plan", OF_STATE("custom") "/decustomize_plan", NULL, "",
	 200, false, false},
	{"POST", APPLICATION "/keys", NULL, NULL, "key=another", 201, false, false},
	{"POST", APPLICATION "/referrer_filters", NULL, NULL, "referrer_filter=b.example", 201,
	 false, false},
	{"POST", ACCOUNT "/application_plans/{bought_plan}/buy", NULL, NULL, "name=n&description=d",
	 201, false, false},
	{"POST", ACCOUNT "/service_plans/{bought_service_plan}/buy", NULL, NULL, "", 201, false,
	 false},

	/* The tenant's own. */
	{"POST", ADMIN "/users", NULL, NULL,
	 "username=newcomer&email=n@new.example&password=123456", 201, false, false},
	{"PUT", ADMIN "/users/{tenant_user}", NULL, NULL, "first_name=F", 200, false, false},
	{"PUT", ADMIN "/users/{tenant_user}/admin", NULL, NULL, "", 200, false, false},
	{"PUT", ADMIN "/users/{tenant_user}/member", ADMIN "/users/{tenant_admin}/member", NULL, "",
	 200, false, false},
	{"PUT", ADMIN "/users/{tenant_user}/suspend", NULL, NULL, "", 200, false, false},
	{"PUT", ADMIN "/users/{tenant_user}/unsuspend",
	 ADMIN "/users/{suspended_tenant_user}/unsuspend", NULL, "", 200, false, false},
	{"PUT", ADMIN "/users/{tenant_user}/activate",
	 ADMIN "/users/{pending_tenant_user}/activate", NULL, "", 200, false, false},
	{"PUT", ADMIN "/users/{tenant_user}/permissions", NULL, NULL, "allowed_sections[]=finance",
	 200, false, false},
	{"POST", ADMIN "/users/{tenant_user}/access_tokens",
	 ADMIN "/users/{own_user}/access_tokens", NULL, "name=n&permission=rw&scopes[]=stats", 201,
	 false, false},
	{"POST", OWN, NULL, NULL, "name=n&permission=rw&scopes[]=stats", 201, false, false},
	{"GET", OWN "/{value}", OWN "/{own_token}", NULL, NULL, 200, false, false},
	{"DELETE", OWN "/{value}", OWN "/{own_token}", NULL, NULL, 200, false, false},
	{"POST", ADMIN "/sso_tokens", NULL, NULL, "username=john", 201, false, false},
	{"POST", ADMIN "/sso_tokens/provider_create", NULL, NULL, "provider_id={tenant}", 201,
	 false, false},
	{"POST", ADMIN "/active_docs", NULL, NULL, "name=New&body={\"apis\":[]}", 201, false,
	 false},
	{"PUT", ADMIN "/active_docs/{api_doc}", NULL, NULL, "name=E", 200, false, false},
	{"PUT", ADMIN "/settings", NULL, NULL, "public_search=true", 200, false, false},
	{"PUT", ADMIN "/webhooks", NULL, NULL, "url=http://hook.example&active=true", 200, false,
	 false},
	{"DELETE", ADMIN "/webhooks/failures", NULL, NULL, NULL, 200, false, true},
	{"POST", ADMIN "/registry/policies", NULL, NULL, "name=q&version=1&schema=" MANIFEST, 201,
	 false, false},
	{"PUT", ADMIN "/registry/policies/{policy}", NULL, NULL, "name=r", 200, false, false},

	{"POST", ADMIN "/authentication_providers", NULL, NULL, "kind=github", 201, false, false},
	{"PUT", ADMIN "/authentication_providers/{authentication_provider}", NULL, NULL,
	 "client_id=z", 200, false, false},
	{"POST", ADMIN "/account/authentication_providers", NULL, NULL,
	 "kind=auth0&client_id=c&client_secret=s&site=https://b.example", 201, false, false},
	{"PUT", ADMIN "/account/authentication_providers/{own_authentication_provider}", NULL, NULL,
	 "client_id=z", 200, false, false},

	/* Content. */
	{"POST", ADMIN "/cms/templates", NULL, NULL, "type=page&title=T&path=/t&system_name=tt",
	 201, false, false},
	{"PUT", ADMIN "/cms/templates/{cms_template}", NULL, NULL, "title=U", 200, false, false},
	{"PUT", ADMIN "/cms/templates/{cms_template}/publish", NULL, NULL, "", 200, false, false},
	{"POST", ADMIN "/cms/sections", NULL, NULL, "title=T&system_name=tt", 201, false, false},
	{"PUT", ADMIN "/cms/sections/{cms_section}", NULL, NULL, "title=U", 200, false, false},
	{"POST", ADMIN "/cms/files", NULL, NULL, "path=/f", 422, false, false},
	{"PUT", ADMIN "/cms/files/{cms_file}", NULL, NULL, "path=/g", 200, false, false},

	/* Billing. */
	{"POST", "/api/invoices", NULL, NULL, "account_id={account}&period=2019-11", 201, false,
	 false},
	{"PUT", "/api/invoices/{invoice}", NULL, NULL, "period=2019-09", 200, false, false},
	{"PUT", "/api/invoices/{invoice}/state", NULL, NULL, "state=finalized", 200, false, false},
	{"POST", "/api/invoices/{invoice}/charge", NULL, NULL, "", 422, false, false},
	{"POST", "/api/invoices/{invoice}/line_items", NULL, NULL, "name=x&cost=1", 201, false,
	 false},

	/* Statistics: the numbers come from elsewhere. */
	{"GET", STATS_SERVICE "/usage", OUR_STATS_SERVICE "/usage", "metric_name=hits&period=day",
	 NULL, 200, true, false},
	{"GET", STATS_SERVICE "/usage_response_code", OUR_STATS_SERVICE "/usage_response_code",
	 "response_code=200&period=day", NULL, 200, true, false},
	{"GET", STATS_SERVICE "/top_applications", OUR_STATS_SERVICE "/top_applications",
	 "metric_name=hits&period=day&since=2019-10-01", NULL, 200, true, false},
	{"GET", STATS_SERVICE "/summary", OUR_STATS_SERVICE "/summary", NULL, NULL, 200, true,
	 false},
	{"GET", STATS_APPLICATION "/usage", OUR_STATS_APPLICATION "/usage",
	 "metric_name=hits&period=day", NULL, 200, true, false},
	{"GET", STATS_APPLICATION "/usage_response_code",
	 OUR_STATS_APPLICATION "/usage_response_code", "response_code=200&period=day", NULL, 200,
	 true, false},
	{"GET", STATS_APPLICATION "/summary", OUR_STATS_APPLICATION "/summary", NULL, NULL, 200,
	 true, false},

	/* Master. */
	{"POST", PROVIDERS, NULL, NULL,
	 "org_name=N&username=newcomer&email=n@new.example&password=123456", 201, false, false},
	{"PUT", PROVIDERS "/{tenant}", NULL, NULL, "org_name=Changed", 200, false, false},
	{"POST", PROVIDERS "/{tenant}/billing_jobs", NULL, NULL, "date=2019-10-01", 403, false,
	 false},
	{"POST", PROVIDERS "/{tenant}/accounts/{buyer}/billing_jobs", NULL, NULL, "date=2019-10-01",
	 403, false, false},
	{"DELETE", PROVIDERS "/{tenant}/services/{tenant_service}", NULL, NULL, NULL, 403, false,
	 false},
	{"POST", "/master/events/import", NULL, NULL, "secret=wrong", 403, false, false},
};

/* What needs no more than its path. */
static const struct sample usual[] = {
	{"GET", NULL, NULL, NULL, NULL, 200, false, false},
	{"DELETE", NULL, NULL, NULL, NULL, 200, false, false},
};

const struct sample *sample_of(const struct route *route, struct str method)
{
	if (str_equal(method, STR("PATCH")))
		method = STR("PUT");
	for (size_t i = 0; i < sizeof samples / sizeof *samples; i++) {
		if (str_equal(str_from(samples[i].method), method) &&
		    str_equal(str_from(samples[i].route), route->path))
			return &samples[i];
	}
	for (size_t i = 0; i < sizeof usual / sizeof *usual; i++) {
		if (str_equal(str_from(usual[i].method), method))
			return &usual[i];
	}
	return NULL;
}

/* Objects, in the order in which they are made: by a request whose answer has the number, or by a
 * statement that finds it. */
static const struct {
	const char *name;          /* what is defined; NULL = nothing */
	const char *target, *body; /* after /admin/api/; NULL = not by a request */
	const char *number;        /* where it is in the JSON */
	const char *sql;
} objects[] = {
	{"service", NULL, NULL, NULL,
	 "SELECT id FROM services WHERE system_name = 'api' AND account_id = {self}"},
	{"hits", NULL, NULL, NULL, "SELECT id FROM metrics WHERE service_id = {service}"},
	{"account", NULL, NULL, NULL,
	 "SELECT min(id) FROM accounts WHERE provider_account_id = {self}"},
	{"application", NULL, NULL, NULL,
	 "SELECT id FROM cinstances WHERE type = 'Cinstance' AND user_account_id = {account}"},
	{"user_key", NULL, NULL, NULL, "SELECT user_key FROM cinstances WHERE id = {application}"},
	{"admin_user", NULL, NULL, NULL,
	 "SELECT id FROM users WHERE username = 'john' AND account_id = {account}"},
	{"tenant_admin", NULL, NULL, NULL, "SELECT min(id) FROM users WHERE account_id = {self}"},
	{"spare_service", "services.json", "name=Spare", "service.id", NULL},
	{NULL, "services/{service}/proxy.json", "api_test_path=/first", NULL, NULL},
	{"environment", NULL, NULL, NULL, "SELECT 'sandbox'"},
	{"version", NULL, NULL, NULL, "SELECT '1'"},
	{"rule", NULL, NULL, NULL, "SELECT min(id) FROM proxy_rules WHERE metric_id = {hits}"},
	{"metric", "services/{service}/metrics.json", "friendly_name=Spare&unit=u", "metric.id",
	 NULL},
	{"method", "services/{service}/metrics/{hits}/methods.json", "friendly_name=Method",
	 "method.id", NULL},
	{"application_plan", "services/{service}/application_plans.json", "name=Spare",
	 "application_plan.id", NULL},
	{"plan", "services/{service}/application_plans.json", "name=Bought", "application_plan.id",
	 NULL},
	{"bought_plan", NULL, NULL, NULL, "SELECT '{plan}'"},
	{"plan_metric", NULL, NULL, NULL, "SELECT '{metric}'"},
	{"limit", "application_plans/{plan}/metrics/{metric}/limits.json", "period=day&value=1",
	 "limit.id", NULL},
	{"pricing_rule", "application_plans/{plan}/metrics/{metric}/pricing_rules.json",
	 "min=1&max=2&cost_per_unit=1", "pricing_rule.id", NULL},
	{"service_plan", "services/{service}/service_plans.json", "name=Spare", "service_plan.id",
	 NULL},
	{"any_service_plan", NULL, NULL, NULL, "SELECT '{service_plan}'"},
	{"new_service", "services.json", "name=Nobody", "service.id", NULL},
	{"bought_service_plan", NULL, NULL, NULL,
	 "SELECT id FROM plans WHERE type = 'ServicePlan' AND issuer_id = {new_service}"},
	{"account_plan", "account_plans.json", "name=Spare", "account_plan.id", NULL},
	{"service_feature", "services/{service}/features.json", "name=Free", "feature.id", NULL},
	{"feature_of_plan", "services/{service}/features.json", "name=Taken", "feature.id", NULL},
	{NULL, "application_plans/{plan}/features.json", "feature_id={feature_of_plan}", NULL,
	 NULL},
	{"service_plan_feature", "services/{service}/features.json",
	 "name=Served&scope=ServicePlan", "feature.id", NULL},
	{NULL, "service_plans/{service_plan}/features.json", "feature_id={service_plan_feature}",
	 NULL, NULL},
	{"account_feature", "features.json", "name=Account", "feature.id", NULL},
	{NULL, "account_plans/{account_plan}/features.json", "feature_id={account_feature}", NULL,
	 NULL},
	{"end_user_plan", NULL, NULL, NULL, "SELECT '1'"},
	{"end_user_metric", NULL, NULL, NULL, "SELECT '1'"},
	{"end_user_limit", NULL, NULL, NULL, "SELECT '1'"},
	{"end_user", NULL, NULL, NULL, "SELECT '1'"},
	{"pending_account", "signup.json",
	 "org_name=P&username=pending1&email=p@one.example&password=123456", "account.id", NULL},
	{NULL, NULL, NULL, NULL,
	 "UPDATE accounts SET state = 'pending' WHERE id = {pending_account}"},
	{"user", "accounts/{account}/users.json",
	 "username=jack&email=jack@one.example&password=123456", "user.id", NULL},
	{NULL, NULL, NULL, NULL, "UPDATE users SET state = 'active' WHERE id = {user}"},
	{"suspended_user", "accounts/{account}/users.json",
	 "username=jill&email=jill@one.example&password=123456", "user.id", NULL},
	{NULL, NULL, NULL, NULL,
	 "UPDATE users SET state = 'suspended' WHERE id = {suspended_user}"},
	{"pending_user", "accounts/{account}/users.json",
	 "username=joe&email=joe@one.example&password=123456", "user.id", NULL},
	{"pending_application", "accounts/{account}/applications.json",
	 "plan_id={plan}&name=pending&description=d", "application.id", NULL},
	{NULL, NULL, NULL, NULL,
	 "UPDATE cinstances SET state = 'pending' WHERE id = {pending_application}"},
	{"suspended_application", "accounts/{account}/applications.json",
	 "plan_id={plan}&name=suspended&description=d", "application.id", NULL},
	{NULL, NULL, NULL, NULL,
	 "UPDATE cinstances SET state = 'suspended' WHERE id = {suspended_application}"},
	{"custom_application", "accounts/{account}/applications.json",
	 "plan_id={plan}&name=custom&description=d", "application.id", NULL},
	{NULL, "accounts/{account}/applications/{custom_application}/customize_plan.json", NULL,
	 NULL, NULL},
	{NULL, "accounts/{account}/applications/{application}/keys.json", "key=first-key", NULL,
	 NULL},
	{"value", NULL, NULL, NULL, "SELECT 'first-key'"},
	{NULL, "accounts/{account}/applications/{application}/referrer_filters.json",
	 "referrer_filter=a.example", NULL, NULL},
	{"referrer_filter", NULL, NULL, NULL,
	 "SELECT id FROM referrer_filters WHERE application_id = {application}"},
	{"spare_service_plan", NULL, NULL, NULL,
	 "SELECT id FROM plans WHERE type = 'ServicePlan' AND issuer_id = {spare_service}"},
	{NULL, "accounts/{account}/service_plans/{spare_service_plan}/buy.json", "", NULL, NULL},
	{"service_contract", NULL, NULL, NULL,
	 "SELECT id FROM cinstances WHERE plan_id = {spare_service_plan} AND user_account_id = "
	 "{account}"},
	{"visible_service", "services.json", "name=Visible", "service.id", NULL},
	{"tenant_user", "users.json", "username=helper&email=helper@one.example&password=123456",
	 "user.id", NULL},
	{NULL, NULL, NULL, NULL, "UPDATE users SET state = 'active' WHERE id = {tenant_user}"},
	{"suspended_tenant_user", "users.json",
	 "username=helper2&email=helper2@one.example&password=123456", "user.id", NULL},
	{NULL, NULL, NULL, NULL,
	 "UPDATE users SET state = 'suspended' WHERE id = {suspended_tenant_user}"},
	{"pending_tenant_user", "users.json",
	 "username=helper3&email=helper3@one.example&password=123456", "user.id", NULL},
	{"api_doc", "active_docs.json", "name=Doc&service_id={service}&body={\"apis\":[]}",
	 "api_doc.id", NULL},
	{"policy", "registry/policies.json", "name=p&version=1&schema=" MANIFEST, "policy.id",
	 NULL},
	{"authentication_provider", "authentication_providers.json", "kind=github",
	 "authentication_provider.id", NULL},
	{"own_authentication_provider", "account/authentication_providers.json",
	 "kind=auth0&client_id=c&client_secret=s&site=https://a.example",
	 "authentication_provider.id", NULL},
	{"cms_section", "cms/sections.json", "title=S&system_name=spare", "section.id", NULL},
	{"cms_template", "cms/templates.json",
	 "type=page&title=P&path=/p&system_name=spare&draft=d", "page.id", NULL},
	{NULL, NULL, NULL, NULL,
	 "INSERT INTO cms_files (tenant_id, provider_id, section_id, path, attachment_file_name, "
	 "attachment_file_size, downloadable) VALUES ({self}, {self}, {cms_section}, '/a', 'a', 1, "
	 "0)"},
	{"cms_file", NULL, NULL, NULL, "SELECT id FROM cms_files WHERE provider_id = {self}"},
	{NULL, NULL, NULL, NULL,
	 "INSERT INTO billing_strategies (tenant_id, account_id) VALUES ({self}, {self})"},
	{NULL, NULL, NULL, NULL,
	 "INSERT INTO invoices (tenant_id, provider_account_id, buyer_account_id, friendly_id, "
	 "period) SELECT tenant_id, provider_account_id, id, '2019-10-00000001', '2019-10-01' FROM "
	 "accounts WHERE id = {account}"},
	{"invoice", NULL, NULL, NULL, "SELECT id FROM invoices WHERE provider_account_id = {self}"},
	{"account_invoice", NULL, NULL, NULL, "SELECT '{invoice}'"},
	{NULL, NULL, NULL, NULL,
	 "INSERT INTO line_items (tenant_id, invoice_id, name, cost) VALUES ({self}, {invoice}, "
	 "'Fee', 1)"},
	{"line_item", NULL, NULL, NULL, "SELECT id FROM line_items WHERE invoice_id = {invoice}"},
	{"host", NULL, NULL, NULL, "SELECT self_domain FROM accounts WHERE id = {self}"},
	{"buyer", NULL, NULL, NULL, "SELECT '{account}'"},
	{"tenant_service", NULL, NULL, NULL, "SELECT '{service}'"},
};

static void make(const char *host, const char *token, const char *target, const char *body,
		 const char *name, const char *number)
{
	const char *missing = NULL;
	const char *sent = body != NULL ? rig_expand(body, &missing) : "";
	bool puts = strstr(target, "/proxy.json") != NULL || strstr(target, "customize") != NULL;
	struct rig_request request = {
		.host = host,
		.method = puts ? "PUT" : "POST",
		.target = rig_text("/admin/api/%s", rig_expand(target, &missing)),
		.body = sent,
		.token = token};
	struct rig_answer answer = rig_ask(&request);
	const struct json *found;

	ck_assert_msg(answer.status == 200 || answer.status == 201, "%s %s: %d %.*s", target, sent,
		      answer.status, STR_ARG(answer.body));
	if (name == NULL)
		return;
	found = json_path(rig_json(answer.body), number);
	ck_assert_msg(found != NULL, "%s: no %s in %.*s", target, number, STR_ARG(answer.body));
	rig_define(name, rig_text("%.*s", STR_ARG(json_scalar_text(found))));
}

void samples_prepare_other(void)
{
	struct rig_request request = {
		.host = RIG_MASTER_HOST,
		.method = "POST",
		.target = "/master/api/providers.json",
		.body = "org_name=Other&username=boss&email=boss@other.example&password=123456",
		.token = RIG_MASTER_TOKEN};

	ck_assert_int_eq(rig_ask(&request).status, 201);
	rig_define("tenant", rig_sql("SELECT id FROM accounts WHERE org_name = 'Other'"));
	rig_sql("INSERT INTO access_tokens (tenant_id, owner_id, scopes, value, name, permission) "
		"SELECT tenant_id, id, '[\"account_management\",\"stats\",\"finance\",\"cms\","
		"\"policy_registry\"]', '" SAMPLES_OTHER_TOKEN "', 'n', 'rw' FROM users WHERE "
		"username = 'boss'");
}

void samples_prepare(const char *host, const char *token)
{
	rig_define("self",
		   rig_sql(rig_text("SELECT id FROM accounts WHERE self_domain = '%s'", host)));
	for (size_t i = 0; i < sizeof objects / sizeof *objects; i++) {
		const char *missing = NULL, *found;

		if (objects[i].target != NULL) {
			make(host, token, objects[i].target, objects[i].body, objects[i].name,
			     objects[i].number);
			continue;
		}
		found = rig_sql(rig_expand(objects[i].sql, &missing));
		if (objects[i].name == NULL)
			continue;
		ck_assert_msg(*found != '\0', "%s is not there", objects[i].name);
		rig_define(objects[i].name, found);
	}
}

const char *samples_name(size_t at)
{
	for (size_t i = 0; i < sizeof objects / sizeof *objects; i++) {
		if (objects[i].name != NULL && at-- == 0)
			return objects[i].name;
	}
	return NULL;
}

/* Every row speaks of a route that is there. */
START_TEST(no_sample_is_left_behind)
{
	const struct sample *sample = &samples[_i];
	bool found = false;

	for (size_t i = 0; i < portal_route_tables_count && !found; i++) {
		for (size_t j = 0; j < portal_route_tables[i]->count && !found; j++)
			found = sample_of(&portal_route_tables[i]->rows[j],
					  str_from(sample->method)) == sample;
	}
	ck_assert_msg(found, "%s %s is no route", sample->method, sample->route);
}
END_TEST

Suite *portal_authorization_samples_suite(void);
Suite *portal_authorization_samples_suite(void)
{
	Suite *suite = suite_create("portal_authorization_samples");
	TCase *tests = tcase_create("samples");

	tcase_add_loop_test(tests, no_sample_is_left_behind, 0,
			    (int)(sizeof samples / sizeof *samples));
	suite_add_tcase(suite, tests);
	return suite;
}
