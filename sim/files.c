/* The files port: a table of paths for each host. Paths are relative to the root; directories are
 * entries of their own. */
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/map.h"
#include "sim/sim_internal.h"
#include "world/files.h"

#define FILE_BYTES_MAX (256 * 1024 * 1024)

struct file {
	bool is_directory;
	struct strbuf content;
};

/* "/a/./b//c/../d" -> "a/b/d"; the root is empty. */
static struct str path_normal(struct arena *arena, struct str path)
{
	char *out = arena_alloc(arena, path.size + 1);
	size_t size = 0;
	struct str field;

	while (str_next_field(&path, '/', &field)) {
		if (field.size == 0 || str_equal(field, STR(".")))
			continue;
		if (str_equal(field, STR(".."))) {
			size_t last = str_find_last_char(str_of(out, size), '/');

			size = last == STR_NOT_FOUND ? 0 : last;
			continue;
		}
		if (size > 0)
			out[size++] = '/';
		memcpy(out + size, field.data, field.size);
		size += field.size;
	}
	return str_of(out, size);
}

static struct str path_parent(struct str path)
{
	size_t last = str_find_last_char(path, '/');

	return last == STR_NOT_FOUND ? STR("") : str_slice(path, 0, last);
}

static struct file *file_find(const struct sim_host *host, struct str normal)
{
	return host->files != NULL ? map_get(host->files, normal) : NULL;
}

static bool is_directory(const struct sim_host *host, struct str normal)
{
	const struct file *file = file_find(host, normal);

	return normal.size == 0 || (file != NULL && file->is_directory);
}

static struct file *file_create(struct sim_host *host, struct str normal)
{
	struct file *file = MEMORY_NEW(struct file);

	if (host->files == NULL)
		host->files = map_create(0);
	strbuf_init(&file->content, FILE_BYTES_MAX);
	map_put(host->files, normal, file);
	return file;
}

static void file_destroy(struct file *file)
{
	strbuf_free(&file->content);
	free(file);
}

void host_files_free(struct sim_host *host)
{
	struct map_cursor at = {0};

	while (host->files != NULL && map_next(host->files, &at))
		file_destroy(at.value);
	map_destroy(host->files);
	host->files = NULL;
}

/* The file at `path`, made when it is missing; NULL and *error when that cannot be. */
static struct file *file_open(struct sim_host *host, struct arena *arena, struct str path,
			      struct error *error)
{
	struct str normal = path_normal(arena, path);
	struct file *file = file_find(host, normal);

	if (normal.size == 0 || (file != NULL && file->is_directory)) {
		error_set(error, ERROR_SYSTEM, "%.*s: is a directory", STR_ARG(path));
		return NULL;
	}
	if (!is_directory(host, path_parent(normal))) {
		error_set(error, ERROR_NOT_FOUND, "%.*s: no such file or directory", STR_ARG(path));
		return NULL;
	}
	return file != NULL ? file : file_create(host, normal);
}

bool host_file_write(struct sim_host *host, struct str path, struct str content,
		     struct error *error)
{
	struct arena *arena = arena_create();
	struct file *file = file_open(host, arena, path, error);

	if (file != NULL && content.size > FILE_BYTES_MAX) {
		error_set(error, ERROR_SYSTEM, "%.*s: file too large", STR_ARG(path));
		file = NULL;
	}
	if (file != NULL) {
		strbuf_free(&file->content);
		strbuf_append(&file->content, content);
	}
	arena_destroy(arena);
	return file != NULL;
}

bool host_file_append(struct sim_host *host, struct str path, struct str line, struct error *error)
{
	struct arena *arena = arena_create();
	struct file *file = file_open(host, arena, path, error);

	if (file != NULL) {
		strbuf_append(&file->content, line);
		strbuf_append_char(&file->content, '\n');
	}
	arena_destroy(arena);
	return file != NULL;
}

bool host_directory_make(struct sim_host *host, struct str path, struct error *error)
{
	struct arena *arena = arena_create();
	struct str rest = path_normal(arena, path), whole = rest, field;
	bool made = true;

	while (made && str_next_field(&rest, '/', &field)) {
		struct str normal =
			str_of(whole.data, (size_t)(field.data - whole.data) + field.size);
		struct file *file = file_find(host, normal);

		if (file == NULL)
			file_create(host, normal)->is_directory = true;
		else if (!file->is_directory)
			made = error_set(error, ERROR_SYSTEM, "%.*s: file exists", STR_ARG(path));
	}
	arena_destroy(arena);
	return made;
}

static bool port_read(struct world *world, struct str path, size_t bytes_max, struct arena *arena,
		      struct str *content, struct error *error)
{
	const struct sim_host *host = process_of(world)->host;
	const struct file *file = file_find(host, path_normal(arena, path));

	if (file == NULL && !is_directory(host, path_normal(arena, path)))
		return error_set(error, ERROR_NOT_FOUND, "%.*s: no such file or directory",
				 STR_ARG(path));
	if (file == NULL || file->is_directory)
		return error_set(error, ERROR_SYSTEM, "%.*s: is a directory", STR_ARG(path));
	if (file->content.size > bytes_max)
		return error_set(error, ERROR_LIMIT, "%.*s: more than %zu bytes", STR_ARG(path),
				 bytes_max);
	*content = str_copy(arena, strbuf_str(&file->content));
	return true;
}

static bool port_write(struct world *world, struct str path, struct str content,
		       struct error *error)
{
	if (process_is_mute(process_of(world)))
		return error_set(error, ERROR_SYSTEM, "%.*s: killed", STR_ARG(path));
	return host_file_write(process_of(world)->host, path, content, error);
}

static int names_compare(const void *a, const void *b)
{
	return str_compare(*(const struct str *)a, *(const struct str *)b);
}

/* The names right below a directory, in the arena. */
static size_t directory_names(const struct sim_host *host, struct str normal, struct arena *arena,
			      struct str **names)
{
	size_t count = 0, from = normal.size > 0 ? normal.size + 1 : 0;
	struct map_cursor at = {0};

	*names = ARENA_ARRAY(arena, struct str, host->files != NULL ? map_count(host->files) : 1);
	while (host->files != NULL && map_next(host->files, &at)) {
		if (str_equal(path_parent(at.key), normal) && at.key.size > from)
			(*names)[count++] = str_copy(arena, str_skip(at.key, from));
	}
	qsort(*names, count, sizeof **names, names_compare);
	return count;
}

static bool port_list(struct world *world, struct str path, files_listed *listed, void *data,
		      struct error *error)
{
	const struct sim_host *host = process_of(world)->host;
	struct arena *arena = arena_create();
	struct str normal = path_normal(arena, path), *names;
	bool found = is_directory(host, normal);

	if (!found)
		error_set(error, file_find(host, normal) != NULL ? ERROR_SYSTEM : ERROR_NOT_FOUND,
			  "%.*s: no such directory", STR_ARG(path));
	for (size_t i = 0, count = found ? directory_names(host, normal, arena, &names) : 0;
	     i < count; i++) {
		struct str below =
			normal.size > 0 ? STR_CONCAT(arena, normal, STR("/"), names[i]) : names[i];

		listed(names[i], is_directory(host, below), data);
	}
	arena_destroy(arena);
	return found;
}

static bool port_remove(struct world *world, struct str path, struct error *error)
{
	struct sim_host *host = process_of(world)->host;
	struct arena *arena = arena_create();
	struct str normal = path_normal(arena, path), *names;
	struct file *file = file_find(host, normal);
	bool removed = false;

	if (process_is_mute(process_of(world)))
		error_set(error, ERROR_SYSTEM, "%.*s: killed", STR_ARG(path));
	else if (file == NULL)
		error_set(error, ERROR_NOT_FOUND, "%.*s: no such file or directory", STR_ARG(path));
	else if (file->is_directory && directory_names(host, normal, arena, &names) > 0)
		error_set(error, ERROR_SYSTEM, "%.*s: directory not empty", STR_ARG(path));
	else
		removed = true;
	if (removed)
		file_destroy(map_remove(host->files, normal));
	arena_destroy(arena);
	return removed;
}

static bool port_make_directory(struct world *world, struct str path, struct error *error)
{
	if (process_is_mute(process_of(world)))
		return error_set(error, ERROR_SYSTEM, "%.*s: killed", STR_ARG(path));
	return host_directory_make(process_of(world)->host, path, error);
}

/* Pieces. What is written gathers beside the table, as in a temporary file. */

struct file_writer {
	struct world *world;
	struct strbuf path, content;
};

static void port_abandon(struct file_writer *writer)
{
	strbuf_free(&writer->path);
	strbuf_free(&writer->content);
	free(writer);
}

static struct file_writer *port_begin(struct world *world, struct str path, struct error *error)
{
	struct sim_host *host = process_of(world)->host;
	struct arena *arena = arena_create();
	struct str normal = path_normal(arena, path);
	struct file_writer *writer = NULL;

	if (process_is_mute(process_of(world))) {
		error_set(error, ERROR_SYSTEM, "%.*s: killed", STR_ARG(path));
	} else if (normal.size == 0 || !is_directory(host, path_parent(normal))) {
		error_set(error, ERROR_NOT_FOUND, "%.*s: no such file or directory", STR_ARG(path));
	} else {
		writer = MEMORY_NEW(struct file_writer);
		writer->world = world;
		strbuf_init(&writer->path, SIZE_MAX);
		strbuf_append(&writer->path, path);
		strbuf_init(&writer->content, FILE_BYTES_MAX);
	}
	arena_destroy(arena);
	return writer;
}

static bool port_append(struct file_writer *writer, struct str content, struct error *error)
{
	return strbuf_append(&writer->content, content) ||
	       error_set(error, ERROR_SYSTEM, "%.*s: file too large",
			 STR_ARG(strbuf_str(&writer->path)));
}

static bool port_end(struct file_writer *writer, struct error *error)
{
	bool ended = port_write(writer->world, strbuf_str(&writer->path),
				strbuf_str(&writer->content), error);

	port_abandon(writer);
	return ended;
}

struct file_reader {
	struct arena *arena;
	struct str rest; /* as the file was when it was opened */
};

static struct file_reader *port_open(struct world *world, struct str path, struct error *error)
{
	struct file_reader *reader = MEMORY_NEW(struct file_reader);

	reader->arena = arena_create();
	if (port_read(world, path, FILE_BYTES_MAX, reader->arena, &reader->rest, error))
		return reader;
	arena_destroy(reader->arena);
	free(reader);
	return NULL;
}

static bool port_next(struct file_reader *reader, char *room, size_t room_bytes, size_t *bytes,
		      struct error *error)
{
	(void)error;
	*bytes = reader->rest.size < room_bytes ? reader->rest.size : room_bytes;
	if (*bytes > 0)
		memcpy(room, reader->rest.data, *bytes);
	reader->rest = str_skip(reader->rest, *bytes);
	return true;
}

static void port_close(struct file_reader *reader)
{
	arena_destroy(reader->arena);
	free(reader);
}

const struct files_ops sim_files_ops = {
	.read = port_read,
	.write = port_write,
	.list = port_list,
	.remove = port_remove,
	.make_directory = port_make_directory,
	.begin = port_begin,
	.append = port_append,
	.end = port_end,
	.abandon = port_abandon,
	.open = port_open,
	.next = port_next,
	.close = port_close,
};
