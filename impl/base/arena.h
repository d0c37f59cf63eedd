/* Memory that is freed all at once: the home of everything that lives as long as one request, one
 * configuration version or one parsed document.
 *
 * Creator destroys. Memory is zeroed and aligned for any type. An allocation never returns NULL:
 * what a client can make us allocate is bounded by limits.h before it reaches an arena, so running
 * out of memory means the machine has none left, and the process ends with one sentence.
 */
#ifndef BASE_ARENA_H
#define BASE_ARENA_H

#include <stddef.h>

struct arena;

struct arena *arena_create(void);
void arena_destroy(struct arena *arena); /* NULL is allowed */
void arena_reset(struct arena *arena);   /* empties it, keeps one block */
void *arena_alloc(struct arena *arena, size_t size);
void *arena_alloc_array(struct arena *arena, size_t item_size, size_t count);
size_t arena_bytes(const struct arena *arena); /* handed out since creation or reset */
/* For what is no memory of the arena's but lives as long: called once, the latest first, when the
 * arena is destroyed or reset. It may not allocate from the arena. */
void arena_on_destroy(struct arena *arena, void (*release)(void *data), void *data);

#define ARENA_NEW(arena, type) ((type *)arena_alloc((arena), sizeof(type)))
#define ARENA_ARRAY(arena, type, count) ((type *)arena_alloc_array((arena), sizeof(type), (count)))

/* The same promise for memory with a life of its own; free with free(). */
void *memory_alloc(size_t size); /* zeroed */
void *memory_resize(void *memory, size_t size);
#define MEMORY_NEW(type) ((type *)memory_alloc(sizeof(type)))

#endif
