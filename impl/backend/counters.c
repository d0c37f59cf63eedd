#include "backend/counters.h"

#include <inttypes.h>

#include "base/arena.h"
#include "base/map.h"
#include "world/redis.h"

#define MINUTE_LIFETIME STR("180") /* 6.3 */

struct counter_change {
	int64_t value;
	bool is_set;
	bool is_of_minute;
};

void counters_init(struct counters *counters, uint64_t seed, bool deletes_zeroes)
{
	*counters =
		(struct counters){.changes = map_create(seed), .deletes_zeroes = deletes_zeroes};
}

void counters_free(struct counters *counters)
{
	map_destroy(counters->changes);
}

void counters_begin(struct counters *counters, struct arena *arena)
{
	map_clear(counters->changes);
	counters->arena = arena;
}

static void change_one(struct counters *counters, struct str key, int64_t value, bool is_set,
		       bool is_of_minute)
{
	struct counter_change *change = map_get(counters->changes, key);
	int64_t sum;

	if (change == NULL) {
		change = ARENA_NEW(counters->arena, struct counter_change);
		change->is_of_minute = is_of_minute;
		map_put(counters->changes, key, change);
	}
	if (is_set)
		*change = (struct counter_change){value, true, is_of_minute};
	else
		change->value =
			__builtin_add_overflow(change->value, value, &sum) ? INT64_MAX : sum;
}

void counters_change(struct counters *counters, const struct stats_subject *subject,
		     int64_t instant_us, int64_t value, bool is_set)
{
	stats_times_set(&counters->times, instant_us);
	for (int period = UTC_ETERNITY; period >= UTC_MINUTE; period--) {
		if (stats_has_period(subject, (enum utc_period)period))
			change_one(counters,
				   stats_key_at(counters->arena, subject, (enum utc_period)period,
						&counters->times),
				   value, is_set, period == UTC_MINUTE);
	}
}

static void write_one(const struct counters *counters, struct str key,
		      const struct counter_change *change, struct redis_client *storage)
{
	struct str value = str_format(counters->arena, "%" PRId64, change->value);

	if (change->is_set && change->value == 0 && counters->deletes_zeroes) {
		REDIS_SEND(storage, NULL, NULL, STR("DEL"), key);
		return;
	}
	REDIS_SEND(storage, NULL, NULL, change->is_set ? STR("SET") : STR("INCRBY"), key, value);
	if (change->is_of_minute)
		REDIS_SEND(storage, NULL, NULL, STR("EXPIRE"), key, MINUTE_LIFETIME);
}

void counters_write(struct counters *counters, struct redis_client *storage)
{
	struct map_cursor at = {0};

	while (storage != NULL && map_next(counters->changes, &at))
		write_one(counters, at.key, at.value, storage);
}
