/* What backend said of calls that are reported in batches (spec/gateway.md 9.4, 3scale_batcher):
 * key -> verdict, with the rows that such a call adds to, so that a known call costs one look.
 * Least recently used ones leave when the capacity is reached.
 */
#ifndef GATEWAY_BATCHED_AUTHS_H
#define GATEWAY_BATCHED_AUTHS_H

#include <stddef.h>
#include <stdint.h>

#include "base/str.h"
#include "gateway/backend_client.h"

struct batched_auths;
struct batched_row;

struct batched_usage {
	struct batched_row *row; /* held; NULL: there was no room for it */
	int64_t delta;
};

struct batched_auth {
	enum backend_verdict verdict;
	struct batched_usage *usages; /* in the order of the usage's items */
	size_t count;
};

/* bytes_max: keys and bookkeeping; seed: of the hash. */
struct batched_auths *batched_auths_create(size_t bytes_max, uint64_t seed);
void batched_auths_destroy(struct batched_auths *auths); /* NULL is allowed */
size_t batched_auths_bytes(const struct batched_auths *auths);

/* NULL: nothing is known. Good until the next call of this module. Times: microseconds, monotonic.
 */
const struct batched_auth *batched_auths_find(struct batched_auths *auths, struct str key,
					      int64_t now_us);
/* Usages are copied; their rows are the cache's to release from here on. */
void batched_auths_put(struct batched_auths *auths, struct str key, struct batched_auth auth,
		       int64_t expires_us);

#endif
