#include "conformance/report/report.h"

const char report_names[] = "human, tap, junit, json";

static const struct {
	struct str name;
	report_write *write;
} formats[] = {
	{STR_INIT("human"), report_human},
	{STR_INIT("tap"), report_tap},
	{STR_INIT("junit"), report_junit},
	{STR_INIT("json"), report_json},
};

report_write *report_find(struct str name)
{
	for (size_t i = 0; i < sizeof formats / sizeof *formats; i++) {
		if (str_equal(name, formats[i].name))
			return formats[i].write;
	}
	return NULL;
}

size_t results_count(const struct results *results, enum verdict verdict)
{
	size_t count = 0;

	for (size_t i = 0; i < results->items.count; i++)
		count += results->items.items[i].verdict == verdict;
	return count;
}

void report_summary(struct strbuf *out, const struct results *results)
{
	strbuf_append_format(out, "%zu passed, %zu failed, %zu skipped\n",
			     results_count(results, VERDICT_PASSED),
			     results_count(results, VERDICT_FAILED),
			     results_count(results, VERDICT_SKIPPED));
}
