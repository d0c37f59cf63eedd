/* The worker: takes jobs from the queues, counts what they report, tells of what happened by it
 * (spec/backend.md 5.3, 6.6, 7).
 *
 * It works in rounds of jobs from one queue (job_round.h). With the embedded store jobs are looked
 * at first and leave the queue together with what they count, in one transaction; on a Redis they
 * are in flight until they are counted (in_flight.h). Either way nothing is lost and nothing
 * counted twice whenever the process ends.
 */
#ifndef BACKEND_WORKER_H
#define BACKEND_WORKER_H

#include <stdbool.h>

struct backend;
struct error;
struct worker;

typedef void worker_drained(void *data);

/* Begins to work, unless the process has test hooks: then it waits to be told. NULL and *error when
 * the queues' URL cannot be read. */
struct worker *worker_create(struct backend *backend, struct error *error);
void worker_destroy(struct worker *worker); /* after the clients were closed. NULL is allowed */
/* There may be jobs. NULL is allowed: the worker is elsewhere. */
void worker_wake(struct worker *worker);
/* Works until the queues are empty and nothing of its own is left in the databases, then calls. Not
 * after worker_stop(). */
void worker_drain(struct worker *worker, worker_drained *drained, void *data);
/* No new round; backend_work_ended() is called when the present one is over and the worker has
 * signed off. */
void worker_stop(struct worker *worker);
bool worker_has_ended(const struct worker *worker);
/* What it remembers of its own: "daily traffic seen" (6.8). */
void worker_forget(struct worker *worker);

#endif
