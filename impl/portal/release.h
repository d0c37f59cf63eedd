/* In what the releases differ (spec/portal.md 0): one row of traits each, so that nothing else asks
 * for a release by its name. 2.6 is the default; "later" is what newer clients ask for.
 *
 * Lists of properties mark what not every release has: "deployment_option:2.6" is there from 2.6
 * on, "tech_support_email:-2.6" until then. */
#ifndef PORTAL_RELEASE_H
#define PORTAL_RELEASE_H

#include <stdbool.h>

#include "base/str.h"

struct release {
	struct str name;             /* "2.6", as on the command line */
	bool has_later_routes;       /* ROUTE_LATER */
	bool has_zync_routes;        /* zync is told of domains, and makes the routes */
	bool has_private_base_paths; /* the flag of that name is on unless told otherwise (4.6) */
	bool tests_by_seed_label;    /* "Update & Test Staging Configuration" (5.1) */
};

/* NULL: there is no such release. An empty name is the default's. */
const struct release *release_find(struct str name);

/* Cuts the mark off a property's name; false when the release does not have the property. */
bool release_has_property(const struct release *release, struct str *name);

#endif
