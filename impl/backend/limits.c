#include "backend/limits.h"

#include <inttypes.h>

#include "backend/api_call.h"
#include "backend/backend_internal.h"
#include "backend/profile.h"
#include "backend/stats_keys.h"
#include "base/arena.h"

bool limits_allow(const struct limit_list *limits, const int64_t *counters,
		  const struct usage *usage)
{
	for (size_t i = 0; i < limits->count; i++) {
		const struct usage_limit *limit = &limits->items[i];
		int64_t counter = counters[i];

		if (usage != NULL) {
			const struct usage_item *item = usage_find(usage, limit->metric);

			if (item == NULL)
				continue;
			counter = usage_apply(item, counter);
		}
		if (counter > limit->max)
			return false;
	}
	return true;
}

void limits_ask_subject(struct batch *batch, struct redis_client *storage,
			const struct stats_subject *subject, const struct metrics *metrics,
			const struct limit_list *limits, int64_t now_us)
{
	struct stats_subject counted = *subject;
	struct str *words;

	if (limits->count == 0)
		return;
	words = ARENA_ARRAY(batch->arena, struct str, limits->count + 1);
	words[0] = STR("MGET");
	for (size_t i = 0; i < limits->count; i++) {
		counted.metric = metrics->items[limits->items[i].metric].id;
		words[i + 1] = stats_key(batch->arena, &counted, limits->items[i].period, now_us);
	}
	batch_send(batch, storage, words, limits->count + 1);
}

void limits_ask(struct batch *batch, struct redis_client *storage, struct str service,
		struct str application, const struct metrics *metrics,
		const struct limit_list *limits, int64_t now_us)
{
	const struct stats_subject subject = {.service = service, .application = application};

	limits_ask_subject(batch, storage, &subject, metrics, limits, now_us);
}

const int64_t *limits_counters(struct arena *arena, const struct limit_list *limits,
			       const struct redis_reply *reply)
{
	int64_t *counters = ARENA_ARRAY(arena, int64_t, limits->count);

	for (size_t i = 0; i < limits->count; i++)
		counters[i] = text_to_count(reply_item(reply, i), 0);
	return counters;
}

/* A metric of which only the id is left has no name to be shown by. */
bool limits_is_shown(const struct api_call *call, const struct usage_limit *limit)
{
	return call->metrics->items[limit->metric].name.data != NULL;
}

static bool shows_this_call(const struct api_call *call)
{
	return call->endpoint->does_report && call->denial.code == API_NO_ERROR &&
	       call->usage_parameter != NULL;
}

int64_t limits_shown_value(const struct api_call *call, const struct plan_limits *limits,
			   size_t index)
{
	const struct usage_item *item = NULL;
	int64_t counter = limits->counters[index];

	if (shows_this_call(call))
		item = usage_find(&call->usage, limits->list.items[index].metric);
	return item != NULL ? usage_apply(item, counter) : counter;
}

/* 4.5 */

#define UNCONSTRAINED INT64_C(-1)

/* How many more calls like this one the limit lets through. */
static int64_t same_calls(const struct api_call *call, size_t index)
{
	const struct usage_limit *limit = &call->limits.list.items[index];
	const struct usage_item *item =
		call->usage_parameter != NULL ? usage_find(&call->usage, limit->metric) : NULL;
	int64_t shown = limits_shown_value(call, &call->limits, index);
	int64_t left = shown < limit->max ? limit->max - shown : 0;

	if (left == 0)
		return 0;
	return item != NULL && item->call_amount > 0 ? left / item->call_amount : UNCONSTRAINED;
}

static bool is_relevant(const struct api_call *call, const struct usage_limit *limit)
{
	return limits_is_shown(call, limit) &&
	       (call->usage_parameter == NULL || usage_find(&call->usage, limit->metric) != NULL);
}

/* Unconstrained is the largest; on ties the longer period wins. */
static bool is_tighter(int64_t same, enum utc_period period, int64_t best,
		       enum utc_period best_period)
{
	if (same == best)
		return period > best_period;
	return same != UNCONSTRAINED && (best == UNCONSTRAINED || same < best);
}

static void add_number(struct http_response *response, struct str name, int64_t number)
{
	http_fields_add(&response->fields, name,
			str_format(response->fields.arena, "%" PRId64, number));
}

static int64_t seconds_to_end(enum utc_period period, int64_t now_us)
{
	return (utc_period_end(period, now_us) - now_us + UTC_SECOND_US - 1) / UTC_SECOND_US;
}

void limits_add_headers(const struct api_call *call, struct http_response *response)
{
	const struct usage_limit *best = NULL;
	int64_t best_same = UNCONSTRAINED;
	bool is_constrained;

	for (size_t i = 0; i < call->limits.list.count; i++) {
		const struct usage_limit *limit = &call->limits.list.items[i];
		int64_t same = same_calls(call, i);

		if (is_relevant(call, limit) &&
		    (best == NULL || is_tighter(same, limit->period, best_same, best->period))) {
			best = limit;
			best_same = same;
		}
	}
	is_constrained = best != NULL && best_same != UNCONSTRAINED;
	add_number(response, STR("3scale-limit-remaining"), best_same);
	add_number(response, STR("3scale-limit-reset"),
		   is_constrained && best->period != UTC_ETERNITY
			   ? seconds_to_end(best->period, backend_now_us(call->backend))
			   : UNCONSTRAINED);
	if (is_constrained && call->backend->settings.profile->has_limit_max_value)
		add_number(response, STR("3scale-limit-max-value"), best->max);
}
