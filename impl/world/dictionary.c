#include "world/dictionary_internal.h"

#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/bug.h"
#include "world/shared_memory.h"

#define BYTES_MAX ((size_t)8 << 30) /* words are counted in 32 bits */

/* Where things are. */

static uint32_t chunks_of(size_t bytes_max)
{
	return (uint32_t)(bytes_max / CHUNK_BYTES);
}

/* A power of two: about one for each entry with a short key. */
static size_t buckets_of(size_t bytes_max)
{
	size_t buckets = CHUNK_BYTES / sizeof(uint32_t);

	while (buckets < chunks_of(bytes_max) / 2)
		buckets *= 2;
	return buckets;
}

size_t dictionary_memory_bytes(size_t bytes_max)
{
	return sizeof(struct head) + buckets_of(bytes_max) * sizeof(uint32_t) +
	       (size_t)chunks_of(bytes_max) * CHUNK_BYTES;
}

struct dictionary *dictionary_open(const struct dictionary_place *place)
{
	struct dictionary *dictionary = MEMORY_NEW(struct dictionary);
	char *memory = shared_memory_bytes(place->world, place->memory);

	BUG_IF(place->offset % CHUNK_BYTES != 0 || place->bytes_max < 2 * CHUNK_BYTES ||
	       place->bytes_max > BYTES_MAX);
	dictionary->place = *place;
	dictionary->head = (struct head *)(void *)(memory + place->offset);
	dictionary->buckets = (uint32_t *)(dictionary->head + 1);
	dictionary->bucket_mask = (uint32_t)buckets_of(place->bytes_max) - 1;
	dictionary->chunks =
		(union chunk *)(void *)(dictionary->buckets + dictionary->bucket_mask + 1) - 1;
	dictionary->chunks_max = chunks_of(place->bytes_max);
	return dictionary;
}

struct dictionary *dictionary_create(const struct dictionary_place *place, uint64_t seed)
{
	struct dictionary *dictionary = dictionary_open(place);

	dictionary->head->seed[0] = (uint32_t)seed;
	dictionary->head->seed[1] = (uint32_t)(seed >> 32);
	return dictionary;
}

void dictionary_destroy(struct dictionary *dictionary)
{
	free(dictionary);
}

static uint32_t number_of(const struct dictionary *dictionary, const struct entry *entry)
{
	return (uint32_t)((const union chunk *)(const void *)entry - dictionary->chunks);
}

/* Changes. */

static void fence(void)
{
	__atomic_signal_fence(__ATOMIC_SEQ_CST);
}

static void set(struct dictionary *dictionary, uint32_t *word, uint32_t value)
{
	struct head *head = dictionary->head;
	uint32_t count = head->notes_count;

	if (*word == value)
		return;
	BUG_IF(count >= NOTES_MAX);
	head->notes[count].word = (uint32_t)(word - (uint32_t *)head);
	head->notes[count].before = *word;
	fence();
	head->notes_count = count + 1;
	fence();
	*word = value;
}

static void set_long(struct dictionary *dictionary, uint32_t *words, int64_t value)
{
	set(dictionary, &words[0], (uint32_t)(uint64_t)value);
	set(dictionary, &words[1], (uint32_t)((uint64_t)value >> 32));
}

static void complete(struct dictionary *dictionary)
{
	fence();
	dictionary->head->notes_count = 0;
	fence();
}

/* The latest first: a word may have been noted twice. May itself be cut short, and done again. */
static void undo(struct dictionary *dictionary)
{
	struct head *head = dictionary->head;

	while (head->notes_count > 0) {
		struct note note = head->notes[head->notes_count - 1];

		((uint32_t *)head)[note.word] = note.before;
		fence();
		head->notes_count--;
		fence();
	}
}

void dictionary_hold(struct dictionary *dictionary)
{
	const struct dictionary_place *place = &dictionary->place;

	if (dictionary->holds++ > 0)
		return;
	shared_memory_lock(place->world, place->memory, place->lock);
	if (dictionary->head->notes_count > 0)
		undo(dictionary);
}

void dictionary_let_go(struct dictionary *dictionary)
{
	const struct dictionary_place *place = &dictionary->place;

	BUG_IF(dictionary->holds == 0 || dictionary->head->notes_count > 0);
	if (--dictionary->holds == 0)
		shared_memory_unlock(place->world, place->memory, place->lock);
}

/* Finding. */

struct dictionary_value dictionary_entry_value(const struct entry *entry)
{
	struct dictionary_value value;

	for (size_t i = 0; i < DICTIONARY_NUMBERS; i++)
		value.numbers[i] = long_of(&entry->numbers[2 * i]);
	return value;
}

bool dictionary_entry_has_prefix(const struct dictionary *dictionary, const struct entry *entry,
				 struct str prefix)
{
	uint32_t number = entry->next;

	if (entry->key_bytes < prefix.size)
		return false;
	while (prefix.size > 0) {
		const struct key_chunk *chunk = &dictionary->chunks[number].key;
		size_t piece = prefix.size < KEY_BYTES ? prefix.size : KEY_BYTES;

		if (memcmp(chunk->bytes, prefix.data, piece) != 0)
			return false;
		prefix = str_skip(prefix, piece);
		number = chunk->next;
	}
	return true;
}

static uint32_t hash_of(const struct dictionary *dictionary, struct str key)
{
	const uint32_t *seed = dictionary->head->seed;
	uint64_t hash = str_hash(key, (uint64_t)seed[1] << 32 | seed[0]);

	return (uint32_t)(hash ^ hash >> 32);
}

static struct entry *find(struct dictionary *dictionary, struct str key, uint32_t hash)
{
	uint32_t number = dictionary->buckets[hash & dictionary->bucket_mask];

	while (number != 0) {
		struct entry *entry = entry_at(dictionary, number);

		if (entry->hash == hash && entry->key_bytes == key.size &&
		    dictionary_entry_has_prefix(dictionary, entry, key))
			return entry;
		number = entry->chain;
	}
	return NULL;
}

/* Use: a list from the oldest to the newest. */

static void use_end(struct dictionary *dictionary, struct entry *entry)
{
	struct head *head = dictionary->head;

	set(dictionary,
	    entry->older != 0 ? &entry_at(dictionary, entry->older)->newer : &head->oldest,
	    entry->newer);
	set(dictionary,
	    entry->newer != 0 ? &entry_at(dictionary, entry->newer)->older : &head->newest,
	    entry->older);
}

static void use_begin(struct dictionary *dictionary, struct entry *entry)
{
	struct head *head = dictionary->head;
	uint32_t number = number_of(dictionary, entry);

	set(dictionary, &entry->older, head->newest);
	set(dictionary, &entry->newer, 0);
	set(dictionary,
	    head->newest != 0 ? &entry_at(dictionary, head->newest)->newer : &head->oldest, number);
	set(dictionary, &head->newest, number);
}

static void use(struct dictionary *dictionary, struct entry *entry)
{
	if (dictionary->head->newest == number_of(dictionary, entry))
		return;
	use_end(dictionary, entry);
	use_begin(dictionary, entry);
}

/* Entries come and go. */

static void drop(struct dictionary *dictionary, struct entry *entry)
{
	struct head *head = dictionary->head;
	uint32_t number = number_of(dictionary, entry);
	uint32_t *link = &dictionary->buckets[entry->hash & dictionary->bucket_mask];

	while (*link != number)
		link = &entry_at(dictionary, *link)->chain;
	set(dictionary, link, entry->chain);
	use_end(dictionary, entry);
	set(dictionary, &entry->is_entry, 0);
	set(dictionary, &dictionary->chunks[entry->last].key.next, head->free);
	set(dictionary, &head->free, number);
	set(dictionary, &head->used, head->used - chunks_for(entry->key_bytes));
	set(dictionary, &head->count, head->count - 1);
	complete(dictionary);
}

/* So many chunks are on the free list afterwards, if need be from those never used. */
static void provide(struct dictionary *dictionary, uint32_t wanted)
{
	struct head *head = dictionary->head;
	uint32_t at_hand = head->fresh - head->used;
	uint32_t missing = wanted > at_hand ? wanted - at_hand : 0;

	if (missing == 0)
		return;
	for (uint32_t i = 1; i <= missing; i++) {
		struct key_chunk *chunk = &dictionary->chunks[head->fresh + i].key;

		chunk->next = i < missing ? head->fresh + i + 1 : head->free;
		chunk->is_entry = 0;
	}
	set(dictionary, &head->free, head->fresh + 1);
	set(dictionary, &head->fresh, head->fresh + missing);
	complete(dictionary);
}

/* `spared` stays. */
static bool make_room(struct dictionary *dictionary, uint32_t wanted)
{
	struct head *head = dictionary->head;

	if (wanted > dictionary->chunks_max)
		return false;
	while (dictionary->chunks_max - head->used < wanted) {
		if (dictionary->place.keeps)
			return false;
		drop(dictionary, entry_at(dictionary, head->oldest));
	}
	provide(dictionary, wanted);
	return true;
}

/* The key's bytes; the number of the last chunk. */
static uint32_t write_key(struct dictionary *dictionary, struct entry *entry, struct str key)
{
	uint32_t last = number_of(dictionary, entry);

	while (key.size > 0) {
		size_t piece = key.size < KEY_BYTES ? key.size : KEY_BYTES;

		last = dictionary->chunks[last].key.next;
		memcpy(dictionary->chunks[last].key.bytes, key.data, piece);
		key = str_skip(key, piece);
	}
	return last;
}

/* The first chunks of the free list as they hang together. Its numbers and expiry are the caller's
 * to set, and complete() too. NULL: there is no room. */
static struct entry *create(struct dictionary *dictionary, struct str key, uint32_t hash)
{
	struct head *head = dictionary->head;
	uint32_t *bucket = &dictionary->buckets[hash & dictionary->bucket_mask];
	struct entry *entry;
	uint32_t number;

	if (!make_room(dictionary, chunks_for(key.size)))
		return NULL;
	number = head->free;
	entry = entry_at(dictionary, number);
	entry->key_bytes = (uint32_t)key.size;
	entry->hash = hash;
	entry->last = write_key(dictionary, entry, key);
	set(dictionary, &head->free, dictionary->chunks[entry->last].key.next);
	set(dictionary, &dictionary->chunks[entry->last].key.next, 0);
	set(dictionary, &entry->chain, *bucket);
	set(dictionary, bucket, number);
	use_begin(dictionary, entry);
	set(dictionary, &entry->is_entry, 1);
	set(dictionary, &head->used, head->used + chunks_for(key.size));
	set(dictionary, &head->count, head->count + 1);
	return entry;
}

/* The functions. */

/* What has expired is dropped on the way. */
static struct entry *find_good(struct dictionary *dictionary, struct str key, uint32_t hash,
			       int64_t now_us)
{
	struct entry *entry = find(dictionary, key, hash);

	if (entry == NULL || is_good(entry, now_us))
		return entry;
	drop(dictionary, entry);
	return NULL;
}

bool dictionary_get(struct dictionary *dictionary, struct str key, int64_t now_us,
		    struct dictionary_value *value)
{
	struct entry *entry;

	dictionary_hold(dictionary);
	entry = find_good(dictionary, key, hash_of(dictionary, key), now_us);
	if (entry != NULL) {
		use(dictionary, entry);
		complete(dictionary);
		*value = dictionary_entry_value(entry);
	}
	dictionary_let_go(dictionary);
	return entry != NULL;
}

/* entry NULL: there is none under the key. */
static bool put(struct dictionary *dictionary, struct entry *entry, struct str key, uint32_t hash,
		struct dictionary_value value, int64_t expires_us)
{
	if (entry != NULL)
		use(dictionary, entry);
	else
		entry = create(dictionary, key, hash);
	if (entry == NULL)
		return false;
	for (size_t i = 0; i < DICTIONARY_NUMBERS; i++)
		set_long(dictionary, &entry->numbers[2 * i], value.numbers[i]);
	set_long(dictionary, entry->expires_us, expires_us);
	complete(dictionary);
	return true;
}

bool dictionary_put(struct dictionary *dictionary, struct str key, struct dictionary_value value,
		    int64_t expires_us)
{
	uint32_t hash = hash_of(dictionary, key);
	bool is_put;

	dictionary_hold(dictionary);
	is_put = put(dictionary, find(dictionary, key, hash), key, hash, value, expires_us);
	dictionary_let_go(dictionary);
	return is_put;
}

bool dictionary_add(struct dictionary *dictionary, struct str key, int64_t delta,
		    int64_t expires_us, int64_t now_us)
{
	uint32_t hash = hash_of(dictionary, key);
	struct dictionary_value value = {{0}};
	struct entry *entry;
	bool is_put;

	dictionary_hold(dictionary);
	entry = find_good(dictionary, key, hash, now_us);
	if (entry != NULL)
		value = dictionary_entry_value(entry);
	value.numbers[0] = (int64_t)((uint64_t)value.numbers[0] + (uint64_t)delta);
	is_put = put(dictionary, entry, key, hash, value, expires_us);
	dictionary_let_go(dictionary);
	return is_put;
}

bool dictionary_adjust(struct dictionary *dictionary, struct str key, int64_t delta, int64_t now_us)
{
	struct entry *entry;

	dictionary_hold(dictionary);
	entry = find_good(dictionary, key, hash_of(dictionary, key), now_us);
	if (entry != NULL) {
		use(dictionary, entry);
		set_long(dictionary, entry->numbers,
			 (int64_t)((uint64_t)long_of(entry->numbers) + (uint64_t)delta));
		complete(dictionary);
	}
	dictionary_let_go(dictionary);
	return entry != NULL;
}

bool dictionary_take(struct dictionary *dictionary, struct str key, int64_t now_us,
		     struct dictionary_value *value)
{
	struct entry *entry;
	bool is_there;

	dictionary_hold(dictionary);
	entry = find(dictionary, key, hash_of(dictionary, key));
	is_there = entry != NULL && is_good(entry, now_us);
	if (is_there)
		*value = dictionary_entry_value(entry);
	if (entry != NULL)
		drop(dictionary, entry);
	dictionary_let_go(dictionary);
	return is_there;
}

void dictionary_remove(struct dictionary *dictionary, struct str key)
{
	struct dictionary_value value;

	dictionary_take(dictionary, key, INT64_MIN, &value);
}

/* Figures. */

size_t dictionary_count(struct dictionary *dictionary)
{
	size_t count;

	dictionary_hold(dictionary);
	count = dictionary->head->count;
	dictionary_let_go(dictionary);
	return count;
}

size_t dictionary_bytes(struct dictionary *dictionary)
{
	size_t bytes;

	dictionary_hold(dictionary);
	bytes = (size_t)dictionary->head->used * CHUNK_BYTES;
	dictionary_let_go(dictionary);
	return bytes;
}
