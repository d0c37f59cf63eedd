#include "gateway/config_store.h"

#include <stdlib.h>

#include "base/arena.h"
#include "base/json.h"
#include "base/list.h"
#include "base/map.h"

struct entry {
	struct list_link recent;
	struct str host; /* the version's */
	struct config *config;
	const struct host_services *services;
	int64_t expires_us;
};

struct config_store {
	struct map *hosts;
	struct list_link recent; /* least recently used first */
	size_t hosts_max;
	bool is_configured;
};

struct config_store *config_store_create(size_t hosts_max)
{
	struct config_store *store = MEMORY_NEW(struct config_store);

	store->hosts = map_create(0);
	store->hosts_max = hosts_max;
	list_init(&store->recent);
	return store;
}

static void entry_drop(struct config_store *store, struct entry *entry)
{
	map_remove(store->hosts, entry->host);
	list_remove(&entry->recent);
	config_release(entry->config);
	free(entry);
}

void config_store_clear(struct config_store *store)
{
	LIST_EACH (link, &store->recent)
		entry_drop(store, LIST_ENTRY(link, struct entry, recent));
}

void config_store_destroy(struct config_store *store)
{
	if (store == NULL)
		return;
	config_store_clear(store);
	map_destroy(store->hosts);
	free(store);
}

static void put_host(struct config_store *store, struct config *config, struct str host,
		     const struct host_services *services, int64_t expires_us)
{
	struct entry *entry = map_get(store->hosts, host);

	/* A new entry in any case: the old one's name belongs to its version. */
	if (entry != NULL)
		entry_drop(store, entry);
	entry = MEMORY_NEW(struct entry);
	*entry = (struct entry){.host = host,
				.config = config_retain(config),
				.services = services,
				.expires_us = expires_us};
	map_put(store->hosts, host, entry);
	list_append(&store->recent, &entry->recent);
	if (map_count(store->hosts) > store->hosts_max)
		entry_drop(store, LIST_ENTRY(list_first(&store->recent), struct entry, recent));
}

void config_store_put(struct config_store *store, struct config *config, int64_t expires_us,
		      bool flush)
{
	struct map_cursor at = {0};

	if (flush)
		config_store_clear(store);
	while (map_next(config->hosts, &at))
		put_host(store, config, at.key, at.value, expires_us);
	store->is_configured = true;
}

bool config_store_find(struct config_store *store, struct str host, int64_t now_us,
		       struct config_hit *hit)
{
	struct entry *entry = map_get(store->hosts, host);

	if (entry == NULL)
		return false;
	list_remove(&entry->recent);
	list_append(&store->recent, &entry->recent);
	*hit = (struct config_hit){entry->config, entry->services, entry->expires_us <= now_us};
	return true;
}

void config_store_set_configured(struct config_store *store, bool is_configured)
{
	store->is_configured = is_configured;
}

bool config_store_is_configured(const struct config_store *store)
{
	return store->is_configured;
}

/* Each service once, in the order of its first host. */
static void each_service(const struct config_store *store,
			 void (*seen)(const struct service *service, void *data), void *data)
{
	struct map *ids = map_create(0);
	struct map_cursor at = {0};

	while (map_next(store->hosts, &at)) {
		const struct entry *entry = at.value;

		for (size_t i = 0; i < entry->services->count; i++) {
			const struct service *service = entry->services->items[i];

			if (map_put(ids, service->id, entry->config) == NULL)
				seen(service, data);
		}
	}
	map_destroy(ids);
}

static void count_service(const struct service *service, void *data)
{
	(void)service;
	(*(size_t *)data)++;
}

size_t config_store_services(const struct config_store *store)
{
	size_t count = 0;

	each_service(store, count_service, &count);
	return count;
}

struct listing {
	struct json *services;
	struct arena *arena;
};

static void list_service(const struct service *service, void *data)
{
	struct listing *listing = data;

	json_append(listing->services, json_copy(listing->arena, service->original));
}

struct json *config_store_json(const struct config_store *store, struct arena *arena)
{
	struct json *object = json_new(arena, JSON_OBJECT);
	struct listing listing = {json_set(object, STR("services"), json_new(arena, JSON_ARRAY)),
				  arena};

	each_service(store, list_service, &listing);
	return object;
}
