/* libcurl's multi handle, on its own epoll descriptor, which libuv polls. */
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/bug.h"
#include "world/real/http_client_internal.h"

#define CONNECTIONS_MAX 4096L /* kept for reuse */
#define EVENTS_AT_ONCE 128

/* Bits of port->watched. */
#define WATCH_IN 1U
#define WATCH_OUT 2U
#define WATCH_EVENTS 3U
#define WATCH_REGISTERED 4U
#define WATCH_WANTED_SHIFT 3 /* what libcurl wants, above what epoll was told */

/* Sockets. A registration stays when a transfer ends: the next one on the connection finds it. What
 * epoll reports and nobody wants is taken back then (a closed idle connection, a paused one). */

static uint8_t *watch_of(struct http_client_port *port, curl_socket_t fd)
{
	size_t old = port->watched.capacity;

	vec_reserve(&port->watched, (size_t)fd + 1);
	if (port->watched.capacity > old)
		memset(port->watched.items + old, 0, port->watched.capacity - old);
	return &port->watched.items[fd];
}

static void watch_register(struct http_client_port *port, curl_socket_t fd, uint8_t *watch,
			   unsigned events)
{
	struct epoll_event wanted = {
		.events = (events & WATCH_IN ? EPOLLIN : 0) | (events & WATCH_OUT ? EPOLLOUT : 0),
		.data.fd = fd,
	};
	int operation = *watch & WATCH_REGISTERED ? EPOLL_CTL_MOD : EPOLL_CTL_ADD;

	if (epoll_ctl(port->epoll, operation, fd, &wanted) != 0)
		epoll_ctl(port->epoll, operation == EPOLL_CTL_MOD ? EPOLL_CTL_ADD : EPOLL_CTL_MOD,
			  fd, &wanted);
	*watch = (uint8_t)((*watch & ~WATCH_EVENTS) | WATCH_REGISTERED | events);
}

static void watch_forget(struct http_client_port *port, curl_socket_t fd, uint8_t *watch)
{
	epoll_ctl(port->epoll, EPOLL_CTL_DEL, fd, NULL);
	*watch = 0;
}

/* Once the peer of an upgraded connection has ended, libcurl wants nothing of it any more, but is
 * not done before a paused upload has gone on. */
static void see_end_of_upgrade(CURL *easy)
{
	struct call *call = NULL;

	curl_easy_getinfo(easy, CURLINFO_PRIVATE, (char **)&call);
	if (!call->is_upgrade || !call->is_head_complete || !call->is_upload_paused ||
	    call->is_download_paused)
		return;
	call->is_upload_over = true;
	call->wants_go_on = true;
	call_wants_work(call);
}

static int curl_wants_socket(CURL *easy, curl_socket_t fd, int what, void *data, void *assigned)
{
	struct http_client_port *port = data;
	uint8_t *watch = watch_of(port, fd);
	unsigned wanted = what == CURL_POLL_REMOVE ? 0 : (unsigned)what & WATCH_EVENTS;
	unsigned registered = *watch & WATCH_EVENTS;

	(void)assigned;
	if (wanted == 0)
		see_end_of_upgrade(easy);
	*watch = (uint8_t)((*watch & (WATCH_EVENTS | WATCH_REGISTERED)) |
			   (wanted << WATCH_WANTED_SHIFT));
	if ((wanted & ~registered) != 0 || (registered & ~wanted & WATCH_OUT) != 0)
		watch_register(port, fd, watch, wanted | (registered & WATCH_IN));
	return 0;
}

static void port_due(struct http_client_port *port)
{
	port->is_due = true;
	http_client_wants_turn(port);
}

static void time_is_up(struct timer *timer)
{
	port_due(LIST_ENTRY(timer, struct http_client_port, timer));
}

static int curl_wants_timer(CURLM *multi, long delay_ms, void *data)
{
	struct http_client_port *port = data;

	(void)multi;
	timer_stop(&port->timer);
	if (delay_ms == 0)
		port_due(port);
	else if (delay_ms > 0)
		timer_start(&port->real->world, &port->timer, (int64_t)delay_ms * 1000, time_is_up);
	return 0;
}

static void events_came(uv_poll_t *events, int status, int mask)
{
	struct http_client_port *port = events->data;

	(void)status;
	(void)mask;
	port->has_events = true;
	http_client_wants_turn(port);
}

curl_socket_t multi_open_socket(void *data, curlsocktype purpose, struct curl_sockaddr *address)
{
	curl_socket_t fd = socket(address->family, address->socktype | SOCK_NONBLOCK | SOCK_CLOEXEC,
				  address->protocol);

	(void)purpose;
	if (fd >= 0)
		*watch_of(data, fd) = 0;
	return fd;
}

/* Serving. */

static void collect_results(struct http_client_port *port)
{
	const CURLMsg *message;
	int left;

	while ((message = curl_multi_info_read(port->multi, &left)) != NULL) {
		struct call *call = NULL;

		curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, (char **)&call);
		call_over(call, transfer_failure(call, message->data.result));
	}
}

static void serve_event(struct http_client_port *port, const struct epoll_event *event)
{
	curl_socket_t fd = event->data.fd;
	uint8_t *watch = watch_of(port, fd);
	unsigned wanted = (unsigned)(*watch >> WATCH_WANTED_SHIFT) & WATCH_EVENTS;
	unsigned came = (event->events & EPOLLIN ? WATCH_IN : 0) |
			(event->events & EPOLLOUT ? WATCH_OUT : 0);
	int running, mask = 0;

	if (event->events & (EPOLLERR | EPOLLHUP))
		came |= wanted;
	if (wanted == 0) {
		watch_forget(port, fd, watch);
		return;
	}
	if ((came & ~wanted) != 0)
		watch_register(port, fd, watch, wanted);
	if (came & wanted & WATCH_IN)
		mask |= CURL_CSELECT_IN;
	if (came & wanted & WATCH_OUT)
		mask |= CURL_CSELECT_OUT;
	if (mask != 0)
		curl_multi_socket_action(port->multi, fd, mask, &running);
}

void multi_serve(struct http_client_port *port)
{
	struct epoll_event events[EVENTS_AT_ONCE];
	int count = EVENTS_AT_ONCE, running;
	bool is_served = port->has_events || port->is_due;

	while (port->has_events && count == EVENTS_AT_ONCE) {
		count = epoll_wait(port->epoll, events, EVENTS_AT_ONCE, 0);
		for (int i = 0; i < count; i++)
			serve_event(port, &events[i]);
	}
	port->has_events = false;
	if (port->is_due) {
		port->is_due = false;
		curl_multi_socket_action(port->multi, CURL_SOCKET_TIMEOUT, 0, &running);
	}
	if (is_served)
		collect_results(port);
}

/* Life. */

void multi_open(struct http_client_port *port)
{
	curl_global_init(CURL_GLOBAL_DEFAULT);
	port->multi = curl_multi_init();
	port->shared = curl_share_init();
	port->epoll = epoll_create1(EPOLL_CLOEXEC);
	BUG_IF(port->multi == NULL || port->shared == NULL || port->epoll < 0);
	curl_share_setopt(port->shared, CURLSHOPT_SHARE, CURL_LOCK_DATA_SSL_SESSION);
	curl_multi_setopt(port->multi, CURLMOPT_SOCKETFUNCTION, curl_wants_socket);
	curl_multi_setopt(port->multi, CURLMOPT_SOCKETDATA, port);
	curl_multi_setopt(port->multi, CURLMOPT_TIMERFUNCTION, curl_wants_timer);
	curl_multi_setopt(port->multi, CURLMOPT_TIMERDATA, port);
	curl_multi_setopt(port->multi, CURLMOPT_PIPELINING, CURLPIPE_NOTHING);
	curl_multi_setopt(port->multi, CURLMOPT_MAXCONNECTS, CONNECTIONS_MAX);
	port->events = MEMORY_NEW(uv_poll_t);
	BUG_IF(uv_poll_init(&port->real->loop->uv, port->events, port->epoll) != 0);
	port->events->data = port;
	uv_poll_start(port->events, UV_READABLE, events_came);
}

static void poll_closed(uv_handle_t *handle)
{
	free(handle);
}

void multi_close(struct http_client_port *port)
{
	curl_multi_cleanup(port->multi);
	curl_share_cleanup(port->shared);
	timer_stop(&port->timer);
	uv_close((uv_handle_t *)port->events, poll_closed);
	close(port->epoll);
	vec_free(&port->watched);
	curl_global_cleanup();
}
