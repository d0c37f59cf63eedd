/* Keys: their types, their lives, and the SQL schema.
 *
 * Every key is a row of `keys`; a string has its value there, the others have rows in the table of
 * their type under the key's id. Lists keep their items at the positions head ... head + count - 1,
 * without a gap. A key without elements does not exist.
 *
 * A command looks a key up, changes what lies under its id and its `count` and `head`, and calls
 * store_key_save(), which inserts, updates or removes the row (cache_internal.h). A key whose time
 * is over is not found; a command that writes removes it first.
 */
#ifndef STORE_KEYS_INTERNAL_H
#define STORE_KEYS_INTERNAL_H

#include "store/commands_internal.h"

enum key_type { KEY_NONE, KEY_STRING, KEY_LIST, KEY_SET, KEY_SORTED_SET, KEY_HASH, KEY_TYPES };

#define KEY_NEVER INT64_MAX /* expires_ms of a key that stays */

struct key {
	struct str name;
	int64_t id;
	enum key_type type; /* KEY_NONE: there is none */
	int64_t expires_ms; /* Unix time */
	int64_t count;      /* elements; 0 for strings */
	int64_t head;       /* position of a list's first item */
	/* All of a list's, and as the command does with them: the one or the other, or neither. */
	bool has_items_in_rows, has_items_in_tail;
	struct cached_key *cached;
};

/* "string", "list" ...: the answer of TYPE. */
struct str store_key_type_name(enum key_type type);

bool store_keys_open(struct store *store, struct str path, struct error *error);

bool store_key_find(struct call *call, struct str name, struct key *key);
/* Like store_key_find; *value: NULL is allowed, set for strings, lies in the call's arena. */
bool store_key_find_value(struct call *call, struct str name, struct key *key, struct str *value);
/* False with the reply set when there is a key of another type. An absent key has count 0. */
bool store_key_look_up(struct call *call, struct str name, enum key_type type, struct key *key);
/* Makes an absent key one of that type; its row comes with store_key_save(). */
void store_key_begin(struct call *call, struct key *key, enum key_type type);
void store_key_save(struct call *call, struct key *key);
/* What lies under its id has changed; its count and head need not have. */
void store_key_touched(struct store *store, const struct cached_key *cached);
/* Writes a string, whatever was there before; the key as found. */
void store_key_save_value(struct call *call, struct key *key, struct str value, int64_t expires_ms);
void store_key_set_expiry(struct call *call, struct key *key, int64_t expires_ms);
void store_key_remove(struct store *store, struct key *key);                /* then there is none */
void store_key_rename(struct call *call, struct key *key, struct str name); /* to an absent one */
void store_keys_remove_all(struct store *store, int database);
int64_t store_keys_last_id(struct store *store); /* the largest id in use */

#endif
