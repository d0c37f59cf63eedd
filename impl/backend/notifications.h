/* Backend's account of its own use, reported to the master service (spec/backend.md 7.3). A call
 * that reports waits for the note together with its job, and fails with it (9.6: a storage that
 * only reads); other calls do not wait. What is noted becomes jobs when a batch is full; releases
 * differ in whether there is anything to note without a master service.
 */
#ifndef BACKEND_NOTIFICATIONS_H
#define BACKEND_NOTIFICATIONS_H

#include <stdint.h>

#include "base/str.h"

struct backend;
struct batch;

/* In the batch that the call waits for. authorizations 0: a report, which names its transactions
 * alone. */
void notify(struct batch *batch, struct backend *backend, struct str provider_key,
	    int64_t authorizations, int64_t transactions);
/* One authorization, of which nothing is reported. */
void notify_authorize(struct backend *backend, struct str provider_key);

#endif
