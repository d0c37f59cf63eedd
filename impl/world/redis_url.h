/* The URL of a Redis (spec/backend.md 9.4), as both worlds read it:
 * [redis://][[user]:password@]host[:port][/db] or unix:///path. User and password may be
 * percent-encoded. */
#ifndef WORLD_REDIS_URL_H
#define WORLD_REDIS_URL_H

#include <stdbool.h>
#include <stdint.h>

#include "base/str.h"

struct arena;
struct error;

struct redis_place {
	struct str socket; /* path of a Unix socket; empty: host and port */
	struct str host;
	uint16_t port;             /* 6379 when none is written */
	struct str user, password; /* empty: none */
	int64_t database;
};

/* Texts lie in the arena. Error: `The provided URL "..." is not valid: ...`, without the password.
 */
bool redis_place_read(struct str url, struct arena *arena, struct redis_place *place,
		      struct error *error);
/* Such a URL of a place; in the arena. */
struct str redis_place_url(const struct redis_place *place, struct arena *arena);

#endif
