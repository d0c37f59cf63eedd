/* What stands around every page: brand, context selector, menus, the line of the last action, the
 * left column (spec/portal.md 7.1). */
#ifndef PORTAL_PAGES_FRAME_H
#define PORTAL_PAGES_FRAME_H

#include "base/str.h"

struct visit;

/* The whole document around visit->content. */
struct str frame_around(struct visit *visit, const char *title);

#endif
