/* The routes of the API, a table for each part of it (routes/), and the table of what parts of a
 * path stand for. Rows of a table are tried in order: literals before parameters. */
#ifndef PORTAL_ROUTES_H
#define PORTAL_ROUTES_H

#include <stdbool.h>
#include <stddef.h>

#include "base/str.h"

struct call;
struct resource;

typedef void route_handler(struct call *call);

enum route_flag {
	ROUTE_JSON_ONLY = 1 << 0,    /* XML is not served: 406 */
	ROUTE_JSON_DEFAULT = 1 << 1, /* no suffix means JSON, not XML */
	ROUTE_MASTER = 1 << 2,       /* /master/api: another host, other refusals (portal.md 2.3) */
	ROUTE_PAGED = 1 << 3,
	ROUTE_PAGED_ON_REQUEST = 1 << 4, /* only when the caller names a page: newer gateways do */
	ROUTE_DOTS = 1 << 5,   /* the last part may hold dots: only .json, .xml are suffixes */
	ROUTE_SECRET = 1 << 6, /* the last part is a credential: not for logs */
	ROUTE_LATER = 1 << 7,  /* came after 2.6 (release.h) */
	ROUTE_OPEN = 1 << 8,   /* no credentials of the API: the handler asks for its own */
	ROUTE_SSO = 1 << 9,    /* an SSO token may stand for the impersonation user */
	ROUTE_USER = 1 << 10,  /* only for users: the provider key is nobody, 403 */
	ROUTE_TENANT_ONLY = 1 << 11, /* master has no such thing: 403 */
	ROUTE_MASTER_ONLY = 1 << 12, /* tenants have no such thing: 403 */
	/* What a member may not, whatever its sections (spec/portal.md 2.3, 7): 403. */
	ROUTE_ADMINS = 1 << 13,
	ROUTE_SELF = 1 << 14,          /* {tenant_user} must be itself */
	ROUTE_PLANS_SECTION = 1 << 15, /* needs the section `plans` too */
	ROUTE_FINANCE = 1 << 16,       /* 403 while the tenant does not bill */
	ROUTE_STATISTICS = 1 << 17,    /* of the Analytics API, which refuses in its own words */
	ROUTE_CSV = 1 << 18,           /* .csv is served, too */
	/* 403 while the flag of that name is off (flags.h). */
	ROUTE_POLICIES = 1 << 19,
	ROUTE_POLICY_REGISTRY = 1 << 20,
	ROUTE_SERVICE_PLANS = 1 << 21, /* 403 while the switch service_plans is denied */
};

struct route {
	const char *methods; /* blank separated */
	struct str path;     /* without suffix; {names} of the look-up table are records */
	route_handler *handle;
	const struct resource *resource;
	const char *where;  /* lists: condition and order, with the arguments of call.h */
	const char *parent; /* creation: the column that takes the innermost record's id */
	unsigned flags;
	const char *scopes; /* one of them is needed; NULL = account_management */
};

struct route_table {
	const struct route *rows;
	size_t count;
};

extern const struct route_table *const portal_route_tables[];
extern const size_t portal_route_tables_count;

/* Finds the records that the path of the route names, outermost first; false (and a 404 answer)
 * when one is missing or of another tenant. */
bool routes_look_up(struct call *call);
bool routes_find_records(struct call *call); /* the same without an answer */
/* How that part of a path is searched; NULL: it stands for no record. */
const char *routes_condition(struct str name);

#endif
