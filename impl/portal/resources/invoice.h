/* Billing as far as it is there: what is stored can be read (spec/portal.md 3.18). */
#ifndef PORTAL_RESOURCES_INVOICE_H
#define PORTAL_RESOURCES_INVOICE_H

#include <stdbool.h>

struct call;
struct resource;

extern const struct resource invoice_resource, line_item_resource, payment_transaction_resource;
/* A tenant bills when it has a billing strategy; master on premises never does. False (and a 403)
 * when it does not. */
bool finance_is_on(struct call *call);
void finance_refused(struct call *call);
void invoice_list(struct call *call);
void invoice_list_of_account(struct call *call);

#endif
