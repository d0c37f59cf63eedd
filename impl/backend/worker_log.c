#include "backend/worker_log.h"

#include "backend/backend_internal.h"
#include "backend/job_run.h"
#include "backend/memo.h"
#include "base/json.h"
#include "world/environment.h"
#include "world/log.h"

#define LINE_BYTES_MAX ((size_t)64 * 1024)

struct str worker_log_class(const struct job *job)
{
	return job->kind == JOB_NOTIFY ? STR("NotifyJob") : STR("ReportJob");
}

/* "01/Jun/2019 10:20:30" from "01/Jun/2019:10:20:30 +0000" */
static struct str text_time(char out[32], const struct backend *backend)
{
	struct str text = utc_format_access_log(out, backend_now_us(backend));

	out[sizeof "01/Jun/2019" - 1] = ' ';
	return str_slice(text, 0, sizeof "01/Jun/2019 10:20:30" - 1);
}

/* "2019-06-01 10:20:30" from "2019-06-01 10:20:30 +0000" */
static struct str json_time(char out[32], const struct backend *backend)
{
	return str_slice(utc_format_backend(out, backend_now_us(backend)), 0,
			 sizeof "2019-06-01 10:20:30" - 1);
}

static void append_visible(struct strbuf *out, struct str text)
{
	for (size_t i = 0; i < text.size; i++) {
		unsigned char byte = (unsigned char)text.data[i];

		strbuf_append_char(out, byte < ' ' || byte == 0x7f ? ' ' : text.data[i]);
	}
}

static void begin_text(struct strbuf *out, const struct backend *backend, const char *severity)
{
	char time[32];

	strbuf_append_format(out, "%s %d [%.*s UTC] ", severity, world_process_id(backend->world),
			     STR_ARG(text_time(time, backend)));
}

static void begin_json(struct strbuf *out, const struct backend *backend, const char *severity)
{
	char time[32];

	strbuf_append_format(out, "{\"severity\":\"%s\",\"pid\":%d,\"time\":\"%.*s UTC\"", severity,
			     world_process_id(backend->world), STR_ARG(json_time(time, backend)));
}

static void end_line(struct backend *backend, struct strbuf *line)
{
	log_write(backend->world, backend->settings.worker_log, strbuf_str(line));
	strbuf_free(line);
}

/* Done. */

struct times {
	double run_s, total_s;
};

static void write_done_text(struct strbuf *out, const struct backend *backend,
			    const struct job *job, const struct times *times)
{
	struct memo_figures memo = memo_figures(backend->memo);
	struct str application = job->first != NULL ? job->first->application->id : STR("--");

	begin_text(out, backend, "INFO");
	strbuf_append(out, worker_log_class(job));
	strbuf_append_char(out, ' ');
	append_visible(out, job->subject);
	strbuf_append_char(out, ' ');
	if (job->kind == JOB_NOTIFY)
		append_visible(out, application);
	else
		strbuf_append_format(out, "%zu 0", job->count);
	strbuf_append_format(out, " %.5f %.5f %zu %llu %llu", times->run_s, times->total_s,
			     memo.count, (unsigned long long)memo.lookups,
			     (unsigned long long)memo.hits);
}

static void write_done_json(struct strbuf *out, const struct backend *backend,
			    const struct job *job, const struct times *times)
{
	struct memo_figures memo = memo_figures(backend->memo);

	begin_json(out, backend, "INFO");
	strbuf_append_format(out,
			     ",\"job_class\":\"%.*s\",\"runtime\":%.5f,\"run_plus_queued_time\":"
			     "%.5f,\"memoizer_size\":%zu,\"memoizer_count\":%llu,"
			     "\"memoizer_hits\":%llu}",
			     STR_ARG(worker_log_class(job)), times->run_s, times->total_s,
			     memo.count, (unsigned long long)memo.lookups,
			     (unsigned long long)memo.hits);
}

void worker_log_done(struct backend *backend, const struct job *job, int64_t run_us)
{
	int64_t now_us = backend_now_us(backend);
	struct times times = {.run_s = (double)run_us / 1e6};
	struct strbuf line;

	if (backend->settings.worker_log.size == 0)
		return;
	if (job->enqueued_us > 0 && job->enqueued_us < now_us)
		times.total_s = (double)(now_us - job->enqueued_us) / 1e6;
	strbuf_init(&line, LINE_BYTES_MAX);
	if (backend->settings.worker_log_is_json)
		write_done_json(&line, backend, job, &times);
	else
		write_done_text(&line, backend, job, &times);
	end_line(backend, &line);
}

/* Not done. */

static void write_error(struct backend *backend, struct str message)
{
	struct strbuf line;

	strbuf_init(&line, LINE_BYTES_MAX);
	if (backend->settings.worker_log_is_json) {
		begin_json(&line, backend, "ERROR");
		strbuf_append(&line, STR(",\"msg\":"));
		json_write_str(&line, message);
		strbuf_append_char(&line, '}');
	} else {
		begin_text(&line, backend, "ERROR");
		append_visible(&line, message);
	}
	end_line(backend, &line);
}

void worker_log_refused(struct backend *backend, const struct job *job, struct str message)
{
	struct strbuf text;

	if (backend->settings.worker_log.size == 0)
		return;
	strbuf_init(&text, LINE_BYTES_MAX);
	strbuf_append_format(&text, "%.*s %.*s %.*s", STR_ARG(worker_log_class(job)),
			     STR_ARG(job->subject), STR_ARG(message));
	write_error(backend, strbuf_str(&text));
	strbuf_free(&text);
}

void worker_log_broken(struct backend *backend, const struct job *job)
{
	struct strbuf text;

	if (backend->settings.worker_log.size == 0)
		return;
	strbuf_init(&text, LINE_BYTES_MAX);
	strbuf_append_format(&text, "a job of %zu bytes in the queue %.*s is not JSON",
			     job->payload.size, STR_ARG(queue_name(job->queue)));
	write_error(backend, strbuf_str(&text));
	strbuf_free(&text);
}
