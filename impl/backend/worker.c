#include "backend/worker.h"

#include <stdlib.h>

#include "backend/backend_internal.h"
#include "backend/keys.h"
#include "backend/profile.h"
#include "backend/worker_internal.h"
#include "base/arena.h"
#include "base/bug.h"
#include "world/clock.h"
#include "world/environment.h"
#include "world/log.h"

#define PAUSE_US (1 * UTC_SECOND_US) /* after Redis failed */
/* What the other queues have got meanwhile is noticed after that. */
#define BLOCK_S STR("1")
#define BLOCK_TIMEOUT_MS 10000

/* Pauses: after what failed, and is tried again. */

void worker_note_trouble(struct worker *worker, struct str why)
{
	const struct backend *backend = worker->backend;

	if (!worker->is_troubled && !worker->is_stopping)
		log_format(backend->world, backend->settings.log,
			   "Jobs wait, the worker tries again every second: %.*s", STR_ARG(why));
	worker->is_troubled = true;
}

void worker_note_success(struct worker *worker)
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

void worker_pause_before(struct worker *worker, void (*resume)(struct worker *worker))
{
	if (worker->is_stopping) {
		worker_leave(worker);
		return;
	}
	worker->state = WORKER_PAUSED;
	worker->resume = resume;
	timer_start(worker->backend->world, &worker->pause, PAUSE_US, pause_over);
}

void worker_try_again(struct worker *worker, struct str why)
{
	worker_note_trouble(worker, why);
	worker_pause_before(worker, worker_begin_round);
}

/* Waiting. */

static void something_arrived(const struct redis_reply *reply, void *data)
{
	struct worker *worker = data;
	bool is_unknown = in_flight_is_unknown(&worker->in_flight, reply);

	worker->is_blocked = false;
	if (worker->state != WORKER_WAITING)
		return;
	worker->state = WORKER_WORKING;
	if (reply->kind == REDIS_ARRAY && reply->count == 2)
		worker_take_arrived(worker, reply);
	else if (reply->kind == REDIS_LOST || (reply->kind == REDIS_ERROR && !is_unknown))
		worker_try_again(worker, reply->text);
	else
		worker_end_round(worker);
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

	worker_note_success(worker);
	worker->state = WORKER_IDLE;
	worker->drains.items = NULL;
	worker->drains.count = worker->drains.capacity = 0;
	for (size_t i = 0; i < count; i++)
		drains[i].drained(drains[i].data);
	free(drains);
	if (worker->is_stopping)
		worker_leave(worker);
	else if (worker->state == WORKER_IDLE && worker->blocking != NULL)
		wait_for_job(worker);
}

static void lease_ended(struct batch *batch, void *data)
{
	struct worker *worker = data;

	if (batch->has_failed) {
		worker_try_again(worker, batch->failure);
		return;
	}
	worker->in_flight.has_lease = false;
	become_idle(worker);
}

void worker_queues_are_empty(struct worker *worker)
{
	if (worker->is_woken && !worker->is_stopping) {
		worker_begin_round(worker); /* what woke it may have come after the look */
	} else if (worker->in_flight.settling > 0) {
		worker->is_clearing = true;
	} else if (worker->in_flight.has_leftovers) {
		worker_pause_before(worker, worker_begin_round);
	} else if (worker->in_flight.has_lease) {
		batch_begin(&worker->batch, worker->arena, lease_ended, worker);
		in_flight_end_lease(&worker->in_flight, &worker->batch);
		batch_end(&worker->batch);
	} else {
		become_idle(worker);
	}
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
void worker_leave(struct worker *worker)
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
	worker->jobs_max = WORKER_ROUND_JOBS_MAX;
	in_flight_init(&worker->in_flight, backend);
	job_round_init(&worker->round, backend, worker->arena);
	if (!backend->settings.has_test_hooks) {
		sign_on(worker);
		worker_begin_round(worker);
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
		worker_begin_round(worker);
}

/* In the next turn: there its commands worker_leave together with those of the calls that came
 * meanwhile, and the embedded store commits them in one piece. */
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
		worker_begin_round(worker);
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
		worker_leave(worker);
}

bool worker_has_ended(const struct worker *worker)
{
	return worker->state == WORKER_ENDED;
}

void worker_forget(struct worker *worker)
{
	traffic_forget(&worker->round.traffic);
}
