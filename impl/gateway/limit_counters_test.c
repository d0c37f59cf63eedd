#include "gateway/limit_counters.h"

#include <check.h>
#include <stdio.h>

static struct limit_counters *counters;

static void set_up(void)
{
	counters = limit_counters_create(10000, 0);
}

static void tear_down(void)
{
	limit_counters_destroy(counters);
}

static void put(const char *key, int64_t count, int64_t expires_us)
{
	limit_counters_put(counters, str_from(key), (struct limit_counter){.count = count},
			   expires_us);
}

static int64_t count_of(const char *key, int64_t now_us)
{
	return limit_counters_get(counters, str_from(key), now_us).count;
}

START_TEST(a_counter_is_kept_until_its_time)
{
	ck_assert_int_eq(count_of("a", 0), 0);
	put("a", 3, 100);
	put("a", 4, 200);
	ck_assert_int_eq(count_of("a", 199), 4);
	ck_assert_uint_gt(limit_counters_bytes(counters), 0);
	ck_assert_int_eq(count_of("a", 200), 0);
	ck_assert_uint_eq(limit_counters_bytes(counters), 0);
}
END_TEST

START_TEST(what_is_given_back_never_goes_below_nothing)
{
	put("a", 1, 100);
	limit_counters_give_back(counters, STR("a"), 0);
	limit_counters_give_back(counters, STR("a"), 0);
	limit_counters_give_back(counters, STR("unknown"), 0);
	ck_assert_int_eq(count_of("a", 0), 0);
}
END_TEST

START_TEST(the_least_recently_used_leave_first)
{
	char key[16];

	put("first", 1, 1000);
	for (int i = 0; i < 1000; i++) {
		snprintf(key, sizeof key, "key-%d", i);
		put(key, 1, 1000);
		put("first", i, 1000);
		ck_assert_uint_le(limit_counters_bytes(counters), 10000);
	}
	ck_assert_int_eq(count_of("first", 0), 999);
	ck_assert_int_eq(count_of("key-1", 0), 0);
	ck_assert_int_eq(count_of("key-999", 0), 1);
}
END_TEST

START_TEST(nothing_can_be_destroyed)
{
	limit_counters_destroy(NULL);
}
END_TEST

Suite *gateway_limit_counters_suite(void);
Suite *gateway_limit_counters_suite(void)
{
	Suite *suite = suite_create("gateway/limit_counters");
	TCase *tcase = tcase_create("counters");

	tcase_add_checked_fixture(tcase, set_up, tear_down);
	tcase_add_test(tcase, a_counter_is_kept_until_its_time);
	tcase_add_test(tcase, what_is_given_back_never_goes_below_nothing);
	tcase_add_test(tcase, the_least_recently_used_leave_first);
	tcase_add_test(tcase, nothing_can_be_destroyed);
	suite_add_tcase(suite, tcase);
	return suite;
}
