/* The metrics of a service and the usage limits of a plan (spec/backend.md 3.8, 3.9, 6.2).
 *
 * Metrics are in the order in which documents show them: ids that are numbers first, ascending. A
 * metric of which only the id is stored has no name: its limits count, but are not shown.
 */
#ifndef BACKEND_METRIC_H
#define BACKEND_METRIC_H

#include <stddef.h>
#include <stdint.h>

#include "backend/memo.h"
#include "base/utc.h"

#define METRIC_NONE SIZE_MAX

struct metric {
	struct str id, name, parent_id; /* name, parent_id: without data when there is none */
	size_t parent;                  /* index, or METRIC_NONE */
};

struct metrics {
	struct memo_value memo; /* first */
	const struct metric *items;
	size_t count;
	const size_t *by_name; /* indexes, sorted by name */
};

struct usage_limit {
	size_t metric; /* index in `metrics` */
	enum utc_period period;
	int64_t max;
};

extern const struct memo_kind metrics_kind; /* service id -> struct metrics */
extern const struct memo_kind limits_kind;  /* service id, plan id -> limits as stored */

enum memo_result metrics_find(struct reader *reader, struct str service,
			      const struct metrics **metrics);
/* By exact name; METRIC_NONE. */
size_t metrics_index(const struct metrics *metrics, struct str name);

/* Limits of a plan on the metrics there are, in the order of documents: metric by metric, from
 * eternity to minute. The list is in the reader's arena. */
struct limit_list {
	const struct usage_limit *items;
	size_t count;
};
enum memo_result limits_find(struct reader *reader, struct str service, struct str plan,
			     const struct metrics *metrics, struct limit_list *limits);

#endif
