/* libFuzzer target: lines are the parameters of a question: period, since, until, granularity,
 * zone. What is not refused is a row of granules that follow one another, of which there are not
 * too many, and so is what comes before. */
#include "portal/statistics/range.h"

#include <stdint.h>

#include "base/arena.h"
#include "base/bug.h"
#include "base/utc.h"
#include "portal/time_zone.h"

#define NOW_US INT64_C(1571566830000000) /* 2019-10-20T10:20:30Z */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(const struct statistics_range *range)
{
	BUG_IF(range->count == 0 || range->count > STATISTICS_VALUES_MAX);
	for (size_t i = 0; i < range->count; i++)
		BUG_IF(range->bounds[i] >= range->bounds[i + 1]);
	BUG_IF(statistics_range_until_us(range) <= range->bounds[range->count - 1]);
}

static struct str line(struct str *rest)
{
	struct str text;

	str_split_once(*rest, '\n', &text, rest);
	return text;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *arena = arena_create();
	struct str rest = str_of((const char *)data, size), refusal = STR("");
	struct statistics_question question = {.period = line(&rest), .now_us = NOW_US};
	struct statistics_range range, before;

	question.since = line(&rest);
	question.until = line(&rest);
	question.granularity = line(&rest);
	question.zone = time_zone_find(line(&rest));
	if (question.zone == NULL)
		question.zone = time_zone_utc();
	if (statistics_range_read(arena, &question, &range, &refusal)) {
		check(&range);
		before = statistics_range_before(arena, &range);
		check(&before);
		BUG_IF(before.bounds[before.count] != range.bounds[0]);
	} else {
		BUG_IF(refusal.size == 0);
	}
	refusal = STR("");
	if (statistics_range_read_one(arena, &question, &range, &refusal))
		check(&range);
	else
		BUG_IF(refusal.size == 0);
	arena_destroy(arena);
	return 0;
}
