/* Backend's account of its own use, reported to the master service (spec/backend.md 7.3). Noting is
 * not waited for. What is noted becomes jobs when a batch is full; releases differ in whether there
 * is anything to note without a master service.
 */
#ifndef BACKEND_NOTIFICATIONS_H
#define BACKEND_NOTIFICATIONS_H

#include <stdint.h>

#include "base/str.h"

struct backend;

/* authorizations 0: a report, which names its transactions alone. */
void notify(struct backend *backend, struct str provider_key, int64_t authorizations,
	    int64_t transactions);
/* One authorization, of which nothing is reported. */
void notify_authorize(struct backend *backend, struct str provider_key);

#endif
