#include "conformance/runner/shape.h"

#include <inttypes.h>

#include "base/error.h"
#include "base/json.h"
#include "base/pattern.h"
#include "base/utc.h"
#include "conformance/runner/match.h"

#define DURATION_MAX_US (INT64_C(366) * 24 * 3600 * 1000000)
#define COUNT_MAX (INT64_C(1) << 30)

struct place {
	struct str path; /* the file */
	const char *name;
	struct error *error;
};

static bool refuse(const struct place *place, const struct json *value, const char *wanted)
{
	return error_set(place->error, ERROR_INVALID, "%.*s:%d: %s must be %s",
			 STR_ARG(place->path), value->line, place->name, wanted);
}

bool shape_duration_us(struct str text, int64_t *duration_us)
{
	static const struct {
		struct str unit;
		int64_t us;
	} units[] = {
		{STR_INIT("ms"), 1000},
		{STR_INIT("s"), 1000000},
		{STR_INIT("m"), INT64_C(60) * 1000000},
		{STR_INIT("h"), INT64_C(3600) * 1000000},
		{STR_INIT("d"), INT64_C(24) * 3600 * 1000000},
	};
	int64_t count;

	for (size_t i = 0; i < sizeof units / sizeof *units; i++) {
		if (str_has_suffix(text, units[i].unit) &&
		    str_to_int64(str_slice(text, 0, text.size - units[i].unit.size), &count) &&
		    count >= 0 && count <= DURATION_MAX_US / units[i].us) {
			*duration_us = count * units[i].us;
			return true;
		}
	}
	return false;
}

/* Single values. */

static bool is_between(const struct json *value, int64_t min, int64_t max)
{
	return value->is_integer && value->integer >= min && value->integer <= max;
}

static bool is_text(const struct json *value)
{
	return value->kind == JSON_STRING || value->kind == JSON_NUMBER || value->kind == JSON_BOOL;
}

static bool check_text(const struct place *place, const struct json *value)
{
	return is_text(value) || refuse(place, value, "a text");
}

static bool check_word(const struct place *place, const struct json *value, const char *words)
{
	struct str rest = str_from(words), word;

	while (str_next_field(&rest, ' ', &word)) {
		if (is_text(value) && str_equal(json_scalar_text(value), word))
			return true;
	}
	return error_set(place->error, ERROR_INVALID, "%.*s:%d: %s must be one of: %s",
			 STR_ARG(place->path), value->line, place->name, words);
}

static bool check_duration(const struct place *place, const struct json *value)
{
	int64_t duration_us;

	return shape_duration_us(json_str(value), &duration_us) ||
	       refuse(place, value, "a duration, as 300s or 20ms");
}

static bool check_instant(const struct place *place, const struct json *value)
{
	int64_t instant_us;

	return utc_parse(json_str(value), &instant_us) ||
	       refuse(place, value, "a time, as 2019-06-04T10:20:30Z");
}

static bool check_pattern(const struct place *place, const struct json *value)
{
	struct error error = {0};
	struct pattern *pattern;

	if (value->kind != JSON_STRING)
		return refuse(place, value, "{matches: PATTERN}");
	pattern = pattern_create(value->text, &error);
	pattern_destroy(pattern);
	return pattern != NULL ||
	       error_set(place->error, ERROR_INVALID, "%.*s:%d: %s: %s", STR_ARG(place->path),
			 value->line, place->name, error.text);
}

static bool check_matcher(const struct place *place, const struct json *value)
{
	const struct json *member = value->first_child;

	if (str_equal(member->key, STR("matches")))
		return check_pattern(place, member);
	return (member->kind == JSON_BOOL && member->boolean) ||
	       refuse(place, member, "{absent: true} or {any: true}");
}

static bool check_value(const struct place *place, const struct json *value)
{
	if (match_is_matcher(value))
		return check_matcher(place, value);
	return is_text(value) || refuse(place, value,
					"a text, {matches: PATTERN}, {absent: true} "
					"or {any: true}");
}

/* Depth is bounded by the reader (LIMIT_JSON_DEPTH). */
static bool check_json(const struct place *place, const struct json *value)
{
	if (match_is_matcher(value))
		return check_matcher(place, value);
	if (match_is_item_count(value))
		return value->first_child->is_integer || refuse(place, value, "{item_count: N}");
	JSON_EACH (child, value) {
		if (!check_json(place, child))
			return false;
	}
	return true;
}

/* Lists and maps. */

typedef bool check_item(const struct place *place, const struct json *value);

static bool check_each(const struct place *place, const struct json *value, enum json_kind kind,
		       check_item *check, const char *wanted)
{
	if (value->kind != kind)
		return refuse(place, value, wanted);
	JSON_EACH (child, value) {
		if (!check(place, child))
			return false;
	}
	return true;
}

static bool check_texts(const struct place *place, const struct json *value)
{
	return check_each(place, value, JSON_ARRAY, check_text, "a list of texts");
}

static bool check_text_or_texts(const struct place *place, const struct json *value)
{
	return value->kind == JSON_ARRAY ? check_texts(place, value) : check_text(place, value);
}

static bool check_address(const struct place *place, const struct json *value)
{
	return value->kind == JSON_NULL || check_text_or_texts(place, value);
}

static bool check_value_or_values(const struct place *place, const struct json *value)
{
	if (value->kind == JSON_ARRAY)
		return check_each(place, value, JSON_ARRAY, check_value, "a list");
	return check_value(place, value);
}

static bool check_keys(const struct place *place, const struct json *value,
		       const struct shape_key *keys)
{
	if (value->kind != JSON_OBJECT)
		return refuse(place, value, "an object");
	return keys == NULL ||
	       shape_check_keys(value, keys, place->name, place->path, place->error);
}

static bool check_list(const struct place *place, const struct json *value,
		       const struct shape_key *keys)
{
	if (value->kind != JSON_ARRAY)
		return refuse(place, value, "a list");
	JSON_EACH (child, value) {
		if (!check_keys(place, child, keys))
			return false;
	}
	return true;
}

static bool check_one_or_list(const struct place *place, const struct json *value,
			      const struct shape_key *keys)
{
	return value->kind == JSON_ARRAY ? check_list(place, value, keys)
					 : check_keys(place, value, keys);
}

static bool check_named(const struct place *place, const struct json *value,
			const struct shape_key *keys, bool with_lists)
{
	if (value->kind != JSON_OBJECT)
		return refuse(place, value, "an object");
	JSON_EACH (child, value) {
		if (with_lists ? !check_one_or_list(place, child, keys)
			       : !check_keys(place, child, keys))
			return false;
	}
	return true;
}

static bool is_word(const struct json *value, struct str word)
{
	return value->kind == JSON_STRING && str_equal(value->text, word);
}

static bool check_map(const struct place *place, const struct json *value, check_item *check)
{
	return check_each(place, value, JSON_OBJECT, check, "an object");
}

static bool check_texts_or_objects(const struct place *place, const struct json *value,
				   check_item *check, const struct shape_key *keys)
{
	if (value->kind != JSON_OBJECT)
		return refuse(place, value, "an object");
	JSON_EACH (child, value) {
		if (child->kind == JSON_OBJECT ? !check_keys(place, child, keys)
					       : !check(place, child))
			return false;
	}
	return true;
}

bool shape_check(const struct json *value, const struct shape_key *shape, struct str path,
		 struct error *error)
{
	const struct place place = {path, shape->name, error};

	switch (shape->kind) {
	case SHAPE_ANY:
		return true;
	case SHAPE_TEXT:
		return check_text(&place, value);
	case SHAPE_INTEGER:
		return is_between(value, 0, INT64_MAX) || refuse(&place, value, "a whole number");
	case SHAPE_COUNT:
		return is_between(value, 0, COUNT_MAX) ||
		       refuse(&place, value, "a whole number, at most 1073741824");
	case SHAPE_PORT:
		return is_between(value, 1, UINT16_MAX) ||
		       refuse(&place, value, "a port, 1 to 65535");
	case SHAPE_BOOLEAN:
		return value->kind == JSON_BOOL || refuse(&place, value, "true or false");
	case SHAPE_WORD:
		return check_word(&place, value, shape->words);
	case SHAPE_TEXTS:
		return check_texts(&place, value);
	case SHAPE_FIELDS:
		return check_map(&place, value, check_text_or_texts);
	case SHAPE_ADDRESSES:
		return check_map(&place, value, check_address);
	case SHAPE_TEXT_MAP:
		return check_map(&place, value, check_text);
	case SHAPE_TEXTS_MAP:
		return check_map(&place, value, check_texts);
	case SHAPE_DURATION:
		return check_duration(&place, value);
	case SHAPE_INSTANT:
		return check_instant(&place, value);
	case SHAPE_PATTERN:
		return check_pattern(&place, value);
	case SHAPE_KEPT:
		return check_texts_or_objects(&place, value, check_pattern, shape->keys);
	case SHAPE_PARTS:
		return check_texts_or_objects(&place, value, check_text, shape->keys);
	case SHAPE_VALUE:
		return check_value(&place, value);
	case SHAPE_VALUES:
		return check_map(&place, value, check_value_or_values);
	case SHAPE_JSON:
		return check_json(&place, value);
	case SHAPE_OBJECT:
		return check_keys(&place, value, shape->keys);
	case SHAPE_NAMED:
		return check_named(&place, value, shape->keys, false);
	case SHAPE_LIST:
		return check_list(&place, value, shape->keys);
	case SHAPE_ONE_OR_LIST:
		return check_one_or_list(&place, value, shape->keys);
	case SHAPE_CALLS:
		return is_word(value, STR("none")) || check_one_or_list(&place, value, shape->keys);
	case SHAPE_SCRIPT:
		return is_word(value, str_from(shape->words)) ||
		       check_one_or_list(&place, value, shape->keys);
	case SHAPE_TRUE_OR_OBJECT:
		return (value->kind == JSON_BOOL && value->boolean) ||
		       check_keys(&place, value, shape->keys);
	case SHAPE_WORD_OR_OBJECT:
		return is_word(value, str_from(shape->words)) ||
		       check_keys(&place, value, shape->keys);
	case SHAPE_SCRIPTS:
		return check_named(&place, value, shape->keys, true);
	}
	return false;
}

static const struct shape_key *find_key(const struct shape_key *keys, struct str name)
{
	for (; keys->name != NULL; keys++) {
		if (str_equal(name, str_from(keys->name)))
			return keys;
	}
	return NULL;
}

bool shape_check_key(const struct json *member, const struct shape_key *keys, const char *place,
		     struct str path, struct error *error)
{
	const struct shape_key *key = find_key(keys, member->key);

	if (key == NULL)
		return error_set(error, ERROR_INVALID, "%.*s:%d: unknown key \"%.*s\" in %s",
				 STR_ARG(path), member->line, STR_ARG(member->key), place);
	return shape_check(member, key, path, error);
}

bool shape_check_keys(const struct json *object, const struct shape_key *keys, const char *place,
		      struct str path, struct error *error)
{
	if (object->kind != JSON_OBJECT)
		return error_set(error, ERROR_INVALID, "%.*s:%d: %s must be an object",
				 STR_ARG(path), object->line, place);
	JSON_EACH (child, object) {
		if (!shape_check_key(child, keys, place, path, error))
			return false;
	}
	for (; keys->name != NULL; keys++) {
		if (keys->is_required && json_get(object, str_from(keys->name)) == NULL)
			return error_set(error, ERROR_INVALID, "%.*s:%d: %s without \"%s\"",
					 STR_ARG(path), object->line, place, keys->name);
	}
	return true;
}
