/* The routes of the cluster, where no zync keeps them (spec/portal.md 6.7): the hosts of master and
 * of tenants, and the endpoints of hosted proxies, each with the service it leads to.
 *
 * They are rows of `cluster_routes`, made to follow one account or one service at a time. Changes
 * are said on standard output ("route created host=... to=..."), and ROUTES_FILE, when it is set,
 * always holds all of them: {"routes":[{"host":"...","to":"system-provider"},...]}.
 */
#ifndef PORTAL_ZYNC_ROUTES_H
#define PORTAL_ZYNC_ROUTES_H

#include <stdbool.h>
#include <stdint.h>

#include "base/str.h"

struct database;
struct settings;

/* In a transaction. type: of a notice. True when a route changed. */
bool zync_routes_follow(struct database *database, struct str type, int64_t object_id,
			int64_t service_id);
/* Outside: writes ROUTES_FILE. */
void zync_routes_write(struct database *database, const struct settings *settings);

#endif
