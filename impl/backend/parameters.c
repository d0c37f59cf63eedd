#include "backend/parameters.h"

#include "backend/profile.h"
#include "base/arena.h"
#include "base/json.h"
#include "base/url.h"

#define CHILDREN_WITHOUT_PLACES 16

void parameters_init(struct parameters *parameters, struct arena *arena, uint64_t seed,
		     const struct profile *profile)
{
	*parameters = (struct parameters){.arena = arena, .seed = seed, .profile = profile};
	for (size_t i = 0; i < PARAMETERS_SOURCES; i++)
		parameters->roots[i].kind = PARAMETER_HASH;
}

/* Hashes. */

static struct parameter **place_of(const struct parameters *parameters,
				   const struct parameter *hash, struct str name)
{
	size_t at = (size_t)str_hash(name, parameters->seed) & (hash->places_count - 1);

	while (hash->places[at] != NULL && !str_equal(hash->places[at]->name, name))
		at = (at + 1) & (hash->places_count - 1);
	return &hash->places[at];
}

static struct parameter *find_child(const struct parameters *parameters,
				    const struct parameter *hash, struct str name)
{
	if (hash->places != NULL)
		return *place_of(parameters, hash, name);
	for (struct parameter *child = hash->first; child != NULL; child = child->next) {
		if (str_equal(child->name, name))
			return child;
	}
	return NULL;
}

/* At most half of the places are taken. */
static void index_children(const struct parameters *parameters, struct parameter *hash)
{
	if (hash->count <= CHILDREN_WITHOUT_PLACES || hash->count * 2 <= hash->places_count)
		return;
	hash->places_count = hash->places_count > 0 ? hash->places_count * 2
						    : (size_t)CHILDREN_WITHOUT_PLACES * 4;
	hash->places = ARENA_ARRAY(parameters->arena, struct parameter *, hash->places_count);
	for (struct parameter *child = hash->first; child != NULL; child = child->next)
		*place_of(parameters, hash, child->name) = child;
}

static struct parameter *append_child(const struct parameters *parameters, struct parameter *parent,
				      struct str name)
{
	struct parameter *child = ARENA_NEW(parameters->arena, struct parameter);

	child->name = name;
	if (parent->first == NULL)
		parent->first = child;
	else
		parent->last->next = child;
	parent->last = child;
	parent->count++;
	return child;
}

/* NULL: the level's names are too many. */
static struct parameter *get_or_add(const struct parameters *parameters, struct parameter *hash,
				    struct str name)
{
	size_t bytes_max = parameters->profile->level_name_bytes_max;
	struct parameter *child = find_child(parameters, hash, name);

	if (child != NULL)
		return child;
	hash->name_bytes += name.size;
	if (bytes_max > 0 && hash->name_bytes > bytes_max)
		return NULL;
	child = append_child(parameters, hash, name);
	if (hash->places != NULL)
		*place_of(parameters, hash, name) = child;
	index_children(parameters, hash);
	return child;
}

/* Names. */

static bool is_bracket(char c)
{
	return c == '[' || c == ']';
}

/* Takes the next part of a name: brackets, the part, closing brackets. Empty: there is none. */
static struct str take_bracketed_part(struct str *name)
{
	size_t from = 0, to;
	struct str part;

	while (from < name->size && is_bracket(name->data[from]))
		from++;
	to = from;
	while (to < name->size && !is_bracket(name->data[to]))
		to++;
	part = str_slice(*name, from, to);
	while (to < name->size && name->data[to] == ']')
		to++;
	*name = str_skip(*name, to);
	return part;
}

/* The same where brackets at the very front are letters like others (BE-026): up to the first
 * bracket after them, then what stands between one pair of brackets. */
static struct str take_exact_part(struct str *name, bool is_first)
{
	size_t open = is_first ? 0 : 1, end;
	struct str part;

	if (!is_first && !str_has_prefix(*name, STR("["))) {
		part = *name;
		*name = str_of(NULL, 0);
		return part;
	}
	end = str_find_char(str_skip(*name, 1), is_first ? '[' : ']');
	if (name->size == 0 || end == STR_NOT_FOUND) {
		part = *name;
		*name = str_of(NULL, 0);
		return part;
	}
	part = str_slice(*name, open, end + 1);
	*name = str_skip(*name, end + 1 + open);
	return part;
}

static struct str take_part(const struct parameters *parameters, struct str *name, bool is_first)
{
	return parameters->profile->reads_leading_brackets ? take_bracketed_part(name)
							   : take_exact_part(name, is_first);
}

static enum api_error_code set_scalar(struct parameter *parameter, struct str value, bool has_value)
{
	if (parameter->kind == PARAMETER_HASH && has_value)
		return API_BAD_REQUEST;
	parameter->kind = has_value ? PARAMETER_TEXT : PARAMETER_NIL;
	parameter->text = has_value && value.data == NULL ? STR("") : value;
	parameter->first = parameter->last = NULL;
	parameter->places = NULL;
	parameter->count = parameter->name_bytes = parameter->places_count = 0;
	return API_NO_ERROR;
}

/* Hashes in arrays are of no use to any endpoint: what is in them is left out. */
static enum api_error_code add_to_array(const struct parameters *parameters,
					struct parameter *array, bool is_scalar, struct str value,
					bool has_value)
{
	struct parameter *item;

	if (array->kind != PARAMETER_NIL && array->kind != PARAMETER_ARRAY)
		return API_BAD_REQUEST;
	array->kind = PARAMETER_ARRAY;
	item = append_child(parameters, array, STR(""));
	if (is_scalar)
		set_scalar(item, value, has_value);
	else
		item->kind = PARAMETER_HASH;
	return API_NO_ERROR;
}

static enum api_error_code add(struct parameters *parameters, enum parameters_source source,
			       struct str name, struct str value, bool has_value)
{
	struct parameter *hash = &parameters->roots[source];

	/* Where whole requests are looked at later, credentials come before this (2.6). */
	if (!parameters->profile->checks_all_texts && !str_is_utf8(name))
		return API_NOT_VALID_DATA;
	for (size_t depth = 0; depth < parameters->profile->depth_max; depth++) {
		struct str whole = name, part = take_part(parameters, &name, depth == 0);
		struct parameter *child;

		if (part.size == 0)
			return API_NO_ERROR;
		if (str_equal(name, STR("[")))
			part = whole;
		child = get_or_add(parameters, hash, part);
		if (child == NULL)
			return API_NOT_VALID_DATA;
		if (name.size == 0 || str_equal(name, STR("[")))
			return set_scalar(child, value, has_value);
		if (str_has_prefix(name, STR("[]")))
			return add_to_array(parameters, child, name.size == 2, value, has_value);
		if (child->kind != PARAMETER_NIL && child->kind != PARAMETER_HASH)
			return API_BAD_REQUEST;
		child->kind = PARAMETER_HASH;
		hash = child;
	}
	return API_BAD_REQUEST;
}

static enum api_error_code refuse(struct parameters *parameters, enum api_error_code code)
{
	parameters->error.code = code;
	return code;
}

enum api_error_code parameters_add(struct parameters *parameters, enum parameters_source source,
				   struct str name, struct str value, bool has_value)
{
	return refuse(parameters, add(parameters, source, name, value, has_value));
}

/* Texts. */

static bool is_hex(char c)
{
	return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

static bool decode(struct arena *arena, struct str text, struct str *decoded)
{
	bool is_coded = false;

	for (size_t i = 0; i < text.size; i++) {
		is_coded = is_coded || text.data[i] == '%' || text.data[i] == '+';
		if (text.data[i] == '%' &&
		    (text.size - i < 3 || !is_hex(text.data[i + 1]) || !is_hex(text.data[i + 2])))
			return false;
	}
	*decoded = is_coded ? url_decode(arena, text, true) : text;
	return true;
}

static struct str take_pair(const struct parameters *parameters, struct str *text)
{
	char other = parameters->profile->splits_at_semicolons ? ';' : '&';
	size_t end = 0;
	struct str pair;

	while (end < text->size && text->data[end] != '&' && text->data[end] != other)
		end++;
	pair = str_slice(*text, 0, end);
	*text = str_skip(*text, end + 1);
	while (pair.size > 0 && pair.data[0] == ' ')
		pair = str_skip(pair, 1);
	return pair;
}

static struct str number(const struct parameters *parameters, size_t value)
{
	return str_format(parameters->arena, "%zu", value);
}

enum api_error_code parameters_check_count(struct parameters *parameters, size_t count)
{
	size_t count_max = parameters->profile->parameters_max;

	if (count_max == 0 || count <= count_max)
		return API_NO_ERROR;
	parameters->error = (struct api_error){API_TOO_MANY_PARAMETERS, number(parameters, count),
					       number(parameters, count_max)};
	return API_TOO_MANY_PARAMETERS;
}

/* 2.7, before anything is decoded. */
static enum api_error_code check_size(struct parameters *parameters, struct str text)
{
	size_t bytes_max = parameters->profile->form_bytes_max, count = 1;

	if (bytes_max > 0 && text.size > bytes_max) {
		parameters->error = (struct api_error){API_QUERY_TOO_LARGE,
						       number(parameters, bytes_max), STR("")};
		return API_QUERY_TOO_LARGE;
	}
	if (parameters->profile->parameters_max == 0)
		return API_NO_ERROR;
	for (size_t i = 0; i < text.size; i++)
		count += text.data[i] == '&';
	return parameters_check_count(parameters, count);
}

static enum api_error_code read_pair(struct parameters *parameters, enum parameters_source source,
				     struct str pair)
{
	struct str name, value;
	bool has_value = str_split_once(pair, '=', &name, &value);

	if (!decode(parameters->arena, name, &name) || !decode(parameters->arena, value, &value))
		return refuse(parameters, API_BAD_PERCENT_CODING);
	return parameters_add(parameters, source, name, value, has_value);
}

enum api_error_code parameters_read(struct parameters *parameters, enum parameters_source source,
				    struct str text)
{
	enum api_error_code code = check_size(parameters, text);

	while (code == API_NO_ERROR && text.size > 0) {
		struct str pair = take_pair(parameters, &text);

		if (pair.size > 0)
			code = read_pair(parameters, source, pair);
	}
	return code;
}

/* Reading. */

static bool is_blank(char c)
{
	return c == ' ' || (c >= '\t' && c <= '\r');
}

struct str parameter_strip(struct str text)
{
	while (text.size > 0 && is_blank(text.data[0]))
		text = str_skip(text, 1);
	while (text.size > 0 && is_blank(text.data[text.size - 1]))
		text.size--;
	return text;
}

const struct parameter *parameters_get(const struct parameters *parameters, struct str name)
{
	for (size_t i = PARAMETERS_SOURCES; i > 0; i--) {
		const struct parameter *found =
			find_child(parameters, &parameters->roots[i - 1], name);

		if (found != NULL)
			return found;
	}
	return NULL;
}

struct str parameters_text(const struct parameters *parameters, struct str name)
{
	const struct parameter *found = parameters_get(parameters, name);

	return found != NULL && found->kind == PARAMETER_TEXT ? found->text : str_of(NULL, 0);
}

const struct parameter *parameter_get(const struct parameters *parameters,
				      const struct parameter *hash, struct str name)
{
	return hash != NULL && hash->kind == PARAMETER_HASH ? find_child(parameters, hash, name)
							    : NULL;
}

/* Nesting is bounded by the profile's depth_max, and so is the recursion. */
bool parameter_is_utf8(const struct parameter *parameter)
{
	if (!str_is_utf8(parameter->name) ||
	    (parameter->kind == PARAMETER_TEXT && !str_is_utf8(parameter->text)))
		return false;
	for (const struct parameter *child = parameter->first; child != NULL; child = child->next) {
		if (!parameter_is_utf8(child))
			return false;
	}
	return true;
}

bool parameters_are_utf8(const struct parameters *parameters)
{
	for (size_t i = 0; i < PARAMETERS_SOURCES; i++) {
		if (!parameter_is_utf8(&parameters->roots[i]))
			return false;
	}
	return true;
}

void parameter_write_json(struct strbuf *out, const struct parameter *parameter)
{
	bool is_hash = parameter->kind == PARAMETER_HASH;

	if (parameter->kind == PARAMETER_NIL) {
		strbuf_append(out, STR("null"));
		return;
	}
	if (parameter->kind == PARAMETER_TEXT) {
		json_write_str(out, parameter->text);
		return;
	}
	strbuf_append_char(out, is_hash ? '{' : '[');
	for (const struct parameter *child = parameter->first; child != NULL; child = child->next) {
		if (child != parameter->first)
			strbuf_append_char(out, ',');
		if (is_hash) {
			json_write_str(out, child->name);
			strbuf_append_char(out, ':');
		}
		parameter_write_json(out, child);
	}
	strbuf_append_char(out, is_hash ? '}' : ']');
}
