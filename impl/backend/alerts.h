/* Alerts: an application comes near its limits, or goes beyond (spec/backend.md 7.4). */
#ifndef BACKEND_ALERTS_H
#define BACKEND_ALERTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "backend/memo.h"
#include "backend/metric.h"

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

/* How far the limits are used: the highest level reached and the limit that reached it. */
struct alert_utilization {
	int level; /* 0: none */
	size_t limit;
	int64_t current, max;
};
struct alert_utilization alerts_utilization(const struct limit_list *limits,
					    const int64_t *counters);
bool alerts_is_wanted(const struct alert_thresholds *thresholds, int level);

#endif
