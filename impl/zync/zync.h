/* zync: keeps the cluster's routes in step with the portal's tenants and proxies (spec/cluster.md
 * 5).
 *
 * PUT /tenant {id, endpoint, access_token}: how a tenant's portal is read.
 *
 * PUT /notification {type, id, tenant_id, service_id}: something may have changed. 201; 422 while
 * zync does not know its tenant, or its service.
 *
 * GET /status/live, /status/ready: 200.
 *
 * PUT needs `Authorization: Token token="<ZYNC_AUTHENTICATION_TOKEN>"`, else 401. A notification is
 * stored before it is answered, and worked off by itself: the object is read back from the portal
 * and its routes follow (routes.h). What fails is tried again with growing waits, ten times.
 *
 * Variables: ZYNC_AUTHENTICATION_TOKEN; DATABASE_URL (sqlite:zync.sqlite); SYSTEM_PROVIDER_PORT,
 * tcp://IP:PORT of the portal's service, without which a tenant's own endpoint is asked;
 * POD_NAMESPACE. Routes are made where the variables of the services they lead to are set:
 * SYSTEM_PROVIDER_PORT, SYSTEM_DEVELOPER_PORT, SYSTEM_MASTER_PORT and APICAST_STAGING_PORT.
 *
 * Options: --port N (8080; 0 = any free one), --address IP. Exit statuses: 2 for wrong options, 1
 * when it cannot listen, or open its database.
 */
#ifndef ZYNC_ZYNC_H
#define ZYNC_ZYNC_H

#include "world/component.h"

extern const struct component zync_component;

#endif
