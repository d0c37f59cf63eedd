/* Counters of rate limits that gateways share in a Redis (spec/gateway.md 9.4), in the keys and
 * values of the original: numbers, and for a leaky bucket a record of two 64 bit numbers, excess
 * and milliseconds UTC, least significant byte first.
 *
 * All limiters of a request are asked in one round. What has a number is increased and, when one
 * limiter refuses, decreased again; requests of this gateway that use leaky buckets, which are read
 * and written, take turns. Connections are given back with redis_limits_give_back().
 */
#ifndef GATEWAY_REDIS_LIMITS_H
#define GATEWAY_REDIS_LIMITS_H

#include <stdbool.h>
#include <stddef.h>

#include "gateway/limiter.h"

struct error;
struct redis_limits;
struct redis_limits_round;
struct world;

/* One for each URL, made when it is first asked for. */
struct redis_limits_set;
struct redis_limits_set *redis_limits_set_create(struct world *world);
void redis_limits_set_destroy(struct redis_limits_set *set); /* NULL is allowed */
/* NULL and *error when the URL cannot be read. */
struct redis_limits *redis_limits_open(struct redis_limits_set *set, struct str url,
				       struct error *error);
/* "10.0.0.5:6379": for people. */
struct str redis_limits_place(const struct redis_limits *limits);
/* Nothing is under way: connections given back have reached the Redis. `idle` is called when that
 * becomes so. */
bool redis_limits_set_is_idle(const struct redis_limits_set *set);
void redis_limits_set_on_idle(struct redis_limits_set *set, void (*idle)(void *data), void *data);

enum limits_result {
	LIMITS_TAKEN,
	LIMITS_REFUSED,
	LIMITS_UNREACHABLE, /* reason: the Redis did not answer */
	LIMITS_BROKEN,      /* reason: it answered something else than a counter */
};
typedef void limits_taken(enum limits_result result, struct str reason, void *data);

/* `takes` are filled when `done` is called, later, and must stay valid until then, or until
 * redis_limits_leave(), which then gives connections back by itself. */
struct redis_limits_round *redis_limits_take(struct redis_limits *limits, struct limit_take *takes,
					     size_t count, limits_taken *done, void *data);
void redis_limits_leave(struct redis_limits_round *round);
void redis_limits_give_back(struct redis_limits *limits, struct str key);

#endif
