#include "gateway/token_cache.h"

#include <stdlib.h>

#include "base/arena.h"
#include "base/list.h"
#include "base/map.h"

/* Keys, claims and bookkeeping of all entries together: many small tokens fit, few large ones. */
#define BYTES_MAX ((size_t)64 * 1024 * 1024)
#define CACHES_MAX 1000 /* as services (1.3) */
#define ENTRY_BYTES 256 /* what an entry takes besides */

struct entry {
	struct token_entry token; /* first: what the caller sees */
	size_t references;
	struct list_link recent;
	struct arena *arena;
	size_t bytes;
	struct str key; /* in the same memory, behind the struct */
};

struct token_cache {
	struct map *entries;
	struct list_link recent; /* least recently used first */
	size_t entries_max, bytes;
};

struct token_cache *token_cache_create(size_t entries_max, uint64_t seed)
{
	struct token_cache *cache = MEMORY_NEW(struct token_cache);

	cache->entries = map_create(seed);
	cache->entries_max = entries_max;
	list_init(&cache->recent);
	return cache;
}

static void entry_release(struct entry *entry)
{
	if (--entry->references > 0)
		return;
	arena_destroy(entry->arena);
	free(entry);
}

void token_entry_release(const struct token_entry *token)
{
	entry_release((struct entry *)(uintptr_t)token);
}

void token_entry_release_data(void *entry)
{
	entry_release(entry);
}

static void drop(struct token_cache *cache, struct entry *entry)
{
	map_remove(cache->entries, entry->key);
	list_remove(&entry->recent);
	cache->bytes -= entry->bytes;
	entry_release(entry);
}

static void shrink(struct token_cache *cache)
{
	while (map_count(cache->entries) > cache->entries_max || cache->bytes > BYTES_MAX)
		drop(cache, LIST_ENTRY(list_first(&cache->recent), struct entry, recent));
}

void token_cache_destroy(struct token_cache *cache)
{
	if (cache == NULL)
		return;
	LIST_EACH (link, &cache->recent)
		entry_release(LIST_ENTRY(link, struct entry, recent));
	map_destroy(cache->entries);
	free(cache);
}

void token_cache_set_max(struct token_cache *cache, size_t entries_max)
{
	cache->entries_max = entries_max;
	shrink(cache);
}

size_t token_cache_count(const struct token_cache *cache)
{
	return map_count(cache->entries);
}

const struct token_entry *token_cache_find(struct token_cache *cache, struct str key,
					   int64_t now_us)
{
	struct entry *entry = map_get(cache->entries, key);

	if (entry == NULL)
		return NULL;
	if (entry->token.expires_us <= now_us) {
		drop(cache, entry);
		return NULL;
	}
	list_remove(&entry->recent);
	list_append(&cache->recent, &entry->recent);
	entry->references++;
	return &entry->token;
}

static struct entry *entry_create(struct str key, struct token_entry token, struct arena *arena)
{
	struct entry *entry = memory_alloc(sizeof *entry + key.size);
	char *copy = (char *)(entry + 1);

	for (size_t i = 0; i < key.size; i++)
		copy[i] = key.data[i];
	entry->token = token;
	entry->references = 1;
	entry->arena = arena;
	entry->key = str_of(copy, key.size);
	entry->bytes = 2 * key.size + ENTRY_BYTES + (arena != NULL ? arena_bytes(arena) : 0);
	return entry;
}

const struct token_entry *token_cache_put(struct token_cache *cache, struct str key,
					  struct token_entry token, struct arena *arena,
					  int64_t now_us)
{
	struct entry *entry = map_get(cache->entries, key);

	if (entry != NULL)
		drop(cache, entry);
	entry = entry_create(key, token, arena);
	if (token.expires_us > now_us) {
		entry->references++;
		cache->bytes += entry->bytes;
		map_put(cache->entries, entry->key, entry);
		list_append(&cache->recent, &entry->recent);
		shrink(cache);
	}
	return &entry->token;
}

/* Caches by name. */

struct token_caches {
	struct map *caches; /* name -> struct token_cache */
	uint64_t seed;
};

struct token_caches *token_caches_create(uint64_t seed)
{
	struct token_caches *caches = MEMORY_NEW(struct token_caches);

	caches->caches = map_create(seed);
	caches->seed = seed;
	return caches;
}

void token_caches_destroy(struct token_caches *caches)
{
	struct map_cursor at = {0};

	if (caches == NULL)
		return;
	while (map_next(caches->caches, &at))
		token_cache_destroy(at.value);
	map_destroy(caches->caches);
	free(caches);
}

static void drop_oldest(struct token_caches *caches)
{
	struct map_cursor at = {0};
	struct token_cache *cache;

	if (!map_next(caches->caches, &at))
		return;
	cache = at.value;
	map_remove(caches->caches, at.key);
	token_cache_destroy(cache);
}

struct token_cache *token_caches_get(struct token_caches *caches, struct str name,
				     size_t entries_max)
{
	struct token_cache *cache = map_get(caches->caches, name);

	if (cache == NULL) {
		if (map_count(caches->caches) == CACHES_MAX)
			drop_oldest(caches);
		cache = token_cache_create(entries_max, caches->seed);
		map_put(caches->caches, name, cache);
	}
	token_cache_set_max(cache, entries_max);
	return cache;
}
