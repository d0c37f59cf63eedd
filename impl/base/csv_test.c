#include "base/csv.h"

#include <check.h>
#include <string.h>

#include "base/arena.h"
#include "base/error.h"

/* Rows as "a|b;c" with the error behind them. */
static const struct {
	const char *text, *rows;
} cases[] = {
	{"", ""},
	{"a,b\n", "1:a|b;"},
	{"a,b", "1:a|b;"},
	{"a,b\r\nc,d\r\n", "1:a|b;2:c|d;"},
	{"\xef\xbb\xbf"
	 "a\n",
	 "1:a;"},
	{"a,,b,\n", "1:a||b|;"},
	{",\n", "1:|;"},
	{"\n\na\n", "1:;2:;3:a;"},
	{"\"a,b\",\"c\"\"d\"\n", "1:a,b|c\"d;"},
	{"\"a\nb\",c\nd\n", "1:a\nb|c;3:d;"},
	{"\"\",\"\"\"\"\n", "1:|\";"},
	{"a\rb\n", "1:a\rb;"},
	{" \"a\"\n", "line 1: a quote inside a field"},
	{"a\n\"b", "1:a;line 2: the quote is not closed"},
	{"\"a\nb\"c\n", "line 2: text behind a closing quote"},
	{"\"a\"\"", "line 1: the quote is not closed"},
};

static const char *rows_of(struct arena *arena, struct str text)
{
	struct error error = {0};
	struct csv_row row;
	struct strbuf out;
	struct csv csv;
	const char *rows;

	strbuf_init(&out, 65536);
	csv_begin(&csv, text, arena);
	while (csv_next(&csv, &row, &error)) {
		strbuf_append_format(&out, "%zu:", row.line);
		for (size_t i = 0; i < row.count; i++)
			strbuf_append_format(&out, "%s%.*s", i > 0 ? "|" : "",
					     STR_ARG(row.fields[i]));
		strbuf_append_char(&out, ';');
	}
	ck_assert_int_eq(csv.is_malformed, error.kind != ERROR_NONE);
	strbuf_append(&out, str_from(error.text));
	rows = str_cstr(arena, strbuf_str(&out));
	strbuf_free(&out);
	return rows;
}

START_TEST(rows_are_read)
{
	struct arena *arena = arena_create();

	ck_assert_str_eq(rows_of(arena, str_from(cases[_i].text)), cases[_i].rows);
	arena_destroy(arena);
}
END_TEST

START_TEST(a_row_has_a_bound)
{
	struct arena *arena = arena_create();
	char text[CSV_FIELDS_MAX + 1];

	memset(text, ',', sizeof text);
	ck_assert_str_eq(rows_of(arena, str_of(text, sizeof text)), "line 1: too many fields");
	ck_assert(strncmp(rows_of(arena, str_of(text, CSV_FIELDS_MAX - 1)), "1:|", 3) == 0);
	arena_destroy(arena);
}
END_TEST

START_TEST(a_refused_text_stays_refused)
{
	struct arena *arena = arena_create();
	struct csv_row row;
	struct csv csv;

	csv_begin(&csv, STR("a\"b\nc\n"), arena);
	ck_assert(!csv_next(&csv, &row, NULL));
	ck_assert(!csv_next(&csv, &row, NULL));
	ck_assert(csv.is_malformed);
	arena_destroy(arena);
}
END_TEST

Suite *base_csv_suite(void);
Suite *base_csv_suite(void)
{
	Suite *suite = suite_create("base_csv");
	TCase *tests = tcase_create("csv");

	tcase_add_loop_test(tests, rows_are_read, 0, sizeof cases / sizeof *cases);
	tcase_add_test(tests, a_row_has_a_bound);
	tcase_add_test(tests, a_refused_text_stays_refused);
	suite_add_tcase(suite, tests);
	return suite;
}
