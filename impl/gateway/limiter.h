/* What one limiter of the policy rate_limit makes of a request (spec/gateway.md 9.4). Pure: the
 * counter comes from the gateway's own store (limit_counters.h) or from Redis (redis_limits.h).
 */
#ifndef GATEWAY_LIMITER_H
#define GATEWAY_LIMITER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "gateway/limit_counters.h"

enum limiter_kind { LIMITER_CONNECTIONS, LIMITER_LEAKY_BUCKET, LIMITER_FIXED_WINDOW };

struct limiter {
	enum limiter_kind kind;
	double most;      /* connections at a time, requests per second, requests per window */
	double burst;     /* so many more are delayed; not of a window */
	double delay_s;   /* of connections: of each group of `most` beyond the first */
	int64_t window_s; /* of a window */
};

/* A limiter in one request. */
struct limit_take {
	const struct limiter *limiter;
	struct str key;
	struct limit_counter before, after;
	double delay_s;
	double state; /* for the log: connections, excess, what is left of the window */
	bool is_taken;
};

/* The word in keys and logs: "connections". */
struct str limiter_kind_name(enum limiter_kind kind);
/* Fills all but `before`, `limiter` and `key`; false: refused. */
bool limit_take_judge(struct limit_take *take, int64_t now_utc_ms);
/* How long a counter means something, in seconds. */
int64_t limit_take_lifetime_s(const struct limit_take *take);

#endif
