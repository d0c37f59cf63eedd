/* A Developer Portal that is not open yet (spec/portal.md 7.10): whoever has the tenant's access
 * code may see it. An empty code: everybody may. */
#ifndef PORTAL_PAGES_ACCESS_CODE_H
#define PORTAL_PAGES_ACCESS_CODE_H

#include <stdbool.h>

struct visit;

/* Whether the visitor may see the portal; else the page that asks for the code is the answer. A
 * right code in the query is kept as a cookie. */
bool access_code_admits(struct visit *visit);

#endif
