#include "backend/job_round.h"

#include "backend/backend_internal.h"
#include "backend/in_flight.h"
#include "backend/integration_errors.h"
#include "backend/keys.h"
#include "backend/latest_transactions.h"
#include "backend/profile.h"
#include "backend/process_metrics.h"
#include "backend/worker_log.h"
#include "base/arena.h"
#include "world/log.h"

/* Longer, and others may think that the worker is gone: they would be refused the jobs, but a
 * connection that was made anew in between watches nothing. Half of the lease's time. */
#define WRITE_WITHIN_US (5 * UTC_SECOND_US)

static void prepare(struct job_round *round);
static void write_round(struct job_round *round);

static bool is_embedded(const struct job_round *round)
{
	return round->backend->store != NULL;
}

static void end(struct job_round *round, enum job_round_outcome outcome)
{
	if (outcome != JOB_ROUND_COUNTED)
		traffic_forget(&round->traffic);
	reader_release(&round->reader);
	round->over(outcome, round->data);
}

static void fail(struct job_round *round, enum job_round_outcome outcome, struct str why)
{
	round->failure = why;
	end(round, outcome);
}

/* Preparing: all that the jobs name is looked up. */

static enum memo_result prepare_all(struct job_round *round)
{
	enum memo_result all = MEMO_FOUND;

	for (size_t i = 0; i < round->count; i++) {
		enum memo_result result =
			job_prepare(&round->jobs[i], round->backend, &round->reader);

		if (result == MEMO_FAILED)
			return MEMO_FAILED;
		if (result == MEMO_WAIT)
			all = MEMO_WAIT;
	}
	if (all != MEMO_FOUND)
		return all;
	for (size_t i = 0; i < round->count; i++) {
		if (round->jobs[i].state == JOB_READY)
			traffic_touch(&round->traffic, &round->jobs[i]);
	}
	return traffic_prepare(&round->traffic, &round->reader);
}

/* A transaction of the queues: jobs that nobody knows move to where cron finds them. */

static void unknown_moved(enum transaction_outcome outcome, void *data)
{
	struct job_round *round = data;

	if (outcome == TRANSACTION_DONE)
		write_round(round);
	else
		fail(round, JOB_ROUND_NOT_COUNTED, STR("failed jobs could not be kept"));
}

static void move_unknown(struct job_round *round)
{
	struct backend *backend = round->backend;
	struct redis_client *out = &round->transaction.client;

	transaction_begin(&round->transaction, backend->queues);
	for (size_t i = 0; i < round->count; i++) {
		const struct job *job = &round->jobs[i];

		if (job->kind != JOB_UNKNOWN)
			continue;
		REDIS_SEND(out, NULL, NULL, STR("RPUSH"), KEY_FAILED_JOBS,
			   jobs_failed(backend, round->arena, job->queue, job->payload,
				       job->exception, job->problem));
		if (round->list.size > 0)
			REDIS_SEND(out, NULL, NULL, STR("LREM"), round->list, STR("1"),
				   job->payload);
	}
	transaction_end(&round->transaction, unknown_moved, round);
}

static bool has_unknown(const struct job_round *round)
{
	for (size_t i = 0; i < round->count; i++) {
		if (round->jobs[i].kind == JOB_UNKNOWN)
			return true;
	}
	return false;
}

static void write_prepared(struct job_round *round)
{
	if (!is_embedded(round) && has_unknown(round))
		move_unknown(round);
	else
		write_round(round);
}

/* What a job names may be of a kind that it cannot be (WRONGTYPE): that does not pass, as other
 * failures do, and the jobs behind it are not to wait for ever. */
static void preparing_failed(struct job_round *round)
{
	struct str why = round->reader.failure;

	if (!str_has_prefix(why, STR("WRONGTYPE"))) {
		fail(round, JOB_ROUND_NOT_COUNTED, why);
	} else if (round->count > 1) {
		round->is_spoilt = true;
		fail(round, JOB_ROUND_NOT_COUNTED, why);
	} else {
		job_give_up(&round->jobs[0], why);
		traffic_begin(&round->traffic, round->arena);
		write_prepared(round);
	}
}

static void prepare(struct job_round *round)
{
	enum memo_result result = prepare_all(round);

	if (round->reader.waiting > 0)
		return; /* taken up again when all is there */
	if (result == MEMO_FOUND)
		write_prepared(round);
	else
		preparing_failed(round);
}

static void prepare_resumed(struct reader *reader, void *data)
{
	(void)reader;
	prepare(data);
}

/* Writing: what the jobs count, and what becomes of those that count nothing. */

static void refuse_job(struct job_round *round, const struct job *job)
{
	struct str message = api_error_message(round->arena, &job->error);

	worker_log_refused(round->backend, job, message);
	if (job->kind == JOB_REPORT)
		integration_error_store(round->backend, round->arena, job->service, job->error.code,
					message,
					job_error_context(job, round->backend, round->arena));
}

static void write_job(struct job_round *round, const struct job *job)
{
	switch (job->kind) {
	case JOB_BROKEN:
		worker_log_broken(round->backend, job);
		break;
	case JOB_UNKNOWN:
		break;
	case JOB_REPORT:
	case JOB_NOTIFY:
		if (job->state == JOB_REFUSED)
			refuse_job(round, job);
		else
			job_apply(job, &round->counters);
		break;
	}
}

static void write_all(struct job_round *round)
{
	struct backend *backend = round->backend;

	for (size_t i = 0; i < round->count; i++)
		write_job(round, &round->jobs[i]);
	counters_write(&round->counters, backend->storage);
	latest_transactions_store(backend, round->arena, round->jobs, round->count);
	traffic_write(&round->traffic, &round->batch);
}

static void told(void *data)
{
	struct job_round *round = data;
	int64_t run_us = world_monotonic_us(round->backend->world) - round->began_us;

	for (size_t i = 0; i < round->count; i++) {
		const struct job *job = &round->jobs[i];

		if (job->state != JOB_READY)
			continue;
		worker_log_done(round->backend, job, run_us);
		process_metrics_count_job(round->backend->metrics, worker_log_class(job), run_us);
	}
	end(round, JOB_ROUND_COUNTED);
}

/* The embedded store: all of a turn, or nothing of it. */

static void embedded_written(struct batch *batch, void *data)
{
	struct job_round *round = data;

	if (batch->replies[0].kind == REDIS_STATUS)
		traffic_tell(&round->traffic, batch, told, round);
	else
		fail(round, JOB_ROUND_NOT_COUNTED, batch->failure);
}

static void write_embedded(struct job_round *round)
{
	struct redis_client *queues = round->backend->queues;

	batch_begin(&round->batch, round->arena, embedded_written, round);
	BATCH_SEND(&round->batch, queues, STR("LTRIM"), queue_key(round->queue),
		   str_format(round->arena, "%zu", round->count), STR("-1"));
	for (size_t i = 0; i < round->count; i++) {
		const struct job *job = &round->jobs[i];

		if (job->kind == JOB_UNKNOWN)
			BATCH_SEND(&round->batch, queues, STR("RPUSH"), KEY_FAILED_JOBS,
				   jobs_failed(round->backend, round->arena, job->queue,
					       job->payload, job->exception, job->problem));
	}
	write_all(round);
	batch_end(&round->batch);
}

/* A Redis. */

static void redis_written(enum transaction_outcome outcome, void *data)
{
	struct job_round *round = data;

	switch (outcome) {
	case TRANSACTION_DONE:
		/* A counter that is none, or would overflow, alone does not count. */
		if (round->transaction.error.kind != ERROR_NONE)
			log_format(round->backend->world, round->backend->settings.log,
				   "A counter was left out: %s", round->transaction.error.text);
		traffic_tell(&round->traffic, &round->batch, told, round);
		break;
	case TRANSACTION_FENCED:
		fail(round, JOB_ROUND_FENCED, STR("another worker has taken them over"));
		break;
	case TRANSACTION_REFUSED:
		fail(round, JOB_ROUND_UNKNOWN, STR("the storage refused their transaction"));
		break;
	case TRANSACTION_LOST:
		fail(round, JOB_ROUND_UNKNOWN, STR("the storage did not answer"));
		break;
	}
}

/* The replies are there before redis_written() is called. */
static void replies_came(struct batch *batch, void *data)
{
	(void)batch;
	(void)data;
}

static void write_redis(struct job_round *round)
{
	struct backend *backend = round->backend;
	struct redis_client *storage = backend->storage;

	transaction_begin(&round->transaction, storage);
	/* Whatever is stored now is part of it. */
	backend->storage = &round->transaction.client;
	batch_begin(&round->batch, round->arena, replies_came, round);
	in_flight_mark_counted(round->arena, backend->storage, round->name, round->list.size == 0);
	write_all(round);
	batch_end(&round->batch);
	backend->storage = storage;
	transaction_end(&round->transaction, redis_written, round);
}

static void write_round(struct job_round *round)
{
	int64_t age_us = world_monotonic_us(round->backend->world) - round->began_us;

	if (is_embedded(round))
		write_embedded(round);
	else if (age_us < WRITE_WITHIN_US && round->backend->storage != NULL)
		write_redis(round);
	else
		fail(round, JOB_ROUND_UNKNOWN, STR("preparing them took too long"));
}

/* Life. */

void job_round_init(struct job_round *round, struct backend *backend, struct arena *arena)
{
	*round = (struct job_round){.backend = backend, .arena = arena};
	counters_init(&round->counters, backend->hash_seed,
		      backend->settings.profile->deletes_zeroed_counters);
	traffic_init(&round->traffic, backend);
	reader_init(&round->reader, backend->memo, arena, prepare_resumed, round);
}

void job_round_free(struct job_round *round)
{
	reader_release(&round->reader);
	traffic_free(&round->traffic);
	counters_free(&round->counters);
	transaction_free(&round->transaction);
}

void job_round_begin(struct job_round *round, enum queue queue, const struct str *payloads,
		     size_t count)
{
	round->queue = queue;
	round->count = count;
	round->is_spoilt = false;
	round->jobs = ARENA_ARRAY(round->arena, struct job, count);
	round->began_us = world_monotonic_us(round->backend->world);
	counters_begin(&round->counters, round->arena);
	traffic_begin(&round->traffic, round->arena);
	for (size_t i = 0; i < count; i++) {
		round->jobs[i].payload = payloads[i];
		round->jobs[i].queue = queue;
		job_read(&round->jobs[i], round->backend, round->arena);
	}
}

void job_round_run(struct job_round *round, struct str name, struct str list, job_round_over *over,
		   void *data)
{
	round->name = name;
	round->list = list;
	round->over = over;
	round->data = data;
	prepare(round);
}
