/* All data of a store as commands that make it: what a replica gets first. */
#include <inttypes.h>

#include "sim/data/redis_node_internal.h"
#include "store/resp.h"

/* How the value of a type is read, and which command makes it again. */
static const struct {
	struct str type;
	struct str read[4]; /* the key stands second */
	struct str make;
	bool turns_pairs; /* member, score -> score, member */
} types[] = {
	{STR_INIT("string"), {STR_INIT("GET"), STR_INIT("")}, STR_INIT("SET"), false},
	{STR_INIT("list"),
	 {STR_INIT("LRANGE"), STR_INIT(""), STR_INIT("0"), STR_INIT("-1")},
	 STR_INIT("RPUSH"),
	 false},
	{STR_INIT("set"), {STR_INIT("SMEMBERS"), STR_INIT("")}, STR_INIT("SADD"), false},
	{STR_INIT("hash"), {STR_INIT("HGETALL"), STR_INIT("")}, STR_INIT("HSET"), false},
	{STR_INIT("zset"),
	 {STR_INIT("ZREVRANGE"), STR_INIT(""), STR_INIT("0"), STR_INIT("-1")},
	 STR_INIT("ZADD"),
	 true},
};

struct snapshot {
	struct store *store;
	struct arena *arena; /* of one database */
	struct strbuf *out;
	int database;
};

static const struct redis_reply *execute(struct snapshot *snapshot, const struct str *words,
					 size_t count)
{
	return store_execute(snapshot->store, &snapshot->database, words, count);
}

static void write_value(struct snapshot *snapshot, size_t type, struct str key)
{
	struct str words[5];
	const struct redis_reply *value;
	struct str *made;
	size_t count = 0;

	while (count < 4 && types[type].read[count].data != NULL) {
		words[count] = count == 1 ? key : types[type].read[count];
		count++;
	}
	if (types[type].turns_pairs)
		words[count++] = STR("WITHSCORES");
	value = execute(snapshot, words, count);
	count = value->kind == REDIS_ARRAY ? value->count : 1;
	made = ARENA_ARRAY(snapshot->arena, struct str, count + 2);
	made[0] = types[type].make;
	made[1] = key;
	for (size_t i = 0; i < count; i++)
		made[2 + (types[type].turns_pairs ? i ^ 1 : i)] =
			value->kind == REDIS_ARRAY ? value->items[i].text : value->text;
	resp_write_command(snapshot->out, made, count + 2);
}

static void write_key(struct snapshot *snapshot, struct str key)
{
	struct str type =
		str_copy(snapshot->arena,
			 execute(snapshot, (const struct str[]){STR("TYPE"), key}, 2)->text);
	int64_t left_ms = execute(snapshot, (const struct str[]){STR("PTTL"), key}, 2)->integer;

	for (size_t i = 0; i < sizeof types / sizeof *types; i++) {
		if (str_equal(type, types[i].type))
			write_value(snapshot, i, key);
	}
	if (left_ms > 0)
		resp_write_command(
			snapshot->out,
			(const struct str[]){STR("PEXPIRE"), key,
					     str_format(snapshot->arena, "%" PRId64, left_ms)},
			3);
}

static void write_database(struct snapshot *snapshot, int database)
{
	const struct redis_reply *keys;
	struct str number = str_format(snapshot->arena, "%d", database), *names;
	size_t count;

	snapshot->database = database;
	keys = execute(snapshot, (const struct str[]){STR("KEYS"), STR("*")}, 2);
	count = keys->count;
	names = ARENA_ARRAY(snapshot->arena, struct str, count + 1);
	for (size_t i = 0; i < count; i++)
		names[i] = str_copy(snapshot->arena, keys->items[i].text);
	if (count > 0)
		resp_write_command(snapshot->out, (const struct str[]){STR("SELECT"), number}, 2);
	for (size_t i = 0; i < count; i++)
		write_key(snapshot, names[i]);
}

void snapshot_write(struct store *store, struct strbuf *out)
{
	resp_write_command(out, (const struct str[]){STR("FLUSHALL")}, 1);
	for (int database = 0; database < 16; database++) {
		struct snapshot snapshot = {.store = store, .arena = arena_create(), .out = out};

		write_database(&snapshot, database);
		arena_destroy(snapshot.arena);
	}
	resp_write_command(out, (const struct str[]){STR("SELECT"), STR("0")}, 2);
}

bool snapshot_read(struct store *store, struct str bytes, int *database)
{
	struct arena *arena = arena_create();
	enum resp_result result = RESP_DONE;
	struct str *words;
	size_t count, used;

	while (bytes.size > 0 && result == RESP_DONE) {
		arena_reset(arena);
		result = resp_read_command(bytes, arena, &words, &count, &used);
		if (result != RESP_DONE)
			break;
		bytes = str_skip(bytes, used);
		store_execute(store, database, words, count);
	}
	arena_destroy(arena);
	return result == RESP_DONE;
}
