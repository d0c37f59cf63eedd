/* Usage values, the hierarchy, alerts and filters, by rows; limits: limits_property_test.c. */
#include "backend/usage.h"

#include <check.h>

#include "backend/alerts.h"
#include "backend/authorize.h"
#include "backend/limits.h"
#include "backend/profile.h"
#include "base/arena.h"

static struct arena *arena;
static struct usage usage;

/* hits <- search <- deep; other */
enum { HITS, SEARCH, DEEP, OTHER, METRICS };
static const struct metric items[METRICS] = {
	{STR_INIT("1"), STR_INIT("hits"), {NULL, 0}, METRIC_NONE},
	{STR_INIT("2"), STR_INIT("search"), STR_INIT("1"), HITS},
	{STR_INIT("3"), STR_INIT("deep"), STR_INIT("2"), SEARCH},
	{STR_INIT("4"), STR_INIT("other"), {NULL, 0}, METRIC_NONE},
};
static const size_t by_name[METRICS] = {DEEP, HITS, OTHER, SEARCH};
static const struct metrics metrics = {.items = items, .count = METRICS, .by_name = by_name};

static void set_up(void)
{
	arena = arena_create();
	usage_init(&usage, arena);
}

static void tear_down(void)
{
	arena_destroy(arena);
}

static const struct {
	const char *value;
	enum api_error_code code;
	int64_t number;
	bool is_set;
} value_rows[] = {
	{"5", API_NO_ERROR, 5, false},
	{"007", API_NO_ERROR, 7, false},
	{" 5 ", API_NO_ERROR, 5, false},
	{"5\n", API_NO_ERROR, 5, false},
	{"0", API_NO_ERROR, 0, false},
	{"#15", API_NO_ERROR, 15, true},
	{"#0", API_NO_ERROR, 0, true},
	{" #5", API_NO_ERROR, 0, false},
	{"9223372036854775807", API_NO_ERROR, INT64_MAX, false},
	{"9223372036854775808", API_NO_ERROR, INT64_MAX, false},
	{"", API_USAGE_VALUE_EMPTY, 0, false},
	{" \t\n", API_USAGE_VALUE_EMPTY, 0, false},
	{"-1", API_USAGE_VALUE_INVALID, 0, false},
	{"+1", API_USAGE_VALUE_INVALID, 0, false},
	{"1.5", API_USAGE_VALUE_INVALID, 0, false},
	{"1e3", API_USAGE_VALUE_INVALID, 0, false},
	{"##3", API_USAGE_VALUE_INVALID, 0, false},
	{"#", API_USAGE_VALUE_INVALID, 0, false},
	{"-#5", API_USAGE_VALUE_INVALID, 0, false},
	{"abc", API_USAGE_VALUE_INVALID, 0, false},
	{"\xd9\xa3", API_USAGE_VALUE_INVALID, 0, false},
	{"5 5", API_USAGE_VALUE_INVALID, 0, false},
};

START_TEST(values_are_digits_with_a_mark_before_them)
{
	struct api_error error = {API_NO_ERROR, {NULL, 0}, {NULL, 0}};
	bool added =
		usage_add(&usage, &metrics, STR(" hits\t"), str_from(value_rows[_i].value), &error);

	ck_assert_int_eq(error.code, value_rows[_i].code);
	ck_assert_int_eq(added, value_rows[_i].code == API_NO_ERROR);
	if (!added)
		return;
	ck_assert_int_eq(usage_find(&usage, HITS)->value, value_rows[_i].number);
	ck_assert_int_eq(usage_find(&usage, HITS)->is_set, value_rows[_i].is_set);
}
END_TEST

START_TEST(unknown_names_are_refused_after_their_value)
{
	struct api_error error;

	ck_assert(!usage_add(&usage, &metrics, STR("Hits"), STR("1"), &error));
	ck_assert_int_eq(error.code, API_METRIC_INVALID);
	ck_assert(!usage_add(&usage, &metrics, STR("nope"), STR("x"), &error));
	ck_assert_int_eq(error.code, API_USAGE_VALUE_INVALID);
	ck_assert(!usage_add(&usage, &metrics, STR("zzz"), STR("1"), &error));
	ck_assert(!usage_add(&usage, &metrics, STR(""), STR("1"), &error));
	ck_assert_uint_eq(usage.count, 0);
}
END_TEST

static void add(const char *name, const char *value)
{
	struct api_error error;

	ck_assert(usage_add(&usage, &metrics, str_from(name), str_from(value), &error));
}

static int64_t after(size_t metric, int64_t counter)
{
	const struct usage_item *item = usage_find(&usage, metric);

	return item != NULL ? usage_apply(item, counter) : counter;
}

START_TEST(parents_take_what_their_children_were_sent)
{
	add("search", "2");
	add("hits", "1");
	add("deep", "4");
	usage_expand(&usage, &metrics);
	ck_assert_int_eq(after(HITS, 10), 13); /* not what search has from deep */
	ck_assert_int_eq(after(SEARCH, 10), 16);
	ck_assert_int_eq(after(DEEP, 10), 14);
	ck_assert_int_eq(after(OTHER, 10), 10);
	ck_assert_int_eq(usage_find(&usage, HITS)->call_amount, 3);
	ck_assert_int_eq(usage_find(&usage, SEARCH)->call_amount, 6);
}
END_TEST

START_TEST(parents_are_set_with_their_children)
{
	add("deep", "#4");
	add("search", "#9");
	add("other", "#3");
	add("other", "#5"); /* the last one wins */
	usage_expand(&usage, &metrics);
	ck_assert_int_eq(after(HITS, 1), 9);
	ck_assert_int_eq(after(SEARCH, 1), 4);
	ck_assert_int_eq(after(OTHER, 1), 5);
	ck_assert_int_eq(usage_apply(usage_find(&usage, OTHER), INT64_MAX), 5);
}
END_TEST

START_TEST(all_above_may_take_what_was_sent)
{
	usage.reach = usage_reach_of(profile_find(STR("current")), false);
	add("search", "2");
	add("deep", "4");
	add("hits", "1");
	usage_expand(&usage, &metrics);
	ck_assert_int_eq(after(HITS, 10), 17);
	ck_assert_int_eq(after(SEARCH, 10), 16);
	ck_assert_int_eq(usage_find(&usage, HITS)->call_amount, 7);
	ck_assert_int_eq(usage_find(&usage, SEARCH)->call_amount, 6);
	usage_init(&usage, arena);
	usage.reach = USAGE_OF_ANCESTORS;
	add("search", "#2");
	add("deep", "#4");
	usage_expand(&usage, &metrics);
	ck_assert_int_eq(after(HITS, 10), 4);
	ck_assert_int_eq(after(SEARCH, 10), 4);
}
END_TEST

START_TEST(flat_usage_stays_where_it_is)
{
	usage.reach = usage_reach_of(profile_find(STR("current")), true);
	ck_assert_int_eq(usage_reach_of(profile_find(STR("2.6")), true), USAGE_OF_PARENT);
	add("deep", "4");
	usage_expand(&usage, &metrics);
	ck_assert_ptr_null(usage_find(&usage, SEARCH));
	ck_assert_int_eq(after(DEEP, 1), 5);
}
END_TEST

/* A ring of parents, as only broken data has one, is walked once. */
START_TEST(rings_of_parents_end)
{
	static const struct metric ring[] = {
		{STR_INIT("1"), STR_INIT("a"), STR_INIT("2"), 1},
		{STR_INIT("2"), STR_INIT("b"), STR_INIT("1"), 0},
		{STR_INIT("3"), STR_INIT("c"), STR_INIT("1"), 0},
	};
	static const size_t names[] = {0, 1, 2};
	const struct metrics broken = {.items = ring, .count = 3, .by_name = names};
	struct api_error error;

	usage.reach = USAGE_OF_ANCESTORS;
	ck_assert(usage_add(&usage, &broken, STR("a"), STR("1"), &error));
	usage_expand(&usage, &broken);
	ck_assert_int_eq(after(0, 0), 1);
	ck_assert_int_eq(after(1, 0), 1);
	usage_init(&usage, arena);
	usage.reach = USAGE_OF_ANCESTORS;
	ck_assert(usage_add(&usage, &broken, STR("c"), STR("1"), &error));
	usage_expand(&usage, &broken);
	ck_assert_int_le(after(0, 0), 2);
}
END_TEST

START_TEST(sums_stay_at_the_largest_number)
{
	add("hits", "9223372036854775807");
	add("search", "9223372036854775807");
	usage_expand(&usage, &metrics);
	ck_assert_int_eq(after(HITS, 5), INT64_MAX);
}
END_TEST

/* Alerts: 7.4. */

static const struct {
	int64_t current, max;
	int level;
} alert_rows[] = {
	{0, 10, 0},     {4, 10, 0},    {5, 10, 50},         {79, 100, 50},
	{8, 10, 80},    {9, 10, 90},   {99, 100, 90},       {10, 10, 100},
	{12, 10, 120},  {15, 10, 150}, {20, 10, 200},       {30, 10, 300},
	{999, 10, 300}, {5, 0, 0},     {INT64_MAX, 1, 300}, {INT64_MAX, INT64_MAX, 100},
};

START_TEST(levels_are_the_highest_reached)
{
	const struct usage_limit limit = {HITS, UTC_DAY, alert_rows[_i].max};
	struct limit_list limits = {&limit, 1};

	ck_assert_int_eq(alerts_utilization(&limits, &alert_rows[_i].current).level,
			 alert_rows[_i].level);
}
END_TEST

START_TEST(the_first_of_equals_is_told_of)
{
	const struct usage_limit list[] = {{HITS, UTC_DAY, 0},
					   {HITS, UTC_DAY, 100},
					   {OTHER, UTC_DAY, 2},
					   {OTHER, UTC_HOUR, 4}};
	const int64_t counters[] = {9, 10, 1, 2};
	struct limit_list limits = {list, 4};
	struct alert_utilization highest = alerts_utilization(&limits, counters);
	const struct alert_thresholds thresholds = {.levels = 1U | 1U << 1};

	ck_assert_uint_eq(highest.limit, 2);
	ck_assert_int_eq(highest.level, 50);
	ck_assert(alerts_is_wanted(&thresholds, 50));
	ck_assert(!alerts_is_wanted(&thresholds, 80));
	ck_assert(!alerts_is_wanted(&thresholds, 0));
	ck_assert(alerts_is_level(0) && alerts_is_level(300) && !alerts_is_level(60));
}
END_TEST

/* Filters: 3.7. */

static const struct {
	const char *filter, *referrer;
	bool fits;
} filter_rows[] = {
	{"a.org", "a.org", true},
	{"a.org", "aXorg", false},
	{"a.org", "a.org.evil", false},
	{"a.org", "A.org", false},
	{"*.a.org", "x.a.org", true},
	{"*.a.org", "x.y.a.org", true},
	{"*.a.org", "a.org", false},
	{"*", "", true},
	{"*", "anything", true},
	{"", "", true},
	{"", "x", false},
	{"a*b*c", "aXbXbc", true},
	{"a*b*c", "aXbX", false},
	{"a**", "a", true},
	{"*a", "x\na", false},
	{"*b*", "ab\nc", false},
	{"a+(b)", "a+(b)", true},
};

START_TEST(filters_are_literal_but_for_stars)
{
	ck_assert_int_eq(authorize_filter_fits(str_from(filter_rows[_i].filter),
					       str_from(filter_rows[_i].referrer)),
			 filter_rows[_i].fits);
}
END_TEST

Suite *backend_usage_suite(void);
Suite *backend_usage_suite(void)
{
	Suite *suite = suite_create("backend_usage");
	TCase *test = tcase_create("usage");

	tcase_add_checked_fixture(test, set_up, tear_down);
	tcase_add_loop_test(test, values_are_digits_with_a_mark_before_them, 0,
			    sizeof value_rows / sizeof *value_rows);
	tcase_add_test(test, unknown_names_are_refused_after_their_value);
	tcase_add_test(test, parents_take_what_their_children_were_sent);
	tcase_add_test(test, parents_are_set_with_their_children);
	tcase_add_test(test, all_above_may_take_what_was_sent);
	tcase_add_test(test, flat_usage_stays_where_it_is);
	tcase_add_test(test, rings_of_parents_end);
	tcase_add_test(test, sums_stay_at_the_largest_number);
	tcase_add_loop_test(test, levels_are_the_highest_reached, 0,
			    sizeof alert_rows / sizeof *alert_rows);
	tcase_add_test(test, the_first_of_equals_is_told_of);
	tcase_add_loop_test(test, filters_are_literal_but_for_stars, 0,
			    sizeof filter_rows / sizeof *filter_rows);
	suite_add_tcase(suite, test);
	return suite;
}
