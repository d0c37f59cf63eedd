/* What something costs (spec/portal.md 3.9, 9.4), in ten-thousandths. Nothing overflows: an amount
 * past what a column holds is the largest one. */
#ifndef PORTAL_BILLING_FEES_H
#define PORTAL_BILLING_FEES_H

#include <stdbool.h>
#include <stdint.h>

/* The part of a month's fee that whole days of the month are worth, rounded half up. */
int64_t billing_fee_of_days(int64_t fee, int64_t days, int64_t days_of_month);

/* The units numbered from `min` to `max`, both included, have a price. */
struct billing_price {
	int64_t min, max; /* max counts only with is_bounded */
	bool is_bounded;
	int64_t cost_per_unit;
};

/* What this price adds to the cost of so many units. */
int64_t billing_price_of_units(const struct billing_price *price, int64_t units);
int64_t billing_sum(int64_t a, int64_t b);
/* So many percent, in ten-thousandths too, of an amount; what is less than one is cut. */
int64_t billing_percent(int64_t percent, int64_t amount);

#endif
