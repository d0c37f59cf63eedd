#include "gateway/own_limits.h"

#include "base/utc.h"
#include "gateway/gateway_internal.h"
#include "world/clock.h"

static void put(struct gateway *gateway, const struct limit_take *take,
		struct limit_counter counter, int64_t now_us)
{
	limit_counters_put(gateway->limit_counters, take->key, counter,
			   now_us + limit_take_lifetime_s(take) * UTC_SECOND_US);
}

static void undo(struct gateway *gateway, struct limit_take *takes, size_t taken, int64_t now_us)
{
	while (taken > 0) {
		struct limit_take *take = &takes[--taken];

		if (take->limiter->kind == LIMITER_CONNECTIONS)
			own_limits_give_back(gateway, take->key);
		put(gateway, take, take->before, now_us);
		take->is_taken = false;
	}
}

/* A worker that dies between the two has noted a connection that was not counted: one too many is
 * let through until all are given back. The other way round one would be taken for a day. */
static void take_one(struct gateway *gateway, struct limit_take *take, int64_t now_us)
{
	if (take->limiter->kind == LIMITER_CONNECTIONS)
		limit_counters_note_connection(
			gateway->limit_counters, take->key, gateway->settings.worker,
			now_us + limit_take_lifetime_s(take) * UTC_SECOND_US, now_us);
	put(gateway, take, take->after, now_us);
	take->is_taken = true;
}

static bool take_all(struct gateway *gateway, struct limit_take *takes, size_t count)
{
	int64_t now_us = world_monotonic_us(gateway->world);
	int64_t now_utc_ms = world_utc_us(gateway->world) / 1000;

	for (size_t i = 0; i < count; i++) {
		struct limit_take *take = &takes[i];

		take->before = limit_counters_get(gateway->limit_counters, take->key, now_us);
		if (!limit_take_judge(take, now_utc_ms)) {
			undo(gateway, takes, i, now_us);
			return false;
		}
		take_one(gateway, take, now_us);
	}
	return true;
}

bool own_limits_take(struct gateway *gateway, struct limit_take *takes, size_t count)
{
	bool is_granted;

	dictionary_hold(gateway->limit_counters);
	is_granted = take_all(gateway, takes, count);
	dictionary_let_go(gateway->limit_counters);
	return is_granted;
}

void own_limits_give_back(struct gateway *gateway, struct str key)
{
	limit_counters_give_back(gateway->limit_counters, key, gateway->settings.worker,
				 world_monotonic_us(gateway->world));
}
