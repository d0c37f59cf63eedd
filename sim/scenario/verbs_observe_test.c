#include "sim/scenario/desk_test.h"

static struct desk desk;

static void set_up(void)
{
	desk_open(&desk);
}

static void tear_down(void)
{
	desk_close(&desk);
}

/* dig */

START_TEST(dig_tells_what_the_resolver_says)
{
	desk_assert_passes(
		&desk, "hosts: {api: {ttl: 5}}",
		"- {dig: api.example.com, expect: 10.0.0.2}\n"
		"- {dig: {name: api.example.com, from: cage}, expect: 10.0.0.2}\n"
		"- {dig: cage, expect: 10.0.0.3}\n"
		"- {dig: nobody.example.com, expect: NXDOMAIN}\n"
		"- dns.set: {name: two.example.com, addresses: '10.0.0.2, 10.0.0.3'}\n"
		"- {dig: two.example.com, expect: '10.0.0.2,10.0.0.3'}\n"
		"- dns.fail: api.example.com\n"
		"- {dig: api.example.com, expect: NXDOMAIN}\n"
		"- dns.timeout: api.example.com\n"
		"- {dig: api.example.com, expect: connection timed out; no servers could be "
		"reached}\n"
		"- dns.restore: api.example.com\n"
		"- {dig: api.example.com, expect: 10.0.0.2}\n");
	desk_assert_fails(&desk, "", "- {dig: api.example.com, expect: 10.0.0.9}\n",
			  "expected api.example.com to be \"10.0.0.9\", got \"10.0.0.2\"");
	desk_assert_fails(&desk, "", "- {dig: {name: a, from: nobody}, expect: 10.0.0.9}\n",
			  "no host \"nobody\"");
}
END_TEST

START_TEST(a_resolver_that_remembers_sees_changes_late)
{
	desk_assert_passes(&desk, "hosts: {cage: {dns_cache: true}, api: {ttl: 60}}",
			   "- {dig: {name: api.example.com, from: cage}, expect: 10.0.0.2}\n"
			   "- dns.set: {name: api.example.com, addresses: 10.0.0.3, ttl: 10}\n"
			   "- {dig: api.example.com, expect: 10.0.0.3}\n"
			   "- {dig: {name: api.example.com, from: cage}, expect: 10.0.0.2}\n"
			   "- wait: 60s\n"
			   "- {dig: {name: api.example.com, from: cage}, expect: 10.0.0.3}\n");
}
END_TEST

/* log */

START_TEST(log_looks_for_lines_since_the_fault)
{
	desk_assert_passes(&desk, "",
			   "- process.start: parrot\n"
			   "- log: {of: parrot, contains: hello there}\n"
			   "- log: {of: parrot, contains: argument hello}\n"
			   "- log: {of: parrot, matches: '^ready .*t$'}\n"
			   "- log: {of: parrot, contains: nonsense, absent: true}\n"
			   "- log: {of: parrot, matches: '^non', absent: true}\n"
			   "- log: {of: echo, contains: ready, absent: true}\n");
	desk_assert_fails(&desk, "", "- log: {of: echo, contains: ready}\n",
			  "line 11: expected \"ready\" in the log of echo, last line: ready echo "
			  "port=80");
	desk_assert_fails(&desk, "", "- log: {of: parrot, contains: ready}\n",
			  "expected \"ready\" in the log of parrot, last line: (it said nothing)");
	desk_assert_fails(&desk, "",
			  "- process.start: parrot\n"
			  "- log: {of: parrot, matches: 'h[a-z]+o t', absent: true}\n",
			  "line 12: expected no \"h[a-z]+o t\" in the log of parrot, last line: "
			  "ready parrot");
}
END_TEST

START_TEST(log_before_the_fault_looks_at_all_lines)
{
	desk_assert_passes(&desk,
			   "steps: [{process.start: echo}, {log: {of: echo, contains: ready}}]",
			   "- wait: 0s\n");
}
END_TEST

START_TEST(log_waits_within)
{
	desk_assert_passes(&desk, "",
			   "- process.start: parrot\n"
			   "- log: {of: parrot, contains: tick, absent: true, within: 900ms}\n"
			   "- log: {of: parrot, contains: tick, within: 10s}\n");
	/* It goes on as soon as the line is there. */
	ck_assert_int_lt(desk_last(&desk)->ended_us, 4000000);
	desk_assert_fails(&desk, "",
			  "- process.start: parrot\n"
			  "- log: {of: parrot, contains: tick, within: 500ms}\n",
			  "expected \"tick\"");
	desk_assert_fails(&desk, "",
			  "- process.start: parrot\n"
			  "- log: {of: parrot, contains: tick, absent: true, within: 2s}\n",
			  "expected no \"tick\"");
}
END_TEST

START_TEST(log_says_what_it_needs)
{
	desk_assert_fails(&desk, "", "- log: {of: echo}\n", "log needs either contains or matches");
	desk_assert_fails(&desk, "", "- log: {of: echo, contains: a, matches: b}\n",
			  "log needs either contains or matches");
	desk_assert_fails(&desk, "", "- log: {of: nobody, contains: a}\n", "no process \"nobody\"");
	desk_assert_fails(&desk, "", "- log: {of: echo, matches: '('}\n", "invalid pattern");
	desk_assert_fails(&desk, "", "- log: {of: echo, contains: a, within: soon}\n",
			  "within: \"soon\" is no duration");
}
END_TEST

/* traffic */

#define TRAFFIC "traffic: {get: '{api}/', every: 1s}"

START_TEST(traffic_counts_calls_that_begin_from_now_on)
{
	desk_assert_passes(&desk, TRAFFIC,
			   "- traffic: {status: 200, within: 2s}\n"
			   "- traffic: {status: 200, within: 10s, count: 5}\n"
			   "- process.kill: echo\n"
			   "- traffic: {failure: connection refused, within: 5s, count: 3}\n"
			   "- process.start: echo\n"
			   "- traffic: {status: 200, within: 2s}\n");
	desk_assert_fails(&desk, TRAFFIC, "- traffic: {status: 200, within: 3s, count: 5}\n",
			  "line 11: expected 5 such calls, saw 2; the last had status 200");
	desk_assert_fails(&desk, TRAFFIC, "- traffic: {status: 500, within: 3s}\n",
			  "expected 1 such calls, saw 0; the last had status 200");
	desk_assert_fails(&desk, TRAFFIC,
			  "- process.stop: echo\n- traffic: {status: 200, within: 3s}\n",
			  "saw 0; the last failed: connection refused");
	desk_assert_fails(&desk, TRAFFIC, "- traffic: {status: 200, within: 500ms}\n",
			  "no call of the traffic began and was over in time");
}
END_TEST

START_TEST(traffic_that_is_under_way_does_not_count)
{
	/* Begun before the kill, it is cut off; those that begin later are refused. */
	desk_assert_fails(&desk, "traffic: {get: '{api}/delay/5000', every: 10s}",
			  "- wait: 10s\n"
			  "- process.kill: echo\n"
			  "- traffic: {failure: connection reset by peer, within: 30s}\n",
			  "the last failed: connection refused");
}
END_TEST

START_TEST(traffic_says_what_it_needs)
{
	desk_assert_fails(&desk, "", "- traffic: {status: 200, within: 1s}\n",
			  "this world has no traffic");
	desk_assert_fails(&desk, TRAFFIC, "- traffic: {within: 1s}\n",
			  "traffic needs either status or failure");
	desk_assert_fails(&desk, TRAFFIC, "- traffic: {status: 200, failure: x, within: 1s}\n",
			  "traffic needs either status or failure");
	desk_assert_fails(&desk, TRAFFIC, "- traffic: {status: 20, within: 1s}\n",
			  "status must be a number from 100 to 599");
	desk_assert_fails(&desk, TRAFFIC, "- traffic: {status: 200, within: 1s, count: 0}\n",
			  "count must be a number from 1");
	desk_assert_fails(&desk, TRAFFIC, "- traffic: {status: 200}\n", "within: \"\" is no");
}
END_TEST

static const struct {
	const char *traffic, *error;
} wrong_traffic[] = {
	{"{get: '{api}/'}", "every: \"\" is no duration"},
	{"{get: '{api}/', every: 0s}", "every: more than 0s"},
	{"{get: nowhere, every: 1s}", "missing scheme"},
	{"{get: '{nowhere}', every: 1s}", "no variable {nowhere}"},
	{"{get: '{api}/', every: 1s, from: nobody}", "no host \"nobody\""},
};

START_TEST(traffic_that_cannot_be_is_said_so)
{
	struct str world = str_format(desk.arena, "traffic: %s", wrong_traffic[_i].traffic);

	desk_assert_fails(&desk, str_cstr(desk.arena, world), "- wait: 0s\n",
			  wrong_traffic[_i].error);
	ck_assert(str_equal(desk_last(&desk)->section, STR("world")));
	ck_assert(str_equal(desk_last(&desk)->text, STR("traffic")));
}
END_TEST

START_TEST(a_day_of_traffic_is_a_day)
{
	desk_assert_passes(&desk, "traffic: {get: '{api}/', every: 60s, from: cage}",
			   "- wait: 1d\n"
			   "- traffic: {status: 200, within: 5m}\n");
	ck_assert_int_gt(desk.result.virtual_us, INT64_C(86400000000));
	ck_assert_uint_gt(desk.result.events, 1440);
}
END_TEST

/* wait */

START_TEST(wait_takes_its_time)
{
	desk_assert_passes(&desk, "", "- wait: 90m\n");
	ck_assert_int_ge(desk.result.virtual_us, INT64_C(5400000000));
	desk_assert_fails(&desk, "", "- wait: a while\n", "\"a while\" is no duration");
	desk_assert_fails(&desk, "", "- wait: -1\n", "\"-1\" is no duration");
}
END_TEST

Suite *sim_scenario_verbs_observe_suite(void);
Suite *sim_scenario_verbs_observe_suite(void)
{
	Suite *suite = suite_create("sim_scenario_verbs_observe");
	TCase *tests = tcase_create("observing");

	tcase_add_checked_fixture(tests, set_up, tear_down);
	tcase_add_test(tests, dig_tells_what_the_resolver_says);
	tcase_add_test(tests, a_resolver_that_remembers_sees_changes_late);
	tcase_add_test(tests, log_looks_for_lines_since_the_fault);
	tcase_add_test(tests, log_before_the_fault_looks_at_all_lines);
	tcase_add_test(tests, log_waits_within);
	tcase_add_test(tests, log_says_what_it_needs);
	tcase_add_test(tests, traffic_counts_calls_that_begin_from_now_on);
	tcase_add_test(tests, traffic_that_is_under_way_does_not_count);
	tcase_add_test(tests, traffic_says_what_it_needs);
	tcase_add_loop_test(tests, traffic_that_cannot_be_is_said_so, 0,
			    sizeof wrong_traffic / sizeof *wrong_traffic);
	tcase_add_test(tests, a_day_of_traffic_is_a_day);
	tcase_add_test(tests, wait_takes_its_time);
	suite_add_tcase(suite, tests);
	return suite;
}
