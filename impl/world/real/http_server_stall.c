/* Connections that libmicrohttpd would ask again and again, though nothing can come of it.
 *
 * During a handshake it does not see that the socket has nothing more, and tries it without end.
 * GnuTLS reads through pull(), which sees it: such a connection sleeps until there are bytes.
 *
 * The line before a chunk that is longer than what is left of the connection's memory is never
 * read to its end: libmicrohttpd waits for room that nobody makes, and does not even see the client
 * leave. When runs bring nothing, there is a pause before the next one, and whose bytes lie there
 * unread is looked for.
 *
 * Where there is no descriptor for a first connection, libmicrohttpd is told of who waits again and
 * again; with other connections open it stops listening by itself. */
#include <errno.h>
#include <gnutls/gnutls.h>
#include <poll.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include "world/real/http_server_internal.h"

#define RUNS_FOR_NOTHING_MAX 16
#define RUNS_BETWEEN_SEARCHES 16
#define PAUSE_US 1000       /* after so many runs */
#define LONG_PAUSE_US 20000 /* after twice as many */

/* Handshakes. */

static ssize_t pull(gnutls_transport_ptr_t data, void *bytes, size_t size)
{
	struct connection *connection = data;
	ssize_t count = recv(connection->socket, bytes, size, 0);

	if (count < 0 && (errno == EAGAIN || errno == EWOULDBLOCK) &&
	    connection->is_shaking_hands && !list_is_linked(&connection->dry)) {
		list_append(&connection->listener->dry, &connection->dry);
		errno = EAGAIN;
	}
	return count;
}

static int pull_timeout(gnutls_transport_ptr_t data, unsigned ms)
{
	const struct connection *connection = data;
	struct pollfd wanted = {.fd = connection->socket, .events = POLLIN};

	return poll(&wanted, 1, (int)ms);
}

static gnutls_session_t session_of(const struct connection *connection)
{
	const union MHD_ConnectionInfo *info =
		MHD_get_connection_info(connection->mhd, MHD_CONNECTION_INFO_GNUTLS_SESSION);

	return info != NULL ? info->tls_session : NULL;
}

void stall_watch_handshake(struct connection *connection)
{
	gnutls_session_t session = session_of(connection);
	gnutls_transport_ptr_t from, to;

	if (session == NULL)
		return;
	connection->is_shaking_hands = true;
	gnutls_transport_get_ptr2(session, &from, &to);
	gnutls_transport_set_ptr2(session, connection, to);
	gnutls_transport_set_pull_function(session, pull);
	gnutls_transport_set_pull_timeout_function(session, pull_timeout);
}

/* A session without a handshake has no description. */
static bool has_shaken_hands(const struct connection *connection)
{
	gnutls_session_t session = session_of(connection);
	char *description = session != NULL ? gnutls_session_get_desc(session) : NULL;

	gnutls_free(description);
	return description != NULL;
}

void stall_rest(struct http_listener *listener)
{
	struct list_link *link;

	while ((link = list_take_first(&listener->dry)) != NULL) {
		struct connection *connection = LIST_ENTRY(link, struct connection, dry);

		if (has_shaken_hands(connection)) {
			connection->is_shaking_hands = false;
			connection_watch_socket(connection, EPOLL_CTL_MOD);
		} else if (!connection->is_suspended) {
			connection_sleep(connection);
		}
	}
}

/* Runs. */

static void pause_is_over(struct timer *timer)
{
	struct http_listener *listener = LIST_ENTRY(timer, struct http_listener, pause);

	uv_poll_start(listener->events, UV_READABLE, listener_events_came);
	list_remove(&listener->run.link);
	listener_run(&listener->run);
}

static bool wants_bytes(const struct connection *connection)
{
	const struct exchange *exchange = connection->exchange;

	return exchange != NULL && exchange->phase == EXCHANGE_BODY &&
	       exchange->wait == WAIT_NOTHING && !connection->is_suspended;
}

/* libmicrohttpd sees no end of the stream where it does not read: its own timeout remains, in
 * seconds. Once: an end wakes the connection, from where that counts. */
static void cut_whose_bytes_are_not_read(struct http_listener *listener)
{
	char byte;

	LIST_EACH (link, &listener->connections) {
		struct connection *connection = LIST_ENTRY(link, struct connection, link);

		if (connection->is_cut_unread || !wants_bytes(connection) ||
		    (!connection->is_hung_up &&
		     recv(connection->socket, &byte, 1, MSG_PEEK | MSG_DONTWAIT) <= 0))
			continue;
		connection->is_cut_unread = true;
		MHD_set_connection_option(connection->mhd, MHD_CONNECTION_OPTION_TIMEOUT, 1U);
		connection_cut(connection);
	}
}

void stall_run_again(struct http_listener *listener)
{
	struct real_loop *loop = listener->real->loop;
	unsigned runs = ++listener->runs_for_nothing;

	if (runs <= RUNS_FOR_NOTHING_MAX) {
		loop_in_next_turn(loop, TURN_ANSWERS, &listener->run, listener_run);
		return;
	}
	if (runs % RUNS_BETWEEN_SEARCHES == 0)
		cut_whose_bytes_are_not_read(listener);
	timer_start(&listener->real->world, &listener->pause,
		    runs <= 2 * RUNS_FOR_NOTHING_MAX ? PAUSE_US : LONG_PAUSE_US, pause_is_over);
}

bool stall_accept(struct http_listener *listener)
{
	if (++listener->runs_for_nothing <= RUNS_FOR_NOTHING_MAX)
		return false;
	uv_poll_stop(listener->events);
	timer_start(&listener->real->world, &listener->pause, PAUSE_US, pause_is_over);
	return true;
}
