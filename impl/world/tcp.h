/* Connections byte by byte: for who plays a client or a server that speaks no more, or no better,
 * than it is told to (the conformance runner). Components speak http_client.h, http_server.h and
 * redis.h.
 *
 * A connection is two bodies (http/body.h): what `outgoing` holds goes to the peer, what the peer
 * sends is in `incoming`. It lasts until the peer leaves, or `outgoing` ended or failed and all of
 * it was sent; both ways are over then. `incoming` ends when the peer left, and fails when there
 * never was a connection, or it broke off. Handing the one connection's `incoming` on as the
 * other's `outgoing` makes a tunnel.
 */
#ifndef WORLD_TCP_H
#define WORLD_TCP_H

#include <stdint.h>

#include "base/str.h"
#include "http/body.h"
#include "world/world.h"

struct error;
struct tcp_listener; /* the port's */

/* Somebody connected; the consumer's end of `incoming` and the producer's of `outgoing` are taken.
 */
typedef void tcp_accepted(struct http_body *incoming, struct http_body *outgoing, void *data);

struct tcp_ops {
	void (*connect)(struct world *world, struct str address, uint16_t port,
			struct http_body *outgoing, struct http_body *incoming);
	struct tcp_listener *(*listen)(struct world *world, struct str address, uint16_t port,
				       tcp_accepted *accepted, void *data, struct error *error);
	uint16_t (*port)(struct tcp_listener *listener);
	void (*close)(struct tcp_listener *listener);
};

/* address: an IPv4 literal. The consumer's end of `outgoing` and the producer's of `incoming` are
 * taken. */
static inline void tcp_connect(struct world *world, struct str address, uint16_t port,
			       struct http_body *outgoing, struct http_body *incoming)
{
	world->tcp->connect(world, address, port, outgoing, incoming);
}

/* port 0: any free one. accepted NULL: it takes nobody, so that connecting neither succeeds nor
 * fails. NULL and *error when it cannot be listened on. */
static inline struct tcp_listener *tcp_listen(struct world *world, struct str address,
					      uint16_t port, tcp_accepted *accepted, void *data,
					      struct error *error)
{
	return world->tcp->listen(world, address, port, accepted, data, error);
}

static inline uint16_t tcp_listener_port(struct world *world, struct tcp_listener *listener)
{
	return world->tcp->port(listener);
}

/* Connections that were accepted go on. NULL is allowed. */
static inline void tcp_listener_close(struct world *world, struct tcp_listener *listener)
{
	if (listener != NULL)
		world->tcp->close(listener);
}

#endif
