#include "gateway/limit_counters.h"

#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/list.h"
#include "base/map.h"

/* What an entry takes besides its key, map entry included. */
#define ENTRY_BYTES 144

struct entry {
	struct list_link recent;
	struct str key; /* in the same memory, behind the struct */
	struct limit_counter counter;
	int64_t expires_us;
};

struct limit_counters {
	struct map *entries;
	struct list_link recent; /* least recently used first */
	size_t bytes, bytes_max;
};

struct limit_counters *limit_counters_create(size_t bytes_max, uint64_t seed)
{
	struct limit_counters *counters = MEMORY_NEW(struct limit_counters);

	counters->entries = map_create(seed);
	counters->bytes_max = bytes_max;
	list_init(&counters->recent);
	return counters;
}

void limit_counters_destroy(struct limit_counters *counters)
{
	if (counters == NULL)
		return;
	LIST_EACH (link, &counters->recent)
		free(LIST_ENTRY(link, struct entry, recent));
	map_destroy(counters->entries);
	free(counters);
}

size_t limit_counters_bytes(const struct limit_counters *counters)
{
	return counters->bytes;
}

static void entry_drop(struct limit_counters *counters, struct entry *entry)
{
	map_remove(counters->entries, entry->key);
	list_remove(&entry->recent);
	counters->bytes -= 2 * entry->key.size + ENTRY_BYTES;
	free(entry);
}

static struct entry *find(struct limit_counters *counters, struct str key, int64_t now_us)
{
	struct entry *entry = map_get(counters->entries, key);

	if (entry == NULL || entry->expires_us > now_us)
		return entry;
	entry_drop(counters, entry);
	return NULL;
}

struct limit_counter limit_counters_get(struct limit_counters *counters, struct str key,
					int64_t now_us)
{
	struct entry *entry = find(counters, key, now_us);

	return entry != NULL ? entry->counter : (struct limit_counter){0};
}

static struct entry *entry_create(struct limit_counters *counters, struct str key)
{
	struct entry *entry = memory_alloc(sizeof *entry + key.size);

	memcpy(entry + 1, key.data, key.size);
	entry->key = str_of((const char *)(entry + 1), key.size);
	map_put(counters->entries, entry->key, entry);
	counters->bytes += 2 * key.size + ENTRY_BYTES;
	return entry;
}

void limit_counters_put(struct limit_counters *counters, struct str key,
			struct limit_counter counter, int64_t expires_us)
{
	struct entry *entry = map_get(counters->entries, key);

	if (entry == NULL)
		entry = entry_create(counters, key);
	else
		list_remove(&entry->recent);
	list_append(&counters->recent, &entry->recent);
	entry->counter = counter;
	entry->expires_us = expires_us;
	while (counters->bytes > counters->bytes_max)
		entry_drop(counters,
			   LIST_ENTRY(list_first(&counters->recent), struct entry, recent));
}

void limit_counters_give_back(struct limit_counters *counters, struct str key, int64_t now_us)
{
	struct entry *entry = find(counters, key, now_us);

	if (entry != NULL && entry->counter.count > 0)
		entry->counter.count--;
}
