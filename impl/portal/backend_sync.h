/* Sends the outbox (backend_push.h) to backend's Internal API, one call after another in the order
 * of the rows, and keeps each row until backend has taken it: what was committed arrives, also
 * after a restart. A failure is repeated after 1, 2, 4 ... 300 seconds (spec/portal.md 6.3), which
 * a restart does not shorten. Rows that another process adds are found within five seconds. Of
 * several portals on a database one sends at a time (outbox_lease.h).
 *
 * A refusal that no repetition can change (a 4xx but 401, 403, 408, 429) is written to the log and
 * left behind: one bad row must not hold back all others.
 */
#ifndef PORTAL_BACKEND_SYNC_H
#define PORTAL_BACKEND_SYNC_H

#include <stdint.h>

#include "base/list.h"

struct backend_sync;
struct database;
struct settings;
struct world;

struct backend_sync *backend_sync_create(struct world *world, struct database *database,
					 const struct settings *settings);
void backend_sync_destroy(struct backend_sync *sync); /* NULL is allowed */
/* Another process sends the rows: this one only looks how far it is, for those who wait. */
void backend_sync_follow(struct backend_sync *sync);
/* The portal ends: another one may send at once. */
void backend_sync_let_go(struct backend_sync *sync);
/* There may be rows. Outside a transaction only. */
void backend_sync_wake(struct backend_sync *sync);

/* For tests: that much time has passed for the portal, though not for its timers. */
void backend_sync_passed(struct backend_sync *sync, int64_t passed_us);

/* Somebody who goes on when the rows up to a number were tried once. */
struct backend_waiter {
	struct list_link link;
	int64_t up_to;
	void (*tried)(struct backend_waiter *waiter);
};

/* The highest number of a row; 0 when the outbox is empty. */
int64_t backend_sync_newest(struct backend_sync *sync);
/* Calls `tried` later, or at once when backend is known to be away. */
void backend_sync_wait(struct backend_sync *sync, struct backend_waiter *waiter);
void backend_sync_wait_stop(struct backend_waiter *waiter);

#endif
