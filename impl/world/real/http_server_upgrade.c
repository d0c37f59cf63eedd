/* After a 101: bytes between the connection and two bodies.
 *
 * libmicrohttpd hands out the socket and keeps the connection until it is told to close it, which
 * it must be before the daemon stops. Over TLS it would move the bytes itself, through buffers of
 * four bytes, as the head of the answer has taken all memory of the connection: that is not
 * offered. */
#include <errno.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include "base/arena.h"
#include "base/bug.h"
#include "world/real/http_server_internal.h"

#define PIECE_BYTES ((size_t)16 * 1024)

struct upgrade {
	struct exchange *exchange;
	struct http_body *outgoing;               /* consumer's end */
	struct http_body *incoming;               /* producer's end */
	struct MHD_UpgradeResponseHandle *handle; /* NULL: 101 is not on its way yet */
	MHD_socket socket;
	uv_poll_t *events;
	bool is_full; /* the socket took less than there was */
	struct task over;
};

static void poll_closed(uv_handle_t *handle)
{
	free(handle);
}

/* Frees it: the exchange has none any more. */
void upgrade_stop(struct exchange *exchange)
{
	struct upgrade *upgrade = exchange->upgrade;
	struct http_listener *listener;

	if (upgrade == NULL)
		return;
	listener = exchange->connection->listener;
	exchange->upgrade = NULL;
	list_remove(&upgrade->over.link);
	http_body_on_readable(upgrade->outgoing, NULL, NULL);
	http_body_on_writable(upgrade->incoming, NULL, NULL);
	if (upgrade->events != NULL)
		uv_close((uv_handle_t *)upgrade->events, poll_closed);
	if (upgrade->handle != NULL) {
		MHD_upgrade_action(upgrade->handle, MHD_UPGRADE_ACTION_CLOSE);
		loop_at_turn_end(listener->real->loop, TURN_ANSWERS, &listener->run, listener_run);
	}
	http_body_end(upgrade->incoming);
	http_body_producer_release(upgrade->incoming);
	http_body_consumer_release(upgrade->outgoing);
	free(upgrade);
}

/* In a turn's end: the component may be in the middle of a call to a body. */
static void end_exchange(struct task *task)
{
	struct upgrade *upgrade = LIST_ENTRY(task, struct upgrade, over);

	exchange_end(upgrade->exchange, true);
}

static void upgrade_is_over(struct upgrade *upgrade)
{
	loop_at_turn_end(upgrade->exchange->connection->listener->real->loop, TURN_ANSWERS,
			 &upgrade->over, end_exchange);
}

static void events_came(uv_poll_t *events, int status, int mask);

static void watch(struct upgrade *upgrade)
{
	int events = (http_body_room(upgrade->incoming) > 0 ? UV_READABLE : 0) |
		     (upgrade->is_full ? UV_WRITABLE : 0);

	if (events != 0)
		uv_poll_start(upgrade->events, events, events_came);
	else
		uv_poll_stop(upgrade->events);
}

/* False when the connection is gone. */
static bool receive(struct upgrade *upgrade)
{
	char bytes[PIECE_BYTES];
	size_t room = http_body_room(upgrade->incoming);
	ssize_t size;

	if (room == 0)
		return true;
	size = recv(upgrade->socket, bytes, room < sizeof bytes ? room : sizeof bytes,
		    MSG_DONTWAIT);
	if (size <= 0)
		return size < 0 && (errno == EAGAIN || errno == EINTR);
	http_body_write(upgrade->incoming, str_of(bytes, (size_t)size));
	return true;
}

/* False when there is no more to send, ever. */
static bool transmit(struct upgrade *upgrade)
{
	struct http_body *outgoing = upgrade->outgoing;
	ssize_t size;

	upgrade->is_full = false;
	while (http_body_waiting(outgoing) > 0) {
		struct str bytes = http_body_peek(outgoing);

		size = send(upgrade->socket, bytes.data, bytes.size, MSG_DONTWAIT | MSG_NOSIGNAL);
		if (size < 0) {
			upgrade->is_full = errno == EAGAIN || errno == EINTR;
			return upgrade->is_full;
		}
		upgrade->exchange->public.body_bytes_sent += size;
		http_body_consume(outgoing, (size_t)size);
	}
	return !http_body_is_ended(outgoing) && !http_body_is_failed(outgoing);
}

static void events_came(uv_poll_t *events, int status, int mask)
{
	struct upgrade *upgrade = events->data;

	if (status < 0 || ((mask & UV_READABLE) != 0 && !receive(upgrade)) ||
	    ((mask & UV_WRITABLE) != 0 && !transmit(upgrade)))
		upgrade_is_over(upgrade);
	else
		watch(upgrade);
}

static void outgoing_is_readable(struct http_body *body, void *data)
{
	struct upgrade *upgrade = data;

	(void)body;
	if (upgrade->events == NULL || upgrade->is_full)
		return;
	if (transmit(upgrade))
		watch(upgrade);
	else
		upgrade_is_over(upgrade);
}

static void incoming_is_writable(struct http_body *body, void *data)
{
	struct upgrade *upgrade = data;

	(void)body;
	if (upgrade->events != NULL)
		watch(upgrade);
}

/* From inside libmicrohttpd: 101 has left. What a component does now only leaves wishes. */
static void switched(void *data, struct MHD_Connection *mhd, void *context, const char *early,
		     size_t early_size, MHD_socket fd, struct MHD_UpgradeResponseHandle *handle)
{
	struct upgrade *upgrade = data;
	struct connection *connection = upgrade->exchange->connection;
	struct http_listener *listener = connection->listener;

	(void)mhd;
	(void)context;
	upgrade->handle = handle;
	upgrade->socket = fd;
	/* It is not libmicrohttpd any more that would see the peer leave. */
	epoll_ctl(listener->hangups, EPOLL_CTL_DEL, connection->socket, NULL);
	upgrade->events = MEMORY_NEW(uv_poll_t);
	BUG_IF(uv_poll_init(&listener->real->loop->uv, upgrade->events, fd) != 0);
	upgrade->events->data = upgrade;
	if (early_size > 0)
		http_body_write(upgrade->incoming, str_of(early, early_size));
	http_body_on_writable(upgrade->incoming, incoming_is_writable, upgrade);
	watch(upgrade);
	outgoing_is_readable(upgrade->outgoing, upgrade);
}

struct MHD_Response *upgrade_create(struct exchange *exchange, struct http_body *outgoing,
				    struct http_body *incoming)
{
	struct upgrade *upgrade = MEMORY_NEW(struct upgrade);

	BUG_IF(exchange->public.is_tls);
	upgrade->exchange = exchange;
	upgrade->outgoing = outgoing;
	upgrade->incoming = incoming;
	exchange->upgrade = upgrade;
	http_body_on_readable(outgoing, outgoing_is_readable, upgrade);
	return MHD_create_response_for_upgrade(switched, upgrade);
}
