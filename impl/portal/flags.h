/* What can be switched on and off (spec/portal.md 4.8). The release says how each stands at first;
 * ROLLING_UPDATES changes some: "proxy_private_base_path=off,cms_api=on"; so does the section
 * `rolling_updates` of the settings' file. */
#ifndef PORTAL_FLAGS_H
#define PORTAL_FLAGS_H

#include <stdbool.h>

#include "base/str.h"

struct error;
struct release;

enum flag {
	FLAG_SERVICE_PERMISSIONS,
	FLAG_DUPLICATE_APPLICATION_ID,
	FLAG_DUPLICATE_USER_KEY,
	FLAG_APICAST_PER_SERVICE,
	FLAG_NEW_NOTIFICATION_SYSTEM,
	FLAG_APICAST_V2,
	FLAG_APICAST_OIDC,
	FLAG_PUBLISHED_SERVICE_PLAN_SIGNUP,
	FLAG_POLICIES,
	FLAG_POLICY_REGISTRY,
	FLAG_PROXY_PRIVATE_BASE_PATH,
	FLAG_SERVICE_MESH_INTEGRATION,
	FLAG_APICAST_V1,
	FLAG_NEW_PROVIDER_DOCUMENTATION,
	FLAG_PROXY_PRO,
	FLAG_INSTANT_BILL_PLAN_CHANGE,
	FLAG_ASYNC_APICAST_DEPLOY,
	FLAG_PLAN_CHANGES_WIZARD,
	FLAG_REQUIRE_CC_ON_SIGNUP,
	FLAG_CMS_API,
	FLAG_FORUM,
	FLAG_API_AS_PRODUCT,
	FLAG_ACTIVE_DOCS_PROXY,
	FLAG_UPSTREAM_MYSQL_LIMITS, /* none, that is (database_address.h) */
	FLAGS
};

struct flags {
	bool is_on[FLAGS];
};

/* As the release has them. */
void flags_init(struct flags *flags, const struct release *release);
bool flags_set(struct flags *flags, struct str name, bool is_on); /* false: there is none */
/* What ROLLING_UPDATES says. False when it names a flag that is none, or something else than on and
 * off. */
bool flags_read(struct flags *flags, struct str text, struct error *error);

#endif
