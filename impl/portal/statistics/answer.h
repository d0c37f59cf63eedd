/* Answers of the Analytics API in its formats: JSON, XML and CSV (spec/portal.md 3.16). What they
 * show was read in the transaction; only the figures come later. */
#ifndef PORTAL_STATISTICS_ANSWER_H
#define PORTAL_STATISTICS_ANSWER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/str.h"
#include "portal/statistics/range.h"

struct call;
struct record;

/* What was counted. */
struct statistics_subject {
	const struct record *service;
	const struct record *metric; /* NULL: a response code */
	struct str response_code;
	/* Of one application alone, else NULL. */
	const struct record *application, *plan, *account;
};

struct usage_figures {
	const struct statistics_range *range;
	const int64_t *values; /* one for each granule */
	int64_t total;
	bool has_change;
	int64_t previous_total;
};

void usage_answer(struct call *call, const struct statistics_subject *subject,
		  const struct usage_figures *figures);

struct top_application {
	const struct record *application, *plan, *account;
	int64_t value;
};

void top_answer(struct call *call, const struct statistics_subject *subject,
		const struct statistics_range *range, const struct top_application *applications,
		size_t count);

#endif
