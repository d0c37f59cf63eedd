/* Requests and responses as both worlds see them: an ordered list of header fields with names as
 * they were written (compared without case), the raw request target, and a body that streams
 * (http/body.h). All text is borrowed from the arena the message was made in.
 */
#ifndef HTTP_MESSAGE_H
#define HTTP_MESSAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/str.h"

struct arena;

struct http_field {
	struct str name, value;
};

struct http_fields {
	struct http_field *items;
	size_t count, capacity;
	struct arena *arena; /* owns the items; texts are borrowed */
};

void http_fields_init(struct http_fields *fields, struct arena *arena);
void http_fields_add(struct http_fields *fields, struct str name, struct str value);
void http_fields_set(struct http_fields *fields, struct str name,
		     struct str value); /* replaces all of that name, in the first one's place */
void http_fields_remove(struct http_fields *fields, struct str name);
struct str http_fields_get(const struct http_fields *fields,
			   struct str name); /* first; empty when absent */
bool http_fields_has(const struct http_fields *fields, struct str name);
size_t http_fields_count(const struct http_fields *fields, struct str name);
/* What Authorization says of a user by the scheme Basic, as texts of the arena. */
struct str http_basic_credentials(struct arena *arena, struct str user, struct str password);
/* True when a comma-separated field of that name lists the token (without case): Connection: close.
 */
bool http_fields_lists(const struct http_fields *fields, struct str name, struct str token);
/* Copies names and values into `arena`. */
void http_fields_copy(struct http_fields *to, struct arena *arena, const struct http_fields *from);
/* Removes the hop-by-hop fields of RFC 9110 7.6.1, and those that Connection names, save those by
 * which others know who calls and what: Host, Authorization, Cookie, Content-*, X-3scale-*, ... */
void http_fields_remove_hop_by_hop(struct http_fields *fields);

struct http_request {
	struct str method;
	struct str target; /* raw, as it stood in the request line */
	int minor_version; /* 0 or 1 */
	struct http_fields fields;
};

struct http_response {
	int status;        /* 100..599 */
	struct str reason; /* empty = http_reason(status) */
	struct http_fields fields;
};

void http_response_init(struct http_response *response, struct arena *arena, int status);
struct str http_reason(int status);                      /* "Not Found"; "Unknown" for others */
bool http_is_token(struct str name);                     /* RFC 9110 5.6.2 */
bool http_is_field_value(struct str value);              /* no CR, LF, NUL */
bool http_method_has_no_body_meaning(struct str method); /* GET HEAD DELETE OPTIONS TRACE CONNECT */

#endif
