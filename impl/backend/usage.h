/* Usage: what a call or a report says was used, metric by metric (spec/backend.md 3.9).
 *
 * usage_add() takes the entries in the order of the parameters, usage_expand() adds what they mean
 * for the metrics above. Numbers beyond 64 bits stay at the largest.
 */
#ifndef BACKEND_USAGE_H
#define BACKEND_USAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "backend/api_errors.h"
#include "backend/metric.h"

struct arena;
struct profile;

struct usage_item {
	size_t metric; /* index in the service's metrics */
	int64_t value;
	bool is_set;         /* "#n" */
	int64_t sent_value;  /* without what comes from children */
	int64_t call_amount; /* what was sent for the metric and those it is above (4.5) */
};

/* Whom the use of a metric counts for, too. */
enum usage_reach {
	USAGE_OF_PARENT,    /* the metric's parent, no further */
	USAGE_OF_ANCESTORS, /* all above it */
	USAGE_FLAT,         /* nobody: the sender has done it already (2.8) */
};

struct usage {
	struct usage_item *items;
	size_t count, capacity;
	struct arena *arena;
	enum usage_reach reach; /* to be set between usage_init() and usage_expand() */
};

/* Of a release, and of what a call or job says of its usage. */
enum usage_reach usage_reach_of(const struct profile *profile, bool is_flat);
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
