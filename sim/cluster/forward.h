/* One request handed on to another server, its answer handed back, as the cluster's proxies do:
 * bodies stream both ways, fields of one hop stay behind, X-Forwarded-* say whom and what the
 * client asked. What cannot be handed on is answered by a page: 503 when nobody takes the
 * connection, 504 when no answer comes, 502 when it is none.
 */
#ifndef SIM_CLUSTER_FORWARD_H
#define SIM_CLUSTER_FORWARD_H

#include <stdbool.h>
#include <stdint.h>

#include "base/str.h"

struct http_exchange;
struct http_fields;

struct forward_options {
	struct str address; /* IP, or a name */
	uint16_t port;
	bool is_tls;          /* as the client came; forwarded fields say so */
	bool keeps_forwarded; /* X-Forwarded-* are those of the proxy before */
};

/* Answers the exchange, now or later; owns exchange->data and ->ended from here on. */
void forward(struct http_exchange *exchange, const struct forward_options *options);
/* The page of a host that leads nowhere: 503, "service not available" (spec/cluster.md 6.5). */
void forward_refuse(struct http_exchange *exchange);

#endif
