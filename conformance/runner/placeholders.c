#include "conformance/runner/placeholders.h"

#include "base/arena.h"
#include "base/bug.h"
#include "base/json.h"
#include "base/limits.h"

static void set_item(struct placeholders *placeholders, struct str name, struct str value,
		     const struct json *json)
{
	size_t i = 0;

	while (i < placeholders->count && !str_equal(placeholders->items[i].name, name))
		i++;
	BUG_IF(i == PLACEHOLDERS_MAX);
	placeholders->items[i].name = name;
	placeholders->items[i].value = value;
	placeholders->items[i].json = json;
	if (i == placeholders->count)
		placeholders->count++;
}

void placeholders_set(struct placeholders *placeholders, struct str name, struct str value)
{
	set_item(placeholders, name, value, NULL);
}

void placeholders_set_json(struct placeholders *placeholders, struct str name,
			   const struct json *value)
{
	set_item(placeholders, name, json_scalar_text(value), value);
}

/* The value of the placeholder that `text` begins with; its size with braces, or 0. */
static size_t find(const struct placeholders *placeholders, struct str text, struct str *value)
{
	size_t end = str_find_char(text, '}');
	struct str name = str_slice(text, 1, end);

	for (size_t i = 0; end != STR_NOT_FOUND && i < placeholders->count; i++) {
		if (str_equal(placeholders->items[i].name, name)) {
			*value = placeholders->items[i].value;
			return end + 1;
		}
	}
	return 0;
}

struct str placeholders_expand(const struct placeholders *placeholders, struct arena *arena,
			       struct str text)
{
	struct strbuf out;
	struct str expanded, value;
	size_t brace;

	if (str_find_char(text, '{') == STR_NOT_FOUND)
		return str_copy(arena, text);
	strbuf_init(&out, LIMIT_CONFIG_BYTES);
	while ((brace = str_find_char(text, '{')) != STR_NOT_FOUND) {
		size_t size = find(placeholders, str_skip(text, brace), &value);

		strbuf_append(&out, str_slice(text, 0, size > 0 ? brace : brace + 1));
		if (size > 0)
			strbuf_append(&out, value);
		text = str_skip(text, brace + (size > 0 ? size : 1));
	}
	strbuf_append(&out, text);
	expanded = str_copy(arena, strbuf_str(&out));
	strbuf_free(&out);
	return expanded;
}

/* The value for a text that is one placeholder and nothing else; NULL: it is none, or a text. */
static const struct json *find_json(const struct placeholders *placeholders, struct str text)
{
	struct str name;

	if (text.size < 2 || text.data[0] != '{' || text.data[text.size - 1] != '}')
		return NULL;
	name = str_slice(text, 1, text.size - 1);
	for (size_t i = 0; i < placeholders->count; i++) {
		if (str_equal(placeholders->items[i].name, name))
			return placeholders->items[i].json;
	}
	return NULL;
}

/* Its key, place and line stay. */
static void become(struct json *value, struct json *other)
{
	struct json kept = *value;

	*value = *other;
	value->key = kept.key;
	value->next = kept.next;
	value->line = kept.line;
}

static void expand_in(const struct placeholders *placeholders, struct arena *arena,
		      struct json *value)
{
	const struct json *json =
		value->kind == JSON_STRING ? find_json(placeholders, value->text) : NULL;

	if (json != NULL)
		become(value, json_copy(arena, json));
	else if (value->kind == JSON_STRING)
		value->text = placeholders_expand(placeholders, arena, value->text);
	value->key = placeholders_expand(placeholders, arena, value->key);
	for (struct json *child = json == NULL ? value->first_child : NULL; child != NULL;
	     child = child->next)
		expand_in(placeholders, arena, child);
}

struct json *placeholders_expand_json(const struct placeholders *placeholders, struct arena *arena,
				      const struct json *value)
{
	struct json *copy = json_copy(arena, value);

	if (copy != NULL)
		expand_in(placeholders, arena, copy);
	return copy;
}
