/* The policies a gateway has built in, asked from it (APICAST_REGISTRY_URL), together with the
 * tenant's own: the answer of GET /admin/api/policies (spec/portal.md 3.4). */
#ifndef PORTAL_GATEWAY_POLICIES_H
#define PORTAL_GATEWAY_POLICIES_H

#include "base/str.h"

struct arena;
struct call;
struct errand;

/* The errand that completes an answer whose body is the tenant's own policies: a JSON object, name
 * -> array of schemas. The body becomes "null" when the gateway cannot be asked. */
struct errand *gateway_policies_errand(struct call *call);

#endif
