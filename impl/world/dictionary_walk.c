#include "world/dictionary_internal.h"

#include <string.h>

#include "base/arena.h"

#define STEP_CHUNKS 1024 /* a walk looks at so many before it lets others in */

static struct str copy_key(const struct dictionary *dictionary, const struct entry *entry,
			   struct arena *arena)
{
	char *copy = arena_alloc(arena, entry->key_bytes + 1);
	uint32_t number = entry->next;

	for (size_t at = 0; at < entry->key_bytes; at += KEY_BYTES) {
		const struct key_chunk *chunk = &dictionary->chunks[number].key;
		size_t left = entry->key_bytes - at;

		memcpy(copy + at, chunk->bytes, left < KEY_BYTES ? left : KEY_BYTES);
		number = chunk->next;
	}
	return str_of(copy, entry->key_bytes);
}

enum step { STEP_FOUND, STEP_OVER, STEP_MORE };

static enum step step(const struct dictionary *dictionary, struct dictionary_cursor *cursor,
		      struct str prefix, int64_t now_us, struct arena *arena)
{
	for (size_t i = 0; i < STEP_CHUNKS; i++) {
		const struct entry *entry;

		if (cursor->chunk >= dictionary->head->fresh)
			return STEP_OVER;
		entry = entry_at(dictionary, ++cursor->chunk);
		if (!entry->is_entry || !is_good(entry, now_us) ||
		    !dictionary_entry_has_prefix(dictionary, entry, prefix))
			continue;
		cursor->key = copy_key(dictionary, entry, arena);
		cursor->value = dictionary_entry_value(entry);
		return STEP_FOUND;
	}
	return STEP_MORE;
}

bool dictionary_next(struct dictionary *dictionary, struct dictionary_cursor *cursor,
		     struct str prefix, int64_t now_us, struct arena *arena)
{
	enum step result;

	do {
		dictionary_hold(dictionary);
		result = step(dictionary, cursor, prefix, now_us, arena);
		dictionary_let_go(dictionary);
	} while (result == STEP_MORE);
	return result == STEP_FOUND;
}
