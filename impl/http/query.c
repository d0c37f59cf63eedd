#include "http/query.h"

#include <string.h>

#include "base/arena.h"
#include "base/url.h"

#define CAPACITY_FIRST 8

void http_query_init(struct http_query *query, struct arena *arena)
{
	*query = (struct http_query){.arena = arena};
}

static void query_push(struct http_query *query, struct http_query_pair pair)
{
	if (query->count == query->capacity) {
		size_t capacity = query->capacity > 0 ? query->capacity * 2 : CAPACITY_FIRST;
		struct http_query_pair *items =
			ARENA_ARRAY(query->arena, struct http_query_pair, capacity);

		if (query->count > 0)
			memcpy(items, query->items, query->count * sizeof *items);
		query->items = items;
		query->capacity = capacity;
	}
	query->items[query->count++] = pair;
}

void http_query_parse(struct http_query *query, struct str text)
{
	struct str piece;

	while (str_next_field(&text, '&', &piece)) {
		struct str name, value;
		bool has_value = str_split_once(piece, '=', &name, &value);

		if (piece.size == 0)
			continue;
		query_push(query, (struct http_query_pair){
					  .name = url_decode(query->arena, name, true),
					  .value = url_decode(query->arena, value, true),
					  .has_value = has_value,
				  });
	}
}

void http_query_add(struct http_query *query, struct str name, struct str value)
{
	query_push(query,
		   (struct http_query_pair){.name = name, .value = value, .has_value = true});
}

static const struct http_query_pair *query_find(const struct http_query *query, struct str name)
{
	for (size_t i = 0; i < query->count; i++) {
		if (str_equal(query->items[i].name, name))
			return &query->items[i];
	}
	return NULL;
}

bool http_query_has(const struct http_query *query, struct str name)
{
	return query_find(query, name) != NULL;
}

struct str http_query_get(const struct http_query *query, struct str name)
{
	const struct http_query_pair *pair = query_find(query, name);

	return pair != NULL ? pair->value : str_of(NULL, 0);
}

struct str http_query_get_last(const struct http_query *query, struct str name)
{
	for (size_t i = query->count; i > 0; i--) {
		if (str_equal(query->items[i - 1].name, name))
			return query->items[i - 1].value;
	}
	return str_of(NULL, 0);
}

bool http_query_write(struct strbuf *out, const struct http_query *query)
{
	bool fits = true;

	for (size_t i = 0; i < query->count && fits; i++) {
		const struct http_query_pair *pair = &query->items[i];

		fits = (i == 0 || strbuf_append_char(out, '&')) && url_encode(out, pair->name) &&
		       (!pair->has_value ||
			(strbuf_append_char(out, '=') && url_encode(out, pair->value)));
	}
	return fits;
}
