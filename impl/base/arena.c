#include "base/arena.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/bug.h"

#ifndef __has_feature
#define __has_feature(feature) 0
#endif
/* Under AddressSanitizer every allocation is a block of its own, so that overruns between
 * neighbours and uses after a reset are seen. */
#if defined(__SANITIZE_ADDRESS__) || __has_feature(address_sanitizer)
#define FIRST_BLOCK_BYTES 0
#define KEPT_BLOCK_BYTES_MAX 0
#else
#define FIRST_BLOCK_BYTES 4096
#define KEPT_BLOCK_BYTES_MAX ((size_t)32 * 1024) /* what reset keeps: many arenas wait in pools */
#endif
#define BLOCK_BYTES_MAX (1024 * 1024) /* growth stops doubling here */
#define ALIGNMENT _Alignof(max_align_t)

struct block {
	struct block *previous;
	size_t bytes;
	_Alignas(max_align_t) unsigned char data[];
};

/* Something that is let go with the arena. */
struct companion {
	struct companion *previous;
	void (*release)(void *data);
	void *data;
};

struct arena {
	unsigned char *at, *end; /* what is left of the current block */
	struct block *blocks;    /* the newest first */
	size_t bytes_next;       /* size of the next block */
	size_t bytes_used;
	struct companion *companions; /* the newest first */
};

_Noreturn static void out_of_memory(size_t size)
{
	fprintf(stderr, "refscale: the machine has no memory left (%zu bytes asked for)\n", size);
	abort();
}

void *memory_alloc(size_t size)
{
	void *memory = calloc(1, size > 0 ? size : 1);

	if (memory == NULL)
		out_of_memory(size);
	return memory;
}

void *memory_resize(void *memory, size_t size)
{
	void *resized = realloc(memory, size > 0 ? size : 1);

	if (resized == NULL)
		out_of_memory(size);
	return resized;
}

static struct block *block_create(struct arena *arena, size_t bytes)
{
	struct block *block;

	if (bytes > SIZE_MAX / 2)
		out_of_memory(bytes);
	block = memory_alloc(sizeof(struct block) + bytes);
	block->bytes = bytes;
	block->previous = arena->blocks;
	arena->blocks = block;
	return block;
}

static void block_use(struct arena *arena, struct block *block)
{
	arena->at = block->data;
	arena->end = block->data + block->bytes;
	arena->bytes_next = block->bytes < BLOCK_BYTES_MAX ? block->bytes * 2 : BLOCK_BYTES_MAX;
}

struct arena *arena_create(void)
{
	struct arena *arena = MEMORY_NEW(struct arena);

	block_use(arena, block_create(arena, FIRST_BLOCK_BYTES));
	return arena;
}

void arena_on_destroy(struct arena *arena, void (*release)(void *data), void *data)
{
	struct companion *companion = ARENA_NEW(arena, struct companion);

	*companion = (struct companion){arena->companions, release, data};
	arena->companions = companion;
}

static void companions_release(struct arena *arena)
{
	while (arena->companions != NULL) {
		struct companion *companion = arena->companions;

		arena->companions = companion->previous;
		companion->release(companion->data);
	}
}

/* Frees all blocks but the first. */
static struct block *blocks_free(struct arena *arena)
{
	struct block *block = arena->blocks;

	while (block->previous != NULL) {
		struct block *previous = block->previous;

		free(block);
		block = previous;
	}
	return block;
}

void arena_destroy(struct arena *arena)
{
	if (arena == NULL)
		return;
	companions_release(arena);
	free(blocks_free(arena));
	free(arena);
}

/* What was used once is used again: then one block shall do. */
static struct block *block_grow(struct arena *arena, struct block *block, size_t bytes_used)
{
	size_t bytes = block->bytes;

	while (bytes < bytes_used)
		bytes *= 2;
	free(block);
	arena->blocks = NULL;
	return block_create(arena, bytes);
}

void arena_reset(struct arena *arena)
{
	bool first_is_current = arena->blocks->previous == NULL;
	struct block *first;
	size_t dirty;

	companions_release(arena);
	first = blocks_free(arena);
	dirty = first_is_current ? (size_t)(arena->at - first->data) : first->bytes;

	if (arena->bytes_used > first->bytes && arena->bytes_used <= KEPT_BLOCK_BYTES_MAX)
		first = block_grow(arena, first, arena->bytes_used);
	else
		memset(first->data, 0, dirty);
	arena->blocks = first;
	arena->bytes_used = 0;
	block_use(arena, first);
}

/* A new block when what is left does not suffice. A piece too big for the next block gets one of
 * its own, and the current block stays in use. */
static void *alloc_slow(struct arena *arena, size_t size)
{
	struct block *block;

	if (size > arena->bytes_next / 4)
		return block_create(arena, size)->data;
	block = block_create(arena, arena->bytes_next);
	block_use(arena, block);
	arena->at += size;
	return block->data;
}

void *arena_alloc(struct arena *arena, size_t size)
{
	size_t rounded = (size + ALIGNMENT - 1) & ~(ALIGNMENT - 1);
	void *memory = arena->at;

	BUG_IF(rounded < size);
	arena->bytes_used += rounded;
	if (rounded > (size_t)(arena->end - arena->at))
		return alloc_slow(arena, FIRST_BLOCK_BYTES > 0 ? rounded : size);
	arena->at += rounded;
	return memory;
}

void *arena_alloc_array(struct arena *arena, size_t item_size, size_t count)
{
	if (item_size > 0 && count > SIZE_MAX / 2 / item_size)
		out_of_memory(SIZE_MAX);
	return arena_alloc(arena, item_size * count);
}

size_t arena_bytes(const struct arena *arena)
{
	return arena->bytes_used;
}
