#include "world/process.h"

#include "sim/stage_test.h"
#include "world/environment.h"
#include "world/files.h"
#include "world/http_server.h"
#include "world/log.h"

static struct stage stage;

/* Components that do one thing each. `instances` counts what was started and not stopped. */
static struct {
	int instances, ended;
	struct process *child;
	int child_status;
} seen;

struct actor_of_test {
	struct world *world;
	struct timer timer;
};

static struct actor_of_test *instance_create(struct world *world)
{
	struct actor_of_test *instance = MEMORY_NEW(struct actor_of_test);

	instance->world = world;
	seen.instances++;
	return instance;
}

static void instance_stop(void *data)
{
	struct actor_of_test *instance = data;

	timer_stop(&instance->timer);
	free(instance);
	seen.instances--;
}

/* Says what it was given and ends with the status of its last argument. */
static void *talker_start(struct world *world, const struct str *arguments, size_t count,
			  int *exit_status, struct error *error)
{
	struct str name, value;
	size_t at = 0;
	int64_t status = 0;

	(void)exit_status;
	(void)error;
	for (size_t i = 0; i < count; i++)
		log_format(world, LOG_STDOUT, "argument %.*s", STR_ARG(arguments[i]));
	while (environment_next(world, &at, &name, &value))
		log_format(world, LOG_STDERR, "%.*s=%.*s", STR_ARG(name), STR_ARG(value));
	log_write(world, LOG_STDOUT, STR("two\nlines"));
	if (count > 0 && str_to_int64(arguments[count - 1], &status))
		world_exit(world, (int)status);
	return instance_create(world);
}

static const struct component talker = {"talker", "", talker_start, instance_stop};

static void *failing_start(struct world *world, const struct str *arguments, size_t count,
			   int *exit_status, struct error *error)
{
	(void)world;
	(void)arguments;
	(void)count;
	error_set(error, ERROR_INVALID, "no way");
	*exit_status = 2;
	return NULL;
}

static const struct component failing = {"failing", "", failing_start, instance_stop};

/* Takes a second to stop. */
static void slow_ends(struct timer *timer)
{
	world_exit(timer->world, 7);
}

static void slow_asked(void *data)
{
	struct actor_of_test *instance = data;

	log_write(instance->world, LOG_STDOUT, STR("stopping"));
	timer_start(instance->world, &instance->timer, STAGE_SECOND, slow_ends);
}

static void *slow_start(struct world *world, const struct str *arguments, size_t count,
			int *exit_status, struct error *error)
{
	struct actor_of_test *instance = instance_create(world);

	(void)arguments;
	(void)count;
	(void)exit_status;
	(void)error;
	world_on_stop(world, slow_asked, instance);
	return instance;
}

static const struct component slow = {"slow", "", slow_start, instance_stop};

/* Does all it can when it is stopped. */
static void loud_call(struct http_call *call, void *data)
{
	(void)call;
	(void)data;
	ck_abort_msg("nobody is there to be told");
}

static void loud_stop(void *data)
{
	struct actor_of_test *instance = data;
	struct world *world = instance->world;
	struct process_options child = {.words = (struct str[]){STR("refscale"), STR("talker")},
					.words_count = 2};
	struct http_call_options call = stage_get("/");

	log_write(world, LOG_STDOUT, STR("last words"));
	log_write(world, STR("/loud.log"), STR("last words"));
	files_write(world, STR("/loud"), STR("x"), NULL);
	files_make_directory(world, STR("/loud.d"), NULL);
	files_remove(world, STR("/kept"), NULL);
	process_start(world, &child, NULL);
	http_call_release(http_call_start(world, &call, loud_call, loud_call, NULL));
	instance_stop(data);
}

static void *loud_start(struct world *world, const struct str *arguments, size_t count,
			int *exit_status, struct error *error)
{
	(void)arguments;
	(void)count;
	(void)exit_status;
	(void)error;
	return instance_create(world);
}

static const struct component loud = {"loud", "", loud_start, loud_stop};

/* Starts another and says how it ended. */
static void parent_line(struct process *process, bool is_stderr, struct str line, void *data)
{
	struct actor_of_test *instance = data;

	(void)process;
	log_format(instance->world, LOG_STDOUT, "child %d %.*s", is_stderr, STR_ARG(line));
}

static void parent_exited(struct process *process, int status, void *data)
{
	struct actor_of_test *instance = data;

	ck_assert_ptr_eq(process, seen.child);
	seen.child = NULL;
	seen.child_status = status;
	log_format(instance->world, LOG_STDOUT, "child ended %d", status);
}

static void *parent_start(struct world *world, const struct str *arguments, size_t count,
			  int *exit_status, struct error *error)
{
	struct actor_of_test *instance = instance_create(world);
	struct process_variable variables[] = {{STR("B"), STR("child's")}};
	struct process_options options = {
		.words = arguments + 1,
		.words_count = count - 1,
		.variables = variables,
		.variables_count = 1,
		.inherit_variables = true,
		.line = str_equal(arguments[0], STR("quiet")) ? NULL : parent_line,
		.exited = parent_exited,
		.data = instance,
	};

	(void)exit_status;
	seen.child = process_start(world, &options, error);
	if (seen.child == NULL) {
		instance_stop(instance);
		*exit_status = 1;
		return NULL;
	}
	ck_assert_int_gt(world->process->id(seen.child), world_process_id(world));
	return instance;
}

static const struct component parent = {"parent", "", parent_start, instance_stop};

static const struct component *const components[] = {&talker, &failing, &slow,
						     &loud,   &parent,  NULL};

static void set_up(void)
{
	memset(&seen, 0, sizeof seen);
	stage_open_with(&stage, 1, components);
}

static void tear_down(void)
{
	stage_close(&stage);
	ck_assert_int_eq(seen.instances, 0);
}

static struct sim_process *start(const char *text)
{
	struct str words[8], rest = str_from(text);
	size_t count = 0;

	while (str_next_field(&rest, ' ', &words[count]))
		count++;
	return stage_start(&stage, stage.api_host, words, count);
}

static void expect_output(const char *text)
{
	ck_assert_msg(str_equal(strbuf_str(&stage.output), str_from(text)), "%.*s",
		      STR_ARG(strbuf_str(&stage.output)));
}

START_TEST(output_and_status_reach_who_started_it)
{
	struct sim_process *process = start("refscale talker a b 5");

	stage_run(&stage, 0);
	expect_output("  argument a\n  argument b\n  argument 5\n  two\n  lines\n");
	ck_assert_int_eq(stage.exit_status, 5);
	ck_assert(!sim_process_is_running(process));
	ck_assert(stage_traced(&stage, "\"kind\":\"log\",\"process\":\"talker\","
				       "\"to\":\"/dev/stdout\",\"line\":\"argument a\""));
	ck_assert(stage_traced(&stage, "\"kind\":\"process.start\""));
	ck_assert(stage_traced(&stage, "\"kind\":\"process.exit\""));
}
END_TEST

START_TEST(a_component_that_cannot_start_ends_its_process)
{
	start("refscale failing");
	stage_run(&stage, 0);
	expect_output("! refscale failing: no way\n");
	ck_assert_int_eq(stage.exit_status, 2);
}
END_TEST

START_TEST(only_components_can_be_started)
{
	static const char *const texts[] = {"refscale nothing", "sh -c true", "refscale"};
	struct str words[8], rest = str_from(texts[_i]);
	struct process_options options = {.words = words};
	struct error error = {0};

	while (str_next_field(&rest, ' ', &words[options.words_count]))
		options.words_count++;
	ck_assert(sim_process_start(stage.api_host, &options, &error) == NULL);
	ck_assert_int_eq(error.kind, ERROR_NOT_FOUND);
	sim_host_set_up(stage.api_host, false);
	words[0] = STR("refscale");
	words[1] = STR("talker");
	options.words_count = 2;
	ck_assert(sim_process_start(stage.api_host, &options, &error) == NULL);
	ck_assert_int_eq(error.kind, ERROR_UNAVAILABLE);
}
END_TEST

START_TEST(whoever_is_asked_to_stop_may_take_its_time)
{
	struct sim_process *process = start("refscale slow");

	stage_run(&stage, 0);
	sim_process_stop(process);
	stage_run(&stage, STAGE_SECOND / 2);
	ck_assert(sim_process_is_running(process));
	expect_output("  stopping\n");
	stage_run(&stage, STAGE_SECOND);
	ck_assert_int_eq(stage.exit_status, 7);
	sim_process_stop(process);
	sim_process_kill(process);
	stage_run(&stage, STAGE_SECOND);
}
END_TEST

START_TEST(whoever_has_no_handler_stops_at_once)
{
	struct sim_process *process = start("refscale talker");

	stage_run(&stage, 0);
	ck_assert(sim_process_is_running(process));
	sim_process_stop(process);
	stage_run(&stage, 0);
	ck_assert_int_eq(stage.exit_status, 0);
}
END_TEST

START_TEST(the_killed_are_mute)
{
	struct sim_process *process = start("refscale loud");
	struct str content;

	ck_assert(sim_host_write_file(stage.api_host, STR("/kept"), STR("kept")));
	stage_run(&stage, 0);
	sim_process_kill(process);
	ck_assert_int_eq(seen.instances, 0);
	stage_run(&stage, STAGE_SECOND);
	ck_assert_int_eq(stage.exit_status, 137);
	expect_output("");
	ck_assert(!stage_traced(&stage, "last words"));
	struct world *world = sim_host_world(stage.api_host, STR("shell"));

	ck_assert(!files_read(world, STR("/loud"), 100, stage.arena, &content, NULL));
	ck_assert(!files_read(world, STR("/loud.log"), 100, stage.arena, &content, NULL));
	ck_assert(files_read(world, STR("/kept"), 100, stage.arena, &content, NULL));
}
END_TEST

START_TEST(the_stopped_are_heard)
{
	struct sim_process *process = start("refscale loud");

	stage_run(&stage, 0);
	sim_process_stop(process);
	stage_run(&stage, STAGE_SECOND);
	expect_output("  last words\n");
	ck_assert(stage_traced(&stage, "\"line\":\"last words\""));
	ck_assert(stage_traced(&stage, "\"line\":\"two\\nlines\"")); /* its child's */
}
END_TEST

START_TEST(a_host_that_goes_down_takes_its_processes_along)
{
	struct sim_process *process = start("refscale loud");

	stage_run(&stage, 0);
	sim_host_set_up(stage.api_host, false);
	ck_assert(!sim_process_is_running(process));
	stage_run(&stage, 0);
	ck_assert_int_eq(stage.exit_status, 137);
}
END_TEST

START_TEST(a_process_may_watch_another)
{
	start("refscale parent loud refscale talker x 3");
	stage_run(&stage, 0);
	expect_output("  child 0 argument x\n  child 0 argument 3\n  child 1 B=child's\n"
		      "  child 0 two\n  child 0 lines\n  child ended 3\n");
	ck_assert_int_eq(seen.child_status, 3);
}
END_TEST

START_TEST(a_child_without_a_reader_shares_its_parents_output)
{
	start("refscale parent quiet refscale talker 3");
	stage_run(&stage, 0);
	expect_output("  argument 3\n! B=child's\n  two\n  lines\n  child ended 3\n");
}
END_TEST

START_TEST(a_child_may_be_stopped_or_killed)
{
	struct world *world;

	start("refscale parent loud refscale slow");
	stage_run(&stage, 0);
	world = sim_host_world(stage.api_host, STR("shell"));
	if (_i == 0)
		process_stop(world, seen.child);
	else
		process_kill(world, seen.child);
	stage_run(&stage, 2 * STAGE_SECOND);
	ck_assert_int_eq(seen.child_status, _i == 0 ? 7 : 137);
}
END_TEST

START_TEST(a_parent_that_dies_leaves_its_child)
{
	struct sim_process *process = start("refscale parent loud refscale slow");

	stage_run(&stage, 0);
	sim_process_kill(process);
	stage_run(&stage, STAGE_SECOND);
	ck_assert_int_eq(seen.instances, 1);
}
END_TEST

START_TEST(a_parent_whose_child_cannot_be_started_is_told)
{
	start("refscale parent loud sh -c true");
	stage_run(&stage, 0);
	ck_assert(str_find(strbuf_str(&stage.output), STR("cannot start -c")) != STR_NOT_FOUND);
	ck_assert_int_eq(stage.exit_status, 1);
}
END_TEST

Suite *sim_process_suite(void);
Suite *sim_process_suite(void)
{
	Suite *suite = suite_create("sim_process");
	TCase *tests = tcase_create("process");

	tcase_add_checked_fixture(tests, set_up, tear_down);
	tcase_add_test(tests, output_and_status_reach_who_started_it);
	tcase_add_test(tests, a_component_that_cannot_start_ends_its_process);
	tcase_add_loop_test(tests, only_components_can_be_started, 0, 3);
	tcase_add_test(tests, whoever_is_asked_to_stop_may_take_its_time);
	tcase_add_test(tests, whoever_has_no_handler_stops_at_once);
	tcase_add_test(tests, the_killed_are_mute);
	tcase_add_test(tests, the_stopped_are_heard);
	tcase_add_test(tests, a_host_that_goes_down_takes_its_processes_along);
	tcase_add_test(tests, a_process_may_watch_another);
	tcase_add_test(tests, a_child_without_a_reader_shares_its_parents_output);
	tcase_add_loop_test(tests, a_child_may_be_stopped_or_killed, 0, 2);
	tcase_add_test(tests, a_parent_that_dies_leaves_its_child);
	tcase_add_test(tests, a_parent_whose_child_cannot_be_started_is_told);
	suite_add_tcase(suite, tests);
	return suite;
}
