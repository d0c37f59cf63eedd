#include "portal/statistics/keys.h"

#include <string.h>

#include "backend/stats_keys.h"
#include "base/arena.h"
#include "base/utc.h"

static void append(struct arena *arena, struct statistics_keys *keys, struct str key)
{
	if (keys->count == keys->capacity) {
		size_t capacity = keys->capacity > 0 ? keys->capacity * 2 : 64;
		struct str *items = ARENA_ARRAY(arena, struct str, capacity);

		if (keys->count > 0)
			memcpy(items, keys->items, keys->count * sizeof *items);
		keys->items = items;
		keys->capacity = capacity;
	}
	keys->items[keys->count++] = key;
}

/* The longest counted period that begins there and does not end too late. */
static enum utc_period longest_period(const struct stats_subject *subject, int64_t from_us,
				      int64_t to_us)
{
	static const enum utc_period longer[] = {UTC_YEAR, UTC_MONTH, UTC_WEEK, UTC_DAY};

	for (size_t i = 0; i < sizeof longer / sizeof *longer; i++) {
		if (stats_has_period(subject, longer[i]) &&
		    utc_period_start(longer[i], from_us) == from_us &&
		    utc_period_end(longer[i], from_us) <= to_us)
			return longer[i];
	}
	return UTC_HOUR;
}

void statistics_keys_add(struct arena *arena, struct statistics_keys *keys,
			 const struct stats_subject *subject, int64_t from_us, int64_t to_us)
{
	from_us = utc_period_start(UTC_HOUR, from_us);
	to_us = utc_period_start(UTC_HOUR, to_us);
	while (from_us < to_us) {
		enum utc_period period = longest_period(subject, from_us, to_us);

		append(arena, keys, stats_key(arena, subject, period, from_us));
		from_us = utc_period_end(period, from_us);
	}
}
