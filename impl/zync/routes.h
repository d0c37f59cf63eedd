/* The routes of one record, a tenant or a proxy, made what they should be (spec/cluster.md 5): each
 * wish is found by its labels and patched, or made; what carries the record's label and is wished
 * for no more goes.
 *
 * Labels: `3scale.net/created-by: zync`, `3scale.net/tenant_id`, `zync.3scale.net/record` (base64
 * of gid://zync/TYPE/ID), `zync.3scale.net/ingress`: provider or proxy, `3scale.net/provider_id` or
 * `3scale.net/service_id`, `zync.3scale.net/route-to`: the service. Where several routes carry the
 * same ones, all go and one is made.
 *
 * Each change is a line on standard output: "route created host=H to=S name=N", moved, deleted; a
 * route that the router refused is told on standard error when it is met again.
 */
#ifndef ZYNC_ROUTES_H
#define ZYNC_ROUTES_H

#include <stdint.h>

#include "base/str.h"
#include "world/routes.h"

struct arena;
struct error;
struct world;

struct route_wish {
	const char *prefix; /* of its name: "zync-3scale-api-" */
	struct str host;    /* empty: there is to be none */
	const char *service, *port;
};

#define ROUTE_WISHES_MAX 2
struct route_record {
	const char *type; /* "Provider" or "Proxy" */
	int64_t id;       /* of that */
	int64_t tenant_id;
	int64_t owner_id; /* the provider's own, or the proxy's service's */
	struct route_wish wishes[ROUTE_WISHES_MAX];
	size_t wishes_count; /* none: it is gone, or has no routes */
};

/* master's two domains are the same (spec/portal.md 6.2). */
void route_record_of_provider(struct route_record *record, struct str domain,
			      struct str admin_domain);
/* The hosts of its public base URLs. */
void route_record_of_proxy(struct route_record *record, struct str endpoint,
			   struct str sandbox_endpoint);

/* An outcome that went well, or the first one that did not: the same call may be made again.
 * *error: of that. */
enum routes_outcome route_record_follow(struct world *world, struct str namespace,
					const struct route_record *record, struct error *error);

/* The project that routes are made in: POD_NAMESPACE, else "threescale". */
struct str route_namespace(struct world *world);

#endif
