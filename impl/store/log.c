/* Entries of `changes`: what strings and lists were after a round, to be read again when the
 * process ended before their rows were written. Numbers are written as SQLite keeps them on every
 * machine: most significant byte first.
 */
#include "base/bug.h"
#include "store/list_tail_internal.h"

/* kind, database, name, then by kind: nothing, id expires value, or id expires head end rows_from
 * rows_to is_rewritten and, each, the items since the last entry about the list, or all of its
 * tail. */
enum entry_kind { ENTRY_GONE, ENTRY_STRING, ENTRY_LIST };

bool log_has_entry(const struct cached_key *cached)
{
	return cached->type == KEY_NONE || cached->type == KEY_STRING || cached->type == KEY_LIST;
}

/* Writing. */

static void add_number(struct strbuf *out, int64_t number)
{
	char bytes[8];

	for (int i = 0; i < 8; i++)
		bytes[i] = (char)((uint64_t)number >> (56 - 8 * i));
	strbuf_append(out, str_of(bytes, sizeof bytes));
}

static void add_text(struct strbuf *out, struct str text)
{
	add_number(out, (int64_t)text.size);
	strbuf_append(out, text);
}

static void add_items(struct strbuf *out, struct cached_key *cached)
{
	size_t at = cached->is_rewritten ? cached->tail_at : cached->logged_at;
	struct str item;

	add_number(out, cached->head);
	add_number(out, cached->head + cached->count);
	add_number(out, cached->rows_from);
	add_number(out, cached->rows_to);
	strbuf_append_char(out, cached->is_rewritten ? 1 : 0);
	while (list_tail_next(cached, &at, &item)) {
		strbuf_append_char(out, 1);
		add_text(out, item);
	}
	strbuf_append_char(out, 0);
	cached->logged_at = at;
	cached->is_rewritten = false;
}

void log_add(struct store *store, struct cached_key *cached)
{
	struct strbuf *out = &store->cache.entries;
	enum entry_kind kind = cached->type == KEY_NONE     ? ENTRY_GONE
			       : cached->type == KEY_STRING ? ENTRY_STRING
							    : ENTRY_LIST;

	strbuf_append_char(out, (char)kind);
	strbuf_append_char(out, (char)cached->database);
	add_text(out, cached->name);
	if (kind == ENTRY_GONE)
		return;
	add_number(out, cached->id);
	add_number(out, cached->expires_ms);
	if (kind == ENTRY_STRING)
		add_text(out, cache_value(cached));
	else
		add_items(out, cached);
}

/* Reading. Each returns false when the rest is too short. */

static bool take_byte(struct str *rest, unsigned *byte)
{
	if (rest->size == 0)
		return false;
	*byte = (unsigned char)rest->data[0];
	*rest = str_skip(*rest, 1);
	return true;
}

static bool take_number(struct str *rest, int64_t *number)
{
	uint64_t value = 0;

	if (rest->size < 8)
		return false;
	for (int i = 0; i < 8; i++)
		value = value << 8 | (unsigned char)rest->data[i];
	*number = (int64_t)value;
	*rest = str_skip(*rest, 8);
	return true;
}

static bool take_text(struct str *rest, struct str *text)
{
	int64_t size;

	if (!take_number(rest, &size) || size < 0 || (uint64_t)size > rest->size)
		return false;
	*text = str_slice(*rest, 0, (size_t)size);
	*rest = str_skip(*rest, (size_t)size);
	return true;
}

static void become(struct store *store, struct cached_key *cached, enum key_type type, int64_t id,
		   int64_t expires_ms)
{
	if (cached->type != type || cached->id != id) {
		cached->changes |= CACHE_KEY;
		cached->type = type;
		cached->id = id;
		list_tail_clear(cached);
	}
	cached->expires_ms = expires_ms;
	if (id > store->last_id)
		store->last_id = id;
}

static bool replay_string(struct store *store, struct cached_key *cached, struct str *rest)
{
	int64_t id, expires_ms;
	struct str value;

	if (!take_number(rest, &id) || !take_number(rest, &expires_ms) || !take_text(rest, &value))
		return false;
	become(store, cached, KEY_STRING, id, expires_ms);
	cached->changes |= CACHE_VALUE | CACHE_EXPIRY;
	cache_set_value(store, cached, value);
	return true;
}

static bool replay_items(struct store *store, struct cached_key *cached, struct str *rest)
{
	unsigned has_item;
	struct str item;

	while (take_byte(rest, &has_item)) {
		if (has_item == 0)
			return true;
		if (!take_text(rest, &item))
			return false;
		list_tail_push(store, cached, item);
	}
	return false;
}

static bool replay_list(struct store *store, struct cached_key *cached, struct str *rest)
{
	int64_t id, expires_ms, head, end, old_head;
	unsigned is_rewritten;

	if (!take_number(rest, &id) || !take_number(rest, &expires_ms) ||
	    !take_number(rest, &head) || !take_number(rest, &end))
		return false;
	become(store, cached, KEY_LIST, id, expires_ms);
	cached->changes |= CACHE_ITEMS | CACHE_EXPIRY;
	old_head = cached->head;
	if (!take_number(rest, &cached->rows_from) || !take_number(rest, &cached->rows_to) ||
	    !take_byte(rest, &is_rewritten))
		return false;
	if (is_rewritten != 0)
		list_tail_clear(cached);
	else
		list_tail_drop(cached, old_head, head);
	cached->head = head;
	cached->count = end - head;
	if (!replay_items(store, cached, rest))
		return false;
	cached->logged_at = cached->value_size;
	return true;
}

static bool replay_gone(struct store *store, struct cached_key *cached, struct str *rest)
{
	(void)rest;
	become(store, cached, KEY_NONE, 0, KEY_NEVER);
	cached->count = cached->head = cached->rows_from = cached->rows_to = 0;
	cache_set_value(store, cached, STR(""));
	return true;
}

bool log_replay(struct store *store, struct str entries)
{
	static bool (*const replay[])(struct store *, struct cached_key *, struct str *) = {
		[ENTRY_GONE] = replay_gone,
		[ENTRY_STRING] = replay_string,
		[ENTRY_LIST] = replay_list,
	};

	while (entries.size > 0) {
		unsigned kind, database;
		struct cached_key *cached;
		struct str name;

		if (!take_byte(&entries, &kind) || kind > ENTRY_LIST ||
		    !take_byte(&entries, &database) || database >= STORE_DATABASES ||
		    !take_text(&entries, &name))
			return false;
		cached = cache_find(store, (int)database, name);
		if (!replay[kind](store, cached, &entries))
			return false;
		cache_is_behind(store, cached);
	}
	return true;
}
