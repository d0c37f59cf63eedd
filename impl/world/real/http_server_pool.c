/* The memory of a connection, in place of libmicrohttpd's own pool.
 *
 * Its pool clears itself after every request, all of it: for backend, whose heads may have 112 KiB
 * (spec/backend.md 2.7), that was a quarter of the time of a call, and every connection held as
 * much memory. This one clears nothing, so that pages that were never used are never there; nothing
 * in the library counts on it, as its small pools come uncleared from malloc() in the first place.
 *
 * The interface is a private one, that of 0.9.75 (src/microhttpd/memorypool.h). The library is
 * linked from its archive, whose own pool is left out because these functions are found first; with
 * another version these are not there, and the library's are taken. */
#include <microhttpd.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#if MHD_VERSION == 0x00097500

#define ALIGNMENT 16
/* libmicrohttpd takes all that is free for the head of an answer, and after a 101 over TLS what is
 * free then for the bytes in between: the last so much is told only when nothing else is left. */
#define RESERVE_BYTES ((size_t)8 * 1024)

/* Blocks are taken from both ends of what is free. */
struct MemoryPool {
	char *memory;
	size_t size;
	size_t front, back; /* what lies between them is free */
};

void MHD_init_mem_pools_(void);
struct MemoryPool *MHD_pool_create(size_t size);
void MHD_pool_destroy(struct MemoryPool *pool);
size_t MHD_pool_get_free(struct MemoryPool *pool);
void *MHD_pool_allocate(struct MemoryPool *pool, size_t size, bool from_back);
void *MHD_pool_try_alloc(struct MemoryPool *pool, size_t size, size_t *missing);
void *MHD_pool_reallocate(struct MemoryPool *pool, void *old, size_t old_size, size_t size);
void *MHD_pool_reset(struct MemoryPool *pool, void *kept, size_t kept_size, size_t size);

/* Less than the size when that is too large to be rounded. */
static size_t round_up(size_t size)
{
	return (size + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
}

void MHD_init_mem_pools_(void)
{
}

struct MemoryPool *MHD_pool_create(size_t size)
{
	struct MemoryPool *pool = malloc(sizeof *pool);
	char *memory = malloc(round_up(size));

	if (pool == NULL || memory == NULL) {
		free(memory);
		free(pool);
		return NULL;
	}
	*pool = (struct MemoryPool){memory, round_up(size), 0, round_up(size)};
	return pool;
}

void MHD_pool_destroy(struct MemoryPool *pool)
{
	if (pool == NULL)
		return;
	free(pool->memory);
	free(pool);
}

static size_t free_bytes(const struct MemoryPool *pool)
{
	return pool->back - pool->front;
}

size_t MHD_pool_get_free(struct MemoryPool *pool)
{
	size_t free_now = free_bytes(pool);

	return free_now > RESERVE_BYTES ? free_now - RESERVE_BYTES : free_now;
}

void *MHD_pool_allocate(struct MemoryPool *pool, size_t size, bool from_back)
{
	size_t rounded = round_up(size);

	if (rounded < size || rounded > free_bytes(pool))
		return NULL;
	if (from_back) {
		pool->back -= rounded;
		return pool->memory + pool->back;
	}
	pool->front += rounded;
	return pool->memory + pool->front - rounded;
}

/* missing: how much more would have to be free, SIZE_MAX when that can never be. */
void *MHD_pool_try_alloc(struct MemoryPool *pool, size_t size, size_t *missing)
{
	size_t rounded = round_up(size);
	void *block = MHD_pool_allocate(pool, size, true);

	if (block == NULL)
		*missing = rounded < size || rounded > pool->back ? SIZE_MAX
								  : rounded - free_bytes(pool);
	return block;
}

/* Of a block from the front. The last one grows and shrinks where it is, another one moves. */
void *MHD_pool_reallocate(struct MemoryPool *pool, void *old, size_t old_size, size_t size)
{
	size_t at = old != NULL ? (size_t)((char *)old - pool->memory) : pool->front;
	bool is_last = old != NULL && round_up(at + old_size) == pool->front;
	size_t end = round_up(at + size);
	void *block;

	if (is_last) {
		if (end < at || end > pool->back)
			return NULL;
		pool->front = end;
		return old;
	}
	if (old != NULL && size <= old_size)
		return old;
	block = MHD_pool_allocate(pool, size, false);
	if (block != NULL && old_size > 0)
		memcpy(block, old, old_size);
	return block;
}

/* Empties the pool but for one block, which then stands at its front. */
void *MHD_pool_reset(struct MemoryPool *pool, void *kept, size_t kept_size, size_t size)
{
	if (kept != NULL && kept_size > 0)
		memmove(pool->memory, kept, kept_size);
	pool->front = round_up(size);
	pool->back = pool->size;
	return pool->memory;
}

#endif
