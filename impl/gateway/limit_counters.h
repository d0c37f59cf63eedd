/* The counters of rate limits that a gateway keeps itself (spec/gateway.md 9.4, 12.2 A12): key ->
 * what a limiter remembers. Least recently used ones leave when the capacity is reached.
 */
#ifndef GATEWAY_LIMIT_COUNTERS_H
#define GATEWAY_LIMIT_COUNTERS_H

#include <stddef.h>
#include <stdint.h>

#include "base/str.h"

struct limit_counters;

/* Zeroed: nothing was counted yet. */
struct limit_counter {
	int64_t count;       /* of a window, of connections */
	int64_t excess;      /* of a leaky bucket: thousandths of a request */
	int64_t last_utc_ms; /* when that was so; 0: never */
};

/* bytes_max: keys and bookkeeping; seed: of the hash. */
struct limit_counters *limit_counters_create(size_t bytes_max, uint64_t seed);
void limit_counters_destroy(struct limit_counters *counters); /* NULL is allowed */
size_t limit_counters_bytes(const struct limit_counters *counters);

/* Times: microseconds, monotonic. */
struct limit_counter limit_counters_get(struct limit_counters *counters, struct str key,
					int64_t now_us);
void limit_counters_put(struct limit_counters *counters, struct str key,
			struct limit_counter counter, int64_t expires_us);
/* One less, when the counter is still there and not 0. */
void limit_counters_give_back(struct limit_counters *counters, struct str key, int64_t now_us);

#endif
