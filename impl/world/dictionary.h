/* A dictionary in shared memory (shared_memory.h): keys of any bytes -> three numbers, for all
 * processes that hold the memory. What one has put all others get.
 *
 * Capacity: the bytes given at creation are cut into chunks of 64. An entry takes one for its
 * numbers and one for each 56 bytes of its key, and nothing else is taken from them. When they run
 * out, a dictionary that evicts drops its least recently used entries; one that keeps refuses new
 * ones.
 *
 * Expiry: microseconds on the monotonic clock, which is the same for all processes of a machine. An
 * entry that has expired is not there any more, though its chunks are until somebody asks for it or
 * the room is needed.
 *
 * Processes: every function locks the dictionary for as long as it runs. Between dictionary_hold()
 * and dictionary_let_go() nobody else sees what lies between several of them. A process that dies
 * inside one, at whatever instruction, leaves what it overwrote in the memory: the next who comes
 * takes the unfinished change back, so each function happens as a whole or not at all. (A held
 * dictionary keeps those that were finished.)
 *
 * Order: nothing depends on addresses or on the hash. Entries are walked in the order of their
 * chunks, which follows from what was done before.
 *
 * dictionary_create() by one process in memory that nobody used, dictionary_open() by others with
 * the same place .. dictionary_destroy() of each: that leaves the memory as it is.
 */
#ifndef WORLD_DICTIONARY_H
#define WORLD_DICTIONARY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/str.h"

struct arena;
struct dictionary;
struct shared_memory;
struct world;

#define DICTIONARY_FOR_EVER INT64_MAX
#define DICTIONARY_NUMBERS 3

struct dictionary_value {
	int64_t numbers[DICTIONARY_NUMBERS];
};

struct dictionary_place {
	struct world *world;
	struct shared_memory *memory;
	size_t offset, lock; /* in the memory: where it begins, a multiple of 64; its lock */
	size_t bytes_max;    /* the capacity: at least 128, at most 8 GiB */
	bool keeps;          /* refuses rather than evicts */
};

/* How much of the memory it takes, with its index: a multiple of 64. */
size_t dictionary_memory_bytes(size_t bytes_max);

struct dictionary *dictionary_create(const struct dictionary_place *place, uint64_t seed);
struct dictionary *dictionary_open(const struct dictionary_place *place);
void dictionary_destroy(struct dictionary *dictionary); /* NULL is allowed */

/* False: there is no such entry; *value is untouched. What was got is the most recently used. */
bool dictionary_get(struct dictionary *dictionary, struct str key, int64_t now_us,
		    struct dictionary_value *value);
/* Adds or replaces. False: there is no room, and what there was under the key is as before. */
bool dictionary_put(struct dictionary *dictionary, struct str key, struct dictionary_value value,
		    int64_t expires_us);
/* Adds to the first number of an entry, which begins with 0 when there was none, and renews its
 * expiry. False: there is no room for a new one. The sum wraps. */
bool dictionary_add(struct dictionary *dictionary, struct str key, int64_t delta,
		    int64_t expires_us, int64_t now_us);
/* The same to an entry that is there, whose expiry stays. False: there is none. */
bool dictionary_adjust(struct dictionary *dictionary, struct str key, int64_t delta,
		       int64_t now_us);
/* Removes it and says what it was. False: there was none, or none that was good. */
bool dictionary_take(struct dictionary *dictionary, struct str key, int64_t now_us,
		     struct dictionary_value *value);
void dictionary_remove(struct dictionary *dictionary, struct str key); /* a missing one is fine */

/* May be nested. Never across turns. */
void dictionary_hold(struct dictionary *dictionary);
void dictionary_let_go(struct dictionary *dictionary);

/* A walk; zeroed at first. */
struct dictionary_cursor {
	uint32_t chunk;
	struct str key; /* of the arena given */
	struct dictionary_value value;
};

/* The next entry whose key begins so. Others may change the dictionary meanwhile: an entry that is
 * there all the time comes exactly once, one that comes or goes may or may not. Locked in pieces: a
 * long walk keeps nobody waiting. The entry may be taken away by whoever walks. */
bool dictionary_next(struct dictionary *dictionary, struct dictionary_cursor *cursor,
		     struct str prefix, int64_t now_us, struct arena *arena);

/* With those that have expired and are not gone yet. */
size_t dictionary_count(struct dictionary *dictionary);
size_t dictionary_bytes(struct dictionary *dictionary);
/* For tests: whether all of it fits together. */
bool dictionary_is_sound(struct dictionary *dictionary);

#endif
