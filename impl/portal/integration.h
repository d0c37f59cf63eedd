/* The update button of the integration page (spec/portal.md 5.1, 7.6): saves the proxy with its
 * mapping rules, chain of policies and flows of OpenID Connect, makes the staging version, and has
 * the staging gateway called once. In the transaction of a call whose path names the service. */
#ifndef PORTAL_INTEGRATION_H
#define PORTAL_INTEGRATION_H

#include "portal/hosted_testing.h"

struct call;
struct json;
struct record;
struct validation;

enum integration_result {
	INTEGRATION_REFUSED, /* nothing was written; *faults says why, by attribute */
	INTEGRATION_STALE,   /* somebody else wrote since the form was made; nothing was written */
	INTEGRATION_UPDATED, /* no test is made */
	INTEGRATION_TESTING, /* call->errand makes it and says how it went */
};

/* `sent`: proxy[...] of the form: attributes of the proxy, lock_version, policies_config (JSON
 * text), proxy_rules_attributes (an object or array of mapping rules: id for old ones, _destroy for
 * those to be deleted), oidc_configuration_attributes. Faults of rules are "proxy_rules.pattern"
 * and the like. */
enum integration_result integration_update(struct call *call, const struct json *sent,
					   struct validation *faults, hosted_test_over *over);

/* Whether the button tests, for its label: the service is hosted, takes keys, and has a test path.
 */
bool integration_is_tested(struct call *call, const struct record *service,
			   const struct record *proxy);

#endif
