#include "gateway/policies/edit.h"

#include "base/arena.h"
#include "base/limits.h"
#include "gateway/request.h"
#include "http/query.h"

/* What arguments of a policy may make of a query. */
#define QUERY_BYTES_MAX ((size_t)8 * LIMIT_HTTP_TARGET_BYTES)

bool edit_from_name(struct str name, enum edit *edit)
{
	static const struct str names[] = {
		[EDIT_SET] = STR_INIT("set"),
		[EDIT_PUSH] = STR_INIT("push"),
		[EDIT_ADD] = STR_INIT("add"),
		[EDIT_DELETE] = STR_INIT("delete"),
	};

	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		if (str_equal(names[i], name)) {
			*edit = (enum edit)i;
			return true;
		}
	}
	return false;
}

void edit_query_begin(const struct request *request, struct http_query *query)
{
	http_query_init(query, request->arena);
	http_query_parse(query, request->raw_query);
}

static void query_remove(struct http_query *query, struct str name)
{
	size_t kept = 0;

	for (size_t i = 0; i < query->count; i++) {
		if (!str_equal(query->items[i].name, name))
			query->items[kept++] = query->items[i];
	}
	query->count = kept;
}

/* In the place of the first of that name. */
static void query_set(struct http_query *query, struct str name, struct str value)
{
	size_t at = 0, kept;

	while (at < query->count && !str_equal(query->items[at].name, name))
		at++;
	if (at == query->count) {
		http_query_add(query, name, value);
		return;
	}
	query->items[at] = (struct http_query_pair){name, value, true};
	kept = at + 1;
	for (size_t i = at + 1; i < query->count; i++) {
		if (!str_equal(query->items[i].name, name))
			query->items[kept++] = query->items[i];
	}
	query->count = kept;
}

void edit_query(struct http_query *query, enum edit edit, struct str name, struct str value)
{
	switch (edit) {
	case EDIT_SET:
		query_set(query, name, value);
		break;
	case EDIT_ADD:
		if (!http_query_has(query, name))
			break;
		http_query_add(query, name, value);
		break;
	case EDIT_PUSH:
		http_query_add(query, name, value);
		break;
	case EDIT_DELETE:
		query_remove(query, name);
		break;
	}
}

void edit_query_end(struct request *request, const struct http_query *query)
{
	struct strbuf out;

	strbuf_init(&out, QUERY_BYTES_MAX);
	/* One that grew too large stays what it was. */
	if (http_query_write(&out, query))
		request_set_query(request, str_copy(request->arena, strbuf_str(&out)));
	strbuf_free(&out);
}
