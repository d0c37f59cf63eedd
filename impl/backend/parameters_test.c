#include "backend/parameters.h"

#include <check.h>
#include <stdio.h>

#include "backend/profile.h"
#include "base/arena.h"

static struct arena *arena;
static struct parameters parameters;

static void set_up(void)
{
	arena = arena_create();
	parameters_init(&parameters, arena, 7, profile_find(STR("")));
}

static void tear_down(void)
{
	arena_destroy(arena);
}

static const char *as_json(void)
{
	struct strbuf out;
	const char *text;

	strbuf_init(&out, 1024 * 1024);
	parameter_write_json(&out, &parameters.roots[PARAMETERS_QUERY]);
	text = str_cstr(arena, strbuf_str(&out));
	strbuf_free(&out);
	return text;
}

/* spec/backend.md 2.4, 2.6, 2.7 */
static const struct {
	const char *text;
	enum api_error_code code;
	const char *json; /* NULL: refused */
} rows[] = {
	{"", API_NO_ERROR, "{}"},
	{"a=1&b=2", API_NO_ERROR, "{\"a\":\"1\",\"b\":\"2\"}"},
	{"a=1;b=2", API_NO_ERROR, "{\"a\":\"1\",\"b\":\"2\"}"},
	{"&&a=1&; b=2&", API_NO_ERROR, "{\"a\":\"1\",\"b\":\"2\"}"},
	{"a=1&a=2", API_NO_ERROR, "{\"a\":\"2\"}"},
	{"a&b=", API_NO_ERROR, "{\"a\":null,\"b\":\"\"}"},
	{"a=x+y%20z%3d", API_NO_ERROR, "{\"a\":\"x y z=\"}"},
	{"a=b=c", API_NO_ERROR, "{\"a\":\"b=c\"}"},
	{"a%5Bb%5D=1", API_NO_ERROR, "{\"a\":{\"b\":\"1\"}}"},
	{"a[b][c]=1&a[b][d]=2", API_NO_ERROR, "{\"a\":{\"b\":{\"c\":\"1\",\"d\":\"2\"}}}"},
	{"a[]=1&a[]=2&a[]", API_NO_ERROR, "{\"a\":[\"1\",\"2\",null]}"},
	{"a[][b]=1", API_NO_ERROR, "{\"a\":[{}]}"},
	{"[a][b]=1", API_NO_ERROR, "{\"a\":{\"b\":\"1\"}}"},
	{"a[=1", API_NO_ERROR, "{\"a[\":\"1\"}"},
	{"a]=1", API_NO_ERROR, "{\"a\":\"1\"}"},
	{"=1&[]=2", API_NO_ERROR, "{}"},
	{"a[b]=1&a", API_NO_ERROR, "{\"a\":null}"},
	{"a&a[b]=1", API_NO_ERROR, "{\"a\":{\"b\":\"1\"}}"},
	{"a=1&a[b]=1", API_BAD_REQUEST, NULL},
	{"a[b]=1&a=1", API_BAD_REQUEST, NULL},
	{"a[]=1&a[b]=1", API_BAD_REQUEST, NULL},
	{"a[b]=1&a[]=1", API_BAD_REQUEST, NULL},
	{"a[]=1&a=2", API_NO_ERROR, "{\"a\":\"2\"}"},
	{"a=1&a[]=2", API_BAD_REQUEST, NULL},
	{"a=%", API_BAD_PERCENT_CODING, NULL},
	{"a=%z1", API_BAD_PERCENT_CODING, NULL},
	{"%1=a", API_BAD_PERCENT_CODING, NULL},
	{"%ff=a", API_NOT_VALID_DATA, NULL},
	{"a[%ff]=a", API_NOT_VALID_DATA, NULL},
	{"a=%ff", API_NO_ERROR, "{\"a\":\"\\ufffd\"}"},
};

START_TEST(texts_are_read_as_rack_reads_them)
{
	ck_assert_int_eq(parameters_read(&parameters, PARAMETERS_QUERY, str_from(rows[_i].text)),
			 rows[_i].code);
	if (rows[_i].json != NULL)
		ck_assert_str_eq(as_json(), rows[_i].json);
}
END_TEST

/* The release that has neither semicolons nor brackets at the front (BE-026). */
static const struct {
	const char *text;
	enum api_error_code code;
	const char *json;
} current_rows[] = {
	{"a=1;b=2& c=3", API_NO_ERROR, "{\"a\":\"1;b=2\",\"c\":\"3\"}"},
	{"[a][b]=1", API_NO_ERROR, "{\"[a]\":{\"b\":\"1\"}}"},
	{"[a]=1", API_NO_ERROR, "{\"[a]\":\"1\"}"},
	{"a[b][c]=1&a[b][d]=2", API_NO_ERROR, "{\"a\":{\"b\":{\"c\":\"1\",\"d\":\"2\"}}}"},
	{"a[b[c]]=1", API_NO_ERROR, "{\"a\":{\"b[c\":{\"]\":\"1\"}}}"},
	{"a[b]c=1", API_NO_ERROR, "{\"a\":{\"b\":{\"c\":\"1\"}}}"},
	{"a[b=1", API_NO_ERROR, "{\"a\":{\"[b\":\"1\"}}"},
	{"a[=1&=2", API_NO_ERROR, "{\"a[\":\"1\"}"},
	{"a]=1&[]=2&[=3", API_NO_ERROR, "{\"a]\":\"1\",\"[]\":\"2\",\"[\":\"3\"}"},
	{"a[]=1&a[]=2", API_NO_ERROR, "{\"a\":[\"1\",\"2\"]}"},
	{"a[]=1&a[b]=1", API_BAD_REQUEST, NULL},
	{"%ff=1", API_NO_ERROR, "{\"\\ufffd\":\"1\"}"},
	{"a=%zz", API_BAD_PERCENT_CODING, NULL},
};

START_TEST(the_current_release_reads_names_to_the_letter)
{
	parameters_init(&parameters, arena, 7, profile_find(STR("current")));
	ck_assert_int_eq(
		parameters_read(&parameters, PARAMETERS_QUERY, str_from(current_rows[_i].text)),
		current_rows[_i].code);
	if (current_rows[_i].json != NULL)
		ck_assert_str_eq(as_json(), current_rows[_i].json);
}
END_TEST

static void expect_refusal(struct str text, enum api_error_code code, const char *message)
{
	ck_assert_int_eq(parameters_read(&parameters, PARAMETERS_BODY, text), code);
	ck_assert_int_eq(parameters.error.code, code);
	ck_assert_str_eq(str_cstr(arena, api_error_message(arena, &parameters.error)), message);
}

START_TEST(the_current_release_bounds_whole_requests)
{
	struct strbuf text;

	parameters_init(&parameters, arena, 7, profile_find(STR("current")));
	strbuf_init(&text, (size_t)8 * 1024 * 1024);
	strbuf_append_char(&text, 'a');
	for (int i = 0; i < 31; i++)
		strbuf_append(&text, STR("[b]"));
	ck_assert_int_eq(parameters_read(&parameters, PARAMETERS_QUERY, strbuf_str(&text)),
			 API_NO_ERROR);
	strbuf_append(&text, STR("[b]"));
	ck_assert_int_eq(parameters_read(&parameters, PARAMETERS_QUERY, strbuf_str(&text)),
			 API_BAD_REQUEST);
	strbuf_clear(&text);
	for (int i = 1; i < 4096; i++)
		strbuf_append(&text, STR("a=1&"));
	strbuf_append(&text, STR("a=1"));
	ck_assert_int_eq(parameters_read(&parameters, PARAMETERS_BODY, strbuf_str(&text)),
			 API_NO_ERROR);
	strbuf_append(&text, STR("&a=1"));
	expect_refusal(strbuf_str(&text), API_TOO_MANY_PARAMETERS,
		       "total number of query parameters (4097) exceeds limit (4096)");
	strbuf_clear(&text);
	while (text.size <= 4194304)
		strbuf_append(&text, STR("xxxxxxxxxxxxxxxx"));
	expect_refusal(strbuf_str(&text), API_QUERY_TOO_LARGE,
		       "total query size exceeds limit (4194304)");
	strbuf_free(&text);
}
END_TEST

START_TEST(depth_and_names_are_bounded)
{
	struct strbuf text;

	strbuf_init(&text, 1024 * 1024);
	strbuf_append_char(&text, 'a');
	for (int i = 0; i < 99; i++)
		strbuf_append(&text, STR("[b]"));
	ck_assert_int_eq(parameters_read(&parameters, PARAMETERS_QUERY, strbuf_str(&text)),
			 API_NO_ERROR);
	strbuf_append(&text, STR("[b]"));
	ck_assert_int_eq(parameters_read(&parameters, PARAMETERS_BODY, strbuf_str(&text)),
			 API_BAD_REQUEST);
	strbuf_clear(&text);
	for (int i = 0; i < 20000; i++)
		strbuf_append_format(&text, "k%d=&", i);
	parameters_init(&parameters, arena, 7, profile_find(STR("")));
	ck_assert_int_eq(parameters_read(&parameters, PARAMETERS_QUERY, strbuf_str(&text)),
			 API_NOT_VALID_DATA);
	strbuf_free(&text);
}
END_TEST

START_TEST(many_names_are_found)
{
	struct strbuf text;
	const struct parameter *usage;

	strbuf_init(&text, 1024 * 1024);
	for (int i = 0; i < 3000; i++)
		strbuf_append_format(&text, "usage[m%d]=%d&", i, i);
	ck_assert_int_eq(parameters_read(&parameters, PARAMETERS_QUERY, strbuf_str(&text)),
			 API_NO_ERROR);
	usage = parameters_get(&parameters, STR("usage"));
	ck_assert_uint_eq(usage->count, 3000);
	for (int i = 0; i < 3000; i += 7) {
		char name[16];
		const struct parameter *found;

		snprintf(name, sizeof name, "m%d", i);
		found = parameter_get(&parameters, usage, str_from(name));
		ck_assert_ptr_nonnull(found);
		ck_assert(str_equal(found->text, str_skip(str_from(name), 1)));
	}
	ck_assert_ptr_null(parameter_get(&parameters, usage, STR("m3000")));
	ck_assert_ptr_null(parameter_get(&parameters, usage->first, STR("x")));
	ck_assert_ptr_null(parameter_get(&parameters, NULL, STR("x")));
	strbuf_free(&text);
}
END_TEST

START_TEST(the_body_wins_at_the_top)
{
	parameters_read(&parameters, PARAMETERS_BODY, STR("a[x]=1&b=2"));
	parameters_read(&parameters, PARAMETERS_QUERY, STR("a[y]=1&c=3"));
	ck_assert(str_equal(parameters_text(&parameters, STR("b")), STR("2")));
	ck_assert(str_equal(parameters_text(&parameters, STR("c")), STR("3")));
	ck_assert_ptr_null(parameters_text(&parameters, STR("a")).data);
	ck_assert_ptr_null(
		parameter_get(&parameters, parameters_get(&parameters, STR("a")), STR("y")));
	ck_assert_ptr_null(parameters_get(&parameters, STR("d")));
}
END_TEST

START_TEST(all_texts_are_looked_at_for_utf8)
{
	parameters_read(&parameters, PARAMETERS_QUERY, STR("a[b][c]=x&d[e]=%ff&f"));
	ck_assert(parameter_is_utf8(parameters_get(&parameters, STR("a"))));
	ck_assert(parameter_is_utf8(parameters_get(&parameters, STR("f"))));
	ck_assert(!parameter_is_utf8(parameters_get(&parameters, STR("d"))));
	ck_assert(!parameters_are_utf8(&parameters));
	parameters_init(&parameters, arena, 7, profile_find(STR("current")));
	parameters_read(&parameters, PARAMETERS_BODY, STR("a=1&b[c]=2"));
	ck_assert(parameters_are_utf8(&parameters));
	parameters_read(&parameters, PARAMETERS_BODY, STR("b[%fe]=2"));
	ck_assert(!parameters_are_utf8(&parameters));
}
END_TEST

Suite *backend_parameters_suite(void);
Suite *backend_parameters_suite(void)
{
	Suite *suite = suite_create("backend_parameters");
	TCase *test = tcase_create("parameters");

	tcase_add_checked_fixture(test, set_up, tear_down);
	tcase_add_loop_test(test, texts_are_read_as_rack_reads_them, 0, sizeof rows / sizeof *rows);
	tcase_add_loop_test(test, the_current_release_reads_names_to_the_letter, 0,
			    sizeof current_rows / sizeof *current_rows);
	tcase_add_test(test, the_current_release_bounds_whole_requests);
	tcase_add_test(test, depth_and_names_are_bounded);
	tcase_add_test(test, many_names_are_found);
	tcase_add_test(test, the_body_wins_at_the_top);
	tcase_add_test(test, all_texts_are_looked_at_for_utf8);
	suite_add_tcase(suite, test);
	return suite;
}
