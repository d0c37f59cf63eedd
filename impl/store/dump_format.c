#include "store/dump_format.h"

#include <inttypes.h>
#include <stdio.h>

#include "base/arena.h"
#include "base/bug.h"
#include "base/error.h"
#include "base/limits.h"
#include "store/commands_internal.h"

/* A chunk ends with the element that reaches one of these. */
#define CHUNK_ELEMENTS 1000
#define CHUNK_BYTES ((size_t)64 * 1024)

#define BEGINNING "refscale store dump "
#define VERSION "1"
#define ENDING "refscale store dump ends after "
#define ENDING_REST " keys"

static const struct {
	struct str name;    /* as TYPE answers */
	struct str command; /* that makes it */
	const char *one, *many;
	size_t words_per_element;
} TYPES[DUMP_TYPES] = {
	[DUMP_STRING] = {STR_INIT("string"), STR_INIT("SET"), "string", "strings", 1},
	[DUMP_LIST] = {STR_INIT("list"), STR_INIT("RPUSH"), "list", "lists", 1},
	[DUMP_SET] = {STR_INIT("set"), STR_INIT("SADD"), "set", "sets", 1},
	[DUMP_HASH] = {STR_INIT("hash"), STR_INIT("HSET"), "hash", "hashes", 2},
	[DUMP_SORTED_SET] = {STR_INIT("zset"), STR_INIT("ZADD"), "sorted set", "sorted sets", 2},
};

static const struct str DATABASE_NUMBERS[DUMP_DATABASES] = {STR_INIT("0"), STR_INIT("1")};

const char *dump_database_name(int database)
{
	static const char *const names[DUMP_DATABASES] = {"storage", "queues"};

	BUG_IF(database < 0 || database >= DUMP_DATABASES);
	return names[database];
}

struct str dump_shown(char out[DUMP_SHOWN_BYTES], struct str word)
{
	size_t size = word.size < DUMP_SHOWN_BYTES ? word.size : DUMP_SHOWN_BYTES;

	for (size_t i = 0; i < size; i++)
		out[i] = word.data[i] >= ' ' && word.data[i] <= '~' ? word.data[i] : '?';
	return str_of(out, size);
}

bool dump_type_find(struct str name, enum dump_type *type)
{
	for (int i = 0; i < DUMP_TYPES; i++) {
		if (str_equal(TYPES[i].name, name)) {
			*type = (enum dump_type)i;
			return true;
		}
	}
	return false;
}

/* Counts. */

static uint64_t count_database(const struct dump_counts *counts, int database)
{
	uint64_t sum = 0;

	for (int type = 0; type < DUMP_TYPES; type++)
		sum += counts->keys[database][type];
	return sum;
}

uint64_t dump_counts_all(const struct dump_counts *counts)
{
	uint64_t sum = 0;

	for (int database = 0; database < DUMP_DATABASES; database++)
		sum += count_database(counts, database);
	return sum;
}

void dump_counts_append(struct strbuf *out, const struct dump_counts *counts, int database)
{
	uint64_t all = count_database(counts, database);
	const char *separator = " (";

	strbuf_append_format(out, "%" PRIu64 " %s", all, all == 1 ? "key" : "keys");
	for (int type = 0; type < DUMP_TYPES; type++) {
		uint64_t count = counts->keys[database][type];

		if (count == 0)
			continue;
		strbuf_append_format(out, "%s%" PRIu64 " %s", separator, count,
				     count == 1 ? TYPES[type].one : TYPES[type].many);
		separator = ", ";
	}
	if (all > 0)
		strbuf_append_char(out, ')');
}

/* Writing. */

#define NUMBER_BYTES 24

static struct str decimal(char out[NUMBER_BYTES], int64_t number)
{
	return str_of(out, (size_t)snprintf(out, NUMBER_BYTES, "%" PRId64, number));
}

void dump_writer_init(struct dump_writer *writer, struct strbuf *out)
{
	*writer = (struct dump_writer){.out = out};
	strbuf_init(&writer->values, SIZE_MAX / 2);
}

void dump_writer_free(struct dump_writer *writer)
{
	strbuf_free(&writer->values);
}

static void write_command(struct dump_writer *writer, const struct str *words, size_t count)
{
	resp_write_command(writer->out, words, count);
}

void dump_write_begin(struct dump_writer *writer)
{
	write_command(writer, (struct str[]){STR("ECHO"), STR(BEGINNING VERSION)}, 2);
}

void dump_write_database(struct dump_writer *writer, int database)
{
	BUG_IF(database < 0 || database >= DUMP_DATABASES);
	writer->database = database;
	write_command(writer, (struct str[]){STR("SELECT"), DATABASE_NUMBERS[database]}, 2);
}

void dump_write_key(struct dump_writer *writer, struct str key, enum dump_type type)
{
	BUG_IF(writer->values_count > 0 || type >= DUMP_TYPES);
	writer->key = key;
	writer->type = type;
	writer->is_begun = false;
}

static void end_chunk(struct dump_writer *writer)
{
	if (writer->values_count == 0)
		return;
	resp_write_count(writer->out, writer->values_count + 2);
	resp_write_word(writer->out, TYPES[writer->type].command);
	resp_write_word(writer->out, writer->key);
	strbuf_append(writer->out, strbuf_str(&writer->values));
	strbuf_clear(&writer->values);
	writer->values_count = 0;
	writer->is_begun = true;
}

void dump_write_element(struct dump_writer *writer, struct str first, struct str second)
{
	size_t words = TYPES[writer->type].words_per_element;

	BUG_IF(writer->type == DUMP_STRING && (writer->is_begun || writer->values_count > 0));
	resp_write_word(&writer->values, first);
	if (words == 2)
		resp_write_word(&writer->values, second);
	writer->values_count += words;
	if (writer->values_count / words >= CHUNK_ELEMENTS || writer->values.size >= CHUNK_BYTES)
		end_chunk(writer);
}

void dump_write_key_end(struct dump_writer *writer, int64_t expires_ms)
{
	char number[NUMBER_BYTES];

	end_chunk(writer);
	if (!writer->is_begun)
		return;
	writer->counts.keys[writer->database][writer->type]++;
	if (expires_ms >= 0)
		write_command(
			writer,
			(struct str[]){STR("PEXPIREAT"), writer->key, decimal(number, expires_ms)},
			3);
}

void dump_write_end(struct dump_writer *writer)
{
	char number[NUMBER_BYTES];
	struct strbuf text;

	strbuf_init(&text, 128);
	strbuf_append(&text, STR(ENDING));
	strbuf_append(&text, decimal(number, (int64_t)dump_counts_all(&writer->counts)));
	strbuf_append(&text, STR(ENDING_REST));
	write_command(writer, (struct str[]){STR("ECHO"), strbuf_str(&text)}, 2);
	strbuf_free(&text);
}

/* Reading. */

void dump_reader_init(struct dump_reader *reader)
{
	*reader = (struct dump_reader){.offset = 0};
	strbuf_init(&reader->key, LIMIT_RESP_TEXT_BYTES);
}

void dump_reader_free(struct dump_reader *reader)
{
	strbuf_free(&reader->key);
}

static enum resp_result refuse(const struct dump_reader *reader, struct error *error,
			       const char *what)
{
	error_set(error, ERROR_INVALID, "%" PRIu64 ": %s", reader->offset, what);
	return RESP_INVALID;
}

static enum resp_result refuse_word(const struct dump_reader *reader, struct error *error,
				    const char *what, struct str word)
{
	char shown[DUMP_SHOWN_BYTES] = "";

	error_set(error, ERROR_INVALID, "%" PRIu64 ": %s \"%.*s\"", reader->offset, what,
		  STR_ARG(dump_shown(shown, word)));
	return RESP_INVALID;
}

static enum resp_result read_note(struct dump_reader *reader, struct dump_command *command,
				  struct error *error)
{
	struct str text = command->words[1], number = text;
	int64_t keys;

	command->kind = DUMP_NOTE;
	if (str_has_prefix(text, STR(ENDING)) && str_has_suffix(text, STR(ENDING_REST)) &&
	    text.size > STR(ENDING).size + STR(ENDING_REST).size) {
		number = str_slice(text, STR(ENDING).size, text.size - STR(ENDING_REST).size);
		if (!reader->has_beginning || !command_read_integer(number, &keys) || keys < 0)
			return refuse_word(reader, error, "an end that ends nothing:", text);
		if ((uint64_t)keys != dump_counts_all(&reader->counts))
			return refuse_word(reader, error,
					   "the keys before are not that many:", number);
		reader->has_end = true;
		return RESP_DONE;
	}
	if (!str_has_prefix(text, STR(BEGINNING)))
		return refuse_word(reader, error, "no word of a dump:", text);
	if (reader->offset > 0)
		return refuse(reader, error, "a second beginning");
	if (!str_equal(text, STR(BEGINNING VERSION)))
		return refuse_word(reader, error,
				   "a dump of another version, known is " VERSION ":",
				   str_skip(text, STR(BEGINNING).size));
	reader->has_beginning = true;
	return RESP_DONE;
}

static enum resp_result read_select(struct dump_reader *reader, struct dump_command *command,
				    struct error *error)
{
	for (int i = 0; i < DUMP_DATABASES; i++) {
		if (!str_equal(command->words[1], DATABASE_NUMBERS[i]))
			continue;
		command->kind = DUMP_SELECT;
		command->database = reader->database = i;
		reader->has_key = false;
		return RESP_DONE;
	}
	return refuse_word(reader, error, "the database is neither 0 (storage) nor 1 (queues):",
			   command->words[1]);
}

static bool is_same_key(const struct dump_reader *reader, struct str key)
{
	return reader->has_key && str_equal(strbuf_str(&reader->key), key);
}

/* Milliseconds since 1970. */
static enum resp_result read_expiry(struct dump_reader *reader, struct dump_command *command,
				    struct error *error)
{
	int64_t time;

	command->kind = DUMP_EXPIRY;
	if (!is_same_key(reader, command->words[1]))
		return refuse_word(reader, error, "an expiry of another key than the one before:",
				   command->words[1]);
	if (!command_read_integer(command->words[2], &time) || time < 0)
		return refuse_word(reader, error, "an expiry that is no time:", command->words[2]);
	return RESP_DONE;
}

static enum resp_result check_scores(const struct dump_reader *reader,
				     const struct dump_command *command, struct error *error)
{
	double score;

	for (size_t i = 2; i < command->count; i += 2)
		if (!command_read_number(command->words[i], &score))
			return refuse_word(reader, error, "no score:", command->words[i]);
	return RESP_DONE;
}

static enum resp_result read_data(struct dump_reader *reader, struct dump_command *command,
				  enum dump_type type, struct error *error)
{
	struct str key = command->words[1];

	command->kind = DUMP_DATA;
	command->is_first_of_key = !is_same_key(reader, key);
	if (!command->is_first_of_key && (type != reader->type || type == DUMP_STRING))
		return refuse_word(reader, error, "a second value of key", key);
	if (type == DUMP_SORTED_SET && check_scores(reader, command, error) != RESP_DONE)
		return RESP_INVALID;
	if (!command->is_first_of_key)
		return RESP_DONE;
	strbuf_clear(&reader->key);
	strbuf_append(&reader->key, key);
	reader->has_key = true;
	reader->type = type;
	reader->counts.keys[reader->database][type]++;
	return RESP_DONE;
}

/* What else a file may hold. Words: exactly, or, if negative, at least that many. */
static const struct {
	struct str name;
	int words;
	enum dump_command_kind kind;
	enum dump_type type;
} COMMANDS_READ[] = {
	{STR_INIT("SET"), 3, DUMP_DATA, DUMP_STRING},
	{STR_INIT("RPUSH"), -3, DUMP_DATA, DUMP_LIST},
	{STR_INIT("SADD"), -3, DUMP_DATA, DUMP_SET},
	{STR_INIT("HSET"), -4, DUMP_DATA, DUMP_HASH},
	{STR_INIT("HMSET"), -4, DUMP_DATA, DUMP_HASH},
	{STR_INIT("ZADD"), -4, DUMP_DATA, DUMP_SORTED_SET},
	{STR_INIT("PEXPIREAT"), 3, DUMP_EXPIRY, DUMP_TYPES},
	{STR_INIT("SELECT"), 2, DUMP_SELECT, DUMP_TYPES},
	{STR_INIT("ECHO"), 2, DUMP_NOTE, DUMP_TYPES},
};
#define COMMANDS_READ_COUNT (sizeof COMMANDS_READ / sizeof *COMMANDS_READ)

static bool has_right_count(size_t row, size_t count)
{
	int words = COMMANDS_READ[row].words;
	size_t paired = COMMANDS_READ[row].kind == DUMP_DATA
				? TYPES[COMMANDS_READ[row].type].words_per_element
				: 1;

	return words < 0 ? count >= (size_t)-words && count % paired == 0 : count == (size_t)words;
}

static enum resp_result read_command(struct dump_reader *reader, struct dump_command *command,
				     struct error *error)
{
	size_t row = 0;

	while (row < COMMANDS_READ_COUNT &&
	       !str_equal_nocase(COMMANDS_READ[row].name, command->words[0]))
		row++;
	if (row == COMMANDS_READ_COUNT)
		return refuse_word(reader, error, "not a command of a dump:", command->words[0]);
	if (!has_right_count(row, command->count))
		return refuse_word(reader, error, "the wrong number of words for",
				   command->words[0]);
	if (reader->has_end)
		return refuse(reader, error, "more behind the end");
	switch (COMMANDS_READ[row].kind) {
	case DUMP_NOTE:
		return read_note(reader, command, error);
	case DUMP_SELECT:
		return read_select(reader, command, error);
	case DUMP_DATA:
		return read_data(reader, command, COMMANDS_READ[row].type, error);
	case DUMP_EXPIRY:
		return read_expiry(reader, command, error);
	}
	BUG_IF(true);
}

enum resp_result dump_read(struct dump_reader *reader, struct str bytes, struct arena *arena,
			   struct dump_command *command, size_t *used, struct error *error)
{
	struct dump_command found = {.database = reader->database, .offset = reader->offset};
	struct str *words;
	size_t read;
	enum resp_result result = resp_read_command(bytes, arena, &words, &found.count, &read);

	if (result == RESP_INCOMPLETE)
		return RESP_INCOMPLETE;
	if (result == RESP_INVALID || found.count == 0)
		return refuse(reader, error, "no Redis command");
	found.words = words;
	result = read_command(reader, &found, error);
	if (result != RESP_DONE)
		return result;
	reader->offset += read;
	*command = found;
	*used = read;
	return RESP_DONE;
}

bool dump_read_end(const struct dump_reader *reader, struct str rest, struct error *error)
{
	const char *what = NULL;

	if (rest.size > 0)
		what = "the file ends within a command";
	else if (reader->offset == 0)
		what = "the file is empty";
	else if (reader->has_beginning && !reader->has_end)
		what = "the file ends before the dump does";
	return what == NULL || refuse(reader, error, what) == RESP_DONE;
}
