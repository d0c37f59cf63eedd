/* Who calls, and whether it may (spec/portal.md 2.1 to 2.3). */
#ifndef PORTAL_AUTHENTICATION_H
#define PORTAL_AUTHENTICATION_H

#include <stdbool.h>

#include "base/str.h"

struct call;
struct record;

/* Finds the account whose API the call's host names (hosts.h). False (and an answer) when it names
 * no admin portal. */
bool authentication_find_tenant(struct call *call);
/* Identifies the caller and checks the scopes of the route. False (and an answer) when it may not
 * go on. `authorization`: the header field, or empty. */
bool authentication_admit(struct call *call, struct str authorization);
/* The route's own guards: master or tenants only, what members may not. False and a 403. */
bool authentication_guard(struct call *call);

/* A user in a browser: of the tenant, or one of its developers (pages/session.h). */
void authentication_use_session(struct call *call, struct record *user);
/* Whether the caller's user may see that section of the portal (spec/portal.md 2.2). */
bool authentication_user_has_section(struct call *call, const char *section);
/* Whether tokens of the caller's user may have that scope. */
bool authentication_user_may_use(struct call *call, struct str scope);

#endif
