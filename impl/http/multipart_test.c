/* multipart/form-data: spec/portal.md 2.5. */
#include "http/multipart.h"

#include <check.h>

#include "base/arena.h"

#define TYPE "multipart/form-data; boundary=B"
#define FIELD(name) "Content-Disposition: form-data; name=" name "\r\n\r\n"

static const struct {
	const char *type, *body;
	const char *read; /* "name=content" and "name=file name(type):content", one a line; a last
			     "!": malformed. NULL: not begun */
} rows[] = {
	{TYPE, "--B\r\n" FIELD("\"a\"") "1\r\n--B\r\n" FIELD("\"b[c]\"") "2\r\n--B--\r\n",
	 "a=1\nb[c]=2\n"},
	{"Multipart/Form-Data; charset=utf-8; boundary=\"B\"", "--B\r\n" FIELD("a") "\r\n--B--",
	 "a=\n"},
	{TYPE, "before\r\n--B\r\n" FIELD("\"a\"") "1\r\n--Bend\r\n--B--after", "a=1\n!"},
	{TYPE, "before\r\n--B  \r\n" FIELD("\"a\"") "1\r\n2\r\n--B--after", "a=1\r\n2\n"},
	{TYPE,
	 "--B\r\ncontent-disposition: form-data; filename=\"a;b \\\"c\\\".txt\"; name=\"f\"\r\n"
	 "Content-Type: text/plain\r\n\r\nx\r\n--B--",
	 "f=a;b \"c\".txt(text/plain):x\n"},
	{TYPE, "--B\r\n" FIELD("\"a\\b\"") "1\r\n--B--", "a\\b=1\n"},
	{TYPE, "--B\r\nContent-Disposition: form-data; name=\"f\"; filename=\"\"\r\n\r\n\r\n--B--",
	 "f=():\n"},
	/* An empty part, one without a name, one without any field. */
	{TYPE, "--B\r\n" FIELD("\"a\"") "--B--", "a=\n"},
	{TYPE, "--B\r\n" FIELD("\"a\"") "\r\n--B--", "a=\n"},
	{TYPE, "--B\r\n" FIELD("\"\"") "1\r\n--B\r\n\r\n2\r\n--B\r\n\r\n--B--", ""},
	{TYPE, "--B--", ""},
	/* Not as it must be. */
	{TYPE, "", "!"},
	{TYPE, "--B", "!"},
	{TYPE, "--B\r\n" FIELD("\"a\"") "1", "!"},
	{TYPE, "--B\r\n" FIELD("\"a\"") "1\r\n--B", "a=1\n!"},
	{TYPE, "--B\r\nContent-Disposition\r\n\r\n1\r\n--B--", "!"},
	{TYPE, "--B\r\nContent-Disposition: attachment; name=\"a\"\r\n\r\n1\r\n--B--", "!"},
	{TYPE, "--B\r\nContent-Disposition: form-data; name=\"a\r\n\r\n1\r\n--B--", ""},
	{"multipart/form-data", "--B--", NULL},
	{"multipart/form-data; boundary=", "--B--", NULL},
	{"multipart/form-data; boundary=\"B", "--B--", NULL},
	{"multipart/mixed; boundary=B", "--B--", NULL},
	{"multipart/form-data; boundary="
	 "1234567890123456789012345678901234567890123456789012345678901234567890x",
	 "", NULL},
};

static struct str read_all(struct arena *arena, struct http_multipart *form)
{
	struct http_part part;
	struct strbuf out;
	struct str text;

	strbuf_init(&out, 4096);
	while (http_multipart_next(form, &part)) {
		strbuf_append_format(&out, "%.*s=", STR_ARG(part.name));
		if (part.is_file)
			strbuf_append_format(&out, "%.*s(%.*s):", STR_ARG(part.file_name),
					     STR_ARG(part.content_type));
		strbuf_append_format(&out, "%.*s\n", STR_ARG(part.content));
	}
	if (form->is_malformed)
		strbuf_append_char(&out, '!');
	text = str_copy(arena, strbuf_str(&out));
	strbuf_free(&out);
	return text;
}

START_TEST(forms_are_read_part_by_part)
{
	struct arena *arena = arena_create();
	struct http_multipart form;
	bool begun = http_multipart_begin(&form, str_from(rows[_i].type), str_from(rows[_i].body),
					  arena);

	ck_assert_msg(begun == (rows[_i].read != NULL), "%s", rows[_i].type);
	if (begun) {
		struct str read = read_all(arena, &form);

		ck_assert_msg(str_equal(read, str_from(rows[_i].read)), "%s: %.*s", rows[_i].body,
			      STR_ARG(read));
	}
	arena_destroy(arena);
}
END_TEST

/* A line end and dashes within a content are no delimiter. */
START_TEST(contents_are_any_bytes)
{
	static const char body[] = "--B\r\nContent-Disposition: form-data; name=\"f\"; "
				   "filename=\"x\"\r\n\r\n\0\xff\r\n--A\r\n--B--";
	struct arena *arena = arena_create();
	struct http_multipart form;
	struct http_part part;

	ck_assert(http_multipart_begin(&form, STR(TYPE), str_of(body, sizeof body - 1), arena));
	ck_assert(http_multipart_next(&form, &part));
	ck_assert(str_equal(part.content, STR("\0\xff\r\n--A")));
	ck_assert(!http_multipart_next(&form, &part));
	ck_assert(!form.is_malformed);
	arena_destroy(arena);
}
END_TEST

/* The memory of a form is bounded by its size, whatever its fields say. */
START_TEST(many_parameters_take_no_more_memory_than_their_text)
{
	struct arena *arena = arena_create();
	struct http_multipart form;
	struct http_part part;
	struct strbuf body;

	strbuf_init(&body, 1024 * 1024);
	strbuf_append(&body, STR("--B\r\nContent-Disposition: form-data"));
	for (int i = 0; i < 10000; i++)
		strbuf_append(&body, STR(";a=\"b\\\"\""));
	strbuf_append(&body, STR("; name=\"c\"\r\n\r\n1\r\n--B--"));
	ck_assert(http_multipart_begin(&form, STR(TYPE), strbuf_str(&body), arena));
	ck_assert(http_multipart_next(&form, &part));
	ck_assert(str_equal(part.name, STR("c")));
	ck_assert_uint_lt(arena_bytes(arena), 8 * body.size);
	strbuf_free(&body);
	arena_destroy(arena);
}
END_TEST

Suite *http_multipart_suite(void);
Suite *http_multipart_suite(void)
{
	Suite *suite = suite_create("http_multipart");
	TCase *tests = tcase_create("multipart");

	tcase_add_loop_test(tests, forms_are_read_part_by_part, 0,
			    (int)(sizeof rows / sizeof *rows));
	tcase_add_test(tests, contents_are_any_bytes);
	tcase_add_test(tests, many_parameters_take_no_more_memory_than_their_text);
	suite_add_tcase(suite, tests);
	return suite;
}
