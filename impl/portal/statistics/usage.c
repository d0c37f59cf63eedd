/* Usage over time: spec/portal.md 3.16. One question for all values, and for those before. */
#include "backend/stats_keys.h"
#include "base/arena.h"
#include "base/list.h"
#include "portal/call.h"
#include "portal/errand.h"
#include "portal/record.h"
#include "portal/statistics/answer.h"
#include "portal/statistics/errands.h"
#include "portal/statistics/keys.h"
#include "portal/statistics/storage.h"

struct usage {
	struct errand errand;
	struct call *call;
	struct statistics_subject subject;
	struct statistics_range range;
	bool has_change;
	struct statistics_keys keys; /* those of the range before come last */
	size_t *ends;                /* place behind the keys of a granule */
	struct storage_question *question;
};

static int64_t sum_of(const int64_t *values, size_t from, size_t to)
{
	int64_t sum = 0;

	for (size_t i = from; i < to; i++)
		sum += values[i];
	return sum;
}

static void usage_told(const int64_t *values, struct str why, void *data)
{
	struct usage *usage = data;
	size_t count = usage->range.count;
	int64_t *sums = ARENA_ARRAY(usage->call->arena, int64_t, count);
	struct usage_figures figures = {
		.range = &usage->range, .values = sums, .has_change = usage->has_change};

	usage->question = NULL;
	if (values == NULL) {
		reply_storage_is_away(usage->call, why);
		usage->errand.done(usage->errand.data);
		return;
	}
	for (size_t i = 0; i < count; i++)
		sums[i] = sum_of(values, i > 0 ? usage->ends[i - 1] : 0, usage->ends[i]);
	figures.total = sum_of(sums, 0, count);
	figures.previous_total = sum_of(values, usage->ends[count - 1], usage->keys.count);
	usage_answer(usage->call, &usage->subject, &figures);
	usage->errand.done(usage->errand.data);
}

static void usage_begin(struct errand *errand, struct call *call)
{
	struct usage *usage = LIST_ENTRY(errand, struct usage, errand);

	usage->question = statistics_storage_ask(call->storage, usage->keys.items,
						 usage->keys.count, usage_told, usage);
}

static void usage_stop(struct errand *errand)
{
	storage_question_stop(LIST_ENTRY(errand, struct usage, errand)->question);
}

static void usage_find_keys(struct usage *usage)
{
	struct arena *arena = usage->call->arena;
	struct str application = usage->subject.application != NULL
					 ? record_text(usage->subject.application, "application_id")
					 : STR("");
	struct stats_subject counters =
		statistics_counters(usage->call, &usage->subject, application);
	const struct statistics_range *range = &usage->range;
	struct statistics_range before;

	usage->ends = ARENA_ARRAY(arena, size_t, range->count);
	for (size_t i = 0; i < range->count; i++) {
		statistics_keys_add(arena, &usage->keys, &counters, range->bounds[i],
				    range->bounds[i + 1]);
		usage->ends[i] = usage->keys.count;
	}
	if (!usage->has_change)
		return;
	before = statistics_range_before(arena, range);
	statistics_keys_add(arena, &usage->keys, &counters, before.bounds[0], range->bounds[0]);
}

struct errand *usage_errand(struct call *call, const struct statistics_subject *subject,
			    const struct statistics_range *range, bool with_change)
{
	struct usage *usage = ARENA_NEW(call->arena, struct usage);

	usage->errand.begin = usage_begin;
	usage->errand.stop = usage_stop;
	usage->call = call;
	usage->subject = *subject;
	usage->range = *range;
	usage->has_change = with_change;
	usage_find_keys(usage);
	return &usage->errand;
}
