#include "store/store_command.h"

#include <inttypes.h>
#include <stdlib.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/limits.h"
#include "base/options.h"
#include "base/url.h"
#include "store/dump.h"
#include "store/load.h"
#include "store/store.h"
#include "world/environment.h"
#include "world/files.h"
#include "world/log.h"
#include "world/redis.h"

#define EXIT_FAILED 1
#define EXIT_USAGE 2
#define STDIN STR("/dev/stdin")
#define STORE_PATH_DEFAULT STR("refscale-backend.db") /* as `refscale backend` */
/* Others may be at work on the Redis; a dump can wait. */
#define COMMAND_TIMEOUT_MS 60000

struct store_command {
	struct world *world;
	struct arena *arena;
	struct str verb, store_url, queues_url, output, input;
	bool replaces, merges, makes_store;

	struct store *store; /* NULL: a Redis */
	struct redis_client *clients[DUMP_DATABASES];
	struct file_writer *writer;
	struct file_reader *reader;
	struct dump *dump;
	struct load *load;
};

/* The end. */

static void report_counts(struct store_command *command, struct str target, const char *done,
			  const struct dump_counts *counts)
{
	struct strbuf line;

	strbuf_init(&line, LIMIT_LOG_LINE_BYTES);
	strbuf_append_format(&line, "%s storage: ", done);
	dump_counts_append(&line, counts, DUMP_STORAGE);
	strbuf_append(&line, STR("; queues: "));
	dump_counts_append(&line, counts, DUMP_QUEUES);
	log_write(command->world, target, strbuf_str(&line));
	strbuf_free(&line);
}

static void report_error(struct store_command *command, const struct error *error)
{
	log_format(command->world, LOG_STDERR, "refscale store: %s", error->text);
	world_exit(command->world, EXIT_FAILED);
}

static void dump_ended(const struct dump_counts *counts, const struct error *error, void *data)
{
	struct store_command *command = data;
	struct file_writer *writer = command->writer;
	struct error failure;

	if (error != NULL) {
		report_error(command, error);
		return;
	}
	command->writer = NULL;
	if (!files_end(command->world, writer, &failure)) {
		report_error(command, &failure);
		return;
	}
	report_counts(command, LOG_STDERR, "dumped", counts);
	world_exit(command->world, 0);
}

/* "17: what is wrong" is about the input. */
static void name_input(const struct store_command *command, struct error *error)
{
	struct error named;

	if (error->kind != ERROR_INVALID && error->kind != ERROR_LIMIT)
		return;
	error_set(&named, error->kind, "%.*s:%s", STR_ARG(command->input), error->text);
	*error = named;
}

/* What a Redis was given stays there. */
static void report_failed_load(struct store_command *command, const struct dump_counts *counts,
			       const struct error *error)
{
	struct error failure = *error;

	name_input(command, &failure);
	report_error(command, &failure);
	if (command->store != NULL)
		log_write(command->world, LOG_STDERR, STR("refscale store: nothing was changed"));
	else if (dump_counts_all(counts) == 0)
		log_write(command->world, LOG_STDERR,
			  command->replaces
				  ? STR("refscale store: no key was written, but what was "
					"there may be gone")
				  : STR("refscale store: no key was written"));
	else
		report_counts(command, LOG_STDERR,
			      "refscale store: not complete, already written (the last keys "
			      "maybe in part):",
			      counts);
}

static void load_ended(const struct dump_counts *counts, const struct error *error, void *data)
{
	struct store_command *command = data;
	struct error failure;

	if (command->store != NULL && !store_release(command->store, error == NULL, &failure))
		error = &failure;
	if (error != NULL) {
		report_failed_load(command, counts, error);
		return;
	}
	report_counts(command, LOG_STDOUT, "loaded", counts);
	world_exit(command->world, 0);
}

/* Files. */

static bool write_piece(struct str bytes, void *data, struct error *error)
{
	struct store_command *command = data;

	return files_append(command->world, command->writer, bytes, error);
}

static bool read_piece(char *room, size_t room_bytes, size_t *bytes, void *data,
		       struct error *error)
{
	struct store_command *command = data;

	return files_next(command->world, command->reader, room, room_bytes, bytes, error);
}

/* Databases. */

static bool is_redis_url(struct str text)
{
	return str_find(text, STR("://")) != STR_NOT_FOUND;
}

/* The queues are database 1 beside the storage's 0 (spec/backend.md 6). */
static bool choose_queues(struct store_command *command, struct error *error)
{
	struct url url;

	if (!url_parse(command->store_url, &url, error))
		return error_wrap(error, "--store");
	if (command->queues_url.size == 0) {
		size_t end = command->store_url.size - url.path.size;

		if (url.path.size > 1 && !str_equal(url.path, STR("/0")))
			return error_set(error, ERROR_INVALID,
					 "--queues is needed: the storage is not in database 0");
		command->queues_url = STR_CONCAT(command->arena,
						 str_slice(command->store_url, 0, end), STR("/1"));
	}
	if (str_equal(command->queues_url, command->store_url))
		return error_set(error, ERROR_INVALID,
				 "--store and --queues are the same database");
	return true;
}

static bool open_redis(struct store_command *command, struct error *error)
{
	struct redis_options storage = {.url = command->store_url,
					.command_timeout_ms = COMMAND_TIMEOUT_MS};
	struct redis_options queues = storage;

	queues.url = command->queues_url;
	command->clients[DUMP_STORAGE] = redis_open(command->world, &storage, error);
	if (command->clients[DUMP_STORAGE] == NULL)
		return error_wrap(error, "--store");
	command->clients[DUMP_QUEUES] = redis_open(command->world, &queues, error);
	return command->clients[DUMP_QUEUES] != NULL || error_wrap(error, "--queues");
}

static bool open_data(struct store_command *command, struct error *error)
{
	if (is_redis_url(command->store_url))
		return open_redis(command, error);
	command->store = (command->makes_store ? store_create : store_open)(
		command->world, command->store_url, SQL_DURABILITY_FULL, error);
	for (int i = 0; command->store != NULL && i < DUMP_DATABASES; i++)
		command->clients[i] = store_client(command->store, i);
	return command->store != NULL;
}

/* The beginning. */

static bool begin_dump(struct store_command *command, struct error *error)
{
	struct dump_options options = {
		.world = command->world,
		.clients = {command->clients[DUMP_STORAGE], command->clients[DUMP_QUEUES]},
		.write = write_piece,
		.ended = dump_ended,
		.data = command};

	command->writer = files_begin(command->world, command->output, error);
	if (command->writer == NULL)
		return false;
	command->dump = dump_start(&options);
	return true;
}

/* Before a Redis loses what it has: is there something to put in its place? */
static bool check_input(struct store_command *command, struct error *error)
{
	bool is_whole;

	command->reader = files_open(command->world, command->input, error);
	if (command->reader == NULL)
		return false;
	is_whole = load_check(read_piece, command, error);
	files_close(command->world, command->reader);
	command->reader = NULL;
	if (!is_whole)
		name_input(command, error);
	return is_whole;
}

static bool begin_load(struct store_command *command, struct error *error)
{
	struct load_options options = {
		.world = command->world,
		.clients = {command->clients[DUMP_STORAGE], command->clients[DUMP_QUEUES]},
		.mode = command->replaces ? LOAD_REPLACE
			: command->merges ? LOAD_MERGE
					  : LOAD_INTO_EMPTY,
		.read = read_piece,
		.ended = load_ended,
		.data = command};

	if (command->replaces && command->store == NULL && !str_equal(command->input, STDIN) &&
	    !check_input(command, error))
		return false;
	command->reader = files_open(command->world, command->input, error);
	if (command->reader == NULL)
		return false;
	if (command->store != NULL)
		store_hold(command->store);
	command->load = load_start(&options);
	return true;
}

static const struct verb {
	struct str name;
	bool (*begin)(struct store_command *command, struct error *error);
	bool makes_store;
} VERBS[] = {{STR_INIT("dump"), begin_dump, false}, {STR_INIT("load"), begin_load, true}};
#define VERBS_COUNT (sizeof VERBS / sizeof *VERBS)

static const struct verb *find_verb(struct str name)
{
	for (size_t i = 0; i < VERBS_COUNT; i++)
		if (str_equal(VERBS[i].name, name))
			return &VERBS[i];
	return NULL;
}

static bool read_arguments(struct store_command *command, const struct str *arguments, size_t count,
			   struct error *error)
{
	const struct option options[] = {
		{"store", 0, OPTION_TEXT, &command->store_url, NULL, "PATH",
		 "file of the embedded store, or the storage's redis:// URL"},
		{"queues", 0, OPTION_TEXT, &command->queues_url, NULL, "URL",
		 "the queues' Redis; default: database 1 beside the storage's 0"},
		{"output", 0, OPTION_TEXT, &command->output, NULL, "FILE",
		 "dump: where to, default standard output"},
		{"input", 0, OPTION_TEXT, &command->input, NULL, "FILE",
		 "load: where from, default standard input"},
		{"replace", 0, OPTION_FLAG, &command->replaces, NULL, NULL,
		 "load: empty both databases first"},
		{"merge", 0, OPTION_FLAG, &command->merges, NULL, NULL,
		 "load: keep the keys that the dump has not"},
	};
	size_t words_count = 0;

	if (!component_read_options(command->world, "store dump|load [OPTION...]", options,
				    sizeof options / sizeof *options, arguments, count,
				    &command->verb, 1, &words_count, error))
		return false;
	if (find_verb(command->verb) == NULL)
		return error_set(error, ERROR_INVALID, "dump or load? (refscale store --help)");
	if (command->replaces && command->merges)
		return error_set(error, ERROR_INVALID, "--replace and --merge exclude each other");
	if (is_redis_url(command->store_url))
		return choose_queues(command, error);
	return command->queues_url.size == 0 ||
	       error_set(error, ERROR_INVALID, "--queues needs a redis:// URL for --store, too");
}

static void command_stop(void *instance)
{
	struct store_command *command = instance;

	for (int i = 0; i < DUMP_DATABASES; i++)
		redis_close(command->clients[i]);
	dump_stop(command->dump);
	load_stop(command->load);
	store_destroy(command->store);
	files_abandon(command->world, command->writer);
	files_close(command->world, command->reader);
	arena_destroy(command->arena);
	free(command);
}

static void *command_start(struct world *world, const struct str *arguments, size_t count,
			   int *exit_status, struct error *error)
{
	struct store_command *command = MEMORY_NEW(struct store_command);

	*command = (struct store_command){.world = world,
					  .arena = arena_create(),
					  .store_url = STORE_PATH_DEFAULT,
					  .output = LOG_STDOUT,
					  .input = STDIN};
	*exit_status = EXIT_USAGE;
	if (read_arguments(command, arguments, count, error)) {
		const struct verb *verb = find_verb(command->verb);

		*exit_status = EXIT_FAILED;
		command->makes_store = verb->makes_store;
		if (open_data(command, error) && verb->begin(command, error))
			return command;
	}
	command_stop(command);
	return NULL;
}

const struct component store_component = {
	.name = "store",
	.help = "moves backend's data between the embedded store, a Redis and a file",
	.start = command_start,
	.stop = command_stop,
};
