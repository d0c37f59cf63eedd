#include "store/cache_internal.h"

#include <stdlib.h>
#include <string.h>

#include "base/bug.h"
#include "base/limits.h"
#include "base/map.h"
#include "store/list_tail_internal.h"

#define CACHE_BYTES_PER_KEY (sizeof(struct cached_key) + 96) /* with the map's entry */

/* What is logged is read again when a store is opened. A row takes some 2.5 us to write. */
#define LOGGED_KEYS_MAX 8192
#define LOGGED_BYTES_MAX ((size_t)8 * 1024 * 1024)
#define SWEEP_KEYS 256
/* Of a queue that is worked off: its items will have left before they need rows. */
#define TAIL_BYTES_KEPT ((size_t)1024 * 1024)
/* Of a list that is changed elsewhere than at its ends: each of its entries tells all of it. */
#define REWRITTEN_ITEMS_MAX 128
#define REWRITTEN_BYTES_MAX ((size_t)32 * 1024)
#define ENTRIES_BYTES_KEPT ((size_t)1024 * 1024)

/* A value that was long and is short now gives its memory back. */
#define VALUE_BYTES_KEPT 64

void cache_open(struct store *store)
{
	for (int i = 0; i < STORE_DATABASES; i++)
		store->cache.databases[i] = map_create(0);
	list_init(&store->cache.recent);
	list_init(&store->cache.dirty);
	list_init(&store->cache.behind);
	list_init(&store->cache.written);
	strbuf_init(&store->cache.entries, LIMIT_STORE_CACHE_BYTES);
	store->cache.bytes_max = LIMIT_STORE_CACHE_BYTES;
	store->cache.logged_count_max = LOGGED_KEYS_MAX;
	store->cache.logged_bytes_max = LOGGED_BYTES_MAX;
	store->cache.sweep_keys = SWEEP_KEYS;
	store->cache.must_replay = true;
}

static size_t bytes_of(const struct cached_key *cached)
{
	return CACHE_BYTES_PER_KEY + 2 * cached->name.size + cached->value_capacity;
}

static void cached_free(struct store *store, struct cached_key *cached)
{
	store->cache.bytes -= bytes_of(cached);
	list_remove(&cached->recent);
	list_remove(&cached->dirty);
	store->cache.logged_count -= cached->is_logged ? 1 : 0;
	map_remove(store->cache.databases[cached->database], cached->name);
	free(cached->value);
	free(cached);
}

void cache_clear(struct store *store)
{
	struct list_link *link;

	while ((link = list_first(&store->cache.recent)) != NULL)
		cached_free(store, LIST_ENTRY(link, struct cached_key, recent));
	store->cache.must_flush = false;
	store->cache.must_replay = true;
	store->cache.sweep_to = 0;
}

void cache_forget(struct store *store, int database)
{
	LIST_EACH (link, &store->cache.recent) {
		struct cached_key *cached = LIST_ENTRY(link, struct cached_key, recent);

		if (cached->database == database)
			cached_free(store, cached);
	}
}

void cache_close(struct store *store)
{
	cache_clear(store);
	BUG_IF(store->cache.bytes != 0);
	strbuf_free(&store->cache.entries);
	for (int i = 0; i < STORE_DATABASES; i++)
		map_destroy(store->cache.databases[i]);
}

/* Reading. */

static struct cached_key *cached_create(struct store *store, int database, struct str name)
{
	struct cached_key *cached = memory_alloc(sizeof *cached + name.size);
	char *copy = (char *)(cached + 1);

	if (name.size > 0)
		memcpy(copy, name.data, name.size);
	cached->name = str_of(copy, name.size);
	cached->database = database;
	cached->expires_ms = KEY_NEVER;
	map_put(store->cache.databases[database], cached->name, cached);
	list_append(&store->cache.recent, &cached->recent);
	store->cache.bytes += bytes_of(cached);
	return cached;
}

static void bind_name(struct query *query, const struct cached_key *cached)
{
	store_query_int(query, cached->database);
	store_query_text(query, cached->name);
}

/* Items stand without a gap. */
static void load_ends(struct store *store, struct cached_key *cached)
{
	struct query query = store_query_start(store, STATEMENT_ITEMS_ENDS);

	store_query_int(&query, cached->id);
	if (store_query_row(&query)) {
		cached->head = store_query_column_int(&query, 0);
		cached->count = store_query_column_int(&query, 1) - cached->head + 1;
		cached->rows_from = cached->head;
		cached->rows_to = cached->head + cached->count;
	}
	store_query_end(&query);
}

static void load(struct store *store, struct cached_key *cached)
{
	struct query query = store_query_start(store, STATEMENT_KEY_FIND);

	bind_name(&query, cached);
	cached->has_row = store_query_row(&query);
	if (!cached->has_row)
		return;
	cached->id = store_query_column_int(&query, 0);
	cached->type = (enum key_type)store_query_column_int(&query, 1);
	if (!store_query_column_is_null(&query, 2))
		cached->expires_ms = store_query_column_int(&query, 2);
	cached->count = store_query_column_int(&query, 3);
	if (cached->type == KEY_STRING)
		cache_set_value(store, cached, store_query_column_text(&query, 4));
	store_query_end(&query);
	if (cached->type == KEY_LIST)
		load_ends(store, cached);
}

/* Entries that cannot be read are a file that cannot be used. */
static void replay(struct store *store)
{
	struct query query = store_query_start(store, STATEMENT_CHANGES_ALL);

	store->cache.must_replay = false;
	store->cache.logged_bytes = 0;
	while (store_query_row(&query)) {
		struct str entries = store_query_column_text(&query, 1);

		store->cache.sequence = store_query_column_int(&query, 0);
		store->cache.logged_bytes += entries.size;
		if (!log_replay(store, entries))
			store_fail(store, "a row of changes is damaged");
	}
	store->cache.must_replay = store->has_failed;
}

struct cached_key *cache_find(struct store *store, int database, struct str name)
{
	struct cached_key *cached;

	if (store->cache.must_replay && !store->has_failed)
		replay(store);
	cached = map_get(store->cache.databases[database], name);
	if (cached == NULL) {
		cached = cached_create(store, database, name);
		load(store, cached);
		return cached;
	}
	list_remove(&cached->recent);
	list_append(&store->cache.recent, &cached->recent);
	return cached;
}

struct str cache_value(const struct cached_key *cached)
{
	return str_of(cached->value, cached->value_size);
}

/* Changing. */

void cache_reserve_value(struct store *store, struct cached_key *cached, size_t capacity)
{
	store->cache.bytes += capacity - cached->value_capacity;
	cached->value_capacity = capacity;
	cached->value = memory_resize(cached->value, capacity);
}

void cache_set_value(struct store *store, struct cached_key *cached, struct str value)
{
	if (value.size > cached->value_capacity ||
	    (cached->value_capacity > VALUE_BYTES_KEPT && value.size < VALUE_BYTES_KEPT))
		cache_reserve_value(store, cached, value.size);
	if (value.size > 0)
		memcpy(cached->value, value.data, value.size);
	cached->value_size = value.size;
}

void cache_changed(struct store *store, struct cached_key *cached, unsigned changes)
{
	statements_begin(store);
	store_key_touched(store, cached);
	cached->changes |= changes;
	if (cached->is_dirty)
		return;
	cached->is_dirty = true;
	list_remove(&cached->dirty);
	list_append(&store->cache.dirty, &cached->dirty);
}

void cache_is_behind(struct store *store, struct cached_key *cached)
{
	store->cache.logged_count += cached->is_logged ? 0 : 1;
	cached->is_logged = true;
	cached->logged_in = store->cache.sequence;
	cached->is_dirty = false;
	list_remove(&cached->dirty);
	list_append(&store->cache.behind, &cached->dirty);
}

/* Writing. */

static void bind_expiry(struct query *query, const struct cached_key *cached)
{
	if (cached->expires_ms == KEY_NEVER)
		store_query_null(query);
	else
		store_query_int(query, cached->expires_ms);
}

static void delete_row(struct store *store, struct cached_key *cached)
{
	struct query query = store_query_start(store, STATEMENT_KEY_DELETE);

	bind_name(&query, cached);
	store_query_run(&query);
	cached->has_row = false;
}

static void insert_row(struct store *store, struct cached_key *cached)
{
	struct query query = store_query_start(store, STATEMENT_KEY_INSERT);

	bind_name(&query, cached);
	store_query_int(&query, cached->id);
	store_query_int(&query, (int64_t)cached->type);
	bind_expiry(&query, cached);
	store_query_int(&query, cached->type == KEY_LIST ? 0 : cached->count);
	if (cached->type == KEY_STRING)
		store_query_text(&query, cache_value(cached));
	else
		store_query_null(&query);
	store_query_run(&query);
	cached->has_row = true;
}

static void update_count(struct store *store, const struct cached_key *cached)
{
	struct query query = store_query_start(store, STATEMENT_KEY_SET_COUNT);

	bind_name(&query, cached);
	store_query_int(&query, cached->count);
	store_query_run(&query);
}

static void update_row(struct store *store, const struct cached_key *cached)
{
	bool has_value = (cached->changes & CACHE_VALUE) != 0;
	bool has_expiry = (cached->changes & CACHE_EXPIRY) != 0;
	struct query query;

	if ((cached->changes & CACHE_COUNT) != 0)
		update_count(store, cached);
	if (!has_value && !has_expiry)
		return;
	query = store_query_start(store, !has_expiry ? STATEMENT_KEY_SET_VALUE
					 : has_value ? STATEMENT_KEY_SET_VALUE_AND_EXPIRY
						     : STATEMENT_KEY_SET_EXPIRY);
	bind_name(&query, cached);
	if (has_value)
		store_query_text(&query, cache_value(cached));
	if (has_expiry)
		bind_expiry(&query, cached);
	store_query_run(&query);
}

static void write_tail(struct store *store, struct cached_key *cached)
{
	int64_t position = list_tail_from(cached, cached->head);
	size_t at = cached->tail_at;
	struct str item;

	while (list_tail_next(cached, &at, &item)) {
		struct query query = store_query_start(store, STATEMENT_ITEM_INSERT);

		store_query_int(&query, cached->id);
		store_query_int(&query, position++);
		store_query_text(&query, item);
		store_query_run(&query);
	}
	list_tail_clear(cached);
}

static void delete_items_that_left(struct store *store, const struct cached_key *cached)
{
	struct query query;

	if (cached->rows_from >= cached->head || cached->rows_from >= cached->rows_to)
		return;
	query = store_query_start(store, STATEMENT_ITEMS_DELETE_RANGE);
	store_query_int(&query, cached->id);
	store_query_int(&query, cached->rows_from);
	store_query_int(&query, cached->head);
	store_query_run(&query);
}

static void write_items(struct store *store, struct cached_key *cached)
{
	delete_items_that_left(store, cached);
	write_tail(store, cached);
	cached->rows_from = cached->head;
	cached->rows_to = cached->head + cached->count;
}

void cache_write_items(struct store *store, struct cached_key *cached)
{
	store->cache.must_flush = store->cache.must_flush || cached->is_logged;
	write_items(store, cached);
}

static void load_rows(struct store *store, struct cached_key *cached)
{
	struct query query = store_query_start(store, STATEMENT_ITEMS_RANGE_DOWN);

	store_query_int(&query, cached->id);
	store_query_int(&query, cached->head);
	store_query_int(&query, cached->rows_to);
	while (store_query_row(&query))
		list_tail_push_front(store, cached, store_query_column_text(&query, 0));
	query = store_query_start(store, STATEMENT_ITEMS_DELETE_KEY);
	store_query_int(&query, cached->id);
	store_query_run(&query);
}

bool cache_load_items(struct store *store, struct cached_key *cached)
{
	if (cached->count > REWRITTEN_ITEMS_MAX ||
	    cached->value_size - cached->tail_at > REWRITTEN_BYTES_MAX)
		return false;
	if (cached->rows_from < cached->rows_to)
		load_rows(store, cached);
	cached->rows_from = cached->rows_to = cached->head;
	cached->is_rewritten = true;
	return true;
}

static void write_row(struct store *store, struct cached_key *cached)
{
	if (cached->has_row && (cached->changes & CACHE_KEY) != 0)
		delete_row(store, cached);
	if (cached->has_row)
		update_row(store, cached);
	else if (cached->type != KEY_NONE)
		insert_row(store, cached);
	if (cached->type == KEY_LIST)
		write_items(store, cached);
	cached->changes = 0;
	cached->is_dirty = false;
	list_remove(&cached->dirty);
}

static void delete_rows_of(struct store *store, struct list_link *changed)
{
	LIST_EACH (at, changed) {
		struct cached_key *cached = LIST_ENTRY(at, struct cached_key, dirty);

		if (cached->has_row && (cached->changes & CACHE_KEY) != 0)
			delete_row(store, cached);
	}
}

static void write_rows_of(struct store *store, struct list_link *changed)
{
	struct list_link *link;

	while ((link = list_first(changed)) != NULL) {
		struct cached_key *cached = LIST_ENTRY(link, struct cached_key, dirty);

		cached->is_logged = false;
		write_row(store, cached);
	}
}

/* Nothing is logged about those whose rows are new. */
static void end_sweep(struct store *store)
{
	struct list_link *link;

	while ((link = list_take_first(&store->cache.written)) != NULL) {
		LIST_ENTRY(link, struct cached_key, dirty)->is_logged = false;
		store->cache.logged_count--;
	}
	store->cache.sweep_to = 0;
}

static void forget_changes(struct store *store)
{
	struct query query;

	if (store->cache.logged_bytes == 0)
		return;
	query = store_query_start(store, STATEMENT_CHANGES_DELETE_ALL);
	store_query_run(&query);
	store->cache.logged_bytes = 0;
}

/* Rows that go make room first: a renamed key keeps its id, which only one row may have. */
void cache_flush(struct store *store)
{
	struct cache *cache = &store->cache;

	if (cache->must_replay && !store->has_failed)
		replay(store);
	end_sweep(store);
	delete_rows_of(store, &cache->behind);
	delete_rows_of(store, &cache->dirty);
	write_rows_of(store, &cache->behind);
	write_rows_of(store, &cache->dirty);
	cache->logged_count = 0;
	cache->must_flush = false;
	forget_changes(store);
}

/* One row for what the round did. */

/* Nothing about it is in `changes`, nor needs to be. */
static bool is_in_rows(const struct cached_key *cached)
{
	if (cached->is_logged)
		return false;
	return !log_has_entry(cached) || (cached->type == KEY_NONE && !cached->has_row) ||
	       (cached->type == KEY_LIST && cached->rows_from == cached->head &&
		cached->rows_to == cached->head + cached->count);
}

/* False when entries cannot tell it. */
static bool log_changed(struct store *store)
{
	LIST_EACH (at, &store->cache.dirty) {
		struct cached_key *cached = LIST_ENTRY(at, struct cached_key, dirty);

		if (is_in_rows(cached)) {
			write_row(store, cached);
			continue;
		}
		if (!log_has_entry(cached))
			return false;
		log_add(store, cached);
		cache_is_behind(store, cached);
	}
	return true;
}

static void write_entries(struct store *store)
{
	struct strbuf *entries = &store->cache.entries;
	struct query query;

	if (entries->size == 0)
		return;
	query = store_query_start(store, STATEMENT_CHANGES_INSERT);
	store_query_int(&query, store->cache.sequence);
	store_query_text(&query, strbuf_str(entries));
	store_query_run(&query);
	store->cache.logged_bytes += entries->size;
}

/* The rows, some in each round. */

static void sweep_list(struct store *store, struct cached_key *cached)
{
	if (cached->value_size - cached->tail_at > TAIL_BYTES_KEPT)
		write_items(store, cached);
	cached->is_rewritten = true;
	log_add(store, cached);
	cache_is_behind(store, cached);
}

static void sweep_key(struct store *store, struct cached_key *cached)
{
	if (cached->type == KEY_LIST) {
		sweep_list(store, cached);
		return;
	}
	write_row(store, cached);
	list_append(&store->cache.written, &cached->dirty);
}

static void forget_swept_changes(struct store *store)
{
	struct query query = store_query_start(store, STATEMENT_CHANGES_DELETE_UP_TO);

	store_query_int(&query, store->cache.sweep_to);
	store_query_run(&query);
	store->cache.logged_bytes -= store->cache.sweep_bytes;
	end_sweep(store);
}

static void sweep(struct store *store)
{
	struct cache *cache = &store->cache;

	if (cache->sweep_to == 0 && cache->logged_count <= cache->logged_count_max &&
	    cache->logged_bytes <= cache->logged_bytes_max)
		return;
	if (cache->sweep_to == 0) {
		cache->sweep_to = cache->sequence - 1;
		cache->sweep_bytes = cache->logged_bytes;
	}
	for (int i = 0; i < cache->sweep_keys; i++) {
		struct list_link *link = list_first(&cache->behind);
		struct cached_key *cached = LIST_ENTRY(link, struct cached_key, dirty);

		if (link == NULL || cached->logged_in > cache->sweep_to) {
			forget_swept_changes(store);
			return;
		}
		sweep_key(store, cached);
	}
}

void cache_settle(struct store *store)
{
	struct cache *cache = &store->cache;

	strbuf_clear(&cache->entries);
	cache->sequence++;
	if (cache->must_flush || !log_changed(store)) {
		cache_flush(store);
	} else {
		sweep(store);
		if (strbuf_is_full(&cache->entries))
			cache_flush(store);
		else
			write_entries(store);
	}
	if (cache->entries.capacity > ENTRIES_BYTES_KEPT)
		strbuf_free(&cache->entries);
}

bool cache_recover(struct store *store)
{
	cache_flush(store);
	return !store->in_transaction || statements_commit(store);
}

/* Some more than what is too much: each time writes all that is behind. */
void cache_trim(struct store *store)
{
	size_t bytes_wanted = store->cache.bytes_max - store->cache.bytes_max / 8;

	if (store->cache.bytes <= store->cache.bytes_max || store->has_failed)
		return;
	cache_flush(store);
	while (store->cache.bytes > bytes_wanted && !store->has_failed)
		cached_free(store, LIST_ENTRY(list_first(&store->cache.recent), struct cached_key,
					      recent));
}
