/* What counting (metrics.c) and the page (metrics_page.c) know of each other. The board lies in the
 * memory that the workers share (shared_stores.h): each counts there, and whoever is asked shows
 * what all of them have counted. It begins as zeros. Counters are only ever added to, in one
 * instruction, so they need no lock; taking up errors and adding a service do.
 */
#ifndef GATEWAY_METRICS_INTERNAL_H
#define GATEWAY_METRICS_INTERNAL_H

#include "gateway/error_log.h"
#include "gateway/metrics.h"
#include "gateway/shared_stores.h"

#define METRICS_STATUS_FIRST 100
#define METRICS_STATUS_LAST 599
#define METRICS_BUCKETS 19 /* with upper bounds; one more has none */

struct metrics_histogram {
	uint64_t buckets[METRICS_BUCKETS + 1]; /* not cumulated */
	uint64_t count;
	uint64_t sum_us;
};

/* One for all, or one for each service, with its texts behind it. */
struct service_metrics {
	uint64_t id_bytes, name_bytes;
	uint64_t upstream_status[METRICS_STATUS_LAST - METRICS_STATUS_FIRST + 1];
	struct metrics_histogram upstream_time, total_time;
};

struct metrics_board {
	uint64_t backend_calls[BACKEND_ENDPOINTS][10]; /* by hundreds of the status; 0: no status */
	uint64_t batched_auths_hits, batched_auths_misses;
	uint64_t connections, requests;
	uint64_t active[GATEWAY_WORKERS_MAX]; /* requests of each worker */
	uint64_t error_lines[LEVELS], shown_errors[LEVELS];
	struct service_metrics all;
	uint64_t services_bytes; /* of what follows: services, one behind the other */
	struct service_metrics services[];
};

struct metrics {
	bool has_service_labels;
	const struct shared_stores *stores;
	struct metrics_board *board;
	struct map *services; /* id -> struct service_metrics of the board, those used here */
	uint64_t *active;     /* this worker's */
	uint64_t connections; /* counted by this worker */
};

/* Upper bounds in milliseconds; the last bucket has none. */
extern const int64_t metrics_bounds_ms[METRICS_BUCKETS];

struct str service_metrics_id(const struct service_metrics *service);
struct str service_metrics_name(const struct service_metrics *service);
/* Those with labels: NULL begins, NULL ends. */
const struct service_metrics *metrics_next_service(const struct metrics *metrics,
						   const struct service_metrics *service);
size_t metrics_bytes(const struct metrics *metrics); /* of the board, used */

/* As it is now; others may count meanwhile. */
static inline uint64_t metrics_count_of(const uint64_t *counter)
{
	return __atomic_load_n(counter, __ATOMIC_RELAXED);
}

#endif
