#include "conformance/report/report.h"

#include <check.h>

#include "base/arena.h"
#include "base/json.h"
#include "base/limits.h"
#include "conformance/runner/case.h"

static const struct conform_case cases[] = {
	{.suite = SUITE_GATEWAY,
	 .path = STR_INIT("suites/gateway/a.yaml"),
	 .topic = STR_INIT("a"),
	 .line = 3,
	 .id = STR_INIT("GW-001"),
	 .title = STR_INIT("passes")},
	{.suite = SUITE_GATEWAY,
	 .path = STR_INIT("suites/gateway/a.yaml"),
	 .topic = STR_INIT("a"),
	 .line = 9,
	 .id = STR_INIT("GW-002"),
	 .title = STR_INIT("fails <#2> & \"more\"")},
	{.suite = SUITE_GATEWAY,
	 .path = STR_INIT("suites/gateway/a.yaml"),
	 .topic = STR_INIT("a"),
	 .line = 20,
	 .id = STR_INIT("GW-003"),
	 .title = STR_INIT("never starts")},
	{.suite = SUITE_GATEWAY,
	 .path = STR_INIT("suites/gateway/b.yaml"),
	 .topic = STR_INIT("b"),
	 .line = 1,
	 .id = STR_INIT("GW-004"),
	 .title = STR_INIT("is skipped")},
};

static const struct failure case_failures[] = {
	{STR_INIT("answer.status"), 12, STR_INIT("200"), STR_INIT("404")},
	{STR_INIT("answer.body"), 0, STR_INIT("<a>"), STR_INIT("\"b\"")},
};

static struct results results;
static struct strbuf out;

static void set_up(void)
{
	const struct result items[] = {
		{.conform_case = &cases[0], .verdict = VERDICT_PASSED, .duration_us = 1500},
		{.conform_case = &cases[1],
		 .verdict = VERDICT_FAILED,
		 .reason = STR("answer.status: expected 200, actual 404"),
		 .failures = case_failures,
		 .failures_count = 2,
		 .wire = STR("    client -> target: GET /?a&b\n    <- 404 Not Found\n"),
		 .duration_us = 2000000},
		{.conform_case = &cases[2],
		 .verdict = VERDICT_FAILED,
		 .reason = STR("the target ended with status 1 before it was ready")},
		{.conform_case = &cases[3],
		 .verdict = VERDICT_SKIPPED,
		 .reason = STR("needs virtual-time")},
	};

	results = (struct results){.suite = STR("gateway"), .duration_us = 2001500};
	for (size_t i = 0; i < sizeof items / sizeof *items; i++)
		vec_push(&results.items, items[i]);
	strbuf_init(&out, 64 * 1024);
}

static void tear_down(void)
{
	vec_free(&results.items);
	strbuf_free(&out);
}

static void expect(const char *text)
{
	ck_assert_msg(str_equal(strbuf_str(&out), str_from(text)), "%.*s",
		      STR_ARG(strbuf_str(&out)));
}

START_TEST(people_see_what_failed_and_a_summary)
{
	report_human(&out, &results);
	expect("FAILED  GW-002   fails <#2> & \"more\"\n"
	       "  suites/gateway/a.yaml:12: answer.status\n"
	       "    expected: 200\n"
	       "    actual:   404\n"
	       "  suites/gateway/a.yaml:9: answer.body\n"
	       "    expected: <a>\n"
	       "    actual:   \"b\"\n"
	       "  on the wire:\n"
	       "    client -> target: GET /?a&b\n"
	       "    <- 404 Not Found\n"
	       "  once more: refscale conform gateway GW-002\n"
	       "FAILED  GW-003   never starts\n"
	       "  suites/gateway/a.yaml:20: the target ended with status 1 before it was ready\n"
	       "  once more: refscale conform gateway GW-003\n"
	       "skipped GW-004   is skipped (needs virtual-time)\n"
	       "1 passed, 2 failed, 1 skipped\n");
}
END_TEST

START_TEST(a_passed_case_is_one_line)
{
	report_human_result(&out, &results, &results.items.items[0]);
	expect("ok      GW-001   passes\n");
}
END_TEST

START_TEST(the_command_to_repeat_a_case_has_the_options)
{
	results.options = STR("--start './mine {port}'");
	report_human_result(&out, &results, &results.items.items[2]);
	expect("FAILED  GW-003   never starts\n"
	       "  suites/gateway/a.yaml:20: the target ended with status 1 before it was ready\n"
	       "  once more: refscale conform gateway GW-003 --start './mine {port}'\n");
}
END_TEST

START_TEST(tap_has_a_point_for_every_case)
{
	report_tap(&out, &results);
	expect("TAP version 14\n"
	       "1..4\n"
	       "ok 1 - GW-001 passes\n"
	       "not ok 2 - GW-002 fails <\\#2> & \"more\"\n"
	       "  ---\n"
	       "  file: \"suites/gateway/a.yaml\"\n"
	       "  line: 9\n"
	       "  message: \"answer.status: expected 200, actual 404\"\n"
	       "  failures:\n"
	       "    - check: \"answer.status\"\n"
	       "      expected: \"200\"\n"
	       "      actual: \"404\"\n"
	       "    - check: \"answer.body\"\n"
	       "      expected: \"<a>\"\n"
	       "      actual: \"\\\"b\\\"\"\n"
	       "  wire: |1\n"
	       "       client -> target: GET /?a&b\n"
	       "       <- 404 Not Found\n"
	       "  ...\n"
	       "not ok 3 - GW-003 never starts\n"
	       "  ---\n"
	       "  file: \"suites/gateway/a.yaml\"\n"
	       "  line: 20\n"
	       "  message: \"the target ended with status 1 before it was ready\"\n"
	       "  ...\n"
	       "ok 4 - GW-004 is skipped # SKIP needs virtual-time\n");
}
END_TEST

START_TEST(junit_counts_and_escapes)
{
	report_junit(&out, &results);
	expect("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
	       "<testsuites name=\"refscale conform\" tests=\"4\" failures=\"2\" errors=\"0\" "
	       "skipped=\"1\" time=\"2.001500\">\n"
	       "  <testsuite name=\"gateway\" tests=\"4\" failures=\"2\" errors=\"0\" "
	       "skipped=\"1\" time=\"2.001500\">\n"
	       "    <testcase classname=\"gateway.a\" name=\"GW-001 passes\" "
	       "file=\"suites/gateway/a.yaml\" line=\"3\" time=\"0.001500\"/>\n"
	       "    <testcase classname=\"gateway.a\" name=\"GW-002 fails &lt;#2&gt; &amp; "
	       "&quot;more&quot;\" file=\"suites/gateway/a.yaml\" line=\"9\" time=\"2.000000\">\n"
	       "      <failure message=\"answer.status: expected 200, actual 404\" "
	       "type=\"check\">answer.status\n"
	       "  expected: 200\n"
	       "  actual:   404\n"
	       "answer.body\n"
	       "  expected: &lt;a&gt;\n"
	       "  actual:   \"b\"\n"
	       "</failure>\n"
	       "      <system-out>    client -&gt; target: GET /?a&amp;b\n"
	       "    &lt;- 404 Not Found\n"
	       "</system-out>\n"
	       "    </testcase>\n"
	       "    <testcase classname=\"gateway.a\" name=\"GW-003 never starts\" "
	       "file=\"suites/gateway/a.yaml\" line=\"20\" time=\"0.000000\">\n"
	       "      <failure message=\"the target ended with status 1 before it was ready\" "
	       "type=\"check\"></failure>\n"
	       "    </testcase>\n"
	       "    <testcase classname=\"gateway.b\" name=\"GW-004 is skipped\" "
	       "file=\"suites/gateway/b.yaml\" line=\"1\" time=\"0.000000\">\n"
	       "      <skipped message=\"needs virtual-time\"/>\n"
	       "    </testcase>\n"
	       "  </testsuite>\n"
	       "</testsuites>\n");
}
END_TEST

START_TEST(json_is_one_document)
{
	struct arena *arena = arena_create();
	const struct json *document;

	report_json(&out, &results);
	document = json_parse(arena, strbuf_str(&out), LIMIT_CASE_FILE_BYTES, NULL);
	ck_assert_ptr_nonnull(document);
	ck_assert_int_eq(json_int(json_get(document, STR("failed")), 0), 2);
	ck_assert_uint_eq(json_get(document, STR("cases"))->count, 4);
	ck_assert(str_equal(json_str(json_path(document, "cases.0.verdict")), STR("passed")));
	ck_assert_ptr_null(json_path(document, "cases.0.reason"));
	ck_assert(str_equal(json_str(json_path(document, "cases.1.failures.1.actual")),
			    STR("\"b\"")));
	ck_assert(str_equal(json_str(json_path(document, "cases.1.wire.1")),
			    STR("    <- 404 Not Found")));
	ck_assert(str_equal(json_str(json_path(document, "cases.3.reason")),
			    STR("needs virtual-time")));
	arena_destroy(arena);
}
END_TEST

START_TEST(formats_have_names)
{
	ck_assert(report_find(STR("junit")) == report_junit);
	ck_assert(report_find(STR("html")) == NULL);
}
END_TEST

Suite *conformance_report_report_suite(void);
Suite *conformance_report_report_suite(void)
{
	Suite *suite = suite_create("conformance_report_report");
	TCase *tests = tcase_create("report");

	tcase_add_checked_fixture(tests, set_up, tear_down);
	tcase_add_test(tests, people_see_what_failed_and_a_summary);
	tcase_add_test(tests, a_passed_case_is_one_line);
	tcase_add_test(tests, the_command_to_repeat_a_case_has_the_options);
	tcase_add_test(tests, tap_has_a_point_for_every_case);
	tcase_add_test(tests, junit_counts_and_escapes);
	tcase_add_test(tests, json_is_one_document);
	tcase_add_test(tests, formats_have_names);
	suite_add_tcase(suite, tests);
	return suite;
}
