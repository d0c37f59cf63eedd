/* Spans and their counters: for random traffic, in every zone and for every period, each value of
 * an answer is the sum of the hours it is about (PT-188, PT-189, PT-191). */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "backend/stats_keys.h"
#include "base/arena.h"
#include "base/map.h"
#include "base/utc.h"
#include "portal/statistics/keys.h"
#include "portal/statistics/range.h"
#include "portal/time_zone.h"
#include "portal/time_zone_table.h"

#define YEARS_FROM_US INT64_C(1514764800000000) /* 2018-01-01 */
#define YEARS_HOURS (3 * 365 * 24)
#define QUESTIONS 8 /* of each zone */

static struct arena *arena;
static struct map *counters; /* key -> int64_t * */
static uint64_t seed;

static uint64_t chance(uint64_t below)
{
	seed = seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
	return (seed >> 33) % below;
}

static int64_t *counter(struct str key)
{
	int64_t *value = map_get(counters, key);

	if (value == NULL) {
		value = ARENA_NEW(arena, int64_t);
		map_put(counters, str_copy(arena, key), value);
	}
	return value;
}

/* As backend counts. */
static void count(const struct stats_subject *subject, int64_t instant_us, int64_t usage)
{
	for (int period = UTC_HOUR; period < UTC_ETERNITY; period++) {
		if (stats_has_period(subject, (enum utc_period)period))
			*counter(stats_key(arena, subject, (enum utc_period)period, instant_us)) +=
				usage;
	}
}

static int64_t read_counter(struct str key)
{
	const int64_t *value = map_get(counters, key);

	return value != NULL ? *value : 0;
}

static int64_t sum_of_keys(const struct stats_subject *subject, int64_t from_us, int64_t to_us)
{
	struct arena *scratch = arena_create();
	struct statistics_keys keys = {0};
	int64_t sum = 0;

	statistics_keys_add(scratch, &keys, subject, from_us, to_us);
	for (size_t i = 0; i < keys.count; i++)
		sum += read_counter(keys.items[i]);
	arena_destroy(scratch);
	return sum;
}

/* The oracle: hour by hour, those that end in the span. */
static int64_t sum_of_hours(const struct stats_subject *subject, int64_t from_us, int64_t to_us)
{
	struct arena *scratch = arena_create();
	int64_t sum = 0;

	for (int64_t at_us = utc_period_start(UTC_HOUR, from_us); at_us + UTC_HOUR_US <= to_us;
	     at_us += UTC_HOUR_US)
		sum += read_counter(stats_key(scratch, subject, UTC_HOUR, at_us));
	arena_destroy(scratch);
	return sum;
}

static const struct stats_subject subjects[] = {
	{.service = STR_INIT("7"), .metric = STR_INIT("21")},
	{.service = STR_INIT("7"), .application = STR_INIT("app"), .metric = STR_INIT("21")},
	{.service = STR_INIT("7"), .response_code = STR_INIT("2XX")},
};
#define SUBJECTS (sizeof subjects / sizeof *subjects)

static void set_up(void)
{
	arena = arena_create();
	counters = map_create(0);
	seed = 1;
	for (int i = 0; i < 4000; i++)
		count(&subjects[chance(SUBJECTS)],
		      YEARS_FROM_US + (int64_t)chance(YEARS_HOURS) * UTC_HOUR_US +
			      (int64_t)chance(3600) * UTC_SECOND_US,
		      (int64_t)chance(1000));
}

static void tear_down(void)
{
	map_destroy(counters);
	arena_destroy(arena);
}

static struct str random_time(void)
{
	char text[32];
	int64_t at_us = YEARS_FROM_US + (int64_t)chance(YEARS_HOURS) * UTC_HOUR_US +
			(int64_t)chance(3600) * UTC_SECOND_US;
	struct str iso = utc_format_iso(text, at_us);

	/* Without the Z: a time of the zone; sometimes a day only. */
	return str_copy(arena, str_slice(iso, 0, chance(3) == 0 ? 10 : iso.size - 1));
}

static struct statistics_question random_question(const struct time_zone *zone)
{
	static const char *const periods[] = {"year", "month", "week", "day"};
	static const char *const granularities[] = {"month", "day", "21600", "hour"};
	struct statistics_question question = {
		.zone = zone,
		.since = random_time(),
		.now_us = YEARS_FROM_US + (int64_t)chance(YEARS_HOURS) * UTC_HOUR_US};

	if (chance(3) > 0) {
		question.period = str_from(periods[chance(4)]);
		if (chance(4) == 0)
			question.since = STR("");
	} else {
		question.granularity = str_from(granularities[chance(2)]);
		question.until = random_time();
		if (str_compare(question.since, question.until) > 0) {
			struct str since = question.until;

			question.until = question.since;
			question.since = since;
		}
	}
	return question;
}

/* Granules follow one another; those of the calendar begin at midnight, but where there is none. */
static void check_bounds(const struct statistics_range *range)
{
	for (size_t i = 0; i < range->count; i++) {
		struct utc local = utc_from_us(time_zone_local_us(range->zone, range->bounds[i]));

		ck_assert(range->bounds[i] < range->bounds[i + 1]);
		ck_assert_int_eq(local.minute * 60 + local.second, 0);
		if (range->granularity == STATISTICS_DAY || range->granularity == STATISTICS_MONTH)
			ck_assert_int_le(local.hour, 1);
		if (range->granularity == STATISTICS_MONTH)
			ck_assert_int_eq(local.day, 1);
	}
}

static void check_question(const struct time_zone *zone)
{
	struct statistics_question question = random_question(zone);
	const struct stats_subject *subject = &subjects[chance(SUBJECTS)];
	struct statistics_range range, before;
	struct str refusal;
	int64_t total = 0;

	ck_assert_msg(statistics_range_read(arena, &question, &range, &refusal), "%.*s",
		      STR_ARG(refusal));
	check_bounds(&range);
	for (size_t i = 0; i < range.count; i++) {
		int64_t value = sum_of_keys(subject, range.bounds[i], range.bounds[i + 1]);

		ck_assert_int_eq(value,
				 sum_of_hours(subject, range.bounds[i], range.bounds[i + 1]));
		total += value;
	}
	ck_assert_int_eq(total, sum_of_hours(subject, range.bounds[0], range.bounds[range.count]));
	before = statistics_range_before(arena, &range);
	check_bounds(&before);
	ck_assert_int_eq(before.bounds[before.count], range.bounds[0]);
}

START_TEST(every_value_is_the_sum_of_its_hours)
{
	const struct time_zone *zone = &time_zone_table[_i];

	seed = (uint64_t)_i;
	for (int i = 0; i < QUESTIONS; i++)
		check_question(zone);
}
END_TEST

/* One period of the calendar, for top applications. */
START_TEST(a_period_of_the_calendar_is_whole)
{
	static const char *const periods[] = {"year", "month", "week", "day"};
	const struct time_zone *zone = &time_zone_table[_i];

	seed = (uint64_t)_i;
	for (int i = 0; i < QUESTIONS; i++) {
		struct statistics_question question = {
			.zone = zone, .period = str_from(periods[i % 4]), .since = random_time()};
		struct statistics_range range;
		struct str refusal;

		ck_assert(statistics_range_read_one(arena, &question, &range, &refusal));
		ck_assert_int_eq(sum_of_keys(&subjects[1], range.bounds[0], range.bounds[1]),
				 sum_of_hours(&subjects[1], range.bounds[0], range.bounds[1]));
	}
}
END_TEST

/* A whole month of UTC is one counter; of another zone hours, days, weeks, days and hours. */
START_TEST(the_longest_counters_are_read)
{
	static const struct {
		const char *zone;
		size_t keys;
	} rows[] = {{"UTC", 1}, {"Madrid", 2 + 6 + 3 + 3 + 23}, {"Hawaii", 14 + 5 + 3 + 4 + 10}};
	struct statistics_question question = {.period = STR("month"), .since = STR("2019-10-01")};
	struct statistics_range range;
	struct statistics_keys keys = {0};
	struct str refusal;

	question.zone = time_zone_find(str_from(rows[_i].zone));
	ck_assert(statistics_range_read_one(arena, &question, &range, &refusal));
	statistics_keys_add(arena, &keys, &subjects[0], range.bounds[0], range.bounds[1]);
	ck_assert_uint_eq(keys.count, rows[_i].keys);
}
END_TEST

static const struct {
	const char *since, *until, *first, *last;
} times[] = {
	{"2019-10-01", "2019-10-01", "2019-09-30T22:00:00Z", "2019-10-01T21:59:59Z"},
	{"2019-10-01 12:30:00", "2019-10-02", "2019-09-30T22:00:00Z", "2019-10-02T21:59:59Z"},
	{"2019-10-01T23:30:00Z", "2019-10-02T12:00:00+02:00", "2019-10-01T22:00:00Z",
	 "2019-10-02T21:59:59Z"},
	{"2019-10-01 21:30:00 UTC", "2019-10-01 22:30:00 UTC", "2019-09-30T22:00:00Z",
	 "2019-10-02T21:59:59Z"},
};

START_TEST(times_are_of_the_zone_unless_they_say_otherwise)
{
	struct statistics_question question = {.since = str_from(times[_i].since),
					       .until = str_from(times[_i].until),
					       .granularity = STR("day"),
					       .zone = time_zone_find(STR("Madrid"))};
	struct statistics_range range;
	struct str refusal;
	char text[32];

	ck_assert(statistics_range_read(arena, &question, &range, &refusal));
	ck_assert(str_equal(utc_format_iso(text, range.bounds[0]), str_from(times[_i].first)));
	ck_assert(str_equal(utc_format_iso(text, statistics_range_until_us(&range)),
			    str_from(times[_i].last)));
}
END_TEST

Suite *portal_statistics_statistics_suite(void);
Suite *portal_statistics_statistics_suite(void)
{
	Suite *suite = suite_create("portal_statistics_statistics");
	TCase *tests = tcase_create("statistics");

	tcase_add_checked_fixture(tests, set_up, tear_down);
	tcase_set_timeout(tests, 60);
	tcase_add_loop_test(tests, every_value_is_the_sum_of_its_hours, 0,
			    (int)time_zone_table_count);
	tcase_add_loop_test(tests, a_period_of_the_calendar_is_whole, 0,
			    (int)time_zone_table_count);
	tcase_add_loop_test(tests, the_longest_counters_are_read, 0, 3);
	tcase_add_loop_test(tests, times_are_of_the_zone_unless_they_say_otherwise, 0,
			    (int)(sizeof times / sizeof *times));
	suite_add_tcase(suite, tests);
	return suite;
}
