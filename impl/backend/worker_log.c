#include "backend/worker_log.h"

#include <stdio.h>

#include "backend/backend_internal.h"
#include "backend/job_run.h"
#include "backend/memo.h"
#include "world/environment.h"
#include "world/log.h"

/* "[01/Jun/2019 10:20:30 UTC]" from "01/Jun/2019:10:20:30 +0000" */
static struct str log_time(char out[32], const struct backend *backend)
{
	struct str text = utc_format_access_log(out, backend_now_us(backend));

	out[sizeof "01/Jun/2019" - 1] = ' ';
	return str_slice(text, 0, sizeof "01/Jun/2019 10:20:30" - 1);
}

static struct str class_name(const struct job *job)
{
	return job->kind == JOB_NOTIFY ? STR("NotifyJob") : STR("ReportJob");
}

void worker_log_done(struct backend *backend, const struct job *job, int64_t run_us)
{
	int64_t now_us = backend_now_us(backend);
	int64_t total_us =
		job->enqueued_us > 0 && job->enqueued_us < now_us ? now_us - job->enqueued_us : 0;
	struct str application = job->first != NULL ? job->first->application->id : STR("--");
	struct memo_figures memo = memo_figures(backend->memo);
	char time[32], detail[32];
	struct str counted = str_of(detail, 0);

	if (backend->settings.worker_log.size == 0)
		return;
	counted.size = (size_t)snprintf(detail, sizeof detail, "%zu 0", job->count);
	log_format(backend->world, backend->settings.worker_log,
		   "INFO %d [%.*s UTC] %.*s %.*s %.*s %.5f %.5f %zu %llu %llu",
		   world_process_id(backend->world), STR_ARG(log_time(time, backend)),
		   STR_ARG(class_name(job)), STR_ARG(job->subject),
		   STR_ARG(job->kind == JOB_NOTIFY ? application : counted), (double)run_us / 1e6,
		   (double)total_us / 1e6, memo.count, (unsigned long long)memo.lookups,
		   (unsigned long long)memo.hits);
}

void worker_log_refused(struct backend *backend, const struct job *job, struct str message)
{
	char time[32];

	if (backend->settings.worker_log.size == 0)
		return;
	log_format(backend->world, backend->settings.worker_log,
		   "ERROR %d [%.*s UTC] %.*s %.*s %.*s", world_process_id(backend->world),
		   STR_ARG(log_time(time, backend)), STR_ARG(class_name(job)),
		   STR_ARG(job->subject), STR_ARG(message));
}

void worker_log_broken(struct backend *backend, const struct job *job)
{
	char time[32];

	if (backend->settings.worker_log.size == 0)
		return;
	log_format(backend->world, backend->settings.worker_log,
		   "ERROR %d [%.*s UTC] a job of %zu bytes in the queue %.*s is not JSON",
		   world_process_id(backend->world), STR_ARG(log_time(time, backend)),
		   job->payload.size, STR_ARG(queue_name(job->queue)));
}
