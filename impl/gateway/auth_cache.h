/* Which authorizations are remembered (spec/gateway.md 4.7): cached key -> status, in a dictionary
 * that the workers share; what one has learnt all others know.
 */
#ifndef GATEWAY_AUTH_CACHE_H
#define GATEWAY_AUTH_CACHE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/str.h"
#include "world/dictionary.h"

enum cache_handler {
	CACHE_HANDLER_STRICT,
	CACHE_HANDLER_RESILIENT,
	CACHE_HANDLER_ALLOW,
	CACHE_HANDLER_NONE,
};

/* What a handler made of an answer: for the log lines of 4.7. */
enum cache_change { CACHE_UNCHANGED, CACHE_WRITTEN, CACHE_DELETED };

#define AUTH_CACHE_NO_ANSWER 0 /* the status of a backend that did not answer */
#define AUTH_CACHE_FOR_EVER DICTIONARY_FOR_EVER

/* The status, or 0 when nothing is known. Times: microseconds, monotonic. */
int auth_cache_get(struct dictionary *cache, struct str key, int64_t now_us);

bool cache_handler_from_name(struct str name, enum cache_handler *handler);
/* Applies what the handler makes of backend's answer; status AUTH_CACHE_NO_ANSWER for none. */
enum cache_change auth_cache_update(struct dictionary *cache, enum cache_handler handler,
				    struct str key, int status, int64_t expires_us, int64_t now_us);

#endif
