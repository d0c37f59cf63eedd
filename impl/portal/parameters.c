#include "portal/parameters.h"

#include "base/arena.h"
#include "base/json.h"
#include "base/limits.h"
#include "http/multipart.h"
#include "http/query.h"

/* Objects are searched one name after another: the bound keeps that work small. */
#define PARAMETERS_MAX 1000
#define PARAMETER_DEPTH_MAX 8

static bool text_is_sound(struct str text)
{
	return str_is_utf8(text) && str_find_char(text, '\0') == STR_NOT_FOUND;
}

/* The child of `parent` that a name part means: "" appends, others are looked up or added. A child
 * of the wrong kind is replaced: a[b]=1&a=2 means a=2. */
static struct json *child_for(struct arena *arena, struct json *parent, struct str part,
			      enum json_kind kind)
{
	struct json *child = json_new(arena, kind);

	if (parent->kind == JSON_ARRAY)
		return json_append(parent, child);
	for (struct json *known = parent->first_child; known != NULL; known = known->next) {
		if (str_equal(known->key, part) && known->kind == kind)
			return known;
	}
	return json_set(parent, part, child);
}

/* Takes the next "[part]" off the rest of a name; false at its end. */
static bool next_part(struct str *rest, struct str *part)
{
	size_t end = str_find_char(*rest, ']');

	if (rest->size == 0 || rest->data[0] != '[' || end == STR_NOT_FOUND)
		return false;
	*part = str_slice(*rest, 1, end);
	*rest = str_skip(*rest, end + 1);
	return true;
}

/* Puts `value` where the name says: a[b][]=... */
static void set_parameter(struct arena *arena, struct json *parameters, struct str name,
			  struct json *value)
{
	size_t bracket = str_find_char(name, '[');
	struct str part = str_slice(name, 0, bracket == STR_NOT_FOUND ? name.size : bracket);
	struct str rest = str_skip(name, part.size), next;
	struct json *parent = parameters;

	for (int depth = 0; depth < PARAMETER_DEPTH_MAX && next_part(&rest, &next); depth++) {
		parent = child_for(arena, parent, part, next.size == 0 ? JSON_ARRAY : JSON_OBJECT);
		part = next;
	}
	if (parent->kind == JSON_ARRAY)
		json_append(parent, value);
	else
		json_set(parent, part, value);
}

static bool read_form(struct arena *arena, struct str text, struct json *parameters)
{
	struct http_query query;

	http_query_init(&query, arena);
	http_query_parse(&query, text);
	if (query.count > PARAMETERS_MAX)
		return false;
	for (size_t i = 0; i < query.count; i++) {
		if (!text_is_sound(query.items[i].name) || !text_is_sound(query.items[i].value))
			return false;
		if (query.items[i].name.size > 0)
			set_parameter(arena, parameters, query.items[i].name,
				      json_new_str(arena, query.items[i].value));
	}
	return true;
}

static struct json *file_of(struct arena *arena, const struct http_part *part)
{
	struct json *file = json_new(arena, JSON_OBJECT);

	json_set(file, STR("file_name"), json_new_str(arena, part->file_name));
	json_set(file, STR("content_type"), json_new_str(arena, part->content_type));
	json_set(file, STR("content"), json_new_str(arena, part->content));
	return file;
}

static bool read_multipart(struct arena *arena, struct str content_type, struct str text,
			   struct json *parameters)
{
	struct http_multipart form;
	struct http_part part;
	size_t count = 0;

	if (!http_multipart_begin(&form, content_type, text, arena))
		return false;
	while (http_multipart_next(&form, &part)) {
		if (++count > PARAMETERS_MAX || !text_is_sound(part.name) ||
		    !text_is_sound(part.file_name) || !text_is_sound(part.content_type) ||
		    (!part.is_file && !text_is_sound(part.content)))
			return false;
		if (!part.is_file)
			set_parameter(arena, parameters, part.name,
				      json_new_str(arena, part.content));
		else if (part.file_name.size > 0)
			set_parameter(arena, parameters, part.name, file_of(arena, &part));
	}
	return !form.is_malformed;
}

static bool read_json(struct arena *arena, struct str text, struct json *parameters)
{
	struct json *document;

	if (str_trim(text).size == 0)
		return true;
	document = json_parse(arena, text, LIMIT_PORTAL_BODY_BYTES, NULL);
	if (document == NULL || document->kind != JSON_OBJECT || document->count > PARAMETERS_MAX)
		return false;
	for (struct json *child = document->first_child, *next; child != NULL; child = next) {
		next = child->next;
		child->next = NULL;
		json_set(parameters, child->key, child);
	}
	return true;
}

bool portal_parameters_read(struct arena *arena, struct str query, struct str content_type,
			    struct str body, struct json **parameters)
{
	struct json *all = json_new(arena, JSON_OBJECT);
	struct str type, rest;

	str_split_once(content_type, ';', &type, &rest);
	type = str_trim(type);
	if (!read_form(arena, query, all))
		return false;
	if (str_equal_nocase(type, STR("application/json")) && !read_json(arena, body, all))
		return false;
	if (str_equal_nocase(type, STR("application/x-www-form-urlencoded")) &&
	    !read_form(arena, body, all))
		return false;
	if (str_equal_nocase(type, STR("multipart/form-data")) &&
	    !read_multipart(arena, content_type, body, all))
		return false;
	*parameters = all;
	return true;
}
