/* What a tenant's policy says of itself in the registry, its schema (spec/portal.md 3.4): the
 * gateway's users see it, and forms are made from it. */
#ifndef PORTAL_POLICY_MANIFEST_H
#define PORTAL_POLICY_MANIFEST_H

struct json;
struct validation;

/* Adds faults of `schema`. `manifest` is an object. */
void policy_manifest_check(const struct json *manifest, struct validation *validation);

#endif
