/* The rows of `keys` that were used lately, in memory, absent ones too: a read of a counter costs
 * no SQL.
 *
 * Who changes a cached key says so with cache_changed(). Before the commit the changes of the round
 * become one row of `changes`, however many keys they are: what a string or a list is now (log.c).
 * The rows of `keys` and `items` follow later. When much has gathered, each round writes some of
 * them, those first that have not changed for long, until the older rows of `changes` are not
 * needed any more; what changed again meanwhile has newer ones, and whoever reads them all in their
 * order ends with what is true. Everything is written at once, with cache_flush(), before a
 * statement that walks `keys`, when the store is closed, and in the commit of a round that wrote
 * rows which entries are about. A store that is opened after its process was killed reads `changes`
 * first. So counters that every call changes, and jobs that come and go, are seldom written to a
 * row of their own.
 *
 * A round that is rolled back empties the cache, and `changes` is read again. A pointer is good
 * until cache_trim(), which comes between two commands.
 */
#ifndef STORE_CACHE_INTERNAL_H
#define STORE_CACHE_INTERNAL_H

#include "store/keys_internal.h"

enum cache_changes {
	CACHE_VALUE = 1,
	CACHE_EXPIRY = 2,
	CACHE_COUNT = 4, /* of elements; a list has it in no row */
	CACHE_KEY = 8,   /* it is another key than the row's, or there is none any more */
	CACHE_ITEMS = 16,
};

/* A list's items from `rows_from` to before `rows_to` have rows, those before `head` of them are to
 * be deleted; the items after them, or from `head` on, are in the tail (list_tail_internal.h). */
struct cached_key {
	struct list_link recent; /* in cache.recent, the least recently used first */
	struct list_link dirty;  /* in cache.dirty or cache.behind while the row says otherwise */
	int database;
	enum key_type type; /* KEY_NONE: absent */
	int64_t id, expires_ms, count, head;
	int64_t rows_from, rows_to;
	char *value; /* of a string; the tail of a list */
	size_t value_size, value_capacity;
	size_t tail_at,
		logged_at; /* in `value`: the tail's first item, the first not in `changes` */
	unsigned changes;
	bool has_row;
	bool is_dirty;     /* changed since the last commit */
	int64_t logged_in; /* the last row of `changes` about it */
	bool is_logged;    /* `changes` has something about it */
	bool is_rewritten; /* the tail is another than the logged one, not a later one */
	struct str name;   /* lies behind the struct */
};

void cache_open(struct store *store);
void cache_close(struct store *store);

struct cached_key *cache_find(struct store *store, int database, struct str name);
struct str cache_value(const struct cached_key *cached);
void cache_set_value(struct store *store, struct cached_key *cached, struct str value);
void cache_changed(struct store *store, struct cached_key *cached, unsigned changes);
void cache_forget(struct store *store, int database); /* its rows are gone */
/* The list's items are in rows, and only they: for what moves or replaces some of them. */
void cache_write_items(struct store *store, struct cached_key *cached);
/* The list's items are in the tail, and only they; false when they are many. Its next entry tells
 * them all. */
bool cache_load_items(struct store *store, struct cached_key *cached);
/* More memory for the value. */
void cache_reserve_value(struct store *store, struct cached_key *cached, size_t capacity);

/* `changes` has something about it that its row has not. */
void cache_is_behind(struct store *store, struct cached_key *cached);
/* After an opening: whatever an earlier process left in `changes` is in the rows then. */
bool cache_recover(struct store *store);

/* log.c. An entry says what the key is now. Reading back: false when `entries` are none of ours. */
bool log_has_entry(const struct cached_key *cached);
void log_add(struct store *store, struct cached_key *cached);
bool log_replay(struct store *store, struct str entries);

#endif
