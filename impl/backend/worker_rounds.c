#include "backend/worker_internal.h"

#include "backend/backend_internal.h"
#include "base/arena.h"

/* Of a round's payloads; when they are more, the next round takes fewer jobs. */
#define ROUND_BYTES_MAX (256 * 1024)

static bool is_embedded(const struct worker *worker)
{
	return worker->backend->store != NULL;
}

void worker_end_round(struct worker *worker)
{
	if (worker->is_stopping)
		worker_leave(worker);
	else
		worker_begin_round(worker);
}

/* Settling what was taken. */

static void settle_in_hand(struct worker *worker);

static void settled(bool has_failed, void *data)
{
	struct worker *worker = data;

	if (!has_failed)
		worker->in_flight.has_leftovers = false;
	if (has_failed && worker->in_flight.is_unsupported)
		worker_pause_before(worker, settle_in_hand);
	else
		worker_pause_before(worker, worker_begin_round);
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
	worker_end_round(worker);
}

static void settle_counted(struct worker *worker)
{
	const struct in_flight_hand hand = {worker->queue, NULL, 0};

	in_flight_settle(&worker->in_flight, worker->name, FATE_COUNTED,
			 worker->in_flight.is_unsupported ? &hand : NULL, counted_settled, worker);
}

/* Counting it. */

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
	else if (worker->jobs_max < WORKER_ROUND_JOBS_MAX)
		worker->jobs_max *= 2;
}

static void note_outcome(struct worker *worker, enum job_round_outcome outcome)
{
	if (outcome == JOB_ROUND_COUNTED) {
		worker_note_success(worker);
		adapt_jobs_max(worker);
	} else if (worker->round.is_spoilt) {
		worker->jobs_max = 1;
	} else {
		worker_note_trouble(worker, worker->round.failure);
		take_fewer(worker);
	}
}

static void embedded_round_over(enum job_round_outcome outcome, void *data)
{
	struct worker *worker = data;

	note_outcome(worker, outcome);
	/* Looked at only: what was not counted is still there. */
	if (outcome == JOB_ROUND_COUNTED)
		worker_end_round(worker);
	else
		worker_pause_before(worker, worker_begin_round);
}

static void redis_round_over(enum job_round_outcome outcome, void *data)
{
	struct worker *worker = data;

	note_outcome(worker, outcome);
	switch (outcome) {
	case JOB_ROUND_COUNTED:
		settle_counted(worker);
		worker_end_round(worker);
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

/* A server without BLMOVE: the job that came is in hand. */
void worker_take_arrived(struct worker *worker, const struct redis_reply *reply)
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
		worker_begin_round(worker);
		return;
	}
	for (size_t i = 0; i < batch->count; i++) {
		struct str payload = batch->replies[i].kind == REDIS_STRING ? batch->replies[i].text
									    : str_of(NULL, 0);

		if (payload.data != NULL)
			worker->payloads[worker->count++] = payload;
	}
	if (batch->has_failed && !(worker->in_flight.is_unsupported && worker->count > 0)) {
		worker_note_trouble(worker, batch->failure);
		take_fewer(worker);
		settle(worker, FATE_NOT_COUNTED);
	} else if (worker->count > 0) {
		run_round(worker);
	} else { /* another worker was faster */
		settle_counted(worker);
		worker_begin_round(worker);
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
		worker_try_again(worker, batch->failure);
		return;
	}
	for (worker->queue = QUEUE_PRIORITY; worker->queue < QUEUES; worker->queue++) {
		if (batch->replies[worker->queue].integer > 0) {
			take_jobs(worker, batch->replies[worker->queue].integer);
			return;
		}
	}
	worker_queues_are_empty(worker);
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
		worker_try_again(worker, batch->failure);
		return;
	}
	while (queue < QUEUES && batch->replies[queue].count == 0)
		queue++;
	if (queue == QUEUES) {
		worker_queues_are_empty(worker);
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
		worker_try_again(worker, STR("jobs in flight cannot be looked for"));
	else if (worker->is_stopping)
		worker_leave(worker);
	else
		ask_lengths(worker);
}

void worker_begin_round(struct worker *worker)
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
