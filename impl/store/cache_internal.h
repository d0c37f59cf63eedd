/* The rows of `keys` that were used lately, in memory, absent ones too: a read of a counter costs
 * no SQL, and a key that changes many times in a round is written once.
 *
 * Who changes a cached key says so with cache_changed(); the row follows with cache_flush(), before
 * the commit or before a statement that walks `keys`. A round that is rolled back empties the
 * cache. A pointer is good until cache_trim(), which comes between two commands.
 */
#ifndef STORE_CACHE_INTERNAL_H
#define STORE_CACHE_INTERNAL_H

#include "store/keys_internal.h"

enum cache_changes {
	CACHE_VALUE = 1,
	CACHE_EXPIRY = 2,
	CACHE_COUNT = 4, /* of elements; a list has it in no row */
	CACHE_KEY = 8,   /* it is another key than the row's, or there is none any more */
};

struct cached_key {
	struct list_link recent; /* in cache.recent, the least recently used first */
	struct list_link dirty;  /* in cache.dirty while the row says otherwise */
	int database;
	enum key_type type; /* KEY_NONE: absent */
	int64_t id, expires_ms, count, head;
	char *value; /* of a string */
	size_t value_size, value_capacity;
	unsigned changes;
	bool has_row;
	struct str name; /* lies behind the struct */
};

void cache_open(struct store *store);
void cache_close(struct store *store);

struct cached_key *cache_find(struct store *store, int database, struct str name);
struct str cache_value(const struct cached_key *cached);
void cache_set_value(struct store *store, struct cached_key *cached, struct str value);
void cache_changed(struct store *store, struct cached_key *cached, unsigned changes);
void cache_forget(struct store *store, int database); /* its rows are gone */

#endif
