#include "base/map.h"

#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/bug.h"

/* Entries stand in the order of insertion; an index of open addressing (linear probing, at most
 * half full) finds them by hash. A removed entry leaves a hole until the entries are packed. */
struct entry {
	struct str key; /* owned */
	void *value;    /* NULL in a hole */
	uint64_t hash;
	size_t serial; /* 1, 2, 3 ... over the life of the map; keeps a cursor's place when packed
			*/
};

struct map {
	uint64_t seed;
	struct entry *entries;
	size_t used, capacity; /* holes count as used */
	size_t first;          /* no entry below it is alive */
	size_t count;          /* alive */
	size_t next_serial;
	uint32_t *slots; /* entry number + 1; 0 = free */
	size_t slot_mask;
};

#define SLOTS_FIRST 16

struct map *map_create(uint64_t seed)
{
	struct map *map = MEMORY_NEW(struct map);

	map->seed = seed;
	map->next_serial = 1;
	return map;
}

void map_clear(struct map *map)
{
	for (size_t i = map->first; i < map->used; i++) {
		if (map->entries[i].value != NULL)
			free((void *)(uintptr_t)map->entries[i].key.data);
	}
	map->used = map->first = map->count = 0;
	if (map->slots != NULL)
		memset(map->slots, 0, (map->slot_mask + 1) * sizeof *map->slots);
}

void map_destroy(struct map *map)
{
	if (map == NULL)
		return;
	map_clear(map);
	free(map->entries);
	free(map->slots);
	free(map);
}

size_t map_count(const struct map *map)
{
	return map->count;
}

/* The slot that holds the key, or the free slot where it would go. */
static size_t find_slot(const struct map *map, struct str key, uint64_t hash)
{
	size_t slot = hash & map->slot_mask;

	for (; map->slots[slot] != 0; slot = (slot + 1) & map->slot_mask) {
		const struct entry *entry = &map->entries[map->slots[slot] - 1];

		if (entry->hash == hash && str_equal(entry->key, key))
			break;
	}
	return slot;
}

static struct entry *find_entry(const struct map *map, struct str key, size_t *slot)
{
	if (map->count == 0)
		return NULL;
	*slot = find_slot(map, key, str_hash(key, map->seed));
	return map->slots[*slot] != 0 ? &map->entries[map->slots[*slot] - 1] : NULL;
}

void *map_get(const struct map *map, struct str key)
{
	size_t slot;
	const struct entry *entry = find_entry(map, key, &slot);

	return entry != NULL ? entry->value : NULL;
}

static void fill_slots(struct map *map)
{
	memset(map->slots, 0, (map->slot_mask + 1) * sizeof *map->slots);
	for (size_t i = 0; i < map->used; i++) {
		size_t slot = map->entries[i].hash & map->slot_mask;

		while (map->slots[slot] != 0)
			slot = (slot + 1) & map->slot_mask;
		map->slots[slot] = (uint32_t)(i + 1);
	}
}

static void pack_entries(struct map *map)
{
	size_t kept = 0;

	for (size_t i = map->first; i < map->used; i++) {
		if (map->entries[i].value != NULL)
			map->entries[kept++] = map->entries[i];
	}
	map->used = kept;
	map->first = 0;
}

/* Room for one more entry: by packing when at least a quarter are holes, else by doubling. */
static void make_room(struct map *map)
{
	size_t slots = map->slots != NULL ? map->slot_mask + 1 : SLOTS_FIRST / 2;

	if (map->used < map->capacity)
		return;
	if (map->count > map->capacity / 4 * 3 || map->capacity == 0) {
		BUG_IF(slots > UINT32_MAX / 2);
		slots *= 2;
		map->capacity = slots / 2;
		map->entries = memory_resize(map->entries, map->capacity * sizeof *map->entries);
		map->slots = memory_resize(map->slots, slots * sizeof *map->slots);
		map->slot_mask = slots - 1;
	}
	pack_entries(map);
	fill_slots(map);
}

static struct str key_copy(struct str key)
{
	char *data = memory_alloc(key.size);

	if (key.size > 0)
		memcpy(data, key.data, key.size);
	return str_of(data, key.size);
}

void *map_put(struct map *map, struct str key, void *value)
{
	uint64_t hash = str_hash(key, map->seed);
	size_t slot;

	BUG_IF(value == NULL);
	if (map->count > 0) {
		slot = find_slot(map, key, hash);
		if (map->slots[slot] != 0) {
			struct entry *entry = &map->entries[map->slots[slot] - 1];
			void *before = entry->value;

			entry->value = value;
			return before;
		}
	}
	make_room(map);
	slot = find_slot(map, key, hash);
	map->entries[map->used++] = (struct entry){key_copy(key), value, hash, map->next_serial++};
	map->slots[slot] = (uint32_t)map->used;
	map->count++;
	return NULL;
}

/* Frees a slot and closes the gap, so that probing never meets a tombstone. */
static void free_slot(struct map *map, size_t gap)
{
	size_t slot = gap;

	for (;;) {
		size_t home;

		slot = (slot + 1) & map->slot_mask;
		if (map->slots[slot] == 0)
			break;
		home = map->entries[map->slots[slot] - 1].hash & map->slot_mask;
		if (((slot - home) & map->slot_mask) >= ((slot - gap) & map->slot_mask)) {
			map->slots[gap] = map->slots[slot];
			gap = slot;
		}
	}
	map->slots[gap] = 0;
}

void *map_remove(struct map *map, struct str key)
{
	size_t slot;
	struct entry *entry = find_entry(map, key, &slot);
	void *value;

	if (entry == NULL)
		return NULL;
	value = entry->value;
	free_slot(map, slot);
	free((void *)(uintptr_t)entry->key.data);
	entry->key = str_of(NULL, 0);
	entry->value = NULL;
	map->count--;
	while (map->first < map->used && map->entries[map->first].value == NULL)
		map->first++;
	while (map->used > map->first && map->entries[map->used - 1].value == NULL)
		map->used--;
	return value;
}

/* The first entry with at least this serial number. */
static size_t seek(const struct map *map, size_t serial)
{
	size_t low = map->first, high = map->used;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (map->entries[middle].serial < serial)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

bool map_next(const struct map *map, struct map_cursor *cursor)
{
	size_t at = cursor->index;

	/* Right unless entries were packed, removed or cleared since the last step. */
	if (at < map->first || at >= map->used || map->entries[at].serial < cursor->position ||
	    (at > map->first && map->entries[at - 1].serial >= cursor->position))
		at = seek(map, cursor->position);
	while (at < map->used && map->entries[at].value == NULL)
		at++;
	if (at == map->used)
		return false;
	cursor->index = at + 1;
	cursor->position = map->entries[at].serial + 1;
	cursor->key = map->entries[at].key;
	cursor->value = map->entries[at].value;
	return true;
}
