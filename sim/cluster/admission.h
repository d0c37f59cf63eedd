/* Which routes the router serves (spec/cluster.md 6.5): of those that want the same host the
 * oldest, and wildcards where they are allowed. What it decides stands in the route's status, where
 * `oc` and zync read it: condition Admitted, with HostAlreadyClaimed or RouteNotAdmitted. */
#ifndef SIM_CLUSTER_ADMISSION_H
#define SIM_CLUSTER_ADMISSION_H

#include "sim/cluster/objects.h"

/* Looks at every route, in the order of creation. */
void admission_decide(struct cluster *cluster, bool allows_wildcards);
bool admission_is_admitted(const struct cluster_object *route);
bool route_is_wildcard(const struct json *document);
/* What a route claims: "api.example.com"; of a wildcard route "*.example.com". In the arena. */
struct str route_claim(const struct json *document, struct arena *arena);

#endif
