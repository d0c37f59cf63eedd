/* Everything backend must know of every tenant, once more (spec/portal.md 6.3): for a backend that
 * lost its storage. The calls wait in the outbox behind those that are there, in small transactions
 * of their own, so that a portal which runs beside it is not held up: what changes meanwhile is
 * pushed behind. False and *error: some of it may be in the outbox, which does no harm. */
#ifndef PORTAL_BACKEND_REWRITE_H
#define PORTAL_BACKEND_REWRITE_H

#include <stdbool.h>

struct database;
struct error;
struct settings;

bool backend_rewrite(struct database *database, const struct settings *settings,
		     struct error *error);

#endif
