/* The policies a gateway has built in, asked from it (APICAST_REGISTRY_URL), together with the
 * tenant's own: the answer of GET /admin/api/policies (spec/portal.md 3.4). */
#ifndef PORTAL_GATEWAY_POLICIES_H
#define PORTAL_GATEWAY_POLICIES_H

#include "base/str.h"

struct arena;
struct gateway_policies;
struct world;

/* body: the document, "null" when the gateway cannot be asked; in the arena. */
typedef void gateway_policies_known(struct str body, void *data);

/* own: JSON object, name -> array of schemas. `known` is called later, once. */
struct gateway_policies *gateway_policies_ask(struct world *world, struct arena *arena,
					      struct str url, struct str own,
					      gateway_policies_known *known, void *data);
/* Before `known`; NULL is allowed. */
void gateway_policies_stop(struct gateway_policies *asked);
/* The union of both; "null" when `gateway` is no such document. */
struct str gateway_policies_merge(struct arena *arena, struct str gateway, struct str own);

#endif
