/* Time zones: spec/portal.md 2.5, 3.16, PT-191. */
#include "portal/time_zone.h"

#include <check.h>

#include "base/utc.h"
#include "portal/time_zone_table.h"

static int64_t at(const char *text)
{
	int64_t instant_us = 0;

	ck_assert(utc_parse(str_from(text), &instant_us));
	return instant_us;
}

static void ck_str(struct str got, const char *wanted)
{
	ck_assert_msg(str_equal(got, str_from(wanted)), "wanted %s: %.*s", wanted, STR_ARG(got));
}

START_TEST(zones_go_by_two_names)
{
	ck_str(time_zone_name(time_zone_find(STR("Madrid"))), "Europe/Madrid");
	ck_str(time_zone_name(time_zone_find(STR("Europe/Madrid"))), "Europe/Madrid");
	ck_str(time_zone_name(time_zone_find(STR("UTC"))), "Etc/UTC");
	ck_str(time_zone_name(time_zone_find(STR("Pacific Time (US & Canada)"))),
	       "America/Los_Angeles");
	ck_assert_ptr_eq(time_zone_find(STR("Edinburgh")), time_zone_find(STR("London")));
	ck_assert_ptr_null(time_zone_find(STR("madrid")));
	ck_assert_ptr_null(time_zone_find(STR("Edinburgh|London")));
	ck_assert_ptr_null(time_zone_find(STR("")));
}
END_TEST

static const struct {
	const char *zone, *instant, *local;
} readings[] = {
	{"UTC", "2019-10-01T10:00:00Z", "2019-10-01T10:00:00Z"},
	{"London", "2019-01-01T10:00:00Z", "2019-01-01T10:00:00+00:00"},
	{"Madrid", "2019-03-31T00:59:59Z", "2019-03-31T01:59:59+01:00"},
	{"Madrid", "2019-03-31T01:00:00Z", "2019-03-31T03:00:00+02:00"},
	{"Madrid", "2019-10-27T00:59:59Z", "2019-10-27T02:59:59+02:00"},
	{"Madrid", "2019-10-27T01:00:00Z", "2019-10-27T02:00:00+01:00"},
	{"Dublin", "2019-07-01T00:00:00Z", "2019-07-01T01:00:00+01:00"},
	{"Azores", "2019-07-01T00:00:00Z", "2019-07-01T00:00:00+00:00"},
	{"Eastern Time (US & Canada)", "2019-03-10T06:59:59Z", "2019-03-10T01:59:59-05:00"},
	{"Eastern Time (US & Canada)", "2019-03-10T07:00:00Z", "2019-03-10T03:00:00-04:00"},
	{"Eastern Time (US & Canada)", "2019-11-03T05:59:59Z", "2019-11-03T01:59:59-04:00"},
	{"Eastern Time (US & Canada)", "2019-11-03T06:00:00Z", "2019-11-03T01:00:00-05:00"},
	{"Newfoundland", "2019-07-01T00:00:00Z", "2019-06-30T21:30:00-02:30"},
	{"Sydney", "2019-01-01T00:00:00Z", "2019-01-01T11:00:00+11:00"},
	{"Sydney", "2019-10-05T15:59:59Z", "2019-10-06T01:59:59+10:00"},
	{"Sydney", "2019-10-05T16:00:00Z", "2019-10-06T03:00:00+11:00"},
	{"Chatham Is.", "2024-09-28T14:00:00Z", "2024-09-29T03:45:00+13:45"},
	{"Jerusalem", "2019-03-28T23:59:59Z", "2019-03-29T01:59:59+02:00"},
	{"Jerusalem", "2019-03-29T00:00:00Z", "2019-03-29T03:00:00+03:00"},
	{"Cairo", "2019-07-01T00:00:00Z", "2019-07-01T02:00:00+02:00"},
	{"Cairo", "2024-07-01T00:00:00Z", "2024-07-01T03:00:00+03:00"},
	{"Brasilia", "2018-12-01T00:00:00Z", "2018-11-30T22:00:00-02:00"},
	{"Brasilia", "2019-12-01T00:00:00Z", "2019-11-30T21:00:00-03:00"},
	{"Istanbul", "2016-01-01T00:00:00Z", "2016-01-01T02:00:00+02:00"},
	{"Istanbul", "2019-01-01T00:00:00Z", "2019-01-01T03:00:00+03:00"},
	{"Mexico City", "2022-07-01T00:00:00Z", "2022-06-30T19:00:00-05:00"},
	{"Mexico City", "2023-07-01T00:00:00Z", "2023-06-30T18:00:00-06:00"},
	{"Santiago", "2024-07-01T00:00:00Z", "2024-06-30T20:00:00-04:00"},
	{"Casablanca", "2019-05-20T00:00:00Z", "2019-05-20T00:00:00+00:00"},
	{"Kathmandu", "2019-01-01T00:00:00Z", "2019-01-01T05:45:00+05:45"},
	{"Tokyo", "1969-12-31T23:59:59Z", "1970-01-01T08:59:59+09:00"},
};

START_TEST(clocks_show_what_the_rules_say)
{
	char out[48];

	ck_str(time_zone_format_iso(out, time_zone_find(str_from(readings[_i].zone)),
				    at(readings[_i].instant)),
	       readings[_i].local);
	/* The reading says the instant, offset and all. */
	ck_assert_int_eq(at(readings[_i].local), at(readings[_i].instant));
}
END_TEST

START_TEST(local_times_stand_for_instants)
{
	const struct time_zone *madrid = time_zone_find(STR("Madrid"));

	ck_assert_int_eq(time_zone_instant_us(madrid, at("2019-10-01T00:00:00Z")),
			 at("2019-09-30T22:00:00Z"));
	/* Shown twice: the first time. */
	ck_assert_int_eq(time_zone_instant_us(madrid, at("2019-10-27T02:30:00Z")),
			 at("2019-10-27T00:30:00Z"));
	ck_assert_int_eq(time_zone_instant_us(madrid, at("2019-10-27T03:00:00Z")),
			 at("2019-10-27T02:00:00Z"));
	/* Never shown. */
	ck_assert_int_eq(time_zone_instant_us(madrid, at("2019-03-31T02:30:00Z")),
			 at("2019-03-31T01:30:00Z"));
	ck_assert_int_eq(time_zone_instant_us(madrid, at("2019-03-31T03:00:00Z")),
			 at("2019-03-31T01:00:00Z"));
}
END_TEST

/* Every instant comes back from its local time, but for the hour that is shown twice. */
START_TEST(every_zone_goes_there_and_back)
{
	const int64_t step_us = 7 * 3600 * UTC_SECOND_US, hour_us = 3600 * UTC_SECOND_US;
	const struct time_zone *zone = &time_zone_table[_i];

	ck_assert_ptr_eq(time_zone_find(zone->name), zone);
	for (int64_t now = at("2014-12-01"); now < at("2039-01-01"); now += step_us) {
		int64_t back = time_zone_instant_us(zone, time_zone_local_us(zone, now));

		ck_assert_msg(back == now || (back == now - hour_us &&
					      time_zone_offset_s(zone, back) ==
						      time_zone_offset_s(zone, now) + 3600),
			      "%.*s", STR_ARG(zone->name));
	}
}
END_TEST

START_TEST(some_documents_show_times_as_databases_do)
{
	char out[48];
	int64_t now = at("2019-10-01T10:00:00Z");

	ck_str(time_zone_format_sql(out, time_zone_utc(), now), "2019-10-01 10:00:00 UTC");
	ck_str(time_zone_format_sql(out, time_zone_find(STR("Madrid")), now),
	       "2019-10-01 12:00:00 +0200");
	ck_str(time_zone_format_sql(out, time_zone_find(STR("Caracas")), now),
	       "2019-10-01 06:00:00 -0400");
}
END_TEST

Suite *portal_time_zone_suite(void);
Suite *portal_time_zone_suite(void)
{
	Suite *suite = suite_create("portal_time_zone");
	TCase *tests = tcase_create("time_zone");

	tcase_add_test(tests, zones_go_by_two_names);
	tcase_add_loop_test(tests, clocks_show_what_the_rules_say, 0,
			    (int)(sizeof readings / sizeof *readings));
	tcase_add_test(tests, local_times_stand_for_instants);
	tcase_add_loop_test(tests, every_zone_goes_there_and_back, 0, (int)time_zone_table_count);
	tcase_add_test(tests, some_documents_show_times_as_databases_do);
	suite_add_tcase(suite, tests);
	return suite;
}
