#include "sim/commands.h"

#include <check.h>
#include <stdlib.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/limits.h"
#include "sim/shell_test.h"
#include "world/clock.h"
#include "world/environment.h"
#include "world/files.h"
#include "world/log.h"
#include "world/process.h"

/* A virtual machine with the component in a machine within it. */
static struct shell shell;

/* Runs as `inner WORD...`: `cat FILE` and `ls FOLDER` show, `--output FILE` writes the file, `exit
 * N` ends with N, `fail` does not start. Without a word it says "waiting",
 * and does, until it is asked to stop. */
struct inner {
	struct world *world;
	struct arena *arena;
	struct timer timer;
};

static void inner_show_name(struct str name, bool is_directory, void *data)
{
	log_format(((struct inner *)data)->world, LOG_STDOUT, "%.*s%s", STR_ARG(name),
		   is_directory ? "/" : "");
}

static void inner_do(struct inner *inner, struct str what, struct str argument)
{
	struct str content = {NULL, 0};
	struct error error = {0};
	bool fine = true;
	int64_t status;

	if (str_equal(what, STR("cat"))) {
		fine = files_read(inner->world, argument, LIMIT_CONFIG_BYTES, inner->arena,
				  &content, &error);
		log_write(inner->world, LOG_STDOUT, content);
	} else if (str_equal(what, STR("ls"))) {
		fine = files_list(inner->world, argument, inner_show_name, inner, &error);
	} else if (str_equal(what, STR("--output"))) {
		fine = files_write(inner->world, argument, STR("the output\n"), &error);
	} else if (str_equal(what, STR("exit")) && str_to_int64(argument, &status)) {
		world_exit(inner->world, (int)status);
	}
	if (!fine)
		log_write(inner->world, LOG_STDERR, str_from(error.text));
}

static void inner_ticks(struct timer *timer)
{
	timer_start(timer->world, timer, INT64_C(3600000000), inner_ticks);
}

static void inner_asked(void *data)
{
	struct inner *inner = data;

	log_write(inner->world, LOG_STDOUT, STR("asked"));
	world_exit(inner->world, 9);
}

static void inner_stop(void *data)
{
	struct inner *inner = data;

	timer_stop(&inner->timer);
	arena_destroy(inner->arena);
	free(inner);
}

static void *inner_start(struct world *world, const struct str *arguments, size_t count,
			 int *exit_status, struct error *error)
{
	struct inner *inner;

	if (count > 0 && str_equal(arguments[0], STR("fail"))) {
		error_set(error, ERROR_INVALID, "no");
		*exit_status = 2;
		return NULL;
	}
	inner = MEMORY_NEW(struct inner);
	inner->world = world;
	inner->arena = arena_create();
	if (count == 0)
		log_write(world, LOG_STDOUT, STR("waiting"));
	for (size_t i = 0; i < count; i++) {
		struct str what, argument = STR("");

		if (!str_split_once(arguments[i], '=', &what, &argument) && i + 1 < count)
			argument = arguments[++i];
		inner_do(inner, what, argument);
	}
	world_on_stop(world, inner_asked, inner);
	timer_start(world, &inner->timer, 0, inner_ticks);
	return inner;
}

static const struct component inner_component = {"inner", "", inner_start, inner_stop};
static const struct component unknown_component = {"unknown", "", inner_start, inner_stop};
static const struct component *const components[] = {&inner_component, NULL};

static void *outer_start(struct world *world, const struct str *arguments, size_t count,
			 int *exit_status, struct error *error)
{
	return sim_inside_start(world, components, &inner_component, arguments, count, exit_status,
				error);
}

static void *lost_start(struct world *world, const struct str *arguments, size_t count,
			int *exit_status, struct error *error)
{
	return sim_inside_start(world, components, &unknown_component, arguments, count,
				exit_status, error);
}

static const struct component outer_component = {"outer", "", outer_start, sim_inside_stop};
static const struct component lost_component = {"lost", "", lost_start, sim_inside_stop};

static void set_up(void)
{
	static const struct component *const shell_components[] = {&outer_component,
								   &lost_component, NULL};

	shell_open(&shell, shell_components);
}

static void tear_down(void)
{
	shell_close(&shell);
}

static void write_file(const char *path, const char *content)
{
	ck_assert(sim_host_write_file(shell.host, str_from(path), str_from(content)));
}

static struct sim_process *begin(const char *line)
{
	return shell_begin(&shell, str_cstr(shell.arena, STR_CONCAT(shell.arena, STR("refscale "),
								    str_from(line))));
}

static int type(const char *line)
{
	shell_clear(&shell);
	begin(line);
	return shell_finish(&shell);
}

static void assert_said(const char *out, const char *err)
{
	ck_assert_str_eq(str_cstr(shell.arena, strbuf_str(&shell.out)), out);
	ck_assert_str_eq(str_cstr(shell.arena, strbuf_str(&shell.err)), err);
}

static struct str read_file(const char *path)
{
	struct str content = {NULL, 0};

	files_read(sim_host_world(shell.host, STR("cat")), str_from(path), 1 << 20, shell.arena,
		   &content, NULL);
	return content;
}

START_TEST(its_output_and_status_are_ours)
{
	ck_assert_int_eq(type("outer exit 0"), 0);
	assert_said("", "");
	ck_assert_int_eq(type("outer cat none exit 7"), 7);
	assert_said("\n", "none: no such file or directory\n");
	ck_assert_int_eq(type("outer fail"), 2);
	assert_said("", "refscale inner: no\n");
}
END_TEST

START_TEST(the_folders_are_on_its_disk)
{
	write_file("conformance/suites/a.yaml", "case a");
	write_file("fixtures/one.json", "{}");
	write_file("fixtures/deep/er/two.json", "[]");
	write_file("impl/secret.c", "int x;");
	ck_assert_int_eq(type("outer cat=conformance/suites/a.yaml cat=fixtures/deep/er/two.json "
			      "ls=fixtures ls=impl exit=0"),
			 0);
	assert_said("case a\n[]\ndeep/\none.json\n", "impl: no such directory\n");
}
END_TEST

START_TEST(a_folder_that_is_no_folder_is_said_so)
{
	write_file("fixtures", "a file");
	ck_assert_int_eq(type("outer exit 0"), 4);
	assert_said("", "refscale outer: fixtures: no such directory\n");
}
END_TEST

START_TEST(a_file_that_is_too_large_is_said_so)
{
	struct strbuf content;

	strbuf_init(&content, LIMIT_CONFIG_BYTES + 1);
	while (strbuf_append(&content, STR("0123456789abcdef")))
		continue;
	strbuf_append_char(&content, 'x');
	ck_assert(sim_host_write_file(shell.host, STR("conformance/a"), strbuf_str(&content)));
	strbuf_free(&content);
	write_file("conformance/b", "");
	ck_assert_int_eq(type("outer exit 0"), 4);
	assert_said("", "refscale outer: conformance/a: more than 67108864 bytes\n");
}
END_TEST

START_TEST(the_output_file_is_brought_back)
{
	ck_assert_int_eq(type("outer --output report.xml exit 0"), 0);
	ck_assert(str_equal(read_file("report.xml"), STR("the output\n")));
	write_file("reports/old.xml", "");
	ck_assert_int_eq(type("outer --output=reports/new.xml exit=3"), 3);
	ck_assert(str_equal(read_file("reports/new.xml"), STR("the output\n")));
	assert_said("", "");
}
END_TEST

START_TEST(an_output_that_was_not_written_is_not_missed)
{
	ck_assert_int_eq(type("outer fail --output report.xml"), 2);
	assert_said("", "refscale inner: no\n");
	ck_assert_uint_eq(read_file("report.xml").size, 0);
}
END_TEST

START_TEST(an_output_that_cannot_be_written_is_status_4)
{
	ck_assert_int_eq(type("outer --output nowhere/report.xml exit 0"), 4);
	assert_said("", "refscale: nowhere/report.xml: no such file or directory\n");
	/* The last one counts, as it does for the component. */
	ck_assert_int_eq(type("outer --output nowhere/report.xml --output r.xml exit 0"), 0);
	write_file("fixtures/one.json", "{}");
	ck_assert_int_eq(type("outer --output fixtures/one.json/r.xml exit 0"), 4);
	assert_said("", "refscale outer: fixtures/one.json: file exists\n");
}
END_TEST

static bool it_waits(void *data)
{
	(void)data;
	return shell.out.size > 0;
}

START_TEST(who_asks_us_to_stop_asks_it)
{
	struct sim_process *process = begin("outer");

	ck_assert(sim_run_until(shell.sim, 1000000, it_waits, NULL));
	sim_process_stop(process);
	ck_assert_int_eq(shell_finish(&shell), 9);
	assert_said("waiting\nasked\n", "");
}
END_TEST

START_TEST(what_never_ends_is_given_up)
{
	ck_assert_int_eq(type("outer"), 4);
	assert_said("waiting\n", "refscale: no end after a virtual week\n");
}
END_TEST

START_TEST(only_components_of_the_virtual_world_run_there)
{
	ck_assert_int_eq(type("lost"), 4);
	assert_said("", "refscale lost: cannot start unknown: only \"refscale COMPONENT\", Redis' "
			"programs and the cluster's routers in the simulator\n");
}
END_TEST

Suite *sim_inside_suite(void);
Suite *sim_inside_suite(void)
{
	Suite *suite = suite_create("sim_inside");
	TCase *tests = tcase_create("inside");

	tcase_add_checked_fixture(tests, set_up, tear_down);
	tcase_add_test(tests, its_output_and_status_are_ours);
	tcase_add_test(tests, the_folders_are_on_its_disk);
	tcase_add_test(tests, a_folder_that_is_no_folder_is_said_so);
	tcase_add_test(tests, a_file_that_is_too_large_is_said_so);
	tcase_add_test(tests, the_output_file_is_brought_back);
	tcase_add_test(tests, an_output_that_was_not_written_is_not_missed);
	tcase_add_test(tests, an_output_that_cannot_be_written_is_status_4);
	tcase_add_test(tests, who_asks_us_to_stop_asks_it);
	tcase_add_test(tests, what_never_ends_is_given_up);
	tcase_add_test(tests, only_components_of_the_virtual_world_run_there);
	suite_add_tcase(suite, tests);
	return suite;
}
