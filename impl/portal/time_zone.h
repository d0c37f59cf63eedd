/* Time zones: their names, and what time it is in them (spec/portal.md 2.5, 3.16).
 *
 * The zones are those that Rails names; a tenant's `timezone` and the parameter `timezone` of the
 * statistics hold such a name ("Madrid"), or the tz database's ("Europe/Madrid"). The rules are a
 * small table of our own (time_zone_table.c) and not the system's zone files, so that both worlds
 * and all machines agree. They hold from 2015 to 2037, as known in 2025; before and after, the
 * nearest known rules are taken to hold.
 *
 * A local time is given as if it were UTC: calendar arithmetic of base/utc.h works on it. For
 * "midnight of the day, there": utc_period_start(UTC_DAY, time_zone_local_us(zone, now)), then back
 * by time_zone_instant_us(). Zones are constants: nobody owns them.
 */
#ifndef PORTAL_TIME_ZONE_H
#define PORTAL_TIME_ZONE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/str.h"

struct time_zone;

/* By Rails' name or the tz database's; NULL for others. */
const struct time_zone *time_zone_find(struct str name);
const struct time_zone *time_zone_utc(void);
struct str time_zone_name(const struct time_zone *zone); /* the tz database's: "Etc/UTC" */

/* Seconds east of UTC at that instant. */
int64_t time_zone_offset_s(const struct time_zone *zone, int64_t instant_us);
/* What clocks there show. */
int64_t time_zone_local_us(const struct time_zone *zone, int64_t instant_us);
/* When clocks there show that: the first time when they show it twice; a time that they leave out
 * counts from before the change, so 02:30 is what will be called 03:30. */
int64_t time_zone_instant_us(const struct time_zone *zone, int64_t local_us);

/* "2019-10-01T12:00:00+02:00"; Z stands for the offset of the zone UTC only. */
struct str time_zone_format_iso(char out[48], const struct time_zone *zone, int64_t instant_us);
/* "2019-10-01 12:00:00 +0200", "2019-10-01 10:00:00 UTC" */
struct str time_zone_format_sql(char out[48], const struct time_zone *zone, int64_t instant_us);

#endif
