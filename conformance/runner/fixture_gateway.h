/* The configuration of a gateway case: its patches over the default service of
 * conformance/README.md.
 */
#ifndef RUNNER_FIXTURE_GATEWAY_H
#define RUNNER_FIXTURE_GATEWAY_H

#include "base/str.h"

struct arena;
struct json;

/* Objects merge, everything else replaces, null removes. */
struct json *fixture_patch(struct arena *arena, const struct json *base, const struct json *patch);

/* {services: [...]}: one service for each patch; `patches` is one, a list, or NULL. Texts keep
 * their placeholders: {backend} and {upstream} are URLs. */
struct json *fixture_gateway_config(struct arena *arena, const struct json *patches);
/* Where clients find the first service. */
struct str fixture_gateway_host(const struct json *config);

#endif
