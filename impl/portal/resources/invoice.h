/* The Billing API (spec/portal.md 3.18). */
#ifndef PORTAL_RESOURCES_INVOICE_H
#define PORTAL_RESOURCES_INVOICE_H

#include <stdbool.h>

struct call;
struct resource;

/* False (and a 403) when the tenant does not bill. */
bool finance_is_on(struct call *call);

/* invoice.c */
extern const struct resource invoice_resource;
void invoice_list(struct call *call);
void invoice_list_of_account(struct call *call);
void invoice_create(struct call *call);
void invoice_change_state(struct call *call);
void invoice_charge(struct call *call);

/* line_item.c */
extern const struct resource line_item_resource, payment_transaction_resource;
void line_item_create(struct call *call);

#endif
