/* Usage: what a call or a report says was used, metric by metric (spec/backend.md 3.9).
 *
 * usage_add() takes the entries in the order of the parameters, usage_expand() adds what children
 * mean for their parents. Numbers beyond 64 bits stay at the largest.
 */
#ifndef BACKEND_USAGE_H
#define BACKEND_USAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "backend/api_errors.h"
#include "backend/metric.h"

struct arena;

struct usage_item {
	size_t metric; /* index in the service's metrics */
	int64_t value;
	bool is_set;         /* "#n" */
	int64_t sent_value;  /* without what comes from children */
	int64_t call_amount; /* what was sent for the metric and its children (4.5) */
};

struct usage {
	struct usage_item *items;
	size_t count, capacity;
	struct arena *arena;
};

void usage_init(struct usage *usage, struct arena *arena);
/* value: without data when it is no text. False and *error: usage_value_invalid or metric_invalid.
 */
bool usage_add(struct usage *usage, const struct metrics *metrics, struct str metric_name,
	       struct str value, struct api_error *error);
void usage_expand(struct usage *usage, const struct metrics *metrics);
/* NULL when the metric is not in it. */
const struct usage_item *usage_find(const struct usage *usage, size_t metric);
/* The counter after the usage. */
int64_t usage_apply(const struct usage_item *item, int64_t counter);

#endif
