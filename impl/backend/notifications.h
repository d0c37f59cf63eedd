/* Backend's account of its own use, reported to the master service (spec/backend.md 7.3). Without a
 * master service nothing is noted. Noting is not waited for.
 */
#ifndef BACKEND_NOTIFICATIONS_H
#define BACKEND_NOTIFICATIONS_H

#include <stdint.h>

#include "base/str.h"

struct backend;

void notify(struct backend *backend, struct str provider_key, int64_t authorizations,
	    int64_t transactions);
void notify_authorize(struct backend *backend, struct str provider_key);

#endif
