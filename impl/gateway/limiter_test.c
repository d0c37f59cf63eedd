/* The formulas of spec/gateway.md 9.4, rate_limit. */
#include "gateway/limiter.h"

#include <check.h>

static const struct limiter connections = {
	.kind = LIMITER_CONNECTIONS, .most = 2, .burst = 3, .delay_s = 0.5};
static const struct limiter bucket = {.kind = LIMITER_LEAKY_BUCKET, .most = 2, .burst = 1};
static const struct limiter window = {.kind = LIMITER_FIXED_WINDOW, .most = 2, .window_s = 60};

static const struct {
	const struct limiter *limiter;
	struct limit_counter before;
	bool is_admitted;
	double delay_s, state;
	struct limit_counter after;
} rows[] = {
	{&connections, {.count = 0}, true, 0, 1, {.count = 1}},
	{&connections, {.count = 1}, true, 0, 2, {.count = 2}},
	{&connections, {.count = 2}, true, 0.5, 3, {.count = 3}},
	{&connections, {.count = 3}, true, 0.5, 4, {.count = 4}},
	{&connections, {.count = 4}, true, 1, 5, {.count = 5}},
	{&connections, {.count = 5}, false, 1, 6, {.count = 6}},
	{&bucket, {.last_utc_ms = 0}, true, 0, 0, {.last_utc_ms = 5000}},
	{&bucket, {.last_utc_ms = 5000}, true, 0.5, 1, {.excess = 1000, .last_utc_ms = 5000}},
	{&bucket,
	 {.excess = 1000, .last_utc_ms = 5000},
	 false,
	 1,
	 2,
	 {.excess = 2000, .last_utc_ms = 5000}},
	{&bucket,
	 {.excess = 1000, .last_utc_ms = 4500},
	 true,
	 0.5,
	 1,
	 {.excess = 1000, .last_utc_ms = 5000}},
	{&bucket, {.excess = 1000, .last_utc_ms = 4000}, true, 0, 0, {.last_utc_ms = 5000}},
	{&bucket,
	 {.excess = 1000, .last_utc_ms = 5500},
	 true,
	 0.5,
	 1,
	 {.excess = 1000, .last_utc_ms = 5000}},
	{&window, {.count = 0}, true, 0, 1, {.count = 1}},
	{&window, {.count = 1}, true, 0, 0, {.count = 2}},
	{&window, {.count = 2}, false, 0, -1, {.count = 3}},
};

START_TEST(requests_are_judged)
{
	struct limit_take take = {.limiter = rows[_i].limiter, .before = rows[_i].before};

	ck_assert(limit_take_judge(&take, 5000) == rows[_i].is_admitted);
	ck_assert_double_eq(take.delay_s, rows[_i].delay_s);
	ck_assert_double_eq(take.state, rows[_i].state);
	ck_assert_int_eq(take.after.count, rows[_i].after.count);
	ck_assert_int_eq(take.after.excess, rows[_i].after.excess);
	ck_assert_int_eq(take.after.last_utc_ms, rows[_i].after.last_utc_ms);
}
END_TEST

START_TEST(a_counter_lives_as_long_as_it_means_something)
{
	struct limit_take take = {.limiter = &window};

	ck_assert_int_eq(limit_take_lifetime_s(&take), 60);
	take.limiter = &connections;
	ck_assert_int_eq(limit_take_lifetime_s(&take), 86400);
	take.limiter = &bucket;
	take.after.excess = 1000;
	ck_assert_int_eq(limit_take_lifetime_s(&take), 2);
}
END_TEST

Suite *gateway_limiter_suite(void);
Suite *gateway_limiter_suite(void)
{
	Suite *suite = suite_create("gateway/limiter");
	TCase *tcase = tcase_create("limiter");

	tcase_add_loop_test(tcase, requests_are_judged, 0, sizeof rows / sizeof *rows);
	tcase_add_test(tcase, a_counter_lives_as_long_as_it_means_something);
	suite_add_tcase(suite, tcase);
	return suite;
}
