#include "world/real/socket_bodies.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/socket.h>

#include "base/arena.h"
#include "base/bug.h"

#define PIECE_BYTES ((size_t)16 * 1024)

/* In a turn's end: the component may be in the middle of a call to a body. */
static void is_over(struct socket_bodies *bodies)
{
	loop_at_turn_end(bodies->loop, TURN_ANSWERS, &bodies->task, bodies->over);
}

static void events_came(uv_poll_t *events, int status, int mask);

static void watch(struct socket_bodies *bodies)
{
	int events = (http_body_room(bodies->incoming) > 0 ? UV_READABLE : 0) |
		     (bodies->is_full ? UV_WRITABLE : 0);

	if (events != 0)
		uv_poll_start(bodies->events, events, events_came);
	else
		uv_poll_stop(bodies->events);
}

static bool is_only_busy(void)
{
	return errno == EAGAIN || errno == EINTR;
}

/* False when the connection is gone. */
static bool receive(struct socket_bodies *bodies)
{
	char bytes[PIECE_BYTES];
	size_t room = http_body_room(bodies->incoming);
	ssize_t size;

	if (room == 0)
		return true;
	size = recv(bodies->socket, bytes, room < sizeof bytes ? room : sizeof bytes, MSG_DONTWAIT);
	if (size < 0 && is_only_busy())
		return true;
	bodies->has_broken = size < 0;
	if (size > 0)
		http_body_write(bodies->incoming, str_of(bytes, (size_t)size));
	return size > 0;
}

/* False when there is no more to send, ever. */
static bool transmit(struct socket_bodies *bodies)
{
	struct http_body *outgoing = bodies->outgoing;

	bodies->is_full = false;
	while (http_body_waiting(outgoing) > 0) {
		struct str bytes = http_body_peek(outgoing);
		ssize_t size =
			send(bodies->socket, bytes.data, bytes.size, MSG_DONTWAIT | MSG_NOSIGNAL);

		if (size < 0) {
			bodies->is_full = is_only_busy();
			bodies->has_broken = !bodies->is_full;
			return bodies->is_full;
		}
		bodies->bytes_sent += size;
		http_body_consume(outgoing, (size_t)size);
	}
	return !http_body_is_ended(outgoing) && !http_body_is_failed(outgoing);
}

static void events_came(uv_poll_t *events, int status, int mask)
{
	struct socket_bodies *bodies = events->data;

	bodies->has_broken |= status < 0;
	if (status < 0 || ((mask & UV_READABLE) != 0 && !receive(bodies)) ||
	    ((mask & UV_WRITABLE) != 0 && !transmit(bodies)))
		is_over(bodies);
	else
		watch(bodies);
}

static void outgoing_is_readable(struct http_body *body, void *data)
{
	struct socket_bodies *bodies = data;

	(void)body;
	if (bodies->is_full)
		return;
	if (transmit(bodies))
		watch(bodies);
	else
		is_over(bodies);
}

static void incoming_is_writable(struct http_body *body, void *data)
{
	(void)body;
	watch(data);
}

static void poll_closed(uv_handle_t *handle)
{
	free(handle);
}

void socket_bodies_begin(struct socket_bodies *bodies)
{
	bodies->events = MEMORY_NEW(uv_poll_t);
	BUG_IF(uv_poll_init(&bodies->loop->uv, bodies->events, bodies->socket) != 0);
	bodies->events->data = bodies;
	http_body_on_writable(bodies->incoming, incoming_is_writable, bodies);
	watch(bodies);
	http_body_on_readable(bodies->outgoing, outgoing_is_readable, bodies);
}

void socket_bodies_stop(struct socket_bodies *bodies)
{
	list_remove(&bodies->task.link);
	http_body_on_readable(bodies->outgoing, NULL, NULL);
	http_body_on_writable(bodies->incoming, NULL, NULL);
	uv_close((uv_handle_t *)bodies->events, poll_closed);
	if (bodies->has_broken)
		http_body_fail(bodies->incoming);
	else
		http_body_end(bodies->incoming);
	http_body_producer_release(bodies->incoming);
	http_body_consumer_release(bodies->outgoing);
}
