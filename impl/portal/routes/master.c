/* The routes of the master API (spec/portal.md 3.20). */
#include "portal/routes/tables.h"

#include "portal/call.h"
#include "portal/resources/resources.h"

static const struct route rows[] = {
	/* Master: 3.20. */
	{"POST", STR_INIT("/master/api/providers"), tenant_signup, NULL, NULL, NULL,
	 ROUTE_MASTER | ROUTE_JSON_DEFAULT, NULL},
	{"GET", STR_INIT("/master/api/providers/{tenant}"), tenant_show, NULL, NULL, NULL,
	 ROUTE_MASTER | ROUTE_JSON_DEFAULT, NULL},
	{"PUT PATCH", STR_INIT("/master/api/providers/{tenant}"), tenant_update, NULL, NULL, NULL,
	 ROUTE_MASTER | ROUTE_JSON_DEFAULT, NULL},
	{"DELETE", STR_INIT("/master/api/providers/{tenant}"), tenant_delete, NULL, NULL, NULL,
	 ROUTE_MASTER | ROUTE_JSON_DEFAULT, NULL},
	{"GET", STR_INIT("/master/api/domain/{host}"), master_domain_show, NULL, NULL, NULL,
	 ROUTE_MASTER | ROUTE_JSON_ONLY | ROUTE_JSON_DEFAULT | ROUTE_DOTS, NULL},
	{"POST", STR_INIT("/master/api/providers/{tenant}/billing_jobs"), master_refuse, NULL, NULL,
	 NULL, ROUTE_MASTER | ROUTE_JSON_DEFAULT, NULL},
	{"POST", STR_INIT("/master/api/providers/{tenant}/accounts/{buyer}/billing_jobs"),
	 master_refuse, NULL, NULL, NULL, ROUTE_MASTER | ROUTE_JSON_DEFAULT, NULL},
	{"DELETE", STR_INIT("/master/api/providers/{tenant}/services/{tenant_service}"),
	 master_refuse, NULL, NULL, NULL, ROUTE_MASTER | ROUTE_JSON_DEFAULT, NULL},

	/* What backend has to tell: 6.4. */
	{"POST", STR_INIT("/master/events/import"), events_import, NULL, NULL, NULL,
	 ROUTE_MASTER | ROUTE_OPEN, NULL},
};

const struct route_table routes_of_master = {rows, sizeof rows / sizeof *rows};
