#include "http/body.h"

#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/bug.h"

#define CAPACITY_FIRST 512

enum body_state { BODY_OPEN, BODY_ENDED, BODY_FAILED };

/* A callback of one end. Never inside itself: what comes up while it runs is told when it returns.
 */
struct signal {
	http_body_event *event;
	void *data;
	bool is_running, is_due;
};

/* The bytes are a ring: `waiting` of them from `start`, wrapping at `capacity`. */
struct http_body {
	char *ring;
	size_t start, waiting, capacity, bytes_max;
	int64_t length, written, passed;
	enum body_state state;
	struct signal readable, writable;
	/* Callbacks may release either end, so the memory lives until the last call is left. */
	unsigned calls;
	/* Calls in progress of each end, which hear nothing about themselves meanwhile. */
	unsigned producer_calls, consumer_calls;
	bool producer_left, consumer_left;
};

/* Life. */

struct http_body *http_body_create(int64_t length, size_t bytes_max)
{
	struct http_body *body = MEMORY_NEW(struct http_body);

	BUG_IF(bytes_max == 0 || length < HTTP_BODY_LENGTH_UNKNOWN);
	body->length = length;
	body->bytes_max = bytes_max;
	return body;
}

struct http_body *http_body_from_str(struct str bytes)
{
	struct http_body *body =
		http_body_create((int64_t)bytes.size, bytes.size > 0 ? bytes.size : 1);

	http_body_write(body, bytes);
	http_body_end(body);
	http_body_producer_release(body);
	return body;
}

static void body_enter(struct http_body *body)
{
	body->calls++;
}

static void body_leave(struct http_body *body)
{
	if (--body->calls > 0 || !body->producer_left || !body->consumer_left)
		return;
	free(body->ring);
	free(body);
}

int64_t http_body_length(const struct http_body *body)
{
	return body->length;
}

int64_t http_body_bytes_passed(const struct http_body *body)
{
	return body->passed;
}

/* Signals: raised between body_enter() and body_leave(). */

static void signal_set(struct signal *signal, http_body_event *event, void *data)
{
	signal->event = event;
	signal->data = data;
}

static bool has_something_to_see(const struct http_body *body)
{
	return body->waiting > 0 || body->state != BODY_OPEN;
}

static void raise_readable(struct http_body *body)
{
	struct signal *signal = &body->readable;

	signal->is_due = true;
	if (signal->is_running)
		return;
	signal->is_running = true;
	while (signal->is_due && signal->event != NULL && has_something_to_see(body)) {
		signal->is_due = false;
		signal->event(body, signal->data);
	}
	signal->is_running = false;
}

static void raise_writable(struct http_body *body)
{
	struct signal *signal = &body->writable;

	signal->is_due = true;
	if (signal->is_running)
		return;
	signal->is_running = true;
	while (signal->is_due && signal->event != NULL && body->state == BODY_OPEN) {
		signal->is_due = false;
		signal->event(body, signal->data);
	}
	signal->is_running = false;
}

/* The producer did something: the consumer hears it, unless it is just consuming and will look. */
static void tell_consumer(struct http_body *body)
{
	if (body->consumer_calls == 0)
		raise_readable(body);
}

static void tell_producer(struct http_body *body)
{
	if (body->producer_calls == 0)
		raise_writable(body);
}

/* The ring. */

static void ring_grow(struct http_body *body, size_t needed)
{
	size_t capacity = body->capacity > 0 ? body->capacity * 2 : CAPACITY_FIRST;
	size_t in_front = body->capacity - body->start;
	char *ring;

	if (capacity < needed)
		capacity = needed;
	if (capacity > body->bytes_max)
		capacity = body->bytes_max;
	ring = memory_resize(NULL, capacity);
	if (in_front > body->waiting)
		in_front = body->waiting;
	if (body->waiting > 0) {
		memcpy(ring, body->ring + body->start, in_front);
		memcpy(ring + in_front, body->ring, body->waiting - in_front);
	}
	free(body->ring);
	body->ring = ring;
	body->start = 0;
	body->capacity = capacity;
}

/* As much as there is room for. */
static size_t ring_put(struct http_body *body, struct str bytes)
{
	size_t room = body->bytes_max - body->waiting;
	size_t count = bytes.size < room ? bytes.size : room;
	size_t at, to_the_end;

	if (count == 0)
		return 0;
	if (body->waiting + count > body->capacity)
		ring_grow(body, body->waiting + count);
	at = (body->start + body->waiting) % body->capacity;
	to_the_end = body->capacity - at < count ? body->capacity - at : count;
	memcpy(body->ring + at, bytes.data, to_the_end);
	memcpy(body->ring, bytes.data + to_the_end, count - to_the_end);
	body->waiting += count;
	body->written += (int64_t)count;
	return count;
}

static void ring_take(struct http_body *body, size_t count)
{
	body->waiting -= count;
	body->passed += (int64_t)count;
	/* From the start again while it is empty, so that pieces stay whole. */
	body->start = body->waiting > 0 ? (body->start + count) % body->capacity : 0;
}

/* Producer. */

static void body_finish(struct http_body *body, enum body_state state)
{
	if (body->state != BODY_OPEN)
		return;
	body->state = state;
	tell_consumer(body);
}

static bool goes_nowhere(const struct http_body *body)
{
	return body->consumer_left || body->state != BODY_OPEN;
}

static bool is_too_much(const struct http_body *body, size_t size)
{
	return body->length >= 0 && size > (uint64_t)(body->length - body->written);
}

size_t http_body_write(struct http_body *body, struct str bytes)
{
	size_t taken = 0;

	BUG_IF(body->producer_left);
	body_enter(body);
	body->producer_calls++;
	if (is_too_much(body, bytes.size))
		body_finish(body, BODY_FAILED);
	/* A consumer that reads at once makes room for more. */
	while (taken < bytes.size && !goes_nowhere(body)) {
		size_t count = ring_put(body, str_skip(bytes, taken));

		if (count == 0)
			break;
		taken += count;
		tell_consumer(body);
	}
	if (goes_nowhere(body))
		taken = bytes.size;
	body->producer_calls--;
	body_leave(body);
	return taken;
}

size_t http_body_room(const struct http_body *body)
{
	return body->bytes_max - body->waiting;
}

void http_body_end(struct http_body *body)
{
	bool is_whole = body->length < 0 || body->written == body->length;

	BUG_IF(body->producer_left);
	body_enter(body);
	body_finish(body, is_whole || body->consumer_left ? BODY_ENDED : BODY_FAILED);
	body_leave(body);
}

void http_body_fail(struct http_body *body)
{
	BUG_IF(body->producer_left);
	body_enter(body);
	body_finish(body, BODY_FAILED);
	body_leave(body);
}

void http_body_on_writable(struct http_body *body, http_body_event *writable, void *data)
{
	BUG_IF(body->producer_left);
	signal_set(&body->writable, writable, data);
}

bool http_body_is_abandoned(const struct http_body *body)
{
	return body->consumer_left;
}

void http_body_producer_release(struct http_body *body)
{
	BUG_IF(body->producer_left);
	body_enter(body);
	body->producer_left = true;
	signal_set(&body->writable, NULL, NULL);
	body_finish(body, BODY_FAILED);
	body_leave(body);
}

/* Consumer. */

struct str http_body_peek(const struct http_body *body)
{
	size_t to_the_end = body->capacity - body->start;

	if (body->waiting == 0)
		return str_of(NULL, 0);
	return str_of(body->ring + body->start,
		      body->waiting < to_the_end ? body->waiting : to_the_end);
}

size_t http_body_waiting(const struct http_body *body)
{
	return body->waiting;
}

void http_body_consume(struct http_body *body, size_t count)
{
	BUG_IF(body->consumer_left || count > body->waiting);
	if (count == 0)
		return;
	body_enter(body);
	body->consumer_calls++;
	ring_take(body, count);
	tell_producer(body);
	body->consumer_calls--;
	body_leave(body);
}

bool http_body_is_ended(const struct http_body *body)
{
	return body->state == BODY_ENDED && body->waiting == 0;
}

bool http_body_has_come(const struct http_body *body)
{
	return body->state == BODY_ENDED;
}

bool http_body_is_failed(const struct http_body *body)
{
	return body->state == BODY_FAILED;
}

void http_body_on_readable(struct http_body *body, http_body_event *readable, void *data)
{
	struct signal *signal = &body->readable;
	bool is_known = signal->event == readable && signal->data == data;

	BUG_IF(body->consumer_left);
	signal_set(signal, readable, data);
	/* A callback that registers itself again has just seen what there is. */
	if (readable == NULL || (signal->is_running && is_known))
		return;
	body_enter(body);
	raise_readable(body);
	body_leave(body);
}

void http_body_consumer_release(struct http_body *body)
{
	BUG_IF(body->consumer_left);
	body_enter(body);
	body->consumer_left = true;
	signal_set(&body->readable, NULL, NULL);
	free(body->ring);
	body->ring = NULL;
	body->start = body->waiting = body->capacity = 0;
	tell_producer(body);
	body_leave(body);
}
