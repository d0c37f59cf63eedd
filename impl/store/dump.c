#include "store/dump.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/arena.h"
#include "base/bug.h"
#include "base/error.h"
#include "base/vec.h"
#include "world/clock.h"
#include "world/redis.h"

#define SCAN_KEYS STR("1000")
#define BATCH_KEYS 512      /* asked in one round trip */
#define PIECE_ELEMENTS 1000 /* of a list or sorted set; of a set it is a wish */
#define PIECE STR("1000")
#define OUT_BYTES ((size_t)256 * 1024) /* are handed on */

struct batch_key {
	struct str name;
	enum dump_type type;
	bool is_gone;
	int64_t expires_ms; /* negative: never */
};

struct dump {
	struct dump_options options;
	bool is_over;
	struct strbuf out;
	struct dump_writer writer;

	/* Of the database that is read. */
	int database;
	struct arena *names;
	VEC(struct str) keys;
	size_t next_key;
	bool knows_expire_times; /* PEXPIRETIME: Redis 7.0 */

	struct batch_key batch[BATCH_KEYS];
	size_t batch_count, batch_done;
	size_t types_known, expiries_known;
	bool has_big; /* batch[batch_done] takes pieces; those behind it are asked again */

	struct arena *members_arena;
	VEC(struct str) members; /* of a set, until all are there */
	int64_t position;        /* in a list or sorted set */
};

static void ask(struct dump *dump, redis_replied *replied, const struct str *words, size_t count)
{
	redis_send(dump->options.clients[dump->database], words, count, replied, dump);
}
#define ASK(dump, replied, ...)                                                                    \
	ask((dump), (replied), (const struct str[]){__VA_ARGS__},                                  \
	    sizeof((const struct str[]){__VA_ARGS__}) / sizeof(struct str))

/* The end. */

static void end(struct dump *dump, const struct error *error)
{
	if (dump->is_over)
		return;
	dump->is_over = true;
	dump->options.ended(&dump->writer.counts, error, dump->options.data);
}

static void fail(struct dump *dump, struct str key, const char *what, struct str text)
{
	struct error error;
	char shown[DUMP_SHOWN_BYTES] = "";

	if (key.size > 0)
		error_set(&error, ERROR_UNAVAILABLE, "%s, key \"%.*s\": %s%.*s",
			  dump_database_name(dump->database), STR_ARG(dump_shown(shown, key)), what,
			  STR_ARG(text));
	else
		error_set(&error, ERROR_UNAVAILABLE, "%s: %s%.*s",
			  dump_database_name(dump->database), what, STR_ARG(text));
	end(dump, &error);
}

/* False when the dump is over, or by this reply. */
static bool is_fine(struct dump *dump, const struct redis_reply *reply, struct str key)
{
	if (!dump->is_over && (reply->kind == REDIS_ERROR || reply->kind == REDIS_LOST))
		fail(dump, key, reply->kind == REDIS_LOST ? "no answer: " : "", reply->text);
	return !dump->is_over;
}

static bool hand_on(struct dump *dump)
{
	struct error error;

	if (dump->out.size > 0 &&
	    !dump->options.write(strbuf_str(&dump->out), dump->options.data, &error)) {
		end(dump, &error);
		return false;
	}
	strbuf_clear(&dump->out);
	return true;
}

static bool hand_on_enough(struct dump *dump)
{
	return dump->out.size < OUT_BYTES || hand_on(dump);
}

/* Elements. */

static struct str decimal(char out[24], int64_t number)
{
	return str_of(out, (size_t)snprintf(out, 24, "%" PRId64, number));
}

static int compare_texts(const void *a, const void *b)
{
	return str_compare(*(const struct str *)a, *(const struct str *)b);
}

static const struct redis_reply *item(const struct redis_reply *reply, size_t index)
{
	static const struct redis_reply nothing = {.kind = REDIS_NIL};

	return reply->kind == REDIS_ARRAY && index < reply->count ? &reply->items[index] : &nothing;
}

/* What is behind this answer? */
static bool is_last_piece(enum dump_type type, const struct redis_reply *reply)
{
	switch (type) {
	case DUMP_LIST:
		return reply->count < PIECE_ELEMENTS;
	case DUMP_SORTED_SET:
		return reply->count < 2 * PIECE_ELEMENTS;
	case DUMP_SET:
		return str_equal(item(reply, 0)->text, STR("0"));
	case DUMP_STRING:
	case DUMP_HASH:
	case DUMP_TYPES:
		break;
	}
	return true;
}

static void write_list(struct dump *dump, const struct redis_reply *reply)
{
	for (size_t i = 0; i < reply->count; i++)
		dump_write_element(&dump->writer, reply->items[i].text, STR(""));
}

static void write_sorted_set(struct dump *dump, const struct redis_reply *reply)
{
	for (size_t i = 0; i + 1 < reply->count; i += 2)
		dump_write_element(&dump->writer, reply->items[i + 1].text, reply->items[i].text);
}

static int compare_items(const void *a, const void *b)
{
	return str_compare((*(const struct redis_reply *const *)a)->text,
			   (*(const struct redis_reply *const *)b)->text);
}

static void write_hash(struct dump *dump, const struct redis_reply *reply)
{
	VEC(const struct redis_reply *) fields = {0};

	for (size_t i = 0; i + 1 < reply->count; i += 2)
		vec_push(&fields, &reply->items[i]);
	if (fields.count > 0)
		qsort(fields.items, fields.count, sizeof *fields.items, compare_items);
	for (size_t i = 0; i < fields.count; i++)
		dump_write_element(&dump->writer, fields.items[i]->text, fields.items[i][1].text);
	vec_free(&fields);
}

/* SSCAN may tell a member twice. */
static void write_members(struct dump *dump)
{
	if (dump->members.count > 0)
		qsort(dump->members.items, dump->members.count, sizeof *dump->members.items,
		      compare_texts);
	for (size_t i = 0; i < dump->members.count; i++)
		if (i == 0 || !str_equal(dump->members.items[i - 1], dump->members.items[i]))
			dump_write_element(&dump->writer, dump->members.items[i], STR(""));
	dump->members.count = 0;
	arena_reset(dump->members_arena);
}

static void add_members(struct dump *dump, const struct redis_reply *reply)
{
	const struct redis_reply *members = item(reply, 1);

	for (size_t i = 0; members->kind == REDIS_ARRAY && i < members->count; i++)
		vec_push(&dump->members, str_copy(dump->members_arena, members->items[i].text));
	if (is_last_piece(DUMP_SET, reply))
		write_members(dump);
}

static void write_piece(struct dump *dump, enum dump_type type, const struct redis_reply *reply)
{
	switch (type) {
	case DUMP_STRING:
		if (reply->kind == REDIS_STRING)
			dump_write_element(&dump->writer, reply->text, STR(""));
		break;
	case DUMP_LIST:
		write_list(dump, reply);
		break;
	case DUMP_SET:
		add_members(dump, reply);
		break;
	case DUMP_HASH:
		write_hash(dump, reply);
		break;
	case DUMP_SORTED_SET:
		write_sorted_set(dump, reply);
		break;
	case DUMP_TYPES:
		BUG_IF(true);
	}
}

/* position: of a list's or sorted set's first element; cursor: of a set. */
static void ask_piece(struct dump *dump, const struct batch_key *key, int64_t position,
		      struct str cursor, redis_replied *replied)
{
	char texts[2][24];
	struct str from = decimal(texts[0], position),
		   to = decimal(texts[1], position + PIECE_ELEMENTS - 1);

	switch (key->type) {
	case DUMP_STRING:
		ASK(dump, replied, STR("GET"), key->name);
		break;
	case DUMP_LIST:
		ASK(dump, replied, STR("LRANGE"), key->name, from, to);
		break;
	case DUMP_SET:
		ASK(dump, replied, STR("SSCAN"), key->name, cursor, STR("COUNT"), PIECE);
		break;
	case DUMP_HASH:
		ASK(dump, replied, STR("HGETALL"), key->name);
		break;
	case DUMP_SORTED_SET:
		ASK(dump, replied, STR("ZRANGE"), key->name, from, to, STR("WITHSCORES"));
		break;
	case DUMP_TYPES:
		BUG_IF(true);
	}
}

/* A key in pieces. */

static void read_values(struct dump *dump);

static void piece_replied(const struct redis_reply *reply, void *data)
{
	struct dump *dump = data;
	const struct batch_key *key = &dump->batch[dump->batch_done];

	if (!is_fine(dump, reply, key->name))
		return;
	write_piece(dump, key->type, reply);
	if (!hand_on_enough(dump))
		return;
	if (!is_last_piece(key->type, reply)) {
		dump->position += PIECE_ELEMENTS;
		ask_piece(dump, key, dump->position, item(reply, 0)->text, piece_replied);
		return;
	}
	dump_write_key_end(&dump->writer, key->expires_ms);
	dump->batch_done++;
	read_values(dump);
}

static void read_pieces(struct dump *dump)
{
	const struct batch_key *key = &dump->batch[dump->batch_done];

	dump->has_big = false;
	dump->position = 0;
	dump_write_key(&dump->writer, key->name, key->type);
	ask_piece(dump, key, 0, STR("0"), piece_replied);
}

/* The keys of a batch. */

static void next_batch(struct dump *dump);

static void value_replied(const struct redis_reply *reply, void *data)
{
	struct dump *dump = data;
	const struct batch_key *key = &dump->batch[dump->batch_done];

	if (dump->has_big)
		return;
	if (!is_fine(dump, reply, key->name))
		return;
	if (!is_last_piece(key->type, reply)) {
		dump->has_big = true;
		return;
	}
	dump_write_key(&dump->writer, key->name, key->type);
	write_piece(dump, key->type, reply);
	dump_write_key_end(&dump->writer, key->expires_ms);
	dump->batch_done++;
	hand_on_enough(dump);
}

static void last_value_replied(const struct redis_reply *reply, void *data)
{
	struct dump *dump = data;

	value_replied(reply, data);
	if (dump->is_over)
		return;
	if (dump->has_big)
		read_pieces(dump);
	else
		next_batch(dump);
}

static void read_values(struct dump *dump)
{
	if (dump->batch_done == dump->batch_count) {
		next_batch(dump);
		return;
	}
	for (size_t i = dump->batch_done; i < dump->batch_count; i++)
		ask_piece(dump, &dump->batch[i], 0, STR("0"),
			  i + 1 < dump->batch_count ? value_replied : last_value_replied);
}

/* Their types and expiries come first. */

static void type_replied(const struct redis_reply *reply, void *data)
{
	struct dump *dump = data;
	struct batch_key *key = &dump->batch[dump->types_known++];

	if (!is_fine(dump, reply, key->name))
		return;
	key->is_gone = str_equal(reply->text, STR("none"));
	if (!key->is_gone && !dump_type_find(reply->text, &key->type))
		fail(dump, key->name, "nothing of 3scale's, of type ", reply->text);
}

static void forget_gone(struct dump *dump)
{
	size_t kept = 0;

	for (size_t i = 0; i < dump->batch_count; i++)
		if (!dump->batch[i].is_gone)
			dump->batch[kept++] = dump->batch[i];
	dump->batch_count = kept;
}

static void expiry_replied(const struct redis_reply *reply, void *data)
{
	struct dump *dump = data;
	struct batch_key *key = &dump->batch[dump->expiries_known++];

	if (!is_fine(dump, reply, key->name))
		return;
	key->expires_ms = reply->integer;
	if (reply->integer >= 0 && !dump->knows_expire_times)
		key->expires_ms += world_utc_us(dump->options.world) / 1000;
	if (dump->expiries_known < dump->batch_count)
		return;
	forget_gone(dump);
	read_values(dump);
}

static void next_database(struct dump *dump);

static void next_batch(struct dump *dump)
{
	struct str expiry = dump->knows_expire_times ? STR("PEXPIRETIME") : STR("PTTL");

	dump->batch_count = dump->batch_done = dump->types_known = dump->expiries_known = 0;
	while (dump->batch_count < BATCH_KEYS && dump->next_key < dump->keys.count) {
		struct str name = dump->keys.items[dump->next_key++];

		dump->batch[dump->batch_count++] = (struct batch_key){.name = name};
	}
	for (size_t i = 0; i < dump->batch_count; i++) {
		ASK(dump, type_replied, STR("TYPE"), dump->batch[i].name);
		ASK(dump, expiry_replied, expiry, dump->batch[i].name);
	}
	if (dump->batch_count > 0)
		return;
	dump->database++;
	next_database(dump);
}

/* Names. */

/* SCAN may tell a key twice. */
static void sort_names(struct dump *dump)
{
	size_t kept = 0;

	if (dump->keys.count > 0)
		qsort(dump->keys.items, dump->keys.count, sizeof *dump->keys.items, compare_texts);
	for (size_t i = 0; i < dump->keys.count; i++)
		if (i == 0 || !str_equal(dump->keys.items[kept - 1], dump->keys.items[i]))
			dump->keys.items[kept++] = dump->keys.items[i];
	dump->keys.count = kept;
}

static void names_replied(const struct redis_reply *reply, void *data)
{
	struct dump *dump = data;
	const struct redis_reply *names = item(reply, 1);

	if (!is_fine(dump, reply, STR("")))
		return;
	for (size_t i = 0; names->kind == REDIS_ARRAY && i < names->count; i++)
		vec_push(&dump->keys, str_copy(dump->names, names->items[i].text));
	if (!str_equal(item(reply, 0)->text, STR("0"))) {
		ASK(dump, names_replied, STR("SCAN"), item(reply, 0)->text, STR("COUNT"),
		    SCAN_KEYS);
		return;
	}
	sort_names(dump);
	dump_write_database(&dump->writer, dump->database);
	next_batch(dump);
}

/* A Redis before 7.0 says only how long a key has still to live. */
static void expire_time_replied(const struct redis_reply *reply, void *data)
{
	struct dump *dump = data;

	dump->knows_expire_times = reply->kind == REDIS_INTEGER;
	if (reply->kind == REDIS_ERROR && str_has_prefix(reply->text, STR("ERR unknown command")))
		dump->knows_expire_times = false;
	else if (!is_fine(dump, reply, STR("")))
		return;
	ASK(dump, names_replied, STR("SCAN"), STR("0"), STR("COUNT"), SCAN_KEYS);
}

static void next_database(struct dump *dump)
{
	if (dump->database == DUMP_DATABASES) {
		dump_write_end(&dump->writer);
		if (hand_on(dump))
			end(dump, NULL);
		return;
	}
	arena_reset(dump->names);
	dump->keys.count = dump->next_key = 0;
	ASK(dump, expire_time_replied, STR("PEXPIRETIME"), STR(""));
}

/* Life. */

struct dump *dump_start(const struct dump_options *options)
{
	struct dump *dump = MEMORY_NEW(struct dump);

	dump->options = *options;
	dump->names = arena_create();
	dump->members_arena = arena_create();
	strbuf_init(&dump->out, SIZE_MAX / 2);
	dump_writer_init(&dump->writer, &dump->out);
	dump_write_begin(&dump->writer);
	next_database(dump);
	return dump;
}

void dump_stop(struct dump *dump)
{
	if (dump == NULL)
		return;
	dump_writer_free(&dump->writer);
	strbuf_free(&dump->out);
	vec_free(&dump->keys);
	vec_free(&dump->members);
	arena_destroy(dump->names);
	arena_destroy(dump->members_arena);
	free(dump);
}
