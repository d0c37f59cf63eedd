/* Everything backend must know of every tenant, once more (spec/portal.md 6.3): for a backend that
 * lost its storage. The calls wait in the outbox behind those that are there. */
#ifndef PORTAL_BACKEND_REWRITE_H
#define PORTAL_BACKEND_REWRITE_H

#include <stdbool.h>

struct database;
struct error;
struct settings;

bool backend_rewrite(struct database *database, const struct settings *settings,
		     struct error *error);

#endif
