/* Listeners and connections: libmicrohttpd on its own epoll descriptor, which libuv polls. */
#include "world/http_server.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/bug.h"
#include "base/error.h"
#include "base/limits.h"
#include "base/utc.h"
#include "world/real/http_server_internal.h"

#define IDLE_TIMEOUT_DEFAULT_MS 75000 /* spec/gateway.md 1.3 */
#define HEAD_TIMEOUT_US                                                                            \
	INT64_C(10000000)     /* of a head that has begun (anchors/reliability.md 3.2) */
#define TRANSFER_TIMEOUT_S 60 /* without a byte, in the middle of a message */
#define TICK_US INT64_C(1000000)
#define HANGUPS_AT_ONCE 64
#define FILES_KEPT_FREE 64 /* for everything that is no connection to us */

struct str listener_date(struct http_listener *listener)
{
	int64_t now = world_utc_us(&listener->real->world);

	if (now / UTC_SECOND_US != listener->date_s || listener->date.size == 0) {
		listener->date_s = now / UTC_SECOND_US;
		listener->date = utc_format_http(listener->date_text, now);
	}
	return listener->date;
}

/* Connections. */

void connection_sleep(struct connection *connection)
{
	connection->is_suspended = true;
	MHD_suspend_connection(connection->mhd);
}

static void listener_rest(struct task *task);

/* Sleeping and waking cost libmicrohttpd two system calls. A connection that does neither is asked
 * again whenever it runs, which it does when the answer is there. */
void connection_await(struct connection *connection)
{
	struct http_listener *listener = connection->listener;

	if (!list_is_linked(&connection->unanswered))
		list_append(&listener->unanswered, &connection->unanswered);
	loop_at_turn_end(listener->real->loop, TURN_LOGS, &listener->rest, listener_rest);
}

void connection_wake(struct connection *connection)
{
	struct http_listener *listener = connection->listener;

	if (!connection->is_suspended && !list_is_linked(&connection->unanswered))
		return;
	list_remove(&connection->unanswered);
	if (connection->is_suspended)
		MHD_resume_connection(connection->mhd);
	connection->is_suspended = false;
	listener->runs_for_nothing = 0;
	loop_at_turn_end(listener->real->loop, TURN_ANSWERS, &listener->run, listener_run);
}

/* libmicrohttpd sees the end of the stream, in whatever state the connection is. */
void connection_cut(struct connection *connection)
{
	shutdown(connection->socket, SHUT_RDWR);
	connection_wake(connection);
}

/* The timer never runs longer than HEAD_TIMEOUT_US, so that a new deadline rarely touches it. */
static void watch_fired(struct timer *timer);

static void connection_watch(struct connection *connection, int64_t now, int64_t deadline)
{
	int64_t delay = deadline - now < HEAD_TIMEOUT_US ? deadline - now : HEAD_TIMEOUT_US;

	connection->deadline_us = deadline;
	if (!timer_is_running(&connection->watch) || connection->watch.node.due > now + delay)
		timer_start(&connection->listener->real->world, &connection->watch, delay,
			    watch_fired);
}

static void watch_fired(struct timer *timer)
{
	struct connection *connection = LIST_ENTRY(timer, struct connection, watch);
	int64_t now = loop_monotonic_us(connection->listener->real->loop);

	if (now >= connection->deadline_us)
		connection_cut(connection);
	else
		connection_watch(connection, now, connection->deadline_us);
}

static void tick(struct timer *timer)
{
	struct http_listener *listener = LIST_ENTRY(timer, struct http_listener, tick);

	loop_at_turn_end(listener->real->loop, TURN_ANSWERS, &listener->run, listener_run);
	timer_start(&listener->real->world, timer, TICK_US, tick);
}

void connection_watch_socket(struct connection *connection, int how)
{
	struct epoll_event wanted = {
		.events = EPOLLRDHUP | EPOLLET | (connection->is_shaking_hands ? EPOLLIN : 0),
		.data.ptr = connection,
	};

	epoll_ctl(connection->listener->hangups, how, connection->socket, &wanted);
}

static void connection_opened(struct http_listener *listener, struct MHD_Connection *mhd,
			      void **context)
{
	struct connection *connection = MEMORY_NEW(struct connection);
	const int on = 1;

	connection->listener = listener;
	connection->mhd = mhd;
	connection->socket =
		MHD_get_connection_info(mhd, MHD_CONNECTION_INFO_CONNECTION_FD)->connect_fd;
	connection->number = ++listener->connections_count;
	connection_read_peer(connection);
	setsockopt(connection->socket, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
	if (listener->is_tls)
		stall_watch_handshake(connection);
	connection_watch_socket(connection, EPOLL_CTL_ADD);
	if (listener->asks_client_certificate)
		tls_ask_client(connection);
	list_append(&listener->connections, &connection->link);
	listener->runs_for_nothing = 0;
	if (listener->connections_open++ == 0)
		timer_start(&listener->real->world, &listener->tick, TICK_US, tick);
	*context = connection;

	int64_t now = loop_monotonic_us(listener->real->loop);
	int64_t patience = listener->idle_timeout_us < HEAD_TIMEOUT_US ? listener->idle_timeout_us
								       : HEAD_TIMEOUT_US;

	connection_watch(connection, now, now + patience);
}

/* Where descriptors had run out, libmicrohttpd accepts again only in the run after one that closed
 * a connection. */
static void connection_closed(struct connection *connection)
{
	struct http_listener *listener = connection->listener;

	if (connection->exchange != NULL)
		exchange_end(connection->exchange, false);
	listener->upgrades_closing -= connection->is_closing_upgrade;
	timer_stop(&connection->watch);
	epoll_ctl(listener->hangups, EPOLL_CTL_DEL, connection->socket, NULL);
	list_remove(&connection->link);
	list_remove(&connection->unanswered);
	list_remove(&connection->dry);
	if (--listener->connections_open == 0)
		timer_stop(&listener->tick);
	if (!listener->is_closed)
		loop_in_next_turn(listener->real->loop, TURN_ANSWERS, &listener->run, listener_run);
	free(connection->client_certificate);
	free(connection);
}

/* What libmicrohttpd calls. */

static struct connection *connection_of(struct MHD_Connection *mhd)
{
	return MHD_get_connection_info(mhd, MHD_CONNECTION_INFO_SOCKET_CONTEXT)->socket_context;
}

static void notify_connection(void *data, struct MHD_Connection *mhd, void **context,
			      enum MHD_ConnectionNotificationCode code)
{
	if (code == MHD_CONNECTION_NOTIFY_STARTED)
		connection_opened(data, mhd, context);
	else if (*context != NULL)
		connection_closed(*context);
}

/* Comes with the request line, while the target is still as it was sent. The query is ours to read:
 * cutting it short here (the memory is the connection's) keeps libmicrohttpd from taking it apart
 * into a list that a long one would overflow. */
static void *request_line_came(void *data, const char *target, struct MHD_Connection *mhd)
{
	struct http_listener *listener = data;
	struct connection *connection = connection_of(mhd);
	struct exchange *exchange = exchange_create(connection, str_from(target));
	char *query = target != NULL ? strchr(target, '?') : NULL;
	int64_t now = loop_monotonic_us(listener->real->loop);

	if (query != NULL)
		query[1] = 0;
	connection_watch(connection, now, now + HEAD_TIMEOUT_US);
	return exchange;
}

static size_t leave_escaped(void *data, struct MHD_Connection *mhd, char *text)
{
	(void)data;
	(void)mhd;
	return strlen(text);
}

static enum MHD_Result handle(void *data, struct MHD_Connection *mhd, const char *url,
			      const char *method, const char *version, const char *bytes,
			      size_t *bytes_size, void **context)
{
	const struct http_listener *listener = data;
	struct exchange *exchange = connection_of(mhd)->exchange;

	(void)url;
	(void)version;
	(void)context;
	if (listener->is_closed || exchange == NULL)
		return MHD_NO;
	exchange->connection->listener->runs_for_nothing = 0;
	return exchange_proceed(exchange, method, bytes, bytes_size);
}

static void request_completed(void *data, struct MHD_Connection *mhd, void **context,
			      enum MHD_RequestTerminationCode code)
{
	const struct http_listener *listener = data;
	struct connection *connection = connection_of(mhd);
	int64_t now = loop_monotonic_us(listener->real->loop);

	(void)context;
	if (connection == NULL || connection->exchange == NULL)
		return;
	exchange_end(connection->exchange, code == MHD_REQUEST_TERMINATED_COMPLETED_OK);
	connection_watch(connection, now, now + listener->idle_timeout_us);
}

/* Running. */

static void listener_free(struct http_listener *listener);

/* What libmicrohttpd has left to do, it does in the next turn. While there are connections that it
 * asks again for nothing, it cannot tell: see listener_rest(). */
static void run_again(struct http_listener *listener)
{
	MHD_UNSIGNED_LONG_LONG wait_ms;

	listener->is_extra_run = listener->upgrades_closing > 0 && !listener->is_extra_run;
	if (listener->is_extra_run)
		loop_in_next_turn(listener->real->loop, TURN_ANSWERS, &listener->run, listener_run);
	else if (list_is_empty(&listener->unanswered) &&
		 MHD_get_timeout(listener->daemon, &wait_ms) == MHD_YES && wait_ms == 0)
		stall_run_again(listener);
}

void listener_run(struct task *task)
{
	struct http_listener *listener = LIST_ENTRY(task, struct http_listener, run);

	listener->is_running = true;
	MHD_run(listener->daemon);
	listener->is_running = false;
	if (listener->is_closed) {
		listener_free(listener);
		return;
	}
	stall_rest(listener);
	run_again(listener);
}

/* In the last lane: what could answer in this turn has run. */
static void listener_rest(struct task *task)
{
	struct http_listener *listener = LIST_ENTRY(task, struct http_listener, rest);
	struct list_link *link;

	while ((link = list_take_first(&listener->unanswered)) != NULL)
		connection_sleep(LIST_ENTRY(link, struct connection, unanswered));
	run_again(listener);
}

void listener_events_came(uv_poll_t *events, int status, int mask)
{
	struct http_listener *listener = events->data;

	(void)status;
	(void)mask;
	list_remove(&listener->run.link);
	if (listener->connections_open > 0)
		listener->runs_for_nothing = 0;
	else if (stall_accept(listener))
		return;
	listener_run(&listener->run);
}

/* libmicrohttpd takes a short read for the last before the next edge, and so misses an end that
 * came with the bytes: resuming makes it look again. Connections are not freed in here: it closes
 * them when it runs next. */
static void hangups_came(uv_poll_t *events, int status, int mask)
{
	struct http_listener *listener = events->data;
	struct epoll_event hangups[HANGUPS_AT_ONCE];
	int count = epoll_wait(listener->hangups, hangups, HANGUPS_AT_ONCE, 0);

	(void)status;
	(void)mask;
	for (int i = 0; i < count; i++) {
		struct connection *connection = hangups[i].data.ptr;

		if (hangups[i].events == EPOLLIN) {
			connection_wake(connection);
			continue;
		}
		connection->is_hung_up = true;
		if (upgrade_client_left(connection->exchange))
			continue;
		list_remove(&connection->unanswered);
		if (!connection->is_suspended)
			connection_sleep(connection);
		connection_wake(connection);
	}
}

/* Listening. */

static const char *errno_text(int number)
{
	return number == EADDRINUSE ? "address in use" : strerror(number);
}

static unsigned connections_max(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur <= 2 * FILES_KEPT_FREE)
		return FILES_KEPT_FREE;
	return limit.rlim_cur < 1000000 ? (unsigned)limit.rlim_cur - FILES_KEPT_FREE : 1000000;
}

static struct MHD_Daemon *daemon_start(struct http_listener *listener, struct str certificate,
				       struct str key)
{
	int64_t idle_s = listener->idle_timeout_us / 1000000 + 1;
	struct MHD_OptionItem tls[] = {
		{MHD_OPTION_HTTPS_MEM_KEY, 0, (void *)(uintptr_t)str_cstr(listener->arena, key)},
		{MHD_OPTION_HTTPS_MEM_CERT, 0,
		 (void *)(uintptr_t)str_cstr(listener->arena, certificate)},
		{MHD_OPTION_END, 0, NULL},
	};

	/* Closes the socket when it fails. The deadline between requests is ours (watch), in
	 * milliseconds; libmicrohttpd's is for stalled transfers, and must not come before ours. */
	return MHD_start_daemon(
		MHD_USE_EPOLL | MHD_ALLOW_SUSPEND_RESUME | MHD_ALLOW_UPGRADE |
			MHD_USE_SUPPRESS_DATE_NO_CLOCK | (listener->is_tls ? MHD_USE_TLS : 0),
		listener->port, NULL, NULL, handle, listener, MHD_OPTION_LISTEN_SOCKET,
		listener->socket, MHD_OPTION_NOTIFY_CONNECTION, notify_connection, listener,
		MHD_OPTION_NOTIFY_COMPLETED, request_completed, listener,
		MHD_OPTION_URI_LOG_CALLBACK, request_line_came, listener,
		MHD_OPTION_UNESCAPE_CALLBACK, leave_escaped, NULL, MHD_OPTION_CONNECTION_LIMIT,
		connections_max(), MHD_OPTION_CONNECTION_MEMORY_LIMIT, listener->connection_bytes,
		MHD_OPTION_CONNECTION_TIMEOUT,
		(unsigned)(idle_s > TRANSFER_TIMEOUT_S ? idle_s : TRANSFER_TIMEOUT_S),
		MHD_OPTION_SIGPIPE_HANDLED_BY_APP, 1, MHD_OPTION_ARRAY,
		listener->is_tls ? tls : tls + 2, MHD_OPTION_END);
}

static uv_poll_t *poll_start(struct http_listener *listener, int fd, uv_poll_cb came)
{
	uv_poll_t *events = MEMORY_NEW(uv_poll_t);

	BUG_IF(uv_poll_init(&listener->real->loop->uv, events, fd) != 0);
	events->data = listener;
	uv_poll_start(events, UV_READABLE, came);
	return events;
}

static void poll_closed(uv_handle_t *handle)
{
	free(handle);
}

static void listener_start_polling(struct http_listener *listener)
{
	listener->hangups = epoll_create1(EPOLL_CLOEXEC);
	BUG_IF(listener->hangups < 0);
	listener->events = poll_start(
		listener, MHD_get_daemon_info(listener->daemon, MHD_DAEMON_INFO_EPOLL_FD)->epoll_fd,
		listener_events_came);
	listener->hangup_events = poll_start(listener, listener->hangups, hangups_came);
	loop_at_turn_end(listener->real->loop, TURN_ANSWERS, &listener->run, listener_run);
}

/* Who says how large heads may be, or what is answered to larger ones, sees twice as much. */
static size_t connection_bytes(const struct http_listen_options *options)
{
	size_t head_bytes = options->limits.head_bytes;

	if (head_bytes == 0 && options->refused == NULL)
		return CONNECTION_BYTES;
	return (head_bytes > 0 ? head_bytes : LIMIT_HTTP_HEADER_BYTES) * 2 + CONNECTION_SPARE_BYTES;
}

static struct http_listener *listener_open(struct world *world,
					   const struct http_listen_options *options,
					   http_requested *requested, void *data,
					   struct error *error)
{
	struct http_listener *listener = MEMORY_NEW(struct http_listener);
	int64_t idle_ms =
		options->idle_timeout_ms > 0 ? options->idle_timeout_ms : IDLE_TIMEOUT_DEFAULT_MS;
	struct str certificate = options->certificate, key = options->private_key;
	const char *why = NULL;

	listener->real = real_of(world);
	listener->requested = requested;
	listener->data = data;
	listener->idle_timeout_us = idle_ms * 1000;
	listener->limits = options->limits;
	listener->refused = options->refused;
	listener->connection_bytes = connection_bytes(options);
	listener->is_tls = options->is_tls || options->certificate.size > 0;
	listener->asks_client_certificate = listener->is_tls && options->asks_client_certificate;
	listener->arena = arena_create();
	strbuf_init(&listener->text, LIMIT_HTTP_HEADER_BYTES);
	list_init(&listener->connections);
	list_init(&listener->unanswered);
	list_init(&listener->dry);
	listener->socket = socket_listen(options, &listener->port);
	if (listener->socket < 0)
		why = errno_text(errno);
	else if (listener->is_tls && certificate.size == 0 &&
		 !tls_pair_make(listener->arena, &certificate, &key))
		why = "no certificate can be made";
	else if ((listener->daemon = daemon_start(listener, certificate, key)) == NULL)
		why = listener->is_tls ? "certificate or private key cannot be used"
				       : "server cannot start";
	if (why != NULL) {
		error_set(error, ERROR_UNAVAILABLE, "cannot listen on %.*s:%u: %s",
			  STR_ARG(options->address.size > 0 ? options->address : STR("0.0.0.0")),
			  options->port, why);
		strbuf_free(&listener->text);
		arena_destroy(listener->arena);
		free(listener);
		return NULL;
	}
	listener_start_polling(listener);
	list_append(&listener->real->listeners, &listener->link);
	return listener;
}

static uint16_t listener_port(struct http_listener *listener)
{
	return listener->port;
}

static void listener_free(struct http_listener *listener)
{
	list_remove(&listener->run.link);
	list_remove(&listener->rest.link);
	uv_close((uv_handle_t *)listener->events, poll_closed);
	uv_close((uv_handle_t *)listener->hangup_events, poll_closed);
	LIST_EACH (link, &listener->connections) {
		struct connection *connection = LIST_ENTRY(link, struct connection, link);

		if (connection->is_suspended)
			MHD_resume_connection(connection->mhd);
	}
	MHD_stop_daemon(listener->daemon);
	timer_stop(&listener->tick);
	timer_stop(&listener->pause);
	close(listener->hangups);
	strbuf_free(&listener->text);
	arena_destroy(listener->arena);
	free(listener);
}

static void listener_close(struct http_listener *listener)
{
	list_remove(&listener->link);
	listener->is_closed = true;
	LIST_EACH (link, &listener->connections) {
		struct connection *connection = LIST_ENTRY(link, struct connection, link);

		if (connection->exchange != NULL)
			exchange_end(connection->exchange, false);
	}
	if (!listener->is_running)
		listener_free(listener);
}

void real_http_server_destroy(struct real_world *real)
{
	LIST_EACH (link, &real->listeners) {
		struct http_listener *listener = LIST_ENTRY(link, struct http_listener, link);

		LIST_EACH (other, &listener->connections) {
			struct connection *connection = LIST_ENTRY(other, struct connection, link);

			if (connection->exchange != NULL)
				connection->exchange->public.ended = NULL;
		}
		listener_close(listener);
	}
	exchanges_free(real);
}

const struct http_server_ops real_http_server_ops = {
	.listen = listener_open,
	.port = listener_port,
	.close = listener_close,
};
