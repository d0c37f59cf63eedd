#include "gateway/resolver.h"

#include <stdlib.h>

#include "base/arena.h"
#include "base/json.h"
#include "base/map.h"
#include "base/url.h"
#include "base/utc.h"
#include "world/clock.h"
#include "world/files.h"

#define NAMES_MAX 1000
#define SEARCH_MAX 6
#define TTL_MAX_S (INT64_C(10) * 365 * 86400)
#define RESOLV_CONF "/etc/resolv.conf"
#define RESOLV_CONF_BYTES_MAX (64 * 1024)

struct resolver {
	struct world *world;
	struct arena *arena;
	struct str first_server;
	struct str search[SEARCH_MAX];
	size_t search_count;
	struct map *entries;
	struct list_link recent; /* least recently used first */
};

struct entry {
	struct list_link recent;
	struct resolver *resolver;
	struct str name;       /* in `names`, with room for the longest search domain */
	struct arena *answers; /* what the last good answer said */
	struct dns_record *records;
	size_t count, cursor;
	int64_t expires_us;
	/* A question under way. */
	struct dns_query *query;
	size_t tried;      /* search domains tried so far */
	bool asks_system;  /* the first server did not answer */
	bool is_answering; /* those who waited are being told */
	struct list_link waiting;
};

static void entry_ask(struct entry *entry);

/* Lines "search a b" of resolv.conf; the last one counts. */
static void read_search_list(struct resolver *resolver)
{
	struct str content, line, word, rest;

	if (!files_read(resolver->world, STR(RESOLV_CONF), RESOLV_CONF_BYTES_MAX, resolver->arena,
			&content, NULL))
		return;
	while (str_next_field(&content, '\n', &line)) {
		if (!str_has_prefix(line, STR("search ")) && !str_has_prefix(line, STR("search\t")))
			continue;
		resolver->search_count = 0;
		rest = str_skip(line, 7);
		while (str_next_field(&rest, ' ', &word) && resolver->search_count < SEARCH_MAX) {
			if (str_trim(word).size > 0)
				resolver->search[resolver->search_count++] = str_trim(word);
		}
	}
}

struct resolver *resolver_create(struct world *world, struct str first_server)
{
	struct resolver *resolver = MEMORY_NEW(struct resolver);

	resolver->world = world;
	resolver->arena = arena_create();
	resolver->first_server = first_server;
	resolver->entries = map_create(world_chance(world));
	list_init(&resolver->recent);
	read_search_list(resolver);
	return resolver;
}

static void entry_drop(struct entry *entry)
{
	if (entry->query != NULL)
		dns_cancel(entry->resolver->world, entry->query);
	list_remove(&entry->recent);
	map_remove(entry->resolver->entries, entry->name);
	arena_destroy(entry->answers);
	free(entry);
}

void resolver_destroy(struct resolver *resolver)
{
	if (resolver == NULL)
		return;
	LIST_EACH (link, &resolver->recent)
		entry_drop(LIST_ENTRY(link, struct entry, recent));
	map_destroy(resolver->entries);
	arena_destroy(resolver->arena);
	free(resolver);
}

/* The next address in turn. */
static struct str entry_pick(struct entry *entry)
{
	return entry->records[entry->cursor++ % entry->count].address;
}

static void entry_keep(struct entry *entry, const struct dns_record *records, size_t count)
{
	int64_t ttl_s = TTL_MAX_S;

	arena_reset(entry->answers);
	entry->records = ARENA_ARRAY(entry->answers, struct dns_record, count);
	for (size_t i = 0; i < count; i++) {
		entry->records[i] = (struct dns_record){
			str_copy(entry->answers, records[i].address), records[i].ttl_s};
		if (records[i].ttl_s < ttl_s)
			ttl_s = records[i].ttl_s;
	}
	if (entry->count == 0)
		entry->cursor = (size_t)(world_chance(entry->resolver->world) % count);
	entry->count = count;
	entry->expires_us = world_monotonic_us(entry->resolver->world) + ttl_s * UTC_SECOND_US;
}

/* Tells everybody who waited. Callbacks may ask for this very name again. */
static void entry_answer(struct entry *entry, enum dns_status status)
{
	struct list_link told, *link;

	entry->is_answering = true;
	list_init(&told);
	while ((link = list_take_first(&entry->waiting)) != NULL)
		list_append(&told, link);
	while ((link = list_take_first(&told)) != NULL) {
		struct resolver_wait *wait = LIST_ENTRY(link, struct resolver_wait, link);

		wait->done(status, status == DNS_OK ? entry_pick(entry) : STR(""), wait->data);
	}
	entry->is_answering = false;
	if (entry->count == 0 && entry->query == NULL)
		entry_drop(entry);
}

static void entry_answered(enum dns_status status, const struct dns_record *records, size_t count,
			   void *data)
{
	struct entry *entry = data;
	bool has_system = entry->resolver->first_server.size > 0;

	entry->query = NULL;
	if (status == DNS_OK && count > 0) {
		entry_keep(entry, records, count);
	} else if (status == DNS_NOT_FOUND && entry->tried < entry->resolver->search_count) {
		entry->tried++;
		entry_ask(entry);
		return;
	} else if (status != DNS_NOT_FOUND && has_system && !entry->asks_system) {
		entry->asks_system = true;
		entry_ask(entry);
		return;
	} else if (status == DNS_OK) {
		status = DNS_NOT_FOUND;
	}
	entry_answer(entry, status);
}

static void entry_ask(struct entry *entry)
{
	struct resolver *resolver = entry->resolver;
	struct arena *scratch = arena_create();
	struct dns_question question = {.name = entry->name};

	if (entry->tried > 0)
		question.name = STR_CONCAT(scratch, entry->name, STR("."),
					   resolver->search[entry->tried - 1]);
	if (resolver->first_server.size > 0 && !entry->asks_system) {
		question.servers = &resolver->first_server;
		question.servers_count = 1;
	}
	entry->query = dns_resolve(resolver->world, &question, entry_answered, entry);
	arena_destroy(scratch);
}

/* Forgets the least recently used name that nobody waits for. */
static void make_room(struct resolver *resolver)
{
	if (map_count(resolver->entries) < NAMES_MAX)
		return;
	LIST_EACH (link, &resolver->recent) {
		struct entry *entry = LIST_ENTRY(link, struct entry, recent);

		if (entry->query == NULL && !entry->is_answering) {
			entry_drop(entry);
			return;
		}
	}
}

static struct entry *entry_create(struct resolver *resolver, struct str name)
{
	struct entry *entry;
	char *copy;

	make_room(resolver);
	entry = memory_alloc(sizeof *entry + name.size);
	copy = (char *)(entry + 1);
	for (size_t i = 0; i < name.size; i++)
		copy[i] = name.data[i];
	entry->resolver = resolver;
	entry->name = str_of(copy, name.size);
	entry->answers = arena_create();
	list_init(&entry->waiting);
	list_append(&resolver->recent, &entry->recent);
	map_put(resolver->entries, entry->name, entry);
	return entry;
}

bool resolver_find(struct resolver *resolver, struct str name, struct str *address,
		   struct resolver_wait *wait, resolver_done *done, void *data)
{
	struct entry *entry;

	if (url_host_is_ip(name)) {
		*address = name;
		return true;
	}
	entry = map_get(resolver->entries, name);
	if (entry == NULL)
		entry = entry_create(resolver, name);
	list_remove(&entry->recent);
	list_append(&resolver->recent, &entry->recent);
	if (entry->count > 0 &&
	    (entry->query != NULL || entry->expires_us > world_monotonic_us(resolver->world))) {
		*address = entry_pick(entry);
		return true;
	}
	*wait = (struct resolver_wait){.done = done, .data = data};
	list_append(&entry->waiting, &wait->link);
	if (entry->query == NULL) {
		entry->tried = 0;
		entry->asks_system = false;
		entry_ask(entry);
	}
	return false;
}

void resolver_stop(struct resolver_wait *wait)
{
	if (list_is_linked(&wait->link))
		list_remove(&wait->link);
}

static struct json *record_json(const struct entry *entry, size_t index, struct arena *arena)
{
	struct json *object = json_new(arena, JSON_OBJECT);

	json_set(object, STR("address"), json_new_str(arena, entry->records[index].address));
	json_set(object, STR("type"), json_new_int(arena, 1));
	json_set(object, STR("class"), json_new_int(arena, 1));
	json_set(object, STR("section"), json_new_int(arena, 1));
	json_set(object, STR("name"), json_new_str(arena, entry->name));
	json_set(object, STR("ttl"), json_new_int(arena, entry->records[index].ttl_s));
	return object;
}

struct json *resolver_json(const struct resolver *resolver, struct arena *arena)
{
	struct json *object = json_new(arena, JSON_OBJECT);
	int64_t now_us = world_monotonic_us(resolver->world);

	LIST_EACH (link, &resolver->recent) {
		const struct entry *entry = LIST_ENTRY(link, struct entry, recent);
		struct json *item = json_new(arena, JSON_OBJECT);
		struct json *value = json_new(arena, JSON_OBJECT);
		struct json *left = json_new(arena, JSON_NUMBER);

		for (size_t i = 0; i < entry->count; i++)
			json_set(value, str_format(arena, "%zu", i + 1),
				 record_json(entry, i, arena));
		if (entry->count == 0)
			continue;
		json_set(value, STR("name"), json_new_str(arena, entry->name));
		json_set(value, STR("ttl"), json_new_int(arena, entry->records[0].ttl_s));
		left->text = str_format(arena, "%.2f",
					(double)(entry->expires_us - now_us) / UTC_SECOND_US);
		json_set(item, STR("value"), value);
		json_set(item, STR("expires_in"), left);
		json_set(object, entry->name, item);
	}
	return object;
}
