/* Jobs in flight: taken from a Redis by one worker, not yet counted (spec/backend.md 5.3).
 *
 * The jobs of a round are moved to a list of their own, so that they outlive the worker. What they
 * count is written to the storage in one transaction together with a mark of the round, which
 * tells for ever whether they were counted. Databases:
 *
 *   queues   resque:refscale:in_flight            set: the rounds, "<worker>:<number>:<queue>"
 *            resque:refscale:jobs:<round>         list: its jobs
 *            resque:refscale:lease:<worker>       there while the worker lives and has jobs
 *   storage  refscale:counted:<round>             "counted" or "returned"
 *
 * A round is settled by whoever holds it, or, when its worker's lease is over, by any other worker:
 * the mark is set to "returned" unless it is there. That decides it, since the worker watches the
 * mark from before it took the first job and its transaction is refused once the mark has changed.
 * Counted jobs are dropped, the others go back to the front of their queue in their order. Then
 * the keys go, the round's name last: whoever settles may die at any time, and two may do it at
 * once. No key is left when the queues are empty.
 *
 * A server without LMOVE (before Redis 6.2) is worked with as 3scale does: jobs leave their queue
 * when they are taken, and are in the hand of the worker alone.
 */
#ifndef BACKEND_IN_FLIGHT_H
#define BACKEND_IN_FLIGHT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "backend/batch.h"
#include "backend/jobs.h"

struct arena;
struct backend;

#define WORKER_ID_BYTES 17

struct in_flight {
	struct backend *backend;
	char id[WORKER_ID_BYTES];
	uint64_t rounds;
	bool is_unsupported; /* no LMOVE */
	bool has_lease;
	bool has_leftovers; /* a round of this worker could not be settled */
	bool has_looked;
	int64_t looked_us; /* for rounds of others; monotonic */
	size_t settling;   /* rounds */
};

void in_flight_init(struct in_flight *in_flight, struct backend *backend);

/* A new round's name. Its mark is watched from here on. */
struct str in_flight_begin(struct in_flight *in_flight, struct arena *arena, enum queue queue);
/* The list of a round; empty on a server without LMOVE. */
struct str in_flight_list(const struct in_flight *in_flight, struct arena *arena, struct str round);
/* Takes up to `count` jobs. The replies to LMOVE (or LPOP) are the batch's last ones. */
void in_flight_take(struct in_flight *in_flight, struct batch *batch, struct str round,
		    enum queue queue, size_t count);
/* Is it a reply that a server without LMOVE gives? Then the jobs are taken without it from now on.
 */
bool in_flight_is_unknown(struct in_flight *in_flight, const struct redis_reply *reply);
/* For the round's transaction: that it was counted. is_in_hand: there is no list. */
void in_flight_mark_counted(struct arena *arena, struct redis_client *storage, struct str round,
			    bool is_in_hand);

/* What is known of a round. */
enum in_flight_fate { FATE_COUNTED, FATE_NOT_COUNTED, FATE_UNKNOWN };

/* has_failed: not settled, or not wholly; it may be tried again. */
typedef void in_flight_settled(bool has_failed, void *data);

/* The jobs that this worker holds in its hand where there is no list; NULL elsewhere. */
struct in_flight_hand {
	enum queue queue;
	const struct str *payloads;
	size_t count;
};

void in_flight_settle(struct in_flight *in_flight, struct str round, enum in_flight_fate fate,
		      const struct in_flight_hand *hand, in_flight_settled *settled, void *data);

/* Is it time to look for rounds that others left behind, or that this worker could not settle? */
bool in_flight_has_to_look(const struct in_flight *in_flight);
/* Looks for them and settles them. Not while a round of this worker is being worked on. */
void in_flight_look(struct in_flight *in_flight, in_flight_settled *looked, void *data);
/* When nothing is in flight. */
void in_flight_end_lease(struct in_flight *in_flight, struct batch *batch);

#endif
