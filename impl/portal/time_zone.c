#include "portal/time_zone.h"

#include <inttypes.h>
#include <stdio.h>

#include "base/bug.h"
#include "base/utc.h"
#include "portal/time_zone_table.h"

#define MINUTE_S INT64_C(60)
#define HOUR_S INT64_C(3600)
#define DAY_S INT64_C(86400)
#define UTC_NAME STR("Etc/UTC")

static bool zone_has_name(const struct time_zone *zone, struct str name)
{
	struct str rest = zone->rails_names, own;

	if (str_equal(zone->name, name))
		return true;
	while (str_next_field(&rest, '|', &own)) {
		if (str_equal(own, name))
			return true;
	}
	return false;
}

const struct time_zone *time_zone_find(struct str name)
{
	for (size_t i = 0; i < time_zone_table_count; i++) {
		if (zone_has_name(&time_zone_table[i], name))
			return &time_zone_table[i];
	}
	return NULL;
}

const struct time_zone *time_zone_utc(void)
{
	const struct time_zone *zone = time_zone_find(UTC_NAME);

	BUG_IF(zone == NULL);
	return zone;
}

struct str time_zone_name(const struct time_zone *zone)
{
	return zone->name;
}

/* Midnight of the day of a year, as if local clocks were UTC. */
static int64_t turn_day_s(const struct time_zone_turn *turn, int year)
{
	struct utc first = {.year = year, .month = turn->month, .day = 1};
	struct utc next = {.year = year, .month = turn->month + 1, .day = 1};
	int64_t start_us = utc_to_us(&first), end_us = utc_to_us(&next);
	int weekday = utc_from_us(start_us).weekday;
	int64_t days = (turn->weekday - weekday + 7) % 7 + 7 * (turn->nth - 1);
	int64_t day_s = start_us / UTC_SECOND_US + days * DAY_S;

	return day_s * UTC_SECOND_US < end_us ? day_s : day_s - 7 * DAY_S;
}

/* `before_s`: the offset until then. */
static int64_t turn_at_s(const struct time_zone_summer *summer, const struct time_zone_turn *turn,
			 int year, int64_t before_s)
{
	int64_t at_s = turn_day_s(turn, year) + turn->minutes * MINUTE_S;

	return summer->is_in_utc ? at_s : at_s - before_s;
}

static int64_t offset_by_rules(const struct time_zone *zone, int64_t instant_s, int year)
{
	const struct time_zone_summer *summer = zone->summer;
	int64_t standard_s = zone->standard_minutes * MINUTE_S, begin_s, end_s;
	bool is_summer;

	if (summer == NULL)
		return standard_s;
	begin_s = turn_at_s(summer, &summer->begin, year, standard_s);
	end_s = turn_at_s(summer, &summer->end, year, standard_s + HOUR_S);
	if (begin_s < end_s)
		is_summer = instant_s >= begin_s && instant_s < end_s;
	else
		is_summer = instant_s >= begin_s || instant_s < end_s;
	return is_summer ? standard_s + HOUR_S : standard_s;
}

int64_t time_zone_offset_s(const struct time_zone *zone, int64_t instant_us)
{
	int year = utc_from_us(instant_us).year, minutes = zone->offset_minutes;
	int64_t instant_s = instant_us / UTC_SECOND_US;

	if (year >= zone->rules_from)
		return offset_by_rules(zone, instant_s, year);
	for (size_t i = 0; i < zone->changes_count && zone->changes[i].at_s <= instant_s; i++)
		minutes = zone->changes[i].offset_minutes;
	return minutes * MINUTE_S;
}

int64_t time_zone_local_us(const struct time_zone *zone, int64_t instant_us)
{
	return instant_us + time_zone_offset_s(zone, instant_us) * UTC_SECOND_US;
}

int64_t time_zone_instant_us(const struct time_zone *zone, int64_t local_us)
{
	/* No zone changes twice within two days. */
	int64_t before_s = time_zone_offset_s(zone, local_us - DAY_S * UTC_SECOND_US);
	int64_t after_s = time_zone_offset_s(zone, local_us + DAY_S * UTC_SECOND_US);
	int64_t by_before_us = local_us - before_s * UTC_SECOND_US;
	int64_t by_after_us = local_us - after_s * UTC_SECOND_US;

	if (time_zone_offset_s(zone, by_before_us) == before_s ||
	    time_zone_offset_s(zone, by_after_us) != after_s)
		return by_before_us;
	return by_after_us;
}

static struct str format(char out[48], const struct time_zone *zone, int64_t instant_us,
			 const char *shape)
{
	struct utc local = utc_from_us(time_zone_local_us(zone, instant_us));
	int offset = (int)(time_zone_offset_s(zone, instant_us) / MINUTE_S);
	int minutes = offset < 0 ? -offset : offset;
	int size = snprintf(out, 48, shape, local.year, local.month, local.day, local.hour,
			    local.minute, local.second, offset < 0 ? '-' : '+', minutes / 60 % 100,
			    minutes % 60);

	return str_of(out, size < 48 ? (size_t)size : 47);
}

struct str time_zone_format_iso(char out[48], const struct time_zone *zone, int64_t instant_us)
{
	if (str_equal(zone->name, UTC_NAME))
		return utc_format_iso(out, instant_us);
	return format(out, zone, instant_us, "%04d-%02d-%02dT%02d:%02d:%02d%c%02d:%02d");
}

struct str time_zone_format_sql(char out[48], const struct time_zone *zone, int64_t instant_us)
{
	struct str text = format(out, zone, instant_us, "%04d-%02d-%02d %02d:%02d:%02d %c%02d%02d");
	size_t zone_at = text.size - sizeof "+0000" + 1;

	if (!str_equal(zone->name, UTC_NAME))
		return text;
	return str_of(out, zone_at + (size_t)snprintf(out + zone_at, 48 - zone_at, "UTC"));
}
