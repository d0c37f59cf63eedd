/* The shared memory port: freed when the last process that holds it has let it go; a component does
 * so when it is stopped, killed or not. */
#include "world/shared_memory.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/bug.h"
#include "base/error.h"
#include "sim/sim_internal.h"

struct shared_memory {
	size_t bytes, locks, holders;
	bool *is_locked; /* behind the content */
	max_align_t content[];
};

struct shared_memory *shared_memory_shared(struct shared_memory *memory)
{
	if (memory != NULL)
		memory->holders++;
	return memory;
}

void shared_memory_leave(struct shared_memory *memory)
{
	if (memory != NULL && --memory->holders == 0)
		free(memory);
}

void *shared_memory_keep(struct shared_memory *memory)
{
	void *kept = NULL;

	if (memory != NULL) {
		kept = memory_alloc(memory->bytes);
		memcpy(kept, shared_memory_shared(memory)->content, memory->bytes);
	}
	return kept;
}

void shared_memory_restore(struct shared_memory *memory, void *kept)
{
	if (kept == NULL)
		return;
	memcpy(memory->content, kept, memory->bytes);
	free(kept);
	shared_memory_leave(memory);
}

static struct shared_memory *port_create(struct world *world, size_t bytes, size_t locks,
					 struct error *error)
{
	size_t room = (bytes + sizeof(max_align_t) - 1) / sizeof(max_align_t) * sizeof(max_align_t);
	struct shared_memory *memory = memory_alloc(sizeof *memory + room + locks * sizeof(bool));

	(void)world;
	(void)error;
	memory->bytes = bytes;
	memory->locks = locks;
	memory->is_locked = (bool *)((char *)memory->content + room);
	return shared_memory_shared(memory);
}

static struct shared_memory *port_inherit(struct world *world, size_t bytes, size_t locks,
					  struct error *error)
{
	struct sim_process *process = process_of(world);
	struct shared_memory *memory = process->inherited;

	if (memory == NULL || memory->bytes != bytes || memory->locks != locks) {
		error_set(
			error, ERROR_NOT_FOUND,
			"no memory to share was handed over by the process that started this one");
		return NULL;
	}
	process->inherited = NULL;
	process->held = memory;
	return memory;
}

static void *port_bytes(struct shared_memory *memory)
{
	return memory->content;
}

static void port_lock(struct shared_memory *memory, size_t number)
{
	BUG_IF(number >= memory->locks || memory->is_locked[number]);
	memory->is_locked[number] = true;
}

static void port_unlock(struct shared_memory *memory, size_t number)
{
	BUG_IF(!memory->is_locked[number]);
	memory->is_locked[number] = false;
}

const struct shared_memory_ops sim_shared_memory_ops = {
	.create = port_create,
	.inherit = port_inherit,
	.release = shared_memory_leave,
	.bytes = port_bytes,
	.lock = port_lock,
	.unlock = port_unlock,
};
