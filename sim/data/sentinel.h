/* `redis-sentinel FILE` (or `redis-server FILE --sentinel`) as a process of the simulator: watches
 * masters, agrees with the other Sentinels that one is down, and makes one of its replicas the
 * master, as Redis' own do (https://redis.io/docs: Sentinel). Directives: port, bind, requirepass,
 * sentinel monitor | down-after-milliseconds | failover-timeout | parallel-syncs | auth-pass |
 * sentinel-pass | resolve-hostnames.
 *
 * Simplified: all replicas are reconfigured at once, whatever parallel-syncs says; what a Sentinel
 * learned is not written back to its file (after a restart the others tell it).
 */
#ifndef SIM_DATA_SENTINEL_H
#define SIM_DATA_SENTINEL_H

#include "world/component.h"

extern const struct component redis_sentinel_component;

#endif
