#include "store/cache_internal.h"

#include <stdlib.h>
#include <string.h>

#include "base/bug.h"
#include "base/limits.h"
#include "base/map.h"

#define CACHE_BYTES_PER_KEY (sizeof(struct cached_key) + 96) /* with the map's entry */

/* A value that was long and is short now gives its memory back. */
#define VALUE_BYTES_KEPT 64

void cache_open(struct store *store)
{
	for (int i = 0; i < STORE_DATABASES; i++)
		store->cache.databases[i] = map_create(0);
	list_init(&store->cache.recent);
	list_init(&store->cache.dirty);
	store->cache.bytes_max = LIMIT_STORE_CACHE_BYTES;
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
	map_remove(store->cache.databases[cached->database], cached->name);
	free(cached->value);
	free(cached);
}

void cache_clear(struct store *store)
{
	struct list_link *link;

	while ((link = list_first(&store->cache.recent)) != NULL)
		cached_free(store, LIST_ENTRY(link, struct cached_key, recent));
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

/* Items stand without a gap. So a push writes nothing but its item. */
static void load_ends(struct store *store, struct cached_key *cached)
{
	struct query query = store_query_start(store, STATEMENT_ITEMS_ENDS);

	store_query_int(&query, cached->id);
	if (store_query_row(&query)) {
		cached->head = store_query_column_int(&query, 0);
		cached->count = store_query_column_int(&query, 1) - cached->head + 1;
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

struct cached_key *cache_find(struct store *store, int database, struct str name)
{
	struct cached_key *cached = map_get(store->cache.databases[database], name);

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

void cache_set_value(struct store *store, struct cached_key *cached, struct str value)
{
	if (value.size > cached->value_capacity ||
	    (cached->value_capacity > VALUE_BYTES_KEPT && value.size < VALUE_BYTES_KEPT)) {
		store->cache.bytes += value.size - cached->value_capacity;
		cached->value_capacity = value.size;
		cached->value = memory_resize(cached->value, value.size);
	}
	if (value.size > 0)
		memcpy(cached->value, value.data, value.size);
	cached->value_size = value.size;
}

void cache_changed(struct store *store, struct cached_key *cached, unsigned changes)
{
	statements_begin(store);
	store_key_touched(store, cached);
	cached->changes |= changes;
	if (!list_is_linked(&cached->dirty))
		list_append(&store->cache.dirty, &cached->dirty);
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

/* Rows that go make room first: a renamed key keeps its id, which only one row may have. */
void cache_flush(struct store *store)
{
	struct list_link *link;

	LIST_EACH (at, &store->cache.dirty) {
		struct cached_key *cached = LIST_ENTRY(at, struct cached_key, dirty);

		if (cached->has_row && (cached->changes & CACHE_KEY) != 0)
			delete_row(store, cached);
	}
	while ((link = list_take_first(&store->cache.dirty)) != NULL) {
		struct cached_key *cached = LIST_ENTRY(link, struct cached_key, dirty);

		if (cached->has_row)
			update_row(store, cached);
		else if (cached->type != KEY_NONE)
			insert_row(store, cached);
		cached->changes = 0;
	}
}

void cache_trim(struct store *store)
{
	if (store->cache.bytes <= store->cache.bytes_max || store->has_failed)
		return;
	cache_flush(store);
	while (store->cache.bytes > store->cache.bytes_max && !store->has_failed)
		cached_free(store, LIST_ENTRY(list_first(&store->cache.recent), struct cached_key,
					      recent));
}
