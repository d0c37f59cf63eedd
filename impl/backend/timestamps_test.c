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
};

START_TEST(times_are_read_in_many_forms)
{
	int64_t found_us = 7, expected_us = 7;
	bool is_time = timestamp_parse(str_from(rows[_i].text), &found_us);

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
	suite_add_tcase(suite, test);
	return suite;
}
