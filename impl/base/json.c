#include "base/json.h"

#include <float.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/bug.h"
#include "base/json_internal.h"
#include "base/limits.h"

#define EXACT_MAX (INT64_C(1) << 53) /* whole doubles are exact up to here */

const struct json *json_get(const struct json *object, struct str key)
{
	if (object == NULL || object->kind != JSON_OBJECT)
		return NULL;
	JSON_EACH (child, object) {
		if (str_equal(child->key, key))
			return child;
	}
	return NULL;
}

const struct json *json_path(const struct json *object, const char *path)
{
	struct str rest = str_from(path), key;
	int64_t index;

	while (object != NULL && str_next_field(&rest, '.', &key)) {
		if (object->kind == JSON_ARRAY)
			object = str_to_int64(key, &index) && index >= 0
					 ? json_at(object, (size_t)index)
					 : NULL;
		else
			object = json_get(object, key);
	}
	return object;
}

const struct json *json_at(const struct json *array, size_t index)
{
	if (array == NULL || array->kind != JSON_ARRAY)
		return NULL;
	JSON_EACH (child, array) {
		if (index-- == 0)
			return child;
	}
	return NULL;
}

struct str json_str(const struct json *value)
{
	return value != NULL && value->kind == JSON_STRING ? value->text : str_of("", 0);
}

struct str json_get_str(const struct json *object, struct str key)
{
	return json_str(json_get(object, key));
}

struct str json_scalar_text(const struct json *value)
{
	if (value == NULL)
		return STR("");
	switch (value->kind) {
	case JSON_STRING:
	case JSON_NUMBER:
		return value->text;
	case JSON_BOOL:
		return value->boolean ? STR("true") : STR("false");
	case JSON_NULL:
	case JSON_ARRAY:
	case JSON_OBJECT:
		break;
	}
	return STR("");
}

int64_t json_int(const struct json *value, int64_t fallback)
{
	int64_t number = fallback;

	if (value == NULL)
		return fallback;
	if (value->kind == JSON_NUMBER)
		return value->is_integer ? value->integer : fallback;
	if (value->kind == JSON_STRING)
		str_to_int64(value->text, &number);
	return number;
}

bool json_bool(const struct json *value, bool fallback)
{
	if (value == NULL)
		return fallback;
	if (value->kind == JSON_BOOL)
		return value->boolean;
	if (value->kind == JSON_STRING && str_equal(value->text, STR("true")))
		return true;
	if (value->kind == JSON_STRING && str_equal(value->text, STR("false")))
		return false;
	return fallback;
}

bool json_is_null(const struct json *value)
{
	return value == NULL || value->kind == JSON_NULL;
}

static bool is_digits(struct str text)
{
	for (size_t i = text.size > 0 && text.data[0] == '-'; i < text.size; i++) {
		if (text.data[i] < '0' || text.data[i] > '9')
			return false;
	}
	return true;
}

static bool number_equal(const struct json *a, const struct json *b)
{
	if (a->is_integer || b->is_integer)
		return a->is_integer && b->is_integer && a->integer == b->integer;
	/* Long numbers that one double stands for are still different. */
	if (is_digits(a->text) && is_digits(b->text))
		return str_equal(a->text, b->text);
	return a->number == b->number;
}

/* Depth is bounded by LIMIT_JSON_DEPTH in what is read, and by the code in what is built. */
bool json_equal(const struct json *a, const struct json *b)
{
	const struct json *other;

	if (a == NULL || b == NULL)
		return a == b;
	if (a->kind != b->kind || a->count != b->count)
		return false;
	switch (a->kind) {
	case JSON_NULL:
		return true;
	case JSON_BOOL:
		return a->boolean == b->boolean;
	case JSON_NUMBER:
		return number_equal(a, b);
	case JSON_STRING:
		return str_equal(a->text, b->text);
	case JSON_ARRAY:
	case JSON_OBJECT:
		break;
	}
	other = b->first_child;
	JSON_EACH (child, a) {
		/* Objects in the same order, the usual case, need no search. */
		if (a->kind == JSON_OBJECT && (other == NULL || !str_equal(other->key, child->key)))
			other = json_get(b, child->key);
		if (!json_equal(child, other))
			return false;
		other = other->next;
	}
	return true;
}

struct json *json_new(struct arena *arena, enum json_kind kind)
{
	struct json *value = ARENA_NEW(arena, struct json);

	value->kind = kind;
	return value;
}

struct json *json_new_str(struct arena *arena, struct str text)
{
	struct json *value = json_new(arena, JSON_STRING);

	value->text = text;
	return value;
}

struct json *json_new_int(struct arena *arena, int64_t integer)
{
	struct json *value = json_new(arena, JSON_NUMBER);

	value->is_integer = true;
	value->integer = integer;
	value->number = (double)integer;
	value->text = str_format(arena, "%lld", (long long)integer);
	return value;
}

struct json *json_new_bool(struct arena *arena, bool boolean)
{
	struct json *value = json_new(arena, JSON_BOOL);

	value->boolean = boolean;
	return value;
}

void json_link(struct json *parent, struct json *child)
{
	BUG_IF(child->next != NULL);
	if (parent->last_child != NULL)
		parent->last_child->next = child;
	else
		parent->first_child = child;
	parent->last_child = child;
	parent->count++;
}

struct json *json_append(struct json *array, struct json *child)
{
	BUG_IF(array->kind != JSON_ARRAY);
	json_link(array, child);
	return child;
}

struct json *json_set(struct json *object, struct str key, struct json *child)
{
	struct json *before = NULL;

	BUG_IF(object->kind != JSON_OBJECT || child->next != NULL);
	child->key = key;
	for (struct json *at = object->first_child; at != NULL; before = at, at = at->next) {
		if (!str_equal(at->key, key))
			continue;
		child->next = at->next;
		at->next = NULL;
		if (before != NULL)
			before->next = child;
		else
			object->first_child = child;
		if (object->last_child == at)
			object->last_child = child;
		return child;
	}
	json_link(object, child);
	return child;
}

struct json *json_copy(struct arena *arena, const struct json *value)
{
	struct json *copy;

	if (value == NULL)
		return NULL;
	copy = ARENA_NEW(arena, struct json);
	*copy = *value;
	copy->next = copy->first_child = copy->last_child = NULL;
	copy->count = 0;
	copy->text = str_copy(arena, value->text);
	copy->key = str_copy(arena, value->key);
	JSON_EACH (child, value)
		json_link(copy, json_copy(arena, child));
	return copy;
}

static int key_order(const void *a, const void *b)
{
	const struct json *first = *(const struct json *const *)a;
	const struct json *second = *(const struct json *const *)b;

	int order = str_compare(first->key, second->key);

	return order != 0 ? order : first->line - second->line;
}

#define PAIRWISE_MAX 8 /* up to here comparing each with each is faster than sorting */

const struct json *json_find_duplicate(const struct json *object)
{
	const struct json **sorted;
	const struct json *found = NULL;
	size_t count = 0;

	if (object->count <= PAIRWISE_MAX) {
		JSON_EACH (child, object) {
			if (json_get(object, child->key) != child)
				return child;
		}
		return NULL;
	}
	/* Sorting, unlike hashing, has no bad case that a client could send. */
	sorted = memory_alloc(object->count * sizeof *sorted);
	JSON_EACH (child, object)
		sorted[count++] = child;
	qsort(sorted, count, sizeof *sorted, key_order);
	for (size_t i = 1; i < count && found == NULL; i++) {
		if (str_equal(sorted[i - 1]->key, sorted[i]->key))
			found = sorted[i];
	}
	free(sorted);
	return found;
}

bool json_set_number(struct json *number, struct str text)
{
	char copy[JSON_NUMBER_BYTES + 1] = {0};

	BUG_IF(text.size == 0 || text.size > JSON_NUMBER_BYTES);
	memcpy(copy, text.data, text.size);
	number->text = text;
	number->number = strtod(copy, NULL);
	number->is_integer = str_to_int64(text, &number->integer);
	if (number->number > DBL_MAX || number->number < -DBL_MAX)
		return false;
	/* 1e3 and 2.0 are whole as well. */
	if (!number->is_integer && number->number >= -(double)EXACT_MAX &&
	    number->number <= (double)EXACT_MAX) {
		number->integer = (int64_t)number->number;
		number->is_integer = (double)number->integer == number->number;
		if (!number->is_integer)
			number->integer = 0;
	}
	return true;
}

/* Two bytes of text can make a node of a hundred and more; no honest document is all nodes. */
size_t json_nodes_max(size_t bytes_max)
{
	return 1024 + bytes_max / LIMIT_JSON_BYTES_PER_NODE;
}
