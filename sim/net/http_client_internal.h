/* The http_client port from inside. http_client.c is what a component sees of a call: its options,
 * its time-outs, its end. http_transfer.c carries it out over a stream. http_pool.c keeps what is
 * used again: connections between two calls, and the memory of calls.
 *
 * The component is called only from events of the network and from the call's own work at the end
 * of a turn, never from within a call of its own. */
#ifndef SIM_NET_HTTP_CLIENT_INTERNAL_H
#define SIM_NET_HTTP_CLIENT_INTERNAL_H

#include "base/list.h"
#include "http/http1.h"
#include "sim/net/http_pool.h"
#include "sim/net/stream.h"
#include "sim/sim_internal.h"
#include "world/clock.h"
#include "world/dns.h"
#include "world/http_client.h"

/* A connection to a server. Who may use it again follows from where it goes and how it was
 * checked. */
struct client_connection {
	struct list_link link; /* in pool->connections, while idle */
	struct http_pool *pool;
	struct stream *stream;
	struct call *call; /* NULL: idle */
	struct str host, address, ca_file, certificate_file, tunnel_address;
	uint16_t port, tunnel_port;
	bool is_tls, verify_peer;
	int64_t idle_since_us;
};

struct http_pool {
	struct sim_process *process;
	struct list_link connections; /* idle, the longest idle first */
	size_t connections_count;
	struct list_link calls; /* memory of calls that are over */
	size_t calls_count;
};

enum call_state {
	CALL_WAITING, /* for its name's address, or for the end of the turn */
	CALL_CONNECTING,
	CALL_TUNNELLING,    /* asks a proxy for a tunnel */
	CALL_SHAKING_HANDS, /* TLS */
	CALL_OPEN,
	CALL_OVER,
};

struct call {
	struct http_call public; /* first */
	struct actor_resource resource;
	struct list_link link; /* in pool->calls */
	struct http_pool *pool;
	struct arena *arena; /* of the request */
	struct arena *head;  /* of the answer's head while it is read */
	http_call_event *answered, *failed;
	void *data;

	/* What is asked for. */
	struct arena *head_arena; /* the caller's; NULL: `head` */
	struct http_request request;
	struct str host, address, ca_file;
	struct str certificate_file, tunnel_address; /* empty: none */
	uint16_t port_number, tunnel_port;
	bool is_tls, verify_peer;
	size_t head_bytes_max; /* of the answer; 0: any */
	bool is_upgrade;
	bool may_repeat;          /* idempotent, no body, not repeated yet */
	bool wants_new;           /* no connection that served before */
	struct http_body *upload; /* consumer's end, until all of it was taken */
	bool is_chunked;
	int64_t upload_left; /* of a known length */
	int64_t connect_timeout_us, idle_timeout_us, send_timeout_us;
	enum http_failure refusal; /* what is asked for cannot be */

	/* How far it is. */
	enum call_state state;
	struct task work;
	int busy;
	struct dns_query *query;
	struct client_connection *connection;
	struct timer timeout;
	int64_t deadline_us;
	struct strbuf out;
	size_t out_sent;
	bool has_head, has_bytes; /* of the answer */
	size_t informational_bytes;
	struct http1_framing framing;
	struct http1_body reading;
	struct http_body *download; /* producer's end */
	bool is_answered, is_released;
};

/* http_client.c */
/* Around everything that may call the component: it may release the call. */
void call_enter(struct call *call);
void call_leave(struct call *call);
void call_ask_for_work(struct call *call);
void net_call_made_progress(struct call *call);
void call_set_deadline(struct call *call, int64_t delay_us);
void call_is_answered(struct call *call); /* tells the component */
/* The end of it, NONE: the answer is complete. Tells the component unless that was told of the
 * answer already. */
void net_call_over(struct call *call, enum http_failure failure);
void call_let_go_of_upload(struct call *call);

/* http_transfer.c */
void net_transfer_start(struct call *call); /* between call_enter() and call_leave() */
void net_transfer_go_on(struct call *call);
/* Gives the connection back, or closes it when the call is not complete. */
void net_transfer_stop(struct call *call, bool complete);
/* Nothing moves because our own side does not read or write. */
bool transfer_waits_for_us(const struct call *call);

/* http_pool.c */
struct http_pool *http_pool_of(struct sim_process *process);
struct call *http_pool_take_call(struct http_pool *pool);
void http_pool_give_call(struct http_pool *pool, struct call *call);
/* An idle one that fits the call, or NULL. */
struct client_connection *http_pool_take(struct http_pool *pool, struct call *call);
struct client_connection *http_pool_connect(struct http_pool *pool, struct call *call,
					    const struct stream_events *events);
void http_pool_give(struct client_connection *connection);
void client_connection_close(struct client_connection *connection);

#endif
