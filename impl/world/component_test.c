#include "world/component.h"

#include <check.h>

#include "base/error.h"
#include "base/options.h"
#include "world/log.h"

/* A world that can do nothing but keep what is said. */
struct listener {
	struct world world; /* first */
	struct strbuf said;
};

static void listener_write(struct world *world, struct str target, struct str line)
{
	struct listener *listener = (struct listener *)world;

	ck_assert(str_equal(target, LOG_STDOUT));
	strbuf_append(&listener->said, line);
	strbuf_append_char(&listener->said, '\n');
}

static const struct log_ops log_ops = {.write = listener_write};

static bool read(struct listener *listener, const struct str *arguments, size_t count,
		 int64_t *value, struct error *error)
{
	const struct option options[] = {
		{"number", 'n', OPTION_INT, value, NULL, "N", "how many"},
	};
	struct str words[2];
	size_t words_count;

	listener->world.log = &log_ops;
	strbuf_init(&listener->said, 1000);
	return component_read_options(&listener->world, "thing [OPTION...]", options, 1, arguments,
				      count, words, 2, &words_count, error);
}

START_TEST(options_are_read)
{
	struct str arguments[] = {STR("--number"), STR("7"), STR("word")};
	struct listener listener = {0};
	struct error error = {0};
	int64_t value = 0;

	ck_assert(read(&listener, arguments, 3, &value, &error));
	ck_assert_int_eq(value, 7);
	ck_assert_uint_eq(listener.said.size, 0);
	strbuf_free(&listener.said);
}
END_TEST

START_TEST(help_is_shown_when_it_is_asked_for)
{
	static const char *const asking[] = {"--help", "-h"};
	struct str arguments[] = {STR("--nonsense"), str_from(asking[_i])};
	struct listener listener = {0};
	struct error error = {0};
	int64_t value = 3;

	ck_assert(!read(&listener, arguments, 2, &value, &error));
	ck_assert_int_eq(error.kind, ERROR_HELP);
	ck_assert_str_eq(error.text, "");
	ck_assert_int_eq(value, 3);
	ck_assert(str_equal(strbuf_str(&listener.said), STR("usage: refscale thing [OPTION...]\n"
							    "  -n, --number N  how many\n")));
	strbuf_free(&listener.said);
}
END_TEST

START_TEST(behind_the_end_of_options_help_is_a_word)
{
	struct str arguments[] = {STR("--"), STR("--help")};
	struct listener listener = {0};
	struct error error = {0};
	int64_t value = 0;

	ck_assert(read(&listener, arguments, 2, &value, &error));
	ck_assert_uint_eq(listener.said.size, 0);
	strbuf_free(&listener.said);
}
END_TEST

Suite *world_component_suite(void);
Suite *world_component_suite(void)
{
	Suite *suite = suite_create("world_component");
	TCase *tests = tcase_create("options");

	tcase_add_test(tests, options_are_read);
	tcase_add_loop_test(tests, help_is_shown_when_it_is_asked_for, 0, 2);
	tcase_add_test(tests, behind_the_end_of_options_help_is_a_word);
	suite_add_tcase(suite, tests);
	return suite;
}
