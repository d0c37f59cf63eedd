/* What environment variables say about the wire: the HTTPS listener, the certificate that we show
 * to upstreams, and the forward proxies (spec/gateway.md 1.3, 5.7). Part of struct settings.
 */
#ifndef GATEWAY_NETWORK_H
#define GATEWAY_NETWORK_H

#include <stdbool.h>
#include <stdint.h>

#include "base/str.h"

struct arena;
struct error;
struct world;

struct forward_proxy {
	struct str url; /* for logs: without what stands before '@' */
	struct str host;
	uint16_t port;
	bool is_supported; /* http:// */
};

struct network {
	uint16_t https_port; /* 0: no HTTPS */
	/* PEM texts; empty: the port's own pair. */
	struct str https_certificate, https_key;
	int64_t verify_depth; /* how many authorities a client may send along */

	struct str certificate_file, key_file, key_password; /* ours; empty: none */
	bool forgets_tls_sessions;

	const struct forward_proxy *http_proxy, *https_proxy; /* NULL: none */
	struct str no_proxy;
};

/* False and *error: a file that is named cannot be read. Texts live in the arena. */
bool network_read(struct network *network, struct world *world, struct arena *arena,
		  struct error *error);
/* The proxy on the way to that host; NULL: none. */
const struct forward_proxy *network_proxy(const struct network *network, bool is_tls,
					  struct str host);

#endif
