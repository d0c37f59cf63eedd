#include "gateway/auth_cache.h"

#include <stdlib.h>

#include "base/arena.h"
#include "base/list.h"
#include "base/map.h"

/* What an entry takes besides its key, map entry included. */
#define ENTRY_BYTES 128

struct entry {
	struct list_link recent;
	struct str key; /* in the same memory, behind the struct */
	int status;
	int64_t expires_us;
};

struct auth_cache {
	struct map *entries;
	struct list_link recent; /* least recently used first */
	size_t bytes, bytes_max;
};

struct auth_cache *auth_cache_create(size_t bytes_max, uint64_t seed)
{
	struct auth_cache *cache = MEMORY_NEW(struct auth_cache);

	cache->entries = map_create(seed);
	cache->bytes_max = bytes_max;
	list_init(&cache->recent);
	return cache;
}

static void entry_drop(struct auth_cache *cache, struct entry *entry)
{
	map_remove(cache->entries, entry->key);
	list_remove(&entry->recent);
	cache->bytes -= 2 * entry->key.size + ENTRY_BYTES;
	free(entry);
}

void auth_cache_destroy(struct auth_cache *cache)
{
	if (cache == NULL)
		return;
	LIST_EACH (link, &cache->recent)
		free(LIST_ENTRY(link, struct entry, recent));
	map_destroy(cache->entries);
	free(cache);
}

size_t auth_cache_bytes(const struct auth_cache *cache)
{
	return cache->bytes;
}

size_t auth_cache_count(const struct auth_cache *cache)
{
	return map_count(cache->entries);
}

static void entry_use(struct auth_cache *cache, struct entry *entry)
{
	list_remove(&entry->recent);
	list_append(&cache->recent, &entry->recent);
}

int auth_cache_get(struct auth_cache *cache, struct str key, int64_t now_us)
{
	struct entry *entry = map_get(cache->entries, key);

	if (entry == NULL)
		return 0;
	if (entry->expires_us <= now_us) {
		entry_drop(cache, entry);
		return 0;
	}
	entry_use(cache, entry);
	return entry->status;
}

static struct entry *entry_create(struct auth_cache *cache, struct str key)
{
	struct entry *entry = memory_alloc(sizeof *entry + key.size);
	char *copy = (char *)(entry + 1);

	for (size_t i = 0; i < key.size; i++)
		copy[i] = key.data[i];
	entry->key = str_of(copy, key.size);
	map_put(cache->entries, entry->key, entry);
	list_append(&cache->recent, &entry->recent);
	cache->bytes += 2 * key.size + ENTRY_BYTES;
	return entry;
}

void auth_cache_put(struct auth_cache *cache, struct str key, int status, int64_t expires_us,
		    int64_t now_us)
{
	struct entry *entry = map_get(cache->entries, key);

	if (expires_us <= now_us) {
		auth_cache_remove(cache, key);
		return;
	}
	if (entry == NULL)
		entry = entry_create(cache, key);
	else
		entry_use(cache, entry);
	entry->status = status;
	entry->expires_us = expires_us;
	while (cache->bytes > cache->bytes_max)
		entry_drop(cache, LIST_ENTRY(list_first(&cache->recent), struct entry, recent));
}

void auth_cache_remove(struct auth_cache *cache, struct str key)
{
	struct entry *entry = map_get(cache->entries, key);

	if (entry != NULL)
		entry_drop(cache, entry);
}

bool cache_handler_from_name(struct str name, enum cache_handler *handler)
{
	static const struct str names[] = {
		[CACHE_HANDLER_STRICT] = STR_INIT("strict"),
		[CACHE_HANDLER_RESILIENT] = STR_INIT("resilient"),
		[CACHE_HANDLER_ALLOW] = STR_INIT("allow"),
		[CACHE_HANDLER_NONE] = STR_INIT("none"),
	};

	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		if (str_equal(name, names[i])) {
			*handler = (enum cache_handler)i;
			return true;
		}
	}
	return false;
}

enum reaction { KEEP, STORE, STORE_OK_UNLESS_KNOWN, DELETE };
enum outcome { OUTCOME_OK, OUTCOME_REFUSED, OUTCOME_NO_ANSWER, OUTCOMES };

/* The table of 4.7. */
static const enum reaction reactions[][OUTCOMES] = {
	[CACHE_HANDLER_STRICT] = {STORE, DELETE, DELETE},
	[CACHE_HANDLER_RESILIENT] = {STORE, STORE, KEEP},
	[CACHE_HANDLER_ALLOW] = {STORE, STORE, STORE_OK_UNLESS_KNOWN},
	[CACHE_HANDLER_NONE] = {KEEP, KEEP, KEEP},
};

enum cache_change auth_cache_update(struct auth_cache *cache, enum cache_handler handler,
				    struct str key, int status, int64_t expires_us, int64_t now_us)
{
	enum outcome outcome = status == 200                                     ? OUTCOME_OK
			       : status == AUTH_CACHE_NO_ANSWER || status >= 499 ? OUTCOME_NO_ANSWER
										 : OUTCOME_REFUSED;
	int known = auth_cache_get(cache, key, now_us);

	switch (reactions[handler][outcome]) {
	case KEEP:
		return CACHE_UNCHANGED;
	case STORE:
		if (known == status && expires_us == AUTH_CACHE_FOR_EVER)
			return CACHE_UNCHANGED;
		auth_cache_put(cache, key, status, expires_us, now_us);
		return CACHE_WRITTEN;
	case STORE_OK_UNLESS_KNOWN:
		if (known != 0)
			return CACHE_UNCHANGED;
		auth_cache_put(cache, key, 200, expires_us, now_us);
		return CACHE_WRITTEN;
	case DELETE:
		auth_cache_remove(cache, key);
		return CACHE_DELETED;
	}
	return CACHE_UNCHANGED;
}
