/* Files, synchronous: small ones whole (configuration, certificates, reports), big ones piece by
 * piece (dumps). Paths are relative to the working directory (real) or the host's file table
 * (simulated).
 *
 * Pieces: files_begin(), any number of files_append(), then files_end() or files_abandon();
 * files_open(), files_next() until it gives no bytes, files_close(). Whoever began ends: a writer
 * or reader that was not given back leaks. In the real world /dev/stdin and /dev/stdout are what
 * the process was given, and what is no regular file (a pipe) is written to as it is.
 */
#ifndef WORLD_FILES_H
#define WORLD_FILES_H

#include <stdbool.h>
#include <stddef.h>

#include "base/str.h"
#include "world/world.h"

struct arena;
struct error;
struct file_reader;
struct file_writer;

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
	struct file_writer *(*begin)(struct world *world, struct str path, struct error *error);
	bool (*append)(struct file_writer *writer, struct str content, struct error *error);
	bool (*end)(struct file_writer *writer, struct error *error);
	void (*abandon)(struct file_writer *writer);
	struct file_reader *(*open)(struct world *world, struct str path, struct error *error);
	bool (*next)(struct file_reader *reader, char *room, size_t room_bytes, size_t *bytes,
		     struct error *error);
	void (*close)(struct file_reader *reader);
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

/* A file in pieces, all or nothing as files_write(): nobody sees it before files_end(). NULL and
 * *error as files_write(), at the latest by files_end(). */
static inline struct file_writer *files_begin(struct world *world, struct str path,
					      struct error *error)
{
	return world->files->begin(world, path, error);
}

static inline bool files_append(struct world *world, struct file_writer *writer, struct str content,
				struct error *error)
{
	return world->files->append(writer, content, error);
}

/* The writer is gone afterwards, whether or not it went well. */
static inline bool files_end(struct world *world, struct file_writer *writer, struct error *error)
{
	return world->files->end(writer, error);
}

/* As if it had never been begun. NULL is allowed. */
static inline void files_abandon(struct world *world, struct file_writer *writer)
{
	if (writer != NULL)
		world->files->abandon(writer);
}

static inline struct file_reader *files_open(struct world *world, struct str path,
					     struct error *error)
{
	return world->files->open(world, path, error);
}

/* The next bytes, at most room_bytes; none (*bytes 0): the end. */
static inline bool files_next(struct world *world, struct file_reader *reader, char *room,
			      size_t room_bytes, size_t *bytes, struct error *error)
{
	return world->files->next(reader, room, room_bytes, bytes, error);
}

/* NULL is allowed. */
static inline void files_close(struct world *world, struct file_reader *reader)
{
	if (reader != NULL)
		world->files->close(reader);
}

#endif
