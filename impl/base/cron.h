/* Times that come again and again, as crontab(5) writes them: minute, hour, day of the month, month
 * and day of the week, in UTC. A field is `*` or a list of numbers and ranges ("1,3-5"), with a
 * step if wanted ("0-30/10", "*" and "/15"); months and days of the week may be named ("mon"),
 * Sunday is 0 and 7. When both days are restricted either is enough. */
#ifndef BASE_CRON_H
#define BASE_CRON_H

#include <stdbool.h>
#include <stdint.h>

#include "base/str.h"

struct error;

struct cron {
	uint64_t minutes; /* bit N: minute N; the others likewise */
	uint64_t hours, days, months, weekdays;
	bool has_any_day, has_any_weekday;
};

/* False and *error when the text is none, or names no day that there is. */
bool cron_parse(struct str text, struct cron *cron, struct error *error);
/* The last minute at or before the instant that fits; microseconds since 1970. */
int64_t cron_last(const struct cron *cron, int64_t instant_us);

#endif
