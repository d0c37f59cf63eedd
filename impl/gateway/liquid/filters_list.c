/* The standard filters for arrays. An array is JSON in the rendering's arena; of more than
 * LIQUID_ITEMS_MAX items the rest is missing. */
#include <stdlib.h>

#include "base/arena.h"
#include "base/json.h"
#include "gateway/liquid/liquid_internal.h"

static bool is_array(struct liquid_value value)
{
	return value.kind == LIQUID_JSON && value.json->kind == JSON_ARRAY;
}

static struct json *new_array(struct liquid_call *call)
{
	return json_new(call->arena, JSON_ARRAY);
}

static void add(struct liquid_call *call, struct json *array, const struct json *item)
{
	struct json *copy;

	if (array->count >= LIQUID_ITEMS_MAX)
		return;
	copy = ARENA_NEW(call->arena, struct json);
	*copy = *item;
	copy->next = NULL;
	copy->key = str_of(NULL, 0);
	json_append(array, copy);
}

static void add_text(struct liquid_call *call, struct json *array, struct str text)
{
	if (array->count < LIQUID_ITEMS_MAX)
		json_append(array, json_new_str(call->arena, text));
}

static struct liquid_value split(struct liquid_call *call, struct liquid_value input)
{
	struct str text = liquid_input_text(call, input);
	struct str separator = liquid_argument_text(call, 0, STR(""));
	struct json *array = new_array(call);
	size_t at;

	while (separator.size > 0 && (at = str_find(text, separator)) != STR_NOT_FOUND) {
		add_text(call, array, str_slice(text, 0, at));
		text = str_skip(text, at + separator.size);
	}
	while (separator.size == 0 && text.size > 0) {
		size_t size = str_character_size(text);

		size = size > 0 ? size : 1;
		add_text(call, array, str_slice(text, 0, size));
		text = str_skip(text, size);
	}
	if (text.size > 0)
		add_text(call, array, text);
	return liquid_json(array);
}

static struct liquid_value join(struct liquid_call *call, struct liquid_value input)
{
	struct str separator = liquid_argument_text(call, 0, STR(" "));
	struct strbuf out;

	if (!is_array(input))
		return input;
	liquid_make(call, &out);
	JSON_EACH (item, input.json) {
		struct liquid_value value = liquid_json(item);

		if (item != input.json->first_child)
			strbuf_append(&out, separator);
		strbuf_append(&out, liquid_value_text(&value, call->arena));
	}
	return liquid_made(call, &out);
}

static struct liquid_value first(struct liquid_call *call, struct liquid_value input)
{
	(void)call;
	return liquid_item(&input, 0);
}

static struct liquid_value last(struct liquid_call *call, struct liquid_value input)
{
	(void)call;
	return liquid_item(&input, -1);
}

static struct liquid_value size(struct liquid_call *call, struct liquid_value input)
{
	return liquid_member(&input, STR("size"), call->arena);
}

static struct liquid_value reverse(struct liquid_call *call, struct liquid_value input)
{
	struct json *array = new_array(call);
	const struct json **items;
	size_t count = 0;

	if (!is_array(input))
		return input;
	items = ARENA_ARRAY(call->arena, const struct json *, input.json->count);
	JSON_EACH (item, input.json)
		items[count++] = item;
	while (count > 0)
		add(call, array, items[--count]);
	return liquid_json(array);
}

struct sorted_item {
	const struct json *json;
	struct liquid_value key;
};

/* Insertion keeps equal ones in their order; arrays are short. */
static void insert_sorted(struct sorted_item *items, size_t at)
{
	struct sorted_item item = items[at];
	int order;

	while (at > 0 && liquid_order(&items[at - 1].key, &item.key, &order) && order > 0) {
		items[at] = items[at - 1];
		at--;
	}
	items[at] = item;
}

static struct liquid_value sorted(struct liquid_call *call, struct liquid_value input,
				  bool without_case)
{
	struct json *array = new_array(call);
	struct sorted_item *items;
	size_t count = 0;

	if (!is_array(input))
		return input;
	items = ARENA_ARRAY(call->arena, struct sorted_item, input.json->count);
	JSON_EACH (item, input.json) {
		struct liquid_value key = liquid_json(item);

		if (count == LIQUID_ITEMS_MAX)
			break;
		if (without_case && key.kind == LIQUID_TEXT)
			key.text = str_lower(call->arena, key.text);
		items[count] = (struct sorted_item){item, key};
		insert_sorted(items, count++);
	}
	for (size_t i = 0; i < count; i++)
		add(call, array, items[i].json);
	return liquid_json(array);
}

static struct liquid_value sort(struct liquid_call *call, struct liquid_value input)
{
	return sorted(call, input, false);
}

static struct liquid_value sort_natural(struct liquid_call *call, struct liquid_value input)
{
	return sorted(call, input, true);
}

static bool has_equal(const struct json *array, const struct json *wanted)
{
	JSON_EACH (item, array) {
		if (json_equal(item, wanted))
			return true;
	}
	return false;
}

static struct liquid_value uniq(struct liquid_call *call, struct liquid_value input)
{
	struct json *array = new_array(call);

	JSON_EACH (item, is_array(input) ? input.json : NULL) {
		if (!has_equal(array, item))
			add(call, array, item);
	}
	return is_array(input) ? liquid_json(array) : input;
}

static struct liquid_value compact(struct liquid_call *call, struct liquid_value input)
{
	struct json *array = new_array(call);

	JSON_EACH (item, is_array(input) ? input.json : NULL) {
		if (!json_is_null(item))
			add(call, array, item);
	}
	return is_array(input) ? liquid_json(array) : input;
}

static struct liquid_value concat(struct liquid_call *call, struct liquid_value input)
{
	struct json *array = new_array(call);
	struct liquid_value other = call->arguments[0];

	JSON_EACH (item, is_array(input) ? input.json : NULL)
		add(call, array, item);
	JSON_EACH (item, is_array(other) ? other.json : NULL)
		add(call, array, item);
	return liquid_json(array);
}

static struct liquid_value map(struct liquid_call *call, struct liquid_value input)
{
	struct str name = liquid_argument_text(call, 0, STR(""));
	struct json *array = new_array(call), nothing = {.kind = JSON_NULL};

	JSON_EACH (item, is_array(input) ? input.json : NULL) {
		const struct json *member = json_get(item, name);

		add(call, array, member != NULL ? member : &nothing);
	}
	return liquid_json(array);
}

const struct liquid_filter liquid_list_filters[] = {
	{STR_INIT("split"), 1, 1, split},
	{STR_INIT("join"), 0, 1, join},
	{STR_INIT("first"), 0, 0, first},
	{STR_INIT("last"), 0, 0, last},
	{STR_INIT("size"), 0, 0, size},
	{STR_INIT("reverse"), 0, 0, reverse},
	{STR_INIT("sort"), 0, 0, sort},
	{STR_INIT("sort_natural"), 0, 0, sort_natural},
	{STR_INIT("uniq"), 0, 0, uniq},
	{STR_INIT("compact"), 0, 0, compact},
	{STR_INIT("concat"), 1, 1, concat},
	{STR_INIT("map"), 1, 1, map},
	{.run = NULL},
};
