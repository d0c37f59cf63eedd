/* Whole files, small ones: configuration, certificates, reports. Synchronous. Paths are relative to
 * the working directory (real) or the host's file table (simulated). */
#ifndef WORLD_FILES_H
#define WORLD_FILES_H

#include <stdbool.h>
#include <stddef.h>

#include "base/str.h"
#include "world/world.h"

struct arena;
struct error;

typedef void files_listed(struct str name, bool is_directory, void *data);

struct files_ops {
	bool (*read)(struct world *world, struct str path, size_t bytes_max, struct arena *arena,
		     struct str *content, struct error *error);
	bool (*write)(struct world *world, struct str path, struct str content,
		      struct error *error);
	bool (*list)(struct world *world, struct str path, files_listed *listed, void *data,
		     struct error *error);
	bool (*remove)(struct world *world, struct str path, struct error *error);
	bool (*make_directory)(struct world *world, struct str path, struct error *error);
};

/* ERROR_NOT_FOUND, ERROR_LIMIT (more than bytes_max) or ERROR_SYSTEM, naming the path. */
static inline bool files_read(struct world *world, struct str path, size_t bytes_max,
			      struct arena *arena, struct str *content, struct error *error)
{
	return world->files->read(world, path, bytes_max, arena, content, error);
}

/* All or nothing: a temporary file beside it, then a rename. */
static inline bool files_write(struct world *world, struct str path, struct str content,
			       struct error *error)
{
	return world->files->write(world, path, content, error);
}

/* Names in byte order, without "." and "..". */
static inline bool files_list(struct world *world, struct str path, files_listed *listed,
			      void *data, struct error *error)
{
	return world->files->list(world, path, listed, data, error);
}

/* Removes a file or an empty directory. */
static inline bool files_remove(struct world *world, struct str path, struct error *error)
{
	return world->files->remove(world, path, error);
}

/* With its missing parents; an existing directory is fine. */
static inline bool files_make_directory(struct world *world, struct str path, struct error *error)
{
	return world->files->make_directory(world, path, error);
}

#endif
