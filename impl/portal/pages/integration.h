/* What the pages of a service's integration (spec/portal.md 7.6) have in common. */
#ifndef PORTAL_PAGES_INTEGRATION_H
#define PORTAL_PAGES_INTEGRATION_H

#include "base/str.h"

struct record;
struct visit;

/* "/apiconfig/services/7/integration" with what follows. */
struct str integration_path(struct visit *visit, const char *rest);
/* The line of the last test, by its colour (5.3). */
void integration_write_test_line(struct visit *visit, const struct record *proxy);
/* A warning when a public base URL begins with a digit (PT-057). */
void integration_write_warnings(struct visit *visit, const struct record *proxy);

#endif
