/* What the workers of one gateway share (spec/gateway.md 1.1): one piece of memory with the
 * dictionaries of the reference and the metrics. Whoever begins makes it: the process that starts
 * the workers, or the only one; a worker gets it handed over. It lasts as long as any of them, so a
 * worker that is started again finds what the others know.
 */
#ifndef GATEWAY_SHARED_STORES_H
#define GATEWAY_SHARED_STORES_H

#include <stddef.h>
#include <stdint.h>

struct dictionary;
struct error;
struct metrics_board;
struct shared_memory;
struct shared_stores;
struct world;

#define GATEWAY_WORKERS_MAX 256

enum shared_store {
	STORE_AUTHORIZATIONS,  /* auth_cache.h */
	STORE_BATCHED_AUTHS,   /* verdicts of the policy 3scale_batcher: numbers[0] */
	STORE_BATCHED_REPORTS, /* batched_reports.h */
	STORE_LIMITS,          /* limit_counters.h */
	STORES
};

/* seed: of the hash. NULL and *error when the system gives no memory. */
struct shared_stores *shared_stores_create(struct world *world, uint64_t seed, struct error *error);
/* NULL and *error when none was handed over. */
struct shared_stores *shared_stores_inherit(struct world *world, struct error *error);
void shared_stores_destroy(struct shared_stores *stores); /* NULL is allowed */

struct shared_memory *shared_stores_memory(const struct shared_stores *stores); /* to hand over */
struct dictionary *shared_stores_dictionary(const struct shared_stores *stores,
					    enum shared_store store);
size_t shared_stores_capacity(enum shared_store store); /* in bytes */

/* metrics.h: zeros at first, and its lock. */
#define SHARED_METRICS_BYTES ((size_t)16 * 1024 * 1024)
struct metrics_board *shared_stores_board(const struct shared_stores *stores);
void shared_stores_lock_board(const struct shared_stores *stores);
void shared_stores_unlock_board(const struct shared_stores *stores);

#endif
