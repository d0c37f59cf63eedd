/* Files, read and written at once or piece by piece. */
#include "world/files.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/limits.h"
#include "world/real/real_internal.h"

#define PIECE_BYTES (64 * 1024) /* what a file without a size (a pipe, /proc) is read by */

static bool failed(struct error *error, struct str path)
{
	return error_set(error, errno == ENOENT ? ERROR_NOT_FOUND : ERROR_SYSTEM, "%.*s: %s",
			 STR_ARG(path), strerror(errno));
}

/* Paths with a NUL would name another file. */
static const char *path_cstr(struct arena *arena, struct str path, struct error *error)
{
	if (str_find_char(path, 0) == STR_NOT_FOUND && path.size > 0)
		return str_cstr(arena, path);
	error_set(error, ERROR_NOT_FOUND, "%.*s: not a path", STR_ARG(path));
	return NULL;
}

static bool read_to_end(int fd, size_t bytes_max, struct strbuf *content, struct str path,
			struct error *error)
{
	struct stat status;
	size_t expected = PIECE_BYTES;

	if (fstat(fd, &status) == 0 && S_ISREG(status.st_mode)) {
		if ((uint64_t)status.st_size > bytes_max)
			return error_set(error, ERROR_LIMIT, "%.*s: more than %zu bytes",
					 STR_ARG(path), bytes_max);
		expected = (size_t)status.st_size + 1;
	}
	for (;;) {
		char *room = strbuf_reserve(content, expected);
		ssize_t count;

		if (room == NULL)
			return error_set(error, ERROR_SYSTEM, "%.*s: no room", STR_ARG(path));
		count = read(fd, room, expected);
		if (count < 0 && errno == EINTR)
			continue;
		if (count < 0)
			return failed(error, path);
		if (count == 0)
			return true;
		strbuf_commit(content, (size_t)count);
		if (content->size > bytes_max)
			return error_set(error, ERROR_LIMIT, "%.*s: more than %zu bytes",
					 STR_ARG(path), bytes_max);
		expected = PIECE_BYTES;
	}
}

static bool file_read(struct world *world, struct str path, size_t bytes_max, struct arena *arena,
		      struct str *content, struct error *error)
{
	struct arena *scratch = arena_create();
	const char *name = path_cstr(scratch, path, error);
	int fd = name != NULL ? open(name, O_RDONLY | O_CLOEXEC) : -1;
	bool is_read = false;

	(void)world;
	if (name != NULL && fd < 0)
		failed(error, path);
	if (fd >= 0) {
		struct strbuf bytes;

		strbuf_init(&bytes, SIZE_MAX / 2);
		is_read = read_to_end(fd, bytes_max, &bytes, path, error);
		if (is_read)
			*content = str_copy(arena, strbuf_str(&bytes));
		strbuf_free(&bytes);
		close(fd);
	}
	arena_destroy(scratch);
	return is_read;
}

static bool write_all(int fd, struct str content)
{
	while (content.size > 0) {
		ssize_t written = write(fd, content.data, content.size);

		if (written < 0 && errno == EINTR)
			continue;
		if (written < 0)
			return false;
		content = str_skip(content, (size_t)written);
	}
	return true;
}

struct file_writer {
	struct arena *arena;
	struct str path;
	const char *name, *temporary; /* temporary NULL: written to as it is */
	int fd;
};

static void writer_free(struct file_writer *writer)
{
	if (writer->fd >= 0)
		close(writer->fd);
	arena_destroy(writer->arena);
	free(writer);
}

static void file_abandon(struct file_writer *writer)
{
	if (writer->temporary != NULL && writer->fd >= 0)
		unlink(writer->temporary);
	writer_free(writer);
}

static bool is_no_regular_file(const char *name)
{
	struct stat status;

	return stat(name, &status) == 0 && !S_ISREG(status.st_mode) && !S_ISDIR(status.st_mode);
}

static void open_target(struct world *world, struct file_writer *writer)
{
	if (str_equal(writer->path, STR("/dev/stdout"))) {
		writer->fd = fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 0);
	} else if (is_no_regular_file(writer->name)) {
		writer->fd = open(writer->name, O_WRONLY | O_CLOEXEC);
	} else {
		struct str beside =
			str_format(writer->arena, "%.*s.%016llx~", STR_ARG(writer->path),
				   (unsigned long long)world_chance(world));

		writer->temporary = str_cstr(writer->arena, beside);
		writer->fd = open(writer->temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
	}
}

static struct file_writer *file_begin(struct world *world, struct str path, struct error *error)
{
	struct file_writer *writer = MEMORY_NEW(struct file_writer);

	writer->arena = arena_create();
	writer->path = str_copy(writer->arena, path);
	writer->name = path_cstr(writer->arena, path, error);
	writer->fd = -1;
	if (writer->name != NULL)
		open_target(world, writer);
	if (writer->fd >= 0)
		return writer;
	if (writer->name != NULL)
		failed(error, path);
	file_abandon(writer);
	return NULL;
}

static bool file_append(struct file_writer *writer, struct str content, struct error *error)
{
	return write_all(writer->fd, content) || failed(error, writer->path);
}

static bool file_end(struct file_writer *writer, struct error *error)
{
	if (writer->temporary != NULL &&
	    (fdatasync(writer->fd) != 0 || rename(writer->temporary, writer->name) != 0)) {
		failed(error, writer->path);
		file_abandon(writer);
		return false;
	}
	writer_free(writer);
	return true;
}

static bool file_write(struct world *world, struct str path, struct str content,
		       struct error *error)
{
	struct file_writer *writer = file_begin(world, path, error);

	if (writer == NULL)
		return false;
	if (file_append(writer, content, error))
		return file_end(writer, error);
	file_abandon(writer);
	return false;
}

struct file_reader {
	struct arena *arena;
	struct str path;
	int fd;
};

static void file_close(struct file_reader *reader)
{
	if (reader->fd >= 0)
		close(reader->fd);
	arena_destroy(reader->arena);
	free(reader);
}

static struct file_reader *file_open(struct world *world, struct str path, struct error *error)
{
	struct file_reader *reader = MEMORY_NEW(struct file_reader);
	const char *name;

	(void)world;
	reader->arena = arena_create();
	reader->path = str_copy(reader->arena, path);
	reader->fd = -1;
	name = path_cstr(reader->arena, path, error);
	if (name != NULL)
		reader->fd = open(name, O_RDONLY | O_CLOEXEC);
	if (reader->fd >= 0)
		return reader;
	if (name != NULL)
		failed(error, path);
	file_close(reader);
	return NULL;
}

static bool file_next(struct file_reader *reader, char *room, size_t room_bytes, size_t *bytes,
		      struct error *error)
{
	ssize_t count;

	do {
		count = read(reader->fd, room, room_bytes);
	} while (count < 0 && errno == EINTR);
	if (count < 0)
		return failed(error, reader->path);
	*bytes = (size_t)count;
	return true;
}

struct entry {
	struct str name;
	bool is_directory;
};

static int compare_entries(const void *a, const void *b)
{
	return str_compare(((const struct entry *)a)->name, ((const struct entry *)b)->name);
}

static bool is_directory(DIR *directory, const struct dirent *item)
{
	struct stat status;

	if (item->d_type != DT_UNKNOWN && item->d_type != DT_LNK)
		return item->d_type == DT_DIR;
	return fstatat(dirfd(directory), item->d_name, &status, 0) == 0 && S_ISDIR(status.st_mode);
}

static bool file_list(struct world *world, struct str path, files_listed *listed, void *data,
		      struct error *error)
{
	struct arena *scratch = arena_create();
	const char *name = path_cstr(scratch, path, error);
	DIR *directory = name != NULL ? opendir(name) : NULL;
	VEC(struct entry) entries = {0};
	const struct dirent *item;

	(void)world;
	if (name != NULL && directory == NULL)
		failed(error, path);
	while (directory != NULL && (item = readdir(directory)) != NULL) {
		struct entry entry = {str_copy(scratch, str_from(item->d_name)),
				      is_directory(directory, item)};

		if (!str_equal(entry.name, STR(".")) && !str_equal(entry.name, STR("..")))
			vec_push(&entries, entry);
	}
	if (entries.count > 0)
		qsort(entries.items, entries.count, sizeof *entries.items, compare_entries);
	for (size_t i = 0; i < entries.count; i++)
		listed(entries.items[i].name, entries.items[i].is_directory, data);
	vec_free(&entries);
	if (directory != NULL)
		closedir(directory);
	arena_destroy(scratch);
	return directory != NULL;
}

static bool file_remove(struct world *world, struct str path, struct error *error)
{
	struct arena *scratch = arena_create();
	const char *name = path_cstr(scratch, path, error);
	bool is_removed =
		name != NULL && (unlink(name) == 0 || (errno == EISDIR && rmdir(name) == 0));

	(void)world;
	if (name != NULL && !is_removed)
		failed(error, path);
	arena_destroy(scratch);
	return is_removed;
}

static bool make_directory(const char *name)
{
	struct stat status;

	return mkdir(name, 0755) == 0 || (errno == EEXIST && stat(name, &status) == 0 &&
					  (S_ISDIR(status.st_mode) || (errno = ENOTDIR) == 0));
}

static bool file_make_directory(struct world *world, struct str path, struct error *error)
{
	struct arena *scratch = arena_create();
	bool is_made = path_cstr(scratch, path, error) != NULL;

	(void)world;
	for (size_t i = 1; is_made && i <= path.size; i++) {
		if (i < path.size && path.data[i] != '/')
			continue;
		is_made = make_directory(str_cstr(scratch, str_slice(path, 0, i))) ||
			  failed(error, path);
	}
	arena_destroy(scratch);
	return is_made;
}

const struct files_ops real_files_ops = {
	.read = file_read,
	.write = file_write,
	.list = file_list,
	.remove = file_remove,
	.make_directory = file_make_directory,
	.begin = file_begin,
	.append = file_append,
	.end = file_end,
	.abandon = file_abandon,
	.open = file_open,
	.next = file_next,
	.close = file_close,
};
