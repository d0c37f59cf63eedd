#include "gateway/batched_auths.h"

#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/list.h"
#include "base/map.h"
#include "gateway/batched_reports.h"

/* What an entry takes besides its key, map entry included. */
#define ENTRY_BYTES 160

struct entry {
	struct list_link recent;
	struct str key; /* in the same memory, as the usages */
	int64_t expires_us;
	struct batched_auth auth;
	struct batched_usage usages[];
};

struct batched_auths {
	struct map *entries;
	struct list_link recent; /* least recently used first */
	size_t bytes, bytes_max;
};

struct batched_auths *batched_auths_create(size_t bytes_max, uint64_t seed)
{
	struct batched_auths *auths = MEMORY_NEW(struct batched_auths);

	auths->entries = map_create(seed);
	auths->bytes_max = bytes_max;
	list_init(&auths->recent);
	return auths;
}

static size_t entry_bytes(const struct entry *entry)
{
	return ENTRY_BYTES + 2 * entry->key.size + entry->auth.count * sizeof *entry->usages;
}

static void entry_drop(struct batched_auths *auths, struct entry *entry)
{
	map_remove(auths->entries, entry->key);
	list_remove(&entry->recent);
	auths->bytes -= entry_bytes(entry);
	for (size_t i = 0; i < entry->auth.count; i++)
		batched_row_release(entry->usages[i].row);
	free(entry);
}

void batched_auths_destroy(struct batched_auths *auths)
{
	if (auths == NULL)
		return;
	LIST_EACH (link, &auths->recent)
		entry_drop(auths, LIST_ENTRY(link, struct entry, recent));
	map_destroy(auths->entries);
	free(auths);
}

size_t batched_auths_bytes(const struct batched_auths *auths)
{
	return auths->bytes;
}

const struct batched_auth *batched_auths_find(struct batched_auths *auths, struct str key,
					      int64_t now_us)
{
	struct entry *entry = map_get(auths->entries, key);

	if (entry == NULL)
		return NULL;
	if (entry->expires_us <= now_us) {
		entry_drop(auths, entry);
		return NULL;
	}
	list_remove(&entry->recent);
	list_append(&auths->recent, &entry->recent);
	return &entry->auth;
}

void batched_auths_put(struct batched_auths *auths, struct str key, struct batched_auth auth,
		       int64_t expires_us)
{
	struct entry *entry = map_get(auths->entries, key);
	size_t usages_bytes = auth.count * sizeof *auth.usages;
	char *text;

	if (entry != NULL)
		entry_drop(auths, entry);
	entry = memory_alloc(sizeof *entry + usages_bytes + key.size);
	if (usages_bytes > 0)
		memcpy(entry->usages, auth.usages, usages_bytes);
	text = (char *)entry->usages + usages_bytes;
	memcpy(text, key.data, key.size);
	entry->key = str_of(text, key.size);
	entry->expires_us = expires_us;
	entry->auth = auth;
	entry->auth.usages = entry->usages;
	map_put(auths->entries, entry->key, entry);
	list_append(&auths->recent, &entry->recent);
	auths->bytes += entry_bytes(entry);
	while (auths->bytes > auths->bytes_max)
		entry_drop(auths, LIST_ENTRY(list_first(&auths->recent), struct entry, recent));
}
