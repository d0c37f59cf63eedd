/* The items of a list: rows of a table, or the tail in the cache (list_tail_internal.h), or the one
 * behind the other. What a command does with them chooses; positions are head ... head + count - 1
 * of the key and may go below zero.
 *
 * A command looks the key up, changes items by these functions, which keep the key's `head` and
 * `count`, and saves it; list_items_pop() saves by itself.
 */
#ifndef STORE_LIST_ITEMS_INTERNAL_H
#define STORE_LIST_ITEMS_INTERNAL_H

#include "store/keys_internal.h"

enum list_end { LIST_LEFT, LIST_RIGHT };

/* The position behind the last item. */
static inline int64_t list_items_end(const struct key *key)
{
	return key->head + key->count;
}

/* *value lies in the call's arena. */
bool list_items_find(struct call *call, const struct key *key, int64_t position, struct str *value);
/* Adds the items from `from` to before `to`. */
void list_items_add(struct call *call, const struct key *key, int64_t from, int64_t to,
		    struct items *items);
void list_items_push(struct call *call, struct key *key, enum list_end end, struct str value);
void list_items_drop_first(struct call *call, struct key *key, int64_t count);
void list_items_drop_last(struct call *call, struct key *key, int64_t count);
/* Takes `count` items, at most all, off one end; they come in the order of their leaving. */
void list_items_pop(struct call *call, struct key *key, enum list_end end, int64_t count,
		    struct items *items);

/* Makes rows of all items; the next ones are for rows only, and leave head and count alone. */
void list_items_use_rows(struct call *call, struct key *key);
void list_items_set(struct call *call, const struct key *key, int64_t position, struct str value);
void list_items_delete(struct call *call, const struct key *key, int64_t from, int64_t to);
void list_items_move(struct call *call, const struct key *key, int64_t from, int64_t to);

#endif
