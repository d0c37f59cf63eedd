#include "portal/billing/fees.h"

#define HUNDRED_PERCENT INT64_C(1000000)
#define AMOUNT_MAX INT64_C(1000000000000000000)

static int64_t within_bounds(int64_t amount)
{
	if (amount > AMOUNT_MAX)
		return AMOUNT_MAX;
	return amount < -AMOUNT_MAX ? -AMOUNT_MAX : amount;
}

static int64_t product(int64_t a, int64_t b)
{
	int64_t result;

	if (__builtin_mul_overflow(a, b, &result))
		return (a < 0) == (b < 0) ? AMOUNT_MAX : -AMOUNT_MAX;
	return within_bounds(result);
}

int64_t billing_sum(int64_t a, int64_t b)
{
	return within_bounds(within_bounds(a) + within_bounds(b));
}

int64_t billing_percent(int64_t percent, int64_t amount)
{
	return billing_sum(product(amount / HUNDRED_PERCENT, percent),
			   product(amount % HUNDRED_PERCENT, percent) / HUNDRED_PERCENT);
}

int64_t billing_fee_of_days(int64_t fee, int64_t days, int64_t days_of_month)
{
	int64_t whole = product(fee / days_of_month, days);
	int64_t rest = fee % days_of_month * days; /* both small */
	int64_t half = rest < 0 ? -days_of_month / 2 : days_of_month / 2;

	return billing_sum(whole, (rest + half) / days_of_month);
}

int64_t billing_price_of_units(const struct billing_price *price, int64_t units)
{
	int64_t last = price->is_bounded && price->max < units ? price->max : units;

	if (last < price->min)
		return 0;
	return product(price->cost_per_unit, last - price->min + 1);
}
