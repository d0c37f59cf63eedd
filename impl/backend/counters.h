/* What one round of the worker adds to the counters (spec/backend.md 6.3): the additions of many
 * reports to one counter become one command.
 *
 * Sets and increments of one counter keep their order: what was added before a set is forgotten,
 * what comes after goes on top of it.
 */
#ifndef BACKEND_COUNTERS_H
#define BACKEND_COUNTERS_H

#include <stdbool.h>
#include <stdint.h>

#include "backend/stats_keys.h"

struct arena;
struct map;
struct redis_client;

struct counters {
	struct arena *arena; /* the round's */
	struct map *changes; /* key -> struct counter_change */
	struct stats_times times;
	bool deletes_zeroes; /* a counter that is set to 0 goes away */
};

void counters_init(struct counters *counters, uint64_t seed, bool deletes_zeroes);
void counters_free(struct counters *counters);
void counters_begin(struct counters *counters, struct arena *arena); /* a new round */

/* All periods that the subject has. */
void counters_change(struct counters *counters, const struct stats_subject *subject,
		     int64_t instant_us, int64_t value, bool is_set);
/* In the order of the changes. Whether they arrived, the round's transaction tells. */
void counters_write(struct counters *counters, struct redis_client *storage);

#endif
