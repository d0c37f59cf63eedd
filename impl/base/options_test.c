#include "base/options.h"

#include <check.h>

#include "base/error.h"

static bool verbose, port_is_given;
static struct str file;
static int64_t seed;
static uint16_t port;
static struct str words[2];
static size_t words_count;
static struct error error;

static const struct option options[] = {
	{"verbose", 'v', OPTION_FLAG, &verbose, NULL, NULL, "say more"},
	{"file", 'f', OPTION_TEXT, &file, NULL, "FILE", "read from FILE"},
	{"seed", 0, OPTION_INT, &seed, NULL, "N", "of the chance"},
	{"port", 'p', OPTION_PORT, &port, &port_is_given, "N", "listen there"},
};
enum { COUNT = sizeof options / sizeof *options };

static void set_up(void)
{
	verbose = port_is_given = false;
	file = STR("default");
	seed = -1;
	port = 1;
	words_count = 99;
	error = (struct error){0};
}

/* The arguments are given as one text, separated by '|'. */
static bool parse(const char *text)
{
	struct str arguments[16], rest = str_from(text);
	size_t count = 0;

	while (str_next_field(&rest, '|', &arguments[count]))
		count++;
	return options_parse(options, COUNT, arguments, count, words, 2, &words_count, &error);
}

START_TEST(nothing_given_leaves_the_defaults)
{
	ck_assert(parse(""));
	ck_assert(!verbose && !port_is_given);
	ck_assert(str_equal(file, STR("default")));
	ck_assert_uint_eq(words_count, 0);
}
END_TEST

START_TEST(values_are_given_in_both_forms)
{
	ck_assert(parse("--file|a.yaml|--seed=-5|--port|8080|--verbose"));
	ck_assert(str_equal(file, STR("a.yaml")));
	ck_assert_int_eq(seed, -5);
	ck_assert_uint_eq(port, 8080);
	ck_assert(verbose && port_is_given);
	ck_assert(parse("--file=a=b"));
	ck_assert(str_equal(file, STR("a=b")));
	ck_assert(parse("--file="));
	ck_assert_uint_eq(file.size, 0);
	ck_assert(parse("--file|--verbose"));
	ck_assert(str_equal(file, STR("--verbose")));
}
END_TEST

START_TEST(short_names_work)
{
	ck_assert(parse("-v|-f|x|-p|0"));
	ck_assert(verbose && port_is_given);
	ck_assert(str_equal(file, STR("x")));
	ck_assert_uint_eq(port, 0);
}
END_TEST

START_TEST(the_last_of_repeated_options_wins)
{
	ck_assert(parse("--seed|1|--seed|2"));
	ck_assert_int_eq(seed, 2);
}
END_TEST

START_TEST(words_stand_anywhere_and_after_a_double_dash)
{
	ck_assert(parse("one|-v|two"));
	ck_assert(verbose);
	ck_assert_uint_eq(words_count, 2);
	ck_assert(str_equal(words[0], STR("one")) && str_equal(words[1], STR("two")));
	ck_assert(parse("-|--|--verbose"));
	ck_assert_uint_eq(words_count, 2);
	ck_assert(str_equal(words[0], STR("-")) && str_equal(words[1], STR("--verbose")));
	ck_assert(parse("--|--"));
	ck_assert(str_equal(words[0], STR("--")));
}
END_TEST

static const struct {
	const char *arguments, *error;
} refused_rows[] = {
	{"--prot|80", "unknown option --prot, did you mean --port?"},
	{"--Verbose", "unknown option --Verbose, did you mean --verbose?"},
	{"--verbos=1", "unknown option --verbos, did you mean --verbose?"},
	{"--sed|1", "unknown option --sed, did you mean --seed?"},
	{"--fle|x", "unknown option --fle, did you mean --file?"},
	{"--verboose", "unknown option --verboose, did you mean --verbose?"},
	{"--vrbosee", "unknown option --vrbosee, did you mean --verbose?"},
	{"--something-else", "unknown option --something-else"},
	{"--a-name-that-is-much-longer-than-any-option-has", "unknown option "
							     "--a-name-that-is-much-longer-than-"
							     "any-option-has"},
	{"-x", "unknown option -x"},
	{"-vf", "unknown option -vf"},
	{"--verbose=yes", "option --verbose takes no value"},
	{"--file", "option --file needs a value"},
	{"-p", "option --port needs a value"},
	{"--seed|abc", "option --seed: \"abc\" is not a number"},
	{"--seed=", "option --seed: \"\" is not a number"},
	{"--port|65536", "option --port: \"65536\" is not a port (0 to 65535)"},
	{"a|b|c", "unexpected argument \"c\""},
	{"-v|--file|x|--port|99|--prt", "unknown option --prt, did you mean --port?"},
};

START_TEST(mistakes_are_named_and_nothing_is_changed)
{
	ck_assert(!parse(refused_rows[_i].arguments));
	ck_assert_str_eq(error.text, refused_rows[_i].error);
	ck_assert_int_eq(error.kind, ERROR_INVALID);
	ck_assert(!verbose && !port_is_given);
	ck_assert(str_equal(file, STR("default")));
	ck_assert_int_eq(seed, -1);
	ck_assert_uint_eq(port, 1);
	ck_assert_uint_eq(words_count, 99);
}
END_TEST

START_TEST(no_words_may_be_wanted)
{
	struct str word = STR("x"), flag = STR("-v");

	ck_assert(options_parse(options, COUNT, &flag, 1, NULL, 0, NULL, &error));
	ck_assert(verbose);
	ck_assert(!options_parse(options, COUNT, &word, 1, NULL, 0, NULL, &error));
}
END_TEST

START_TEST(help_has_a_line_for_each_option)
{
	struct strbuf out;

	strbuf_init(&out, 1000);
	options_help(&out, options, COUNT);
	ck_assert_msg(str_equal(strbuf_str(&out), STR("  -v, --verbose    say more\n"
						      "  -f, --file FILE  read from FILE\n"
						      "      --seed N     of the chance\n"
						      "  -p, --port N     listen there\n")),
		      "%.*s", STR_ARG(strbuf_str(&out)));
	strbuf_free(&out);
}
END_TEST

Suite *base_options_suite(void);
Suite *base_options_suite(void)
{
	Suite *suite = suite_create("base_options");
	TCase *tests = tcase_create("options");

	tcase_add_checked_fixture(tests, set_up, NULL);
	tcase_add_test(tests, nothing_given_leaves_the_defaults);
	tcase_add_test(tests, values_are_given_in_both_forms);
	tcase_add_test(tests, short_names_work);
	tcase_add_test(tests, the_last_of_repeated_options_wins);
	tcase_add_test(tests, words_stand_anywhere_and_after_a_double_dash);
	tcase_add_loop_test(tests, mistakes_are_named_and_nothing_is_changed, 0,
			    sizeof refused_rows / sizeof *refused_rows);
	tcase_add_test(tests, no_words_may_be_wanted);
	tcase_add_test(tests, help_has_a_line_for_each_option);
	suite_add_tcase(suite, tests);
	return suite;
}
