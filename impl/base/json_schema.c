#include "base/json_schema.h"

#include <math.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/json.h"
#include "base/limits.h"
#include "base/pattern.h"

struct check {
	const struct json *root; /* where references begin */
	size_t depth;
};

typedef bool check_word(struct check *check, const struct json *schema, const struct json *word,
			const struct json *value, struct error *error);

static bool check_value(struct check *check, const struct json *schema, const struct json *value,
			struct error *error);

static const char *kind_name(const struct json *value)
{
	static const char *const names[] = {
		[JSON_NULL] = "null",     [JSON_BOOL] = "boolean", [JSON_NUMBER] = "number",
		[JSON_STRING] = "string", [JSON_ARRAY] = "array",  [JSON_OBJECT] = "object",
	};

	return names[value->kind];
}

/* type */

static bool is_of_type(struct str type, const struct json *value)
{
	if (str_equal(type, STR("integer")))
		return value->kind == JSON_NUMBER && floor(value->number) == value->number;
	return str_equal(type, str_from(kind_name(value)));
}

static bool check_type(struct check *check, const struct json *schema, const struct json *word,
		       const struct json *value, struct error *error)
{
	(void)check;
	(void)schema;
	if (word->kind == JSON_STRING && is_of_type(word->text, value))
		return true;
	JSON_EACH (type, word->kind == JSON_ARRAY ? word : NULL) {
		if (is_of_type(json_str(type), value))
			return true;
	}
	return error_set(error, ERROR_INVALID, "expected %.*s, got %s",
			 STR_ARG(word->kind == JSON_STRING ? word->text : STR("another type")),
			 kind_name(value));
}

/* enum, const */

static bool check_enum(struct check *check, const struct json *schema, const struct json *word,
		       const struct json *value, struct error *error)
{
	(void)check;
	(void)schema;
	JSON_EACH (allowed, word) {
		if (json_equal(allowed, value))
			return true;
	}
	return error_set(error, ERROR_INVALID, "matches none of the enum values");
}

static bool check_const(struct check *check, const struct json *schema, const struct json *word,
			const struct json *value, struct error *error)
{
	(void)check;
	(void)schema;
	return json_equal(word, value) ||
	       error_set(error, ERROR_INVALID, "is not the constant it must be");
}

/* Objects */

static bool check_properties(struct check *check, const struct json *schema,
			     const struct json *word, const struct json *value, struct error *error)
{
	(void)schema;
	JSON_EACH (property, word) {
		const struct json *member = json_get(value, property->key);

		if (member != NULL && !check_value(check, property, member, error))
			return error_wrap(error, "%.*s", STR_ARG(property->key));
	}
	return true;
}

static bool check_required(struct check *check, const struct json *schema, const struct json *word,
			   const struct json *value, struct error *error)
{
	(void)check;
	(void)schema;
	JSON_EACH (name, value->kind == JSON_OBJECT ? word : NULL) {
		if (json_get(value, json_str(name)) == NULL)
			return error_set(error, ERROR_INVALID, "property %.*s is required",
					 STR_ARG(json_str(name)));
	}
	return true;
}

static bool check_additional(struct check *check, const struct json *schema,
			     const struct json *word, const struct json *value, struct error *error)
{
	const struct json *properties = json_get(schema, STR("properties"));

	JSON_EACH (member, value->kind == JSON_OBJECT ? value : NULL) {
		if (json_get(properties, member->key) != NULL)
			continue;
		if (word->kind == JSON_BOOL && !word->boolean)
			return error_set(error, ERROR_INVALID, "property %.*s is not known",
					 STR_ARG(member->key));
		if (word->kind == JSON_OBJECT && !check_value(check, word, member, error))
			return error_wrap(error, "%.*s", STR_ARG(member->key));
	}
	return true;
}

/* What a member's presence asks for: names, or a schema of the whole object. */
static bool check_dependencies(struct check *check, const struct json *schema,
			       const struct json *word, const struct json *value,
			       struct error *error)
{
	JSON_EACH (dependency, value->kind == JSON_OBJECT ? word : NULL) {
		if (json_get(value, dependency->key) == NULL)
			continue;
		if (dependency->kind == JSON_ARRAY
			    ? !check_required(check, schema, dependency, value, error)
			    : !check_value(check, dependency, value, error))
			return error_wrap(error, "with %.*s", STR_ARG(dependency->key));
	}
	return true;
}

/* Arrays */

static bool check_items(struct check *check, const struct json *schema, const struct json *word,
			const struct json *value, struct error *error)
{
	size_t index = 0;

	(void)schema;
	JSON_EACH (item, value->kind == JSON_ARRAY ? value : NULL) {
		if (!check_value(check, word, item, error))
			return error_wrap(error, "%zu", index);
		index++;
	}
	return true;
}

/* Sizes */

static bool at_least(double measured, const struct json *bound, const char *of, struct error *error)
{
	return measured >= bound->number ||
	       error_set(error, ERROR_INVALID, "%s is less than %.*s", of, STR_ARG(bound->text));
}

static bool at_most(double measured, const struct json *bound, const char *of, struct error *error)
{
	return measured <= bound->number ||
	       error_set(error, ERROR_INVALID, "%s is more than %.*s", of, STR_ARG(bound->text));
}

static double characters(struct str text)
{
	size_t count = 0;

	while (text.size > 0) {
		size_t size = str_character_size(text);

		text = str_skip(text, size > 0 ? size : 1);
		count++;
	}
	return (double)count;
}

#define CHECK_SIZE(name, wanted, side, measured, of)                                               \
	static bool name(struct check *check, const struct json *schema, const struct json *word,  \
			 const struct json *value, struct error *error)                            \
	{                                                                                          \
		(void)check;                                                                       \
		(void)schema;                                                                      \
		return value->kind != (wanted) || word->kind != JSON_NUMBER ||                     \
		       side((measured), word, (of), error);                                        \
	}

CHECK_SIZE(check_minimum, JSON_NUMBER, at_least, value->number, "number")
CHECK_SIZE(check_maximum, JSON_NUMBER, at_most, value->number, "number")
CHECK_SIZE(check_min_items, JSON_ARRAY, at_least, (double)value->count, "number of items")
CHECK_SIZE(check_max_items, JSON_ARRAY, at_most, (double)value->count, "number of items")
CHECK_SIZE(check_min_length, JSON_STRING, at_least, characters(value->text), "length")
CHECK_SIZE(check_max_length, JSON_STRING, at_most, characters(value->text), "length")

static bool check_pattern(struct check *check, const struct json *schema, const struct json *word,
			  const struct json *value, struct error *error)
{
	struct pattern *pattern;
	bool is_found;

	(void)check;
	(void)schema;
	if (value->kind != JSON_STRING)
		return true;
	pattern = pattern_create(json_str(word), error);
	if (pattern == NULL)
		return false;
	is_found = pattern_is_found(pattern, value->text);
	pattern_destroy(pattern);
	return is_found || error_set(error, ERROR_INVALID, "does not match pattern %.*s",
				     STR_ARG(json_str(word)));
}

/* Schemas of schemas */

static bool check_all_of(struct check *check, const struct json *schema, const struct json *word,
			 const struct json *value, struct error *error)
{
	(void)schema;
	JSON_EACH (part, word) {
		if (!check_value(check, part, value, error))
			return false;
	}
	return true;
}

static size_t accepting(struct check *check, const struct json *word, const struct json *value)
{
	size_t count = 0;

	JSON_EACH (part, word)
		count += check_value(check, part, value, NULL);
	return count;
}

static bool check_any_of(struct check *check, const struct json *schema, const struct json *word,
			 const struct json *value, struct error *error)
{
	(void)schema;
	return accepting(check, word, value) > 0 ||
	       error_set(error, ERROR_INVALID, "fits none of the alternatives");
}

static bool check_one_of(struct check *check, const struct json *schema, const struct json *word,
			 const struct json *value, struct error *error)
{
	size_t count = accepting(check, word, value);

	(void)schema;
	return count == 1 ||
	       error_set(error, ERROR_INVALID, "fits %zu of the alternatives, not one", count);
}

static bool check_not(struct check *check, const struct json *schema, const struct json *word,
		      const struct json *value, struct error *error)
{
	(void)schema;
	return !check_value(check, word, value, NULL) ||
	       error_set(error, ERROR_INVALID, "is what it must not be");
}

static bool check_reference(struct check *check, const struct json *schema, const struct json *word,
			    const struct json *value, struct error *error)
{
	static const struct str prefix = STR_INIT("#/definitions/");
	struct str name = json_str(word);
	const struct json *definition = NULL;

	(void)schema;
	if (str_has_prefix(name, prefix))
		definition = json_get(json_get(check->root, STR("definitions")),
				      str_skip(name, prefix.size));
	if (definition == NULL)
		return error_set(error, ERROR_INVALID,
				 "the schema refers to %.*s, which is not there", STR_ARG(name));
	return check_value(check, definition, value, error);
}

static const struct {
	struct str word;
	check_word *function;
} words[] = {
	{STR_INIT("type"), check_type},
	{STR_INIT("enum"), check_enum},
	{STR_INIT("const"), check_const},
	{STR_INIT("required"), check_required},
	{STR_INIT("properties"), check_properties},
	{STR_INIT("additionalProperties"), check_additional},
	{STR_INIT("dependencies"), check_dependencies},
	{STR_INIT("items"), check_items},
	{STR_INIT("minItems"), check_min_items},
	{STR_INIT("maxItems"), check_max_items},
	{STR_INIT("minimum"), check_minimum},
	{STR_INIT("maximum"), check_maximum},
	{STR_INIT("minLength"), check_min_length},
	{STR_INIT("maxLength"), check_max_length},
	{STR_INIT("pattern"), check_pattern},
	{STR_INIT("allOf"), check_all_of},
	{STR_INIT("anyOf"), check_any_of},
	{STR_INIT("oneOf"), check_one_of},
	{STR_INIT("not"), check_not},
	{STR_INIT("$ref"), check_reference},
};

static bool check_words(struct check *check, const struct json *schema, const struct json *value,
			struct error *error)
{
	for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
		const struct json *word = json_get(schema, words[i].word);

		if (word != NULL && !words[i].function(check, schema, word, value, error))
			return false;
	}
	return true;
}

static bool check_value(struct check *check, const struct json *schema, const struct json *value,
			struct error *error)
{
	bool is_good;

	if (schema->kind == JSON_BOOL)
		return schema->boolean || error_set(error, ERROR_INVALID, "is not allowed");
	if (check->depth == LIMIT_JSON_DEPTH * 2)
		return error_set(error, ERROR_LIMIT, "the schema is too deep");
	check->depth++;
	is_good = check_words(check, schema, value, error);
	check->depth--;
	return is_good;
}

bool json_schema_accepts(const struct json *schema, const struct json *value, struct error *error)
{
	struct check check = {.root = schema};

	return schema == NULL || check_value(&check, schema, value, error);
}
