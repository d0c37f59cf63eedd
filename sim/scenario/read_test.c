#include "sim/scenario/desk_test.h"

#include "base/json.h"
#include "base/limits.h"

static struct desk desk;

static void set_up(void)
{
	desk_open(&desk);
}

static void tear_down(void)
{
	desk_close(&desk);
}

#define SECTIONS                                                                                   \
	"before: [{wait: 0s}]\nfault: [{wait: 0s}]\nsymptoms: [{wait: 0s}]\n"                      \
	"diagnosis: [{wait: 0s}]\nfix: [{wait: 0s}]\nrecovery: [{wait: 0s}]\n"

static void assert_error(const char *text, const char *wanted)
{
	desk_write(&desk, "scenarios/s.yaml", str_from(text));
	ck_assert_msg(!desk_read(&desk, "scenarios/s.yaml"), "read: %s", text);
	ck_assert_str_eq(desk.error.text, wanted);
}

START_TEST(a_scenario_is_read)
{
	desk_write_scenario(&desk, "", "- wait: 1s\n");
	ck_assert_msg(desk_read(&desk, "scenarios/s.yaml"), "%s", desk.error.text);
	ck_assert(str_equal(desk.scenario->id, STR("T-1")));
	ck_assert(str_equal(desk.scenario->title, STR("a test")));
	ck_assert(str_equal(desk.scenario->path, STR("scenarios/s.yaml")));
	ck_assert(str_equal(desk.scenario->steps_path, STR("scenarios/worlds/base.yaml")));
}
END_TEST

START_TEST(a_file_that_is_missing_or_broken_is_named)
{
	ck_assert(!desk_read(&desk, "scenarios/none.yaml"));
	ck_assert_str_eq(desk.error.text, "scenarios/none.yaml: no such file or directory");
	assert_error("id: [\n", "scenarios/s.yaml: line 2: did not find expected node content");
	assert_error("- a list\n", "scenarios/s.yaml: line 1: a table is expected");
	assert_error("a: 1\na: 2\n", "scenarios/s.yaml: line 2: duplicate key \"a\"");
}
END_TEST

START_TEST(id_title_and_world_are_needed)
{
	assert_error("title: t\nworld: {}\n" SECTIONS, "scenarios/s.yaml: no id or no title");
	assert_error("id: T\nworld: {}\n" SECTIONS, "scenarios/s.yaml: no id or no title");
	assert_error("id: T\ntitle: t\n" SECTIONS, "scenarios/s.yaml: no world");
	assert_error("id: T\ntitle: t\nworld: standard\n" SECTIONS,
		     "scenarios/s.yaml: line 3: world must be a table");
}
END_TEST

START_TEST(each_section_must_hold_a_step)
{
	static const char *const sections[] = {"before",    "fault", "symptoms",
					       "diagnosis", "fix",   "recovery"};

	for (size_t i = 0; i < sizeof sections / sizeof *sections; i++) {
		struct str text = STR("id: T\ntitle: t\nworld: {}\n");
		struct str wanted = str_format(
			desk.arena, "scenarios/s.yaml: no steps in section %s", sections[i]);

		for (size_t j = 0; j < sizeof sections / sizeof *sections; j++)
			text = str_format(desk.arena, "%.*s%s: %s\n", STR_ARG(text), sections[j],
					  i == j ? "[]" : "[{wait: 0s}]");
		assert_error(str_cstr(desk.arena, text), str_cstr(desk.arena, wanted));
	}
	assert_error("id: T\ntitle: t\nworld: {}\nbefore: {wait: 0s}\n",
		     "scenarios/s.yaml: line 4: before must be a list of steps");
}
END_TEST

START_TEST(unknown_keys_are_refused_with_their_line)
{
	assert_error("id: T\ntitle: t\nworld: {}\n" SECTIONS "simptoms: 1\n",
		     "scenarios/s.yaml: line 10: a scenario has no \"simptoms\" (it has: id title "
		     "tags story world before fault symptoms diagnosis fix recovery)");
	assert_error("id: T\ntitle: t\nworld:\n  host: {}\n" SECTIONS,
		     "scenarios/s.yaml: line 4: a world has no \"host\" (it has: use utc variables "
		     "hosts redis cluster processes steps traffic)");
	desk_assert_refused(&desk, "hosts: {api: {adress: 1}}", "- wait: 0s\n",
			    "api: line 5: it has no \"adress\"");
	desk_assert_refused(&desk, "processes: {echo: {env: {}}}", "- wait: 0s\n",
			    "echo: line 5: it has no \"env\"");
	desk_assert_refused(&desk, "redis: {r: {hots: 1}}", "- wait: 0s\n",
			    "r: line 5: it has no \"hots\"");
	desk_assert_refused(&desk, "traffic: {got: 1}", "- wait: 0s\n",
			    "line 5: traffic has no \"got\"");
}
END_TEST

START_TEST(the_world_has_a_shape)
{
	desk_assert_refused(&desk, "hosts: [api]", "- wait: 0s\n", "line 5: hosts must be a table");
	desk_assert_refused(&desk, "hosts: {api: 10.0.0.1}", "- wait: 0s\n",
			    "line 5: api must be a table");
	desk_assert_refused(&desk, "utc: yesterday", "- wait: 0s\n", "line 5: utc must be a time");
	desk_assert_refused(&desk, "steps: {wait: 0s}", "- wait: 0s\n",
			    "line 5: steps must be a list of steps");
	desk_assert_refused(&desk, "steps: [{weight: 0s}]", "- wait: 0s\n",
			    "scenarios/s.yaml: line 5: a step cannot \"weight\"");
	desk_assert_refused(&desk, "variables: {Name: x}", "- wait: 0s\n", "unlike \"Name\"");
}
END_TEST

START_TEST(errors_of_the_world_file_name_that_file)
{
	desk_write(&desk, "scenarios/worlds/base.yaml", STR("hosts: {}\nsteps:\n- weight: 1s\n"));
	desk_assert_refused(&desk, "", "- wait: 0s\n",
			    "scenarios/s.yaml: scenarios/worlds/base.yaml: line 3: a step cannot "
			    "\"weight\"");
	desk_write(&desk, "scenarios/worlds/base.yaml", STR("\nuse: other\n"));
	desk_assert_refused(&desk, "", "- wait: 0s\n",
			    "scenarios/worlds/base.yaml: line 2: a world has no \"use\"");
	desk_write(&desk, "scenarios/worlds/base.yaml", STR("hosts: {\n"));
	desk_assert_refused(&desk, "", "- wait: 0s\n", "scenarios/worlds/base.yaml: line 2: ");
	assert_error("id: T\ntitle: t\nworld: {use: none}\n" SECTIONS,
		     "scenarios/s.yaml: scenarios/worlds/none.yaml: no such file or directory");
}
END_TEST

static struct str world_of(const char *world)
{
	desk_write_scenario(&desk, world, "- wait: 0s\n");
	ck_assert_msg(desk_read(&desk, "scenarios/s.yaml"), "%s", desk.error.text);
	return json_print(desk.arena, json_get(desk.scenario->document, STR("world")));
}

START_TEST(the_world_is_merged_over_the_file_it_uses)
{
	struct str whole;

	desk_write(&desk, "scenarios/worlds/base.yaml",
		   STR("hosts: {a: {address: 10.0.0.1, ttl: 5}, b: {address: 10.0.0.2}}\n"
		       "variables: {x: 1}\n"
		       "steps: [{wait: 1s}]\n"));
	whole = world_of("hosts: {a: {address: 10.0.0.9}, b: null, c: {names: [n], ttl: null}}");
	desk_assert_has(whole, "\"hosts\":{\"a\":{\"address\":\"10.0.0.9\",\"ttl\":5},"
			       "\"c\":{\"names\":[\"n\"]}}");
	desk_assert_has(whole, "\"variables\":{\"x\":1}");
	desk_assert_has(whole, "\"steps\":[{\"wait\":\"1s\"}]");
	desk_assert_has(world_of("steps: [{wait: 2s}]"), "\"steps\":[{\"wait\":\"2s\"}]");
	ck_assert(str_equal(desk.scenario->steps_path, STR("scenarios/s.yaml")));
	ck_assert(!desk_has(world_of("variables: null"), "variables"));
}
END_TEST

START_TEST(a_world_may_stand_alone_and_the_file_anywhere)
{
	desk_write(&desk, "lonely.yaml", STR("id: T\ntitle: t\nworld: {}\n" SECTIONS));
	ck_assert_msg(desk_read(&desk, "lonely.yaml"), "%s", desk.error.text);
	desk_run(&desk, 1);
	ck_assert(desk.result.passed);
	ck_assert_uint_eq(desk.result.steps.count, 6);
	desk_write(&desk, "worlds/w.yaml", STR("utc: 2020-01-01T00:00:00Z\n"));
	desk_write(&desk, "lonely.yaml", STR("id: T\ntitle: t\nworld: {use: w}\n" SECTIONS));
	ck_assert_msg(desk_read(&desk, "lonely.yaml"), "%s", desk.error.text);
	ck_assert_msg(desk_read(&desk, "/lonely.yaml"), "%s", desk.error.text);
}
END_TEST

static const struct {
	const char *step, *error;
} wrong_steps[] = {
	{"{}", "line 11: a step that does nothing"},
	{"{step: text alone}", "line 11: a step that does nothing"},
	{"just text", "line 11: a step that does nothing"},
	{"{wiat: 1s}", "a step cannot \"wiat\""},
	{"{wait: 1s, hows: 1}", "a step cannot \"hows\""},
	{"{wait: 1s, host.up: api}", "a step does one thing, not host.up and wait"},
	{"{wait: 1s, expect: {status: 200}}", "wait has no use for \"expect\""},
	{"{wait: 1s, as: slowness}", "wait has no use for \"as\""},
	{"{net.drop: {}, keep: {a: b}}", "net.drop has no use for \"keep\""},
	{"{net.drop: api}", "net.drop needs a table of: from to port"},
	{"{net.drop: {form: api}}", "net.drop has no \"form\" (it has: from to port)"},
	{"{wait: {s: 1}}", "wait needs a text"},
	{"{wait: }", "wait needs a text"},
	{"{process.stop: [a]}", "process.stop needs a text"},
	{"{process.start: {name: a, exit: 1}}", "process.start has no \"exit\""},
	{"{dig: {name: a}}", "dig needs expect"},
	{"{call: {get: x}, expect: 200}", "expect must be a table"},
	{"{call: {get: x}, expect: {}}", "expect must be a table"},
	{"{call: {get: x}, expect: {code: 200}}", "cannot be expected to have \"code\""},
	{"{call: {get: x}, expect: {status: [200]}}", "status must be a text"},
	{"{call: {get: x}, expect: {body_contains: ''}}", "body_contains must be a text"},
	{"{call: {get: x}, expect: {fields: [A]}}", "fields must be a table"},
	{"{call: {get: x}, expect: {no_fields: A}}", "no_fields must be a list"},
	{"{call: {get: x}, keep: id}", "keep must be a table"},
	{"{call: {get: x}, keep: {Id: id}}", "\"Id\" is no variable's name"},
};

START_TEST(a_step_that_cannot_be_carried_out_is_refused)
{
	struct str steps = str_format(desk.arena, "- %s\n", wrong_steps[_i].step);

	desk_assert_refused(&desk, "", str_cstr(desk.arena, steps), wrong_steps[_i].error);
	desk_assert_has(str_from(desk.error.text), "scenarios/s.yaml: line 11: ");
}
END_TEST

START_TEST(a_huge_file_is_refused)
{
	struct strbuf text;

	strbuf_init(&text, LIMIT_CASE_FILE_BYTES + 1);
	while (strbuf_append(&text, STR("# a comment, again and again\n")))
		continue;
	while (strbuf_append_char(&text, '#'))
		continue;
	desk_write(&desk, "scenarios/s.yaml", strbuf_str(&text));
	strbuf_free(&text);
	ck_assert(!desk_read(&desk, "scenarios/s.yaml"));
	ck_assert_int_eq(desk.error.kind, ERROR_LIMIT);
}
END_TEST

START_TEST(nothing_is_a_scenario_to_destroy)
{
	scenario_destroy(NULL);
}
END_TEST

Suite *sim_scenario_read_suite(void);
Suite *sim_scenario_read_suite(void)
{
	Suite *suite = suite_create("sim_scenario_read");
	TCase *reading = tcase_create("reading");

	tcase_add_checked_fixture(reading, set_up, tear_down);
	tcase_add_test(reading, a_scenario_is_read);
	tcase_add_test(reading, a_file_that_is_missing_or_broken_is_named);
	tcase_add_test(reading, id_title_and_world_are_needed);
	tcase_add_test(reading, each_section_must_hold_a_step);
	tcase_add_test(reading, unknown_keys_are_refused_with_their_line);
	tcase_add_test(reading, the_world_has_a_shape);
	tcase_add_test(reading, errors_of_the_world_file_name_that_file);
	tcase_add_test(reading, the_world_is_merged_over_the_file_it_uses);
	tcase_add_test(reading, a_world_may_stand_alone_and_the_file_anywhere);
	tcase_add_loop_test(reading, a_step_that_cannot_be_carried_out_is_refused, 0,
			    sizeof wrong_steps / sizeof *wrong_steps);
	tcase_add_test(reading, a_huge_file_is_refused);
	tcase_add_test(reading, nothing_is_a_scenario_to_destroy);
	suite_add_tcase(suite, reading);
	return suite;
}
