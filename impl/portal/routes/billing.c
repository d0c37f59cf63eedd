/* The billing API's routes (spec/portal.md 3.18). What writes has names in its path that are not
 * looked up: it is refused before anything else. */
#include "portal/routes/tables.h"

#include "portal/call.h"
#include "portal/resource.h"
#include "portal/resources/invoice.h"

#define INVOICES "/api/invoices"
#define ACCOUNT_INVOICES "/api/accounts/{account}/invoices"
#define SOME "/{id}"

static const struct route rows[] = {
	{"GET", STR_INIT(INVOICES), invoice_list, &invoice_resource, NULL, NULL,
	 ROUTE_FINANCE | ROUTE_PAGED, FINANCE_SCOPES},
	{"GET", STR_INIT(INVOICES "/{invoice}"), api_show, &invoice_resource, NULL, NULL,
	 ROUTE_FINANCE, FINANCE_SCOPES},
	{"GET", STR_INIT(INVOICES "/{invoice}/line_items"), api_list, &line_item_resource,
	 "invoice_id = ?1 ORDER BY id", NULL, ROUTE_FINANCE, FINANCE_SCOPES},
	{"GET", STR_INIT(INVOICES "/{invoice}/payment_transactions"), api_list,
	 &payment_transaction_resource, "invoice_id = ?1 ORDER BY id", NULL, ROUTE_FINANCE,
	 FINANCE_SCOPES},
	{"GET", STR_INIT(ACCOUNT_INVOICES), invoice_list_of_account, &invoice_resource, NULL, NULL,
	 ROUTE_FINANCE | ROUTE_PAGED, FINANCE_SCOPES},
	{"GET", STR_INIT(ACCOUNT_INVOICES "/{account_invoice}"), api_show, &invoice_resource, NULL,
	 NULL, ROUTE_FINANCE, FINANCE_SCOPES},
	{"POST", STR_INIT(INVOICES), finance_refused, NULL, NULL, NULL, 0, FINANCE_SCOPES},
	{"PUT PATCH", STR_INIT(INVOICES SOME), finance_refused, NULL, NULL, NULL, 0,
	 FINANCE_SCOPES},
	{"PUT PATCH", STR_INIT(INVOICES SOME "/state"), finance_refused, NULL, NULL, NULL, 0,
	 FINANCE_SCOPES},
	{"POST", STR_INIT(INVOICES SOME "/charge"), finance_refused, NULL, NULL, NULL, 0,
	 FINANCE_SCOPES},
	{"POST", STR_INIT(INVOICES SOME "/line_items"), finance_refused, NULL, NULL, NULL, 0,
	 FINANCE_SCOPES},
	{"DELETE", STR_INIT(INVOICES SOME "/line_items/{line}"), finance_refused, NULL, NULL, NULL,
	 0, FINANCE_SCOPES},
};

const struct route_table routes_of_billing = {rows, sizeof rows / sizeof *rows};
