/* Values: how they print, compare and what is inside them. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/json.h"
#include "gateway/liquid/liquid_internal.h"

#define NUMBER_BYTES_MAX 32

struct liquid_value liquid_text(struct str text)
{
	return (struct liquid_value){.kind = LIQUID_TEXT, .text = text};
}

struct liquid_value liquid_number(double number)
{
	return (struct liquid_value){.kind = LIQUID_NUMBER, .number = number};
}

static struct liquid_value bool_value(bool boolean)
{
	return (struct liquid_value){.kind = LIQUID_BOOL, .boolean = boolean};
}

struct liquid_value liquid_json(const struct json *json)
{
	struct liquid_value value = {.kind = LIQUID_NIL};

	if (json == NULL)
		return value;
	switch (json->kind) {
	case JSON_NULL:
		break;
	case JSON_BOOL:
		return bool_value(json->boolean);
	case JSON_NUMBER:
		value = liquid_number(json->number);
		value.text = json->text;
		break;
	case JSON_STRING:
		return liquid_text(json->text);
	case JSON_ARRAY:
	case JSON_OBJECT:
		value = (struct liquid_value){.kind = LIQUID_JSON, .json = json};
		break;
	}
	return value;
}

static bool find_member(const void *data, struct str name, struct arena *arena,
			struct liquid_value *value)
{
	const struct json *member = json_get(data, name);

	(void)arena;
	*value = liquid_json(member);
	return member != NULL;
}

struct liquid_scope liquid_scope_of(const struct json *object, int64_t now_us)
{
	return (struct liquid_scope){.find = find_member, .data = object, .now_us = now_us};
}

static bool is_array(const struct liquid_value *value)
{
	return value->kind == LIQUID_JSON && value->json->kind == JSON_ARRAY;
}

/* Text. */

static struct str number_text(double number, struct arena *arena)
{
	char *text = arena_alloc(arena, NUMBER_BYTES_MAX);

	/* As Lua prints them. */
	return str_of(text, (size_t)snprintf(text, NUMBER_BYTES_MAX, "%.14g", number));
}

/* The items one after the other. */
static struct str array_text(const struct json *array, struct arena *arena)
{
	struct strbuf out;
	struct str text;

	strbuf_init(&out, LIQUID_BYTES_MAX);
	JSON_EACH (item, array) {
		struct str part = item->kind == JSON_ARRAY || item->kind == JSON_OBJECT
					  ? json_print(arena, item)
					  : json_scalar_text(item);

		strbuf_append(&out, part);
	}
	text = str_copy(arena, strbuf_str(&out));
	strbuf_free(&out);
	return text;
}

struct str liquid_value_text(const struct liquid_value *value, struct arena *arena)
{
	switch (value->kind) {
	case LIQUID_NIL:
	case LIQUID_OBJECT:
		break;
	case LIQUID_BOOL:
		return value->boolean ? STR("true") : STR("false");
	case LIQUID_NUMBER:
		return value->text.size > 0 ? value->text : number_text(value->number, arena);
	case LIQUID_TEXT:
		return value->text;
	case LIQUID_JSON:
		return is_array(value) ? array_text(value->json, arena)
				       : json_print(arena, value->json);
	}
	return STR("");
}

/* Numbers. */

bool liquid_is_whole(const struct liquid_value *value)
{
	if (value->kind == LIQUID_TEXT || value->text.size > 0)
		return str_find_char(value->text, '.') == STR_NOT_FOUND;
	return value->kind != LIQUID_NUMBER || floor(value->number) == value->number;
}

double liquid_to_number(const struct liquid_value *value, struct arena *arena)
{
	struct str text = str_trim(value->text);
	size_t size = 0;
	double number;

	if (value->kind == LIQUID_NUMBER)
		return value->number;
	if (value->kind != LIQUID_TEXT)
		return 0;
	/* Decimal only: strtod() knows more. */
	if (size < text.size && (text.data[size] == '-' || text.data[size] == '+'))
		size++;
	while (size < text.size && size < NUMBER_BYTES_MAX &&
	       ((text.data[size] >= '0' && text.data[size] <= '9') || text.data[size] == '.'))
		size++;
	number = strtod(str_cstr(arena, str_slice(text, 0, size)), NULL);
	return isfinite(number) ? number : 0;
}

/* Comparing. */

bool liquid_is_true(const struct liquid_value *value)
{
	return value->kind != LIQUID_NIL && (value->kind != LIQUID_BOOL || value->boolean);
}

bool liquid_is_equal(const struct liquid_value *a, const struct liquid_value *b)
{
	if (a->kind != b->kind)
		return false;
	switch (a->kind) {
	case LIQUID_NIL:
		return true;
	case LIQUID_BOOL:
		return a->boolean == b->boolean;
	case LIQUID_NUMBER:
		return a->number == b->number;
	case LIQUID_TEXT:
		return str_equal(a->text, b->text);
	case LIQUID_JSON:
		return json_equal(a->json, b->json);
	case LIQUID_OBJECT:
		return a->find == b->find && a->data == b->data;
	}
	return false;
}

static bool is_blank_text(struct str text)
{
	for (size_t i = 0; i < text.size; i++) {
		if (strchr(" \t\r\n", text.data[i]) == NULL || text.data[i] == '\0')
			return false;
	}
	return true;
}

bool liquid_is_empty(const struct liquid_value *value, bool is_blank_enough)
{
	switch (value->kind) {
	case LIQUID_NIL:
		return is_blank_enough;
	case LIQUID_BOOL:
		return is_blank_enough && !value->boolean;
	case LIQUID_TEXT:
		return is_blank_enough ? is_blank_text(value->text) : value->text.size == 0;
	case LIQUID_JSON:
		return value->json->count == 0;
	case LIQUID_NUMBER:
	case LIQUID_OBJECT:
		break;
	}
	return false;
}

bool liquid_order(const struct liquid_value *a, const struct liquid_value *b, int *order)
{
	if (a->kind == LIQUID_NUMBER && b->kind == LIQUID_NUMBER)
		*order = (a->number > b->number) - (a->number < b->number);
	else if (a->kind == LIQUID_TEXT && b->kind == LIQUID_TEXT)
		*order = str_compare(a->text, b->text);
	else
		return false;
	return true;
}

bool liquid_contains(const struct liquid_value *whole, const struct liquid_value *part,
		     struct arena *arena)
{
	if (whole->kind == LIQUID_TEXT)
		return part->kind != LIQUID_NIL &&
		       str_find(whole->text, liquid_value_text(part, arena)) != STR_NOT_FOUND;
	if (whole->kind != LIQUID_JSON)
		return false;
	if (whole->json->kind == JSON_OBJECT)
		return json_get(whole->json, liquid_value_text(part, arena)) != NULL;
	JSON_EACH (item, whole->json) {
		struct liquid_value value = liquid_json(item);

		if (liquid_is_equal(&value, part))
			return true;
	}
	return false;
}

/* What is inside. */

static struct liquid_value text_size(struct str text)
{
	size_t count = 0;

	while (text.size > 0) {
		size_t size = str_character_size(text);

		text = str_skip(text, size > 0 ? size : 1);
		count++;
	}
	return liquid_number((double)count);
}

struct liquid_value liquid_item(const struct liquid_value *value, int64_t index)
{
	if (!is_array(value))
		return (struct liquid_value){0};
	if (index < 0)
		index += (int64_t)value->json->count;
	return liquid_json(index >= 0 ? json_at(value->json, (size_t)index) : NULL);
}

struct liquid_value liquid_member(const struct liquid_value *value, struct str name,
				  struct arena *arena)
{
	struct liquid_value member = {0};
	bool asks_size = str_equal(name, STR("size"));

	if (value->kind == LIQUID_OBJECT) {
		if (!value->find(value->data, name, arena, &member))
			member = (struct liquid_value){0};
	} else if (value->kind == LIQUID_TEXT && asks_size) {
		member = text_size(value->text);
	} else if (value->kind == LIQUID_JSON && json_get(value->json, name) != NULL) {
		member = liquid_json(json_get(value->json, name));
	} else if (value->kind == LIQUID_JSON && asks_size) {
		member = liquid_number((double)value->json->count);
	} else if (str_equal(name, STR("first"))) {
		member = liquid_item(value, 0);
	} else if (str_equal(name, STR("last"))) {
		member = liquid_item(value, -1);
	}
	return member;
}
