#include "conformance/runner/xml_path.h"

#include <check.h>

#include "base/arena.h"
#include "base/error.h"

static struct arena *arena;

static void set_up(void)
{
	arena = arena_create();
}

static void tear_down(void)
{
	arena_destroy(arena);
}

#define STATUS                                                                                     \
	"<?xml version=\"1.0\" encoding=\"UTF-8\"?><!-- a > b --><status><authorized>true"         \
	"</authorized><plan>A &amp; B &lt;C&gt; &quot;&apos;</plan><empty/><usage_reports>"        \
	"<usage_report metric=\"hits\" period='day'><max_value>4</max_value></usage_report>"       \
	"<usage_report metric=\"a &amp; b\"><max_value>5</max_value></usage_report>"               \
	"</usage_reports>tail</status>\n"

static const struct {
	const char *document, *path, *value; /* NULL: there is no such place */
} rows[] = {
	{STATUS, "status/authorized", "true"},
	{STATUS, "status/plan", "A & B <C> \"'"},
	{STATUS, "status/usage_reports/usage_report/max_value", "4"},
	{STATUS, "status/usage_reports/usage_report@metric", "hits"},
	{STATUS, "status/usage_reports/usage_report@period", "day"},
	{STATUS, "status/usage_reports/usage_report@other", NULL},
	{STATUS, "status/empty", ""},
	{STATUS, "status/empty@x", NULL},
	{STATUS, "status", "tail"},
	{STATUS, "status/usage_reports", ""},
	{STATUS, "authorized", NULL},
	{STATUS, "status/author", NULL},
	{"<error code=\"user_key_invalid\">user key \"x\"</error>", "error", "user key \"x\""},
	{"<error code = \"a\" >t</error >", "error@code", "a"},
	{"<a b=\"&#34;&#39;\"/>", "a@b", "\"'"},
	{"<a><b>1</b>2<b>3</b></a>", "a/b", "1"},
	{"<a><a>inner</a>outer</a>", "a", "outer"},
};

START_TEST(a_place_is_found)
{
	struct error error = {0};
	bool is_present = false;
	struct str value = STR("");

	ck_assert_msg(xml_path_get(arena, str_from(rows[_i].document), str_from(rows[_i].path),
				   &is_present, &value, &error),
		      "%s", error.text);
	ck_assert_int_eq(is_present, rows[_i].value != NULL);
	ck_assert_msg(str_equal(value, str_from(rows[_i].value)), "%.*s", STR_ARG(value));
}
END_TEST

static const char *const malformed[] = {
	"",
	"text",
	"<a>",
	"<a></b>",
	"</a>",
	"<a/><b/>",
	"<a/>text",
	"<a",
	"<>x</>",
	"<a b></a>",
	"<a b=c></a>",
	"<a b=\"c></a>",
	"<a =\"c\"/>",
	"<a>&nbsp;</a>",
	"<a>& </a>",
	"<!DOCTYPE a><a/>",
	"<a><!-- </a>",
};

START_TEST(what_is_not_well_formed_is_refused)
{
	struct error error = {0};
	bool is_present;
	struct str value;

	ck_assert(!xml_path_get(arena, str_from(malformed[_i]), STR("a"), &is_present, &value,
				&error));
	ck_assert_int_eq(error.kind, ERROR_INVALID);
}
END_TEST

Suite *conformance_runner_xml_path_suite(void);
Suite *conformance_runner_xml_path_suite(void)
{
	Suite *suite = suite_create("conformance_runner_xml_path");
	TCase *tests = tcase_create("xml_path");

	tcase_add_checked_fixture(tests, set_up, tear_down);
	tcase_add_loop_test(tests, a_place_is_found, 0, sizeof rows / sizeof *rows);
	tcase_add_loop_test(tests, what_is_not_well_formed_is_refused, 0,
			    sizeof malformed / sizeof *malformed);
	suite_add_tcase(suite, tests);
	return suite;
}
