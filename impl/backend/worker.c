#include "backend/worker.h"

#include <inttypes.h>
#include <stdlib.h>

#include "backend/backend_internal.h"
#include "backend/batch.h"
#include "backend/counters.h"
#include "backend/integration_errors.h"
#include "backend/job_run.h"
#include "backend/keys.h"
#include "backend/latest_transactions.h"
#include "backend/memo.h"
#include "backend/profile.h"
#include "backend/traffic.h"
#include "backend/worker_log.h"
#include "base/arena.h"
#include "base/bug.h"
#include "base/json.h"
#include "base/vec.h"
#include "world/clock.h"

#define ROUND_JOBS_MAX 64
/* Of a round's payloads; when they are more, the next round takes fewer jobs. */
#define ROUND_BYTES_MAX (1024 * 1024)
#define PAUSE_US (1 * UTC_SECOND_US) /* after Redis failed */
#define BLOCK_S STR("60")            /* as upstream polls its queues */
#define BLOCK_TIMEOUT_MS 70000

enum worker_state {
	WORKER_IDLE,
	WORKER_WAITING, /* a Redis will say when there is a job */
	WORKER_PAUSED,
	WORKER_WORKING,
};

struct drain {
	worker_drained *drained;
	void *data;
};

struct worker {
	struct backend *backend;
	struct redis_client *blocking; /* NULL: whoever enqueues wakes the worker */
	enum worker_state state;
	bool is_woken; /* while working */
	bool is_stopping;
	struct timer pause;
	void (*resume)(struct worker *worker); /* after the pause */
	VEC(struct drain) drains;

	/* The round. */
	struct arena *arena;
	struct batch batch;
	struct reader reader;
	struct counters counters;
	struct traffic traffic;
	enum queue queue;
	struct job *jobs;
	size_t count, jobs_max;
	int64_t began_us;
};

static void begin_round(struct worker *worker);
static void prepare_round(struct worker *worker);
static void write_round(struct worker *worker);

static bool looks_first(const struct worker *worker)
{
	return worker->backend->store != NULL;
}

/* Pauses. */

static void pause_over(struct timer *timer)
{
	struct worker *worker = LIST_ENTRY(timer, struct worker, pause);

	worker->state = WORKER_WORKING;
	worker->resume(worker);
}

static void pause_before(struct worker *worker, void (*resume)(struct worker *worker))
{
	if (worker->is_stopping) {
		worker->state = WORKER_IDLE;
		backend_work_ended(worker->backend);
		return;
	}
	worker->state = WORKER_PAUSED;
	worker->resume = resume;
	timer_start(worker->backend->world, &worker->pause, PAUSE_US, pause_over);
}

/* Waiting. */

static void take_jobs(struct worker *worker, enum queue queue, size_t count);

static void job_arrived(const struct redis_reply *reply, void *data)
{
	struct worker *worker = data;

	if (worker->state != WORKER_WAITING)
		return;
	worker->state = WORKER_IDLE;
	if (worker->is_stopping && reply->kind != REDIS_ARRAY)
		return;
	if (reply->kind == REDIS_LOST || reply->kind == REDIS_ERROR) {
		pause_before(worker, begin_round);
		return;
	}
	worker->state = WORKER_WORKING;
	if (reply->kind != REDIS_ARRAY || reply->count != 2) {
		begin_round(worker);
		return;
	}
	arena_reset(worker->arena);
	for (size_t i = 0; i < QUEUES; i++) {
		if (str_equal(reply->items[0].text, queue_key((enum queue)i)))
			worker->queue = (enum queue)i;
	}
	worker->jobs = ARENA_NEW(worker->arena, struct job);
	worker->jobs->payload = str_copy(worker->arena, reply->items[1].text);
	take_jobs(worker, worker->queue, 1);
}

static void wait_for_job(struct worker *worker)
{
	worker->state = WORKER_WAITING;
	REDIS_SEND(worker->blocking, job_arrived, worker, STR("BLPOP"), queue_key(QUEUE_PRIORITY),
		   queue_key(QUEUE_MAIN), queue_key(QUEUE_STATS), BLOCK_S);
}

static void queues_are_empty(struct worker *worker)
{
	struct drain *drains = worker->drains.items;
	size_t count = worker->drains.count;

	if (worker->is_woken && !worker->is_stopping) {
		begin_round(worker); /* what woke it may have come after the look */
		return;
	}
	worker->state = WORKER_IDLE;
	worker->drains.items = NULL;
	worker->drains.count = worker->drains.capacity = 0;
	for (size_t i = 0; i < count; i++)
		drains[i].drained(drains[i].data);
	free(drains);
	if (worker->is_stopping)
		backend_work_ended(worker->backend);
	else if (worker->state == WORKER_IDLE && worker->blocking != NULL)
		wait_for_job(worker);
}

static void end_round(struct worker *worker)
{
	if (!worker->is_stopping) {
		begin_round(worker);
		return;
	}
	worker->state = WORKER_IDLE;
	backend_work_ended(worker->backend);
}

/* Taking jobs. */

static size_t payload_bytes(const struct worker *worker)
{
	size_t bytes = 0;

	for (size_t i = 0; i < worker->count; i++)
		bytes += worker->jobs[i].payload.size;
	return bytes;
}

/* worker->jobs hold their payloads. */
static void take_jobs(struct worker *worker, enum queue queue, size_t count)
{
	worker->queue = queue;
	worker->count = count;
	worker->began_us = world_monotonic_us(worker->backend->world);
	if (payload_bytes(worker) > ROUND_BYTES_MAX)
		worker->jobs_max = worker->jobs_max > 1 ? worker->jobs_max / 2 : 1;
	else if (worker->jobs_max < ROUND_JOBS_MAX)
		worker->jobs_max *= 2;
	counters_begin(&worker->counters, worker->arena);
	traffic_begin(&worker->traffic, worker->arena);
	for (size_t i = 0; i < count; i++) {
		worker->jobs[i].queue = queue;
		job_read(&worker->jobs[i], worker->backend, worker->arena);
	}
	prepare_round(worker);
}

static void jobs_replied(struct batch *batch, void *data)
{
	struct worker *worker = data;
	size_t count = 0;

	worker->jobs = ARENA_ARRAY(worker->arena, struct job, worker->jobs_max);
	for (size_t i = 0; i < batch->count; i++) {
		struct str payload = reply_text(&batch->replies[i]);

		if (payload.data != NULL)
			worker->jobs[count++].payload = payload;
	}
	if (count > 0)
		take_jobs(worker, worker->queue, count);
	else if (batch->has_failed)
		pause_before(worker, begin_round);
	else
		begin_round(worker); /* another worker was faster */
}

static void lengths_replied(struct batch *batch, void *data)
{
	struct worker *worker = data;
	struct redis_reply *replies = batch->replies;
	int64_t count;

	if (batch->has_failed) {
		pause_before(worker, begin_round);
		return;
	}
	for (worker->queue = QUEUE_PRIORITY; worker->queue < QUEUES; worker->queue++) {
		if (replies[worker->queue].integer > 0)
			break;
	}
	if (worker->queue == QUEUES) {
		queues_are_empty(worker);
		return;
	}
	count = replies[worker->queue].integer;
	if (count > (int64_t)worker->jobs_max)
		count = (int64_t)worker->jobs_max;
	batch_begin(&worker->batch, worker->arena, jobs_replied, worker);
	while (count-- > 0)
		BATCH_SEND(&worker->batch, worker->backend->queues, STR("LPOP"),
			   queue_key(worker->queue));
	batch_end(&worker->batch);
}

static void ranges_replied(struct batch *batch, void *data)
{
	struct worker *worker = data;
	enum queue queue = QUEUE_PRIORITY;

	if (batch->has_failed) {
		pause_before(worker, begin_round);
		return;
	}
	while (queue < QUEUES && batch->replies[queue].count == 0)
		queue++;
	if (queue == QUEUES) {
		queues_are_empty(worker);
		return;
	}
	worker->jobs = ARENA_ARRAY(worker->arena, struct job, batch->replies[queue].count);
	for (size_t i = 0; i < batch->replies[queue].count; i++)
		worker->jobs[i].payload = reply_item(&batch->replies[queue], i);
	take_jobs(worker, queue, batch->replies[queue].count);
}

static void begin_round(struct worker *worker)
{
	struct batch *batch = &worker->batch;
	struct redis_client *queues = worker->backend->queues;

	worker->state = WORKER_WORKING;
	worker->is_woken = false;
	arena_reset(worker->arena);
	batch_begin(batch, worker->arena, looks_first(worker) ? ranges_replied : lengths_replied,
		    worker);
	for (size_t i = 0; i < QUEUES; i++) {
		if (looks_first(worker))
			BATCH_SEND(batch, queues, STR("LRANGE"), queue_key((enum queue)i), STR("0"),
				   str_format(worker->arena, "%zu", worker->jobs_max - 1));
		else
			BATCH_SEND(batch, queues, STR("LLEN"), queue_key((enum queue)i));
	}
	batch_end(batch);
}

/* Preparing: all that the jobs name is looked up. */

static enum memo_result prepare_all(struct worker *worker)
{
	enum memo_result all = MEMO_FOUND;

	for (size_t i = 0; i < worker->count; i++) {
		enum memo_result result =
			job_prepare(&worker->jobs[i], worker->backend, &worker->reader);

		if (result == MEMO_FAILED)
			return MEMO_FAILED;
		if (result == MEMO_WAIT)
			all = MEMO_WAIT;
	}
	if (all != MEMO_FOUND)
		return all;
	for (size_t i = 0; i < worker->count; i++) {
		if (worker->jobs[i].state == JOB_READY)
			traffic_touch(&worker->traffic, &worker->jobs[i]);
	}
	return traffic_prepare(&worker->traffic, &worker->reader);
}

static void prepare_round(struct worker *worker)
{
	enum memo_result result = prepare_all(worker);

	if (worker->reader.waiting > 0)
		return; /* taken up again when all is there */
	if (result == MEMO_FOUND) {
		write_round(worker);
		return;
	}
	/* Jobs that were taken stay in hand until the storage is back. */
	reader_release(&worker->reader);
	if (looks_first(worker))
		pause_before(worker, begin_round);
	else
		pause_before(worker, prepare_round);
}

static void prepare_resumed(struct reader *reader, void *data)
{
	(void)reader;
	prepare_round(data);
}

/* Writing: what the jobs count, and what becomes of those that count nothing. */

static void fail_job(struct worker *worker, const struct job *job, struct str exception,
		     struct str error)
{
	BATCH_SEND(&worker->batch, worker->backend->queues, STR("RPUSH"), KEY_FAILED_JOBS,
		   jobs_failed(worker->backend, worker->arena, job->queue, job->payload, exception,
			       error));
}

static void refuse_job(struct worker *worker, const struct job *job)
{
	struct str message = api_error_message(worker->arena, &job->error);
	const struct json *context = json_at(job->arguments, 3);

	worker_log_refused(worker->backend, job, message);
	if (job->kind == JOB_REPORT)
		integration_error_store(
			worker->backend, worker->arena, job->service, job->error.code, message,
			json_is_null(context) ? STR("{}") : json_print(worker->arena, context));
}

static void write_job(struct worker *worker, const struct job *job)
{
	switch (job->kind) {
	case JOB_BROKEN:
		worker_log_broken(worker->backend, job);
		break;
	case JOB_UNKNOWN:
		fail_job(worker, job, STR("NameError"), STR("unknown job class"));
		break;
	case JOB_REPORT:
	case JOB_NOTIFY:
		if (job->state == JOB_REFUSED)
			refuse_job(worker, job);
		else
			job_apply(job, &worker->counters);
		break;
	}
}

static void round_told(void *data)
{
	struct worker *worker = data;

	for (size_t i = 0; i < worker->count; i++) {
		if (worker->jobs[i].state == JOB_READY)
			worker_log_done(worker->backend, &worker->jobs[i],
					world_monotonic_us(worker->backend->world) -
						worker->began_us);
	}
	reader_release(&worker->reader);
	end_round(worker);
}

static void failed_stored(struct batch *batch, void *data);

/* Nobody knows what was counted: the jobs go where cron finds them, as soon as that works. */
static void store_failed(struct worker *worker)
{
	batch_begin(&worker->batch, worker->arena, failed_stored, worker);
	for (size_t i = 0; i < worker->count; i++) {
		if (worker->jobs[i].state == JOB_READY)
			fail_job(worker, &worker->jobs[i], STR("Redis::BaseConnectionError"),
				 STR("the connection was lost while counting"));
	}
	batch_end(&worker->batch);
}

static void failed_stored(struct batch *batch, void *data)
{
	struct worker *worker = data;

	pause_before(worker, batch->has_failed ? store_failed : begin_round);
}

static void round_written(struct batch *batch, void *data)
{
	struct worker *worker = data;

	if (!batch->has_failed || (looks_first(worker) && batch->replies[0].kind == REDIS_STATUS)) {
		traffic_tell(&worker->traffic, batch, round_told, worker);
		return;
	}
	reader_release(&worker->reader);
	traffic_forget(&worker->traffic);
	/* Looked at only: nothing was counted, and they are all still there. */
	if (looks_first(worker))
		pause_before(worker, begin_round);
	else
		store_failed(worker);
}

static void write_round(struct worker *worker)
{
	struct backend *backend = worker->backend;
	struct batch *batch = &worker->batch;

	batch_begin(batch, worker->arena, round_written, worker);
	if (looks_first(worker))
		BATCH_SEND(batch, backend->queues, STR("LTRIM"), queue_key(worker->queue),
			   str_format(worker->arena, "%zu", worker->count), STR("-1"));
	for (size_t i = 0; i < worker->count; i++)
		write_job(worker, &worker->jobs[i]);
	counters_write(&worker->counters, batch, backend->storage);
	latest_transactions_store(backend, worker->arena, worker->jobs, worker->count);
	traffic_write(&worker->traffic, batch);
	batch_end(batch);
}

/* Life. */

struct worker *worker_create(struct backend *backend, struct error *error)
{
	struct worker *worker = MEMORY_NEW(struct worker);
	const struct redis_options blocking = {.url = backend->settings.queues_url,
					       .command_timeout_ms = BLOCK_TIMEOUT_MS};

	worker->backend = backend;
	if (backend->store == NULL && !backend->settings.has_test_hooks) {
		worker->blocking = redis_open(backend->world, &blocking, error);
		if (worker->blocking == NULL) {
			free(worker);
			return NULL;
		}
	}
	worker->arena = arena_create();
	worker->jobs_max = ROUND_JOBS_MAX;
	counters_init(&worker->counters, backend->hash_seed,
		      backend->settings.profile->deletes_zeroed_counters);
	traffic_init(&worker->traffic, backend);
	reader_init(&worker->reader, backend->memo, worker->arena, prepare_resumed, worker);
	if (!backend->settings.has_test_hooks)
		begin_round(worker);
	return worker;
}

void worker_destroy(struct worker *worker)
{
	struct redis_client *blocking;

	if (worker == NULL)
		return;
	BUG_IF(worker->backend->storage != NULL);
	blocking = worker->blocking;
	worker->blocking = NULL;
	redis_close(blocking);
	timer_stop(&worker->pause);
	reader_release(&worker->reader);
	traffic_free(&worker->traffic);
	counters_free(&worker->counters);
	vec_free(&worker->drains);
	arena_destroy(worker->arena);
	free(worker);
}

void worker_wake(struct worker *worker)
{
	if (worker == NULL || worker->is_stopping || worker->backend->settings.has_test_hooks)
		return;
	worker->is_woken = true;
	if (worker->state == WORKER_IDLE)
		begin_round(worker);
}

void worker_drain(struct worker *worker, worker_drained *drained, void *data)
{
	vec_push(&worker->drains, ((struct drain){drained, data}));
	worker->is_woken = true;
	if (worker->state == WORKER_IDLE)
		begin_round(worker);
}

void worker_stop(struct worker *worker)
{
	worker->is_stopping = true;
	if (worker->state != WORKER_PAUSED)
		return;
	timer_stop(&worker->pause);
	worker->state = WORKER_IDLE;
}

bool worker_is_idle(const struct worker *worker)
{
	return worker->state == WORKER_IDLE || worker->state == WORKER_WAITING;
}

void worker_forget(struct worker *worker)
{
	traffic_forget(&worker->traffic);
}
