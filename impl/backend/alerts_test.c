/* Alerts and what the worker keeps for them: spec/backend.md 6.5, 7.4. */
#include "backend/alerts.h"

#include <string.h>

#include "backend/stand_test.h"

/* Utilization, without any Redis. */

static const struct {
	struct usage_limit limits[3];
	int64_t counters[3];
	int level;
	size_t limit;
	const char *ratio;
	int64_t percentage;
} rows[] = {
	{{{0, UTC_DAY, 5}}, {4}, 80, 0, "0.8", 80},
	{{{0, UTC_DAY, 5}}, {2}, 0, 0, "0.4", 40},
	{{{0, UTC_DAY, 3}}, {2}, 50, 0, "0.6666666666666666", 67},
	{{{0, UTC_DAY, 8}}, {9}, 100, 0, "1.125", 113},
	{{{0, UTC_DAY, 200}}, {179}, 80, 0, "0.895", 90},
	{{{0, UTC_DAY, 10}}, {10}, 100, 0, "1.0", 100},
	{{{0, UTC_DAY, 10}}, {31}, 300, 0, "3.1", 310},
	{{{0, UTC_DAY, 1}}, {INT64_MAX}, 300, 0, "9223372036854775808.0", INT64_MAX},
	{{{0, UTC_DAY, 0}, {0, UTC_HOUR, 10}}, {9, 5}, 50, 1, "0.5", 50},
	{{{0, UTC_DAY, 10}, {0, UTC_HOUR, 20}, {1, UTC_DAY, 2}}, {5, 10, 1}, 50, 0, "0.5", 50},
	{{{0, UTC_DAY, 10}, {0, UTC_HOUR, 20}, {1, UTC_DAY, 2}}, {5, 11, 1}, 50, 1, "0.55", 55},
};

START_TEST(the_limit_that_is_used_most_decides)
{
	struct limit_list limits = {rows[_i].limits, 3};
	struct alert_utilization found = alerts_utilization(&limits, rows[_i].counters);
	struct arena *arena = arena_create();

	ck_assert_int_eq(found.level, rows[_i].level);
	ck_assert_uint_eq(found.limit, rows[_i].limit);
	expect_str(alerts_ratio(arena, &found), rows[_i].ratio);
	ck_assert_int_eq(alerts_percentage(&found), rows[_i].percentage);
	arena_destroy(arena);
}
END_TEST

START_TEST(limits_of_nothing_are_never_near)
{
	const struct usage_limit zero = {0, UTC_DAY, 0};
	struct limit_list none = {NULL, 0}, of_zero = {&zero, 1};
	const int64_t counters[] = {7};

	ck_assert_int_eq(alerts_utilization(&none, NULL).level, 0);
	ck_assert_int_eq(alerts_utilization(&of_zero, counters).level, 0);
	ck_assert_int_eq(alerts_utilization(&of_zero, counters).max, 0);
}
END_TEST

/* With a worker. */

static void set_up(const char *release)
{
	stand_set();
	stand_argument("--release");
	stand_argument(release);
	stand_provision();
	stand_set_clock("2019-06-01T10:20:00Z");
	stand_internal("PUT", "services/S1/plans/P/usagelimits/81/day",
		       "{\"usagelimit\":{\"day\":10}}");
}

static void set_up_guided(void)
{
	set_up("2.6");
}

static void set_up_current(void)
{
	set_up("current");
}

static void allow(int level)
{
	stand_internal("POST", "services/S1/alert_limits/",
		       text("{\"alert_limit\":{\"value\":%d}}", level));
}

static void report(const char *metric, int amount)
{
	expect_answer(stand_post(text("service_token=T1&service_id=S1&transactions[0][app_id]=A1&"
				      "transactions[0][usage][%s]=%d",
				      metric, amount)),
		      202, "");
	stand_drain();
	stand_run_for(1);
}

static void use(int hits)
{
	report("hits", hits);
}

/* The application is looked at, and its limited metric stays as it is. */
static void touch(void)
{
	report("other", 1);
}

#define MAXIMUM "alerts/service_id:S1/app_id:A1/201906011/current_max"

START_TEST(the_hours_maximum_is_kept)
{
	use(4);
	expect_text(stand_redis("GET " MAXIMUM), "40");
	expect_text(stand_redis("TTL " MAXIMUM), "-1");
	touch();
	expect_text(stand_redis("GET " MAXIMUM), "40");
	/* 13:40 to midnight, and five minutes. */
	expect_text(stand_redis("TTL " MAXIMUM), "49500");
	use(3);
	expect_text(stand_redis("GET " MAXIMUM), "70");
	expect_text(stand_redis("TTL " MAXIMUM), "-1");
	stand_set_clock("2019-06-01T11:00:00Z");
	touch();
	expect_text(stand_redis("GET alerts/service_id:S1/app_id:A1/2019060111/current_max"), "70");
	expect_text(stand_redis("GET alerts/current_id"), "nil");
}
END_TEST

START_TEST(an_application_without_limits_has_no_maximum)
{
	stand_internal("DELETE", "services/S1/plans/P/usagelimits/81/day", NULL);
	use(4);
	expect_text(stand_redis("KEYS alerts/*"), "[]");
}
END_TEST

/* The lower level may still be told of after the higher one. */
START_TEST(every_level_is_told_of_by_itself)
{
	allow(50);
	allow(80);
	use(8);
	expect_text(stand_redis("KEYS alerts/*/already_notified"),
		    "[alerts/service_id:S1/app_id:A1/80/already_notified]");
	stand_internal("PUT", "services/S1/plans/P/usagelimits/81/day",
		       "{\"usagelimit\":{\"day\":15}}");
	touch();
	expect_text(stand_redis("GET alerts/current_id"), "2");
	expect_text(stand_redis("KEYS alerts/*/already_notified"),
		    "[alerts/service_id:S1/app_id:A1/50/already_notified,alerts/service_id:S1/"
		    "app_id:A1/80/already_notified]");
}
END_TEST

START_TEST(nothing_is_told_below_the_highest_level_in_the_current_line)
{
	use(8);
	expect_text(stand_redis("KEYS alerts/*"), "[]");
	allow(50);
	allow(80);
	touch();
	expect_text(stand_redis("GET alerts/current_id"), "1");
	stand_internal("PUT", "services/S1/plans/P/usagelimits/81/day",
		       "{\"usagelimit\":{\"day\":15}}");
	touch();
	expect_text(stand_redis("GET alerts/current_id"), "1");
	/* After a day both may be told of again. */
	stand_redis("DEL alerts/service_id:S1/app_id:A1/80/already_notified");
	stand_forget();
	touch();
	expect_text(stand_redis("GET alerts/current_id"), "2");
	expect_text(stand_redis("EXISTS alerts/service_id:S1/app_id:A1/201906011/current_max"),
		    "0");
}
END_TEST

START_TEST(pings_are_counted_in_the_guided_releases_alone)
{
	static const char *const releases[] = {"2.6", "current"}, *const values[] = {"2", "1"};

	stand_clear();
	stand_set();
	stand_variable("CONFIG_EVENTS_HOOK", "http://10.0.0.4:3000/events");
	stand_argument("--release");
	stand_argument(releases[_i]);
	stand_provision();
	/* A job that counts nothing is no batch. */
	stand_post("service_token=T1&service_id=S1&transactions[0][app_id]=A1");
	stand_drain();
	stand_run_for(STAND_SECOND);
	expect_text(stand_redis("EXISTS events/ping"), "0");
	use(1);
	use(1);
	stand_run_for(STAND_SECOND);
	expect_text(stand_redis("GET events/ping"), values[_i]);
	expect_text(stand_redis("TTL events/ping"), "59");
	expect_str(stand_hook_bodies(), "POST /events secret=\n");
}
END_TEST

START_TEST(a_hook_that_is_no_url_is_told_of)
{
	stand_clear();
	stand_set();
	stand_variable("CONFIG_EVENTS_HOOK", "portal");
	stand_provision();
	use(1);
	stand_run_for(STAND_SECOND);
	ck_assert(stand_contains(stand_log(), "Application event ping failed: "));
	expect_text(stand_redis("GET stats/{service:S1}/metric:81/eternity"), "1");
}
END_TEST

Suite *backend_alerts_suite(void);
Suite *backend_alerts_suite(void)
{
	Suite *suite = suite_create("backend_alerts");
	TCase *pure = tcase_create("utilization"), *guided = tcase_create("guided"),
	      *current = tcase_create("current");

	tcase_add_loop_test(pure, the_limit_that_is_used_most_decides, 0,
			    sizeof rows / sizeof *rows);
	tcase_add_test(pure, limits_of_nothing_are_never_near);
	suite_add_tcase(suite, pure);
	tcase_add_checked_fixture(guided, set_up_guided, stand_clear);
	tcase_add_test(guided, the_hours_maximum_is_kept);
	tcase_add_test(guided, an_application_without_limits_has_no_maximum);
	tcase_add_test(guided, every_level_is_told_of_by_itself);
	tcase_add_loop_test(guided, pings_are_counted_in_the_guided_releases_alone, 0, 2);
	tcase_add_test(guided, a_hook_that_is_no_url_is_told_of);
	suite_add_tcase(suite, guided);
	tcase_add_checked_fixture(current, set_up_current, stand_clear);
	tcase_add_test(current, nothing_is_told_below_the_highest_level_in_the_current_line);
	suite_add_tcase(suite, current);
	return suite;
}
