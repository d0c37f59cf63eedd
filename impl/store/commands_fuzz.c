/* libFuzzer target: whatever commands come, none crashes or hangs, every reply can be written, a
 * store whose cache holds nothing answers as one whose cache holds all, and in the end the counts
 * are those of what is there.
 *
 * Input: commands end with a line feed, words with a NUL; a command "p" lets a second pass. */
#include <stdint.h>
#include <stdlib.h>

#include "base/bug.h"
#include "base/error.h"
#include "base/vec.h"
#include "store/resp.h"
#include "store/stage_test.h"
#include "store/store_internal.h"

#define REPLY_BYTES_MAX (64 * 1024 * 1024)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct side {
	struct stage stage;
	struct store *store;
	struct redis_client *client;
	struct strbuf replies;
};

/* MISCONF: SQLite refused, which no command may bring about. */
static void written(const struct redis_reply *reply, void *data)
{
	BUG_IF(reply->kind == REDIS_ERROR && str_has_prefix(reply->text, STR("MISCONF")));
	if (reply->kind != REDIS_LOST) /* who still waits in the end */
		BUG_IF(!resp_write_reply(data, reply));
}

static void side_begin(struct side *side, size_t cache_bytes)
{
	stage_begin(&side->stage);
	side->store = store_create(&side->stage.world, STR(":memory:"), SQL_DURABILITY_NONE, NULL);
	BUG_IF(side->store == NULL);
	side->store->cache.bytes_max = cache_bytes;
	side->client = store_client(side->store, 0);
	strbuf_init(&side->replies, REPLY_BYTES_MAX);
}

static void side_end(struct side *side)
{
	redis_close(side->client);
	store_destroy(side->store);
	strbuf_free(&side->replies);
	stage_end(&side->stage);
}

static void play(struct side *side, const struct str *words, size_t count)
{
	if (count == 1 && str_equal(words[0], STR("p")))
		stage_pass(&side->stage, 1000000);
	else
		redis_send(side->client, words, count, written, &side->replies);
}

static void play_all(struct side *side, struct str input)
{
	struct str command, word;

	while (str_next_field(&input, '\n', &command)) {
		VEC(struct str) words = {0};

		while (str_next_field(&command, '\0', &word))
			vec_push(&words, word);
		if (words.count > 0)
			play(side, words.items, words.count);
		vec_free(&words);
	}
	stage_pass(&side->stage, 1000000);
}

static const struct redis_reply *ask(struct side *side, struct str command, struct str key)
{
	struct str words[] = {command, key, STR("0"), STR("-1")};
	int database = 0;
	size_t count = str_equal(command, STR("DBSIZE"))   ? 1
		       : str_has_suffix(command, STR("E")) ? 4
							   : 2;

	return store_execute(side->store, &database, words, count);
}

static void check_count(struct side *side, struct str counting, struct str listing, struct str key,
			size_t items_per_element)
{
	const struct redis_reply *reply = ask(side, counting, key);
	int64_t count = reply->integer;

	if (reply->kind == REDIS_ERROR)
		return; /* of another type */
	reply = ask(side, listing, key);
	BUG_IF(reply->kind != REDIS_ARRAY);
	BUG_IF(reply->count != (size_t)count * items_per_element);
}

static void check_counts(struct side *side)
{
	const struct redis_reply *reply = ask(side, STR("KEYS"), STR("*"));
	VEC(struct str) keys = {0};

	for (size_t i = 0; i < reply->count; i++)
		vec_push(&keys, str_copy(side->stage.arena, reply->items[i].text));
	BUG_IF(ask(side, STR("DBSIZE"), STR(""))->integer != (int64_t)keys.count);
	for (size_t i = 0; i < keys.count; i++) {
		check_count(side, STR("LLEN"), STR("LRANGE"), keys.items[i], 1);
		check_count(side, STR("SCARD"), STR("SMEMBERS"), keys.items[i], 1);
		check_count(side, STR("ZCARD"), STR("ZRANGE"), keys.items[i], 1);
		check_count(side, STR("HLEN"), STR("HGETALL"), keys.items[i], 2);
	}
	vec_free(&keys);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str input = str_of((const char *)data, size);
	struct side all, nothing;

	side_begin(&all, SIZE_MAX);
	side_begin(&nothing, 0);
	play_all(&all, input);
	play_all(&nothing, input);
	BUG_IF(!str_equal(strbuf_str(&all.replies), strbuf_str(&nothing.replies)));
	check_counts(&all);
	check_counts(&nothing);
	side_end(&all);
	side_end(&nothing);
	return 0;
}
