#include "backend/failed_jobs.h"

#include <inttypes.h>

#include "backend/backend_internal.h"
#include "backend/batch.h"
#include "backend/jobs.h"
#include "backend/keys.h"
#include "base/arena.h"
#include "base/json.h"

#define ROUND_JOBS_MAX 20000
#define SLICE_JOBS_MAX 64
#define SLICE_BYTES_MAX (256 * 1024) /* when they are more, the next slice has fewer jobs */
#define LOCK_KEY STR("resque:threescale::backend::failedjobsscheduler:lock")
#define LOCK_LIFETIME STR("30")
#define LOCK_WORDS_END 1000000000 /* it holds a number below that */
/* Of the lock's 30 s 7.5 are left when the last slice begins. */
#define WORK_US (22500 * INT64_C(1000))
#define QUEUE_KEY_PREFIX STR("resque:queue:")

/* Of the slice: what becomes of an element. Without a payload it is discarded. */
struct entry {
	struct str payload, queue;
	struct str retried; /* the element with the time of its return */
};

struct reschedule {
	struct backend *backend;
	failed_jobs_done *done;
	void *data;
	struct arena *arena, *slice;
	struct batch batch;
	struct str lock;
	int64_t began_us;
	int64_t left;     /* elements to look at */
	int64_t jobs_max; /* of a slice */
	struct entry *entries;
	size_t count, bytes;
	struct failed_jobs_result result;
};

static void read_slice(struct reschedule *round);

/* The end. */

static void end(struct reschedule *round)
{
	round->done(&round->result, round->data);
	arena_destroy(round->slice);
	arena_destroy(round->arena);
}

static void fail(struct reschedule *round, struct str why)
{
	round->result.has_failed = true;
	round->result.failure = str_copy(round->arena, why);
	end(round);
}

static void length_replied(struct batch *batch, void *data)
{
	struct reschedule *round = data;

	if (batch->has_failed) {
		fail(round, batch->failure);
		return;
	}
	round->result.pending = batch->replies[0].integer;
	end(round);
}

static void ask_length(struct reschedule *round, bool has_lock)
{
	batch_begin(&round->batch, round->arena, length_replied, round);
	BATCH_SEND(&round->batch, round->backend->queues, STR("LLEN"), KEY_FAILED_JOBS);
	if (has_lock)
		BATCH_SEND(&round->batch, round->backend->queues, STR("DEL"), LOCK_KEY);
	batch_end(&round->batch);
}

static void owner_replied(struct batch *batch, void *data)
{
	struct reschedule *round = data;

	if (batch->has_failed)
		fail(round, batch->failure);
	else
		ask_length(round, str_equal(reply_text(&batch->replies[0]), round->lock));
}

static void release_lock(struct reschedule *round)
{
	batch_begin(&round->batch, round->arena, owner_replied, round);
	BATCH_SEND(&round->batch, round->backend->queues, STR("GET"), LOCK_KEY);
	batch_end(&round->batch);
}

/* A slice. */

static struct str queue_key_of(struct reschedule *round, const struct entry *entry)
{
	return STR_CONCAT(round->slice, QUEUE_KEY_PREFIX, entry->queue);
}

static void read_entry(struct reschedule *round, struct str text, struct entry *entry)
{
	struct json *root = jobs_parse(round->slice, text);
	const struct json *payload = json_get(root, STR("payload"));
	const struct json *arguments = json_get(payload, STR("args"));
	struct json *job;
	char time[32];

	entry->queue = json_get_str(root, STR("queue"));
	if (entry->queue.size == 0 || json_get_str(payload, STR("class")).size == 0 ||
	    arguments == NULL || arguments->kind != JSON_ARRAY)
		return;
	job = json_new(round->slice, JSON_OBJECT);
	json_set(job, STR("class"),
		 json_new_str(round->slice, json_get_str(payload, STR("class"))));
	json_set(job, STR("args"), json_copy(round->slice, arguments));
	entry->payload = json_print(round->slice, job);
	json_set(
		root, STR("retried_at"),
		json_new_str(round->slice,
			     str_copy(round->slice,
				      utc_format_error_log(time, backend_now_us(round->backend)))));
	entry->retried = json_print(round->slice, root);
}

static void slice_moved(struct batch *batch, void *data)
{
	struct reschedule *round = data;

	if (batch->has_failed) {
		fail(round, batch->failure);
		return;
	}
	for (size_t i = 0; i < round->count; i++) {
		if (round->entries[i].payload.size > 0)
			round->result.rescheduled++;
		else
			round->result.discarded++;
	}
	round->left -= (int64_t)round->count;
	if (round->bytes > SLICE_BYTES_MAX && round->jobs_max > 1)
		round->jobs_max /= 2;
	else if (round->bytes <= SLICE_BYTES_MAX && round->jobs_max < SLICE_JOBS_MAX)
		round->jobs_max *= 2;
	read_slice(round);
}

static void slice_checked(struct batch *batch, void *data)
{
	struct reschedule *round = data;
	struct redis_client *queues = round->backend->queues;

	if (batch->has_failed) {
		fail(round, batch->failure);
		return;
	}
	batch_begin(batch, round->slice, slice_moved, round);
	BATCH_SEND(batch, queues, STR("MULTI"));
	for (size_t i = 0; i < round->count; i++) {
		const struct entry *entry = &round->entries[i];

		if (entry->payload.size == 0)
			continue;
		BATCH_SEND(batch, queues, STR("SADD"), KEY_QUEUES, entry->queue);
		BATCH_SEND(batch, queues, STR("RPUSH"), queue_key_of(round, entry), entry->payload);
	}
	BATCH_SEND(batch, queues, STR("LTRIM"), KEY_FAILED_JOBS,
		   str_format(round->slice, "%zu", round->count), STR("-1"));
	BATCH_SEND(batch, queues, STR("EXEC"));
	batch_end(batch);
}

/* Marks the elements, and makes sure that their queues are lists: a transaction that fails in the
 * middle is not undone. */
static void slice_read(struct batch *batch, void *data)
{
	struct reschedule *round = data;
	struct redis_reply *replies = batch->replies;

	if (batch->has_failed) {
		fail(round, batch->failure);
		return;
	}
	round->count = replies[0].count;
	if (round->count == 0) {
		release_lock(round);
		return;
	}
	round->entries = ARENA_ARRAY(round->slice, struct entry, round->count);
	round->bytes = 0;
	batch_begin(batch, round->slice, slice_checked, round);
	for (size_t i = 0; i < round->count; i++) {
		struct entry *entry = &round->entries[i];

		round->bytes += reply_item(&replies[0], i).size;
		read_entry(round, reply_item(&replies[0], i), entry);
		if (entry->payload.size == 0)
			continue;
		BATCH_SEND(batch, round->backend->queues, STR("LLEN"), queue_key_of(round, entry));
		BATCH_SEND(batch, round->backend->queues, STR("LSET"), KEY_FAILED_JOBS,
			   str_format(round->slice, "%zu", i), entry->retried);
	}
	batch_end(batch);
}

static void read_slice(struct reschedule *round)
{
	int64_t count = round->left < round->jobs_max ? round->left : round->jobs_max;

	if (count == 0 || world_monotonic_us(round->backend->world) - round->began_us > WORK_US) {
		release_lock(round);
		return;
	}
	arena_reset(round->slice);
	batch_begin(&round->batch, round->slice, slice_read, round);
	BATCH_SEND(&round->batch, round->backend->queues, STR("LRANGE"), KEY_FAILED_JOBS, STR("0"),
		   str_format(round->slice, "%" PRId64, count - 1));
	batch_end(&round->batch);
}

/* The beginning. */

static void lock_replied(struct batch *batch, void *data)
{
	struct reschedule *round = data;
	int64_t length;

	if (batch->has_failed) {
		fail(round, batch->failure);
		return;
	}
	length = batch->replies[1].integer;
	if (batch->replies[0].kind == REDIS_NIL) {
		ask_length(round, false);
		return;
	}
	round->left = length < ROUND_JOBS_MAX ? length : ROUND_JOBS_MAX;
	read_slice(round);
}

void failed_jobs_reschedule(struct backend *backend, failed_jobs_done *done, void *data)
{
	struct arena *arena = arena_create();
	struct reschedule *round = ARENA_NEW(arena, struct reschedule);

	*round = (struct reschedule){
		.backend = backend,
		.done = done,
		.data = data,
		.arena = arena,
		.slice = arena_create(),
		.began_us = world_monotonic_us(backend->world),
		.jobs_max = 1, /* the first ones may be of any size */
	};
	round->lock = str_format(arena, "%" PRIu64, world_chance(backend->world) % LOCK_WORDS_END);
	batch_begin(&round->batch, arena, lock_replied, round);
	BATCH_SEND(&round->batch, backend->queues, STR("SET"), LOCK_KEY, round->lock, STR("NX"),
		   STR("EX"), LOCK_LIFETIME);
	BATCH_SEND(&round->batch, backend->queues, STR("LLEN"), KEY_FAILED_JOBS);
	batch_end(&round->batch);
}
