/* The virtual clock and the event queue: what is due first happens first, equal times in the order
 * in which they were scheduled. Time moves only from one event to the next.
 *
 * Events are intrusive: their owner's struct holds them, scheduling one never allocates. An event
 * is over when its `run` is called and may be scheduled again from there. Times are microseconds
 * since the run began.
 */
#ifndef SIM_ENGINE_QUEUE_H
#define SIM_ENGINE_QUEUE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/heap.h"

struct actor;
struct event;
typedef void event_run(struct event *event);

struct event {
	struct heap_node node; /* first */
	event_run *run;
};

struct queue {
	struct heap heap;
	int64_t now_us;
	uint64_t carried_out;
	struct actor *current; /* whose turn it is (actor.h) */
};

/* Every waiting event must still be there: it is taken out. */
void queue_free(struct queue *queue);
/* Schedules, or moves, an event; the past counts as now. */
void queue_at(struct queue *queue, struct event *event, int64_t time_us, event_run *run);
void queue_cancel(struct queue *queue, struct event *event); /* one that does not wait is fine */
bool queue_is_waiting(const struct event *event);
/* Carries out the first event that is due by then. False when there is none: now_us stays. */
bool queue_step(struct queue *queue, int64_t until_us);
/* a + b for times, INT64_MAX at most. b may be negative and then counts as 0. */
int64_t queue_time_add(int64_t time_us, int64_t delay_us);

#endif
