#include "store/resp.h"

#include "base/arena.h"
#include "base/bug.h"
#include "base/limits.h"

#define LINE_END STR("\r\n")
#define NUMBER_BYTES_MAX 32 /* of the line behind `*`, `$` or `:` */

/* What has not been read of a byte stream. */
struct reader {
	struct str rest;
};

static void write_number(struct strbuf *out, char kind, int64_t number)
{
	strbuf_append_char(out, kind);
	strbuf_append_int(out, number);
	strbuf_append(out, LINE_END);
}

static void write_text(struct strbuf *out, struct str text)
{
	write_number(out, '$', (int64_t)text.size);
	strbuf_append(out, text);
	strbuf_append(out, LINE_END);
}

/* The framing of a status or error ends at the first line end: a text may not bring its own. */
static void write_line(struct strbuf *out, char kind, struct str line)
{
	strbuf_append_char(out, kind);
	while (line.size > 0) {
		size_t clean = 0;

		while (clean < line.size && line.data[clean] != '\r' && line.data[clean] != '\n')
			clean++;
		strbuf_append(out, str_slice(line, 0, clean));
		if (clean < line.size)
			strbuf_append_char(out, ' ');
		line = str_skip(line, clean + 1);
	}
	strbuf_append(out, LINE_END);
}

bool resp_write_count(struct strbuf *out, size_t count)
{
	write_number(out, '*', (int64_t)count);
	return !strbuf_is_full(out);
}

bool resp_write_word(struct strbuf *out, struct str word)
{
	write_text(out, word);
	return !strbuf_is_full(out);
}

bool resp_write_command(struct strbuf *out, const struct str *words, size_t count)
{
	resp_write_count(out, count);
	for (size_t i = 0; i < count; i++)
		write_text(out, words[i]);
	return !strbuf_is_full(out);
}

static void write_reply(struct strbuf *out, const struct redis_reply *reply, int depth)
{
	BUG_IF(depth > LIMIT_RESP_DEPTH);
	switch (reply->kind) {
	case REDIS_STATUS:
		write_line(out, '+', reply->text);
		return;
	case REDIS_ERROR:
		write_line(out, '-', reply->text);
		return;
	case REDIS_INTEGER:
		write_number(out, ':', reply->integer);
		return;
	case REDIS_STRING:
		write_text(out, reply->text);
		return;
	case REDIS_NIL:
		write_number(out, '$', -1);
		return;
	case REDIS_ARRAY:
		write_number(out, '*', (int64_t)reply->count);
		for (size_t i = 0; i < reply->count; i++)
			write_reply(out, &reply->items[i], depth + 1);
		return;
	case REDIS_LOST:
		break;
	}
	BUG_IF(true);
}

bool resp_write_reply(struct strbuf *out, const struct redis_reply *reply)
{
	write_reply(out, reply, 0);
	return !strbuf_is_full(out);
}

static enum resp_result read_line(struct reader *reader, size_t bytes_max, struct str *line)
{
	struct str window = str_slice(reader->rest, 0, bytes_max + LINE_END.size);
	size_t end = str_find(window, LINE_END);

	if (end == STR_NOT_FOUND)
		return window.size < bytes_max + LINE_END.size ? RESP_INCOMPLETE : RESP_INVALID;
	*line = str_slice(window, 0, end);
	reader->rest = str_skip(reader->rest, end + LINE_END.size);
	return RESP_DONE;
}

/* The number behind a kind character. */
static enum resp_result read_number(struct reader *reader, int64_t min, int64_t max,
				    int64_t *number)
{
	struct str line;
	enum resp_result result = read_line(reader, NUMBER_BYTES_MAX, &line);

	if (result != RESP_DONE)
		return result;
	if (!str_to_int64(line, number) || *number < min || *number > max)
		return RESP_INVALID;
	return RESP_DONE;
}

static enum resp_result read_kind(struct reader *reader, char *kind)
{
	if (reader->rest.size == 0)
		return RESP_INCOMPLETE;
	*kind = reader->rest.data[0];
	reader->rest = str_skip(reader->rest, 1);
	return RESP_DONE;
}

/* The bytes of a text whose size has been read. */
static enum resp_result read_sized(struct reader *reader, size_t size, struct str *text)
{
	struct str end = str_slice(str_skip(reader->rest, size), 0, LINE_END.size);

	if (!str_has_prefix(LINE_END, end))
		return RESP_INVALID;
	if (end.size < LINE_END.size)
		return RESP_INCOMPLETE;
	*text = str_slice(reader->rest, 0, size);
	reader->rest = str_skip(reader->rest, size + LINE_END.size);
	return RESP_DONE;
}

static enum resp_result read_word(struct reader *reader, struct str *word)
{
	char kind;
	int64_t size;
	enum resp_result result = read_kind(reader, &kind);

	if (result == RESP_DONE && kind != '$')
		result = RESP_INVALID;
	if (result == RESP_DONE)
		result = read_number(reader, 0, LIMIT_RESP_TEXT_BYTES, &size);
	if (result == RESP_DONE)
		result = read_sized(reader, (size_t)size, word);
	return result;
}

static enum resp_result read_words_count(struct reader *reader, size_t *count)
{
	char kind;
	int64_t number;
	enum resp_result result = read_kind(reader, &kind);

	if (result == RESP_DONE && kind != '*')
		result = RESP_INVALID;
	if (result == RESP_DONE)
		result = read_number(reader, INT64_MIN, LIMIT_RESP_WORDS, &number);
	if (result == RESP_DONE)
		*count = number > 0 ? (size_t)number : 0; /* Redis skips `*0` and `*-1` */
	return result;
}

enum resp_result resp_read_command(struct str bytes, struct arena *arena, struct str **words,
				   size_t *count, size_t *used)
{
	struct reader reader = {bytes}, first_word;
	struct str word;
	size_t words_count;
	enum resp_result result = read_words_count(&reader, &words_count);

	if (result != RESP_DONE)
		return result;
	first_word = reader;
	for (size_t i = 0; i < words_count; i++) {
		result = read_word(&reader, &word);
		if (result != RESP_DONE)
			return result;
	}
	*words = ARENA_ARRAY(arena, struct str, words_count);
	for (size_t i = 0; i < words_count; i++) {
		read_word(&first_word, &word);
		(*words)[i] = str_copy(arena, word);
	}
	*count = words_count;
	*used = bytes.size - reader.rest.size;
	return RESP_DONE;
}

static enum resp_result read_text_reply(struct reader *reader, struct redis_reply *reply)
{
	int64_t size;
	enum resp_result result = read_number(reader, -1, LIMIT_RESP_TEXT_BYTES, &size);

	if (result != RESP_DONE)
		return result;
	if (size < 0) {
		reply->kind = REDIS_NIL;
		return RESP_DONE;
	}
	reply->kind = REDIS_STRING;
	return read_sized(reader, (size_t)size, &reply->text);
}

static enum resp_result read_reply(struct reader *reader, struct arena *arena,
				   struct redis_reply *reply, int depth);

/* arena: NULL to look only whether the array is whole. */
static enum resp_result read_array_reply(struct reader *reader, struct arena *arena,
					 struct redis_reply *reply, int depth)
{
	struct redis_reply looked_at, *items = NULL;
	int64_t count;
	enum resp_result result = read_number(reader, -1, LIMIT_RESP_WORDS, &count);

	if (result != RESP_DONE)
		return result;
	if (count < 0) {
		reply->kind = REDIS_NIL;
		return RESP_DONE;
	}
	if (count > 0 && depth == LIMIT_RESP_DEPTH)
		return RESP_INVALID;
	if (arena != NULL)
		items = ARENA_ARRAY(arena, struct redis_reply, (size_t)count);
	for (int64_t i = 0; i < count && result == RESP_DONE; i++)
		result = read_reply(reader, arena, items != NULL ? &items[i] : &looked_at,
				    depth + 1);
	reply->kind = REDIS_ARRAY;
	reply->items = items;
	reply->count = (size_t)count;
	return result;
}

static enum resp_result read_reply(struct reader *reader, struct arena *arena,
				   struct redis_reply *reply, int depth)
{
	char kind;
	enum resp_result result = read_kind(reader, &kind);

	if (result != RESP_DONE)
		return result;
	*reply = (struct redis_reply){.kind = REDIS_NIL};
	switch (kind) {
	case '+':
	case '-':
		reply->kind = kind == '+' ? REDIS_STATUS : REDIS_ERROR;
		result = read_line(reader, LIMIT_RESP_LINE_BYTES, &reply->text);
		break;
	case ':':
		reply->kind = REDIS_INTEGER;
		result = read_number(reader, INT64_MIN, INT64_MAX, &reply->integer);
		break;
	case '$':
		result = read_text_reply(reader, reply);
		break;
	case '*':
		result = read_array_reply(reader, arena, reply, depth);
		break;
	default:
		result = RESP_INVALID;
	}
	if (result == RESP_DONE && arena != NULL)
		reply->text = str_copy(arena, reply->text);
	return result;
}

enum resp_result resp_read_reply(struct str bytes, struct arena *arena, struct redis_reply *reply,
				 size_t *used)
{
	struct reader reader = {bytes};
	struct redis_reply looked_at;
	enum resp_result result = read_reply(&reader, NULL, &looked_at, 0);

	if (result != RESP_DONE)
		return result;
	reader.rest = bytes;
	read_reply(&reader, arena, reply, 0);
	*used = bytes.size - reader.rest.size;
	return RESP_DONE;
}
