/* What identity providers say of themselves (spec/gateway.md 2.5): for every service with an issuer
 * and without a document of its own, the configuration and the keys behind it; part of loading a
 * configuration. A provider that cannot be read leaves `false` in its place, and a line in the log.
 *
 * discovery_start() .. `done` (once, maybe at once) .. discovery_stop(), legal at any time.
 */
#ifndef GATEWAY_DISCOVERY_H
#define GATEWAY_DISCOVERY_H

#include <stdbool.h>
#include <stddef.h>

#include "base/str.h"
#include "gateway/outgoing.h"
#include "http/message.h"

struct arena;
struct gateway;
struct http_body_collector;
struct json;
struct url;

typedef void discovery_done(void *data);

/* A provider to ask, and where what it says belongs. */
struct discovery_job {
	struct str issuer;   /* its URL, with user and password: never log it */
	struct json *answer; /* false, until it is known */
};

/* The caller's; zeroed memory is at rest. */
struct discovery {
	struct gateway *gateway;
	struct arena *arena; /* of the document that is filled in */
	struct discovery_job *jobs;
	size_t count, capacity, at;
	discovery_done *done;
	void *data;

	/* The call under way. */
	bool asks_for_keys; /* the second of the two */
	struct json *configuration;
	struct str url; /* without user and password */
	struct http_fields fields;
	struct outgoing outgoing;
	struct http_body_collector *collector;
	struct timer patience;
};

/* services: array of contents; oidc: array, an element for each of them, filled in where it is no
 * object; issuers: object, filled in with a member for each issuer_endpoint of a policy. */
void discovery_start(struct discovery *discovery, struct gateway *gateway, struct arena *arena,
		     const struct json *services, struct json *oidc, struct json *issuers,
		     discovery_done *done, void *data);
void discovery_stop(struct discovery *discovery);

#endif
