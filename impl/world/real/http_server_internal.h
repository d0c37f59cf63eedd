/* The HTTP server's parts: http_server.c runs libmicrohttpd (listeners, connections, its
 * callbacks), http_server_request.c takes one request in, http_server_exchange.c is what a
 * component sees of it and how it is answered, http_server_check.c reads the head of a request,
 * http_server_address.c has sockets and addresses, http_server_pool.c holds the memory of a
 * connection, http_server_tls.c has what concerns certificates, http_server_stall.c keeps
 * connections that stall from running without end, and http_server_upgrade.c moves the bytes after
 * a 101.
 *
 * libmicrohttpd is entered from one place only, the listener's run(), so nothing that a component
 * does to an exchange or a body gets into it: such calls leave their wish in the exchange, and wake
 * the connection, whose handler then finds it.
 */
#ifndef WORLD_REAL_HTTP_SERVER_INTERNAL_H
#define WORLD_REAL_HTTP_SERVER_INTERNAL_H

#include <microhttpd.h>
#include <netinet/in.h>

#include "http/http1.h"
#include "world/http_server.h"
#include "world/real/real_internal.h"

#define CONNECTION_BYTES ((size_t)32 * 1024) /* head of a request and of its answer */
/* Beside twice the head that a listener takes, so that the handler sees and refuses most larger
 * ones: what libmicrohttpd adds, a record for each field and the answer. What does not even fit
 * there it answers itself, with 414 or 431. */
#define CONNECTION_SPARE_BYTES ((size_t)12 * 1024)

#define CLIENT_CERTIFICATE_BYTES_MAX ((size_t)128 * 1024) /* PEM, with what came along */

#define BAD_REQUEST 400

struct http_listener {
	struct list_link link; /* in real->listeners */
	struct real_world *real;
	struct arena *arena;
	http_requested *requested;
	void *data;
	int64_t idle_timeout_us;
	struct http1_limits limits;
	http_refused *refused;
	size_t connection_bytes;
	bool is_tls, asks_client_certificate, is_closed;
	bool is_running; /* inside libmicrohttpd */
	/* Upgraded connections over TLS that it was told to close and has not closed yet: it does
	 * so a run after the one that found nothing left to send. */
	size_t upgrades_closing;
	bool is_extra_run;
	int socket; /* libmicrohttpd's once the daemon runs */
	uint16_t port;
	struct MHD_Daemon *daemon;
	uv_poll_t *events; /* of libmicrohttpd's epoll descriptor */
	int hangups;       /* epoll descriptor: peers that went away while nobody was reading, and
			      those that went on with their handshake */
	uv_poll_t *hangup_events;
	struct task run;
	struct task rest;            /* at the end of a turn: puts to sleep who still waits */
	struct list_link unanswered; /* connections that were asked in this turn */
	struct list_link dry;        /* connections whose handshake found no more bytes */
	unsigned runs_for_nothing;   /* one after the other */
	struct timer pause;          /* after too many of them */
	struct timer tick;           /* libmicrohttpd's own timeouts, while there are connections */
	struct list_link connections;
	size_t connections_open;
	uint64_t connections_count;
	struct strbuf text; /* names and values on their way to libmicrohttpd */
	int64_t date_s;     /* second that `date` says */
	struct str date;
	char date_text[32];
};

enum wait {
	WAIT_NOTHING,
	WAIT_ROOM,   /* in the request's body */
	WAIT_ANSWER, /* for http_exchange_respond() */
	WAIT_BYTES,  /* in the answer's body */
};

struct connection {
	struct list_link link;       /* in listener->connections */
	struct list_link unanswered; /* in listener->unanswered */
	struct list_link dry;        /* in listener->dry */
	struct http_listener *listener;
	struct MHD_Connection *mhd;
	int socket;
	bool is_suspended;
	bool is_hung_up; /* the peer closed its side */
	bool is_closing_upgrade;
	bool is_shaking_hands;
	bool is_cut_unread; /* as nobody reads what it sent */
	struct exchange *exchange;
	struct timer watch;
	int64_t deadline_us; /* for the next complete head; INT64_MAX during an exchange */
	uint64_t number;
	char address[INET6_ADDRSTRLEN];
	uint16_t port;
	char *client_certificate; /* PEM; NULL: nobody asked yet */
};

enum exchange_phase {
	EXCHANGE_HEAD,     /* being received */
	EXCHANGE_NO_BODY,  /* head read, waits for libmicrohttpd's final call */
	EXCHANGE_BODY,     /* requested; the body is being received */
	EXCHANGE_COMPLETE, /* requested; request received in full */
};

struct exchange {
	struct http_exchange public;   /* first */
	struct list_link link;         /* in real->exchanges_free */
	struct connection *connection; /* NULL when the exchange is over */
	enum exchange_phase phase;
	enum wait wait;
	int holds; /* the port's own, and the component's */
	bool is_aborted, is_queued;
	struct http_body *incoming;    /* producer's end of the request's body */
	struct MHD_Response *response; /* answered */
	unsigned status;
	struct http_body *answer; /* consumer's end of the answer's body, when it streams */
	struct upgrade *upgrade;  /* NULL: HTTP as usual */
	int64_t answer_bytes;     /* of an answer that is all there */
};

/* http_server.c */
void listener_run(struct task *task);                               /* of listener->run */
void listener_events_came(uv_poll_t *events, int status, int mask); /* of listener->events */
void connection_wake(struct connection *connection);
void connection_cut(struct connection *connection);
struct str listener_date(struct http_listener *listener);
/* Waits for connection_wake(); then the handler (or the reader of the answer) is called again. */
void connection_sleep(struct connection *connection);
/* The same, for an answer that may come within the turn: it sleeps only when that is over. */
void connection_await(struct connection *connection);

/* What listener->hangups tells of it: how is EPOLL_CTL_ADD or EPOLL_CTL_MOD. */
void connection_watch_socket(struct connection *connection, int how);

/* http_server_address.c */
/* -1 and errno when that cannot be. *port: the one that was given or, for 0, found. */
int socket_listen(const struct http_listen_options *options, uint16_t *port);
/* The client's address and port, into the connection. */
void connection_read_peer(struct connection *connection);
/* Our own address; `text` is left as it is when it cannot be told. */
void connection_read_local(const struct connection *connection, char text[INET6_ADDRSTRLEN]);

/* http_server_stall.c */
void stall_watch_handshake(struct connection *connection); /* before it */
void stall_rest(struct http_listener *listener);           /* after a run */
/* In the next turn; after a pause when nothing came of many runs. Whoever makes something of one
 * sets listener->runs_for_nothing to 0. */
void stall_run_again(struct http_listener *listener);
/* Somebody waits and there is no connection. True: many runs did not take him, and there is a pause
 * now. */
bool stall_accept(struct http_listener *listener);

/* http_server_check.c. False and *fault: the request is refused. head: libmicrohttpd's bytes of it,
 * taken apart in place; target: as it was before. */
bool request_read(struct str head, struct str target, const struct http1_limits *limits,
		  struct arena *arena, struct http_request *request, struct http1_framing *framing,
		  struct http1_fault *fault);
bool request_fault(struct http1_fault *fault, int status, const char *text); /* false */

/* http_server_tls.c */
/* A self-signed pair, PEM; false when the machine cannot make one. */
bool tls_pair_make(struct arena *arena, struct str *certificate, struct str *key);
void tls_ask_client(struct connection *connection); /* before the handshake */
unsigned tls_client_certificates(const struct connection *connection);
struct http_tls_peer tls_peer(struct connection *connection, struct arena *arena);

/* http_server_upgrade.c. Takes the ends of the bodies; answers when the response is queued. */
struct MHD_Response *upgrade_create(struct exchange *exchange, struct http_body *outgoing,
				    struct http_body *incoming);
/* The client is gone, what it sent before may be on its way still. False: the exchange was not
 * upgraded. */
bool upgrade_client_left(struct exchange *exchange);
/* The end, whoever wants it; also of an exchange that was never upgraded. */
void upgrade_stop(struct exchange *exchange);

/* http_server_exchange.c */
struct exchange *exchange_create(struct connection *connection, struct str target);
void exchange_end(struct exchange *exchange, bool complete);
void exchanges_free(struct real_world *real);
void exchange_answer_refusal(struct exchange *exchange, const struct http_refusal *refusal);
/* Nobody takes the body any more once it was answered and left to the port. */
void exchange_discard_if_answered(struct exchange *exchange);

/* http_server_request.c */
/* One call of libmicrohttpd's handler. */
enum MHD_Result exchange_proceed(struct exchange *exchange, const char *method, const char *bytes,
				 size_t *bytes_size);

#endif
