/* The API's routes of services: what gateways are told of them, their metrics and rules
 * (spec/portal.md 3.1 to 3.7). */
#include "portal/routes/tables.h"

#include "portal/call.h"
#include "portal/resources/resources.h"

static const struct route rows[] = {
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
	 &proxy_config_resource, NULL, NULL, ROUTE_JSON_ONLY | ROUTE_SSO, NULL},
	{"GET", STR_INIT(SERVICE "/proxy"), proxy_show, &proxy_resource, NULL, NULL, 0, NULL},
	{"PUT PATCH", STR_INIT(SERVICE "/proxy"), proxy_update, &proxy_resource, NULL, NULL, 0,
	 NULL},
	{"POST", STR_INIT(SERVICE "/proxy/deploy"), proxy_deploy, &proxy_resource, NULL, NULL,
	 ROUTE_LATER, NULL},
	{"GET", STR_INIT(SERVICE "/proxy/policies"), proxy_policies_show, NULL, NULL, NULL,
	 ROUTE_JSON_ONLY | ROUTE_POLICIES, NULL},
	{"PUT PATCH", STR_INIT(SERVICE "/proxy/policies"), proxy_policies_update, &proxy_resource,
	 NULL, NULL, ROUTE_JSON_ONLY | ROUTE_POLICIES, NULL},
	{"GET", STR_INIT(SERVICE "/proxy/oidc_configuration"), oidc_configuration_show, NULL, NULL,
	 NULL, 0, NULL},
	{"PUT PATCH", STR_INIT(SERVICE "/proxy/oidc_configuration"), oidc_configuration_update,
	 &oidc_configuration_resource, NULL, NULL, 0, NULL},
	{"GET", STR_INIT(SERVICE "/proxy/configs/{environment}"), proxy_config_list,
	 &proxy_config_resource, NULL, NULL, ROUTE_JSON_ONLY | ROUTE_SSO, NULL},
	{"GET", STR_INIT(SERVICE "/proxy/configs/{environment}/latest"), proxy_config_latest,
	 &proxy_config_resource, NULL, NULL, ROUTE_JSON_ONLY | ROUTE_SSO, NULL},
	{"GET", STR_INIT(SERVICE "/proxy/configs/{environment}/{version}"), proxy_config_show,
	 &proxy_config_resource, NULL, NULL, ROUTE_JSON_ONLY | ROUTE_SSO, NULL},
	{"POST", STR_INIT(SERVICE "/proxy/configs/{environment}/{version}/promote"),
	 proxy_config_promote, &proxy_config_resource, NULL, NULL, ROUTE_JSON_ONLY | ROUTE_SSO,
	 NULL},
	{"GET", STR_INIT(ADMIN "/account/proxy_configs/{environment}"), proxy_config_of_account,
	 &proxy_config_resource, NULL, NULL, ROUTE_JSON_ONLY | ROUTE_SSO | ROUTE_PAGED, NULL},
	{"GET", STR_INIT("/master/api/proxy/configs/{environment}"), proxy_config_of_all_tenants,
	 &proxy_config_resource, NULL, NULL, ROUTE_MASTER | ROUTE_JSON_ONLY | ROUTE_JSON_DEFAULT,
	 NULL},

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
};

const struct route_table routes_of_services = {rows, sizeof rows / sizeof *rows};
