/* Counters of rate limits that a gateway and its workers keep themselves (spec/gateway.md 9.4):
 * what redis_limits.h does with a Redis, at once and without failing.
 */
#ifndef GATEWAY_OWN_LIMITS_H
#define GATEWAY_OWN_LIMITS_H

#include <stdbool.h>
#include <stddef.h>

#include "gateway/limiter.h"

struct gateway;

/* Fills the takes in their order, so that limiters with the same key see each other. False: one
 * refused, and nothing was taken. Other workers take before or after, not meanwhile. Connections
 * that were taken are given back with own_limits_give_back(). */
bool own_limits_take(struct gateway *gateway, struct limit_take *takes, size_t count);
void own_limits_give_back(struct gateway *gateway, struct str key);

#endif
