/* Whole files, read and written at once. */
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
	return fdatasync(fd) == 0;
}

static bool file_write(struct world *world, struct str path, struct str content,
		       struct error *error)
{
	struct arena *scratch = arena_create();
	const char *name = path_cstr(scratch, path, error);
	bool is_written = false;

	if (name != NULL) {
		struct str beside = str_format(scratch, "%.*s.%016llx~", STR_ARG(path),
					       (unsigned long long)world_chance(world));
		const char *temporary = str_cstr(scratch, beside);
		int fd = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);

		is_written = fd >= 0 && write_all(fd, content) && rename(temporary, name) == 0;
		if (!is_written)
			failed(error, path);
		if (fd >= 0)
			close(fd);
		if (fd >= 0 && !is_written)
			unlink(temporary);
	}
	arena_destroy(scratch);
	return is_written;
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
};
