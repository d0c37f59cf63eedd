/* Whoever events are delivered to: a process, or the simulator's own servers. One event and then
 * the actor's deferred tasks make a turn; an actor is never called while it is in one.
 *
 * The actor also knows all it must give up when it ends: timers, tasks, streams and resources
 * (whatever a port made for it). Timers and tasks lie in the component's memory, which is gone by
 * then: they are dropped without being touched.
 */
#ifndef SIM_ENGINE_ACTOR_H
#define SIM_ENGINE_ACTOR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/heap.h"
#include "base/list.h"
#include "base/str.h"
#include "sim/engine/queue.h"

struct task;
struct timer;
struct actor;

/* Embedded in what a port makes; `destroy` frees it without calling the component. */
struct actor_resource {
	struct list_link link;
	void (*destroy)(struct actor_resource *resource);
};

typedef void actor_turn_ended(struct actor *actor);

struct actor {
	struct queue *queue;
	struct str host, name; /* for the trace */
	struct list_link tasks;
	struct list_link resources;
	struct list_link streams; /* net/stream.c */
	struct heap timers;
	struct event timer_event, wake;
	actor_turn_ended *turn_ended; /* after the tasks; may be NULL */
	bool is_gone;                 /* takes no more turns */
};

void actor_init(struct actor *actor, struct queue *queue, struct str host, struct str name,
		actor_turn_ended *turn_ended);
/* Ends it: drops timers and tasks, destroys resources. Returns how many resources and timers had
 * been left behind. */
size_t actor_end(struct actor *actor);

/* A turn: `struct actor *before = actor_turn_begin(a); ... actor_turn_end(a, before);` */
struct actor *actor_turn_begin(struct actor *actor);
void actor_turn_end(struct actor *actor, struct actor *before);
/* Makes sure that a turn of the actor follows, at the present time. */
void actor_wake(struct actor *actor);

void actor_defer(struct actor *actor, struct task *task);
void actor_timer_start(struct actor *actor, struct timer *timer, int64_t delay_us);
void actor_timer_stop(struct actor *actor, struct timer *timer);
void actor_own(struct actor *actor, struct actor_resource *resource,
	       void (*destroy)(struct actor_resource *resource));
void resource_disown(struct actor_resource *resource); /* one without an owner is fine */

#endif
