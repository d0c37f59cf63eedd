/* Invoices of a tenant's developers (spec/portal.md 3.18, 6.2): the tenant's way of billing, the
 * numbers of invoices, their states, lines and amounts. Both the Billing API and the daily job work
 * through it. All of it inside a transaction, of the call's tenant.
 *
 * Amounts are ten-thousandths, as in value.h; periods are months, kept as the text of their first
 * day ("2019-10-01"). */
#ifndef PORTAL_BILLING_INVOICES_H
#define PORTAL_BILLING_INVOICES_H

#include <stdbool.h>
#include <stdint.h>

#include "base/str.h"
#include "portal/value.h"

struct call;
struct record;
struct record_list;

/* The tenant's row of billing_strategies. NULL: it does not bill. A tenant bills when its switch
 * `finance` is visible, or when it has such a row and the switch does not deny it; master on
 * premises never does. Where there is no row yet it is a new one with the defaults. */
struct record *billing_strategy(struct call *call);
bool billing_is_prepaid(const struct record *strategy);

/* Of the month that holds the instant: "2019-10-01". */
struct str billing_period(struct call *call, int64_t instant_us);
struct str billing_day(struct call *call, int64_t instant_us); /* "2019-10-07" */
/* The number that follows those of the period (by month, or by year): "2019-10-00000001". */
struct str billing_next_number(struct call *call, const struct record *strategy, struct str period);

/* A row that is not stored: `friendly_id`, tax and accounts are filled in. */
struct record *billing_new_invoice(struct call *call, const struct record *buyer,
				   struct str period);
/* The buyer's open invoice of the period, made by the job where there is none. */
struct record *billing_open_invoice(struct call *call, const struct record *buyer,
				    struct str period);

/* "cancel" means "cancelled". False, and nothing changed, when no transition leads from where the
 * invoice is to that state. */
bool billing_change_state(struct call *call, struct record *invoice, struct str state);
bool billing_is_editable(const struct record *invoice);
bool billing_is_chargeable(const struct record *invoice);

struct record_list billing_lines(struct call *call, const struct record *invoice);
int64_t billing_cost_without_vat(struct call *call, const struct record *invoice);
int64_t billing_vat_amount(struct call *call, const struct record *invoice);
int64_t billing_cost(struct call *call, const struct record *invoice); /* both, in whole cents */
/* Until it is issued an invoice has the tenant's. */
struct value billing_currency(struct call *call, const struct record *invoice);

/* The buyer's tax rate is another: what was not issued yet has the new one. */
void billing_follow_vat_rate(struct call *call, const struct record *buyer);
/* A line of the billing log. */
void billing_log(struct call *call, const struct record *buyer, struct str text);

#endif
