#include "backend/jobs.h"

#include <inttypes.h>
#include <string.h>

#include "backend/backend_internal.h"
#include "backend/batch.h"
#include "backend/keys.h"
#include "base/arena.h"
#include "base/json.h"
#include "base/utc.h"

/* Reports hold many short values: json.h allows one for so many bytes. */
#define VALUES_FACTOR 16
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

struct strbuf *jobs_begin(struct backend *backend, struct str class)
{
	struct strbuf *out = &backend->scratch;

	strbuf_clear(out);
	strbuf_append(out, STR("{\"class\":\""));
	strbuf_append(out, class);
	strbuf_append(out, STR("\",\"args\":["));
	return out;
}

/* As Ruby prints a float: at least one decimal, no zeros after it (6.7). */
void jobs_write_enqueue_time(struct strbuf *out, const struct backend *backend)
{
	int64_t now_us = backend_now_us(backend), decimals = now_us % UTC_SECOND_US;
	int digits = 6;

	while (digits > 1 && decimals % 10 == 0) {
		decimals /= 10;
		digits--;
	}
	strbuf_append_format(out, "%" PRId64 ".%0*" PRId64, now_us / UTC_SECOND_US, digits,
			     decimals);
}

struct str jobs_end(struct strbuf *out, struct arena *arena)
{
	strbuf_append(out, STR("]}"));
	return str_copy(arena, strbuf_str(out));
}

struct str jobs_notification(struct backend *backend, struct arena *arena, struct str provider_key,
			     const struct json *usage, struct str time)
{
	struct strbuf *out = jobs_begin(backend, JOB_NOTIFY_CLASS);

	json_write_str(out, provider_key);
	strbuf_append_char(out, ',');
	json_write(out, usage);
	strbuf_append_char(out, ',');
	json_write_str(out, time);
	strbuf_append_char(out, ',');
	jobs_write_enqueue_time(out, backend);
	return jobs_end(out, arena);
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

/* Reading. */

/* A client may send NUL bytes, and a listener queues them as \u0000, which json.h refuses. They are
 * part of no name that exists: U+FFFD keeps the rest of the job readable. */
static struct str without_nul(struct arena *arena, struct str payload)
{
	static const char nul[] = "\\u0000", replacement[] = "\\ufffd";
	const size_t size = sizeof nul - 1;
	struct str copy;

	if (str_find(payload, STR("\\u0000")) == STR_NOT_FOUND)
		return payload;
	copy = str_copy(arena, payload);
	for (size_t i = 0; i + size <= copy.size; i++) {
		char *at = (char *)(uintptr_t)&copy.data[i];

		if (*at != '\\')
			continue;
		if (memcmp(at, nul, size) == 0)
			memcpy(at, replacement, size);
		i++; /* what is escaped is not looked at: `\\u0000` is none */
	}
	return copy;
}

struct json *jobs_parse(struct arena *arena, struct str text)
{
	return json_parse(arena, without_nul(arena, text), text.size * VALUES_FACTOR, NULL);
}

/* Queues. */

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
