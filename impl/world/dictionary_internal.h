/* The parts of the dictionary: dictionary.c changes it, dictionary_walk.c goes through its entries,
 * dictionary_check.c looks whether it is sound.
 *
 * The memory: a head, the buckets of the hash, the chunks. All of it is 32-bit words, links are
 * numbers of chunks (0: none), so that it means the same in every process. Zeros are an empty
 * dictionary: nothing is written before it is needed.
 *
 * A word that a change overwrites is noted in the head before, and the notes are dropped when the
 * change is complete. A dead process' notes are undone by the next. That needs no more than that
 * the process wrote in the order of its program: fences of the compiler's, not of the processor's.
 * What is written to free chunks needs no notes, except the links between them.
 */
#ifndef WORLD_DICTIONARY_INTERNAL_H
#define WORLD_DICTIONARY_INTERNAL_H

#include "world/dictionary.h"

#define CHUNK_BYTES 64
#define KEY_BYTES 56 /* of a chunk */
#define NOTES_MAX 32 /* no change overwrites more words */

struct note {
	uint32_t word, before;
};

struct head {
	uint32_t seed[2];
	uint32_t count;          /* entries */
	uint32_t used;           /* chunks of entries */
	uint32_t fresh;          /* chunks that were never used begin behind it */
	uint32_t free;           /* a list of those that were */
	uint32_t oldest, newest; /* by use */
	uint32_t notes_count;
	uint32_t nothing[7];
	struct note notes[NOTES_MAX];
};

/* An entry's first chunk. */
struct entry {
	uint32_t next; /* the key's first chunk, or of free ones the next */
	uint32_t is_entry;
	uint32_t chain; /* the next in the bucket */
	uint32_t older, newer;
	uint32_t hash;
	uint32_t key_bytes;
	uint32_t last; /* the last chunk of the entry */
	uint32_t expires_us[2];
	uint32_t numbers[2 * DICTIONARY_NUMBERS];
};

struct key_chunk {
	uint32_t next, is_entry;
	char bytes[KEY_BYTES];
};

union chunk {
	struct entry entry;
	struct key_chunk key;
};

_Static_assert(sizeof(union chunk) == CHUNK_BYTES, "a chunk");
_Static_assert(sizeof(struct head) % CHUNK_BYTES == 0, "chunks are aligned");

struct dictionary {
	struct dictionary_place place;
	struct head *head;
	uint32_t *buckets;
	union chunk *chunks; /* from 1 */
	uint32_t bucket_mask, chunks_max;
	size_t holds;
};

static inline struct entry *entry_at(const struct dictionary *dictionary, uint32_t number)
{
	return &dictionary->chunks[number].entry;
}

static inline uint32_t chunks_for(size_t key_bytes)
{
	return 1 + (uint32_t)((key_bytes + KEY_BYTES - 1) / KEY_BYTES);
}

static inline int64_t long_of(const uint32_t *words)
{
	return (int64_t)((uint64_t)words[1] << 32 | words[0]);
}

static inline bool is_good(const struct entry *entry, int64_t now_us)
{
	return long_of(entry->expires_us) > now_us;
}

/* dictionary.c: what the entry holds; whether its key begins so. */
struct dictionary_value dictionary_entry_value(const struct entry *entry);
bool dictionary_entry_has_prefix(const struct dictionary *dictionary, const struct entry *entry,
				 struct str prefix);

#endif
