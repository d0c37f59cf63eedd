/* The routes of the cluster where there is no zync to keep them (spec/portal.md 6.7): the portal
 * does its work itself, through the port of the world (zync/routes.h, world/routes.h).
 */
#ifndef PORTAL_ZYNC_ROUTES_H
#define PORTAL_ZYNC_ROUTES_H

#include <stdint.h>

#include "base/str.h"
#include "world/routes.h"

struct database;
struct error;

/* Makes the routes of what a notice speaks of what they should be. In a transaction, which may be
 * one that only reads. object_id and service_id: of the notice; type: Provider, Proxy, Service (its
 * proxy); of other types there are no routes. */
enum routes_outcome zync_routes_follow(struct database *database, struct str type,
				       int64_t object_id, int64_t tenant_id, int64_t service_id,
				       struct error *error);

#endif
