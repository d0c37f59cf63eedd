/* Which counters of backend's storage make up a span of time (spec/portal.md 9.6). Backend counts
 * by the calendar of UTC; a span of another zone's calendar is put together from months, days and
 * hours, so that each hour of it is counted once. Where a zone is off by a part of an hour,
 * backend's hour belongs to the span in which it ends.
 */
#ifndef PORTAL_STATISTICS_KEYS_H
#define PORTAL_STATISTICS_KEYS_H

#include <stddef.h>
#include <stdint.h>

#include "base/str.h"

struct arena;
struct stats_subject;

struct statistics_keys {
	struct str *items;
	size_t count, capacity;
};

/* Adds the keys of [from_us, to_us) to the list, which lies in the arena with its texts. */
void statistics_keys_add(struct arena *arena, struct statistics_keys *keys,
			 const struct stats_subject *subject, int64_t from_us, int64_t to_us);

#endif
