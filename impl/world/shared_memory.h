/* Memory that several processes see: made by one, handed by it to processes it starts
 * (process_options.shared_memory). Each knows its size; it lies at another address in each, so it
 * holds offsets, never pointers.
 *
 * shared_memory_create() in the first process, shared_memory_inherit() in those it starts ..
 * shared_memory_lock() .. unlock() around what must not be seen half done ..
 * shared_memory_release() in each. The memory lasts as long as somebody holds it. It begins as
 * zeros, and what nobody wrote to costs nothing.
 *
 * Locks are given up, too, by a process that dies with one. Who gets it then finds the memory as
 * the dead process left it: users must be able to mend it (dictionary.h does). In the simulator
 * nobody else runs while a process takes its turn, and a turn is never cut short.
 */
#ifndef WORLD_SHARED_MEMORY_H
#define WORLD_SHARED_MEMORY_H

#include <stddef.h>

#include "world/world.h"

struct error;
struct shared_memory; /* the port's */

struct shared_memory_ops {
	struct shared_memory *(*create)(struct world *world, size_t bytes, size_t locks,
					struct error *error);
	struct shared_memory *(*inherit)(struct world *world, size_t bytes, size_t locks,
					 struct error *error);
	void (*release)(struct shared_memory *memory);
	void *(*bytes)(struct shared_memory *memory);
	void (*lock)(struct shared_memory *memory, size_t number);
	void (*unlock)(struct shared_memory *memory, size_t number);
};

/* locks: how many. NULL and *error when the system gives none. */
static inline struct shared_memory *shared_memory_create(struct world *world, size_t bytes,
							 size_t locks, struct error *error)
{
	return world->shared_memory->create(world, bytes, locks, error);
}

/* What the process that started this one handed over, made with the same numbers; once. NULL and
 * *error when there is nothing, or something else. */
static inline struct shared_memory *shared_memory_inherit(struct world *world, size_t bytes,
							  size_t locks, struct error *error)
{
	return world->shared_memory->inherit(world, bytes, locks, error);
}

/* NULL is allowed. Processes that were started with it keep it. */
static inline void shared_memory_release(struct world *world, struct shared_memory *memory)
{
	if (memory != NULL)
		world->shared_memory->release(memory);
}

/* Where it lies in this process, aligned for any type. */
static inline void *shared_memory_bytes(struct world *world, struct shared_memory *memory)
{
	return world->shared_memory->bytes(memory);
}

/* number: below `locks`. Not twice by the same process; held only for moments, never across turns:
 * everybody else waits. */
static inline void shared_memory_lock(struct world *world, struct shared_memory *memory,
				      size_t number)
{
	world->shared_memory->lock(memory, number);
}

static inline void shared_memory_unlock(struct world *world, struct shared_memory *memory,
					size_t number)
{
	world->shared_memory->unlock(memory, number);
}

#endif
