#include "backend/stats_keys.h"

#include <check.h>

#include "base/arena.h"

/* spec/backend.md 6.4 */
static const struct {
	const char *instant, *compact;
} compact_rows[] = {
	{"2019-06-01T00:00:00Z", "20190601"},      {"2019-06-10T00:00:00Z", "20190610"},
	{"2019-10-30T00:00:00Z", "20191030"},      {"2019-06-01T09:00:00Z", "2019060109"},
	{"2019-06-01T10:00:00Z", "201906011"},     {"2019-06-01T20:00:00Z", "201906012"},
	{"2019-06-01T10:23:00Z", "201906011023"},  {"2019-06-01T10:20:00Z", "20190601102"},
	{"2019-06-01T00:10:00Z", "20190601001"},   {"2019-06-01T06:00:00Z", "2019060106"},
	{"2019-06-01T10:20:30Z", "2019060110203"}, {"2019-06-01T10:00:05Z", "20190601100005"},
	{"1970-01-01T00:00:00Z", "19700101"},
};

START_TEST(times_are_cut_from_their_end)
{
	char out[STATS_COMPACT_BYTES];
	int64_t instant_us;
	struct str compact;

	ck_assert(utc_parse(str_from(compact_rows[_i].instant), &instant_us));
	compact = stats_compact_time(out, instant_us);
	ck_assert_msg(str_equal(compact, str_from(compact_rows[_i].compact)), "%.*s is not %s",
		      STR_ARG(compact), compact_rows[_i].compact);
}
END_TEST

static const struct {
	struct stats_subject subject;
	enum utc_period period;
	const char *key; /* NULL: there is none */
} key_rows[] = {
	{{.service = STR_INIT("7"), .metric = STR_INIT("81")},
	 UTC_ETERNITY,
	 "stats/{service:7}/metric:81/eternity"},
	{{.service = STR_INIT("7"), .metric = STR_INIT("81")},
	 UTC_WEEK,
	 "stats/{service:7}/metric:81/week:20190527"},
	{{.service = STR_INIT("7"), .metric = STR_INIT("81")}, UTC_YEAR, NULL},
	{{.service = STR_INIT("7"), .metric = STR_INIT("81")}, UTC_MINUTE, NULL},
	{{.service = STR_INIT("7"), .application = STR_INIT("a b"), .metric = STR_INIT("81")},
	 UTC_MINUTE,
	 "stats/{service:7}/cinstance:a b/metric:81/minute:20190601102"},
	{{.service = STR_INIT("7"), .application = STR_INIT("a"), .metric = STR_INIT("81")},
	 UTC_YEAR,
	 "stats/{service:7}/cinstance:a/metric:81/year:20190101"},
	{{.service = STR_INIT("7"), .user = STR_INIT("u"), .metric = STR_INIT("81")},
	 UTC_YEAR,
	 "stats/{service:7}/uinstance:u/metric:81/year:20190101"},
	{{.service = STR_INIT("7"), .response_code = STR_INIT("2XX")},
	 UTC_HOUR,
	 "stats/{service:7}/response_code:2XX/hour:201906011"},
	{{.service = STR_INIT("7"), .application = STR_INIT("a"), .response_code = STR_INIT("404")},
	 UTC_MONTH,
	 "stats/{service:7}/cinstance:a/response_code:404/month:20190601"},
};

START_TEST(counters_have_names)
{
	struct arena *arena = arena_create();
	int64_t instant_us;

	ck_assert(utc_parse(STR("2019-06-01T10:20:30Z"), &instant_us));
	ck_assert_int_eq(stats_has_period(&key_rows[_i].subject, key_rows[_i].period),
			 key_rows[_i].key != NULL);
	if (key_rows[_i].key != NULL)
		ck_assert_str_eq(str_cstr(arena, stats_key(arena, &key_rows[_i].subject,
							   key_rows[_i].period, instant_us)),
				 key_rows[_i].key);
	ck_assert_str_eq(str_cstr(arena, stats_applications_key(arena, STR("7"))),
			 "stats/{service:7}/cinstances");
	arena_destroy(arena);
}
END_TEST

START_TEST(periods_are_written_once_for_a_minute)
{
	static const char *const instants[] = {"2019-06-01T10:20:00Z",   "2019-06-01T10:20:59.9Z",
					       "2019-06-01T10:21:00Z",   "2019-05-31T23:59:59Z",
					       "1969-12-31T23:59:59.5Z", "1970-01-01T00:00:00Z"};
	const struct stats_subject subject = {
		.service = STR("7001"), .application = STR("a"), .metric = STR("81")};
	struct arena *arena = arena_create();
	struct stats_times times = {.is_set = false};

	for (size_t i = 0; i < sizeof instants / sizeof *instants; i++) {
		int64_t instant_us;

		ck_assert(utc_parse(str_from(instants[i]), &instant_us));
		stats_times_set(&times, instant_us);
		for (int period = UTC_MINUTE; period <= UTC_ETERNITY; period++)
			ck_assert(str_equal(
				stats_key_at(arena, &subject, (enum utc_period)period, &times),
				stats_key(arena, &subject, (enum utc_period)period, instant_us)));
	}
	arena_destroy(arena);
}
END_TEST

Suite *backend_stats_keys_suite(void);
Suite *backend_stats_keys_suite(void)
{
	Suite *suite = suite_create("backend_stats_keys");
	TCase *test = tcase_create("stats_keys");

	tcase_add_loop_test(test, times_are_cut_from_their_end, 0,
			    sizeof compact_rows / sizeof *compact_rows);
	tcase_add_loop_test(test, counters_have_names, 0, sizeof key_rows / sizeof *key_rows);
	tcase_add_test(test, periods_are_written_once_for_a_minute);
	suite_add_tcase(suite, test);
	return suite;
}
