/* The counters of deleted services are purged (spec/backend.md 9.8): one round over the whole
 * storage, in slices, so that nobody else waits long for it.
 */
#ifndef BACKEND_PURGE_H
#define BACKEND_PURGE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/str.h"

struct backend;
struct purge;

struct purge_result {
	bool has_failed;
	struct str failure; /* the services stay marked */
	int64_t services, keys;
};

/* Called once, in a later turn than purge_begin(); not after purge_stop(). */
typedef void purge_done(const struct purge_result *result, void *data);

/* The round that goes on, until `done`. */
struct purge *purge_begin(struct backend *backend, purge_done *done, void *data);
/* After the clients were closed. NULL is allowed. */
void purge_stop(struct purge *purge);

#endif
