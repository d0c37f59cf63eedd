#include "portal/statistics/range.h"

#include "base/arena.h"
#include "base/utc.h"
#include "portal/time_zone.h"

/* step_us 0: a period of the calendar. */
static const struct granularity {
	struct str name;
	int64_t step_us;
	enum utc_period calendar;
} granularities[] = {
	[STATISTICS_MONTH] = {STR_INIT("month"), 0, UTC_MONTH},
	[STATISTICS_DAY] = {STR_INIT("day"), 0, UTC_DAY},
	[STATISTICS_SIX_HOURS] = {STR_INIT("21600"), 6 * UTC_HOUR_US, UTC_DAY},
	[STATISTICS_HOUR] = {STR_INIT("hour"), UTC_HOUR_US, UTC_HOUR},
};
#define GRANULARITIES (sizeof granularities / sizeof *granularities)

static const struct period {
	struct str name;
	enum statistics_granularity granularity;
	enum utc_period calendar;
	int months, days; /* its length */
} periods[] = {
	{STR_INIT("year"), STATISTICS_MONTH, UTC_YEAR, 12, 0},
	{STR_INIT("month"), STATISTICS_DAY, UTC_MONTH, 1, 0},
	{STR_INIT("week"), STATISTICS_SIX_HOURS, UTC_WEEK, 0, 7},
	{STR_INIT("day"), STATISTICS_HOUR, UTC_DAY, 0, 1},
};
#define PERIODS (sizeof periods / sizeof *periods)

struct str statistics_granularity_name(enum statistics_granularity granularity)
{
	return granularities[granularity].name;
}

int64_t statistics_range_until_us(const struct statistics_range *range)
{
	return range->bounds[range->count] - UTC_SECOND_US;
}

/* Reading. */

static const struct period *find_period(struct arena *arena, struct str name, struct str *refusal)
{
	for (size_t i = 0; i < PERIODS; i++) {
		if (str_equal(periods[i].name, name))
			return &periods[i];
	}
	*refusal = STR_CONCAT(
		arena, STR("Period must be one of [\"year\", \"month\", \"week\", \"day\"] not \""),
		name, STR("\""));
	return NULL;
}

static bool find_granularity(struct arena *arena, struct str name,
			     enum statistics_granularity *granularity, struct str *refusal)
{
	for (size_t i = 0; i < GRANULARITIES; i++) {
		if (str_equal(granularities[i].name, name)) {
			*granularity = (enum statistics_granularity)i;
			return true;
		}
	}
	*refusal = STR_CONCAT(
		arena,
		STR("Granularity must be one of [\"month\", \"day\", \"hour\", \"21600\"] not \""),
		name, STR("\""));
	return false;
}

/* A time without an offset is one of the zone's clocks. */
static bool read_time(struct arena *arena, struct str text, const struct time_zone *zone,
		      int64_t *instant_us, struct str *refusal)
{
	bool is_local = utc_parse(STR_CONCAT(arena, text, STR("T00:00:00Z")), instant_us) ||
			utc_parse(STR_CONCAT(arena, text, STR("Z")), instant_us);

	if (is_local) {
		*instant_us = time_zone_instant_us(zone, *instant_us);
		return true;
	}
	if (str_has_suffix(text, STR(" UTC")))
		text = str_slice(text, 0, text.size - sizeof " UTC" + 1);
	if (utc_parse(text, instant_us))
		return true;
	*refusal = STR("Date parameters should have valid date/time format.");
	return false;
}

/* The calendar. */

/* A local time so many lengths of a period later; the 31st becomes the last day of its month. */
static int64_t add_periods(const struct period *period, int64_t local_us, int count)
{
	return utc_months_before(local_us, -period->months * count) +
	       period->days * count * UTC_DAY_US;
}

static int64_t granule_start(const struct statistics_range *range, int64_t instant_us)
{
	const struct granularity *granularity = &granularities[range->granularity];
	int64_t local_us = time_zone_local_us(range->zone, instant_us);
	int64_t start_us = utc_period_start(granularity->calendar, local_us);

	if (granularity->step_us > 0)
		start_us += (local_us - start_us) / granularity->step_us * granularity->step_us;
	/* Within an hour clocks do not change, though they may show that hour twice. */
	if (range->granularity == STATISTICS_HOUR)
		return instant_us - (local_us - start_us);
	return time_zone_instant_us(range->zone, start_us);
}

static int64_t granule_after(const struct statistics_range *range, int64_t start_us)
{
	const struct granularity *granularity = &granularities[range->granularity];

	if (granularity->step_us > 0)
		return start_us + granularity->step_us;
	return time_zone_instant_us(
		range->zone,
		utc_period_end(granularity->calendar, time_zone_local_us(range->zone, start_us)));
}

static int64_t granule_before(const struct statistics_range *range, int64_t start_us)
{
	const struct granularity *granularity = &granularities[range->granularity];

	if (granularity->step_us > 0)
		return start_us - granularity->step_us;
	return granule_start(range, start_us - UTC_SECOND_US);
}

/* Both ends are widened to whole granules. */
static bool fill_bounds(struct arena *arena, struct statistics_range *range, int64_t since_us,
			int64_t until_us, struct str *refusal)
{
	int64_t at_us = granule_start(range, since_us);

	range->bounds = ARENA_ARRAY(arena, int64_t, STATISTICS_VALUES_MAX + 1);
	range->bounds[0] = at_us;
	for (range->count = 0; at_us <= until_us; range->count++) {
		if (range->count == STATISTICS_VALUES_MAX) {
			*refusal = str_format(arena,
					      "Time range for the granularity must be less than "
					      "%d values",
					      STATISTICS_VALUES_MAX);
			return false;
		}
		at_us = granule_after(range, at_us);
		range->bounds[range->count + 1] = at_us;
	}
	if (range->count == 0)
		*refusal = STR("'until' must not be before 'since'");
	return range->count > 0;
}

static bool read_period(struct arena *arena, const struct statistics_question *question,
			struct statistics_range *range, struct str *refusal)
{
	const struct period *period = find_period(arena, question->period, refusal);
	int64_t since_us, local_us;

	if (period == NULL)
		return false;
	range->period = period->name;
	range->granularity = period->granularity;
	if (question->granularity.size > 0 &&
	    !find_granularity(arena, question->granularity, &range->granularity, refusal))
		return false;
	if (question->since.size == 0) {
		local_us = time_zone_local_us(range->zone, question->now_us);
		since_us = time_zone_instant_us(range->zone, add_periods(period, local_us, -1));
	} else if (!read_time(arena, question->since, range->zone, &since_us, refusal)) {
		return false;
	}
	local_us = add_periods(period, time_zone_local_us(range->zone, since_us), 1);
	return fill_bounds(arena, range, since_us,
			   time_zone_instant_us(range->zone, local_us) - UTC_SECOND_US, refusal);
}

bool statistics_range_read(struct arena *arena, const struct statistics_question *question,
			   struct statistics_range *range, struct str *refusal)
{
	int64_t since_us, until_us;

	*range = (struct statistics_range){.zone = question->zone};
	if (question->period.size > 0)
		return read_period(arena, question, range, refusal);
	if (question->since.size == 0 || question->until.size == 0) {
		*refusal = STR("You need to specify either 'range' or 'since' and 'until'");
		return false;
	}
	return find_granularity(arena, question->granularity, &range->granularity, refusal) &&
	       read_time(arena, question->since, range->zone, &since_us, refusal) &&
	       read_time(arena, question->until, range->zone, &until_us, refusal) &&
	       fill_bounds(arena, range, since_us, until_us, refusal);
}

bool statistics_range_read_one(struct arena *arena, const struct statistics_question *question,
			       struct statistics_range *range, struct str *refusal)
{
	const struct period *period = find_period(arena, question->period, refusal);
	int64_t since_us, local_us;

	*range = (struct statistics_range){.zone = question->zone, .count = 1};
	if (period == NULL || !read_time(arena, question->since, range->zone, &since_us, refusal))
		return false;
	local_us = time_zone_local_us(range->zone, since_us);
	range->period = period->name;
	range->granularity = period->granularity;
	range->bounds = ARENA_ARRAY(arena, int64_t, 2);
	range->bounds[0] =
		time_zone_instant_us(range->zone, utc_period_start(period->calendar, local_us));
	range->bounds[1] =
		time_zone_instant_us(range->zone, utc_period_end(period->calendar, local_us));
	return true;
}

struct statistics_range statistics_range_before(struct arena *arena,
						const struct statistics_range *range)
{
	struct statistics_range before = *range;

	before.bounds = ARENA_ARRAY(arena, int64_t, range->count + 1);
	before.bounds[range->count] = range->bounds[0];
	for (size_t i = range->count; i > 0; i--)
		before.bounds[i - 1] = granule_before(range, before.bounds[i]);
	return before;
}
