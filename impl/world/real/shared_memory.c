/* The shared memory port: a sealed memory file that children get as descriptor 3, with robust
 * mutexes in front of what it was made for. */
#include "world/shared_memory.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/bug.h"
#include "base/error.h"
#include "world/real/real_internal.h"

#define ALIGNMENT 64
/* Nobody may change the size: a mapping beyond the end would end who reads it. */
#define SEALS (F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL)

struct shared_memory {
	int file; /* -1: inherited, not to be handed on */
	char *mapping;
	size_t mapping_bytes, front_bytes, locks;
};

static size_t front_of(size_t locks)
{
	return (locks * sizeof(pthread_mutex_t) + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
}

static struct shared_memory *memory_map(int file, size_t bytes, size_t locks)
{
	size_t front = front_of(locks);
	void *mapping = mmap(NULL, front + bytes, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
	struct shared_memory *memory;

	if (mapping == MAP_FAILED)
		return NULL;
	memory = MEMORY_NEW(struct shared_memory);
	memory->file = file;
	memory->mapping = mapping;
	memory->mapping_bytes = front + bytes;
	memory->front_bytes = front;
	memory->locks = locks;
	return memory;
}

static pthread_mutex_t *lock_at(const struct shared_memory *memory, size_t number)
{
	BUG_IF(number >= memory->locks);
	return (pthread_mutex_t *)(void *)memory->mapping + number;
}

static void make_locks(const struct shared_memory *memory)
{
	pthread_mutexattr_t attributes;

	pthread_mutexattr_init(&attributes);
	pthread_mutexattr_setpshared(&attributes, PTHREAD_PROCESS_SHARED);
	pthread_mutexattr_setrobust(&attributes, PTHREAD_MUTEX_ROBUST);
	for (size_t i = 0; i < memory->locks; i++)
		BUG_IF(pthread_mutex_init(lock_at(memory, i), &attributes) != 0);
	pthread_mutexattr_destroy(&attributes);
}

static struct shared_memory *port_create(struct world *world, size_t bytes, size_t locks,
					 struct error *error)
{
	int file = memfd_create("refscale", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	struct shared_memory *memory = NULL;

	(void)world;
	if (file >= 0 && ftruncate(file, (off_t)(front_of(locks) + bytes)) == 0 &&
	    fcntl(file, F_ADD_SEALS, SEALS) == 0)
		memory = memory_map(file, bytes, locks);
	if (memory == NULL) {
		error_set(error, ERROR_SYSTEM, "cannot make memory to share: %s", strerror(errno));
		if (file >= 0)
			close(file);
		return NULL;
	}
	make_locks(memory);
	return memory;
}

static struct shared_memory *port_inherit(struct world *world, size_t bytes, size_t locks,
					  struct error *error)
{
	struct stat status;
	struct shared_memory *memory;

	(void)world;
	if (fcntl(REAL_SHARED_MEMORY_FILE, F_GET_SEALS) != SEALS ||
	    fstat(REAL_SHARED_MEMORY_FILE, &status) != 0 ||
	    status.st_size != (off_t)(front_of(locks) + bytes)) {
		error_set(
			error, ERROR_NOT_FOUND,
			"no memory to share was handed over by the process that started this one");
		return NULL;
	}
	memory = memory_map(REAL_SHARED_MEMORY_FILE, bytes, locks);
	if (memory == NULL) {
		error_set(error, ERROR_SYSTEM, "cannot map shared memory: %s", strerror(errno));
		return NULL;
	}
	close(REAL_SHARED_MEMORY_FILE);
	memory->file = -1;
	return memory;
}

static void port_release(struct shared_memory *memory)
{
	munmap(memory->mapping, memory->mapping_bytes);
	if (memory->file >= 0)
		close(memory->file);
	free(memory);
}

static void *port_bytes(struct shared_memory *memory)
{
	return memory->mapping + memory->front_bytes;
}

/* Who died with it has left what it was doing half done, and the user's way back in the memory. */
static void port_lock(struct shared_memory *memory, size_t number)
{
	pthread_mutex_t *lock = lock_at(memory, number);
	int status = pthread_mutex_lock(lock);

	if (status == EOWNERDEAD)
		status = pthread_mutex_consistent(lock);
	BUG_IF(status != 0);
}

static void port_unlock(struct shared_memory *memory, size_t number)
{
	BUG_IF(pthread_mutex_unlock(lock_at(memory, number)) != 0);
}

int real_shared_memory_file(const struct shared_memory *memory)
{
	BUG_IF(memory->file < 0);
	return memory->file;
}

const struct shared_memory_ops real_shared_memory_ops = {
	.create = port_create,
	.inherit = port_inherit,
	.release = port_release,
	.bytes = port_bytes,
	.lock = port_lock,
	.unlock = port_unlock,
};
