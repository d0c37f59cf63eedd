#include "conformance/report/report.h"
#include "conformance/runner/case.h"

static const char *const words[VERDICTS] = {
	[VERDICT_PASSED] = "ok",
	[VERDICT_FAILED] = "FAILED",
	[VERDICT_SKIPPED] = "skipped",
};

static void write_failure(struct strbuf *out, const struct conform_case *conform_case,
			  const struct failure *failure)
{
	strbuf_append_format(out, "  %.*s:%d: %.*s\n", STR_ARG(conform_case->path),
			     failure->line > 0 ? failure->line : conform_case->line,
			     STR_ARG(failure->what));
	strbuf_append_format(out, "    expected: %.*s\n", STR_ARG(failure->expected));
	strbuf_append_format(out, "    actual:   %.*s\n", STR_ARG(failure->actual));
}

void report_human_result(struct strbuf *out, const struct results *results,
			 const struct result *result)
{
	const struct conform_case *conform_case = result->conform_case;

	strbuf_append_format(out, "%-7s %-8.*s %.*s", words[result->verdict],
			     STR_ARG(conform_case->id), STR_ARG(conform_case->title));
	if (result->verdict == VERDICT_SKIPPED)
		strbuf_append_format(out, " (%.*s)", STR_ARG(result->reason));
	strbuf_append_char(out, '\n');
	if (result->verdict != VERDICT_FAILED)
		return;
	for (size_t i = 0; i < result->failures_count; i++)
		write_failure(out, conform_case, &result->failures[i]);
	if (result->failures_count == 0)
		strbuf_append_format(out, "  %.*s:%d: %.*s\n", STR_ARG(conform_case->path),
				     conform_case->line, STR_ARG(result->reason));
	if (result->wire.size > 0)
		strbuf_append_format(out, "  on the wire:\n%.*s", STR_ARG(result->wire));
	strbuf_append_format(out, "  once more: refscale conform %.*s %.*s%s%.*s\n",
			     STR_ARG(results->suite), STR_ARG(conform_case->id),
			     results->options.size > 0 ? " " : "", STR_ARG(results->options));
}

void report_human(struct strbuf *out, const struct results *results)
{
	for (size_t i = 0; i < results->items.count; i++) {
		if (results->items.items[i].verdict != VERDICT_PASSED)
			report_human_result(out, results, &results->items.items[i]);
	}
	report_summary(out, results);
}
