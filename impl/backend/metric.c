#include "backend/metric.h"

#include <stdlib.h>
#include <string.h>

#include "backend/backend_internal.h"
#include "backend/keys.h"
#include "base/arena.h"

/* Ids that are numbers come first, in their order; then the others, byte by byte. */
static int compare_ids(struct str a, struct str b)
{
	int64_t number_a, number_b;
	bool a_is_number = str_to_int64(a, &number_a), b_is_number = str_to_int64(b, &number_b);

	if (a_is_number && b_is_number && number_a != number_b)
		return number_a < number_b ? -1 : 1;
	if (a_is_number != b_is_number)
		return a_is_number ? -1 : 1;
	return str_compare(a, b);
}

static int compare_id_texts(const void *a, const void *b)
{
	return compare_ids(*(const struct str *)a, *(const struct str *)b);
}

/* Sorted copies of a set's members. */
static struct str *sorted_members(struct arena *arena, const struct redis_reply *reply)
{
	struct str *ids = ARENA_ARRAY(arena, struct str, reply->count);

	for (size_t i = 0; i < reply->count; i++)
		ids[i] = reply_item(reply, i);
	if (reply->count > 1)
		qsort(ids, reply->count, sizeof *ids, compare_id_texts);
	return ids;
}

/* Metrics. */

struct metrics_state {
	struct str *ids;
	size_t count;
};

struct named {
	struct str name;
	size_t index;
};

static int compare_named(const void *a, const void *b)
{
	return str_compare(((const struct named *)a)->name, ((const struct named *)b)->name);
}

static size_t index_by_id(const struct metrics *metrics, struct str id)
{
	size_t low = 0, high = metrics->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		int order = compare_ids(metrics->items[middle].id, id);

		if (order == 0)
			return middle;
		if (order < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return METRIC_NONE;
}

size_t metrics_index(const struct metrics *metrics, struct str name)
{
	size_t low = 0, high = metrics->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2, index = metrics->by_name[middle];
		int order = str_compare(metrics->items[index].name, name);

		if (order == 0)
			return metrics->items[index].name.data != NULL ? index : METRIC_NONE;
		if (order < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return METRIC_NONE;
}

static void sort_names(struct arena *arena, const struct metric *items, size_t count,
		       size_t *by_name)
{
	struct named *named = ARENA_ARRAY(arena, struct named, count);

	for (size_t i = 0; i < count; i++)
		named[i] = (struct named){items[i].name, i};
	if (count > 1)
		qsort(named, count, sizeof *named, compare_named);
	for (size_t i = 0; i < count; i++)
		by_name[i] = named[i].index;
}

static struct metrics *metrics_create(struct arena *arena, const struct metrics_state *state,
				      const struct redis_reply *names,
				      const struct redis_reply *parents)
{
	size_t count = state->count, bytes = 0;
	struct metrics *metrics;
	struct metric *items;
	struct text_pool pool;
	size_t *by_name;

	for (size_t i = 0; i < count; i++)
		bytes += state->ids[i].size + reply_item(names, i).size +
			 reply_item(parents, i).size;
	metrics = memory_alloc(sizeof *metrics + count * (sizeof *items + sizeof *by_name) + bytes);
	items = (struct metric *)(metrics + 1);
	by_name = (size_t *)(items + count);
	pool.at = (char *)(by_name + count);
	metrics->items = items;
	metrics->count = count;
	metrics->by_name = by_name;
	for (size_t i = 0; i < count; i++) {
		items[i].id = text_pool_put(&pool, state->ids[i]);
		items[i].name = text_pool_put(&pool, reply_item(names, i));
		items[i].parent_id = text_pool_put(&pool, reply_item(parents, i));
	}
	for (size_t i = 0; i < count; i++)
		items[i].parent = items[i].parent_id.size > 0
					  ? index_by_id(metrics, items[i].parent_id)
					  : METRIC_NONE;
	sort_names(arena, items, count, by_name);
	return metrics;
}

static void attributes_replied(struct batch *batch, void *data)
{
	struct memo_load *load = data;

	if (batch->has_failed)
		memo_load_failed(load);
	else
		memo_loaded(load, &metrics_create(load->arena, load->state, &batch->replies[0],
						  &batch->replies[1])
					   ->memo);
}

static void ask_attribute(struct memo_load *load, const struct metrics_state *state,
			  struct str attribute)
{
	struct str *words = ARENA_ARRAY(load->arena, struct str, state->count + 1);

	words[0] = STR("MGET");
	for (size_t i = 0; i < state->count; i++)
		words[i + 1] = key_metric(load->arena, load->names[0], state->ids[i], attribute);
	batch_send(&load->batch, load->backend->storage, words, state->count + 1);
}

static void ids_replied(struct batch *batch, void *data)
{
	static const struct redis_reply nothing = {.kind = REDIS_ARRAY};
	struct memo_load *load = data;
	struct metrics_state *state = ARENA_NEW(load->arena, struct metrics_state);

	if (batch->has_failed) {
		memo_load_failed(load);
		return;
	}
	state->count = batch->replies[0].count;
	state->ids = sorted_members(load->arena, &batch->replies[0]);
	load->state = state;
	if (state->count == 0) {
		memo_loaded(load, &metrics_create(load->arena, state, &nothing, &nothing)->memo);
		return;
	}
	batch_begin(&load->batch, load->arena, attributes_replied, load);
	ask_attribute(load, state, STR("name"));
	ask_attribute(load, state, STR("parent_id"));
	batch_end(&load->batch);
}

static void metrics_load(struct memo_load *load)
{
	batch_begin(&load->batch, load->arena, ids_replied, load);
	BATCH_SEND(&load->batch, load->backend->storage, STR("SMEMBERS"),
		   key_metric_ids(load->arena, load->names[0]));
	batch_end(&load->batch);
}

const struct memo_kind metrics_kind = {.letter = 'm', .load = metrics_load};

enum memo_result metrics_find(struct reader *reader, struct str service,
			      const struct metrics **metrics)
{
	const struct memo_value *value = NULL;
	enum memo_result result =
		reader_find(reader, &metrics_kind, service, STR(""), STR(""), &value);

	*metrics = (const struct metrics *)value;
	return result;
}

/* Limits. They are stored metric by metric, and remembered by metric id: what metrics there are
 * may change meanwhile. */

struct stored_limit {
	struct str metric_id;
	enum utc_period period;
	int64_t max;
};

struct stored_limits {
	struct memo_value memo; /* first */
	struct stored_limit *items;
	size_t count;
};

static struct stored_limits *limits_create(const struct metrics_state *state,
					   const struct redis_reply *reply)
{
	size_t count = 0, bytes = 0;
	struct stored_limits *limits;
	struct text_pool pool;

	for (size_t i = 0; i < reply->count; i++) {
		if (reply_item(reply, i).data != NULL) {
			count++;
			bytes += state->ids[i / UTC_PERIODS].size;
		}
	}
	limits = memory_alloc(sizeof *limits + count * sizeof *limits->items + bytes);
	limits->items = (struct stored_limit *)(limits + 1);
	pool.at = (char *)(limits->items + count);
	for (size_t i = 0; i < reply->count; i++) {
		struct str max = reply_item(reply, i);

		if (max.data == NULL)
			continue;
		limits->items[limits->count++] = (struct stored_limit){
			.metric_id = text_pool_put(&pool, state->ids[i / UTC_PERIODS]),
			.period = (enum utc_period)(UTC_ETERNITY - i % UTC_PERIODS),
			.max = text_to_count(max, 0),
		};
	}
	return limits;
}

static void limits_replied(struct batch *batch, void *data)
{
	struct memo_load *load = data;

	if (batch->has_failed)
		memo_load_failed(load);
	else
		memo_loaded(load, &limits_create(load->state, &batch->replies[0])->memo);
}

static void limits_ids_replied(struct batch *batch, void *data)
{
	static const struct redis_reply nothing = {.kind = REDIS_ARRAY};
	struct memo_load *load = data;
	struct metrics_state *state = ARENA_NEW(load->arena, struct metrics_state);
	struct str *words;
	size_t count = 0;

	if (batch->has_failed) {
		memo_load_failed(load);
		return;
	}
	state->count = batch->replies[0].count;
	state->ids = sorted_members(load->arena, &batch->replies[0]);
	load->state = state;
	if (state->count == 0) {
		memo_loaded(load, &limits_create(state, &nothing)->memo);
		return;
	}
	words = ARENA_ARRAY(load->arena, struct str, state->count * UTC_PERIODS + 1);
	words[count++] = STR("MGET");
	for (size_t i = 0; i < state->count; i++) {
		for (int period = UTC_ETERNITY; period >= UTC_MINUTE; period--)
			words[count++] = key_usage_limit(load->arena, load->names[0],
							 load->names[1], state->ids[i],
							 utc_period_name((enum utc_period)period));
	}
	batch_begin(&load->batch, load->arena, limits_replied, load);
	batch_send(&load->batch, load->backend->storage, words, count);
	batch_end(&load->batch);
}

static void limits_load(struct memo_load *load)
{
	batch_begin(&load->batch, load->arena, limits_ids_replied, load);
	BATCH_SEND(&load->batch, load->backend->storage, STR("SMEMBERS"),
		   key_metric_ids(load->arena, load->names[0]));
	batch_end(&load->batch);
}

const struct memo_kind limits_kind = {.letter = 'l', .load = limits_load};

enum memo_result limits_find(struct reader *reader, struct str service, struct str plan,
			     const struct metrics *metrics, struct limit_list *limits)
{
	const struct memo_value *value = NULL;
	enum memo_result result = reader_find(reader, &limits_kind, service, plan, STR(""), &value);
	const struct stored_limits *stored = (const struct stored_limits *)value;
	struct usage_limit *items;

	*limits = (struct limit_list){NULL, 0};
	if (result != MEMO_FOUND || stored->count == 0)
		return result;
	items = ARENA_ARRAY(reader->arena, struct usage_limit, stored->count);
	limits->items = items;
	for (size_t i = 0; i < stored->count; i++) {
		size_t metric = index_by_id(metrics, stored->items[i].metric_id);

		if (metric != METRIC_NONE)
			items[limits->count++] = (struct usage_limit){
				metric, stored->items[i].period, stored->items[i].max};
	}
	return result;
}
