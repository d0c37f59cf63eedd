/* TAP 14 (testanything.org): one test point for each case, diagnostics as YAML. */
#include "base/json.h"
#include "conformance/report/report.h"
#include "conformance/runner/case.h"

/* `#` begins a directive. */
static void write_description(struct strbuf *out, struct str text)
{
	for (size_t i = 0; i < text.size; i++) {
		char c = text.data[i];

		if (c == '#' || c == '\\')
			strbuf_append_char(out, '\\');
		strbuf_append_char(out, c == '\n' || c == '\r' ? ' ' : c);
	}
}

/* A JSON text is a YAML text too. */
static void write_member(struct strbuf *out, const char *name, struct str value)
{
	strbuf_append_format(out, "%s: ", name);
	json_write_str(out, value);
	strbuf_append_char(out, '\n');
}

/* A block keeps its lines. */
static void write_wire(struct strbuf *out, struct str wire)
{
	struct str line;

	if (wire.size > 0)
		strbuf_append(out, STR("  wire: |1\n"));
	while (str_next_field(&wire, '\n', &line))
		strbuf_append_format(out, "   %.*s\n", STR_ARG(line));
}

static void write_diagnostics(struct strbuf *out, const struct result *result)
{
	strbuf_append(out, STR("  ---\n"));
	strbuf_append(out, STR("  "));
	write_member(out, "file", result->conform_case->path);
	strbuf_append_format(out, "  line: %d\n", result->conform_case->line);
	strbuf_append(out, STR("  "));
	write_member(out, "message", result->reason);
	if (result->failures_count > 0)
		strbuf_append(out, STR("  failures:\n"));
	for (size_t i = 0; i < result->failures_count; i++) {
		strbuf_append(out, STR("    - "));
		write_member(out, "check", result->failures[i].what);
		strbuf_append(out, STR("      "));
		write_member(out, "expected", result->failures[i].expected);
		strbuf_append(out, STR("      "));
		write_member(out, "actual", result->failures[i].actual);
	}
	write_wire(out, result->wire);
	strbuf_append(out, STR("  ...\n"));
}

void report_tap(struct strbuf *out, const struct results *results)
{
	strbuf_append_format(out, "TAP version 14\n1..%zu\n", results->items.count);
	for (size_t i = 0; i < results->items.count; i++) {
		const struct result *result = &results->items.items[i];
		bool failed = result->verdict == VERDICT_FAILED;

		strbuf_append_format(out, "%s %zu - %.*s ", failed ? "not ok" : "ok", i + 1,
				     STR_ARG(result->conform_case->id));
		write_description(out, result->conform_case->title);
		if (result->verdict == VERDICT_SKIPPED) {
			strbuf_append(out, STR(" # SKIP "));
			write_description(out, result->reason);
		}
		strbuf_append_char(out, '\n');
		if (failed)
			write_diagnostics(out, result);
	}
}
