#include "backend/purge.h"

#include <string.h>

#include "backend/backend_internal.h"
#include "backend/batch.h"
#include "backend/keys.h"
#include "base/arena.h"
#include "base/map.h"

#define SLICE_KEYS STR("500")
#define SLICE_PAUSE_US (10 * INT64_C(1000))
#define SLICE_TRIES 3
#define CURSOR_BYTES_MAX 24 /* decimal digits of 64 bits */
#define STATS_PREFIX STR("stats/{service:")

struct purge {
	struct backend *backend;
	purge_done *done;
	void *data;
	struct arena *arena, *slice;
	struct batch batch;
	struct timer pause;
	struct map *services;
	char cursors[2][CURSOR_BYTES_MAX];
	struct str cursor, next; /* of SCAN: of the slice, and of the one after it */
	int tries;               /* of the slice that failed */
	struct purge_result result;
};

static void scan_slice(struct purge *purge);

static void purge_free(struct purge *purge)
{
	timer_stop(&purge->pause);
	map_destroy(purge->services);
	arena_destroy(purge->slice);
	arena_destroy(purge->arena);
}

static void end(struct purge *purge)
{
	purge->done(&purge->result, purge->data);
	purge_free(purge);
}

static void fail(struct purge *purge, struct str why)
{
	purge->result.has_failed = true;
	purge->result.failure = str_copy(purge->arena, why);
	end(purge);
}

static void services_unmarked(struct batch *batch, void *data)
{
	struct purge *purge = data;

	if (batch->has_failed)
		fail(purge, batch->failure);
	else
		end(purge);
}

static void unmark_services(struct purge *purge)
{
	struct map_cursor at = {0};

	batch_begin(&purge->batch, purge->arena, services_unmarked, purge);
	while (map_next(purge->services, &at))
		BATCH_SEND(&purge->batch, purge->backend->storage, STR("SREM"),
			   KEY_DELETED_SERVICES, at.key);
	batch_end(&purge->batch);
}

/* A slice: keys are found, then deleted; a slice that failed is taken again. */

static void pause_over(struct timer *timer)
{
	scan_slice(LIST_ENTRY(timer, struct purge, pause));
}

static void pause_before_slice(struct purge *purge)
{
	timer_start(purge->backend->world, &purge->pause, SLICE_PAUSE_US, pause_over);
}

static void slice_failed(struct purge *purge, struct str why)
{
	if (++purge->tries < SLICE_TRIES)
		pause_before_slice(purge);
	else
		fail(purge, why);
}

static void slice_is_done(struct purge *purge)
{
	purge->tries = 0;
	if (str_equal(purge->next, STR("0"))) {
		unmark_services(purge);
		return;
	}
	purge->cursor = str_of(purge->cursors[0], purge->next.size);
	memcpy(purge->cursors[0], purge->next.data, purge->next.size);
	pause_before_slice(purge);
}

static void slice_deleted(struct batch *batch, void *data)
{
	struct purge *purge = data;

	if (batch->has_failed) {
		slice_failed(purge, batch->failure);
		return;
	}
	purge->result.keys += batch->replies[0].integer;
	slice_is_done(purge);
}

/* "stats/{service:7001}/...", but not the set of applications that ever had traffic. */
static bool is_to_go(const struct purge *purge, struct str key)
{
	struct str service = str_skip(key, STATS_PREFIX.size);

	if (!str_has_prefix(key, STATS_PREFIX) || str_find(key, STR("cinstances")) != STR_NOT_FOUND)
		return false;
	service = str_slice(service, 0, str_find(service, STR("}/")));
	return map_get(purge->services, service) != NULL;
}

static void slice_scanned(const struct redis_reply *reply, void *data)
{
	struct purge *purge = data;
	const struct redis_reply *keys;
	struct str *words;
	size_t count = 1;

	if (reply->kind != REDIS_ARRAY || reply->count != 2 ||
	    reply->items[0].text.size > CURSOR_BYTES_MAX) {
		slice_failed(purge, reply->text);
		return;
	}
	arena_reset(purge->slice);
	purge->next = str_of(purge->cursors[1], reply->items[0].text.size);
	memcpy(purge->cursors[1], reply->items[0].text.data, purge->next.size);
	keys = &reply->items[1];
	words = ARENA_ARRAY(purge->slice, struct str, keys->count + 1);
	words[0] = STR("DEL");
	for (size_t i = 0; i < keys->count; i++) {
		if (is_to_go(purge, keys->items[i].text))
			words[count++] = keys->items[i].text;
	}
	if (count == 1) {
		slice_is_done(purge);
		return;
	}
	batch_begin(&purge->batch, purge->slice, slice_deleted, purge);
	batch_send(&purge->batch, purge->backend->storage, words, count);
	batch_end(&purge->batch);
}

static void scan_slice(struct purge *purge)
{
	REDIS_SEND(purge->backend->storage, slice_scanned, purge, STR("SCAN"), purge->cursor,
		   STR("COUNT"), SLICE_KEYS);
}

/* The beginning. */

static void services_read(struct batch *batch, void *data)
{
	struct purge *purge = data;

	if (batch->has_failed) {
		fail(purge, batch->failure);
		return;
	}
	for (size_t i = 0; i < batch->replies[0].count; i++)
		map_put(purge->services, reply_item(&batch->replies[0], i), purge);
	purge->result.services = (int64_t)map_count(purge->services);
	if (purge->result.services == 0)
		end(purge);
	else
		scan_slice(purge);
}

struct purge *purge_begin(struct backend *backend, purge_done *done, void *data)
{
	struct arena *arena = arena_create();
	struct purge *purge = ARENA_NEW(arena, struct purge);

	*purge = (struct purge){
		.backend = backend,
		.done = done,
		.data = data,
		.arena = arena,
		.slice = arena_create(),
		.services = map_create(backend->hash_seed),
		.cursor = STR("0"),
	};
	batch_begin(&purge->batch, arena, services_read, purge);
	BATCH_SEND(&purge->batch, backend->storage, STR("SMEMBERS"), KEY_DELETED_SERVICES);
	batch_end(&purge->batch);
	return purge;
}

void purge_stop(struct purge *purge)
{
	if (purge != NULL)
		purge_free(purge);
}
