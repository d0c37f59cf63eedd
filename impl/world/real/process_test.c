/* Children of the real world. */
#include "world/process.h"

#include <fcntl.h>
#include <signal.h>

#include "base/limits.h"
#include "world/real/raw_test.h"

struct child {
	struct raw_stage stage;
	struct process *process;
	struct strbuf lines; /* "o:text" of standard output, "e:text" of standard error */
	size_t exited;
	bool is_over;
	int status;
};

static void line_came(struct process *process, bool is_stderr, struct str line, void *data)
{
	struct child *child = data;

	ck_assert(process == child->process || child->process == NULL);
	ck_assert_uint_eq(child->exited, 0);
	strbuf_append_format(&child->lines, "%s:%.*s\n", is_stderr ? "e" : "o", STR_ARG(line));
}

static void child_exited(struct process *process, int status, void *data)
{
	struct child *child = data;

	(void)process;
	child->exited++;
	child->is_over = true;
	child->status = status;
}

static void child_begin(struct child *child)
{
	memset(child, 0, sizeof *child);
	raw_stage_begin(&child->stage);
	strbuf_init(&child->lines, 10000000);
}

static void child_start(struct child *child, struct process_options options)
{
	options.line = line_came;
	options.exited = child_exited;
	options.data = child;
	child->exited = 0;
	child->is_over = false;
	strbuf_clear(&child->lines);
	child->process = process_start(child->stage.world, &options, &child->stage.error);
	ck_assert_msg(child->process != NULL, "%s", child->stage.error.text);
}

static void child_shell(struct child *child, struct str command)
{
	child_start(child,
		    (struct process_options){.shell_command = command, .inherit_variables = true});
}

static void child_expect(struct child *child, struct str lines, int status)
{
	ck_assert(raw_await(&child->stage, raw_flag_is_set, &child->is_over));
	ck_assert_msg(str_equal(strbuf_str(&child->lines), lines), "\"%.*s\"",
		      STR_ARG(strbuf_str(&child->lines)));
	ck_assert_int_eq(child->status, status);
	raw_pause(&child->stage, 2);
	ck_assert_uint_eq(child->exited, 1);
}

static void child_end(struct child *child)
{
	strbuf_free(&child->lines);
	raw_stage_end(&child->stage);
}

START_TEST(test_lines_and_status_arrive)
{
	struct child child;

	child_begin(&child);
	child_shell(&child, STR("echo one; echo; printf 'two\\r\\nthree'; exit 7"));
	child_expect(&child, STR("o:one\no:\no:two\no:three\n"), 7);
	child_shell(&child, STR("echo oops >&2"));
	child_expect(&child, STR("e:oops\n"), 0);
	child_shell(&child, STR("kill -9 $$"));
	child_expect(&child, STR(""), 128 + 9);
	child_end(&child);
}
END_TEST

START_TEST(test_long_lines_come_in_pieces)
{
	struct child child;
	size_t pieces = 0;
	struct str rest, line;

	child_begin(&child);
	child_shell(&child, STR("head -c 40000 /dev/zero | tr '\\0' x; echo; echo end"));
	ck_assert(raw_await(&child.stage, raw_flag_is_set, &child.is_over));
	rest = strbuf_str(&child.lines);
	ck_assert(str_has_suffix(rest, STR("x\no:end\n")));
	while (str_next_field(&rest, '\n', &line)) {
		ck_assert_uint_le(line.size, LIMIT_LOG_LINE_BYTES + 2);
		pieces++;
	}
	ck_assert_uint_eq(pieces, 4);
	child_end(&child);
}
END_TEST

START_TEST(test_variables_are_given)
{
	static const struct process_variable variables[] = {
		{STR_INIT("REFSCALE_TEST_A"), STR_INIT("a b")},
		{STR_INIT("PATH"), STR_INIT("/usr/bin:/bin")},
	};
	struct child child;
	struct process_options options = {
		.shell_command = STR("env | grep -v ^_ | grep -v ^PWD | grep -v ^SHLVL | sort"),
		.variables = variables,
		.variables_count = 2,
	};

	child_begin(&child);
	child_start(&child, options);
	child_expect(&child, STR("o:PATH=/usr/bin:/bin\no:REFSCALE_TEST_A=a b\n"), 0);
	options.inherit_variables = true;
	options.shell_command = STR("echo $REFSCALE_TEST_A $PATH; test -n \"$HOME\"");
	child_start(&child, options);
	child_expect(&child, STR("o:a b /usr/bin:/bin\n"), getenv("HOME") == NULL ? 1 : 0);
	child_end(&child);
}
END_TEST

START_TEST(test_refscale_is_this_program)
{
	static const struct str words[] = {STR_INIT("refscale"), STR_INIT("--list")};
	struct child child;

	child_begin(&child);
	child_start(&child, (struct process_options){
				    .words = words, .words_count = 2, .inherit_variables = true});
	ck_assert(raw_await(&child.stage, raw_flag_is_set, &child.is_over));
	ck_assert_int_eq(child.status, 0);
	ck_assert_uint_ne(str_find(strbuf_str(&child.lines), STR("o:world_real_process\n")),
			  STR_NOT_FOUND);
	child_end(&child);
}
END_TEST

static bool line_is_there(void *data)
{
	return ((struct child *)data)->lines.size > 0;
}

START_TEST(test_stopping_asks_the_whole_group)
{
	struct child child;

	child_begin(&child);
	child_shell(&child, STR("trap 'echo asked; exit 3' TERM; sleep 30 & echo ready; wait; "
				"while :; do sleep 0.01; done"));
	ck_assert(raw_await(&child.stage, line_is_there, &child));
	ck_assert_int_gt(child.stage.world->process->id(child.process), 0);
	process_stop(child.stage.world, child.process);
	child_expect(&child, STR("o:ready\no:asked\n"), 3);
	child_end(&child);
}
END_TEST

START_TEST(test_killing_ends_what_does_not_listen)
{
	struct child child;

	child_begin(&child);
	child_shell(&child, STR("trap '' TERM; echo ready; while :; do sleep 0.05; done"));
	ck_assert(raw_await(&child.stage, line_is_there, &child));
	process_stop(child.stage.world, child.process);
	raw_pause(&child.stage, 20);
	ck_assert_uint_eq(child.exited, 0);
	process_kill(child.stage.world, child.process);
	child_expect(&child, STR("o:ready\n"), 128 + 9);
	child_end(&child);
}
END_TEST

START_TEST(test_output_that_outlives_its_child_is_let_go)
{
	struct child child;

	child_begin(&child);
	child_shell(&child, STR("trap '' HUP; sleep 30 & echo ready"));
	child_expect(&child, STR("o:ready\n"), 0);
	child_end(&child);
}
END_TEST

START_TEST(test_nothing_outlives_the_world)
{
	struct child child;
	int id;

	child_begin(&child);
	child_shell(&child, STR("trap '' TERM; echo ready; while :; do sleep 0.05; done"));
	ck_assert(raw_await(&child.stage, line_is_there, &child));
	id = child.stage.world->process->id(child.process);
	child_end(&child);
	ck_assert_int_eq(kill(id, 0), -1);
	ck_assert_uint_eq(child.exited, 0);
}
END_TEST

START_TEST(test_output_may_be_shared)
{
	struct child child;
	struct process_options options = {.shell_command = STR("true"), .exited = child_exited};

	child_begin(&child);
	options.data = &child;
	ck_assert_ptr_nonnull(process_start(child.stage.world, &options, &child.stage.error));
	ck_assert(raw_await(&child.stage, raw_flag_is_set, &child.is_over));
	ck_assert_int_eq(child.status, 0);
	child_end(&child);
}
END_TEST

Suite *world_real_process_suite(void);

Suite *world_real_process_suite(void)
{
	Suite *suite = suite_create("world/real/process");
	TCase *tests = tcase_create("children");

	tcase_set_timeout(tests, 30);
	tcase_add_test(tests, test_lines_and_status_arrive);
	tcase_add_test(tests, test_long_lines_come_in_pieces);
	tcase_add_test(tests, test_variables_are_given);
	tcase_add_test(tests, test_refscale_is_this_program);
	tcase_add_test(tests, test_stopping_asks_the_whole_group);
	tcase_add_test(tests, test_killing_ends_what_does_not_listen);
	tcase_add_test(tests, test_output_that_outlives_its_child_is_let_go);
	tcase_add_test(tests, test_nothing_outlives_the_world);
	tcase_add_test(tests, test_output_may_be_shared);
	suite_add_tcase(suite, tests);
	return suite;
}
