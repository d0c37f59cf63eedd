/* One JSON document: the counts, then every case. */
#include "base/json.h"

#include <inttypes.h>

#include "conformance/report/report.h"
#include "conformance/runner/case.h"

static const struct str verdict_names[VERDICTS] = {
	[VERDICT_PASSED] = STR_INIT("passed"),
	[VERDICT_FAILED] = STR_INIT("failed"),
	[VERDICT_SKIPPED] = STR_INIT("skipped"),
};

static void write_text(struct strbuf *out, const char *name, struct str value)
{
	strbuf_append_format(out, ",\n     \"%s\": ", name);
	json_write_str(out, value);
}

static void write_failure(struct strbuf *out, const struct failure *failure)
{
	strbuf_append_format(out, "{\"line\": %d, \"check\": ", failure->line);
	json_write_str(out, failure->what);
	strbuf_append(out, STR(", \"expected\": "));
	json_write_str(out, failure->expected);
	strbuf_append(out, STR(", \"actual\": "));
	json_write_str(out, failure->actual);
	strbuf_append_char(out, '}');
}

static void write_failures(struct strbuf *out, const struct result *result)
{
	struct str rest = result->wire, line;

	strbuf_append(out, STR(",\n     \"failures\": ["));
	for (size_t i = 0; i < result->failures_count; i++) {
		strbuf_append(out, i > 0 ? STR(",\n      ") : STR("\n      "));
		write_failure(out, &result->failures[i]);
	}
	strbuf_append(out, STR("],\n     \"wire\": ["));
	for (size_t i = 0; str_next_field(&rest, '\n', &line); i++) {
		strbuf_append(out, i > 0 ? STR(",\n      ") : STR("\n      "));
		json_write_str(out, line);
	}
	strbuf_append_char(out, ']');
}

static void write_result(struct strbuf *out, const struct result *result)
{
	const struct conform_case *conform_case = result->conform_case;

	strbuf_append(out, STR("    {\"id\": "));
	json_write_str(out, conform_case->id);
	write_text(out, "title", conform_case->title);
	write_text(out, "file", conform_case->path);
	strbuf_append_format(out, ", \"line\": %d, \"duration_us\": %" PRId64, conform_case->line,
			     result->duration_us);
	write_text(out, "verdict", verdict_names[result->verdict]);
	if (result->verdict != VERDICT_PASSED)
		write_text(out, "reason", result->reason);
	if (result->verdict == VERDICT_FAILED)
		write_failures(out, result);
	strbuf_append_char(out, '}');
}

void report_json(struct strbuf *out, const struct results *results)
{
	strbuf_append(out, STR("{\"suite\": "));
	json_write_str(out, results->suite);
	strbuf_append_format(out,
			     ", \"passed\": %zu, \"failed\": %zu, \"skipped\": %zu"
			     ", \"duration_us\": %" PRId64 ",\n \"cases\": [\n",
			     results_count(results, VERDICT_PASSED),
			     results_count(results, VERDICT_FAILED),
			     results_count(results, VERDICT_SKIPPED), results->duration_us);
	for (size_t i = 0; i < results->items.count; i++) {
		write_result(out, &results->items.items[i]);
		strbuf_append(out, i + 1 < results->items.count ? STR(",\n") : STR("\n"));
	}
	strbuf_append(out, STR(" ]}\n"));
}
