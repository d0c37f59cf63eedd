/* The API's routes of what a tenant has for itself: users, tokens, documents, settings, policies
 * (spec/portal.md 3.4, 3.11, 3.13 to 3.15). */
#include "portal/routes/tables.h"

#include "portal/call.h"
#include "portal/resources/resources.h"

#define SSO_OF_DEVELOPERS ADMIN "/authentication_providers"
#define SSO_OF_USERS ADMIN "/account/authentication_providers"

static const struct route rows[] = {
	/* The tenant's own users, tokens and permissions: 3.11. */
	{"GET", STR_INIT(ADMIN "/users"), user_list, &user_resource, NULL, NULL, ROUTE_ADMINS,
	 NULL},
	{"POST", STR_INIT(ADMIN "/users"), user_create, &user_resource, NULL, NULL, ROUTE_ADMINS,
	 NULL},
	{"GET", STR_INIT(ADMIN "/users/{tenant_user}"), api_show, &user_resource, NULL, NULL,
	 ROUTE_SELF, NULL},
	{"PUT PATCH", STR_INIT(ADMIN "/users/{tenant_user}"), api_update, &user_resource, NULL,
	 NULL, ROUTE_SELF, NULL},
	{"DELETE", STR_INIT(ADMIN "/users/{tenant_user}"), api_delete, &user_resource, NULL, NULL,
	 ROUTE_ADMINS, NULL},
	{"PUT PATCH", STR_INIT(ADMIN "/users/{tenant_user}/admin"), user_make_admin, NULL, NULL,
	 NULL, ROUTE_ADMINS, NULL},
	{"PUT PATCH", STR_INIT(ADMIN "/users/{tenant_user}/member"), user_make_member, NULL, NULL,
	 NULL, ROUTE_ADMINS, NULL},
	{"PUT PATCH", STR_INIT(ADMIN "/users/{tenant_user}/suspend"), user_suspend, NULL, NULL,
	 NULL, ROUTE_ADMINS, NULL},
	{"PUT PATCH", STR_INIT(ADMIN "/users/{tenant_user}/unsuspend"), user_unsuspend, NULL, NULL,
	 NULL, ROUTE_ADMINS, NULL},
	{"PUT PATCH", STR_INIT(ADMIN "/users/{tenant_user}/activate"), user_activate, NULL, NULL,
	 NULL, ROUTE_ADMINS, NULL},
	{"GET", STR_INIT(ADMIN "/users/{tenant_user}/permissions"), permissions_show, NULL, NULL,
	 NULL, ROUTE_SELF, NULL},
	{"PUT PATCH", STR_INIT(ADMIN "/users/{tenant_user}/permissions"), permissions_update,
	 &permissions_resource, NULL, NULL, ROUTE_ADMINS, NULL},
	{"POST", STR_INIT(ADMIN "/users/{tenant_user}/access_tokens"), access_token_create_for_user,
	 &access_token_resource, NULL, NULL, ROUTE_JSON_ONLY, NULL},
	{"GET", STR_INIT(ADMIN "/personal/access_tokens"), access_token_list, NULL, NULL, NULL,
	 ROUTE_JSON_ONLY | ROUTE_JSON_DEFAULT | ROUTE_USER, NULL},
	{"POST", STR_INIT(ADMIN "/personal/access_tokens"), access_token_create_personal,
	 &access_token_resource, NULL, NULL, ROUTE_JSON_ONLY | ROUTE_JSON_DEFAULT | ROUTE_USER,
	 NULL},
	{"GET", STR_INIT(ADMIN "/personal/access_tokens/{value}"), access_token_show, NULL, NULL,
	 NULL, ROUTE_JSON_ONLY | ROUTE_JSON_DEFAULT | ROUTE_USER | ROUTE_DOTS | ROUTE_SECRET, NULL},
	{"DELETE", STR_INIT(ADMIN "/personal/access_tokens/{value}"), access_token_delete, NULL,
	 NULL, NULL, ROUTE_JSON_ONLY | ROUTE_JSON_DEFAULT | ROUTE_USER | ROUTE_DOTS | ROUTE_SECRET,
	 NULL},

	{"POST", STR_INIT(ADMIN "/sso_tokens"), sso_token_create, &sso_token_resource, NULL, NULL,
	 0, NULL},
	{"POST", STR_INIT(ADMIN "/sso_tokens/provider_create"), sso_token_create_for_tenant,
	 &sso_token_resource, NULL, NULL, ROUTE_MASTER_ONLY, NULL},

	/* ActiveDocs: 3.13. */
	{"GET", STR_INIT(ADMIN "/active_docs"), api_list, &api_doc_resource,
	 "account_id = ?2 AND (service_id IS NULL OR service_id IN " SERVICES_VISIBLE
	 ") ORDER BY id",
	 NULL, 0, NULL},
	{"POST", STR_INIT(ADMIN "/active_docs"), api_create, &api_doc_resource, NULL, "account_id",
	 0, NULL},
	{"GET", STR_INIT(ADMIN "/active_docs/{api_doc}"), api_show, &api_doc_resource, NULL, NULL,
	 ROUTE_LATER, NULL},
	{"PUT PATCH", STR_INIT(ADMIN "/active_docs/{api_doc}"), api_update, &api_doc_resource, NULL,
	 NULL, 0, NULL},
	{"DELETE", STR_INIT(ADMIN "/active_docs/{api_doc}"), api_delete, &api_doc_resource, NULL,
	 NULL, 0, NULL},

	/* Settings, and the registry of policies: 3.4, 3.14. */
	{"GET", STR_INIT(ADMIN "/settings"), settings_show, NULL, NULL, NULL, ROUTE_JSON_ONLY,
	 NULL},
	{"PUT PATCH", STR_INIT(ADMIN "/settings"), settings_update, &settings_resource, NULL, NULL,
	 ROUTE_JSON_ONLY, NULL},
	/* Authentication providers: 3.14. */
	{"GET", STR_INIT(SSO_OF_DEVELOPERS), api_list, &authentication_provider_resource,
	 "account_id = ?2 AND account_type = 'developer' ORDER BY id", NULL, 0, NULL},
	{"POST", STR_INIT(SSO_OF_DEVELOPERS), authentication_provider_create,
	 &authentication_provider_resource, NULL, NULL, 0, NULL},
	{"GET", STR_INIT(SSO_OF_DEVELOPERS "/{authentication_provider}"), api_show,
	 &authentication_provider_resource, NULL, NULL, 0, NULL},
	{"PUT PATCH", STR_INIT(SSO_OF_DEVELOPERS "/{authentication_provider}"), api_update,
	 &authentication_provider_resource, NULL, NULL, 0, NULL},
	{"GET", STR_INIT(SSO_OF_USERS), api_list, &authentication_provider_resource,
	 "account_id = ?2 AND account_type = 'provider' ORDER BY id", NULL, 0, NULL},
	{"POST", STR_INIT(SSO_OF_USERS), authentication_provider_create_own,
	 &authentication_provider_resource, NULL, NULL, 0, NULL},
	{"GET", STR_INIT(SSO_OF_USERS "/{own_authentication_provider}"), api_show,
	 &authentication_provider_resource, NULL, NULL, 0, NULL},
	{"PUT PATCH", STR_INIT(SSO_OF_USERS "/{own_authentication_provider}"), api_update,
	 &authentication_provider_resource, NULL, NULL, 0, NULL},

	/* Webhooks: 3.15. */
	{"PUT PATCH", STR_INIT(ADMIN "/webhooks"), web_hook_update, &web_hook_resource, NULL, NULL,
	 ROUTE_JSON_ONLY, NULL},
	{"GET", STR_INIT(ADMIN "/webhooks/failures"), api_list, &web_hook_failure_resource,
	 "account_id = ?2 ORDER BY id", NULL, ROUTE_ADMINS, NULL},
	{"DELETE", STR_INIT(ADMIN "/webhooks/failures"), web_hook_failures_delete, NULL, NULL, NULL,
	 ROUTE_ADMINS, NULL},

	{"GET", STR_INIT(ADMIN "/policies"), policy_list_all, NULL, NULL, NULL,
	 ROUTE_JSON_ONLY | ROUTE_POLICIES, NULL},
	{"GET", STR_INIT(ADMIN "/registry/policies"), api_list, &policy_resource,
	 "account_id = ?2 ORDER BY id", NULL,
	 ROUTE_JSON_ONLY | ROUTE_JSON_DEFAULT | ROUTE_POLICY_REGISTRY, REGISTRY_SCOPES},
	{"POST", STR_INIT(ADMIN "/registry/policies"), api_create, &policy_resource, NULL,
	 "account_id", ROUTE_JSON_ONLY | ROUTE_JSON_DEFAULT | ROUTE_POLICY_REGISTRY,
	 REGISTRY_SCOPES},
	{"GET", STR_INIT(ADMIN "/registry/policies/{policy}"), policy_show, NULL, NULL, NULL,
	 ROUTE_JSON_ONLY | ROUTE_JSON_DEFAULT | ROUTE_DOTS | ROUTE_POLICY_REGISTRY,
	 REGISTRY_SCOPES},
	{"PUT PATCH", STR_INIT(ADMIN "/registry/policies/{policy}"), policy_update,
	 &policy_resource, NULL, NULL,
	 ROUTE_JSON_ONLY | ROUTE_JSON_DEFAULT | ROUTE_DOTS | ROUTE_POLICY_REGISTRY,
	 REGISTRY_SCOPES},
	{"DELETE", STR_INIT(ADMIN "/registry/policies/{policy}"), policy_delete, NULL, NULL, NULL,
	 ROUTE_JSON_ONLY | ROUTE_JSON_DEFAULT | ROUTE_DOTS | ROUTE_POLICY_REGISTRY,
	 REGISTRY_SCOPES},
};

const struct route_table routes_of_tenant = {rows, sizeof rows / sizeof *rows};
