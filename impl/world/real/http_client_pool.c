#include "world/real/http_client_pool.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/bug.h"
#include "base/limits.h"
#include "base/map.h"
#include "world/real/http_client_internal.h"

#define IDLE_MAX 4096      /* kept connections */
#define IDLE_FILES_SHARE 4 /* and a part of all descriptors at most: others want to live, too */
#define IDLE_US                                                                                    \
	INT64_C(60000000) /* upstreams and backends usually keep theirs as long or longer          \
			   */
#define EVENTS_AT_ONCE 128
#define KEY_BYTES 64 /* of an address, and two of its port */
#define CAME_BYTES_MAX ((size_t)LIMIT_HTTP_HEADER_BYTES + LIMIT_BODY_BUFFER_BYTES)

/* There while it has connections, so that addresses that come and go do not pile up. */
struct place {
	size_t connections;    /* open ones, and who is about to open one */
	struct list_link idle; /* client_connection.here */
	size_t key_size;
	char key[KEY_BYTES];
	union {
		struct sockaddr any;
		struct sockaddr_in ip4;
		struct sockaddr_in6 ip6;
	} address;
};

static struct place *place_of(struct connection_pool *pool, struct str address, uint16_t port)
{
	char text[INET6_ADDRSTRLEN] = "", key[KEY_BYTES] = "";
	struct str name;
	struct place *place;

	if (address.size >= sizeof text)
		return NULL;
	memcpy(text, address.data, address.size);
	memcpy(key, address.data, address.size);
	key[address.size] = (char)(port & 0xff);
	key[address.size + 1] = (char)(port >> 8);
	name = str_of(key, address.size + 2);
	place = map_get(pool->places, name);
	if (place != NULL)
		return place;
	place = MEMORY_NEW(struct place);
	place->key_size = name.size;
	memcpy(place->key, key, sizeof key);
	if (uv_ip4_addr(text, port, &place->address.ip4) != 0 &&
	    uv_ip6_addr(text, port, &place->address.ip6) != 0) {
		free(place);
		return NULL;
	}
	list_init(&place->idle);
	map_put(pool->places, name, place);
	return place;
}

static void place_let_go(struct connection_pool *pool, struct place *place)
{
	if (--place->connections > 0)
		return;
	map_remove(pool->places, str_of(place->key, place->key_size));
	free(place);
}

/* Connections. */

static int open_socket(const struct place *place)
{
	const struct sockaddr *address = &place->address.any;
	socklen_t size = address->sa_family == AF_INET ? sizeof place->address.ip4
						       : sizeof place->address.ip6;
	int fd = socket(address->sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	int on = 1, number;

	if (fd < 0)
		return -1;
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
	if (connect(fd, address, size) == 0 || errno == EINPROGRESS)
		return fd;
	number = errno;
	close(fd);
	errno = number;
	return -1;
}

static struct client_connection *connection_open(struct connection_pool *pool, struct place *place)
{
	struct epoll_event wanted = {.events = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET};
	struct client_connection *connection;
	int fd = open_socket(place);

	if (fd < 0)
		return NULL;
	connection = MEMORY_NEW(struct client_connection);
	connection->pool = pool;
	connection->place = place;
	place->connections++;
	connection->fd = fd;
	connection->is_connecting = true;
	strbuf_init(&connection->chunk, LIMIT_BODY_BUFFER_BYTES);
	strbuf_init(&connection->came, CAME_BYTES_MAX);
	list_append(&pool->connections, &connection->link);
	wanted.data.ptr = connection;
	BUG_IF(epoll_ctl(pool->epoll, EPOLL_CTL_ADD, fd, &wanted) != 0);
	return connection;
}

static void idle_no_more(struct client_connection *connection)
{
	if (!list_is_linked(&connection->age))
		return;
	list_remove(&connection->age);
	list_remove(&connection->here);
	connection->pool->idle_count--;
}

void pool_drop(struct client_connection *connection)
{
	struct connection_pool *pool = connection->pool;

	idle_no_more(connection);
	place_let_go(pool, connection->place);
	connection->place = NULL;
	list_remove(&connection->link);
	list_append(&pool->closed, &connection->link);
	close(connection->fd);
	connection->fd = -1;
	connection->call = NULL;
}

static void free_closed(struct connection_pool *pool)
{
	struct list_link *link;

	while ((link = list_take_first(&pool->closed)) != NULL) {
		struct client_connection *connection =
			LIST_ENTRY(link, struct client_connection, link);

		strbuf_free(&connection->chunk);
		strbuf_free(&connection->came);
		free(connection);
	}
}

static bool is_alive(const struct client_connection *connection)
{
	char byte;

	return recv(connection->fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT) < 0 && errno == EAGAIN;
}

static struct client_connection *take_idle(struct place *place, bool is_exact)
{
	struct list_link *link;

	while ((link = list_first(&place->idle)) != NULL) {
		struct client_connection *connection =
			LIST_ENTRY(link, struct client_connection, here);

		idle_no_more(connection);
		if (!is_exact || is_alive(connection))
			return connection;
		pool_drop(connection);
	}
	return NULL;
}

static bool descriptors_have_run_out(void)
{
	return errno == EMFILE || errno == ENFILE;
}

struct client_connection *pool_take(struct connection_pool *pool, struct str address, uint16_t port,
				    bool is_new, bool is_exact)
{
	struct place *place = place_of(pool, address, port);
	struct client_connection *connection = NULL;
	int number;

	if (place == NULL) {
		errno = EINVAL;
		return NULL;
	}
	place->connections++;
	if (!is_new)
		connection = take_idle(place, is_exact);
	if (connection != NULL)
		connection->is_reused = true;
	else
		connection = connection_open(pool, place);
	if (connection == NULL && descriptors_have_run_out() && !list_is_empty(&pool->idle)) {
		pool_drop(LIST_ENTRY(list_first(&pool->idle), struct client_connection, age));
		connection = connection_open(pool, place);
	}
	number = errno;
	place_let_go(pool, place);
	errno = number;
	return connection;
}

/* Idle ones. */

static void sweep_fired(struct timer *timer)
{
	struct connection_pool *pool = LIST_ENTRY(timer, struct connection_pool, sweep);
	int64_t now = loop_monotonic_us(pool->port->real->loop);

	LIST_EACH (link, &pool->idle) {
		struct client_connection *connection =
			LIST_ENTRY(link, struct client_connection, age);
		int64_t due = connection->idle_since_us + IDLE_US;

		if (due > now) {
			timer_start(&pool->port->real->world, timer, due - now, sweep_fired);
			return;
		}
		pool_drop(connection);
	}
	free_closed(pool);
}

void pool_give_back(struct client_connection *connection)
{
	struct connection_pool *pool = connection->pool;

	if (pool->idle_count == pool->idle_max)
		pool_drop(LIST_ENTRY(list_first(&pool->idle), struct client_connection, age));
	connection->call = NULL;
	connection->idle_since_us = loop_monotonic_us(pool->port->real->loop);
	list_append(&pool->idle, &connection->age);
	/* The last used one first: it has the warm window, and the others may grow old. */
	list_append(connection->place->idle.next, &connection->here);
	pool->idle_count++;
	if (!timer_is_running(&pool->sweep))
		timer_start(&pool->port->real->world, &pool->sweep, IDLE_US, sweep_fired);
}

/* Events. */

void pool_serve(struct connection_pool *pool)
{
	struct epoll_event events[EVENTS_AT_ONCE];
	int count = EVENTS_AT_ONCE;

	while (pool->has_events && count == EVENTS_AT_ONCE) {
		count = epoll_wait(pool->epoll, events, EVENTS_AT_ONCE, 0);
		for (int i = 0; i < count; i++) {
			struct client_connection *connection = events[i].data.ptr;
			uint32_t came = events[i].events;
			bool may_read = (came & ~(uint32_t)EPOLLOUT) != 0;

			connection->is_ending |= (came & ~(uint32_t)(EPOLLIN | EPOLLOUT)) != 0;
			if (connection->call != NULL)
				plain_events(connection, may_read, (came & EPOLLOUT) != 0);
			else if (connection->fd >= 0 && may_read)
				pool_drop(connection); /* closed, or it says what nobody asked */
		}
	}
	pool->has_events = false;
	free_closed(pool);
}

static void events_came(uv_poll_t *events, int status, int mask)
{
	struct connection_pool *pool = events->data;

	(void)status;
	(void)mask;
	pool->has_events = true;
	http_client_wants_turn(pool->port);
}

/* Life. */

static size_t idle_max(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur / IDLE_FILES_SHARE >= IDLE_MAX)
		return IDLE_MAX;
	return (size_t)(limit.rlim_cur / IDLE_FILES_SHARE) + 1;
}

void pool_open(struct connection_pool *pool, struct http_client_port *port)
{
	pool->port = port;
	pool->idle_max = idle_max();
	pool->places = map_create(0);
	list_init(&pool->connections);
	list_init(&pool->idle);
	list_init(&pool->closed);
	pool->epoll = epoll_create1(EPOLL_CLOEXEC);
	BUG_IF(pool->epoll < 0);
	pool->events = MEMORY_NEW(uv_poll_t);
	BUG_IF(uv_poll_init(&port->real->loop->uv, pool->events, pool->epoll) != 0);
	pool->events->data = pool;
	uv_poll_start(pool->events, UV_READABLE, events_came);
}

static void poll_closed(uv_handle_t *handle)
{
	free(handle);
}

void pool_close(struct connection_pool *pool)
{
	LIST_EACH (link, &pool->connections)
		pool_drop(LIST_ENTRY(link, struct client_connection, link));
	free_closed(pool);
	timer_stop(&pool->sweep);
	map_destroy(pool->places);
	uv_close((uv_handle_t *)pool->events, poll_closed);
	close(pool->epoll);
}
