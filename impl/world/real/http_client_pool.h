/* Connections of our own HTTP/1.1 client: plain TCP, kept open between calls, by address and port.
 *
 * All sockets are in one epoll descriptor, edge-triggered and registered once: a call costs no
 * system call but its own sends and receives. http_client_plain.c speaks HTTP over them.
 */
#ifndef WORLD_REAL_HTTP_CLIENT_POOL_H
#define WORLD_REAL_HTTP_CLIENT_POOL_H

#include "http/http1.h"
#include "world/real/real_internal.h"

struct call;
struct http_client_port;
struct place;

struct connection_pool {
	struct http_client_port *port;
	int epoll;
	uv_poll_t *events;
	bool has_events; /* in the epoll descriptor */
	struct map *places;
	struct list_link connections; /* open ones */
	struct list_link idle;        /* the longest idle first */
	struct list_link closed;      /* an event may still name them */
	size_t idle_count, idle_max;
	struct timer sweep;
};

/* Everything below `call` belongs to the call that has the connection. */
struct client_connection {
	struct list_link link; /* in pool->connections or closed */
	struct list_link age;  /* in pool->idle */
	struct list_link here; /* in its place's idle ones, the last used first */
	struct connection_pool *pool;
	struct place *place;
	int fd; /* -1: closed */
	bool is_connecting;
	bool is_ending; /* the server has closed its side, or broken it */
	int64_t idle_since_us;

	struct call *call; /* NULL: idle */
	bool is_reused, is_sent;
	struct str leaving;  /* what goes before the body's next bytes */
	struct strbuf chunk; /* holds `leaving` while a chunked body is sent */
	struct strbuf came;  /* and not used yet: half a head, or what the reader has no room for */
	size_t head_bytes;
	struct http1_body body; /* of the answer, once its head is there */
};

void pool_open(struct connection_pool *pool, struct http_client_port *port);
void pool_close(struct connection_pool *pool);

/* A kept connection, or a new one, which may be connecting yet; `is_new` refuses kept ones.
 * is_exact: one that the server has closed meanwhile is passed over at the cost of a system call.
 * NULL: errno says why. */
struct client_connection *pool_take(struct connection_pool *pool, struct str address, uint16_t port,
				    bool is_new, bool is_exact);
void pool_give_back(struct client_connection *connection); /* nothing is under way on it */
void pool_drop(struct client_connection *connection);
/* Hands what the sockets have to say to plain_events(). */
void pool_serve(struct connection_pool *pool);

#endif
