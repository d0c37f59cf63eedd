/* What zync is told (spec/portal.md 6.7): applications and proxies of OpenID Connect services,
 * services, and the domains that need routes.
 *
 * A notice is a row written with the change it tells of; each is one job, tried again by itself,
 * for as long as Sidekiq would (25 times). With ZYNC_ENDPOINT it is a PUT of the tenant, then of
 * the notice; zync reads back what it needs, by a token of the tenant's impersonation user.
 * Without, the portal does zync's work on routes itself (zync_routes.h).
 * Of several portals on a database one tells at a time (outbox_lease.h).
 */
#ifndef PORTAL_ZYNC_H
#define PORTAL_ZYNC_H

#include <stdbool.h>
#include <stdint.h>

#include "portal/value.h"

struct database;
struct settings;
struct world;
struct zync;

struct zync_notice {
	struct str type; /* Application, Proxy, Service, Provider */
	int64_t object_id;
	struct value tenant_id, service_id;
	struct str parent_event_id, parent_event_type;
};

/* In a transaction. */
void zync_notice_add(struct database *database, const struct zync_notice *notice);

struct zync *zync_create(struct world *world, struct database *database,
			 const struct settings *settings);
void zync_destroy(struct zync *zync); /* NULL is allowed */
/* The portal ends: another one may go on at once. */
void zync_let_go(struct zync *zync);
/* There may be notices, or the clock was set. Outside a transaction only. */
void zync_wake(struct zync *zync);
/* Nothing is under way or due. */
bool zync_is_idle(const struct zync *zync);

#endif
