/* The rows behind time_zone.h; only time_zone.c reads them. */
#ifndef PORTAL_TIME_ZONE_TABLE_H
#define PORTAL_TIME_ZONE_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/str.h"

struct time_zone_change {
	int64_t at_s; /* since 1970 */
	int offset_minutes;
};

/* The nth weekday of a month (nth 5 = the last; weekday 0 = Sunday), so many minutes after its
 * midnight: as clocks show just before, or in UTC. */
struct time_zone_turn {
	int month, nth, weekday, minutes;
};

struct time_zone_summer {
	struct time_zone_turn begin, end; /* an hour is added in between */
	bool is_in_utc;
};

struct time_zone {
	struct str name;        /* of the tz database */
	struct str rails_names; /* separated by '|' */
	int offset_minutes;     /* until the first change */
	const struct time_zone_change *changes;
	size_t changes_count;
	int rules_from; /* from that year on the changes are told by the rest; 0 = always */
	int standard_minutes;
	const struct time_zone_summer *summer; /* NULL: no summer time */
};

extern const struct time_zone time_zone_table[];
extern const size_t time_zone_table_count;

#endif
