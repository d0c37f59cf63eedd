#include "http/router.h"

#include "base/arena.h"
#include "base/bug.h"
#include "base/url.h"

/* Up to the next parameter, or to the end of the pattern. */
static struct str literal_at_front(struct str pattern)
{
	size_t end = str_find_char(pattern, '{');

	return end == STR_NOT_FOUND ? pattern : str_slice(pattern, 0, end);
}

static struct str name_at_front(struct str pattern)
{
	size_t end = str_find_char(pattern, '}');

	BUG_IF(end == STR_NOT_FOUND || end < 2);
	return str_slice(pattern, 1, end);
}

static struct str up_to_slash(struct str text)
{
	size_t end = str_find_char(text, '/');

	return end == STR_NOT_FOUND ? text : str_slice(text, 0, end);
}

static size_t find_last(struct str text, struct str needle)
{
	for (size_t at = text.size; at > needle.size; at--) {
		if (str_has_suffix(str_slice(text, 0, at), needle))
			return at - needle.size;
	}
	return STR_NOT_FOUND;
}

/* How much of the segment the parameter takes when `literal` (of the same segment) follows it: as
 * much as can be, so that "a.b.xml" is "a.b" before ".xml". 0: it does not fit. */
static size_t value_size(struct str segment, struct str literal, bool literal_ends_segment)
{
	size_t at;

	if (literal_ends_segment)
		return str_has_suffix(segment, literal) ? segment.size - literal.size : 0;
	at = find_last(segment, literal);
	return at == STR_NOT_FOUND ? 0 : at;
}

bool http_route_match(struct str pattern, struct str path, struct arena *arena,
		      struct http_route_parameters *parameters)
{
	struct http_route_parameters found = {.count = 0};

	for (;;) {
		struct str literal = literal_at_front(pattern), name, segment, rest;
		size_t size;

		if (!str_has_prefix(path, literal))
			return false;
		path = str_skip(path, literal.size);
		pattern = str_skip(pattern, literal.size);
		if (pattern.size == 0)
			break;
		BUG_IF(found.count == HTTP_ROUTE_PARAMETERS_MAX);
		name = name_at_front(pattern);
		pattern = str_skip(pattern, name.size + 2);
		segment = up_to_slash(path);
		rest = literal_at_front(pattern);
		literal = up_to_slash(rest);
		size = value_size(segment, literal,
				  literal.size < rest.size || rest.size == pattern.size);
		if (size == 0)
			return false;
		found.items[found.count].name = name;
		found.items[found.count++].value = str_slice(segment, 0, size);
		path = str_skip(path, size);
	}
	if (path.size > 0)
		return false;
	for (size_t i = 0; i < found.count; i++)
		found.items[i].value = url_decode(arena, found.items[i].value, false);
	*parameters = found;
	return true;
}

struct str http_route_parameter(const struct http_route_parameters *parameters, struct str name)
{
	for (size_t i = 0; i < parameters->count; i++) {
		if (str_equal(parameters->items[i].name, name))
			return parameters->items[i].value;
	}
	return str_of(NULL, 0);
}
