#include "conformance/runner/play_logs.h"

#include "base/arena.h"
#include "base/json.h"
#include "base/limits.h"
#include "base/map.h"
#include "conformance/runner/remove_folder.h"
#include "conformance/runner/wire.h"
#include "world/files.h"
#include "world/log.h"

static void line_received(struct str line, void *data)
{
	struct play_logs *logs = data;

	wire_add_log(logs->wire, STR("syslog"), line);
}

bool play_logs_open(struct play_logs *logs, struct world *world, struct arena *arena,
		    struct wire *wire, struct str folder, struct error *error)
{
	logs->world = world;
	logs->arena = arena;
	logs->wire = wire;
	logs->folder = folder;
	logs->seen = map_create(0);
	logs->receiver = log_receive(world, STR("127.0.0.1"), 0, line_received, logs, error);
	if (logs->receiver == NULL)
		return false;
	logs->port = log_receiver_port(world, logs->receiver);
	return true;
}

/* Files. */

static bool write_file(struct play_logs *logs, struct str name, struct str content,
		       struct error *error)
{
	struct str path = STR_CONCAT(logs->arena, logs->folder, STR("/"), name);
	struct str folder = str_slice(path, 0, str_find_last_char(path, '/'));

	return files_make_directory(logs->world, folder, error) &&
	       files_write(logs->world, path, content, error);
}

bool play_logs_write(struct play_logs *logs, const struct json *files, struct error *error)
{
	if (!files_make_directory(logs->world, logs->folder, error))
		return false;
	JSON_EACH (file, files) {
		if (!write_file(logs, file->key, json_scalar_text(file), error))
			return false;
	}
	return true;
}

static void note_lines(struct play_logs *logs, struct str name, struct str content)
{
	struct str *seen = map_get(logs->seen, name), line;
	struct str fresh = str_skip(content, seen != NULL ? seen->size : 0);

	/* A line is noted when it is whole. */
	fresh.size = str_find_last_char(fresh, '\n') == STR_NOT_FOUND
			     ? 0
			     : str_find_last_char(fresh, '\n') + 1;
	if (seen == NULL) {
		seen = ARENA_NEW(logs->arena, struct str);
		map_put(logs->seen, str_copy(logs->arena, name), seen);
	}
	seen->size += fresh.size;
	while (str_next_field(&fresh, '\n', &line))
		wire_add_log(logs->wire, str_copy(logs->arena, name), line);
}

static void file_listed(struct str name, bool is_directory, void *data)
{
	struct play_logs *logs = data;
	struct arena *scratch = arena_create();
	struct str content;

	if (!is_directory && str_has_suffix(name, STR(".log")) &&
	    files_read(logs->world, STR_CONCAT(scratch, logs->folder, STR("/"), name),
		       LIMIT_CONFIG_BYTES, scratch, &content, NULL))
		note_lines(logs, name, content);
	arena_destroy(scratch);
}

void play_logs_look(struct play_logs *logs)
{
	if (logs->world != NULL)
		files_list(logs->world, logs->folder, file_listed, logs, NULL);
}

/* The end. */

void play_logs_close(struct play_logs *logs)
{
	if (logs->world == NULL)
		return;
	log_receiver_close(logs->world, logs->receiver);
	remove_folder(logs->world, logs->folder);
	map_destroy(logs->seen);
	logs->world = NULL;
}
