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

START_TEST(a_process_starts_stops_and_starts_again)
{
	desk_assert_passes(&desk, "",
			   "- process.stop: echo\n"
			   "- {call: {get: '{api}/'}, expect: {failure: connection refused}}\n"
			   "- process.start: echo\n"
			   "- {call: {get: '{api}/'}, expect: {status: 200}}\n"
			   "- process.kill: echo\n"
			   "- {call: {get: '{api}/'}, expect: {failure: connection refused}}\n"
			   "- process.start: {name: echo}\n"
			   "- {call: {get: '{api}/'}, expect: {status: 200}}\n");
}
END_TEST

START_TEST(a_process_is_where_its_steps_say)
{
	desk_assert_fails(&desk, "", "- process.start: echo\n", "line 11: echo runs already");
	desk_assert_fails(&desk, "", "- process.stop: parrot\n", "line 11: parrot does not run");
	desk_assert_fails(&desk, "", "- process.kill: parrot\n", "line 11: parrot does not run");
	desk_assert_fails(&desk, "", "- process.start: nobody\n", "no process \"nobody\"");
	desk_assert_fails(&desk, "", "- process.stop: nobody\n", "no process \"nobody\"");
	desk_assert_fails(&desk, "", "- process.kill: nobody\n", "no process \"nobody\"");
	desk_assert_fails(&desk, "",
			  "- process.start: parrot\n"
			  "- process.kill: parrot\n"
			  "- process.stop: parrot\n",
			  "line 13: parrot does not run");
}
END_TEST

static const struct {
	const char *description, *error;
} wrong_processes[] = {
	{"{host: nobody}", "process parrot: no host \"nobody\""},
	{"{command: ''}", "process parrot: cannot start"},
	{"{command: nginx -g x}", "process parrot: cannot start -g"},
	{"{command: refscale pigeon}", "process parrot: cannot start pigeon"},
	{"{command: 'refscale parrot {nowhere}'}", "process parrot: no variable {nowhere}"},
	{"{variables: {MUTE: 'yes'}}", "parrot does not get ready, last line: tick "},
	{"{variables: {STATUS: 4}}", "parrot ended with status 4, last line: hello there"},
	{"{variables: {REFUSES: 'yes'}}",
	 "parrot ended with status 3, last line: refscale parrot: will not"},
};

START_TEST(a_start_that_fails_says_why)
{
	struct str world =
		str_format(desk.arena, "processes: {parrot: %s}", wrong_processes[_i].description);

	desk_assert_fails(&desk, str_cstr(desk.arena, world), "- process.start: parrot\n",
			  wrong_processes[_i].error);
}
END_TEST

START_TEST(an_exit_may_be_expected)
{
	desk_assert_passes(&desk, "processes: {parrot: {variables: {STATUS: 4}}}",
			   "- process.start: {name: parrot, exits: 4}\n"
			   "- log: {of: parrot, contains: hello there}\n");
	desk_assert_passes(&desk, "processes: {parrot: {variables: {REFUSES: 'yes'}}}",
			   "- process.start: {name: parrot, exits: 3}\n");
	desk_assert_fails(&desk, "processes: {parrot: {variables: {STATUS: 4}}}",
			  "- process.start: {name: parrot, exits: 0}\n",
			  "expected parrot to exit with 0, got 4, last line: hello there");
	desk_assert_fails(&desk, "", "- process.start: {name: parrot, exits: 0}\n",
			  "expected parrot to exit with 0, but it runs, last line: tick ");
	desk_assert_fails(&desk, "", "- process.start: {name: parrot, exits: 256}\n",
			  "exits must be a number from 0 to 255");
}
END_TEST

START_TEST(the_gateway_ends_without_its_portal)
{
	desk_assert_passes(
		&desk,
		"processes: {gateway: {host: cage, command: refscale gateway --port 80, variables: "
		"{THREESCALE_PORTAL_ENDPOINT: 'http://t@api.example.com:99', "
		"APICAST_CONFIGURATION_LOADER: boot}}}",
		"- process.start: {name: gateway, exits: 1}\n"
		"- log: {of: gateway, contains: 'failed to load configuration'}\n"
		"- log: {of: gateway, contains: 't@api', absent: true}\n"
		"- config.edit: {process: gateway, variable: APICAST_CONFIGURATION_LOADER, value: "
		"lazy}\n"
		"- config.edit: {process: gateway, variable: APICAST_CONFIGURATION_CACHE, value: "
		"0}\n"
		"- process.start: gateway\n"
		"- {call: {get: 'http://cage/'}, expect: {status: 404}}\n");
}
END_TEST

START_TEST(a_process_that_does_not_mind_is_killed)
{
	desk_assert_fails(&desk, "processes: {parrot: {variables: {STUBBORN: 'yes'}}}",
			  "- process.start: parrot\n"
			  "- process.stop: parrot\n",
			  "line 12: parrot does not stop, last line: tick ");
	desk_assert_passes(&desk, "processes: {parrot: {variables: {STUBBORN: 'yes'}}}",
			   "- process.start: parrot\n"
			   "- process.kill: parrot\n"
			   "- process.start: parrot\n");
}
END_TEST

START_TEST(an_edit_is_seen_at_the_next_start)
{
	desk_assert_passes(
		&desk, "",
		"- process.start: parrot\n"
		"- config.edit: {process: parrot, variable: SAYS, value: 'good bye'}\n"
		"- log: {of: parrot, contains: good bye, absent: true, within: 5s}\n"
		"- process.stop: parrot\n"
		"- process.start: parrot\n"
		"- log: {of: parrot, contains: good bye}\n"
		"- process.stop: parrot\n"
		"- config.edit: {process: parrot, variable: SAYS, value: '{greeting} again'}\n"
		"- config.edit: {process: parrot, variable: STATUS, value: 5}\n"
		"- process.start: {name: parrot, exits: 5}\n"
		"- log: {of: parrot, contains: hello again}\n"
		"- config.edit: {process: parrot, variable: STATUS, value: null}\n"
		"- process.start: parrot\n");
}
END_TEST

START_TEST(an_edit_needs_three_things)
{
	desk_assert_fails(&desk, "", "- config.edit: {process: nobody, variable: A, value: 1}\n",
			  "no process \"nobody\"");
	desk_assert_fails(&desk, "", "- config.edit: {process: echo, value: 1}\n",
			  "config.edit needs variable and value");
	desk_assert_fails(&desk, "", "- config.edit: {process: echo, variable: A}\n",
			  "config.edit needs variable and value");
}
END_TEST

Suite *sim_scenario_verbs_processes_suite(void);
Suite *sim_scenario_verbs_processes_suite(void)
{
	Suite *suite = suite_create("sim_scenario_verbs_processes");
	TCase *tests = tcase_create("processes");

	tcase_add_checked_fixture(tests, set_up, tear_down);
	tcase_add_test(tests, a_process_starts_stops_and_starts_again);
	tcase_add_test(tests, a_process_is_where_its_steps_say);
	tcase_add_loop_test(tests, a_start_that_fails_says_why, 0,
			    sizeof wrong_processes / sizeof *wrong_processes);
	tcase_add_test(tests, an_exit_may_be_expected);
	tcase_add_test(tests, the_gateway_ends_without_its_portal);
	tcase_add_test(tests, a_process_that_does_not_mind_is_killed);
	tcase_add_test(tests, an_edit_is_seen_at_the_next_start);
	tcase_add_test(tests, an_edit_needs_three_things);
	suite_add_tcase(suite, tests);
	return suite;
}
