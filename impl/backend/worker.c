#include "backend/worker.h"

#include <stdlib.h>

#include "backend/backend_internal.h"
#include "backend/batch.h"
#include "backend/in_flight.h"
#include "backend/job_round.h"
#include "backend/keys.h"
#include "backend/profile.h"
#include "base/arena.h"
#include "base/bug.h"
#include "base/vec.h"
#include "world/clock.h"
#include "world/environment.h"
#include "world/log.h"

#define ROUND_JOBS_MAX 64
/* Of a round's payloads; when they are more, the next round takes fewer jobs. */
#define ROUND_BYTES_MAX (256 * 1024)
#define PAUSE_US (1 * UTC_SECOND_US) /* after Redis failed */
/* What the other queues have got meanwhile is noticed after that. */
#define BLOCK_S STR("1")
#define BLOCK_TIMEOUT_MS 10000

enum worker_state {
	WORKER_IDLE,
	WORKER_WAITING, /* a Redis will say when there is a job */
	WORKER_PAUSED,
	WORKER_WORKING,
	WORKER_LEAVING,
	WORKER_ENDED,
};

struct drain {
	worker_drained *drained;
	void *data;
};

struct worker {
	struct backend *backend;
	struct redis_client *blocking; /* NULL: whoever enqueues wakes the worker */
	bool is_blocked;               /* a command waits there */
	enum worker_state state;
	bool is_woken;    /* while working */
	bool is_clearing; /* waits for rounds to be settled */
	bool is_stopping;
	bool is_registered;
	bool is_troubled; /* and has said so */
	struct timer wake;
	struct timer pause;
	void (*resume)(struct worker *worker); /* after the pause */
	VEC(struct drain) drains;

	struct in_flight in_flight;
	struct job_round round;
	struct arena *arena; /* of the round */
	struct batch batch;
	enum queue queue;
	struct str name; /* of the round in flight */
	struct str *payloads;
	size_t count, jobs_max;
};

static void begin_round(struct worker *worker);
static void leave(struct worker *worker);

static bool is_embedded(const struct worker *worker)
{
	return worker->backend->store != NULL;
}

/* Pauses: after what failed, and is tried again. */

static void note_trouble(struct worker *worker, struct str why)
{
	const struct backend *backend = worker->backend;

	if (!worker->is_troubled && !worker->is_stopping)
		log_format(backend->world, backend->settings.log,
			   "Jobs wait, the worker tries again every second: %.*s", STR_ARG(why));
	worker->is_troubled = true;
}

static void note_success(struct worker *worker)
{
	const struct backend *backend = worker->backend;

	if (worker->is_troubled)
		log_write(backend->world, backend->settings.log, STR("Jobs wait no more."));
	worker->is_troubled = false;
}

static void pause_over(struct timer *timer)
{
	struct worker *worker = LIST_ENTRY(timer, struct worker, pause);

	worker->state = WORKER_WORKING;
	worker->resume(worker);
}

static void pause_before(struct worker *worker, void (*resume)(struct worker *worker))
{
	if (worker->is_stopping) {
		leave(worker);
		return;
	}
	worker->state = WORKER_PAUSED;
	worker->resume = resume;
	timer_start(worker->backend->world, &worker->pause, PAUSE_US, pause_over);
}

static void try_again(struct worker *worker, struct str why)
{
	note_trouble(worker, why);
	pause_before(worker, begin_round);
}

static void end_round(struct worker *worker)
{
	if (worker->is_stopping)
		leave(worker);
	else
		begin_round(worker);
}

/* A round. */

static void settle_in_hand(struct worker *worker);

static void settled(bool has_failed, void *data)
{
	struct worker *worker = data;

	if (!has_failed)
		worker->in_flight.has_leftovers = false;
	if (has_failed && worker->in_flight.is_unsupported)
		pause_before(worker, settle_in_hand);
	else
		pause_before(worker, begin_round);
}

static void settle(struct worker *worker, enum in_flight_fate fate)
{
	const struct in_flight_hand hand = {worker->queue, worker->payloads, worker->count};

	worker->in_flight.has_leftovers = !worker->in_flight.is_unsupported;
	in_flight_settle(&worker->in_flight, worker->name, fate,
			 worker->in_flight.is_unsupported ? &hand : NULL, settled, worker);
}

static void settle_in_hand(struct worker *worker)
{
	settle(worker, FATE_UNKNOWN);
}

/* While the next round goes on. */
static void counted_settled(bool has_failed, void *data)
{
	struct worker *worker = data;

	worker->in_flight.has_leftovers = worker->in_flight.has_leftovers || has_failed;
	if (worker->in_flight.settling > 0 || !worker->is_clearing)
		return;
	worker->is_clearing = false;
	end_round(worker);
}

static void settle_counted(struct worker *worker)
{
	const struct in_flight_hand hand = {worker->queue, NULL, 0};

	in_flight_settle(&worker->in_flight, worker->name, FATE_COUNTED,
			 worker->in_flight.is_unsupported ? &hand : NULL, counted_settled, worker);
}

/* They may have been too much for the time there is. */
static void take_fewer(struct worker *worker)
{
	worker->jobs_max = worker->jobs_max > 1 ? worker->jobs_max / 2 : 1;
}

static void adapt_jobs_max(struct worker *worker)
{
	size_t bytes = 0;

	for (size_t i = 0; i < worker->count; i++)
		bytes += worker->payloads[i].size;
	if (bytes > ROUND_BYTES_MAX)
		take_fewer(worker);
	else if (worker->jobs_max < ROUND_JOBS_MAX)
		worker->jobs_max *= 2;
}

static void note_outcome(struct worker *worker, enum job_round_outcome outcome)
{
	if (outcome == JOB_ROUND_COUNTED) {
		note_success(worker);
		adapt_jobs_max(worker);
	} else if (worker->round.is_spoilt) {
		worker->jobs_max = 1;
	} else {
		note_trouble(worker, worker->round.failure);
		take_fewer(worker);
	}
}

static void embedded_round_over(enum job_round_outcome outcome, void *data)
{
	struct worker *worker = data;

	note_outcome(worker, outcome);
	/* Looked at only: what was not counted is still there. */
	if (outcome == JOB_ROUND_COUNTED)
		end_round(worker);
	else
		pause_before(worker, begin_round);
}

static void redis_round_over(enum job_round_outcome outcome, void *data)
{
	struct worker *worker = data;

	note_outcome(worker, outcome);
	switch (outcome) {
	case JOB_ROUND_COUNTED:
		settle_counted(worker);
		end_round(worker);
		break;
	case JOB_ROUND_NOT_COUNTED:
		settle(worker, FATE_NOT_COUNTED);
		break;
	case JOB_ROUND_FENCED:
	case JOB_ROUND_UNKNOWN:
		settle(worker, FATE_UNKNOWN);
		break;
	}
}

static void run_round(struct worker *worker)
{
	job_round_begin(&worker->round, worker->queue, worker->payloads, worker->count);
	if (is_embedded(worker))
		job_round_run(&worker->round, STR(""), STR(""), embedded_round_over, worker);
	else
		job_round_run(&worker->round, worker->name,
			      in_flight_list(&worker->in_flight, worker->arena, worker->name),
			      redis_round_over, worker);
}

/* Waiting. */

/* A server without BLMOVE: the job that came is in hand. */
static void take_arrived(struct worker *worker, const struct redis_reply *reply)
{
	arena_reset(worker->arena);
	for (size_t i = 0; i < QUEUES; i++) {
		if (str_equal(reply->items[0].text, queue_key((enum queue)i)))
			worker->queue = (enum queue)i;
	}
	worker->name = in_flight_begin(&worker->in_flight, worker->arena, worker->queue);
	worker->payloads = ARENA_NEW(worker->arena, struct str);
	worker->payloads[0] = str_copy(worker->arena, reply->items[1].text);
	worker->count = 1;
	run_round(worker);
}

static void something_arrived(const struct redis_reply *reply, void *data)
{
	struct worker *worker = data;
	bool is_unknown = in_flight_is_unknown(&worker->in_flight, reply);

	worker->is_blocked = false;
	if (worker->state != WORKER_WAITING)
		return;
	worker->state = WORKER_WORKING;
	if (reply->kind == REDIS_ARRAY && reply->count == 2)
		take_arrived(worker, reply);
	else if (reply->kind == REDIS_LOST || (reply->kind == REDIS_ERROR && !is_unknown))
		try_again(worker, reply->text);
	else
		end_round(worker);
}

/* Without BLMOVE what comes is in nobody's hand but the worker's, which may do nothing else before:
 * it sees all queues, and lasts no longer than BLOCK_S. */
static bool has_to_wait(const struct worker *worker)
{
	return worker->state == WORKER_WAITING && worker->is_blocked &&
	       worker->in_flight.is_unsupported;
}

/* BLMOVE waits until there is an element and puts it where it was: nothing changes. */
static void wait_for_job(struct worker *worker)
{
	struct str urgent = queue_key(QUEUE_PRIORITY);

	worker->state = WORKER_WAITING;
	if (worker->is_blocked)
		return;
	worker->is_blocked = true;
	if (worker->in_flight.is_unsupported)
		REDIS_SEND(worker->blocking, something_arrived, worker, STR("BLPOP"), urgent,
			   queue_key(QUEUE_MAIN), queue_key(QUEUE_STATS), BLOCK_S);
	else
		REDIS_SEND(worker->blocking, something_arrived, worker, STR("BLMOVE"), urgent,
			   urgent, STR("LEFT"), STR("LEFT"), BLOCK_S);
}

static void become_idle(struct worker *worker)
{
	struct drain *drains = worker->drains.items;
	size_t count = worker->drains.count;

	note_success(worker);
	worker->state = WORKER_IDLE;
	worker->drains.items = NULL;
	worker->drains.count = worker->drains.capacity = 0;
	for (size_t i = 0; i < count; i++)
		drains[i].drained(drains[i].data);
	free(drains);
	if (worker->is_stopping)
		leave(worker);
	else if (worker->state == WORKER_IDLE && worker->blocking != NULL)
		wait_for_job(worker);
}

static void lease_ended(struct batch *batch, void *data)
{
	struct worker *worker = data;

	if (batch->has_failed) {
		try_again(worker, batch->failure);
		return;
	}
	worker->in_flight.has_lease = false;
	become_idle(worker);
}

static void queues_are_empty(struct worker *worker)
{
	if (worker->is_woken && !worker->is_stopping) {
		begin_round(worker); /* what woke it may have come after the look */
	} else if (worker->in_flight.settling > 0) {
		worker->is_clearing = true;
	} else if (worker->in_flight.has_leftovers) {
		pause_before(worker, begin_round);
	} else if (worker->in_flight.has_lease) {
		batch_begin(&worker->batch, worker->arena, lease_ended, worker);
		in_flight_end_lease(&worker->in_flight, &worker->batch);
		batch_end(&worker->batch);
	} else {
		become_idle(worker);
	}
}

/* Taking jobs. */

static void jobs_replied(struct batch *batch, void *data)
{
	struct worker *worker = data;

	worker->payloads = ARENA_ARRAY(worker->arena, struct str, batch->count);
	worker->count = 0;
	if (in_flight_is_unknown(&worker->in_flight, &batch->replies[batch->count - 1])) {
		/* No jobs, but the round's name. */
		in_flight_settle(&worker->in_flight, worker->name, FATE_COUNTED, NULL,
				 counted_settled, worker);
		begin_round(worker);
		return;
	}
	for (size_t i = 0; i < batch->count; i++) {
		struct str payload = batch->replies[i].kind == REDIS_STRING ? batch->replies[i].text
									    : str_of(NULL, 0);

		if (payload.data != NULL)
			worker->payloads[worker->count++] = payload;
	}
	if (batch->has_failed && !(worker->in_flight.is_unsupported && worker->count > 0)) {
		note_trouble(worker, batch->failure);
		take_fewer(worker);
		settle(worker, FATE_NOT_COUNTED);
	} else if (worker->count > 0) {
		run_round(worker);
	} else { /* another worker was faster */
		settle_counted(worker);
		begin_round(worker);
	}
}

static void take_jobs(struct worker *worker, int64_t count)
{
	if (count > (int64_t)worker->jobs_max)
		count = (int64_t)worker->jobs_max;
	worker->name = in_flight_begin(&worker->in_flight, worker->arena, worker->queue);
	batch_begin(&worker->batch, worker->arena, jobs_replied, worker);
	in_flight_take(&worker->in_flight, &worker->batch, worker->name, worker->queue,
		       (size_t)count);
	batch_end(&worker->batch);
}

static void lengths_replied(struct batch *batch, void *data)
{
	struct worker *worker = data;

	if (batch->has_failed) {
		try_again(worker, batch->failure);
		return;
	}
	for (worker->queue = QUEUE_PRIORITY; worker->queue < QUEUES; worker->queue++) {
		if (batch->replies[worker->queue].integer > 0) {
			take_jobs(worker, batch->replies[worker->queue].integer);
			return;
		}
	}
	queues_are_empty(worker);
}

static void ask_lengths(struct worker *worker)
{
	batch_begin(&worker->batch, worker->arena, lengths_replied, worker);
	for (size_t i = 0; i < QUEUES; i++)
		BATCH_SEND(&worker->batch, worker->backend->queues, STR("LLEN"),
			   queue_key((enum queue)i));
	batch_end(&worker->batch);
}

static void ranges_replied(struct batch *batch, void *data)
{
	struct worker *worker = data;
	enum queue queue = QUEUE_PRIORITY;

	if (batch->has_failed) {
		try_again(worker, batch->failure);
		return;
	}
	while (queue < QUEUES && batch->replies[queue].count == 0)
		queue++;
	if (queue == QUEUES) {
		queues_are_empty(worker);
		return;
	}
	worker->queue = queue;
	worker->count = batch->replies[queue].count;
	worker->payloads = ARENA_ARRAY(worker->arena, struct str, worker->count);
	for (size_t i = 0; i < worker->count; i++)
		worker->payloads[i] = reply_item(&batch->replies[queue], i);
	run_round(worker);
}

static void ask_ranges(struct worker *worker)
{
	batch_begin(&worker->batch, worker->arena, ranges_replied, worker);
	for (size_t i = 0; i < QUEUES; i++)
		BATCH_SEND(&worker->batch, worker->backend->queues, STR("LRANGE"),
			   queue_key((enum queue)i), STR("0"),
			   str_format(worker->arena, "%zu", worker->jobs_max - 1));
	batch_end(&worker->batch);
}

static void looked(bool has_failed, void *data)
{
	struct worker *worker = data;

	if (has_failed)
		try_again(worker, STR("jobs in flight cannot be looked for"));
	else if (worker->is_stopping)
		leave(worker);
	else
		ask_lengths(worker);
}

static void begin_round(struct worker *worker)
{
	worker->state = WORKER_WORKING;
	worker->is_woken = false;
	arena_reset(worker->arena);
	if (is_embedded(worker))
		ask_ranges(worker);
	else if (in_flight_has_to_look(&worker->in_flight))
		in_flight_look(&worker->in_flight, looked, worker);
	else
		ask_lengths(worker);
}

/* Life: resque:workers names those who work by themselves (6.6). */

static struct str member_name(const struct worker *worker)
{
	struct world *world = worker->backend->world;

	return str_format(worker->arena, "%.*s:%d%s", STR_ARG(world_host_name(world)),
			  world_process_id(world),
			  worker->backend->settings.profile->names_workers_with_queues
				  ? ":priority,main,stats"
				  : "");
}

static void sign_on(struct worker *worker)
{
	worker->is_registered = true;
	REDIS_SEND(worker->backend->queues, NULL, NULL, STR("SADD"), KEY_WORKERS,
		   member_name(worker));
}

static void signed_off(struct batch *batch, void *data)
{
	struct worker *worker = data;

	(void)batch;
	worker->state = WORKER_ENDED;
	backend_work_ended(worker->backend);
}

/* Jobs that could not be settled stay in flight, for another worker at once. */
static void leave(struct worker *worker)
{
	if (worker->in_flight.settling > 0) {
		worker->is_clearing = true;
		return;
	}
	worker->state = WORKER_LEAVING;
	arena_reset(worker->arena);
	batch_begin(&worker->batch, worker->arena, signed_off, worker);
	if (worker->is_registered)
		BATCH_SEND(&worker->batch, worker->backend->queues, STR("SREM"), KEY_WORKERS,
			   member_name(worker));
	if (worker->in_flight.has_lease)
		in_flight_end_lease(&worker->in_flight, &worker->batch);
	batch_end(&worker->batch);
}

static bool open_blocking(struct worker *worker, struct error *error)
{
	worker->blocking = backend_redis_open(
		worker->backend->world, &worker->backend->settings.queues, BLOCK_TIMEOUT_MS, error);
	return worker->blocking != NULL;
}

struct worker *worker_create(struct backend *backend, struct error *error)
{
	struct worker *worker = MEMORY_NEW(struct worker);

	worker->backend = backend;
	if (backend->store == NULL && !backend->settings.has_test_hooks &&
	    !open_blocking(worker, error)) {
		free(worker);
		return NULL;
	}
	worker->arena = arena_create();
	worker->jobs_max = ROUND_JOBS_MAX;
	in_flight_init(&worker->in_flight, backend);
	job_round_init(&worker->round, backend, worker->arena);
	if (!backend->settings.has_test_hooks) {
		sign_on(worker);
		begin_round(worker);
	}
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
	timer_stop(&worker->wake);
	job_round_free(&worker->round);
	vec_free(&worker->drains);
	arena_destroy(worker->arena);
	free(worker);
}

static void woken(struct timer *timer)
{
	struct worker *worker = LIST_ENTRY(timer, struct worker, wake);

	if (worker->state == WORKER_IDLE ||
	    (worker->state == WORKER_WAITING && !has_to_wait(worker)))
		begin_round(worker);
}

/* In the next turn: there its commands leave together with those of the calls that came meanwhile,
 * and the embedded store commits them in one piece. */
void worker_wake(struct worker *worker)
{
	if (worker == NULL || worker->is_stopping || worker->backend->settings.has_test_hooks)
		return;
	worker->is_woken = true;
	if (!timer_is_running(&worker->wake))
		timer_start(worker->backend->world, &worker->wake, 0, woken);
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
	if (worker->is_stopping)
		return;
	worker->is_stopping = true;
	timer_stop(&worker->pause);
	timer_stop(&worker->wake);
	if (worker->state == WORKER_IDLE || worker->state == WORKER_PAUSED ||
	    (worker->state == WORKER_WAITING && !has_to_wait(worker)))
		leave(worker);
}

bool worker_has_ended(const struct worker *worker)
{
	return worker->state == WORKER_ENDED;
}

void worker_forget(struct worker *worker)
{
	traffic_forget(&worker->round.traffic);
}
