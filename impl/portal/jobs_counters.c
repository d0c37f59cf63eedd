#include "portal/jobs_counters.h"

#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/map.h"
#include "portal/statistics/keys.h"

struct job_counters {
	struct arena *arena;
	struct map *known; /* key -> int64_t of the arena */
	struct statistics_keys missing;
};

static void begin(struct job_counters *counters)
{
	counters->arena = arena_create();
	counters->known = map_create(0);
	counters->missing = (struct statistics_keys){0};
}

static void end(struct job_counters *counters)
{
	map_destroy(counters->known);
	arena_destroy(counters->arena);
}

struct job_counters *job_counters_create(void)
{
	struct job_counters *counters = MEMORY_NEW(struct job_counters);

	begin(counters);
	return counters;
}

void job_counters_destroy(struct job_counters *counters)
{
	if (counters == NULL)
		return;
	end(counters);
	free(counters);
}

void job_counters_forget(struct job_counters *counters)
{
	end(counters);
	begin(counters);
}

static void note_missing(struct job_counters *counters, struct str key)
{
	struct statistics_keys *missing = &counters->missing;

	if (missing->count == missing->capacity) {
		size_t capacity = missing->capacity > 0 ? missing->capacity * 2 : 64;
		struct str *items = ARENA_ARRAY(counters->arena, struct str, capacity);

		if (missing->count > 0)
			memcpy(items, missing->items, missing->count * sizeof *items);
		missing->items = items;
		missing->capacity = capacity;
	}
	missing->items[missing->count++] = str_copy(counters->arena, key);
}

bool job_counters_sum(struct job_counters *counters, const struct statistics_keys *keys,
		      int64_t *sum)
{
	size_t missing_before = counters->missing.count;

	*sum = 0;
	for (size_t i = 0; i < keys->count; i++) {
		const int64_t *value = map_get(counters->known, keys->items[i]);

		if (value == NULL)
			note_missing(counters, keys->items[i]);
		else
			*sum += *value;
	}
	return counters->missing.count == missing_before;
}

const struct str *job_counters_missing(const struct job_counters *counters, size_t *count)
{
	*count = counters->missing.count;
	return counters->missing.items;
}

void job_counters_learn(struct job_counters *counters, const int64_t *values)
{
	for (size_t i = 0; i < counters->missing.count; i++) {
		int64_t *value = ARENA_NEW(counters->arena, int64_t);

		*value = values[i];
		map_put(counters->known, counters->missing.items[i], value);
	}
	counters->missing.count = 0;
}
