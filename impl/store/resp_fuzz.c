/* libFuzzer target: whatever arrives, reading RESP neither crashes nor hangs, and what was read is
 * written and read again without a change. */
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
	strbuf_free(&out);
	strbuf_free(&out_again);
	arena_destroy(arena);
	return 0;
}
