/* libFuzzer target: whatever a file holds, reading it as a dump neither crashes nor hangs. What was
 * read is written and read again without a change, and never before its last byte is there. What
 * loads into a store comes out as a dump that loads to the same dump. */
#include "store/dump_format.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/bug.h"
#include "base/error.h"
#include "store/dump.h"
#include "store/load.h"
#include "store/stage_test.h"
#include "store/store.h"

#define OUT_BYTES_MAX ((size_t)64 * 1024 * 1024)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Commands. */

static void check_again(const struct dump_command *command, struct arena *arena, struct strbuf *out)
{
	struct str *words;
	size_t count, used;

	strbuf_clear(out);
	BUG_IF(!resp_write_command(out, command->words, command->count));
	BUG_IF(resp_read_command(strbuf_str(out), arena, &words, &count, &used) != RESP_DONE);
	BUG_IF(count != command->count);
	for (size_t i = 0; i < count; i++)
		BUG_IF(!str_equal(words[i], command->words[i]));
	BUG_IF(command->database < 0 || command->database >= DUMP_DATABASES);
}

static bool read_all(struct str bytes, struct arena *arena)
{
	enum resp_result result;
	struct dump_command command;
	struct dump_reader reader;
	struct error error = {ERROR_NONE, ""};
	struct strbuf out;
	size_t used, at = 0;
	bool is_whole;

	strbuf_init(&out, OUT_BYTES_MAX);
	dump_reader_init(&reader);
	while ((result = dump_read(&reader, str_skip(bytes, at), arena, &command, &used, &error)) ==
	       RESP_DONE) {
		BUG_IF(command.offset != at || used == 0 || used > bytes.size - at);
		at += used;
		BUG_IF(reader.offset != at);
		check_again(&command, arena, &out);
	}
	BUG_IF((result == RESP_INVALID) != (error.kind == ERROR_INVALID));
	is_whole = result == RESP_INCOMPLETE && dump_read_end(&reader, str_skip(bytes, at), &error);
	BUG_IF(is_whole && at != bytes.size);
	BUG_IF(!is_whole && error.text[0] == '\0');
	dump_reader_free(&reader);
	strbuf_free(&out);
	return is_whole;
}

/* Stores. */

struct side {
	struct stage stage;
	struct store *store;
	struct redis_client *clients[DUMP_DATABASES];
	struct str rest; /* to be read */
	struct strbuf out;
	struct dump_counts counts;
	bool has_ended, has_failed;
};

static bool give(char *room, size_t room_bytes, size_t *bytes, void *data, struct error *error)
{
	struct side *side = data;
	size_t most = 7 < room_bytes ? 7 : room_bytes; /* so that commands come in pieces */

	(void)error;
	*bytes = side->rest.size < most ? side->rest.size : most;
	if (*bytes > 0)
		memcpy(room, side->rest.data, *bytes);
	side->rest = str_skip(side->rest, *bytes);
	return true;
}

static bool take(struct str bytes, void *data, struct error *error)
{
	struct side *side = data;

	(void)error;
	BUG_IF(!strbuf_append(&side->out, bytes));
	return true;
}

static void ended(const struct dump_counts *counts, const struct error *error, void *data)
{
	struct side *side = data;

	BUG_IF(side->has_ended);
	side->has_ended = true;
	side->has_failed = error != NULL;
	side->counts = *counts;
}

static void run_to_end(struct side *side)
{
	for (int i = 0; i < 1000 && !side->has_ended; i++)
		stage_pass(&side->stage, 1);
	BUG_IF(!side->has_ended);
}

/* Loads, and dumps what is there then; false when it could not be loaded. */
static bool go_through(struct str bytes, struct strbuf *out)
{
	struct side side = {.rest = bytes};
	struct load_options load_options = {.read = give, .ended = ended, .data = &side};
	struct dump_options dump_options = {.write = take, .ended = ended, .data = &side};
	struct load *load;
	struct dump *dump = NULL;
	bool has_failed;

	stage_begin(&side.stage);
	strbuf_init(&side.out, OUT_BYTES_MAX);
	load_options.world = dump_options.world = &side.stage.world;
	side.store = store_create(&side.stage.world, STR(":memory:"), SQL_DURABILITY_NONE, NULL);
	BUG_IF(side.store == NULL);
	for (int i = 0; i < DUMP_DATABASES; i++)
		load_options.clients[i] = dump_options.clients[i] = side.clients[i] =
			store_client(side.store, i);
	load = load_start(&load_options);
	run_to_end(&side);
	has_failed = side.has_failed;
	if (!has_failed) {
		side.has_ended = false;
		dump = dump_start(&dump_options);
		run_to_end(&side);
		BUG_IF(side.has_failed);
		BUG_IF(!strbuf_append(out, strbuf_str(&side.out)));
	}
	for (int i = 0; i < DUMP_DATABASES; i++)
		redis_close(side.clients[i]);
	load_stop(load);
	dump_stop(dump);
	store_destroy(side.store);
	strbuf_free(&side.out);
	stage_end(&side.stage);
	return !has_failed;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str bytes = str_of((const char *)data, size);
	struct arena *arena = arena_create();
	struct strbuf first, second;

	strbuf_init(&first, OUT_BYTES_MAX);
	strbuf_init(&second, OUT_BYTES_MAX);
	if (read_all(bytes, arena) && go_through(bytes, &first)) {
		BUG_IF(!read_all(strbuf_str(&first), arena));
		BUG_IF(!go_through(strbuf_str(&first), &second));
		BUG_IF(!str_equal(strbuf_str(&first), strbuf_str(&second)));
	}
	strbuf_free(&first);
	strbuf_free(&second);
	arena_destroy(arena);
	return 0;
}
