/* Which credentials a request brings (spec/gateway.md 3.4). Pure: the caller reads the body when
 * asked to and tries again. Texts are slices of the request or live in the arena.
 */
#ifndef GATEWAY_CREDENTIALS_H
#define GATEWAY_CREDENTIALS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/str.h"

struct arena;
struct http_fields;
struct http_query;

enum backend_version {
	BACKEND_VERSION_INVALID,
	BACKEND_VERSION_USER_KEY, /* "1" */
	BACKEND_VERSION_APP_ID,   /* "2" */
	BACKEND_VERSION_OAUTH,    /* "oauth" */
};

enum credentials_location {
	CREDENTIALS_LOCATION_INVALID,
	CREDENTIALS_IN_QUERY,
	CREDENTIALS_IN_HEADERS,
	CREDENTIALS_IN_AUTHORIZATION,
};

/* Of a service. Names are in lower case. */
struct credentials_rules {
	enum backend_version version;
	enum credentials_location location;
	struct str user_key, app_id, app_key; /* names to look for */
};

/* Of a request. */
struct credentials_source {
	struct str method;
	struct str query; /* raw */
	const struct http_fields *fields;
	bool body_was_read;
	const struct http_query *body; /* form fields; NULL: none */
};

/* What goes to backend, in the order of the cached key (4.7). */
struct credential {
	struct str name, value;
};

struct credentials {
	struct credential items[2];
	size_t count;
};

enum credentials_result {
	CREDENTIALS_FOUND,
	CREDENTIALS_MISSING,
	CREDENTIALS_INCOMPLETE, /* one of two is there */
	CREDENTIALS_NEED_BODY,  /* read it, if there is one, and ask again */
	CREDENTIALS_BROKEN,     /* Basic authentication that is not base64: 500 */
};

enum credentials_result credentials_extract(const struct credentials_rules *rules,
					    const struct credentials_source *source,
					    struct arena *arena, struct credentials *credentials);

/* A value in a key, before `separator` and what follows: no other value and rest look like these.
 */
struct str credential_key_part(struct arena *arena, struct str value, char separator);

/* "user_key=abc", "app_id=..&app_key=.." encoded: for backend, the debug header and logs. */
struct str credentials_encode(const struct credentials *credentials, struct arena *arena);

#endif
