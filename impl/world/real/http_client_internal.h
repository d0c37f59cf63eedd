/* The HTTP client's parts: http_client.c is what a component sees of a call. http_client_plain.c
 * carries it out over the connections of http_client_pool.c when it goes straight to a server in
 * plain text, http_client_transfer.c with libcurl otherwise, which http_client_multi.c runs.
 *
 * Both are entered from the port's work() only. Their callbacks, and what a component does in them
 * or elsewhere, leave flags in the call and put it in line for work.
 */
#ifndef WORLD_REAL_HTTP_CLIENT_INTERNAL_H
#define WORLD_REAL_HTTP_CLIENT_INTERNAL_H

#include <curl/curl.h>

#include "world/dns.h"
#include "world/http_client.h"
#include "world/real/http_client_pool.h"
#include "world/real/real_internal.h"

struct http_client_port {
	struct real_world *real;
	CURLM *multi;
	CURLSH *shared; /* TLS sessions */
	int epoll;      /* libcurl's sockets; they stay in it from one transfer to the next */
	uv_poll_t *events;
	VEC(uint8_t) watched; /* by descriptor: what epoll watches, and what libcurl wants */
	struct timer timer;   /* libcurl's */
	bool is_due;          /* libcurl wants to be called at once */
	bool has_events;      /* in the epoll descriptor */
	struct connection_pool pool;
	struct task task;
	struct list_link working; /* calls in line for work */
	struct list_link calls;
	struct list_link calls_free;
	size_t calls_free_count; /* with their handles and arenas */
};

struct call {
	struct http_call public; /* first */
	struct list_link link;   /* in port->calls or calls_free */
	struct list_link work;   /* in port->working */
	struct http_client_port *port;
	struct arena *arena; /* of the call's own texts */
	http_call_event *answered, *failed;
	void *data;

	/* What is asked for. */
	struct arena *head_arena;
	struct str method, host, address, target, ca_file;
	struct str tunnel_address; /* of a proxy; empty: none */
	struct str certificate_file, key_file, key_password;
	uint16_t port_number, tunnel_port;
	bool is_tls, verify_peer, forgets_tls_sessions;
	size_t head_bytes_max; /* 0: LIMIT_HTTP_HEADER_BYTES */
	bool may_repeat;       /* idempotent, no body, not sent once only */
	bool is_upgrade;
	bool is_upload_over;                     /* of an upgrade: nobody is left to read it */
	struct curl_slist *fields, **fields_end; /* in the arena */
	struct strbuf head;                      /* as it leaves in plain text */
	struct http_body *upload;                /* consumer's end */
	int64_t connect_timeout_us, idle_timeout_us, send_timeout_us;

	/* How far it is. */
	struct dns_query *query;
	struct client_connection *connection; /* of a plain call that is under way */
	CURL *handle;          /* kept with the memory of the call; made when it is needed */
	bool is_under_way;     /* libcurl has the handle */
	bool is_handle_spoilt; /* not for another call */
	struct curl_slist connect_to;
	struct timer timeout;
	int64_t deadline_us, progressed_us;
	bool is_connected, is_head_complete, is_answered;
	bool is_upload_paused, is_download_paused;
	size_t head_bytes;
	int64_t bytes_received;
	size_t bytes_ahead;         /* of a piece that libcurl will bring again, taken already */
	struct http_body *download; /* producer's end */
	enum http_failure cause;    /* why a callback stopped libcurl */

	/* What work is to do. */
	bool wants_start, wants_go_on, is_over, is_released;
	enum http_failure failure; /* when is_over */
};

/* http_client.c */
void call_wants_work(struct call *call);
void call_made_progress(struct call *call);
void call_over(struct call *call, enum http_failure failure);
void call_received(struct call *call, size_t count); /* bytes of the body, handed on */
/* For http_body_on_readable(): an upload that was paused goes on. */
void call_upload_is_readable(struct http_body *body, void *data);
/* The answer has a body; what could not be handed on goes on when there is room. */
void call_begin_download(struct call *call, int64_t length);
struct str call_host_field(const struct call *call); /* "host:port", for calls that name none */
void http_client_wants_turn(struct http_client_port *port);
enum http_failure call_connect_failure(long number); /* of errno */

/* http_client_plain.c, in the order of a call. */
bool call_is_plain(const struct call *call);
void plain_write_head(struct call *call, const struct http_fields *fields); /* to call->head */
void plain_start(struct call *call);
void plain_stop(struct call *call); /* also one that never started */
void plain_go_on(struct call *call);
void plain_events(struct client_connection *connection, bool may_read, bool may_write);

/* http_client_transfer.c */
void transfer_start(struct call *call);
void transfer_stop(struct call *call);  /* also one that never started */
void transfer_go_on(struct call *call); /* what was paused */
/* Why it failed, if it did, once libcurl is done with it. */
enum http_failure transfer_failure(struct call *call, CURLcode result);

/* http_client_multi.c */
void multi_open(struct http_client_port *port);
void multi_close(struct http_client_port *port);
/* Lets libcurl act on its timer and collects the transfers that are over. */
void multi_serve(struct http_client_port *port);
/* CURLOPT_OPENSOCKETFUNCTION; data: the port. */
curl_socket_t multi_open_socket(void *data, curlsocktype purpose, struct curl_sockaddr *address);

#endif
