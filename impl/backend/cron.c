#include "backend/cron.h"

#include <inttypes.h>
#include <stdlib.h>

#include "backend/backend_internal.h"
#include "backend/failed_jobs.h"
#include "backend/profile.h"
#include "backend/purge.h"
#include "backend/worker.h"
#include "base/arena.h"
#include "world/environment.h"
#include "world/log.h"

struct cron {
	struct backend *backend;
	struct timer timer; /* until the next round by itself */
	struct purge *purge;
	int64_t purge_due_us; /* monotonic */
	bool is_running, is_stopping;
	bool has_news;   /* of the round: something was done, or failed */
	cron_done *done; /* of the round */
	void *data;
};

static void round_is_due(struct timer *timer);

/* A round. */

static void write_summary(struct strbuf *out, const struct failed_jobs_result *result)
{
	strbuf_clear(out);
	if (result->has_failed)
		strbuf_append_format(out, "Rescheduling failed jobs failed: %.*s",
				     STR_ARG(result->failure));
	else
		strbuf_append_format(out,
				     "Rescheduled: %" PRId64 ". Failed and discarded: %" PRId64
				     ". Pending failed jobs: %" PRId64 ".",
				     result->rescheduled, result->discarded, result->pending);
}

static void failed_jobs_are_back(const struct failed_jobs_result *result, void *data)
{
	struct cron *cron = data;
	struct backend *backend = cron->backend;

	write_summary(&backend->scratch, result);
	cron->is_running = false;
	cron->has_news = result->has_failed || result->rescheduled > 0 || result->discarded > 0;
	worker_wake(backend->worker);
	cron->done(result->has_failed, strbuf_str(&backend->scratch), cron->data);
	if (cron->is_stopping)
		backend_work_ended(backend);
}

static void purged(const struct purge_result *result, void *data)
{
	struct cron *cron = data;
	struct backend *backend = cron->backend;

	cron->purge = NULL;
	if (result->has_failed)
		log_format(backend->world, LOG_STDERR, "Purging counters failed: %.*s",
			   STR_ARG(result->failure));
	else if (result->services > 0)
		log_format(backend->world, LOG_STDOUT,
			   "Purged counters: %" PRId64 ", of deleted services: %" PRId64 ".",
			   result->keys, result->services);
	failed_jobs_reschedule(backend, failed_jobs_are_back, cron);
}

static void begin_round(struct cron *cron, bool does_purge, cron_done *done, void *data)
{
	cron->is_running = true;
	cron->done = done;
	cron->data = data;
	if (does_purge)
		cron->purge = purge_begin(cron->backend, purged, cron);
	else
		failed_jobs_reschedule(cron->backend, failed_jobs_are_back, cron);
}

bool cron_run(struct cron *cron, cron_done *done, void *data)
{
	if (cron->is_running)
		return false;
	begin_round(cron, cron->backend->settings.profile->purges_stats, done, data);
	return true;
}

/* By itself. */

static void round_over(bool has_failed, struct str summary, void *data)
{
	struct cron *cron = data;
	struct backend *backend = cron->backend;
	const struct settings *settings = &backend->settings;

	/* Beside a listener cron speaks when it has something to say. */
	if (cron->has_news || settings->role == ROLE_CRON)
		log_write(backend->world, has_failed ? LOG_STDERR : LOG_STDOUT, summary);
	if (settings->is_once)
		world_exit(backend->world, has_failed ? 1 : 0);
	else if (!cron->is_stopping)
		timer_start(backend->world, &cron->timer,
			    settings->reschedule_every_s * UTC_SECOND_US, round_is_due);
}

static void begin_own_round(struct cron *cron)
{
	const struct settings *settings = &cron->backend->settings;
	int64_t now_us = world_monotonic_us(cron->backend->world);
	bool does_purge = settings->profile->purges_stats && now_us >= cron->purge_due_us;

	if (does_purge)
		cron->purge_due_us = now_us + settings->purge_every_s * UTC_SECOND_US;
	begin_round(cron, does_purge, round_over, cron);
}

static void round_is_due(struct timer *timer)
{
	begin_own_round(LIST_ENTRY(timer, struct cron, timer));
}

/* Life. */

struct cron *cron_create(struct backend *backend)
{
	struct cron *cron = MEMORY_NEW(struct cron);

	cron->backend = backend;
	if (!backend->settings.has_test_hooks)
		begin_own_round(cron);
	return cron;
}

void cron_destroy(struct cron *cron)
{
	if (cron == NULL)
		return;
	purge_stop(cron->purge);
	timer_stop(&cron->timer);
	free(cron);
}

void cron_stop(struct cron *cron)
{
	cron->is_stopping = true;
	timer_stop(&cron->timer);
}

bool cron_is_idle(const struct cron *cron)
{
	return !cron->is_running;
}
