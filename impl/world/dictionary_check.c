/* Each figure and link is found again by another way. */
#include "world/dictionary_internal.h"

static bool key_is_sound(const struct dictionary *dictionary, uint32_t number)
{
	const struct entry *entry = entry_at(dictionary, number);
	uint32_t chunks = chunks_for(entry->key_bytes), last = number;

	for (uint32_t i = 1; i < chunks; i++) {
		last = dictionary->chunks[last].key.next;
		if (last == 0 || last > dictionary->head->fresh ||
		    dictionary->chunks[last].key.is_entry)
			return false;
	}
	return entry->last == last && dictionary->chunks[last].key.next == 0;
}

static bool is_in_its_bucket(const struct dictionary *dictionary, uint32_t number)
{
	uint32_t at =
		dictionary->buckets[entry_at(dictionary, number)->hash & dictionary->bucket_mask];

	for (uint32_t i = 0; at != 0 && i < dictionary->head->count; i++) {
		if (at == number)
			return true;
		at = entry_at(dictionary, at)->chain;
	}
	return false;
}

static bool uses_are_sound(const struct dictionary *dictionary)
{
	const struct head *head = dictionary->head;
	uint32_t at = head->oldest, older = 0, used = 0, count = 0;

	for (; at != 0 && count < head->count; count++) {
		const struct entry *entry = entry_at(dictionary, at);

		if (!entry->is_entry || entry->older != older || !key_is_sound(dictionary, at) ||
		    !is_in_its_bucket(dictionary, at))
			return false;
		used += chunks_for(entry->key_bytes);
		older = at;
		at = entry->newer;
	}
	return at == 0 && older == head->newest && count == head->count && used == head->used;
}

static bool chunks_are_sound(const struct dictionary *dictionary)
{
	const struct head *head = dictionary->head;
	uint32_t entries = 0, free_chunks = 0, at = head->free;

	for (uint32_t i = 1; i <= head->fresh; i++)
		entries += dictionary->chunks[i].entry.is_entry;
	while (at != 0 && free_chunks <= head->fresh && !dictionary->chunks[at].entry.is_entry) {
		free_chunks++;
		at = dictionary->chunks[at].entry.next;
	}
	return at == 0 && entries == head->count && free_chunks + head->used == head->fresh &&
	       head->fresh <= dictionary->chunks_max;
}

static bool chains_are_sound(const struct dictionary *dictionary)
{
	uint32_t entries = 0;

	for (uint32_t i = 0; i <= dictionary->bucket_mask; i++) {
		uint32_t at = dictionary->buckets[i];

		for (; at != 0 && entries <= dictionary->head->count; entries++)
			at = entry_at(dictionary, at)->chain;
	}
	return entries == dictionary->head->count;
}

bool dictionary_is_sound(struct dictionary *dictionary)
{
	bool is_sound;

	dictionary_hold(dictionary);
	is_sound = dictionary->head->notes_count == 0 && uses_are_sound(dictionary) &&
		   chunks_are_sound(dictionary) && chains_are_sound(dictionary);
	dictionary_let_go(dictionary);
	return is_sound;
}
