#include "sim/commands.h"

#include <check.h>
#include <stdlib.h>

#include "base/arena.h"
#include "base/error.h"
#include "echo/echo.h"
#include "sim/shell_test.h"
#include "world/environment.h"
#include "world/files.h"
#include "world/process.h"

/* The command runs in a world like any other: here, a virtual one. */
static struct shell shell;

static const struct component *const components[] = {&echo_component, NULL};

static void *command_start(struct world *world, const struct str *arguments, size_t count,
			   int *exit_status, struct error *error)
{
	return sim_command_start(world, components, arguments, count, exit_status, error);
}

static const struct component command_component = {"sim", "", command_start, sim_command_stop};

static void write_file(const char *path, struct str content)
{
	ck_assert(sim_host_write_file(shell.host, str_from(path), content));
}

#define PASSING                                                                                    \
	"world: {hosts: {client: {address: 10.0.0.1}, api: {address: 10.0.0.2}},\n"                \
	"  processes: {echo: {host: api, command: refscale echo}},\n"                              \
	"  steps: [{process.start: echo}]}\n"                                                      \
	"before: [{call: {get: 'http://api:8081/one'}}]\n"                                         \
	"fault: [{process.kill: echo}]\n"                                                          \
	"symptoms: [{call: {get: 'http://api:8081/two'}, expect: {failure: connection "            \
	"refused}}]\n"                                                                             \
	"diagnosis: [{step: look, wait: 1s, shows: it is gone}]\n"                                 \
	"fix: [{process.start: echo}]\n"                                                           \
	"recovery: [{call: {get: 'http://api:8081/three'}}]\n"
#define FAILING                                                                                    \
	"world: {}\n"                                                                              \
	"before: [{step: rest, wait: 2s}]\n"                                                       \
	"fault: [{step: break, process.kill: echo}]\n"                                             \
	"symptoms: [{wait: 0s}]\ndiagnosis: [{wait: 0s}]\nfix: [{wait: 0s}]\n"                     \
	"recovery: [{wait: 0s}]\n"

static void set_up(void)
{
	static const struct component *const shell_components[] = {&command_component, NULL};

	shell_open(&shell, shell_components);
	write_file("good.yaml", STR("id: SC-1\ntitle: all is well\n" PASSING));
	write_file("bad.yaml", STR("id: SC-2\ntitle: all is lost\n" FAILING));
	write_file("all/b.yaml", STR("id: SC-B\ntitle: second\n" PASSING));
	write_file("all/a.yaml", STR("id: SC-A\ntitle: first\n" PASSING));
	write_file("all/README.md", STR("not a scenario\n"));
	write_file("all/worlds/w.yaml", STR("not a scenario either\n"));
	write_file("none/README.md", STR("no scenario\n"));
}

static void tear_down(void)
{
	shell_close(&shell);
}

static struct sim_process *begin(const char *line)
{
	shell_clear(&shell);
	return shell_begin(&shell,
			   str_cstr(shell.arena,
				    STR_CONCAT(shell.arena, STR("refscale sim "), str_from(line))));
}

/* "run good.yaml --seed 5" */
static int type(const char *line)
{
	begin(line);
	return shell_finish(&shell);
}

static void assert_says(const struct strbuf *out, const char *text)
{
	ck_assert_msg(str_find(strbuf_str(out), str_from(text)) != STR_NOT_FOUND,
		      "\"%s\" is not in: %.*s", text, STR_ARG(strbuf_str(out)));
}

static void assert_does_not_say(const struct strbuf *out, const char *text)
{
	ck_assert_msg(str_find(strbuf_str(out), str_from(text)) == STR_NOT_FOUND,
		      "\"%s\" is in: %.*s", text, STR_ARG(strbuf_str(out)));
}

static struct str read_file(const char *path)
{
	struct error error = {0};
	struct str content = {NULL, 0};

	ck_assert_msg(files_read(sim_host_world(shell.host, STR("cat")), str_from(path), 1 << 20,
				 shell.arena, &content, &error),
		      "%s", error.text);
	return content;
}

START_TEST(a_scenario_that_passes_is_status_0)
{
	ck_assert_int_eq(type("run good.yaml"), 0);
	assert_says(&shell.out, "SC-1    passed  all is well (7 steps, 1 s, ");
	assert_says(&shell.out, "\n1 passed, 0 failed\n");
	assert_does_not_say(&shell.out, "look");
	ck_assert_uint_eq(shell.err.size, 0);
}
END_TEST

START_TEST(a_scenario_that_fails_is_status_1)
{
	ck_assert_int_eq(type("run bad.yaml"), 1);
	assert_says(&shell.out, "SC-2    FAILED  all is lost (2 steps, 2 s, ");
	assert_says(&shell.out, "       2000 ms  fault      break  FAILED\n");
	assert_says(&shell.out, " bad.yaml: line 5: no process \"echo\"\n");
	assert_says(&shell.out, "\n0 passed, 1 failed\n");
	assert_does_not_say(&shell.out, "rest");
	ck_assert_int_eq(type("run bad.yaml good.yaml"), 1);
	assert_says(&shell.out, "\n1 passed, 1 failed\n");
}
END_TEST

START_TEST(verbose_shows_every_step)
{
	ck_assert_int_eq(type("run good.yaml --verbose"), 0);
	assert_says(&shell.out, " ms  world      process.start \"echo\"\n");
	assert_says(&shell.out, " ms  diagnosis  look\n");
	assert_says(&shell.out, " -> it is gone\n");
	ck_assert_int_eq(type("run -v bad.yaml"), 1);
	assert_says(&shell.out, "          0 ms  before     rest\n");
}
END_TEST

START_TEST(wrong_usage_is_status_2)
{
	static const char *const wrong[] = {"",
					    "run",
					    "walk good.yaml",
					    "good.yaml",
					    "run good.yaml --speed 5",
					    "run good.yaml --seed five",
					    "run none",
					    "run nowhere",
					    "run all --trace t",
					    "run good.yaml bad.yaml --html h"};
	static const char *const said[] = {"usage: refscale sim run FILE|DIR...",
					   "usage: refscale sim run FILE|DIR...",
					   "usage: refscale sim run FILE|DIR...",
					   "usage: refscale sim run FILE|DIR...",
					   "--speed",
					   "--seed",
					   "none holds no scenario (*.yaml)",
					   "nowhere: no such directory",
					   "--trace and --html take one scenario, not 2",
					   "--trace and --html take one scenario, not 2"};

	for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
		ck_assert_int_eq(type(wrong[i]), 2);
		assert_says(&shell.err, said[i]);
		ck_assert_uint_eq(shell.out.size, 0);
	}
}
END_TEST

START_TEST(a_scenario_that_cannot_be_read_is_status_2)
{
	ck_assert_int_eq(type("run missing.yaml"), 2);
	assert_says(&shell.err, "refscale sim: missing.yaml: no such file or directory\n");
	write_file("broken.yaml",
		   STR("id: SC-3\ntitle: broken\nworld: {}\nbefore: [{weight: 1}]\n"));
	ck_assert_int_eq(type("run good.yaml broken.yaml"), 2);
	assert_says(&shell.err, "refscale sim: broken.yaml: line 4: a step cannot \"weight\"\n");
	assert_says(&shell.out, "SC-1    passed");
	assert_does_not_say(&shell.out, "failed\n");
}
END_TEST

START_TEST(a_folder_is_run_in_the_order_of_names)
{
	struct str out;

	ck_assert_int_eq(type("run all"), 0);
	out = strbuf_str(&shell.out);
	ck_assert_uint_lt(str_find(out, STR("SC-A    passed  first")),
			  str_find(out, STR("SC-B    passed  second")));
	assert_says(&shell.out, "\n2 passed, 0 failed\n");
	ck_assert_int_eq(type("run all/ good.yaml"), 0);
	assert_says(&shell.out, "\n3 passed, 0 failed\n");
}
END_TEST

/* "trace 0123456789abcdef)" of the first scenario. */
static struct str printed_hash(void)
{
	struct str out = strbuf_str(&shell.out);
	size_t at = str_find(out, STR("trace "));

	ck_assert_uint_ne(at, STR_NOT_FOUND);
	return str_copy(shell.arena, str_slice(out, at + 6, at + 22));
}

START_TEST(a_seed_is_a_run)
{
	struct str first;

	ck_assert_int_eq(type("run good.yaml"), 0);
	first = printed_hash();
	ck_assert_int_eq(type("run good.yaml --seed 1"), 0);
	ck_assert(str_equal(printed_hash(), first));
	ck_assert_int_eq(type("run all/a.yaml good.yaml --twice"), 0);
	ck_assert(str_equal(printed_hash(), first));
	ck_assert_int_eq(type("run good.yaml --seed -9"), 0);
	ck_assert(!str_equal(printed_hash(), first));
}
END_TEST

/* Its start depends on what nothing may depend on: how many started before it. */
static int starts;

static void *forgetful_start(struct world *world, const struct str *arguments, size_t count,
			     int *exit_status, struct error *error)
{
	(void)world;
	(void)arguments;
	(void)count;
	error_set(error, ERROR_INVALID, "start %d", ++starts);
	*exit_status = 1;
	return NULL;
}

static void forgetful_stop(void *instance)
{
	(void)instance;
}

static const struct component forgetful = {"forgetful", "", forgetful_start, forgetful_stop};

static void *forgetful_command_start(struct world *world, const struct str *arguments, size_t count,
				     int *exit_status, struct error *error)
{
	static const struct component *const its_components[] = {&forgetful, NULL};

	return sim_command_start(world, its_components, arguments, count, exit_status, error);
}

START_TEST(twice_sees_what_does_not_repeat)
{
	static const struct component forgetful_command = {"sim", "", forgetful_command_start,
							   sim_command_stop};
	static const struct component *const shell_components[] = {&forgetful_command, NULL};
	struct sim_options options = {.seed = 1, .components = shell_components};

	sim_destroy(shell.sim);
	shell.sim = sim_create(&options);
	shell.host = sim_host_add(shell.sim, STR("laptop"), STR("10.1.1.1"));
	starts = 0;
	write_file("f.yaml",
		   STR("id: SC-F\ntitle: forgetful\n"
		       "world: {hosts: {h: {address: 10.0.0.1}},\n"
		       "  processes: {f: {host: h, command: refscale forgetful}}}\n"
		       "before: [{process.start: {name: f, exits: 1}}]\nfault: [{wait: 0s}]\n"
		       "symptoms: [{wait: 0s}]\ndiagnosis: [{wait: 0s}]\nfix: [{wait: 0s}]\n"
		       "recovery: [{wait: 0s}]\n"));
	ck_assert_int_eq(type("run f.yaml"), 0);
	ck_assert_int_eq(type("run f.yaml --twice"), 1);
	assert_says(&shell.out, "  the second run differs: trace ");
	assert_says(&shell.out, "SC-F    FAILED  forgetful");
	assert_says(&shell.out, "\n0 passed, 1 failed\n");
}
END_TEST

START_TEST(a_trace_is_written)
{
	struct str trace, first, rest;

	ck_assert_int_eq(type("run good.yaml --trace t.jsonl"), 0);
	trace = read_file("t.jsonl");
	str_split_once(trace, '\n', &first, &rest);
	ck_assert(str_has_prefix(first, STR("{")));
	ck_assert(str_has_suffix(first, STR("}")));
	ck_assert(str_has_suffix(trace, STR("}\n")));
	ck_assert_uint_ne(str_find(trace, STR("\"kind\":\"process.start\"")), STR_NOT_FOUND);
	ck_assert_uint_ne(str_find(trace, STR("\"kind\":\"step\",\"text\":\"look\"")),
			  STR_NOT_FOUND);
	ck_assert_int_eq(type("run good.yaml --trace u.jsonl --twice"), 0);
	ck_assert(str_equal(read_file("u.jsonl"), trace));
	ck_assert_int_eq(type("run good.yaml --trace=u.jsonl --seed 2"), 0);
	ck_assert(!str_equal(read_file("u.jsonl"), trace));
}
END_TEST

START_TEST(a_page_is_written_also_of_a_failure)
{
	ck_assert_int_eq(type("run bad.yaml --html p.html --trace t.jsonl"), 1);
	ck_assert(str_has_prefix(read_file("p.html"), STR("<!doctype html>")));
	ck_assert_uint_ne(str_find(read_file("p.html"), STR("no process \"echo\"")), STR_NOT_FOUND);
	ck_assert_uint_gt(read_file("t.jsonl").size, 0);
}
END_TEST

START_TEST(a_file_that_cannot_be_written_is_status_4)
{
	ck_assert_int_eq(type("run good.yaml --trace nowhere/t.jsonl"), 4);
	assert_says(&shell.err, "refscale sim: nowhere/t.jsonl: no such file or directory\n");
	ck_assert_int_eq(type("run good.yaml --html nowhere/p.html"), 4);
	assert_says(&shell.err, "refscale sim: nowhere/p.html: no such file or directory\n");
}
END_TEST

static bool one_is_told(void *data)
{
	(void)data;
	return str_find(strbuf_str(&shell.out), STR("passed")) != STR_NOT_FOUND;
}

START_TEST(an_interrupted_command_has_not_passed)
{
	struct sim_process *process = begin("run good.yaml good.yaml good.yaml");

	ck_assert(sim_run_until(shell.sim, 1000000, one_is_told, NULL));
	sim_process_stop(process);
	ck_assert(sim_run_until(shell.sim, 1000000, shell_is_done, &shell));
	ck_assert_int_eq(shell.status, 1);
	assert_says(&shell.err, "refscale sim: interrupted after ");
	assert_does_not_say(&shell.out, "3 passed");
}
END_TEST

Suite *sim_command_suite(void);
Suite *sim_command_suite(void)
{
	Suite *suite = suite_create("sim_command");
	TCase *tests = tcase_create("command");

	tcase_add_checked_fixture(tests, set_up, tear_down);
	tcase_add_test(tests, a_scenario_that_passes_is_status_0);
	tcase_add_test(tests, a_scenario_that_fails_is_status_1);
	tcase_add_test(tests, verbose_shows_every_step);
	tcase_add_test(tests, wrong_usage_is_status_2);
	tcase_add_test(tests, a_scenario_that_cannot_be_read_is_status_2);
	tcase_add_test(tests, a_folder_is_run_in_the_order_of_names);
	tcase_add_test(tests, a_seed_is_a_run);
	tcase_add_test(tests, twice_sees_what_does_not_repeat);
	tcase_add_test(tests, a_trace_is_written);
	tcase_add_test(tests, a_page_is_written_also_of_a_failure);
	tcase_add_test(tests, a_file_that_cannot_be_written_is_status_4);
	tcase_add_test(tests, an_interrupted_command_has_not_passed);
	suite_add_tcase(suite, tests);
	return suite;
}
