/* Parameters of requests: spec/portal.md 2.5, 2.6. */
#include <check.h>
#include <stdio.h>

#include "base/arena.h"
#include "base/json.h"
#include "portal/parameters.h"

#define FORM "application/x-www-form-urlencoded"
#define MULTIPART "multipart/form-data; boundary=B"
#define FIELD(name) "Content-Disposition: form-data; name=\"" name "\"\r\n\r\n"

static struct arena *arena;

static void set_up(void)
{
	arena = arena_create();
}

static void tear_down(void)
{
	arena_destroy(arena);
}

static const struct {
	const char *query, *type, *body, *wanted; /* NULL: refused */
} rows[] = {
	{"", "", "", "{}"},
	{"a=1&b", "", "", "{\"a\":\"1\",\"b\":\"\"}"},
	{"a=1&a=2", "", "", "{\"a\":\"2\"}"},
	{"a=q", FORM, "a=b", "{\"a\":\"b\"}"},
	{"a=q", FORM "; charset=UTF-8", "b=%C3%A9+x", "{\"a\":\"q\",\"b\":\"\xc3\xa9 x\"}"},
	{"", FORM, "s[n]=1&s[d]=2", "{\"s\":{\"n\":\"1\",\"d\":\"2\"}}"},
	{"", FORM, "s[]=1&s[]=2", "{\"s\":[\"1\",\"2\"]}"},
	{"", FORM, "s[n][]=1&s[n][]=2", "{\"s\":{\"n\":[\"1\",\"2\"]}}"},
	{"", FORM, "a[b]=1&a=2", "{\"a\":\"2\"}"},
	{"", FORM, "a=2&a[b]=1", "{\"a\":{\"b\":\"1\"}}"},
	{"", FORM, "a[=1&[b]=2&=3", "{\"a\":\"1\",\"\":{\"b\":\"2\"}}"},
	{"", "application/json", "{\"a\":{\"b\":[1,null]}}", "{\"a\":{\"b\":[1,null]}}"},
	{"a=1&b=2", "Application/JSON", "{\"a\":3}", "{\"a\":3,\"b\":\"2\"}"},
	{"", "application/json", "  ", "{}"},
	{"", "text/plain", "a=1", "{}"},
	{"", "application/json", "[1]", NULL},
	{"", "application/json", "{", NULL},
	{"a=%ff", "", "", NULL},
	{"%00=1", "", "", NULL},
	{"", FORM, "a=%00", NULL},
	{"a=q&b=q", MULTIPART,
	 "--B\r\n" FIELD("a") "1 +\r\n--B\r\n" FIELD("s[n][]") "\xc3\xa9\r\n--B--",
	 "{\"a\":\"1 +\",\"b\":\"q\",\"s\":{\"n\":[\"\xc3\xa9\"]}}"},
	{"", MULTIPART,
	 "--B\r\nContent-Disposition: form-data; name=\"a\"; filename=\"b.txt\"\r\n"
	 "Content-Type: text/plain\r\n\r\nx\r\n--B\r\n"
	 "Content-Disposition: form-data; name=\"c\"; filename=\"\"\r\n\r\n\r\n--B--",
	 "{\"a\":{\"file_name\":\"b.txt\",\"content_type\":\"text/plain\",\"content\":\"x\"}}"},
	{"", MULTIPART, "--B\r\n" FIELD("a") "\xff\r\n--B--", NULL},
	{"", MULTIPART, "--B\r\n" FIELD("a") "1", NULL},
	{"", "multipart/form-data", "--B--", NULL},
};

START_TEST(parameters_become_one_object)
{
	struct json *parameters;
	bool read = portal_parameters_read(arena, str_from(rows[_i].query), str_from(rows[_i].type),
					   str_from(rows[_i].body), &parameters);

	ck_assert_int_eq(read, rows[_i].wanted != NULL);
	if (read) {
		struct str printed = json_print(arena, parameters);

		ck_assert_msg(str_equal(printed, str_from(rows[_i].wanted)), "%d: %.*s", _i,
			      STR_ARG(printed));
	}
}
END_TEST

START_TEST(their_number_and_depth_are_bounded)
{
	struct json *parameters;
	struct strbuf many;

	strbuf_init(&many, 1024 * 1024);
	for (int i = 0; i < 1000; i++)
		strbuf_append_format(&many, "a%d=1&", i);
	ck_assert(portal_parameters_read(arena, strbuf_str(&many), STR(""), STR(""), &parameters));
	strbuf_append(&many, STR("b=1"));
	ck_assert(!portal_parameters_read(arena, strbuf_str(&many), STR(""), STR(""), &parameters));
	ck_assert(
		!portal_parameters_read(arena, STR(""), STR(FORM), strbuf_str(&many), &parameters));
	strbuf_clear(&many);
	for (int i = 0; i < 100000; i++)
		strbuf_append(&many, STR("[x]"));
	ck_assert(portal_parameters_read(arena, strbuf_str(&many), STR(""), STR(""), &parameters));
	strbuf_clear(&many);
	strbuf_append_char(&many, '{');
	for (int i = 0; i < 1001; i++)
		strbuf_append_format(&many, "%s\"a%d\":1", i > 0 ? "," : "", i);
	strbuf_append_char(&many, '}');
	ck_assert(!portal_parameters_read(arena, STR(""), STR("application/json"),
					  strbuf_str(&many), &parameters));
	strbuf_free(&many);
}
END_TEST

/* Files are bytes, and parts are counted as other parameters are. */
START_TEST(multipart_forms_are_bounded)
{
	static const char bytes[] = "--B\r\nContent-Disposition: form-data; name=\"f\"; "
				    "filename=\"x\"\r\n\r\n\0\xff\r\n--B--";
	struct json *parameters;
	struct strbuf many;

	ck_assert(portal_parameters_read(arena, STR(""), STR(MULTIPART),
					 str_of(bytes, sizeof bytes - 1), &parameters));
	ck_assert(str_equal(json_str(json_path(parameters, "f.content")), STR("\0\xff")));
	strbuf_init(&many, 1024 * 1024);
	for (int i = 0; i < 1001; i++)
		strbuf_append(&many, STR("--B\r\n" FIELD("a") "1\r\n"));
	strbuf_append(&many, STR("--B--"));
	ck_assert(!portal_parameters_read(arena, STR(""), STR(MULTIPART), strbuf_str(&many),
					  &parameters));
	strbuf_free(&many);
}
END_TEST

Suite *portal_parameters_suite(void);
Suite *portal_parameters_suite(void)
{
	Suite *suite = suite_create("portal_parameters");
	TCase *tests = tcase_create("parameters");

	tcase_add_checked_fixture(tests, set_up, tear_down);
	tcase_add_test(tests, multipart_forms_are_bounded);
	tcase_add_loop_test(tests, parameters_become_one_object, 0, sizeof rows / sizeof *rows);
	tcase_add_test(tests, their_number_and_depth_are_bounded);
	suite_add_tcase(suite, tests);
	return suite;
}
