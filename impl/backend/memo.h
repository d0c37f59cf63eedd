/* What a process remembers of Redis: looked up once, kept for 60 s, negative answers too
 * (spec/backend.md 6.8). At most 10 000 entries, and 16 MiB of names.
 *
 * Whoever needs values is a reader (one request, one round of the worker). Its steps look things
 * up; MEMO_WAIT means that the value is on its way, and `resumed` is called when all that the
 * reader waits for is there, so that the step is taken again, and finds it, however much that is.
 * What was found stays valid until reader_release().
 *
 * A kind of value says how it is loaded: `load` sends commands in load->batch and answers with
 * memo_loaded() or memo_load_failed(). Values are one block of memory, freed with free().
 */
#ifndef BACKEND_MEMO_H
#define BACKEND_MEMO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "backend/batch.h"
#include "base/list.h"
#include "base/str.h"

struct arena;
struct backend;
struct memo;
struct memo_load;

#define MEMO_NAMES_MAX 3

enum memo_result { MEMO_FOUND, MEMO_WAIT, MEMO_FAILED };

struct memo_value {
	size_t references;
};

struct memo_kind {
	char letter; /* tells the kinds' keys apart */
	void (*load)(struct memo_load *load);
	int64_t lifetime_us; /* 0: the 60 s of 6.8 */
};

struct memo_load {
	struct backend *backend;
	const struct memo_kind *kind;
	struct str names[MEMO_NAMES_MAX]; /* what it is the value of */
	struct arena *arena;              /* freed with the load */
	struct batch batch;
	void *state; /* the kind's own */
	/* The memo's: */
	struct memo *memo;
	struct str key;
	struct list_link waiters, link;
};

struct memo *memo_create(struct backend *backend);
void memo_destroy(struct memo *memo); /* after the clients were closed */
void memo_clear(struct memo *memo);
void memo_forget(struct memo *memo, const struct memo_kind *kind, struct str a, struct str b,
		 struct str c);

/* For the logs; counted since the start. */
struct memo_figures {
	size_t count;
	uint64_t lookups, hits;
};
struct memo_figures memo_figures(const struct memo *memo);

void memo_loaded(struct memo_load *load, struct memo_value *value);
void memo_load_failed(struct memo_load *load);

struct reader;
typedef void reader_resumed(struct reader *reader, void *data);

struct reader {
	struct memo *memo;
	struct arena *arena;
	reader_resumed *resumed;
	void *data;
	size_t waiting;
	bool has_failed;    /* of those waited for, one could not be loaded */
	struct str failure; /* why */
	struct map *came;   /* what it waited for, by key, whatever is remembered of it */
	struct reader_held *held;
};

void reader_init(struct reader *reader, struct memo *memo, struct arena *arena,
		 reader_resumed *resumed, void *data);
/* The values stay valid until then. Not while waiting. */
void reader_release(struct reader *reader);
enum memo_result reader_find(struct reader *reader, const struct memo_kind *kind, struct str a,
			     struct str b, struct str c, const struct memo_value **value);

/* Texts at the end of a value's block: sizes are added up, the block is made, the texts are put. */
struct text_pool {
	char *at;
};
struct str text_pool_put(struct text_pool *pool, struct str text); /* without data: the same */

#endif
