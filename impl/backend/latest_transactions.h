/* The latest transactions of each service (spec/backend.md 5.7): newest first, at most 50. */
#ifndef BACKEND_LATEST_TRANSACTIONS_H
#define BACKEND_LATEST_TRANSACTIONS_H

#include <stddef.h>

struct arena;
struct backend;
struct job;

#define LATEST_TRANSACTIONS_MAX 50
#define LATEST_TRANSACTIONS_LAST STR("49") /* the last one's index */

/* Those of a round's reports; the master service has none. Not waited for. */
void latest_transactions_store(struct backend *backend, struct arena *arena, const struct job *jobs,
			       size_t count);

#endif
