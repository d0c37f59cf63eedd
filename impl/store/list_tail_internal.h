/* The newest items of a list, in memory: those that have no rows yet, one behind the other in
 * cached->value, each behind its size. Items join at the end and leave from the front; what else
 * happens to a tail makes it a rewritten one.
 */
#ifndef STORE_LIST_TAIL_INTERNAL_H
#define STORE_LIST_TAIL_INTERNAL_H

#include "store/cache_internal.h"

/* The position of the first item that is in the tail, or would be, when the list begins at `head`.
 */
static inline int64_t list_tail_from(const struct cached_key *cached, int64_t head)
{
	return cached->rows_to > head ? cached->rows_to : head;
}

void list_tail_push(struct store *store, struct cached_key *cached, struct str item);
void list_tail_push_front(struct store *store, struct cached_key *cached, struct str item);
void list_tail_keep(struct cached_key *cached, int64_t count); /* the first ones */
/* The list begins at `head` now, no longer at `old_head`. */
void list_tail_drop(struct cached_key *cached, int64_t old_head, int64_t head);
/* Walks the items: *at begins as cached->tail_at (or logged_at). The item is good until the next
 * push. */
bool list_tail_next(const struct cached_key *cached, size_t *at, struct str *item);
void list_tail_clear(struct cached_key *cached);

#endif
