/* HTTP in: listeners and exchanges.
 *
 * `requested` is called when a request's head is complete. From then until `ended` the exchange is
 * the component's to answer, at once or later: one http_exchange_respond() (or _abort()). The body
 * streams: x->body is consumed directly, handed on, or collected (http/body.h); what the component
 * does not take of it is discarded after the answer. `ended` is called exactly once: after the
 * answer left, or when the client went away first, in which case the component lets go of what it
 * was doing, or goes on with it: what it answers then is thrown away, and of the request's body it
 * has what it took, which fails unless all of it had come. The exchange, its arena and all its
 * texts are freed after `ended` returned, unless held.
 */
#ifndef WORLD_HTTP_SERVER_H
#define WORLD_HTTP_SERVER_H

#include <stdbool.h>
#include <stdint.h>

#include "base/str.h"
#include "http/body.h"
#include "http/http1.h"
#include "http/message.h"
#include "world/world.h"

struct arena;
struct error;
struct http_exchange;
struct http_listener; /* the port's */

typedef void http_requested(struct http_exchange *exchange, void *data);
/* complete: the whole answer was handed to the network. */
typedef void http_exchange_ended(struct http_exchange *exchange, bool complete);

/* A head that the port refuses, and the answer it gives before it closes the connection. The
 * component may fill in the answer's status, fields and body; nothing of it outlives the call. */
struct http_refusal {
	struct arena *arena;
	const char *reason;                 /* "target is too long" */
	const struct http_request *request; /* method and target as far as they are known */
	struct str remote_address;
	uint64_t connection_number;
	struct http_response response; /* status: 400, 413, 414, 431, 501, 505 or the limits' own */
	struct str body;
};
typedef void http_refused(struct http_refusal *refusal, void *data);

struct http_listen_options {
	struct str address;      /* empty = 0.0.0.0 */
	uint16_t port;           /* 0 = any free one */
	bool share_port;         /* several processes may listen on it (SO_REUSEPORT) */
	int64_t idle_timeout_ms; /* of a connection between requests; 0 = 75 s (spec/gateway.md 1.3)
				  */
	struct http1_limits limits; /* of heads; refusals with its status have no body */
	http_refused *refused;      /* NULL: such answers are the port's own */
	bool is_tls;                /* also when there is a certificate */
	/* PEM texts, a chain with the server's own first. Empty with is_tls: a self-signed pair
	 * that the port makes. */
	struct str certificate, private_key;
	bool asks_client_certificate; /* never insists on one, and does not judge it */
};

/* What a client said in its handshake. */
struct http_tls_peer {
	struct str server_name; /* that it asked for (SNI); empty: none */
	/* What it showed when it was asked: PEM text, its own certificate first, then what it sent
	 * along. Empty: nothing. */
	struct str certificate;
};

struct http_exchange {
	struct world *world;
	struct arena *arena; /* lives as long as the exchange */
	struct http_request request;
	struct http_body *body;    /* NULL when the request has none. The port's consumer end until
				      http_exchange_take_body() */
	struct str remote_address; /* "127.0.0.1" */
	uint16_t remote_port, local_port;
	uint64_t connection_number; /* counts the listener's connections from 1 */
	bool is_tls;
	unsigned client_certificates; /* how many the client showed, with those it sent along */
	int64_t began_us;             /* monotonic */
	/* Set by the component in `requested`. */
	http_exchange_ended *ended;
	void *data;
	/* For the component's logs, kept by the port: of the answer's body, so far. */
	int64_t body_bytes_sent;
	const struct http_exchange_ops *ops;
};

struct http_exchange_ops {
	void (*respond)(struct http_exchange *exchange, const struct http_response *response,
			struct http_body *body);
	void (*respond_str)(struct http_exchange *exchange, const struct http_response *response,
			    struct str body);
	void (*upgrade)(struct http_exchange *exchange, const struct http_response *response,
			struct http_body *outgoing, struct http_body *incoming);
	void (*abort)(struct http_exchange *exchange);
	void (*hold)(struct http_exchange *exchange);
	void (*release)(struct http_exchange *exchange);
	struct str (*local_address)(struct http_exchange *exchange);
	struct http_tls_peer (*tls_peer)(struct http_exchange *exchange);
};

struct http_server_ops {
	struct http_listener *(*listen)(struct world *world,
					const struct http_listen_options *options,
					http_requested *requested, void *data, struct error *error);
	uint16_t (*port)(struct http_listener *listener);
	void (*close)(struct http_listener *listener);
};

/* NULL and *error ("cannot listen on 127.0.0.1:8080: address in use"). Texts are copied. */
static inline struct http_listener *http_listen(struct world *world,
						const struct http_listen_options *options,
						http_requested *requested, void *data,
						struct error *error)
{
	return world->http_server->listen(world, options, requested, data, error);
}

static inline uint16_t http_listener_port(struct world *world, struct http_listener *listener)
{
	return world->http_server->port(listener);
}

/* Stops listening and closes all its connections; exchanges in progress see `ended(x, false)`
 * during the call. NULL is allowed. */
static inline void http_listener_close(struct world *world, struct http_listener *listener)
{
	if (listener != NULL)
		world->http_server->close(listener);
}

/* The component becomes the consumer of the request's body: it must release it. NULL without body.
 */
static inline struct http_body *http_exchange_take_body(struct http_exchange *exchange)
{
	struct http_body *body = exchange->body;

	exchange->body = NULL;
	return body;
}

/* Answers with a streaming body, whose consumer end is taken (NULL = no body). Fields are copied;
 * framing fields, Connection and Date are the port's (a Date, Server or Connection: close in
 * `response` is respected). A HEAD answer or 204/304 sends no body whatever is given, but a
 * Content-Length in the fields is kept for HEAD.
 * The answer leaves when the request's body has been read to its end (or discarded), and until then
 * only as much of the answer's body is taken as its buffer holds: who hands a request's body on
 * must not make that wait for the answer's. */
static inline void http_exchange_respond(struct http_exchange *exchange,
					 const struct http_response *response,
					 struct http_body *body)
{
	exchange->ops->respond(exchange, response, body);
}

/* Same with a body that is all there; `body` must stay valid until `ended` (the exchange's arena).
 */
static inline void http_exchange_respond_str(struct http_exchange *exchange,
					     const struct http_response *response, struct str body)
{
	exchange->ops->respond_str(exchange, response, body);
}

/* Answers a request without a body by 101 and leaves HTTP: what the client sends goes into
 * `incoming`, whose producer's end is taken, what `outgoing` holds goes to it (the consumer's end
 * is taken), until that ends or the client leaves; then `ended` is called. The fields should say
 * Upgrade; Connection is the port's. */
static inline void http_exchange_upgrade(struct http_exchange *exchange,
					 const struct http_response *response,
					 struct http_body *outgoing, struct http_body *incoming)
{
	exchange->ops->upgrade(exchange, response, outgoing, incoming);
}

/* Closes the connection without an (or the rest of the) answer. `ended(x, false)` follows in a
 * later turn or during the call. */
static inline void http_exchange_abort(struct http_exchange *exchange)
{
	exchange->ops->abort(exchange);
}

/* Keeps the exchange's memory valid after `ended`, for work that goes on after the answer (the
 * gateway's out-of-band report); each hold is undone by one release. */
static inline void http_exchange_hold(struct http_exchange *exchange)
{
	exchange->ops->hold(exchange);
}

static inline void http_exchange_release(struct http_exchange *exchange)
{
	exchange->ops->release(exchange);
}

/* The address that the client connected to, "127.0.0.1"; empty once the connection is gone. */
static inline struct str http_exchange_local_address(struct http_exchange *exchange)
{
	return exchange->ops->local_address(exchange);
}

/* All empty without TLS, or once the connection is gone. */
static inline struct http_tls_peer http_exchange_tls_peer(struct http_exchange *exchange)
{
	return exchange->ops->tls_peer(exchange);
}

#endif
