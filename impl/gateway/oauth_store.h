/* What the native OAuth flow keeps in Redis between its steps (spec/gateway.md 4.9): texts by key,
 * that live for a while and are taken once.
 *
 * An operation ends by calling `done` once, never before the function has returned, or by
 * oauth_operation_cancel(). The value is valid during the call.
 */
#ifndef GATEWAY_OAUTH_STORE_H
#define GATEWAY_OAUTH_STORE_H

#include "base/str.h"

struct oauth_operation;
struct oauth_store;
struct world;

enum oauth_stored {
	OAUTH_STORED,  /* put; or found, taken, and now the caller's alone */
	OAUTH_NOTHING, /* never put, too old, or taken before */
	OAUTH_AWAY,    /* Redis does not answer */
};

typedef void oauth_stored_done(enum oauth_stored result, struct str value, void *data);

/* Connects at the first operation. */
struct oauth_store *oauth_store_create(struct world *world, struct str url);
/* NULL is allowed; operations end with OAUTH_AWAY unless they were cancelled. */
void oauth_store_destroy(struct oauth_store *store);

struct oauth_operation *oauth_store_put(struct oauth_store *store, struct str key, struct str value,
					oauth_stored_done *done, void *data);
struct oauth_operation *oauth_store_take(struct oauth_store *store, struct str key,
					 oauth_stored_done *done, void *data);
void oauth_operation_cancel(struct oauth_operation *operation); /* NULL is allowed */

#endif
