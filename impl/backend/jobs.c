#include "backend/jobs.h"

#include <inttypes.h>

#include "backend/backend_internal.h"
#include "backend/batch.h"
#include "backend/keys.h"
#include "backend/parameters.h"
#include "base/arena.h"
#include "base/json.h"
#include "base/utc.h"

/* How long the process trusts that resque:queues still knows its queue. */
#define QUEUE_NAMED_US (60 * UTC_SECOND_US)

static const struct {
	struct str name, key;
} queues[QUEUES] = {
	[QUEUE_PRIORITY] = {STR_INIT("priority"), STR_INIT("resque:queue:priority")},
	[QUEUE_MAIN] = {STR_INIT("main"), STR_INIT("resque:queue:main")},
	[QUEUE_STATS] = {STR_INIT("stats"), STR_INIT("resque:queue:stats")},
};

struct str queue_name(enum queue queue)
{
	return queues[queue].name;
}

struct str queue_key(enum queue queue)
{
	return queues[queue].key;
}

struct str jobs_time(struct arena *arena, int64_t instant_us)
{
	char text[32];
	struct str time = utc_format_backend(text, instant_us);

	return STR_CONCAT(arena, str_slice(time, 0, sizeof "YYYY-MM-DD HH:MM:SS" - 1), STR(" UTC"));
}

/* Payloads. */

static struct strbuf *begin_payload(struct backend *backend, struct str class)
{
	struct strbuf *out = &backend->scratch;

	strbuf_clear(out);
	strbuf_append(out, STR("{\"class\":\""));
	strbuf_append(out, class);
	strbuf_append(out, STR("\",\"args\":["));
	return out;
}

static void write_enqueue_time(struct strbuf *out, const struct backend *backend)
{
	int64_t now_us = backend_now_us(backend);

	strbuf_append_format(out, "%" PRId64 ".%06" PRId64, now_us / UTC_SECOND_US,
			     now_us % UTC_SECOND_US);
}

static void write_member(struct strbuf *out, struct str name, const struct parameter *value)
{
	strbuf_append(out, name);
	if (value != NULL)
		parameter_write_json(out, value);
	else
		strbuf_append(out, STR("null"));
}

struct str jobs_authrep_report(struct backend *backend, struct arena *arena,
			       const struct parameters *parameters, struct str service,
			       struct str application)
{
	struct strbuf *out = begin_payload(backend, JOB_REPORT_CLASS);

	json_write_str(out, service);
	strbuf_append(out, STR(",{\"0\":{\"app_id\":"));
	json_write_str(out, application);
	write_member(out, STR(",\"usage\":"), parameters_get(parameters, STR("usage")));
	write_member(out, STR(",\"user_id\":"), parameters_get(parameters, STR("user_id")));
	write_member(out, STR(",\"log\":"), parameters_get(parameters, STR("log")));
	strbuf_append(out, STR("}},"));
	write_enqueue_time(out, backend);
	strbuf_append(out, STR(",{}]}"));
	return str_copy(arena, strbuf_str(out));
}

struct str jobs_report(struct backend *backend, struct arena *arena, struct str service,
		       const struct parameter *transactions, struct str context)
{
	struct strbuf *out = begin_payload(backend, JOB_REPORT_CLASS);

	json_write_str(out, service);
	strbuf_append_char(out, ',');
	parameter_write_json(out, transactions);
	strbuf_append_char(out, ',');
	write_enqueue_time(out, backend);
	strbuf_append_char(out, ',');
	strbuf_append(out, context);
	strbuf_append(out, STR("]}"));
	return str_copy(arena, strbuf_str(out));
}

struct str jobs_notification(struct backend *backend, struct arena *arena, struct str provider_key,
			     const struct json *usage, struct str time)
{
	struct strbuf *out = begin_payload(backend, JOB_NOTIFY_CLASS);

	json_write_str(out, provider_key);
	strbuf_append_char(out, ',');
	json_write(out, usage);
	strbuf_append_char(out, ',');
	json_write_str(out, time);
	strbuf_append_char(out, ',');
	write_enqueue_time(out, backend);
	strbuf_append(out, STR("]}"));
	return str_copy(arena, strbuf_str(out));
}

struct str jobs_failed(struct backend *backend, struct arena *arena, enum queue queue,
		       struct str payload, struct str exception, struct str error)
{
	struct strbuf *out = &backend->scratch;
	char text[32];

	strbuf_clear(out);
	strbuf_append(out, STR("{\"failed_at\":\""));
	strbuf_append(out, utc_format_error_log(text, backend_now_us(backend)));
	strbuf_append(out, STR(" UTC\",\"payload\":"));
	strbuf_append(out, payload);
	strbuf_append(out, STR(",\"exception\":"));
	json_write_str(out, exception);
	strbuf_append(out, STR(",\"error\":"));
	json_write_str(out, error);
	strbuf_append(out, STR(",\"backtrace\":[],\"worker\":\"\",\"queue\":\""));
	strbuf_append(out, queue_name(queue));
	strbuf_append(out, STR("\"}"));
	return str_copy(arena, strbuf_str(out));
}

static void name_queue(struct batch *batch, struct backend *backend, enum queue queue)
{
	int64_t now_us = backend_now_us(backend);
	int64_t *named_us = &backend->queue_named_us[queue];

	if (*named_us != 0 && now_us >= *named_us && now_us - *named_us <= QUEUE_NAMED_US)
		return;
	*named_us = now_us;
	BATCH_SEND(batch, backend->queues, STR("SADD"), KEY_QUEUES, queue_name(queue));
}

void jobs_enqueue(struct batch *batch, struct backend *backend, enum queue queue,
		  struct str payload)
{
	name_queue(batch, backend, queue);
	BATCH_SEND(batch, backend->queues, STR("RPUSH"), queue_key(queue), payload);
}
