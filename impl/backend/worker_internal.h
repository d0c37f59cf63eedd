/* The worker's two halves: its rounds (worker_rounds.c), and its life, waiting and pauses
 * (worker.c).
 *
 * worker_begin_round() looks what there is and does a round of it; what ends a round is either
 * worker_end_round(), which begins the next, or one of the functions of the other half below, which
 * begin it later. All that a round needs lies in the worker's arena until the next begins.
 */
#ifndef BACKEND_WORKER_INTERNAL_H
#define BACKEND_WORKER_INTERNAL_H

#include "backend/batch.h"
#include "backend/in_flight.h"
#include "backend/job_round.h"
#include "backend/worker.h"
#include "base/vec.h"
#include "world/clock.h"

#define WORKER_ROUND_JOBS_MAX 64

enum worker_state {
	WORKER_IDLE,
	WORKER_WAITING, /* a Redis will say when there is a job */
	WORKER_PAUSED,
	WORKER_WORKING,
	WORKER_LEAVING,
	WORKER_ENDED,
};

struct drain {
	worker_drained *drained;
	void *data;
};

struct worker {
	struct backend *backend;
	struct redis_client *blocking; /* NULL: whoever enqueues wakes the worker */
	bool is_blocked;               /* a command waits there */
	enum worker_state state;
	bool is_woken;    /* while working */
	bool is_clearing; /* waits for rounds to be settled */
	bool is_stopping;
	bool is_registered;
	bool is_troubled; /* and has said so */
	struct timer wake;
	struct timer pause;
	void (*resume)(struct worker *worker); /* after the pause */
	VEC(struct drain) drains;

	struct in_flight in_flight;
	struct job_round round;
	struct arena *arena; /* of the round */
	struct batch batch;
	enum queue queue;
	struct str name; /* of the round in flight */
	struct str *payloads;
	size_t count, jobs_max;
};

/* worker_rounds.c */
void worker_begin_round(struct worker *worker);
void worker_end_round(struct worker *worker); /* and begins another, unless it is to stop */
/* A round of the one job that the blocking command of a server without BLMOVE brought. */
void worker_take_arrived(struct worker *worker, const struct redis_reply *reply);

/* worker.c */
void worker_note_trouble(struct worker *worker, struct str why); /* is said once */
void worker_note_success(struct worker *worker);
void worker_pause_before(struct worker *worker, void (*resume)(struct worker *worker));
void worker_try_again(struct worker *worker, struct str why); /* a round, after a pause */
void worker_queues_are_empty(struct worker *worker);
void worker_leave(struct worker *worker); /* the process */

#endif
