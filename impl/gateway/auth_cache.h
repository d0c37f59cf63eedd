/* Which authorizations are remembered (spec/gateway.md 4.7): cached key -> status. Least recently
 * used entries leave when the capacity is reached.
 */
#ifndef GATEWAY_AUTH_CACHE_H
#define GATEWAY_AUTH_CACHE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/str.h"

struct auth_cache;

enum cache_handler {
	CACHE_HANDLER_STRICT,
	CACHE_HANDLER_RESILIENT,
	CACHE_HANDLER_ALLOW,
	CACHE_HANDLER_NONE,
};

/* What a handler made of an answer: for the log lines of 4.7. */
enum cache_change { CACHE_UNCHANGED, CACHE_WRITTEN, CACHE_DELETED };

#define AUTH_CACHE_NO_ANSWER 0 /* the status of a backend that did not answer */
#define AUTH_CACHE_FOR_EVER INT64_MAX

/* bytes_max: keys and bookkeeping; seed: of the hash. */
struct auth_cache *auth_cache_create(size_t bytes_max, uint64_t seed);
void auth_cache_destroy(struct auth_cache *cache); /* NULL is allowed */
size_t auth_cache_bytes(const struct auth_cache *cache);
size_t auth_cache_count(const struct auth_cache *cache);

/* The status, or 0 when nothing is known. Times: microseconds, monotonic. */
int auth_cache_get(struct auth_cache *cache, struct str key, int64_t now_us);
void auth_cache_put(struct auth_cache *cache, struct str key, int status, int64_t expires_us,
		    int64_t now_us);
void auth_cache_remove(struct auth_cache *cache, struct str key);

bool cache_handler_from_name(struct str name, enum cache_handler *handler);
/* Applies what the handler makes of backend's answer; status AUTH_CACHE_NO_ANSWER for none. */
enum cache_change auth_cache_update(struct auth_cache *cache, enum cache_handler handler,
				    struct str key, int status, int64_t expires_us, int64_t now_us);

#endif
