/* After a 101: bytes between the connection and two bodies.
 *
 * libmicrohttpd hands out the socket and keeps the connection until it is told to close it, which
 * it must be before the daemon stops. Over TLS it hands out another socket and moves the bytes from
 * there itself, through what is free of the connection's memory (http_server_pool.c); it does not
 * tell that the client has left. */
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include "base/arena.h"
#include "base/bug.h"
#include "world/real/http_server_internal.h"
#include "world/real/socket_bodies.h"

#define REST_US 10000

struct upgrade {
	struct exchange *exchange;
	struct socket_bodies bodies;
	struct MHD_UpgradeResponseHandle *handle; /* NULL: 101 is not on its way yet */
	struct timer rest;                        /* over TLS, for what a client sent that left */
};

/* It never began. */
static void let_go_of_bodies(struct upgrade *upgrade)
{
	http_body_end(upgrade->bodies.incoming);
	http_body_producer_release(upgrade->bodies.incoming);
	http_body_consumer_release(upgrade->bodies.outgoing);
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
	timer_stop(&upgrade->rest);
	if (upgrade->handle != NULL) {
		exchange->public.body_bytes_sent = upgrade->bodies.bytes_sent;
		socket_bodies_stop(&upgrade->bodies);
		exchange->connection->is_closing_upgrade = listener->is_tls;
		listener->upgrades_closing += listener->is_tls;
		MHD_upgrade_action(upgrade->handle, MHD_UPGRADE_ACTION_CLOSE);
		loop_at_turn_end(listener->real->loop, TURN_ANSWERS, &listener->run, listener_run);
	} else {
		let_go_of_bodies(upgrade);
	}
	free(upgrade);
}

static void end_exchange(struct task *task)
{
	struct socket_bodies *bodies = LIST_ENTRY(task, struct socket_bodies, task);

	exchange_end(LIST_ENTRY(bodies, struct upgrade, bodies)->exchange, true);
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
	upgrade->bodies.socket = fd;
	/* It is not libmicrohttpd any more that would see the client leave: we do, or, over TLS,
	 * upgrade_client_left() is told. */
	if (!listener->is_tls)
		epoll_ctl(listener->hangups, EPOLL_CTL_DEL, connection->socket, NULL);
	if (early_size > 0)
		http_body_write(upgrade->bodies.incoming, str_of(early, early_size));
	socket_bodies_begin(&upgrade->bodies);
}

static void look_for_rest(struct timer *timer)
{
	struct upgrade *upgrade = LIST_ENTRY(timer, struct upgrade, rest);
	char byte;

	if (recv(upgrade->bodies.socket, &byte, 1, MSG_PEEK | MSG_DONTWAIT) > 0)
		timer_start(timer->world, timer, REST_US, look_for_rest);
	else
		exchange_end(upgrade->exchange, true);
}

bool upgrade_client_left(struct exchange *exchange)
{
	struct upgrade *upgrade = exchange != NULL ? exchange->upgrade : NULL;

	if (upgrade == NULL || upgrade->handle == NULL)
		return false;
	timer_start(exchange->public.world, &upgrade->rest, REST_US, look_for_rest);
	return true;
}

struct MHD_Response *upgrade_create(struct exchange *exchange, struct http_body *outgoing,
				    struct http_body *incoming)
{
	struct upgrade *upgrade = MEMORY_NEW(struct upgrade);

	upgrade->exchange = exchange;
	upgrade->bodies.loop = exchange->connection->listener->real->loop;
	upgrade->bodies.outgoing = outgoing;
	upgrade->bodies.incoming = incoming;
	upgrade->bodies.over = end_exchange;
	exchange->upgrade = upgrade;
	return MHD_create_response_for_upgrade(switched, upgrade);
}
