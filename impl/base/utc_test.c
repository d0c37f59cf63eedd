#include "base/utc.h"

#include <check.h>
#include <time.h>

#define SECOND UTC_SECOND_US
#define JUNE_4 (INT64_C(1559646375) * SECOND) /* Tuesday 2019-06-04 11:06:15 */

static void is_text(struct str actual, const char *expected)
{
	ck_assert_msg(str_equal(actual, str_from(expected)), "\"%.*s\" is not \"%s\"",
		      STR_ARG(actual), expected);
}

/* The C library's calendar is the oracle. */
START_TEST(dates_agree_with_the_c_library)
{
	for (int64_t seconds = -70000000000; seconds < 260000000000; seconds += 86399 * 1013 + _i) {
		time_t oracle_time = (time_t)seconds;
		struct tm oracle;
		struct utc utc = utc_from_us(seconds * SECOND + 123456);

		gmtime_r(&oracle_time, &oracle);
		ck_assert_int_eq(utc.year, oracle.tm_year + 1900);
		ck_assert_int_eq(utc.month, oracle.tm_mon + 1);
		ck_assert_int_eq(utc.day, oracle.tm_mday);
		ck_assert_int_eq(utc.hour, oracle.tm_hour);
		ck_assert_int_eq(utc.minute, oracle.tm_min);
		ck_assert_int_eq(utc.second, oracle.tm_sec);
		ck_assert_int_eq(utc.weekday, oracle.tm_wday);
		ck_assert_int_eq(utc.microsecond, 123456);
		ck_assert_int_eq(utc_to_us(&utc), seconds * SECOND + 123456);
	}
}
END_TEST

START_TEST(every_day_of_four_centuries_goes_there_and_back)
{
	struct utc before = utc_from_us(-86400 * SECOND);

	for (int64_t day = 0; day < 146097; day++) {
		struct utc utc = utc_from_us(day * 86400 * SECOND);

		ck_assert_int_eq(utc_to_us(&utc), day * 86400 * SECOND);
		ck_assert_int_eq(utc.weekday, (before.weekday + 1) % 7);
		ck_assert(utc.day == before.day + 1 || utc.day == 1);
		before = utc;
	}
}
END_TEST

START_TEST(the_whole_range_of_instants_is_taken)
{
	struct utc first = utc_from_us(INT64_MIN), last = utc_from_us(INT64_MAX);
	char out[32];

	ck_assert_int_eq(first.year, -290308);
	ck_assert_int_eq(last.year, 294247);
	ck_assert_int_eq(utc_to_us(&last), INT64_MAX);
	ck_assert_int_eq(first.microsecond, 224192);
	for (int i = 0; i < UTC_ETERNITY; i++) {
		ck_assert_int_eq(utc_period_start((enum utc_period)i, INT64_MIN), INT64_MIN);
		ck_assert_int_eq(utc_period_end((enum utc_period)i, INT64_MAX), INT64_MAX);
	}
	is_text(utc_format_backend(out, INT64_MAX), "294247-01-10 04:00:54 +0000");
	is_text(utc_format_http(out, INT64_MAX), "Sun, 10 Jan 294247 04:00:54 GMT");
	is_text(utc_format_http(out, INT64_MIN), "Sun, 21 Dec -290308 19:59:05 GMT");
}
END_TEST

START_TEST(instants_before_1970_round_down)
{
	struct utc utc = utc_from_us(-1);

	ck_assert_int_eq(utc.year, 1969);
	ck_assert_int_eq(utc.second, 59);
	ck_assert_int_eq(utc.microsecond, 999999);
	ck_assert_int_eq(utc.weekday, 3);
}
END_TEST

START_TEST(fields_out_of_range_are_carried)
{
	struct utc utc = {.year = 2019, .month = 14, .day = 0, .hour = 25, .minute = -1};
	struct utc back = {.year = 2019, .month = -11, .day = 1};

	utc = utc_from_us(utc_to_us(&utc));
	ck_assert_int_eq(utc.year, 2020);
	ck_assert_int_eq(utc.month, 2);
	ck_assert_int_eq(utc.day, 1);
	ck_assert_int_eq(utc.hour, 0);
	ck_assert_int_eq(utc.minute, 59);
	back = utc_from_us(utc_to_us(&back));
	ck_assert_int_eq(back.year, 2018);
	ck_assert_int_eq(back.month, 1);
}
END_TEST

static const struct {
	enum utc_period period;
	const char *instant, *start, *end;
} period_rows[] = {
	{UTC_MINUTE, "2019-06-04 11:06:15", "2019-06-04 11:06:00", "2019-06-04 11:07:00"},
	{UTC_MINUTE, "2019-12-31 23:59:59", "2019-12-31 23:59:00", "2020-01-01 00:00:00"},
	{UTC_HOUR, "2019-06-04 11:06:15", "2019-06-04 11:00:00", "2019-06-04 12:00:00"},
	{UTC_HOUR, "2019-02-28 23:00:00", "2019-02-28 23:00:00", "2019-03-01 00:00:00"},
	{UTC_DAY, "2019-06-04 11:06:15", "2019-06-04", "2019-06-05"},
	{UTC_DAY, "2020-02-28 11:06:15", "2020-02-28", "2020-02-29"},
	{UTC_WEEK, "2019-06-04 11:06:15", "2019-06-03", "2019-06-10"},
	{UTC_WEEK, "2019-06-03 00:00:00", "2019-06-03", "2019-06-10"},
	{UTC_WEEK, "2019-06-02 23:59:59", "2019-05-27", "2019-06-03"},
	{UTC_WEEK, "2020-01-01 00:00:00", "2019-12-30", "2020-01-06"},
	{UTC_MONTH, "2019-06-04 11:06:15", "2019-06-01", "2019-07-01"},
	{UTC_MONTH, "2019-12-31 23:59:59", "2019-12-01", "2020-01-01"},
	{UTC_MONTH, "2020-02-29 12:00:00", "2020-02-01", "2020-03-01"},
	{UTC_YEAR, "2019-06-04 11:06:15", "2019-01-01", "2020-01-01"},
	{UTC_YEAR, "1969-06-04 11:06:15", "1969-01-01", "1970-01-01"},
	{UTC_ETERNITY, "2019-06-04 11:06:15", "1970-01-01", "9999-12-31"},
};

START_TEST(periods_have_their_bounds)
{
	int64_t instant, start, end;

	ck_assert(utc_parse(str_from(period_rows[_i].instant), &instant));
	ck_assert(utc_parse(str_from(period_rows[_i].start), &start));
	ck_assert(utc_parse(str_from(period_rows[_i].end), &end));
	instant += 999999;
	ck_assert_int_eq(utc_period_start(period_rows[_i].period, instant), start);
	ck_assert_int_eq(utc_period_end(period_rows[_i].period, instant), end);
	ck_assert_int_eq(utc_period_start(period_rows[_i].period, start), start);
	ck_assert_int_eq(utc_period_end(period_rows[_i].period, end - 1), end);
}
END_TEST

START_TEST(periods_have_names)
{
	static const char *const names[] = {"minute", "hour", "day",     "week",
					    "month",  "year", "eternity"};
	enum utc_period period = UTC_DAY;

	for (int i = 0; i < UTC_PERIODS; i++) {
		is_text(utc_period_name((enum utc_period)i), names[i]);
		ck_assert(utc_period_from_name(str_from(names[i]), &period));
		ck_assert_int_eq(period, i);
	}
	ck_assert(!utc_period_from_name(STR("Minute"), &period));
	ck_assert(!utc_period_from_name(STR(""), &period));
	ck_assert_int_eq(period, UTC_ETERNITY);
}
END_TEST

START_TEST(each_form_is_written)
{
	char out[32];

	is_text(utc_format_backend(out, JUNE_4), "2019-06-04 11:06:15 +0000");
	is_text(utc_format_iso(out, JUNE_4 + 999999), "2019-06-04T11:06:15Z");
	is_text(utc_format_http(out, JUNE_4), "Tue, 04 Jun 2019 11:06:15 GMT");
	is_text(utc_format_error_log(out, JUNE_4), "2019/06/04 11:06:15");
	is_text(utc_format_access_log(out, JUNE_4), "04/Jun/2019:11:06:15 +0000");
}
END_TEST

static const struct {
	const char *text;
	int64_t offset_us; /* from JUNE_4 */
} parse_rows[] = {
	{"2019-06-04T11:06:15Z", 0},
	{"2019-06-04 11:06:15 +0000", 0},
	{"2019-06-04 11:06:15", 0},
	{"2019-06-04T11:06:15", 0},
	{"2019-06-04T11:06:15.5Z", 500000},
	{"2019-06-04T11:06:15.123456789Z", 123456},
	{"2019-06-04T13:06:15+02:00", 0},
	{"2019-06-04 04:36:15 -0630", 0},
	{"2019-06-04T11:06:15.000001+0000", 1},
	{"2019-06-04", -(11 * 3600 + 6 * 60 + 15) * SECOND},
	{"2019-06-04T11:06", -15 * SECOND},
	{"2019-06-04 11:06 +0000", -15 * SECOND},
	{"2019-06-04T11:05:60Z", -15 * SECOND},
	{"2019-06-05T00:06:15+13:00", 0},
};

START_TEST(each_form_is_read)
{
	int64_t instant = 0;

	ck_assert_msg(utc_parse(str_from(parse_rows[_i].text), &instant), "%s",
		      parse_rows[_i].text);
	ck_assert_int_eq(instant, JUNE_4 + parse_rows[_i].offset_us);
}
END_TEST

static const struct str refused_rows[] = {
	STR_INIT(""),
	STR_INIT("2019"),
	STR_INIT("2019-06"),
	STR_INIT("2019-06-"),
	STR_INIT("2019-6-4"),
	STR_INIT("2019-13-01"),
	STR_INIT("2019-00-01"),
	STR_INIT("2019-06-31"),
	STR_INIT("2019-06-00"),
	STR_INIT("2019-02-29"),
	STR_INIT("1900-02-29"),
	STR_INIT("2019/06/04"),
	STR_INIT("2019-06-04x"),
	STR_INIT("2019-06-04 "),
	STR_INIT("2019-06-04T"),
	STR_INIT("2019-06-04T24:00:00"),
	STR_INIT("2019-06-04T11:60:00"),
	STR_INIT("2019-06-04T11:06:61"),
	STR_INIT("2019-06-04T11:06:1"),
	STR_INIT("2019-06-04T11:06:15."),
	STR_INIT("2019-06-04T11:06:15.Z"),
	STR_INIT("2019-06-04T11:06:15Zx"),
	STR_INIT("2019-06-04T11:06:15 Z"),
	STR_INIT("2019-06-04T11:06:15+"),
	STR_INIT("2019-06-04T11:06:15+02"),
	STR_INIT("2019-06-04T11:06:15 "),
	STR_INIT("2019-06-04T1"),
	STR_INIT("2019-06-04T11:0"),
	STR_INIT("201a-06-04"),
	STR_INIT("2019-06-04T11:06:15+24:00"),
	STR_INIT("2019-06-04T11:06:15+02:60"),
	STR_INIT("2019-06-04T11:06:15 CET"),
	STR_INIT("1559646375"),
	STR_INIT(" 2019-06-04"),
	STR_INIT("2019-06-04T11:06:15Z\0"),
};

START_TEST(what_is_no_time_is_refused)
{
	int64_t instant = 77;

	ck_assert_msg(!utc_parse(refused_rows[_i], &instant), "%.*s", STR_ARG(refused_rows[_i]));
	ck_assert_int_eq(instant, 77);
}
END_TEST

START_TEST(leap_days_are_read)
{
	int64_t instant;
	char out[32];

	ck_assert(utc_parse(STR("2000-02-29"), &instant));
	is_text(utc_format_iso(out, instant), "2000-02-29T00:00:00Z");
	ck_assert(utc_parse(STR("2020-02-29T23:59:59Z"), &instant));
	is_text(utc_format_iso(out, instant + SECOND), "2020-03-01T00:00:00Z");
}
END_TEST

static const struct {
	const char *from;
	int months;
	const char *to;
} month_rows[] = {
	{"2019-10-07 08:00:00", 3, "2019-07-07T08:00:00Z"},
	{"2019-05-31 08:00:00", 3, "2019-02-28T08:00:00Z"},
	{"2020-05-31 08:00:00", 3, "2020-02-29T08:00:00Z"},
	{"2019-08-31 00:00:01", 6, "2019-02-28T00:00:01Z"},
	{"2019-02-28 12:00:00", 3, "2018-11-28T12:00:00Z"},
	{"2019-01-31 12:00:00", 12, "2018-01-31T12:00:00Z"},
};

START_TEST(months_are_those_of_the_calendar)
{
	char out[32];
	int64_t instant;

	ck_assert(utc_parse(str_from(month_rows[_i].from), &instant));
	is_text(utc_format_iso(out, utc_months_before(instant, month_rows[_i].months)),
		month_rows[_i].to);
}
END_TEST

Suite *base_utc_suite(void);
Suite *base_utc_suite(void)
{
	Suite *suite = suite_create("base_utc");
	TCase *tests = tcase_create("utc");

	tcase_add_loop_test(tests, dates_agree_with_the_c_library, 0, 3);
	tcase_add_test(tests, every_day_of_four_centuries_goes_there_and_back);
	tcase_add_test(tests, the_whole_range_of_instants_is_taken);
	tcase_add_test(tests, instants_before_1970_round_down);
	tcase_add_test(tests, fields_out_of_range_are_carried);
	tcase_add_loop_test(tests, periods_have_their_bounds, 0,
			    sizeof period_rows / sizeof *period_rows);
	tcase_add_test(tests, periods_have_names);
	tcase_add_test(tests, each_form_is_written);
	tcase_add_loop_test(tests, each_form_is_read, 0, sizeof parse_rows / sizeof *parse_rows);
	tcase_add_loop_test(tests, what_is_no_time_is_refused, 0,
			    sizeof refused_rows / sizeof *refused_rows);
	tcase_add_test(tests, leap_days_are_read);
	tcase_add_loop_test(tests, months_are_those_of_the_calendar, 0,
			    sizeof month_rows / sizeof *month_rows);
	suite_add_tcase(suite, tests);
	return suite;
}
