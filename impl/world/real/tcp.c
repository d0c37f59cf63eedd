/* The tcp port: sockets, whose bytes move by socket_bodies.h. */
#include "world/tcp.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/bug.h"
#include "base/error.h"
#include "base/limits.h"
#include "world/real/socket_bodies.h"

#define WAITING_CONNECTIONS 64
#define REST_US 100000

struct tcp_connection {
	struct list_link link; /* in real->tcp_connections */
	struct socket_bodies bodies;
};

struct tcp_listener {
	struct list_link link; /* in real->tcp_listeners */
	struct real_world *real;
	int socket;
	int filler; /* fills the queue of a port that takes nobody; -1: none */
	uv_poll_t *events;
	struct timer rest; /* while there are no descriptors */
	tcp_accepted *accepted;
	void *data;
};

static bool read_place(struct str address, uint16_t port, struct sockaddr_in *place)
{
	struct arena *scratch = arena_create();

	*place = (struct sockaddr_in){.sin_family = AF_INET, .sin_port = htons(port)};

	bool is_address = inet_pton(AF_INET, str_cstr(scratch, address), &place->sin_addr) == 1;

	arena_destroy(scratch);
	return is_address;
}

static int open_socket(void)
{
	return socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
}

/* Connections. */

static void connection_close(struct tcp_connection *connection)
{
	list_remove(&connection->link);
	socket_bodies_stop(&connection->bodies);
	close(connection->bodies.socket);
	free(connection);
}

static void connection_is_over(struct task *task)
{
	struct socket_bodies *bodies = LIST_ENTRY(task, struct socket_bodies, task);

	connection_close(LIST_ENTRY(bodies, struct tcp_connection, bodies));
}

static void connection_begin(struct real_world *real, int fd, struct http_body *outgoing,
			     struct http_body *incoming)
{
	struct tcp_connection *connection = MEMORY_NEW(struct tcp_connection);

	connection->bodies.loop = real->loop;
	connection->bodies.socket = fd;
	connection->bodies.outgoing = outgoing;
	connection->bodies.incoming = incoming;
	connection->bodies.over = connection_is_over;
	list_append(&real->tcp_connections, &connection->link);
	socket_bodies_begin(&connection->bodies);
}

/* What keeps it from connecting shows as soon as it is read from. */
static void port_connect(struct world *world, struct str address, uint16_t port,
			 struct http_body *outgoing, struct http_body *incoming)
{
	struct sockaddr_in place;
	int fd = open_socket();

	if (fd >= 0 && read_place(address, port, &place) &&
	    (connect(fd, (struct sockaddr *)&place, sizeof place) == 0 || errno == EINPROGRESS)) {
		connection_begin(real_of(world), fd, outgoing, incoming);
		return;
	}
	if (fd >= 0)
		close(fd);
	http_body_producer_release(incoming);
	http_body_consumer_release(outgoing);
}

/* Listening. */

static void client_came(uv_poll_t *events, int status, int mask);

static void rest_is_over(struct timer *timer)
{
	struct tcp_listener *listener = LIST_ENTRY(timer, struct tcp_listener, rest);

	uv_poll_start(listener->events, UV_READABLE, client_came);
}

/* Descriptors have run out: who waits is told of again and again. */
static void listener_rest(struct tcp_listener *listener)
{
	uv_poll_stop(listener->events);
	timer_start(&listener->real->world, &listener->rest, REST_US, rest_is_over);
}

static void client_came(uv_poll_t *events, int status, int mask)
{
	struct tcp_listener *listener = events->data;
	int fd = accept4(listener->socket, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
	struct http_body *outgoing, *incoming;

	(void)status;
	(void)mask;
	if (fd < 0) {
		if (errno != EAGAIN && errno != ECONNABORTED)
			listener_rest(listener);
		return;
	}
	outgoing = http_body_create(HTTP_BODY_LENGTH_UNKNOWN, LIMIT_BODY_BUFFER_BYTES);
	incoming = http_body_create(HTTP_BODY_LENGTH_UNKNOWN, LIMIT_BODY_BUFFER_BYTES);
	connection_begin(listener->real, fd, outgoing, incoming);
	listener->accepted(incoming, outgoing, listener->data);
}

static int bind_and_listen(int fd, struct str address, uint16_t port, int waiting)
{
	struct sockaddr_in place;
	const int yes = 1;

	if (fd < 0)
		return errno;
	if (!read_place(address, port, &place))
		return EINVAL;
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
	if (bind(fd, (struct sockaddr *)&place, sizeof place) != 0 || listen(fd, waiting) != 0)
		return errno;
	return 0;
}

static struct sockaddr_in bound_place(int fd)
{
	struct sockaddr_in bound;
	socklen_t size = sizeof bound;

	BUG_IF(getsockname(fd, (struct sockaddr *)&bound, &size) != 0);
	return bound;
}

/* A queue of none holds one. Who comes then gets no answer. */
static int fill_queue(int listening)
{
	struct sockaddr_in place = bound_place(listening);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd >= 0)
		(void)!connect(fd, (struct sockaddr *)&place, sizeof place);
	return fd;
}

static void watch_visitors(struct tcp_listener *listener)
{
	listener->events = MEMORY_NEW(uv_poll_t);
	BUG_IF(uv_poll_init(&listener->real->loop->uv, listener->events, listener->socket) != 0);
	listener->events->data = listener;
	uv_poll_start(listener->events, UV_READABLE, client_came);
}

static struct tcp_listener *port_listen(struct world *world, struct str address, uint16_t port,
					tcp_accepted *accepted, void *data, struct error *error)
{
	struct real_world *real = real_of(world);
	struct tcp_listener *listener;
	int fd = open_socket(),
	    code = bind_and_listen(fd, address, port, accepted != NULL ? WAITING_CONNECTIONS : 0);

	if (code != 0) {
		error_set(error, ERROR_UNAVAILABLE, "cannot listen on %.*s:%u: %s",
			  STR_ARG(address), (unsigned)port, strerror(code));
		if (fd >= 0)
			close(fd);
		return NULL;
	}
	listener = MEMORY_NEW(struct tcp_listener);
	listener->real = real;
	listener->socket = fd;
	listener->accepted = accepted;
	listener->data = data;
	listener->filler = accepted != NULL ? -1 : fill_queue(fd);
	if (accepted != NULL)
		watch_visitors(listener);
	list_append(&real->tcp_listeners, &listener->link);
	return listener;
}

static uint16_t port_port(struct tcp_listener *listener)
{
	return ntohs(bound_place(listener->socket).sin_port);
}

static void events_freed(uv_handle_t *events)
{
	free(events);
}

static void port_close(struct tcp_listener *listener)
{
	list_remove(&listener->link);
	timer_stop(&listener->rest);
	if (listener->events != NULL)
		uv_close((uv_handle_t *)listener->events, events_freed);
	if (listener->filler >= 0)
		close(listener->filler);
	close(listener->socket);
	free(listener);
}

void real_tcp_destroy(struct real_world *real)
{
	struct list_link *link;

	while ((link = list_first(&real->tcp_listeners)) != NULL)
		port_close(LIST_ENTRY(link, struct tcp_listener, link));
	while ((link = list_first(&real->tcp_connections)) != NULL)
		connection_close(LIST_ENTRY(link, struct tcp_connection, link));
}

const struct tcp_ops real_tcp_ops = {
	.connect = port_connect,
	.listen = port_listen,
	.port = port_port,
	.close = port_close,
};
