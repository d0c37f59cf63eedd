#include "portal/mapping_pattern.h"

#include "base/arena.h"
#include "base/json.h"
#include "http/query.h"
#include "portal/validation.h"

#define CHARACTERS "[\\w\\-.~!&'()*+,;=:@%/]"
#define PATTERN                                                                                    \
	"/(?:" CHARACTERS "|\\{\\w+\\})*\\$?(?:\\?(?:[\\w\\-.~!&'()*+,;=:@%/"                      \
	"?\\[\\]]|\\{\\w+\\})*)?"
#define NEEDS                                                                                      \
	"a Mapping Rule has to start with '/' and can only contain valid URL characters and\n"     \
	"'wildcards' - words inside curly brackets ('{}')"
#define NEEDS_TEXT                                                                                 \
	"a Mapping Rule can't be empty, has to start with '/' and can only contain valid URL "     \
	"characters and\n'wildcards' - words inside curly brackets ('{}')"

/* The next {name} of the text; *rest moves behind it. */
static bool next_wildcard(struct str *rest, struct str *name)
{
	struct str before, after;

	if (!str_split_once(*rest, '{', &before, &after))
		return false;
	return str_split_once(after, '}', name, rest);
}

static bool add_once(struct arena *arena, struct json *seen, struct str name)
{
	if (json_get(seen, name) != NULL)
		return false;
	json_set(seen, name, json_new_bool(arena, true));
	return true;
}

static void split_pattern(struct arena *arena, struct str pattern, struct str *path,
			  struct http_query *query)
{
	struct str text;

	str_split_once(pattern, '?', path, &text);
	http_query_init(query, arena);
	http_query_parse(query, text);
}

struct str mapping_pattern_fault(struct arena *arena, struct str pattern)
{
	struct json *wildcards = json_new(arena, JSON_OBJECT);
	struct json *keys = json_new(arena, JSON_OBJECT);
	struct str rest = pattern, path, name;
	struct http_query query;

	if (str_trim(pattern).size == 0)
		return STR(NEEDS_TEXT);
	if (pattern.size > 255)
		return STR(""); /* refused for its length already */
	if (!text_fits(arena, pattern, PATTERN))
		return STR(NEEDS);
	split_pattern(arena, pattern, &path, &query);
	while (next_wildcard(&rest, &name)) {
		if (!add_once(arena, wildcards, name))
			return STR("Can't have repeated variable names");
	}
	for (size_t i = 0; i < query.count; i++) {
		if (str_find_char(query.items[i].name, '{') != STR_NOT_FOUND)
			return STR("Can't use variables as keys in the querystring");
		if (!add_once(arena, keys, query.items[i].name))
			return STR("Can't have repeated variable names");
	}
	return STR("");
}

struct str mapping_pattern_parameters(struct arena *arena, struct str pattern)
{
	struct json *names = json_new(arena, JSON_ARRAY);
	struct http_query query;
	struct str path, name;

	split_pattern(arena, pattern, &path, &query);
	while (next_wildcard(&path, &name))
		json_append(names, json_new_str(arena, name));
	return json_print(arena, names);
}

struct str mapping_pattern_query(struct arena *arena, struct str pattern)
{
	struct json *pairs = json_new(arena, JSON_OBJECT);
	struct http_query query;
	struct str path;

	split_pattern(arena, pattern, &path, &query);
	for (size_t i = 0; i < query.count; i++)
		json_set(pairs, query.items[i].name, json_new_str(arena, query.items[i].value));
	return json_print(arena, pairs);
}
