/* The four edits that the policies `headers` and `url_rewriting` make of lists of names and values
 * (spec/gateway.md 9.4). */
#ifndef GATEWAY_POLICIES_EDIT_H
#define GATEWAY_POLICIES_EDIT_H

#include <stdbool.h>

#include "base/str.h"

struct http_query;
struct request;

enum edit {
	EDIT_SET,  /* all of that name are replaced by one */
	EDIT_PUSH, /* one more */
	EDIT_ADD,  /* one more, if there is one */
	EDIT_DELETE,
};

bool edit_from_name(struct str name, enum edit *edit);
/* The arguments of the request as they are now, all of them, and what became of them. */
void edit_query_begin(const struct request *request, struct http_query *query);
void edit_query(struct http_query *query, enum edit edit, struct str name, struct str value);
void edit_query_end(struct request *request, const struct http_query *query);

#endif
