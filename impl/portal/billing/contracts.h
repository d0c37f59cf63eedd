/* What a developer owes for what it has bought (spec/portal.md 9.4): fixed fees and setup fees of
 * its contracts, and what its applications used, as lines of invoices.
 *
 * A contract costs nothing while it is pending, in its trial, or on its first day; one that was
 * there before the tenant billed is paid for from the next month on. Fees are those of whole days
 * of UTC's months, in advance of the month's rest; usage is that of the month before, of the days
 * of the tenant's time zone. Postpaid, usage is a line of its own month's invoice, prepaid of this
 * month's. How far a contract is paid for is kept with it, so that nothing is billed twice. */
#ifndef PORTAL_BILLING_CONTRACTS_H
#define PORTAL_BILLING_CONTRACTS_H

#include <stdbool.h>

struct call;
struct record;

/* All that the buyer owes now. False: counters are missing (jobs_counters.h), nothing of it may be
 * stored. In a job's step. */
bool billing_bill_contracts(struct call *call, const struct record *strategy,
			    const struct record *buyer);

#endif
