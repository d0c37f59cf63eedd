#include "base/cron.h"

#include <check.h>

#include "base/error.h"
#include "base/utc.h"

static const struct {
	const char *text, *now, *last;
} times[] = {
	{"0 8 * * *", "2019-10-01T08:00:00Z", "2019-10-01T08:00:00Z"},
	{"0 8 * * *", "2019-10-01T08:00:59Z", "2019-10-01T08:00:00Z"},
	{"0 8 * * *", "2019-10-01T07:59:59Z", "2019-09-30T08:00:00Z"},
	{"42 * * * *", "2019-10-01T00:10:00Z", "2019-09-30T23:42:00Z"},
	{"0 0 * * 1", "2019-10-06T23:59:00Z", "2019-09-30T00:00:00Z"},
	{"0 0 * * mon", "2019-10-07T00:00:00Z", "2019-10-07T00:00:00Z"},
	{"0 0 * * 7", "2019-10-07T00:00:00Z", "2019-10-06T00:00:00Z"},
	{"0 0 * * 0", "2019-10-07T00:00:00Z", "2019-10-06T00:00:00Z"},
	{"*/15 * * * *", "2019-10-01T10:44:00Z", "2019-10-01T10:30:00Z"},
	{"*/59 * * * *", "2019-10-01T10:59:10Z", "2019-10-01T10:59:00Z"},
	{"5/20 * * * *", "2019-10-01T10:44:00Z", "2019-10-01T10:25:00Z"},
	{"10-30/10,55 1,3-4 * * *", "2019-10-01T05:00:00Z", "2019-10-01T04:55:00Z"},
	{"10-30/10,55 1,3-4 * * *", "2019-10-01T02:54:00Z", "2019-10-01T01:55:00Z"},
	{"0 0 1 JAN *", "2019-10-01T00:00:00Z", "2019-01-01T00:00:00Z"},
	{"0 0 29 2 *", "2019-10-01T00:00:00Z", "2016-02-29T00:00:00Z"},
	{"0 0 29 2 *", "1904-02-28T00:00:00Z", "1896-02-29T00:00:00Z"},
	{"0 0 31 * *", "2019-10-01T00:00:00Z", "2019-08-31T00:00:00Z"},
	/* Both days restricted: either. */
	{"0 0 13 * 5", "2019-10-15T00:00:00Z", "2019-10-13T00:00:00Z"},
	{"0 0 13 * 5", "2019-10-12T00:00:00Z", "2019-10-11T00:00:00Z"},
	{"  0   0 * * *  ", "2019-10-12T01:00:00Z", "2019-10-12T00:00:00Z"},
	{"59 23 31 12 *", "2019-12-31T23:59:30Z", "2019-12-31T23:59:00Z"},
};

START_TEST(the_last_time_is_found)
{
	int64_t now_us, last_us;
	struct error error = {0};
	struct cron cron;

	ck_assert_msg(cron_parse(str_from(times[_i].text), &cron, &error), "%s", error.text);
	ck_assert(utc_parse(str_from(times[_i].now), &now_us));
	ck_assert(utc_parse(str_from(times[_i].last), &last_us));
	ck_assert_int_eq(cron_last(&cron, now_us), last_us);
}
END_TEST

static const struct {
	const char *text, *why;
} refusals[] = {
	{"", "it has minute, hour, day, month and weekday"},
	{"0 8 * *", "it has minute, hour, day, month and weekday"},
	{"0 8 * * * *", "it has five fields"},
	{"60 8 * * *", "minute"},
	{"-1 8 * * *", "minute"},
	{"0 24 * * *", "hour"},
	{"0 8 0 * *", "day"},
	{"0 8 32 * *", "day"},
	{"0 8 * 13 *", "month"},
	{"0 8 * mon *", "month"},
	{"0 8 * * 8", "weekday"},
	{"0 8 * * noon", "weekday"},
	{"5-1 * * * *", "minute"},
	{"*/0 * * * *", "minute"},
	{",1 * * * *", "minute"},
	{"*/60 * * * *", "minute"},
	{"1-99 * * * *", "minute"},
	{"0 0 30 2 *", "there is no such day"},
};

START_TEST(what_is_none_is_refused)
{
	struct error error = {0};
	struct cron cron;

	ck_assert(!cron_parse(str_from(refusals[_i].text), &cron, &error));
	ck_assert_uint_ne(str_find(str_from(error.text), str_from(refusals[_i].why)),
			  STR_NOT_FOUND);
	ck_assert_uint_ne(str_find(str_from(error.text), str_from(refusals[_i].text)),
			  STR_NOT_FOUND);
}
END_TEST

Suite *base_cron_suite(void);
Suite *base_cron_suite(void)
{
	Suite *suite = suite_create("base_cron");
	TCase *tests = tcase_create("cron");

	tcase_add_loop_test(tests, the_last_time_is_found, 0, sizeof times / sizeof *times);
	tcase_add_loop_test(tests, what_is_none_is_refused, 0, sizeof refusals / sizeof *refusals);
	suite_add_tcase(suite, tests);
	return suite;
}
