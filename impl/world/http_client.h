/* HTTP out: calls to other servers over pooled keep-alive connections.
 *
 * A call belongs to its caller from http_call_start() until http_call_release(), which is legal at
 * any time (also inside its callbacks) and cancels what is under way. Exactly one of `answered` and
 * `failed` is called, never before http_call_start() has returned. After `answered` the body
 * streams through call->body; being cut off there shows as http_body_is_failed() and call->failure.
 */
#ifndef WORLD_HTTP_CLIENT_H
#define WORLD_HTTP_CLIENT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/str.h"
#include "http/body.h"
#include "http/message.h"
#include "world/world.h"

struct arena;
struct http_call;

enum http_failure {
	HTTP_FAILURE_NONE,
	HTTP_FAILURE_NAME_NOT_FOUND,
	HTTP_FAILURE_NAME_TIMEOUT,
	HTTP_FAILURE_CONNECT_REFUSED,
	HTTP_FAILURE_CONNECT_TIMEOUT,
	HTTP_FAILURE_UNREACHABLE,   /* no route to host */
	HTTP_FAILURE_TLS,           /* handshake failed: not TLS, protocol version, reset in it */
	HTTP_FAILURE_TLS_UNTRUSTED, /* unknown or self-signed issuer */
	HTTP_FAILURE_TLS_EXPIRED,   /* or not yet valid */
	HTTP_FAILURE_TLS_NAME,      /* the certificate is for another name */
	HTTP_FAILURE_RESET,         /* connection reset by the peer */
	HTTP_FAILURE_CLOSED,        /* closed before the head (or the body's end) was complete */
	HTTP_FAILURE_TIMEOUT,       /* connected, but no progress in time */
	HTTP_FAILURE_PROTOCOL,      /* not HTTP */
	HTTP_FAILURE_REQUEST_BODY,  /* the request's body was cut off by its producer */
	HTTP_FAILURE_HEAD_TOO_BIG,  /* the answer's, for head_bytes_max */
	HTTP_FAILURE_TUNNEL,        /* the proxy did not open the tunnel */
};

typedef void http_call_event(struct http_call *call, void *data);

struct http_call_options {
	struct str method;
	bool is_tls;
	struct str host; /* name or IP literal: TLS name, pool key, default Host field */
	uint16_t port;
	struct str connect_address; /* IP literal to connect to; empty = resolve `host` */
	struct str target; /* raw path and query, begins with '/' (absolute form for proxies) */
	/* A forward proxy that opens a tunnel (CONNECT) to connect_address, which must be given:
	 * its IP; empty = none. Failures to connect are failures to reach the proxy. */
	struct str tunnel_address;
	uint16_t tunnel_port;
	const struct http_fields
		*fields;        /* may hold Host; framing fields are the port's. NULL = none */
	struct http_body *body; /* consumer end is taken; NULL = no body */
	bool is_sent_once; /* whatever its method says, the call changes something at the server */
	/* Asks to leave HTTP (the fields say for what): `body`, which must be given, is not part of
	 * the request, but what is sent after a 101, which is an answer then; call->body is what
	 * comes. After another answer `body` must be ended. */
	bool is_upgrade;
	int64_t connect_timeout_ms; /* 0 = 60 s; names included unless connect_address is given */
	int64_t idle_timeout_ms; /* between two signs of progress while sending, waiting, reading; 0
				    = 60 s */
	int64_t send_timeout_ms; /* the same while the body is being sent; 0 = idle_timeout_ms */
	bool verify_peer;        /* certificate chain and name */
	struct str ca_file;      /* PEM path; empty = the system's store */
	/* What we show when the server asks: paths of PEM files, and the key's password. Empty =
	 * nothing. A file that cannot be used is a failure of TLS. */
	struct str certificate_file, key_file, key_password;
	bool forgets_tls_sessions; /* each handshake is a full one */
	size_t head_bytes_max;     /* of the answer; 0 = LIMIT_HTTP_HEADER_BYTES */
	struct arena *arena;       /* response head lives here; NULL = an arena of the call's own */
};

struct http_call {
	struct world *world;
	struct http_response response; /* valid from `answered` until release */
	struct http_body *body; /* consumer end: the caller's, to be released by it; NULL when
				   the answer has no body. http_call_take_body() before release */
	enum http_failure failure;
	struct str peer_address; /* "127.0.0.1" once connected (or tried); else empty */
	uint16_t peer_port;
	bool connection_was_reused;
	int64_t started_us, connected_us, answered_us; /* monotonic; 0 = not reached */
	const struct http_call_ops *ops;
};

struct http_call_ops {
	void (*release)(struct http_call *call);
};

struct http_client_ops {
	struct http_call *(*start)(struct world *world, const struct http_call_options *options,
				   http_call_event *answered, http_call_event *failed, void *data);
};

/* Everything in options is copied (the body's end is taken). Idempotent requests without a body
 * that die on a reused connection before any byte of the answer are sent again once on a new
 * connection, as every HTTP client does, unless is_sent_once. 1xx answers are not shown. */
static inline struct http_call *http_call_start(struct world *world,
						const struct http_call_options *options,
						http_call_event *answered, http_call_event *failed,
						void *data)
{
	return world->http_client->start(world, options, answered, failed, data);
}

/* NULL is allowed. A body not taken is released. */
static inline void http_call_release(struct http_call *call)
{
	if (call != NULL)
		call->ops->release(call);
}

/* The body outlives the call's release only when it ended; taking it lets it be handed on while the
 * call goes on: keep the call until the body ended or failed. */
static inline struct http_body *http_call_take_body(struct http_call *call)
{
	struct http_body *body = call->body;

	call->body = NULL;
	return body;
}

/* "connection refused", "name not found", ...: for logs and messages of our own. */
struct str http_failure_text(enum http_failure failure);

#endif
