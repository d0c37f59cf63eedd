/* A body on its way from a producer to a consumer: a bounded buffer with two ends.
 *
 * The port that reads a request or an answer is the producer; whoever gets the `struct http_body *`
 * is the consumer, and may hand that role on: a gateway gives the request's body to its upstream
 * call as it is, and back-pressure works through both connections without a line of its own.
 *
 *   producer: write until less is taken than offered, wait for `writable`, go on; end or fail once.
 *   consumer: peek, consume, wait for `readable`; sees the end when is_ended and nothing is left.
 *
 * Each end releases the body once; it is freed when both have. A consumer that releases early
 * makes writes vanish and the producer sees http_body_is_abandoned() (and one `writable`).
 * Callbacks are made at once, and never from inside a call of the side they notify: write() calls
 * the consumer's `readable`, consume() the producer's `writable`. So look again after each call of
 * your own: what the other side did meanwhile is in the body, but not announced. A callback is not
 * entered a second time while it runs, and may do anything to the body: write, consume, end, let
 * go.
 */
#ifndef HTTP_BODY_H
#define HTTP_BODY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/str.h"

struct arena;
struct http_body;

typedef void http_body_event(struct http_body *body, void *data);

#define HTTP_BODY_LENGTH_UNKNOWN INT64_C(-1)

/* length: what Content-Length says, in bytes, or HTTP_BODY_LENGTH_UNKNOWN (chunked, until close).
 * bytes_max: how much may wait in the buffer (LIMIT_BODY_BUFFER_BYTES). Memory is taken as needed.
 */
struct http_body *http_body_create(int64_t length, size_t bytes_max);
/* A finished body holding a copy of `bytes`; the producer's end is already released. */
struct http_body *http_body_from_str(struct str bytes);
int64_t http_body_length(const struct http_body *body);
int64_t http_body_bytes_passed(const struct http_body *body); /* consumed so far */

/* Producer. The first of end, fail and release says how it ended. More or fewer bytes than `length`
 * are a failure: what follows on the connection would be misread. */
size_t http_body_write(struct http_body *body, struct str bytes); /* bytes taken, 0..size */
size_t http_body_room(const struct http_body *body);
void http_body_end(struct http_body *body);
void http_body_fail(struct http_body *body); /* cut off before its end */
/* `writable` comes after whatever was consumed, until end or fail: there may be too little room
 * yet. NULL stops. */
void http_body_on_writable(struct http_body *body, http_body_event *writable, void *data);
bool http_body_is_abandoned(const struct http_body *body);
void http_body_producer_release(struct http_body *body); /* without end or fail: fails */

/* Consumer. */
/* Contiguous; may be less than all. Good until the body is consumed or written to. */
struct str http_body_peek(const struct http_body *body);
size_t http_body_waiting(const struct http_body *body); /* bytes in the buffer */
void http_body_consume(struct http_body *body, size_t count);
bool http_body_is_ended(const struct http_body *body); /* all consumed and ended */
bool http_body_has_come(const struct http_body *body); /* ended, though bytes may be left */
bool http_body_is_failed(
	const struct http_body *body); /* failed (bytes before may still be read) */
/* Calls `readable` now when there is something to see already (from inside another `readable`: when
 * that returns). NULL stops. */
void http_body_on_readable(struct http_body *body, http_body_event *readable, void *data);
void http_body_consumer_release(struct http_body *body);

/* A consumer that wants the whole body: calls `done` once, at once when all is there. The bytes are
 * in `arena`. Takes the consumer's role. Cancel by http_body_collector_stop() before `done`. */
enum http_collect_result { HTTP_COLLECTED, HTTP_COLLECT_TOO_LARGE, HTTP_COLLECT_FAILED };
struct http_body_collector;
typedef void http_body_collected(enum http_collect_result result, struct str bytes, void *data);
/* body may be NULL (no body: collected, empty). Returns NULL when done was called already. */
struct http_body_collector *http_body_collect(struct http_body *body, size_t bytes_max,
					      struct arena *arena, http_body_collected *done,
					      void *data);
void http_body_collector_stop(struct http_body_collector *collector); /* NULL is allowed */

#endif
