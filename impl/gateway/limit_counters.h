/* The counters of rate limits that a gateway keeps itself (spec/gateway.md 9.4, 12.2 A12): key ->
 * what a limiter remembers, in a dictionary that the workers share. Whoever takes from several
 * limiters holds the dictionary, so that what it was judged by is still so when it is counted.
 *
 * Connections are counted for each worker, too: a worker that was killed cannot give them back, so
 * who watches it does.
 */
#ifndef GATEWAY_LIMIT_COUNTERS_H
#define GATEWAY_LIMIT_COUNTERS_H

#include <stdint.h>

#include "base/str.h"
#include "world/dictionary.h"

/* Zeroed: nothing was counted yet. */
struct limit_counter {
	int64_t count;       /* of a window, of connections */
	int64_t excess;      /* of a leaky bucket: thousandths of a request */
	int64_t last_utc_ms; /* when that was so; 0: never */
};

/* Times: microseconds, monotonic. */
struct limit_counter limit_counters_get(struct dictionary *counters, struct str key,
					int64_t now_us);
void limit_counters_put(struct dictionary *counters, struct str key, struct limit_counter counter,
			int64_t expires_us);

/* That the worker has one of the connections that the counter counts; and that it has one less,
 * which is counted there, too, when the counter is still there and not 0. */
void limit_counters_note_connection(struct dictionary *counters, struct str key, int64_t worker,
				    int64_t expires_us, int64_t now_us);
void limit_counters_give_back(struct dictionary *counters, struct str key, int64_t worker,
			      int64_t now_us);
/* The worker has ended: all that it still has is given back. */
void limit_counters_forget_worker(struct dictionary *counters, int64_t worker, int64_t now_us);

#endif
