/* JUnit XML as CI servers read it: a testsuite with counts, a testcase for each case. */
#include <inttypes.h>

#include "base/xml.h"
#include "conformance/report/report.h"
#include "conformance/runner/case.h"

static void write_seconds(struct strbuf *out, int64_t duration_us)
{
	strbuf_append_format(out, "%" PRId64 ".%06" PRId64, duration_us / 1000000,
			     duration_us % 1000000);
}

static void write_attribute(struct strbuf *out, const char *name, struct str value)
{
	strbuf_append_format(out, " %s=\"", name);
	xml_escape(out, value);
	strbuf_append_char(out, '"');
}

static void write_failures(struct strbuf *out, const struct result *result)
{
	strbuf_append(out, STR("      <failure"));
	write_attribute(out, "message", result->reason);
	write_attribute(out, "type", STR("check"));
	strbuf_append_char(out, '>');
	for (size_t i = 0; i < result->failures_count; i++) {
		const struct failure *failure = &result->failures[i];

		xml_text(out, failure->what);
		strbuf_append(out, STR("\n  expected: "));
		xml_text(out, failure->expected);
		strbuf_append(out, STR("\n  actual:   "));
		xml_text(out, failure->actual);
		strbuf_append_char(out, '\n');
	}
	strbuf_append(out, STR("</failure>\n"));
	if (result->wire.size > 0) {
		strbuf_append(out, STR("      <system-out>"));
		xml_text(out, result->wire);
		strbuf_append(out, STR("</system-out>\n"));
	}
}

static void write_case(struct strbuf *out, const struct results *results,
		       const struct result *result)
{
	const struct conform_case *conform_case = result->conform_case;

	strbuf_append(out, STR("    <testcase classname=\""));
	xml_escape(out, results->suite);
	strbuf_append_char(out, '.');
	xml_escape(out, conform_case->topic);
	strbuf_append(out, STR("\" name=\""));
	xml_escape(out, conform_case->id);
	strbuf_append_char(out, ' ');
	xml_escape(out, conform_case->title);
	strbuf_append_char(out, '"');
	write_attribute(out, "file", conform_case->path);
	strbuf_append_format(out, " line=\"%d\" time=\"", conform_case->line);
	write_seconds(out, result->duration_us);
	if (result->verdict == VERDICT_PASSED) {
		strbuf_append(out, STR("\"/>\n"));
		return;
	}
	strbuf_append(out, STR("\">\n"));
	if (result->verdict == VERDICT_FAILED) {
		write_failures(out, result);
	} else {
		strbuf_append(out, STR("      <skipped"));
		write_attribute(out, "message", result->reason);
		strbuf_append(out, STR("/>\n"));
	}
	strbuf_append(out, STR("    </testcase>\n"));
}

static void write_counts(struct strbuf *out, const struct results *results)
{
	strbuf_append_format(out, " tests=\"%zu\" failures=\"%zu\" errors=\"0\" skipped=\"%zu\"",
			     results->items.count, results_count(results, VERDICT_FAILED),
			     results_count(results, VERDICT_SKIPPED));
	strbuf_append(out, STR(" time=\""));
	write_seconds(out, results->duration_us);
	strbuf_append(out, STR("\">\n"));
}

void report_junit(struct strbuf *out, const struct results *results)
{
	xml_declaration(out);
	strbuf_append(out, STR("\n<testsuites name=\"refscale conform\""));
	write_counts(out, results);
	strbuf_append(out, STR("  <testsuite"));
	write_attribute(out, "name", results->suite);
	write_counts(out, results);
	for (size_t i = 0; i < results->items.count; i++)
		write_case(out, results, &results->items.items[i]);
	strbuf_append(out, STR("  </testsuite>\n</testsuites>\n"));
}
