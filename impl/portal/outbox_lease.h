/* Which of the portals on one database delivers an outbox (backend_sync.h, zync.h, mailer.h): one
 * of them at a time, for as long as something is to be delivered. Webhooks and jobs need none: the
 * row itself is taken (webhooks.h), or the work done in the transaction that removes it (jobs.h).
 *
 * A row of `outbox_leases` for each outbox says who holds it, and a number that its holder raises
 * every OUTBOX_BEAT_US. Others watch that number: one that stands still for OUTBOX_LEASE_US of
 * their own clock is of a portal that is gone, and whoever sees it first takes over. No two clocks
 * are compared. So an entry is delivered twice only when its deliverer ended, or stood still for
 * that long, before it could say that it had done it.
 *
 * Order: outbox_lease_init(); whenever there is an entry outbox_lease_take(), and what it says
 * decides; outbox_lease_rest() when there is none left, outbox_lease_let_go() when the next try
 * must wait, and when the portal ends; outbox_lease_stop() before the memory goes. Outside
 * transactions only.
 */
#ifndef PORTAL_OUTBOX_LEASE_H
#define PORTAL_OUTBOX_LEASE_H

#include <stdbool.h>
#include <stdint.h>

#include "world/clock.h"

struct database;

#define OUTBOX_BEAT_US INT64_C(500000)
/* Some beats that are missed: nobody should wait for that portal any more. */
#define OUTBOX_SILENCE_US (3 * OUTBOX_BEAT_US)
/* Longer than a portal stands still that connects to its database anew (world/sql.h). */
#define OUTBOX_LEASE_US INT64_C(6000000)
/* So that changes which follow one another do not take and let go each for itself. Others whose
 * change comes in between wait for that long. */
#define OUTBOX_REST_US INT64_C(100000)
/* How soon those who do not hold it look again. */
#define OUTBOX_LOOK_US INT64_C(1000000)

enum outbox_hold {
	OUTBOX_OTHERS, /* hold it, or the database does not work: look again later */
	OUTBOX_TAKEN,  /* just now: look again at once what there is, others may have done it */
	OUTBOX_HELD,   /* for some time: deliver */
};

struct outbox_lease {
	struct world *world;
	struct database *database;
	const char *outbox;
	char holder[17];
	bool is_held, is_resting;
	bool is_others;   /* when it was looked at last */
	int64_t beats;    /* the number as it was written, or seen, last */
	int64_t since_us; /* when that was */
	struct timer beat;
};

void outbox_lease_init(struct outbox_lease *lease, struct world *world, struct database *database,
		       const char *outbox);
enum outbox_hold outbox_lease_take(struct outbox_lease *lease);
/* After OUTBOX_OTHERS: have they been silent for OUTBOX_SILENCE_US? */
bool outbox_lease_is_silent(const struct outbox_lease *lease);
void outbox_lease_let_go(struct outbox_lease *lease);
/* Nothing is left: lets go after OUTBOX_REST_US, unless it is taken again before. */
void outbox_lease_rest(struct outbox_lease *lease);
void outbox_lease_stop(struct outbox_lease *lease); /* writes nothing */

#endif
