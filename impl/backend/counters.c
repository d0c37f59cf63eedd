#include "backend/counters.h"

#include <inttypes.h>

#include "backend/batch.h"
#include "base/arena.h"
#include "base/map.h"

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

void counters_write(struct counters *counters, struct batch *batch, struct redis_client *storage)
{
	struct map_cursor at = {0};
	bool is_first = true;

	while (map_next(counters->changes, &at)) {
		const struct counter_change *change = at.value;
		bool is_deleted = counters->deletes_zeroes && change->is_set && change->value == 0;
		struct str words[] = {is_deleted       ? STR("DEL")
				      : change->is_set ? STR("SET")
						       : STR("INCRBY"),
				      at.key,
				      str_format(counters->arena, "%" PRId64, change->value)};
		size_t count = is_deleted ? 2 : 3;

		if (is_first)
			batch_send_counting(batch, storage, words, count);
		else if (storage != NULL)
			redis_send(storage, words, count, NULL, NULL);
		if (change->is_of_minute && !is_deleted && storage != NULL)
			REDIS_SEND(storage, NULL, NULL, STR("EXPIRE"), at.key, MINUTE_LIFETIME);
		is_first = false;
	}
}
