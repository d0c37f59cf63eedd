/* The two ways in which an answer of the Analytics API waits for backend's storage (errand.h):
 * usage over time, and the applications with the most of it. Everything given lies in the call's
 * arena; the answer is written when the figures are there, or 500 when they do not come. */
#ifndef PORTAL_STATISTICS_ERRANDS_H
#define PORTAL_STATISTICS_ERRANDS_H

#include <stdbool.h>

#include "base/str.h"

struct call;
struct errand;
struct statistics_range;
struct statistics_subject;

struct errand *usage_errand(struct call *call, const struct statistics_subject *subject,
			    const struct statistics_range *range, bool with_change);
/* The range is one granule. */
struct errand *top_errand(struct call *call, const struct statistics_subject *subject,
			  const struct statistics_range *range);

/* The subject's counters; of one application, when its id is given. */
struct stats_subject statistics_counters(struct call *call,
					 const struct statistics_subject *subject,
					 struct str application_id);
/* 500, and a line in the log. */
void reply_storage_is_away(struct call *call, struct str why);

#endif
