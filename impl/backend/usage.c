#include "backend/usage.h"

#include <string.h>

#include "backend/parameters.h"
#include "backend/profile.h"
#include "base/arena.h"

#define CAPACITY_FIRST 8

enum usage_reach usage_reach_of(const struct profile *profile, bool is_flat)
{
	if (is_flat && profile->has_flat_usage)
		return USAGE_FLAT;
	return profile->propagates_to_all_ancestors ? USAGE_OF_ANCESTORS : USAGE_OF_PARENT;
}

void usage_init(struct usage *usage, struct arena *arena)
{
	*usage = (struct usage){.arena = arena};
}

static int64_t add_up_to_max(int64_t a, int64_t b)
{
	int64_t sum;

	return __builtin_add_overflow(a, b, &sum) ? INT64_MAX : sum;
}

/* " 5 ", "007", "#15". Blanks before '#' make it an increment of nothing, as upstream has it. */
static bool parse_value(struct str text, int64_t *value, bool *is_set)
{
	struct str digits = parameter_strip(text);
	bool has_mark = digits.size > 0 && digits.data[0] == '#';
	int64_t sum = 0;

	if (has_mark)
		digits = str_skip(digits, 1);
	if (digits.size == 0)
		return false;
	for (size_t i = 0; i < digits.size; i++) {
		int digit = digits.data[i] - '0';

		if (digit < 0 || digit > 9)
			return false;
		sum = sum > (INT64_MAX - digit) / 10 ? INT64_MAX : sum * 10 + digit;
	}
	*is_set = has_mark && text.data[0] == '#';
	*value = has_mark && !*is_set ? 0 : sum;
	return true;
}

static struct usage_item *find_or_add(struct usage *usage, size_t metric)
{
	for (size_t i = 0; i < usage->count; i++) {
		if (usage->items[i].metric == metric)
			return &usage->items[i];
	}
	if (usage->count == usage->capacity) {
		size_t capacity = usage->capacity > 0 ? usage->capacity * 2 : CAPACITY_FIRST;
		struct usage_item *items = ARENA_ARRAY(usage->arena, struct usage_item, capacity);

		if (usage->count > 0)
			memcpy(items, usage->items, usage->count * sizeof *items);
		usage->items = items;
		usage->capacity = capacity;
	}
	usage->items[usage->count] = (struct usage_item){.metric = metric};
	return &usage->items[usage->count++];
}

static bool refuse(struct api_error *error, enum api_error_code code, struct str first,
		   struct str second)
{
	*error = (struct api_error){code, first, second};
	return false;
}

bool usage_add(struct usage *usage, const struct metrics *metrics, struct str metric_name,
	       struct str value, struct api_error *error)
{
	struct str name = parameter_strip(metric_name);
	struct usage_item *item;
	int64_t number;
	bool is_set;
	size_t metric;

	if (parameter_strip(value).size == 0)
		return refuse(error, API_USAGE_VALUE_EMPTY, name, STR(""));
	if (!parse_value(value, &number, &is_set))
		return refuse(error, API_USAGE_VALUE_INVALID, value, name);
	metric = metrics_index(metrics, name);
	if (metric == METRIC_NONE)
		return refuse(error, API_METRIC_INVALID, name, STR(""));
	item = find_or_add(usage, metric);
	item->value = item->sent_value = item->call_amount = number;
	item->is_set = is_set;
	return true;
}

static void count_for(struct usage *usage, size_t metric, const struct usage_item *sent)
{
	struct usage_item *item = find_or_add(usage, metric);

	item->call_amount = add_up_to_max(item->call_amount, sent->sent_value);
	if (sent->is_set) {
		item->is_set = true;
		item->value = sent->sent_value;
	} else {
		item->value = add_up_to_max(item->value, sent->sent_value);
	}
}

/* In the order of the parameters, so of several sets the last one wins (3.9). A chain of parents is
 * never longer than there are metrics, unless it is a ring. */
void usage_expand(struct usage *usage, const struct metrics *metrics)
{
	size_t sent_count = usage->count;
	size_t levels = usage->reach == USAGE_OF_ANCESTORS ? metrics->count
			: usage->reach == USAGE_OF_PARENT  ? 1
							   : 0;

	for (size_t i = 0; i < sent_count; i++) {
		struct usage_item sent = usage->items[i];
		size_t metric = metrics->items[sent.metric].parent;

		for (size_t level = 0; level < levels; level++) {
			if (metric == METRIC_NONE || metric == sent.metric)
				break;
			count_for(usage, metric, &sent);
			metric = metrics->items[metric].parent;
		}
	}
}

const struct usage_item *usage_find(const struct usage *usage, size_t metric)
{
	for (size_t i = 0; i < usage->count; i++) {
		if (usage->items[i].metric == metric)
			return &usage->items[i];
	}
	return NULL;
}

int64_t usage_apply(const struct usage_item *item, int64_t counter)
{
	return item->is_set ? item->value : add_up_to_max(counter, item->value);
}
