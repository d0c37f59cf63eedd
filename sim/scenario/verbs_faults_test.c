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

#define REFUSED "expect: {failure: connection refused}"
#define SILENT "expect: {failure: connection timed out}"
#define FINE "expect: {status: 200}"

/* The network. */

START_TEST(rules_hold_until_they_end)
{
	desk_assert_passes(&desk, "",
			   "- {net.drop: {from: client, to: api}, as: firewall}\n"
			   "- {call: {get: '{api}/'}, " SILENT "}\n"
			   "- {call: {get: '{api}/', from: cage}, " FINE "}\n"
			   "- end: firewall\n"
			   "- {call: {get: '{api}/'}, " FINE "}\n"
			   "- net.reject: {to: 10.0.0.2, port: 80}\n"
			   "- {call: {get: '{api}/'}, " REFUSED "}\n"
			   "- end: net.reject\n"
			   "- {call: {get: '{api}/'}, " FINE "}\n"
			   "- net.delay: {from: client, by: 3s}\n"
			   "- {call: {get: '{api}/'}, expect: {status: 200, at_least: 6s}}\n"
			   "- end: net.delay\n"
			   "- {call: {get: '{api}/'}, expect: {status: 200, at_most: 1s}}\n");
}
END_TEST

START_TEST(a_reset_cuts_open_connections)
{
	desk_assert_passes(&desk, "traffic: {get: '{api}/delay/60000', every: 5s}",
			   "- net.reset: {to: api}\n"
			   "- {call: {get: '{api}/'}, " REFUSED "}\n"
			   "- end: net.reset\n"
			   "- {call: {get: '{api}/'}, " FINE "}\n");
}
END_TEST

START_TEST(two_rules_of_one_name_end_one_after_the_other)
{
	desk_assert_passes(&desk, "",
			   "- {net.drop: {from: client, port: 80}, as: f}\n"
			   "- {call: {get: '{api}/'}, " SILENT "}\n"
			   "- {net.reject: {from: cage}, as: f}\n"
			   "- {call: {get: '{api}/', from: cage}, " REFUSED "}\n"
			   "- end: f\n"
			   "- {call: {get: '{api}/'}, " FINE "}\n"
			   "- {call: {get: '{api}/', from: cage}, " REFUSED "}\n"
			   "- end: f\n"
			   "- {call: {get: '{api}/', from: cage}, " FINE "}\n");
}
END_TEST

static const struct {
	const char *step, *error;
} wrong_faults[] = {
	{"net.drop: {from: nobody}", "line 11: no host \"nobody\""},
	{"net.drop: {to: nobody}", "line 11: no host \"nobody\""},
	{"net.drop: {port: 0}", "port must be a number from 1 to 65535, not \"0\""},
	{"net.drop: {port: 65616}", "port must be a number from 1 to 65535"},
	{"net.delay: {to: api}", "by: \"\" is no duration"},
	{"end: firewall", "no rule firewall is in force"},
	{"dns.set: {name: a}", "dns.set needs name, and addresses"},
	{"dns.set: {addresses: 10.0.0.1}", "dns.set needs name, and addresses"},
	{"dns.set: {name: a, addresses: 'api, 10.0.0.1'}", "dns.set needs name, and addresses"},
	{"dns.set: {name: a, addresses: 10.0.0.1, ttl: soon}", "ttl must be a number"},
	{"dns.restore: api.example.com", "nothing is wrong with the name api.example.com"},
	{"host.down: nobody", "no host \"nobody\""},
	{"host.up: nobody", "no host \"nobody\""},
	{"host.up: api", "host api is up"},
	{"clock.jump: {host: nobody, by: 1s}", "no host \"nobody\""},
	{"clock.jump: {host: api, by: far}", "by: \"far\" is no duration"},
	{"clock.jump: {host: api, by: --1s}", "by: \"-1s\" is no duration"},
	{"redis.stop: nobody", "no Redis \"nobody\""},
	{"redis.start: nobody", "no Redis \"nobody\""},
	{"redis.start: storage", "Redis storage runs"},
};

START_TEST(a_fault_that_cannot_be_is_said_so)
{
	struct str steps = str_format(desk.arena, "- %s\n", wrong_faults[_i].step);

	desk_assert_fails(&desk, "redis: {storage: {host: cage}}", str_cstr(desk.arena, steps),
			  wrong_faults[_i].error);
}
END_TEST

/* Without effect. */

static const char *const idle_faults[] = {
	"- {net.drop: {to: cage}, as: idle}\n",
	"- {net.reject: {to: api, port: 81}, as: idle}\n- {call: {get: '{api}/'}, " FINE "}\n",
	"- {net.reset: {to: api}, as: idle}\n- end: idle\n",
	"- {net.delay: {to: cage, by: 1s}, as: idle}\n",
	"- {dns.fail: api.example.com, as: idle}\n- {call: {get: 'http://10.0.0.2/'}}\n",
	"- {dns.timeout: api.example.com, as: idle}\n- dns.restore: api.example.com\n"
	"- {call: {get: '{api}/'}, " FINE "}\n",
	"- {dns.set: {name: a.example.com, addresses: 10.0.0.2}, as: idle}\n",
	/* The second one is seen, the first was not. */
	"- {dns.set: {name: a.example.com, addresses: 10.0.0.3}, as: idle}\n"
	"- {dns.set: {name: A.example.com, addresses: 10.0.0.2}, as: good}\n"
	"- {call: {get: 'http://a.example.com/'}, " FINE "}\n",
	"- host.down: cage\n- {host.down: cage, as: idle}\n",
	"- redis.stop: storage\n- {redis.stop: storage, as: idle}\n",
	"- host.down: cage\n- {redis.stop: storage, as: idle}\n",
};

START_TEST(a_fault_without_effect_fails)
{
	desk_assert_fails(&desk, "redis: {storage: {host: cage}}", idle_faults[_i],
			  "the fault idle had no effect");
	ck_assert(str_equal(desk_last(&desk)->section, STR("fault")));
	ck_assert(str_equal(desk_last(&desk)->text, STR("effects")));
	desk_assert_has(desk_last(&desk)->problem, "scenarios/s.yaml: line 1");
}
END_TEST

START_TEST(a_fault_without_a_name_is_called_by_its_verb)
{
	desk_assert_fails(&desk, "", "- wait: 0s\n- net.drop: {to: cage}\n",
			  "scenarios/s.yaml: line 12: the fault net.drop had no effect");
}
END_TEST

/* Names. */

START_TEST(names_fail_until_they_are_restored)
{
	desk_assert_passes(&desk, "",
			   "- dns.fail: api.example.com\n"
			   "- {call: {get: '{api}/'}, expect: {failure: name not found}}\n"
			   "- dns.timeout: api.example.com\n"
			   "- {call: {get: '{api}/'}, expect: {failure: name lookup timed out}}\n"
			   "- dns.restore: api.example.com\n"
			   "- {call: {get: '{api}/'}, " FINE "}\n");
	desk_assert_fails(&desk, "",
			  "- dns.fail: api.example.com\n"
			  "- {dig: api.example.com, expect: NXDOMAIN}\n"
			  "- dns.set: {name: API.example.com, addresses: 10.0.0.3}\n",
			  "line 13: API.example.com does not resolve: dns.restore first");
	desk_assert_fails(&desk, "",
			  "- dns.set: {name: api.example.com, addresses: 10.0.0.3}\n"
			  "- dns.restore: api.example.com\n",
			  "nothing is wrong with the name api.example.com");
}
END_TEST

START_TEST(names_change)
{
	desk_assert_passes(&desk, "",
			   "- dns.set: {name: api.example.com, addresses: 10.0.0.3}\n"
			   "- {call: {get: '{api}/'}, " REFUSED "}\n"
			   "- dns.set: {name: api.example.com, addresses: 10.0.0.2}\n"
			   "- {call: {get: '{api}/'}, " FINE "}\n");
}
END_TEST

/* Hosts. */

START_TEST(a_host_that_was_down_runs_nothing)
{
	desk_assert_passes(&desk, "redis: {storage: {host: api, port: 6380}}",
			   "- host.down: api\n"
			   "- host.up: api\n"
			   "- {call: {get: '{api}/'}, " REFUSED "}\n"
			   "- {call: {get: 'http://api:6380/'}, " REFUSED "}\n"
			   "- process.start: echo\n"
			   "- redis.start: storage\n"
			   "- {call: {get: '{api}/'}, " FINE "}\n"
			   "- {call: {get: 'http://api:6380/'}, expect: {failure: answer is not "
			   "HTTP}}\n");
	desk_assert_passes(&desk, "", "- host.down: api\n- {call: {get: '{api}/'}, " SILENT "}\n");
	desk_assert_fails(&desk, "", "- host.down: api\n- process.start: echo\n",
			  "process echo: host api is down");
	desk_assert_fails(&desk, "redis: {storage: {host: api}}",
			  "- host.down: api\n- redis.start: storage\n",
			  "the host of Redis storage is down");
}
END_TEST

START_TEST(a_port_that_was_taken_meanwhile_is_told)
{
	desk_assert_fails(
		&desk,
		"redis: {storage: {host: api, port: 81}}, "
		"processes: {second: {host: api, command: refscale echo --port 81}}",
		"- redis.stop: storage\n- process.start: second\n- redis.start: storage\n",
		":81: address in use");
}
END_TEST

START_TEST(who_calls_may_be_down_too)
{
	desk_assert_passes(&desk, "traffic: {get: '{api}/delay/1500', every: 1s}",
			   "- host.down: client\n"
			   "- traffic: {failure: name lookup timed out, within: 300s, count: 2}\n"
			   "- {dig: api.example.com, expect: connection timed out; no servers "
			   "could be reached}\n"
			   "- {call: {get: 'http://10.0.0.2/'}, " SILENT "}\n"
			   "- host.up: client\n"
			   "- traffic: {status: 200, within: 10s, count: 2}\n");
}
END_TEST

START_TEST(clocks_jump_both_ways)
{
	desk_assert_passes(&desk, "",
			   "- process.start: parrot\n"
			   "- log: {of: parrot, contains: tick 15280992, within: 2s}\n"
			   "- clock.jump: {host: cage, by: 1h}\n"
			   "- log: {of: parrot, contains: tick 15281028, within: 2s}\n"
			   "- clock.jump: {host: cage, by: -1h}\n"
			   "- log: {of: parrot, contains: tick 15280956, within: 2s}\n"
			   "- clock.jump: {host: cage, by: 0s}\n");
}
END_TEST

/* Redis. */

START_TEST(redis_stops_and_starts)
{
	desk_assert_passes(&desk, "redis: {storage: {host: cage}}",
			   "- {call: {get: 'http://cage:6379/'}, expect: {failure: answer is not "
			   "HTTP}}\n"
			   "- redis.stop: storage\n"
			   "- {call: {get: 'http://cage:6379/'}, " REFUSED "}\n"
			   "- redis.start: storage\n"
			   "- {call: {get: 'http://cage:6379/'}, expect: {failure: answer is not "
			   "HTTP}}\n");
}
END_TEST

Suite *sim_scenario_verbs_faults_suite(void);
Suite *sim_scenario_verbs_faults_suite(void)
{
	Suite *suite = suite_create("sim_scenario_verbs_faults");
	TCase *tests = tcase_create("faults");

	tcase_add_checked_fixture(tests, set_up, tear_down);
	tcase_add_test(tests, rules_hold_until_they_end);
	tcase_add_test(tests, a_reset_cuts_open_connections);
	tcase_add_test(tests, two_rules_of_one_name_end_one_after_the_other);
	tcase_add_loop_test(tests, a_fault_that_cannot_be_is_said_so, 0,
			    sizeof wrong_faults / sizeof *wrong_faults);
	tcase_add_loop_test(tests, a_fault_without_effect_fails, 0,
			    sizeof idle_faults / sizeof *idle_faults);
	tcase_add_test(tests, a_fault_without_a_name_is_called_by_its_verb);
	tcase_add_test(tests, names_fail_until_they_are_restored);
	tcase_add_test(tests, names_change);
	tcase_add_test(tests, a_host_that_was_down_runs_nothing);
	tcase_add_test(tests, a_port_that_was_taken_meanwhile_is_told);
	tcase_add_test(tests, who_calls_may_be_down_too);
	tcase_add_test(tests, clocks_jump_both_ways);
	tcase_add_test(tests, redis_stops_and_starts);
	suite_add_tcase(suite, tests);
	return suite;
}
