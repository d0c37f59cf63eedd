#include "backend/memo.h"

#include <stdlib.h>
#include <string.h>

#include "backend/backend_internal.h"
#include "base/arena.h"
#include "base/bug.h"
#include "base/map.h"
#include "base/utc.h"
#include "world/clock.h"

#define LIFETIME_US (60 * UTC_SECOND_US)
#define ENTRIES_MAX 10000
#define KEY_BYTES_MAX ((size_t)16 * 1024 * 1024) /* of all of them: names are the clients' */
#define KEY_BYTES_SMALL 256

struct memo {
	struct backend *backend;
	struct map *entries;
	size_t key_bytes;
	struct list_link loads;
	uint64_t lookups, hits;
};

/* A value, or the load that will bring it. */
struct memo_entry {
	struct memo_value *value;
	int64_t loaded_us, lifetime_us;
	size_t key_bytes;
	struct memo_load *load;
};

struct waiter {
	struct list_link link;
	struct reader *reader;
};

struct reader_held {
	struct reader_held *next;
	struct memo_value *value;
};

/* Values and entries. */

static void value_let_go(struct memo_value *value)
{
	if (value != NULL && --value->references == 0)
		free(value);
}

/* NULL is allowed. It is in the map no more. */
static void entry_free(struct memo *memo, struct memo_entry *entry)
{
	if (entry == NULL)
		return;
	memo->key_bytes -= entry->key_bytes;
	value_let_go(entry->value);
	free(entry);
}

struct memo *memo_create(struct backend *backend)
{
	struct memo *memo = MEMORY_NEW(struct memo);

	memo->backend = backend;
	memo->entries = map_create(world_chance(backend->world));
	list_init(&memo->loads);
	return memo;
}

/* Loads under way go on for those who wait, but are not kept. */
void memo_clear(struct memo *memo)
{
	struct map_cursor at = {0};

	while (map_next(memo->entries, &at))
		entry_free(memo, at.value);
	map_clear(memo->entries);
}

void memo_destroy(struct memo *memo)
{
	if (memo == NULL)
		return;
	BUG_IF(!list_is_empty(&memo->loads));
	memo_clear(memo);
	map_destroy(memo->entries);
	free(memo);
}

struct memo_figures memo_figures(const struct memo *memo)
{
	return (struct memo_figures){map_count(memo->entries), memo->lookups, memo->hits};
}

static bool is_fresh(const struct memo *memo, const struct memo_entry *entry)
{
	int64_t age_us = backend_now_us(memo->backend) - entry->loaded_us;

	return age_us >= 0 && age_us <= entry->lifetime_us;
}

static bool is_full(const struct memo *memo)
{
	return map_count(memo->entries) >= ENTRIES_MAX || memo->key_bytes >= KEY_BYTES_MAX;
}

static void make_room(struct memo *memo)
{
	struct map_cursor at = {0};

	if (!is_full(memo))
		return;
	while (map_next(memo->entries, &at)) {
		struct memo_entry *entry = at.value;

		if (entry->load == NULL && !is_fresh(memo, entry)) {
			map_remove(memo->entries, at.key);
			entry_free(memo, entry);
		}
	}
	if (is_full(memo))
		memo_clear(memo);
}

/* Keys: the kind's letter and the names, each with its size before it. */

static struct str put_key(char *out, const struct memo_kind *kind, const struct str *names)
{
	char *at = out;

	*at++ = kind->letter;
	for (size_t i = 0; i < MEMO_NAMES_MAX; i++) {
		memcpy(at, &names[i].size, sizeof names[i].size);
		at += sizeof names[i].size;
		if (names[i].size > 0)
			memcpy(at, names[i].data, names[i].size);
		at += names[i].size;
	}
	return str_of(out, (size_t)(at - out));
}

static size_t key_size(const struct str *names)
{
	return 1 + MEMO_NAMES_MAX * sizeof names[0].size + names[0].size + names[1].size +
	       names[2].size;
}

void memo_forget(struct memo *memo, const struct memo_kind *kind, struct str a, struct str b,
		 struct str c)
{
	const struct str names[MEMO_NAMES_MAX] = {a, b, c};
	char *key = memory_alloc(key_size(names));

	entry_free(memo, map_remove(memo->entries, put_key(key, kind, names)));
	free(key);
}

/* Loads. */

/* A reader finds what it waited for, also when it waits for more than can be remembered. */
static void keep_for(struct reader *reader, struct str key, struct memo_value *value)
{
	if (reader->came == NULL)
		reader->came = map_create(reader->memo->backend->hash_seed);
	value->references++;
	value_let_go(map_put(reader->came, key, value));
}

static void tell_waiter(struct reader *reader, const struct memo_load *load,
			struct memo_value *value)
{
	if (value != NULL) {
		keep_for(reader, load->key, value);
	} else if (!reader->has_failed) {
		reader->has_failed = true;
		reader->failure = str_copy(reader->arena, load->batch.failure);
	}
	if (--reader->waiting == 0)
		reader->resumed(reader, reader->data);
}

static void load_end(struct memo_load *load, struct memo_value *value)
{
	struct memo_entry *entry = map_get(load->memo->entries, load->key);
	struct list_link *link;

	if (entry != NULL && entry->load == load) {
		entry->load = NULL;
		if (value == NULL) {
			map_remove(load->memo->entries, load->key);
			entry_free(load->memo, entry);
		} else {
			entry->value = value;
			entry->loaded_us = backend_now_us(load->backend);
			value->references++;
		}
	}
	list_remove(&load->link);
	while ((link = list_take_first(&load->waiters)) != NULL)
		tell_waiter(LIST_ENTRY(link, struct waiter, link)->reader, load, value);
	value_let_go(value);
	arena_destroy(load->arena);
}

/* The load holds the value while it tells those who wait. */
void memo_loaded(struct memo_load *load, struct memo_value *value)
{
	value->references = 1;
	load_end(load, value);
}

void memo_load_failed(struct memo_load *load)
{
	load_end(load, NULL);
}

static struct memo_load *load_create(struct memo *memo, const struct memo_kind *kind,
				     const struct str *names, struct str key)
{
	struct arena *arena = arena_create();
	struct memo_load *load = ARENA_NEW(arena, struct memo_load);

	*load = (struct memo_load){
		.backend = memo->backend,
		.kind = kind,
		.arena = arena,
		.memo = memo,
		.key = str_copy(arena, key),
	};
	for (size_t i = 0; i < MEMO_NAMES_MAX; i++)
		load->names[i] = str_copy(arena, names[i]);
	list_init(&load->waiters);
	list_append(&memo->loads, &load->link);
	return load;
}

/* Readers. */

void reader_init(struct reader *reader, struct memo *memo, struct arena *arena,
		 reader_resumed *resumed, void *data)
{
	*reader = (struct reader){.memo = memo, .arena = arena, .resumed = resumed, .data = data};
}

void reader_release(struct reader *reader)
{
	struct map_cursor at = {0};

	BUG_IF(reader->waiting > 0);
	while (reader->came != NULL && map_next(reader->came, &at))
		value_let_go(at.value);
	map_destroy(reader->came);
	reader->came = NULL;
	for (struct reader_held *held = reader->held; held != NULL; held = held->next)
		value_let_go(held->value);
	reader->held = NULL;
	reader->has_failed = false;
	reader->failure = STR("");
}

static enum memo_result hold(struct reader *reader, struct memo_value *found,
			     const struct memo_value **value)
{
	struct reader_held *held = ARENA_NEW(reader->arena, struct reader_held);

	found->references++;
	held->value = found;
	held->next = reader->held;
	reader->held = held;
	*value = found;
	return MEMO_FOUND;
}

static void wait_for(struct reader *reader, struct memo_load *load)
{
	struct waiter *waiter = ARENA_NEW(reader->arena, struct waiter);

	waiter->reader = reader;
	list_append(&load->waiters, &waiter->link);
	reader->waiting++;
}

static enum memo_result begin_load(struct reader *reader, const struct memo_kind *kind,
				   const struct str *names, struct str key)
{
	struct memo *memo = reader->memo;
	struct memo_entry *entry = MEMORY_NEW(struct memo_entry), *old;

	make_room(memo);
	entry->load = load_create(memo, kind, names, key);
	entry->lifetime_us = kind->lifetime_us > 0 ? kind->lifetime_us : LIFETIME_US;
	entry->key_bytes = key.size;
	memo->key_bytes += key.size;
	old = map_put(memo->entries, key, entry);
	entry_free(memo, old);
	wait_for(reader, entry->load);
	kind->load(entry->load);
	return MEMO_WAIT;
}

static enum memo_result find(struct reader *reader, const struct memo_kind *kind,
			     const struct str *names, struct str key,
			     const struct memo_value **value)
{
	struct memo_entry *entry = map_get(reader->memo->entries, key);
	struct memo_value *came;

	reader->memo->lookups++;
	/* Without a client a load would end before it began. */
	if (reader->has_failed || reader->memo->backend->storage == NULL)
		return MEMO_FAILED;
	if (entry != NULL && entry->load == NULL && is_fresh(reader->memo, entry)) {
		reader->memo->hits++;
		return hold(reader, entry->value, value);
	}
	came = reader->came != NULL ? map_get(reader->came, key) : NULL;
	if (came != NULL)
		return hold(reader, came, value);
	if (entry != NULL && entry->load != NULL) {
		wait_for(reader, entry->load);
		return MEMO_WAIT;
	}
	return begin_load(reader, kind, names, key);
}

enum memo_result reader_find(struct reader *reader, const struct memo_kind *kind, struct str a,
			     struct str b, struct str c, const struct memo_value **value)
{
	const struct str names[MEMO_NAMES_MAX] = {a, b, c};
	char small[KEY_BYTES_SMALL];
	size_t size = key_size(names);
	char *large = size > sizeof small ? memory_alloc(size) : NULL;
	enum memo_result result;

	result = find(reader, kind, names, put_key(large != NULL ? large : small, kind, names),
		      value);
	free(large);
	return result;
}

struct str text_pool_put(struct text_pool *pool, struct str text)
{
	struct str put = str_of(text.data != NULL ? pool->at : NULL, text.size);

	if (text.size > 0)
		memcpy(pool->at, text.data, text.size);
	pool->at += text.size;
	return put;
}
