#include <stdlib.h>

#include "base/arena.h"
#include "http/body.h"

struct http_body_collector {
	struct http_body *body;
	size_t bytes_max;
	struct strbuf bytes;
	struct arena *arena;
	http_body_collected *done;
	void *data;
};

static void collector_free(struct http_body_collector *collector)
{
	struct http_body *body = collector->body;

	strbuf_free(&collector->bytes);
	free(collector);
	http_body_consumer_release(body);
}

/* True when that is the result. */
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
	}
	*result = http_body_is_failed(body) ? HTTP_COLLECT_FAILED : HTTP_COLLECTED;
	return http_body_is_failed(body) || http_body_is_ended(body);
}

/* Reads what is there and, when that was all, is gone and calls `done`. True when it is gone. No
 * `writable` that this causes can stop the collector in the middle: once its owner has it, it reads
 * from within the producer's own calls only, and before that its owner cannot name it. */
static bool collector_advance(struct http_body_collector *collector)
{
	http_body_collected *done = collector->done;
	void *data = collector->data;
	enum http_collect_result result;
	struct str bytes = {NULL, 0};

	if (!collector_read(collector, &result))
		return false;
	if (result == HTTP_COLLECTED)
		bytes = str_copy(collector->arena, strbuf_str(&collector->bytes));
	collector_free(collector);
	done(result, bytes, data);
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
	if (collector != NULL)
		collector_free(collector);
}
