/* The tables of routes, one for each part of the API, and the beginnings that their paths share. */
#ifndef PORTAL_ROUTES_TABLES_H
#define PORTAL_ROUTES_TABLES_H

#include "portal/routes.h"

#define ADMIN "/admin/api"
#define SERVICE ADMIN "/services/{service}"
#define PLAN ADMIN "/application_plans/{plan}"
#define ACCOUNT ADMIN "/accounts/{account}"
#define APPLICATION ACCOUNT "/applications/{application}"
#define REGISTRY_SCOPES "policy_registry account_management"
#define FINANCE_SCOPES "finance account_management"
#define CMS_SCOPES "cms account_management"

extern const struct route_table routes_of_services, routes_of_plans, routes_of_accounts,
	routes_of_tenant, routes_of_content, routes_of_billing, routes_of_statistics,
	routes_of_master;

#endif
