/* The http_server port from inside. http_server.c listens, and reads one request after the other
 * from each connection; http_exchange.c is what a component sees of a request, and writes its
 * answer.
 *
 * Whatever a component does to an exchange or a body only asks for the connection's work, which is
 * done at the end of the turn: so the port never calls back from within a call of the component. */
#ifndef SIM_NET_HTTP_SERVER_INTERNAL_H
#define SIM_NET_HTTP_SERVER_INTERNAL_H

#include "base/list.h"
#include "http/http1.h"
#include "sim/net/stream.h"
#include "sim/net/tls.h"
#include "sim/sim_internal.h"
#include "world/clock.h"
#include "world/http_server.h"

struct server_connection;

struct http_listener {
	struct actor_resource resource;
	struct sim_process *process;
	struct arena *arena;
	struct stream_listener *socket;
	http_requested *requested;
	void *data;
	int64_t idle_timeout_us;
	struct http1_limits limits;
	http_refused *refused;
	bool is_tls, asks_client_certificate;
	struct tls_certificate certificate;
	struct list_link connections;
	uint64_t connections_count;
};

struct server_exchange {
	struct http_exchange public; /* first */
	struct actor_resource resource;
	struct server_connection *connection; /* NULL when that is gone */
	int holds; /* the port's own until `ended` returned, and the component's */
	bool is_answered, is_aborted, is_chunked, has_ended;
	int status;
	struct http_body *answer; /* consumer's end of what streams */
	struct str rest;          /* or what is still to be sent of an answer that is all there */
};

struct server_connection {
	struct list_link link;
	struct http_listener *listener; /* NULL: closed, to be freed when not busy */
	struct stream *stream;
	uint64_t number;
	struct timer idle;
	struct task work;
	int busy;
	bool wants_hello;  /* TLS, before the handshake */
	struct arena *tls; /* of the client's hello; NULL: plain */
	struct tls_hello hello;
	bool keep_alive;
	struct arena *arena; /* of the next request */
	struct strbuf head;  /* its beginning, once that fills the stream's window */
	struct server_exchange *exchange;
	struct http1_body reading;
	/* Producer's end of the request's body, until it is complete; or of what comes after 101.
	 */
	struct http_body *incoming;
	struct strbuf out;
	size_t out_sent;
};

/* http_server.c */
void server_connection_ask_for_work(struct server_connection *connection);
void server_connection_read_raw(struct server_connection *connection, struct http_body *incoming);

/* http_exchange.c */
/* The exchange of the request that the connection's arena holds, which becomes the exchange's. */
struct server_exchange *server_exchange_create(struct server_connection *connection,
					       const struct http_request *request);
/* Says so to the component, once, and lets go of what the port had for it. */
void server_exchange_end(struct server_exchange *exchange, bool complete);
/* Writes as much of the answer as the stream takes; true when all of it was handed over. */
bool server_exchange_write(struct server_connection *connection);

#endif
