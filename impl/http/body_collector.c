#include <stdlib.h>

#include "base/arena.h"
#include "base/bug.h"
#include "http/body.h"

struct http_body_collector {
	struct http_body *body; /* NULL once released */
	size_t bytes_max;
	struct strbuf bytes;
	struct arena *arena;
	http_body_collected *done;
	void *data;
	/* Reading may make the producer act, and somebody stop the collector in the middle. */
	bool is_reading, is_stopped;
};

static void collector_let_go(struct http_body_collector *collector)
{
	struct http_body *body = collector->body;

	collector->body = NULL;
	if (body != NULL)
		http_body_consumer_release(body);
}

static void collector_free(struct http_body_collector *collector)
{
	strbuf_free(&collector->bytes);
	free(collector);
}

/* True when that is the result; false: wait, or the collector was stopped. */
static bool collector_read(struct http_body_collector *collector, enum http_collect_result *result)
{
	struct http_body *body = collector->body;
	int64_t length = http_body_length(body);

	*result = HTTP_COLLECT_TOO_LARGE;
	if (length >= 0 && (uint64_t)length > collector->bytes_max)
		return true;
	while (http_body_waiting(body) > 0) {
		struct str piece = http_body_peek(body);

		if (!strbuf_append(&collector->bytes, piece))
			return true;
		http_body_consume(body, piece.size);
		if (collector->is_stopped)
			return false;
	}
	*result = http_body_is_failed(body) ? HTTP_COLLECT_FAILED : HTTP_COLLECTED;
	return http_body_is_failed(body) || http_body_is_ended(body);
}

/* Reads what is there and, when that was all, calls `done` and is gone. True when it is gone. */
static bool collector_advance(struct http_body_collector *collector)
{
	enum http_collect_result result;
	bool is_over;

	BUG_IF(collector->is_reading);
	collector->is_reading = true;
	is_over = collector_read(collector, &result);
	if (is_over)
		collector_let_go(collector);
	collector->is_reading = false;
	if (!is_over && !collector->is_stopped)
		return false;
	if (!collector->is_stopped) {
		struct str bytes =
			result == HTTP_COLLECTED
				? str_copy(collector->arena, strbuf_str(&collector->bytes))
				: str_of(NULL, 0);
		http_body_collected *done = collector->done;
		void *data = collector->data;

		collector_free(collector);
		done(result, bytes, data);
		return true;
	}
	collector_free(collector);
	return true;
}

static void collector_readable(struct http_body *body, void *data)
{
	(void)body;
	collector_advance(data);
}

struct http_body_collector *http_body_collect(struct http_body *body, size_t bytes_max,
					      struct arena *arena, http_body_collected *done,
					      void *data)
{
	struct http_body_collector *collector;

	if (body == NULL) {
		done(HTTP_COLLECTED, str_of(NULL, 0), data);
		return NULL;
	}
	collector = MEMORY_NEW(struct http_body_collector);
	collector->body = body;
	collector->bytes_max = bytes_max;
	strbuf_init(&collector->bytes, bytes_max);
	collector->arena = arena;
	collector->done = done;
	collector->data = data;
	if (collector_advance(collector))
		return NULL;
	http_body_on_readable(body, collector_readable, collector);
	return collector;
}

void http_body_collector_stop(struct http_body_collector *collector)
{
	if (collector == NULL)
		return;
	BUG_IF(collector->is_stopped);
	if (collector->is_reading) {
		collector->is_stopped = true;
		collector_let_go(collector);
		return;
	}
	collector_let_go(collector);
	collector_free(collector);
}
