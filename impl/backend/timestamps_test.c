#include "backend/timestamps.h"

#include <check.h>

#include "base/utc.h"

/* spec/backend.md 5.4 */
static const struct {
	const char *text, *instant; /* NULL: no time */
} rows[] = {
	{"2010-04-22 10:20:30", "2010-04-22T10:20:30Z"},
	{" 2010-04-22 10:20:30 ", "2010-04-22T10:20:30Z"},
	{"2010-04-22 10:20:30 UTC", "2010-04-22T10:20:30Z"},
	{"2010-04-22 10:20:30Z", "2010-04-22T10:20:30Z"},
	{"2010-04-22 10:20:30 GMT", "2010-04-22T10:20:30Z"},
	{"2010-04-22 10:20:30 +0200", "2010-04-22T08:20:30Z"},
	{"2010-04-22 10:20:30 -02:30", "2010-04-22T12:50:30Z"},
	{"2010-04-22 10:20:30+02", "2010-04-22T08:20:30Z"},
	{"2010-04-22 10:20:30 EST", "2010-04-22T15:20:30Z"},
	{"2010-04-22 10:20:30 XYZ", NULL},
	{"2010-04-22T10:20:30.75Z", "2010-04-22T10:20:30Z"},
	{"2010-04-22 10:20", "2010-04-22T10:20:00Z"},
	{"2010-04-22", "2010-04-22T00:00:00Z"},
	{"2010/04/22", "2010-04-22T00:00:00Z"},
	{"22-04-2010", "2010-04-22T00:00:00Z"},
	{"22 Apr 2010", "2010-04-22T00:00:00Z"},
	{"22 April 2010 10:20", "2010-04-22T10:20:00Z"},
	{"Thu, 22 Apr 2010 10:20:30 GMT", "2010-04-22T10:20:30Z"},
	{"2010-02-30 00:00:00", "2010-03-02T00:00:00Z"},
	{"20100422", "2010-04-22T00:00:00Z"},
	{"2010042223", "2010-04-22T23:00:00Z"},
	{"201004222359", "2010-04-22T23:59:00Z"},
	{"20100422235958", "2010-04-22T23:59:58Z"},
	{"", NULL},
	{"  ", NULL},
	{"garbage", NULL},
	{"2012garbage2012", NULL},
	{"10:00", NULL},
	{"2010-13-45 00:00:00", NULL},
	{"2010-04-22 25:00:00", NULL},
	{"2010-04-22 10:20:", NULL},
	{"2010-04-22 10:20:30.", NULL},
	{"2010-04-22 10:20:30 +2", NULL},
	{"2010-04-22 10:20:30 +02:", NULL},
	{"2010-04-22 10:20:30 +2500", NULL},
	{"2010-04-22 10:20:30 Z x", NULL},
	{"2010-04", NULL},
	{"2010-04/22", NULL},
	{"10-04-22", NULL},
	{"22 Foo 2010", NULL},
	{"0", NULL},
	{"1271980765", NULL},
	{"201004222", NULL},
	{"20100422T1020", "2010-04-22T10:20:00Z"},
	{"20100422T102030Z", "2010-04-22T10:20:30Z"},
	{"20100422T102", NULL},
};

/* Where integers are seconds. */
static const struct {
	const char *text;
	int64_t seconds; /* -1: no time */
} integer_rows[] = {
	{"1271980765", 1271980765},
	{" 1271980765\n", 1271980765},
	{"+5", 5},
	{"-5", -5},
	{"0", 0},
	{"20100422", 20100422},
	{"0x10", 16},
	{"0XfF", 255},
	{"0b101", 5},
	{"0o17", 15},
	{"0d19", 19},
	{"010", 8},
	{"0_10", 8},
	{"1_000", 1000},
	{"08", -1},
	{"0x", -1},
	{"0xg", -1},
	{"1__0", -1},
	{"_1", -1},
	{"1_", -1},
	{"-", -1},
	{"", -1},
	{"5 5", -1},
	{"2019-06-01", 1559347200},
	{"2019-06-01 10:20:30 EST", 1559402430},
	{"garbage", -1},
};

START_TEST(integers_are_seconds_in_later_releases)
{
	int64_t found_us = 7;
	bool is_time = timestamp_parse(str_from(integer_rows[_i].text), true, &found_us);

	ck_assert_msg(is_time == (integer_rows[_i].seconds != -1), "\"%s\"", integer_rows[_i].text);
	if (is_time)
		ck_assert_msg(found_us == integer_rows[_i].seconds * UTC_SECOND_US, "\"%s\"",
			      integer_rows[_i].text);
}
END_TEST

START_TEST(numbers_beyond_the_calendar_stay_beyond_it)
{
	int64_t found_us;

	ck_assert(timestamp_parse(STR("99999999999999999999999999"), true, &found_us));
	ck_assert_int_gt(found_us, INT64_C(4000000000) * UTC_SECOND_US);
	ck_assert(timestamp_parse(STR("-0xffffffffffffffffffffffff"), true, &found_us));
	ck_assert_int_lt(found_us, -INT64_C(4000000000) * UTC_SECOND_US);
}
END_TEST

START_TEST(times_are_read_in_many_forms)
{
	int64_t found_us = 7, expected_us = 7;
	bool is_time = timestamp_parse(str_from(rows[_i].text), false, &found_us);

	ck_assert_msg(is_time == (rows[_i].instant != NULL), "\"%s\"", rows[_i].text);
	if (is_time)
		ck_assert(utc_parse(str_from(rows[_i].instant), &expected_us));
	ck_assert_msg(found_us == expected_us, "\"%s\"", rows[_i].text);
}
END_TEST

Suite *backend_timestamps_suite(void);
Suite *backend_timestamps_suite(void)
{
	Suite *suite = suite_create("backend_timestamps");
	TCase *test = tcase_create("timestamps");

	tcase_add_loop_test(test, times_are_read_in_many_forms, 0, sizeof rows / sizeof *rows);
	tcase_add_loop_test(test, integers_are_seconds_in_later_releases, 0,
			    sizeof integer_rows / sizeof *integer_rows);
	tcase_add_test(test, numbers_beyond_the_calendar_stay_beyond_it);
	suite_add_tcase(suite, test);
	return suite;
}
