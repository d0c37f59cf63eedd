#include "gateway/shared_stores.h"

#include <stdbool.h>
#include <stdlib.h>

#include "base/arena.h"
#include "world/dictionary.h"
#include "world/shared_memory.h"

#define MIB ((size_t)1024 * 1024)
#define BOARD_LOCK STORES
#define LOCKS (STORES + 1)

/* The capacities of the reference (section 8). Reports are not dropped for others. */
static const struct {
	size_t bytes_max;
	bool keeps;
} table[STORES] = {
	[STORE_AUTHORIZATIONS] = {10 * MIB, false},
	[STORE_BATCHED_AUTHS] = {MIB, false},
	[STORE_BATCHED_REPORTS] = {MIB, true},
	[STORE_LIMITS] = {MIB, false},
};

struct shared_stores {
	struct world *world;
	struct shared_memory *memory;
	struct dictionary *dictionaries[STORES];
};

/* The dictionaries one behind the other, then the board. */
static size_t offset_of(size_t store)
{
	size_t offset = 0;

	for (size_t i = 0; i < store; i++)
		offset += dictionary_memory_bytes(table[i].bytes_max);
	return offset;
}

static size_t all_bytes(void)
{
	return offset_of(STORES) + SHARED_METRICS_BYTES;
}

static struct dictionary_place place_of(const struct shared_stores *stores, size_t store)
{
	return (struct dictionary_place){
		.world = stores->world,
		.memory = stores->memory,
		.offset = offset_of(store),
		.lock = store,
		.bytes_max = table[store].bytes_max,
		.keeps = table[store].keeps,
	};
}

/* memory NULL: NULL. seed NULL: another process made the dictionaries. */
static struct shared_stores *stores_over(struct world *world, struct shared_memory *memory,
					 const uint64_t *seed)
{
	struct shared_stores *stores;

	if (memory == NULL)
		return NULL;
	stores = MEMORY_NEW(struct shared_stores);
	stores->world = world;
	stores->memory = memory;
	for (size_t i = 0; i < STORES; i++) {
		struct dictionary_place place = place_of(stores, i);

		stores->dictionaries[i] =
			seed != NULL ? dictionary_create(&place, *seed) : dictionary_open(&place);
	}
	return stores;
}

struct shared_stores *shared_stores_create(struct world *world, uint64_t seed, struct error *error)
{
	return stores_over(world, shared_memory_create(world, all_bytes(), LOCKS, error), &seed);
}

struct shared_stores *shared_stores_inherit(struct world *world, struct error *error)
{
	return stores_over(world, shared_memory_inherit(world, all_bytes(), LOCKS, error), NULL);
}

void shared_stores_destroy(struct shared_stores *stores)
{
	if (stores == NULL)
		return;
	for (size_t i = 0; i < STORES; i++)
		dictionary_destroy(stores->dictionaries[i]);
	shared_memory_release(stores->world, stores->memory);
	free(stores);
}

struct shared_memory *shared_stores_memory(const struct shared_stores *stores)
{
	return stores->memory;
}

struct dictionary *shared_stores_dictionary(const struct shared_stores *stores,
					    enum shared_store store)
{
	return stores->dictionaries[store];
}

size_t shared_stores_capacity(enum shared_store store)
{
	return table[store].bytes_max;
}

struct metrics_board *shared_stores_board(const struct shared_stores *stores)
{
	char *bytes = shared_memory_bytes(stores->world, stores->memory);

	return (struct metrics_board *)(void *)(bytes + offset_of(STORES));
}

void shared_stores_lock_board(const struct shared_stores *stores)
{
	shared_memory_lock(stores->world, stores->memory, BOARD_LOCK);
}

void shared_stores_unlock_board(const struct shared_stores *stores)
{
	shared_memory_unlock(stores->world, stores->memory, BOARD_LOCK);
}
