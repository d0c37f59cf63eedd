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

#define STEPS                                                                                      \
	"- call: {get: '{api}/'}\n"                                                                \
	"  keep: {uuid: uuid}\n"                                                                   \
	"- {net.drop: {to: api}, as: firewall}\n"                                                  \
	"- traffic: {failure: connection timed out, within: 200s}\n"                               \
	"- end: firewall\n"                                                                        \
	"- process.start: parrot\n"                                                                \
	"- log: {of: parrot, contains: tick, within: 5s}\n"
#define WORLD "traffic: {get: '{api}/delay/700', every: 1s}"

START_TEST(steps_are_told_in_their_order)
{
	static const struct {
		const char *section, *text, *shows;
	} told[] = {
		{"world", "process.start \"echo\"", ""},
		{"before", "wait \"1s\"", ""},
		{"fault", "wait \"1s\"", ""},
		{"symptoms", "say hello", "it said hello"},
		{"symptoms", "wait \"hello\"", ""},
	};

	desk_play(&desk, "",
		  "- {step: 'say {greeting}', wait: 1500ms, shows: 'it said {greeting}'}\n"
		  "- wait: '{greeting}'\n"
		  "- wait: 1s\n");
	ck_assert(!desk.result.passed);
	ck_assert_uint_eq(desk.result.steps.count, sizeof told / sizeof *told);
	for (size_t i = 0; i < desk.result.steps.count; i++) {
		const struct scenario_step *step = &desk.result.steps.items[i];

		ck_assert_str_eq(str_cstr(desk.arena, step->section), told[i].section);
		ck_assert_str_eq(str_cstr(desk.arena, step->text), told[i].text);
		ck_assert_str_eq(str_cstr(desk.arena, step->shows), told[i].shows);
		ck_assert_int_eq(step->passed, i + 1 < desk.result.steps.count);
		ck_assert_int_eq(step->problem.size == 0, step->passed);
	}
	ck_assert_int_eq(desk.result.steps.items[3].ended_us - desk.result.steps.items[3].began_us,
			 1500000);
	ck_assert_int_eq(desk.result.virtual_us, desk_last(&desk)->ended_us);
}
END_TEST

/* Of the section `symptoms`, by number. */
static const struct scenario_step *symptom(size_t number)
{
	for (size_t i = 0; i < desk.result.steps.count; i++) {
		const struct scenario_step *step = &desk.result.steps.items[i];

		if (str_equal(step->section, STR("symptoms")) && number-- == 0)
			return step;
	}
	ck_abort_msg("no such step");
	return NULL;
}

START_TEST(a_step_keeps_what_was_seen)
{
	struct strbuf page;

	desk_assert_passes(&desk, WORLD,
			   "- {call: {get: '{api}/status/404'}, expect: {status: 404}}\n"
			   "- {dig: api, expect: 10.0.0.2}\n"
			   "- process.start: parrot\n"
			   "- log: {of: parrot, contains: tick, within: 5s}\n"
			   "- traffic: {status: 200, within: 9s, count: 2}\n"
			   "- log: {of: parrot, contains: nothing, absent: true}\n");
	ck_assert(str_has_prefix(symptom(0)->seen, STR("404 ")));
	ck_assert(str_equal(symptom(1)->seen, STR("10.0.0.2")));
	ck_assert(str_equal(symptom(2)->seen, STR("")));
	ck_assert(str_has_prefix(symptom(3)->seen, STR("tick ")));
	ck_assert(str_equal(symptom(4)->seen, STR("2 with status 200")));
	ck_assert(str_equal(symptom(5)->seen, STR("")));
	strbuf_init(&page, 1 << 20);
	scenario_write_html(&page, desk.scenario, &desk.result);
	ck_assert(str_find(strbuf_str(&page), STR("<code>10.0.0.2</code>")) != STR_NOT_FOUND);
	strbuf_free(&page);
}
END_TEST

START_TEST(a_step_of_the_world_file_names_that_file)
{
	desk_write(&desk, "scenarios/worlds/base.yaml", STR("steps:\n\n- process.start: none\n"));
	desk_assert_fails(&desk, "", "- wait: 1s\n",
			  "scenarios/worlds/base.yaml: line 3: no process \"none\"");
	desk_assert_fails(&desk, "steps: [process.start: some]", "- wait: 1s\n",
			  "scenarios/s.yaml: line 5: no process \"some\"");
	desk_assert_fails(&desk, "steps: [process.start: '{which}']", "- wait: 1s\n",
			  "scenarios/s.yaml: line 5: no variable {which}");
	ck_assert(str_equal(desk_last(&desk)->text, STR("process.start \"{which}\"")));
}
END_TEST

static const struct {
	const char *world, *error;
} wrong_worlds[] = {
	{"hosts: {new: {}}", "host new needs an address (10.0.0.1), not \"\""},
	{"hosts: {new: {address: api}}", "host new needs an address (10.0.0.1), not \"api\""},
	{"hosts: {new: {address: '::1'}}", "host new needs an address"},
	{"hosts: {new: {address: 127.0.0.1}}", "host new needs an address"},
	{"hosts: {'': {address: 10.0.0.7}}", "needs an address"},
	{"hosts: {new: {address: 10.0.0.2}}", "host new is not the only one at 10.0.0.2"},
	{"hosts: {new: {address: 10.0.0.7, ttl: -1}}", "host new: ttl must be a number"},
	{"redis: {r: {host: nobody}}", "redis r: no host \"nobody\""},
	{"redis: {r: {}}", "redis r: no host \"\""},
	{"redis: {r: {host: api, port: 0}}", "redis r: port must be a number"},
	{"redis: {r: {host: api}, q: {host: api}}", "redis q: "},
};

START_TEST(a_world_that_cannot_be_is_said_so)
{
	desk_assert_fails(&desk, wrong_worlds[_i].world, "- wait: 0s\n", wrong_worlds[_i].error);
	ck_assert_uint_eq(desk.result.steps.count, 1);
	ck_assert(str_equal(desk_last(&desk)->section, STR("world")));
	ck_assert(str_equal(desk_last(&desk)->text, STR("set up")));
}
END_TEST

START_TEST(the_clock_begins_where_the_world_says)
{
	desk_assert_passes(&desk, "utc: 2020-02-03T04:05:06Z",
			   "- process.start: parrot\n"
			   "- log: {of: parrot, contains: tick 15807027, within: 2s}\n");
	desk_assert_passes(&desk, "utc: null",
			   "- process.start: parrot\n"
			   "- log: {of: parrot, contains: tick 15596352, within: 2s}\n");
}
END_TEST

START_TEST(one_seed_is_one_trace)
{
	struct str first;
	uint64_t hash, events;

	desk_assert_passes(&desk, WORLD, STEPS);
	first = str_copy(desk.arena, strbuf_str(&desk.trace));
	hash = desk.result.trace_hash;
	events = desk.result.events;
	desk_run(&desk, 1);
	ck_assert_uint_eq(desk.result.trace_hash, hash);
	ck_assert_uint_eq(desk.result.events, events);
	ck_assert(str_equal(strbuf_str(&desk.trace), first));
	desk_run(&desk, 2);
	ck_assert(desk.result.passed);
	ck_assert_uint_ne(desk.result.trace_hash, hash);
}
END_TEST

START_TEST(other_runs_leave_nothing_behind)
{
	uint64_t hash;

	desk_assert_passes(&desk, WORLD, STEPS);
	hash = desk.result.trace_hash;
	desk_assert_passes(&desk, "", "- wait: 1d\n");
	desk_assert_fails(&desk, WORLD, "- process.kill: echo\n- process.kill: echo\n", "line 12");
	ck_assert(!desk_read(&desk, "scenarios/none.yaml"));
	desk_assert_passes(&desk, WORLD, STEPS);
	ck_assert_uint_eq(desk.result.trace_hash, hash);
}
END_TEST

START_TEST(the_place_of_the_file_is_not_in_the_trace)
{
	struct str text = STR("id: T\n"
			      "title: t\n"
			      "world: {hosts: {client: {address: 10.0.0.1}}}\n"
			      "before: [{wait: 1s}]\n"
			      "fault: [{wait: 1s}]\n"
			      "symptoms: [{wait: 1s}]\n"
			      "diagnosis: [{wait: 1s}]\n"
			      "fix: [{wait: 1s}]\n"
			      "recovery: [{wait: 1s}]\n");
	uint64_t hash;

	desk_write(&desk, "one.yaml", text);
	desk_write(&desk, "far/away/two.yaml", text);
	ck_assert(desk_read(&desk, "one.yaml"));
	desk_run(&desk, 1);
	hash = desk.result.trace_hash;
	ck_assert(desk_read(&desk, "far/away/two.yaml"));
	desk_run(&desk, 1);
	ck_assert_uint_eq(desk.result.trace_hash, hash);
}
END_TEST

START_TEST(the_trace_tells_what_the_operator_did)
{
	struct str trace;

	desk_assert_passes(&desk, "", "- {step: \"a \\\"quote\\\"\", wait: 0s}\n");
	trace = strbuf_str(&desk.trace);
	desk_assert_has(trace, "\"host\":\"operator\",\"kind\":\"section\",\"text\":\"symptoms\"}");
	desk_assert_has(trace,
			"\"host\":\"operator\",\"kind\":\"step\",\"text\":\"a \\\"quote\\\"\"}");
	desk_assert_has(trace, "\"kind\":\"step\",\"text\":\"process.start \\\"echo\\\"\"}\n");
}
END_TEST

START_TEST(what_is_not_traced_is_hashed_all_the_same)
{
	struct scenario_run_options options = {.seed = 1, .components = desk_components};
	struct scenario_result result;

	desk_assert_passes(&desk, "", "- call: {get: '{api}/'}\n");
	scenario_run(desk.scenario, &options, &result);
	ck_assert(result.passed);
	ck_assert_uint_eq(result.trace_hash, desk.result.trace_hash);
	scenario_result_free(&result);
}
END_TEST

/* The page. */

static struct str page_of(struct strbuf *page)
{
	strbuf_init(page, 1 << 20);
	scenario_write_html(page, desk.scenario, &desk.result);
	return strbuf_str(page);
}

START_TEST(a_page_tells_the_run)
{
	struct strbuf page;
	struct str text;

	desk_assert_passes(&desk, "", "- {step: look, wait: 1500ms, shows: something}\n");
	text = page_of(&page);
	ck_assert(str_has_prefix(text, STR("<!doctype html>\n")));
	ck_assert(str_has_suffix(text, STR("</ol>\n</html>\n")));
	desk_assert_has(text, "<title>T-1</title>");
	desk_assert_has(text, "<h1>T-1: a test</h1>\n<p>passed, 3 virtual seconds, trace ");
	desk_assert_has(text, "<p>nothing much</p>");
	desk_assert_has(text, "<h2>world</h2>\n<ol>\n<li><time>0.000 s</time>");
	desk_assert_has(text, "<h2>symptoms</h2>\n<ol>\n<li><time>2.00");
	desk_assert_has(
		text, "<div>look<span class=\"shows\">&rarr; something</span></div></li>\n</ol>\n");
	ck_assert(!desk_has(text, "<li class=\"bad\">"));
	strbuf_free(&page);
}
END_TEST

START_TEST(a_page_shows_what_went_wrong)
{
	struct strbuf page;
	struct str text;

	desk_play(&desk, "", "- call: {get: 'http://nobody/'}\n");
	text = page_of(&page);
	desk_assert_has(text, "<p><b class=\"bad\">failed</b>, ");
	desk_assert_has(text, "<li class=\"bad\"><time>");
	desk_assert_has(text, "<span class=\"bad\"><br>scenarios/s.yaml: line 11: the call failed: "
			      "name not found</span>");
	ck_assert(!desk_has(text, "recovery"));
	strbuf_free(&page);
}
END_TEST

START_TEST(nothing_in_a_page_is_markup_by_accident)
{
	struct strbuf page;
	struct str text;

	desk_write(&desk, "scenarios/s.yaml",
		   STR("id: <id>\n"
		       "title: <title> & more\n"
		       "story: </p><script>\n"
		       "world: {}\n"
		       "before: [{wait: 0s, step: <step>, shows: <shows>}]\n"
		       "fault: [{wait: <problem>}]\n"
		       "symptoms: [{wait: 0s}]\n"
		       "diagnosis: [{wait: 0s}]\n"
		       "fix: [{wait: 0s}]\n"
		       "recovery: [{wait: 0s}]\n"));
	ck_assert_msg(desk_read(&desk, "scenarios/s.yaml"), "%s", desk.error.text);
	desk_run(&desk, 1);
	text = page_of(&page);
	desk_assert_has(text, "<title>&lt;id&gt;</title>");
	desk_assert_has(text, "<h1>&lt;id&gt;: &lt;title&gt; &amp; more</h1>");
	desk_assert_has(text, "<p>&lt;/p&gt;&lt;script&gt;</p>");
	desk_assert_has(text, "<div>&lt;step&gt;<span class=\"shows\">&rarr; &lt;shows&gt;</span>");
	desk_assert_has(text, "wait \"&lt;problem&gt;\"");
	desk_assert_has(text, "\"&lt;problem&gt;\" is no duration");
	strbuf_free(&page);
}
END_TEST

Suite *sim_scenario_run_suite(void);
Suite *sim_scenario_run_suite(void)
{
	Suite *suite = suite_create("sim_scenario_run");
	TCase *running = tcase_create("running");
	TCase *page = tcase_create("page");

	tcase_add_checked_fixture(running, set_up, tear_down);
	tcase_add_test(running, steps_are_told_in_their_order);
	tcase_add_test(running, a_step_keeps_what_was_seen);
	tcase_add_test(running, a_step_of_the_world_file_names_that_file);
	tcase_add_loop_test(running, a_world_that_cannot_be_is_said_so, 0,
			    sizeof wrong_worlds / sizeof *wrong_worlds);
	tcase_add_test(running, the_clock_begins_where_the_world_says);
	tcase_add_test(running, one_seed_is_one_trace);
	tcase_add_test(running, other_runs_leave_nothing_behind);
	tcase_add_test(running, the_place_of_the_file_is_not_in_the_trace);
	tcase_add_test(running, the_trace_tells_what_the_operator_did);
	tcase_add_test(running, what_is_not_traced_is_hashed_all_the_same);
	suite_add_tcase(suite, running);
	tcase_add_checked_fixture(page, set_up, tear_down);
	tcase_add_test(page, a_page_tells_the_run);
	tcase_add_test(page, a_page_shows_what_went_wrong);
	tcase_add_test(page, nothing_in_a_page_is_markup_by_accident);
	suite_add_tcase(suite, page);
	return suite;
}
