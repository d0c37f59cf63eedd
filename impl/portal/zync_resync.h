/* `rake zync:resync:domains` (spec/cluster.md 5): zync is told once more of the domains of every
 * tenant and proxy, or of one tenant's, for a zync or cluster that lost routes.
 *
 * The notices wait as all others do, for the portal that runs beside it or the next one. Small
 * transactions of their own, a tenant each.
 */
#ifndef PORTAL_ZYNC_RESYNC_H
#define PORTAL_ZYNC_RESYNC_H

#include <stdbool.h>
#include <stdint.h>

struct database;
struct error;

/* provider_id: 0 for all, with master. says: "<x>% completed" for each on standard output. */
bool zync_resync_domains(struct database *database, int64_t provider_id, bool says,
			 struct error *error);

#endif
