/* libFuzzer target, in both directions: whatever arrives, reading RESP neither crashes nor hangs,
 * and what was read is written and read again without a change; whatever is written is read as it
 * was, and not before its last byte is there. */
#include <stdint.h>
#include <stdlib.h>

#include "base/arena.h"
#include "base/bug.h"
#include "base/limits.h"
#include "store/resp.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_command(struct str bytes, struct arena *arena, struct strbuf *out)
{
	struct str *words, *again;
	size_t count, used, count_again;

	if (resp_read_command(bytes, arena, &words, &count, &used) != RESP_DONE)
		return;
	BUG_IF(used > bytes.size);
	BUG_IF(!resp_write_command(out, words, count));
	BUG_IF(resp_read_command(strbuf_str(out), arena, &again, &count_again, &used) != RESP_DONE);
	BUG_IF(used != out->size || count_again != count);
	for (size_t i = 0; i < count; i++)
		BUG_IF(!str_equal(words[i], again[i]));
}

static void check_reply(struct str bytes, struct arena *arena, struct strbuf *out,
			struct strbuf *out_again)
{
	struct redis_reply reply;
	size_t used;

	if (resp_read_reply(bytes, arena, &reply, &used) != RESP_DONE)
		return;
	BUG_IF(used > bytes.size);
	BUG_IF(!resp_write_reply(out, &reply));
	BUG_IF(resp_read_reply(strbuf_str(out), arena, &reply, &used) != RESP_DONE);
	BUG_IF(used != out->size);
	BUG_IF(!resp_write_reply(out_again, &reply));
	BUG_IF(!str_equal(strbuf_str(out), strbuf_str(out_again)));
}

/* Writing first: words and replies are made of the input. */

#define PREFIXES_MAX 300 /* that are looked at */
#define MADE_DEPTH_MAX 4

static struct str take_text(struct str *input)
{
	size_t wanted = input->size > 0 ? (unsigned char)input->data[0] % 24 : 0;
	struct str text = str_slice(str_skip(*input, 1), 0, wanted);

	*input = str_skip(*input, 1 + wanted);
	return text;
}

static void check_made_command(struct str input, struct arena *arena, struct strbuf *out)
{
	struct str made[64], *words;
	size_t count = 0, count_read, used;

	while (input.size > 0 && count < sizeof made / sizeof *made)
		made[count++] = take_text(&input);
	BUG_IF(!resp_write_command(out, made, count));
	for (size_t size = 0; size < out->size && size < PREFIXES_MAX; size++)
		BUG_IF(resp_read_command(str_of(out->data, size), arena, &words, &count_read,
					 &used) != RESP_INCOMPLETE);
	BUG_IF(resp_read_command(strbuf_str(out), arena, &words, &count_read, &used) != RESP_DONE);
	BUG_IF(used != out->size || count_read != count);
	for (size_t i = 0; i < count; i++)
		BUG_IF(!str_equal(made[i], words[i]));
}

/* The text of a line has no line ends. */
static struct str make_line(struct str text, struct arena *arena)
{
	char *copy = arena_alloc(arena, text.size + 1);

	for (size_t i = 0; i < text.size; i++)
		copy[i] = text.data[i] == '\r' || text.data[i] == '\n' ? ' ' : text.data[i];
	return str_of(copy, text.size);
}

static struct redis_reply make_reply(struct str *input, struct arena *arena, int depth)
{
	enum redis_reply_kind kind =
		input->size > 0 ? (enum redis_reply_kind)((unsigned char)input->data[0] %
							  (unsigned)REDIS_LOST)
				: REDIS_NIL;
	struct redis_reply reply = {.kind = kind}, *items;
	struct str text;

	*input = str_skip(*input, 1);
	if (kind == REDIS_NIL)
		return reply;
	text = take_text(input);
	reply.text = kind == REDIS_STRING ? text : make_line(text, arena);
	for (size_t i = 0; kind == REDIS_INTEGER && i < text.size && i < 7; i++)
		reply.integer = reply.integer * -256 + text.data[i];
	if (kind != REDIS_ARRAY)
		return reply;
	reply.count = depth < MADE_DEPTH_MAX ? text.size % 5 : 0;
	items = ARENA_ARRAY(arena, struct redis_reply, reply.count + 1);
	for (size_t i = 0; i < reply.count; i++)
		items[i] = make_reply(input, arena, depth + 1);
	reply.items = items;
	return reply;
}

static void check_same(const struct redis_reply *a, const struct redis_reply *b)
{
	BUG_IF(a->kind != b->kind);
	if (a->kind == REDIS_INTEGER)
		BUG_IF(a->integer != b->integer);
	else if (a->kind == REDIS_ARRAY)
		BUG_IF(a->count != b->count);
	else if (a->kind != REDIS_NIL)
		BUG_IF(!str_equal(a->text, b->text));
	for (size_t i = 0; a->kind == REDIS_ARRAY && i < a->count; i++)
		check_same(&a->items[i], &b->items[i]);
}

static void check_made_reply(struct str input, struct arena *arena, struct strbuf *out)
{
	struct redis_reply made = make_reply(&input, arena, 0), reply;
	size_t used;

	BUG_IF(!resp_write_reply(out, &made));
	for (size_t size = 0; size < out->size && size < PREFIXES_MAX; size++)
		BUG_IF(resp_read_reply(str_of(out->data, size), arena, &reply, &used) !=
		       RESP_INCOMPLETE);
	BUG_IF(resp_read_reply(strbuf_str(out), arena, &reply, &used) != RESP_DONE);
	BUG_IF(used != out->size);
	check_same(&made, &reply);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str bytes = str_of((const char *)data, size);
	struct arena *arena = arena_create();
	struct strbuf out, out_again;

	strbuf_init(&out, LIMIT_RESP_TEXT_BYTES);
	strbuf_init(&out_again, LIMIT_RESP_TEXT_BYTES);
	check_command(bytes, arena, &out);
	strbuf_clear(&out);
	check_reply(bytes, arena, &out, &out_again);
	strbuf_clear(&out);
	check_made_command(bytes, arena, &out);
	strbuf_clear(&out);
	check_made_reply(bytes, arena, &out);
	strbuf_free(&out);
	strbuf_free(&out_again);
	arena_destroy(arena);
	return 0;
}
