#include "gateway/limit_counters.h"

#include "world/dictionary_test.h"

static struct dictionary_stage stage;
static struct dictionary *counters;

static void set_up(void)
{
	dictionary_stage_begin(&stage, 10240, false);
	counters = stage.dictionary;
}

static void tear_down(void)
{
	dictionary_stage_end(&stage);
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
	struct limit_counter counter = {1, 2, 3};

	ck_assert_int_eq(count_of("a", 0), 0);
	put("a", 3, 100);
	limit_counters_put(counters, STR("a"), counter, 200);
	counter = limit_counters_get(counters, STR("a"), 199);
	ck_assert_int_eq(counter.count, 1);
	ck_assert_int_eq(counter.excess, 2);
	ck_assert_int_eq(counter.last_utc_ms, 3);
	ck_assert_int_eq(count_of("a", 200), 0);
}
END_TEST

START_TEST(what_is_given_back_never_goes_below_nothing)
{
	put("a", 1, 100);
	limit_counters_note_connection(counters, STR("a"), 0, 100, 0);
	limit_counters_give_back(counters, STR("a"), 0, 0);
	ck_assert_uint_eq(dictionary_count(counters), 1); /* nothing of the worker is left */
	limit_counters_give_back(counters, STR("a"), 0, 0);
	limit_counters_give_back(counters, STR("unknown"), 0, 0);
	ck_assert_int_eq(count_of("a", 0), 0);
	put("a", 1, 100);
	limit_counters_give_back(counters, STR("a"), 0, 0);
	ck_assert_int_eq(count_of("a", 99), 0);
}
END_TEST

START_TEST(a_worker_that_ended_has_no_connections)
{
	put("a", 5, 100);
	put("b", 1, 100);
	put("gone", 1, 10);
	for (int i = 0; i < 3; i++)
		limit_counters_note_connection(counters, STR("a"), 1, 100, 0);
	limit_counters_note_connection(counters, STR("a"), 2, 100, 0);
	limit_counters_note_connection(counters, STR("a"), 11, 100, 0);
	limit_counters_note_connection(counters, STR("b"), 1, 100, 0);
	limit_counters_note_connection(counters, STR("gone"), 1, 100, 0);
	limit_counters_forget_worker(counters, 1, 10);
	ck_assert_int_eq(count_of("a", 10), 2);
	ck_assert_int_eq(count_of("b", 10), 0);
	limit_counters_forget_worker(counters, 1, 10);
	ck_assert_int_eq(count_of("a", 10), 2);
	limit_counters_forget_worker(counters, 11, 10);
	ck_assert_int_eq(count_of("a", 10), 1);
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
	tcase_add_test(tcase, a_worker_that_ended_has_no_connections);
	suite_add_tcase(suite, tcase);
	return suite;
}
