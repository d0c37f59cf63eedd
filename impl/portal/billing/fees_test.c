/* Prices: days of a month, units within bounds, amounts that are too large. */
#include "portal/billing/fees.h"

#include <check.h>

#include "portal/value.h"

#define ONE VALUE_DECIMAL_ONE

static const struct {
	int64_t fee, days, days_of_month, wanted;
} fee_rows[] = {
	{31 * ONE, 31, 31, 31 * ONE},
	{31 * ONE, 27, 31, 27 * ONE},
	{100 * ONE, 1, 31, 32258},   /* 3.2258 */
	{100 * ONE, 2, 31, 64516},   /* 6.45161 */
	{100 * ONE, 20, 31, 645161}, /* 64.51613 */
	{1, 15, 30, 1},              /* half a ten-thousandth */
	{1, 14, 30, 0},
	{0, 15, 30, 0},
	{-31 * ONE, 27, 31, -27 * ONE},
	{INT64_C(999999999999999999), 30, 30, INT64_C(999999999999999999)},
};

START_TEST(a_fee_is_worth_its_days)
{
	ck_assert_int_eq(billing_fee_of_days(fee_rows[_i].fee, fee_rows[_i].days,
					     fee_rows[_i].days_of_month),
			 fee_rows[_i].wanted);
}
END_TEST

static const struct {
	struct billing_price price;
	int64_t units, wanted;
} price_rows[] = {
	{{1, 10, true, 5}, 0, 0},
	{{1, 10, true, 5}, 1, 5},
	{{1, 10, true, 5}, 10, 50},
	{{1, 10, true, 5}, 11, 50},
	{{11, 20, true, 5}, 10, 0},
	{{11, 20, true, 5}, 11, 5},
	{{21, 0, false, 5}, 121, 505},
	{{7, 7, true, 5}, 7, 5},
	{{1, 0, false, ONE}, INT64_MAX, INT64_C(1000000000000000000)},
	{{1, 0, false, -ONE}, INT64_MAX, -INT64_C(1000000000000000000)},
};

START_TEST(units_cost_what_their_number_says)
{
	ck_assert_int_eq(billing_price_of_units(&price_rows[_i].price, price_rows[_i].units),
			 price_rows[_i].wanted);
}
END_TEST

START_TEST(sums_stay_within_bounds)
{
	ck_assert_int_eq(billing_sum(1, 2), 3);
	ck_assert_int_eq(billing_sum(INT64_MAX, INT64_MAX), INT64_C(1000000000000000000));
	ck_assert_int_eq(billing_sum(INT64_MIN, -1), -INT64_C(1000000000000000000));
}
END_TEST

static const struct {
	int64_t percent, amount, wanted;
} percent_rows[] = {
	{21 * ONE, 115550, 24265}, /* of 11.555: 2.42655 */
	{10 * ONE, -20000, -2000},
	{75000, 100 * ONE, 75000}, /* 7.5 % of 100 */
	{0, 100 * ONE, 0},
	{21 * ONE, 3, 0},
	{100 * ONE, INT64_C(999999999999999999), INT64_C(999999999999999999)},
	{INT64_C(100000000000000), INT64_C(1000000000000000000), INT64_C(1000000000000000000)},
};

START_TEST(a_tax_is_a_part_of_the_amount)
{
	ck_assert_int_eq(billing_percent(percent_rows[_i].percent, percent_rows[_i].amount),
			 percent_rows[_i].wanted);
}
END_TEST

Suite *portal_billing_fees_suite(void);
Suite *portal_billing_fees_suite(void)
{
	Suite *suite = suite_create("portal_billing_fees");
	TCase *tests = tcase_create("fees");

	tcase_add_loop_test(tests, a_fee_is_worth_its_days, 0, sizeof fee_rows / sizeof *fee_rows);
	tcase_add_loop_test(tests, units_cost_what_their_number_says, 0,
			    sizeof price_rows / sizeof *price_rows);
	tcase_add_loop_test(tests, a_tax_is_a_part_of_the_amount, 0,
			    sizeof percent_rows / sizeof *percent_rows);
	tcase_add_test(tests, sums_stay_within_bounds);
	suite_add_tcase(suite, tests);
	return suite;
}
