/* The manifests of GET /policies (spec/gateway.md 7, 9.1): of the built-in policies, and of those
 * in the directories of APICAST_POLICY_LOAD_PATH, <dir>/<name>/<version>/apicast-policy.json. The
 * latter are scripts: this gateway shows them, and leaves them out of chains. */
#ifndef GATEWAY_POLICIES_MANIFESTS_H
#define GATEWAY_POLICIES_MANIFESTS_H

struct arena;
struct gateway;
struct json;

/* {"<name>": [manifest, ...], ...}; one that cannot be used is left out with a line in the log. */
struct json *policy_manifests(struct gateway *gateway, struct arena *arena);

#endif
