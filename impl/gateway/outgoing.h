/* A call to another server by name: the name is resolved as section 5.5 says, then the world's HTTP
 * client is called with the address. Used for backend, upstreams and the portal.
 *
 * Where a forward proxy is on the way (5.7) its name is resolved, too. It gets the address of the
 * target in a request in absolute form, whose Host has no port; for TLS it is asked for a tunnel.
 *
 * The caller's memory from outgoing_start() to outgoing_stop(), which is legal at any time and also
 * needed after the end. Exactly one of `answered` and `failed` is called, never before
 * outgoing_start() has returned.
 */
#ifndef GATEWAY_OUTGOING_H
#define GATEWAY_OUTGOING_H

#include "gateway/resolver.h"
#include "http/message.h"
#include "world/clock.h"
#include "world/http_client.h"

struct arena;
struct forward_proxy;
struct gateway;
struct outgoing;

typedef void outgoing_event(struct outgoing *outgoing, void *data);

struct outgoing {
	struct gateway *gateway;
	struct http_call_options options;
	struct resolver_wait wait;
	struct http_call *call; /* NULL until the name is known */
	bool name_failed;
	enum dns_status name_status;
	const struct forward_proxy *proxy; /* NULL: none */
	bool proxy_is_out_of_reach;        /* its name failed, or it is none we can use */
	struct task refusal;
	struct arena *arena; /* of what is sent to a proxy */
	struct http_fields fields;
	struct str address; /* of the target; empty: not known yet */
	uint16_t port;
	outgoing_event *answered, *failed;
	void *data;
};

/* The options' texts and fields must stay valid until the end; a body's end is taken. `connect_to`
 * is the name to resolve when it is not options->host (which is then only the TLS name); an empty
 * one is known to nobody. */
void outgoing_start(struct outgoing *outgoing, struct gateway *gateway,
		    const struct http_call_options *options, struct str connect_to,
		    outgoing_event *answered, outgoing_event *failed, void *data);
void outgoing_stop(struct outgoing *outgoing);
enum http_failure outgoing_failure(const struct outgoing *outgoing);

/* What a client gets and the log says when there is no answer (5.4). */
struct outgoing_trouble {
	int status; /* 0: nobody is left to get one */
	const char *text;
};
/* uri: what was asked for, for the log. */
struct outgoing_trouble outgoing_trouble(const struct outgoing *outgoing, struct str uri,
					 struct arena *arena);
/* "http://10.0.0.5:80" and uri, for the log; empty when no address is known. */
struct str outgoing_url(const struct outgoing *outgoing, struct str uri, struct arena *arena);

#endif
