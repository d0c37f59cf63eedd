/* Where a request goes: an upstream URL (`api_backend` and the like) and what becomes of the
 * request's path and query there (spec/gateway.md 5.1). Pure; texts are slices or live in the
 * arena.
 */
#ifndef GATEWAY_UPSTREAM_TARGET_H
#define GATEWAY_UPSTREAM_TARGET_H

#include <stdbool.h>
#include <stdint.h>

#include "base/str.h"

struct arena;

struct upstream_target {
	bool is_tls;
	struct str scheme; /* "http" or "https", lower case */
	struct str host;
	uint16_t port;
	struct str authority; /* host, and :port when it is not the scheme's (5.2) */
	struct str path;      /* prefix as written; empty when none */
	struct str query;     /* replaces the client's when has_query */
	bool has_query;
};

/* False when the text is not an http or https URL. */
bool upstream_target_parse(struct arena *arena, struct str text, struct upstream_target *target);

struct upstream_path {
	struct str raw_path, raw_query; /* as the client sent them */
	bool has_query;
	struct str normal_path;
	bool is_rewritten; /* a policy changed the path: the normal one counts */
};

/* The request target to send: path and query. */
struct str upstream_target_uri(const struct upstream_target *target,
			       const struct upstream_path *path, struct arena *arena);

/* "host" of "host:port", "[v6]:port", "HOST." in lower case: the key of 3.2. */
struct str host_key(struct arena *arena, struct str authority);

#endif
