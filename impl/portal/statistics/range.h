/* Which time an answer of the Analytics API is about (spec/portal.md 3.16): the granules, one for
 * each value, from parameters and a time zone.
 *
 * Days and months are those of the zone's calendar. Hours and quarters of days are all of the same
 * length and follow one another, also where a zone puts its clocks forward or back. Instants are
 * microseconds since 1970.
 */
#ifndef PORTAL_STATISTICS_RANGE_H
#define PORTAL_STATISTICS_RANGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/str.h"

struct arena;
struct time_zone;

/* An answer has no more values than that: more than a year of hours. */
#define STATISTICS_VALUES_MAX 10000

enum statistics_granularity {
	STATISTICS_MONTH,
	STATISTICS_DAY,
	STATISTICS_SIX_HOURS,
	STATISTICS_HOUR,
};

/* What was asked for; an empty text was not given. */
struct statistics_question {
	struct str period, since, until, granularity;
	const struct time_zone *zone;
	int64_t now_us;
};

struct statistics_range {
	const struct time_zone *zone;
	struct str period; /* its name; empty: since and until were given */
	enum statistics_granularity granularity;
	int64_t *bounds; /* starts of the granules, then the end of the last: count + 1 */
	size_t count;
};

/* In the arena. False: *refusal says what is wrong with the question. */
bool statistics_range_read(struct arena *arena, const struct statistics_question *question,
			   struct statistics_range *range, struct str *refusal);
/* The one period (day, week, month or year) of the zone's calendar that holds `since`: one granule.
 */
bool statistics_range_read_one(struct arena *arena, const struct statistics_question *question,
			       struct statistics_range *range, struct str *refusal);
/* As many granules again, right before. */
struct statistics_range statistics_range_before(struct arena *arena,
						const struct statistics_range *range);
/* "month", "day", "21600", "hour" */
struct str statistics_granularity_name(enum statistics_granularity granularity);
int64_t statistics_range_until_us(const struct statistics_range *range); /* its last second */

#endif
