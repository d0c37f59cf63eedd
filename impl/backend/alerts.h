/* Alerts: an application comes near its limits, or goes beyond (spec/backend.md 7.4). */
#ifndef BACKEND_ALERTS_H
#define BACKEND_ALERTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "backend/memo.h"
#include "backend/metric.h"

struct arena;
struct backend;

/* The thresholds that a service may choose from: 0, 50, 80 ... 300. */
bool alerts_is_level(int64_t level);

/* Of a service; a set of few. */
struct alert_thresholds {
	struct memo_value memo; /* first */
	unsigned levels;        /* one bit for each */
};

extern const struct memo_kind alert_thresholds_kind; /* service id -> alert_thresholds */
enum memo_result alert_thresholds_find(struct reader *reader, struct str service,
				       const struct alert_thresholds **thresholds);

/* Whether there may be alerts at all: not without thresholds, and not after the highest of them was
 * told of (7.4, where releases have that shortcut). */
enum memo_result alerts_are_possible(struct reader *reader, struct str service,
				     struct str application,
				     const struct alert_thresholds *thresholds, bool *are_possible);
/* The alert of that level has just been told of. */
void alerts_told(struct backend *backend, struct arena *arena, struct str service,
		 struct str application, int level);

/* How far the limits are used: the highest level reached and the limit that reached it. */
struct alert_utilization {
	int level; /* 0: none */
	size_t limit;
	int64_t current, max;
};
struct alert_utilization alerts_utilization(const struct limit_list *limits,
					    const int64_t *counters);
/* "0.8", "2.0", "0.6666666666666666": current/max in the fewest digits that say which number. */
struct str alerts_ratio(struct arena *arena, const struct alert_utilization *utilization);
int64_t alerts_percentage(const struct alert_utilization *utilization); /* rounded */
bool alerts_is_wanted(const struct alert_thresholds *thresholds, int level);

#endif
