/* Results of a run, and the ways to write them down: for people, as TAP 14, as JUnit XML, as JSON
 * lines. Writers append to a buffer and touch nothing else; every selected case appears in every
 * report.
 */
#ifndef REPORT_REPORT_H
#define REPORT_REPORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/str.h"
#include "base/vec.h"

struct conform_case;

enum verdict { VERDICT_PASSED, VERDICT_FAILED, VERDICT_SKIPPED, VERDICTS };

struct failure {
	struct str what; /* "answer.status" */
	int line;        /* of the check in the case's file; 0: none */
	struct str expected, actual;
};

struct result {
	const struct conform_case *conform_case;
	enum verdict verdict;
	struct str reason;              /* skipped: why; failed: in one line */
	const struct failure *failures; /* failed: what did not fit */
	size_t failures_count;
	struct str wire; /* failed: both sides, as wire_print() shows them */
	int64_t duration_us;
};

struct results {
	struct str suite;
	struct str options; /* of the command, as a shell reads them; empty: none */
	VEC(struct result) items;
	int64_t duration_us;
};

size_t results_count(const struct results *results, enum verdict verdict);

typedef void report_write(struct strbuf *out, const struct results *results);

report_write report_human; /* what failed, and the summary line */
report_write report_tap;
report_write report_junit;
report_write report_json;

/* One of the results for people: a failed one with all that is known of it. */
void report_human_result(struct strbuf *out, const struct results *results,
			 const struct result *result);
/* "77 passed, 1 failed, 1 skipped" */
void report_summary(struct strbuf *out, const struct results *results);

/* NULL when there is no such format. */
report_write *report_find(struct str name);
/* "human tap junit json" */
extern const char report_names[];

#endif
