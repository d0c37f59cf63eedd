#include "store/load.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/limits.h"
#include "base/vec.h"
#include "world/clock.h"
#include "world/redis.h"

#define WINDOW_COMMANDS 2000
#define WINDOW_BYTES ((size_t)1024 * 1024)
#define PIECE_BYTES ((size_t)256 * 1024)
#define COMMAND_BYTES_MAX ((size_t)LIMIT_RESP_TEXT_BYTES + 1024 * 1024)

struct load {
	struct load_options options;
	bool is_over, is_at_end;
	struct dump_reader reader;
	struct strbuf bytes; /* of the file */
	struct arena *arena; /* of a window */
	struct task task;

	/* Commands without a reply, and where they stand in the file. */
	VEC(uint64_t) offsets;
	size_t answered;
	struct dump_counts counts;

	struct preparation {
		struct load *load;
		int database;
	} preparations[DUMP_DATABASES];
	int prepared;
};

/* The end. */

static void end(struct load *load, const struct error *error)
{
	if (load->is_over)
		return;
	load->is_over = true;
	load->options.ended(&load->counts, error, load->options.data);
}

static bool is_fine(struct load *load, const struct redis_reply *reply, const char *where)
{
	struct error error;

	if (load->is_over)
		return false;
	if (reply->kind != REDIS_ERROR && reply->kind != REDIS_LOST)
		return true;
	error_set(&error, ERROR_UNAVAILABLE, "%s: %s%.*s", where,
		  reply->kind == REDIS_LOST ? "no answer: " : "", STR_ARG(reply->text));
	end(load, &error);
	return false;
}

/* Windows. */

static void next_window(struct task *task);

static void replied(const struct redis_reply *reply, void *data)
{
	struct load *load = data;
	char where[32];
	uint64_t offset = load->is_over ? 0 : load->offsets.items[load->answered++];

	snprintf(where, sizeof where, "%" PRIu64, offset);
	if (is_fine(load, reply, where) && load->answered == load->offsets.count)
		world_defer(load->options.world, &load->task, next_window);
}

static void send(struct load *load, const struct dump_command *command, const struct str *words,
		 size_t count)
{
	vec_push(&load->offsets, command->offset);
	redis_send(load->options.clients[command->database], words, count, replied, load);
}

static void carry_out(struct load *load, const struct dump_command *command)
{
	if (command->kind != DUMP_DATA && command->kind != DUMP_EXPIRY)
		return;
	load->counts = load->reader.counts;
	if (load->options.mode == LOAD_MERGE && command->is_first_of_key)
		send(load, command, (struct str[]){STR("DEL"), command->words[1]}, 2);
	send(load, command, command->words, command->count);
}

/* Appends the next bytes of the file; *is_at_end: there were none. */
static bool read_more(load_read *read, void *data, struct strbuf *bytes,
		      const struct dump_reader *reader, bool *is_at_end, struct error *error)
{
	size_t count;
	char *room = bytes->size < COMMAND_BYTES_MAX ? strbuf_reserve(bytes, PIECE_BYTES) : NULL;

	if (room == NULL)
		return error_set(error, ERROR_LIMIT,
				 "%" PRIu64 ": a command of more than %zu bytes", reader->offset,
				 COMMAND_BYTES_MAX);
	if (!read(room, PIECE_BYTES, &count, data, error))
		return false;
	strbuf_commit(bytes, count);
	*is_at_end = count == 0;
	return true;
}

/* As many commands as a window takes, while the bytes last. */
static enum resp_result send_window(struct load *load, struct error *error)
{
	struct str rest = strbuf_str(&load->bytes);
	enum resp_result result = RESP_DONE;
	size_t sent = 0;

	while (result == RESP_DONE && load->offsets.count < WINDOW_COMMANDS &&
	       sent < WINDOW_BYTES) {
		struct dump_command command;
		size_t used;

		result = dump_read(&load->reader, rest, load->arena, &command, &used, error);
		if (result != RESP_DONE)
			break;
		carry_out(load, &command);
		rest = str_skip(rest, used);
		sent += used;
	}
	strbuf_consume(&load->bytes, sent);
	return result;
}

/* The bytes hold no further command. */
static void read_on(struct load *load)
{
	struct error error;

	if (load->is_at_end)
		end(load,
		    dump_read_end(&load->reader, strbuf_str(&load->bytes), &error) ? NULL : &error);
	else if (!read_more(load->options.read, load->options.data, &load->bytes, &load->reader,
			    &load->is_at_end, &error))
		end(load, &error);
}

static void next_window(struct task *task)
{
	struct load *load = LIST_ENTRY(task, struct load, task);
	struct error error;

	load->offsets.count = load->answered = 0;
	arena_reset(load->arena);
	while (load->offsets.count == 0 && !load->is_over) {
		enum resp_result result = send_window(load, &error);

		if (result == RESP_INVALID)
			end(load, &error);
		else if (result == RESP_INCOMPLETE && load->offsets.count == 0)
			read_on(load);
	}
}

/* Nothing but reading. */

static enum resp_result check_commands(struct dump_reader *reader, struct strbuf *bytes,
				       struct arena *arena, struct error *error)
{
	enum resp_result result;
	size_t checked = 0, used;
	struct dump_command command;

	arena_reset(arena);
	while ((result = dump_read(reader, str_skip(strbuf_str(bytes), checked), arena, &command,
				   &used, error)) == RESP_DONE)
		checked += used;
	strbuf_consume(bytes, checked);
	return result;
}

bool load_check(load_read *read, void *data, struct error *error)
{
	struct dump_reader reader;
	struct strbuf bytes;
	struct arena *arena = arena_create();
	bool is_at_end = false, is_whole = true;

	dump_reader_init(&reader);
	strbuf_init(&bytes, COMMAND_BYTES_MAX + PIECE_BYTES);
	while (is_whole && !is_at_end)
		is_whole = read_more(read, data, &bytes, &reader, &is_at_end, error) &&
			   check_commands(&reader, &bytes, arena, error) != RESP_INVALID;
	is_whole = is_whole && dump_read_end(&reader, strbuf_str(&bytes), error);
	strbuf_free(&bytes);
	dump_reader_free(&reader);
	arena_destroy(arena);
	return is_whole;
}

/* The targets first. */

static void prepared(const struct redis_reply *reply, void *data)
{
	const struct preparation *preparation = data;
	struct load *load = preparation->load;
	const char *name = dump_database_name(preparation->database);
	struct error error;

	if (!is_fine(load, reply, name))
		return;
	if (load->options.mode == LOAD_INTO_EMPTY && reply->integer > 0) {
		error_set(&error, ERROR_CONFLICT,
			  "%s is not empty: it has %" PRId64
			  " keys (--replace removes them, --merge keeps those that the dump has "
			  "not)",
			  name, reply->integer);
		end(load, &error);
		return;
	}
	if (++load->prepared == DUMP_DATABASES)
		next_window(&load->task);
}

static void prepare(struct load *load, int database)
{
	struct str word = load->options.mode == LOAD_REPLACE ? STR("FLUSHDB") : STR("DBSIZE");

	load->preparations[database] = (struct preparation){load, database};
	redis_send(load->options.clients[database], &word, 1, prepared,
		   &load->preparations[database]);
}

/* Life. */

struct load *load_start(const struct load_options *options)
{
	struct load *load = MEMORY_NEW(struct load);

	load->options = *options;
	load->arena = arena_create();
	strbuf_init(&load->bytes, COMMAND_BYTES_MAX + PIECE_BYTES);
	dump_reader_init(&load->reader);
	for (int database = 0; database < DUMP_DATABASES; database++)
		prepare(load, database);
	return load;
}

void load_stop(struct load *load)
{
	if (load == NULL)
		return;
	list_remove(&load->task.link);
	dump_reader_free(&load->reader);
	strbuf_free(&load->bytes);
	vec_free(&load->offsets);
	arena_destroy(load->arena);
	free(load);
}
