/* The Billing API's routes (spec/portal.md 3.18). A tenant that does not bill is refused before
 * anything is looked up. */
#include "portal/routes/tables.h"

#include "portal/call.h"
#include "portal/resource.h"
#include "portal/resources/invoice.h"

#define INVOICES "/api/invoices"
#define INVOICE INVOICES "/{invoice}"
#define ACCOUNT_INVOICES "/api/accounts/{account}/invoices"

static const struct route rows[] = {
	{"GET", STR_INIT(INVOICES), invoice_list, &invoice_resource, NULL, NULL,
	 ROUTE_FINANCE | ROUTE_PAGED, FINANCE_SCOPES},
	{"GET", STR_INIT(INVOICE), api_show, &invoice_resource, NULL, NULL, ROUTE_FINANCE,
	 FINANCE_SCOPES},
	{"GET", STR_INIT(INVOICE "/line_items"), api_list, &line_item_resource,
	 "invoice_id = ?1 ORDER BY id", NULL, ROUTE_FINANCE, FINANCE_SCOPES},
	{"GET", STR_INIT(INVOICE "/payment_transactions"), api_list, &payment_transaction_resource,
	 "invoice_id = ?1 ORDER BY id", NULL, ROUTE_FINANCE, FINANCE_SCOPES},
	{"GET", STR_INIT(ACCOUNT_INVOICES), invoice_list_of_account, &invoice_resource, NULL, NULL,
	 ROUTE_FINANCE | ROUTE_PAGED, FINANCE_SCOPES},
	{"GET", STR_INIT(ACCOUNT_INVOICES "/{account_invoice}"), api_show, &invoice_resource, NULL,
	 NULL, ROUTE_FINANCE, FINANCE_SCOPES},
	{"POST", STR_INIT(INVOICES), invoice_create, &invoice_resource, NULL, NULL, ROUTE_FINANCE,
	 FINANCE_SCOPES},
	{"PUT PATCH", STR_INIT(INVOICE), api_update, &invoice_resource, NULL, NULL, ROUTE_FINANCE,
	 FINANCE_SCOPES},
	{"PUT PATCH", STR_INIT(INVOICE "/state"), invoice_change_state, NULL, NULL, NULL,
	 ROUTE_FINANCE, FINANCE_SCOPES},
	{"POST", STR_INIT(INVOICE "/charge"), invoice_charge, NULL, NULL, NULL, ROUTE_FINANCE,
	 FINANCE_SCOPES},
	{"POST", STR_INIT(INVOICE "/line_items"), line_item_create, &line_item_resource, NULL, NULL,
	 ROUTE_FINANCE, FINANCE_SCOPES},
	{"DELETE", STR_INIT(INVOICE "/line_items/{line_item}"), api_delete, &line_item_resource,
	 NULL, NULL, ROUTE_FINANCE, FINANCE_SCOPES},
};

const struct route_table routes_of_billing = {rows, sizeof rows / sizeof *rows};
