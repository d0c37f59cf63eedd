/* Query strings and application/x-www-form-urlencoded bodies: ordered pairs, decoded once. */
#ifndef HTTP_QUERY_H
#define HTTP_QUERY_H

#include <stdbool.h>
#include <stddef.h>

#include "base/str.h"

struct arena;

struct http_query_pair {
	struct str name, value; /* decoded */
	bool has_value;         /* "a=" and "a=1" have, "a" has none */
};

struct http_query {
	struct http_query_pair *items;
	size_t count, capacity;
	struct arena *arena;
};

void http_query_init(struct http_query *query, struct arena *arena);
/* Appends the pairs of `text` ('&' separated; '+' is a space). Empty pairs are left out. */
void http_query_parse(struct http_query *query, struct str text);
void http_query_add(struct http_query *query, struct str name, struct str value);
bool http_query_has(const struct http_query *query, struct str name);
struct str http_query_get(const struct http_query *query,
			  struct str name); /* first; empty when absent */
struct str http_query_get_last(const struct http_query *query, struct str name);
/* name=value&..., both sides percent-encoded (base/url.h). */
bool http_query_write(struct strbuf *out, const struct http_query *query);

#endif
