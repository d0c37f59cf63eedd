/* Routes: which host name of the outside leads to which service of the installation
 * (spec/cluster.md 2.7, 5 and 6.5).
 *
 * In the real world they are kept in the file that ROUTES_FILE names, or, without it, for as long
 * as the process runs; every one counts as admitted. In the simulator they are Route objects of the
 * cluster (sim/cluster/), read and written with the rights of the pod that asks.
 *
 * ROUTES_FILE holds all routes, sorted by namespace and name:
 *
 *   {"routes":[{"namespace":"threescale","name":"zync-3scale-provider-x2x4b",
 *               "labels":{"3scale.net/tenant_id":"2",...},"host":"3scale.example.com",
 *               "to":"system-developer","port":"http",
 *               "tls":{"termination":"edge","insecureEdgeTerminationPolicy":"Redirect"}}, ...]}
 *
 * It is read at every list, and written whole, all or nothing, at every change: who lists routes
 * and changes them is alone with the file until it is done.
 *
 * Every call is carried out at once. What did not go well is an outcome and *error; nothing was
 * changed then, and the same call may be made again.
 */
#ifndef WORLD_ROUTES_H
#define WORLD_ROUTES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/str.h"
#include "world/world.h"

struct arena;
struct error;

struct route_label {
	struct str name, value;
};

struct route {
	struct str namespace;     /* the project */
	struct str name;          /* of one that is there */
	struct str generate_name; /* of a new one: what its name begins with */
	const struct route_label *labels;
	size_t labels_count;
	struct str host, service;
	struct str port;            /* of the service, by name or number */
	struct str tls_termination; /* "edge"; empty: the route is not secured */
	struct str insecure_policy; /* of plain HTTP: "Redirect", "Allow"; empty: refused */
	/* Said of those that are there. */
	struct str owner;   /* "DeploymentConfig/zync-que": whose end is theirs; empty: nobody's */
	struct str refusal; /* why the router does not serve it ("HostAlreadyClaimed"); empty: it
			       does, or has not looked yet */
};

struct route_list {
	struct route *items; /* in the order they were made */
	size_t count;
};

enum routes_outcome {
	ROUTES_CREATED,
	ROUTES_PATCHED,
	ROUTES_UNCHANGED, /* it was so already; or a list */
	ROUTES_DELETED,
	ROUTES_NOT_FOUND,
	ROUTES_FORBIDDEN, /* who asks may not */
	ROUTES_INVALID,   /* no cluster takes such a route */
	ROUTES_FAILED,    /* may pass */
};

struct routes_ops {
	enum routes_outcome (*list)(struct world *world, struct str namespace,
				    const struct route_label *labels, size_t labels_count,
				    struct arena *arena, struct route_list *list,
				    struct error *error);
	enum routes_outcome (*apply)(struct world *world, const struct route *route,
				     struct arena *arena, struct str *name, struct error *error);
	enum routes_outcome (*remove)(struct world *world, struct str namespace, struct str name,
				      struct error *error);
};

/* Those that carry all of these labels. Texts live in the arena. UNCHANGED, or what went wrong. */
static inline enum routes_outcome routes_list(struct world *world, struct str namespace,
					      const struct route_label *labels, size_t labels_count,
					      struct arena *arena, struct route_list *list,
					      struct error *error)
{
	return world->routes->list(world, namespace, labels, labels_count, arena, list, error);
}

/* Without a name a new one, whose owner is the root owner of the pod that asks; *name (may be NULL)
 * is its name, in the arena. With a name that one becomes like this. */
static inline enum routes_outcome routes_apply(struct world *world, const struct route *route,
					       struct arena *arena, struct str *name,
					       struct error *error)
{
	return world->routes->apply(world, route, arena, name, error);
}

static inline enum routes_outcome routes_remove(struct world *world, struct str namespace,
						struct str name, struct error *error)
{
	return world->routes->remove(world, namespace, name, error);
}

/* routes.c */
bool routes_went_well(enum routes_outcome outcome);
struct str route_label(const struct route *route, struct str name); /* empty: it has none */
bool route_has_labels(const struct route *route, const struct route_label *labels, size_t count);
/* In all that is wished for: labels, host, target and TLS. */
bool route_is_like(const struct route *route, const struct route *wanted);
/* What a generated name ends with. chance: of the world or the cluster. */
#define ROUTE_SUFFIX_SIZE 5
void route_write_suffix(char suffix[ROUTE_SUFFIX_SIZE], uint64_t chance);

#endif
