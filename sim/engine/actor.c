#include "sim/engine/actor.h"

#include <stdlib.h>

#include "base/bug.h"
#include "world/clock.h"

/* More tasks in one turn than that is a task that defers itself for ever. */
#define ACTOR_TASKS_PER_TURN_MAX 1000000

void actor_init(struct actor *actor, struct queue *queue, struct str host, struct str name,
		actor_turn_ended *turn_ended)
{
	*actor = (struct actor){
		.queue = queue, .host = host, .name = name, .turn_ended = turn_ended};
	list_init(&actor->tasks);
	list_init(&actor->resources);
	list_init(&actor->streams);
}

size_t actor_end(struct actor *actor)
{
	size_t left = actor->timers.count;
	struct list_link *link;

	actor->is_gone = true;
	while ((link = list_take_first(&actor->resources)) != NULL) {
		struct actor_resource *resource = LIST_ENTRY(link, struct actor_resource, link);

		left++;
		resource->destroy(resource);
	}
	list_init(&actor->tasks);
	free(actor->timers.nodes); /* heap_free() would touch the timers */
	actor->timers = (struct heap){0};
	queue_cancel(actor->queue, &actor->timer_event);
	queue_cancel(actor->queue, &actor->wake);
	return left;
}

struct actor *actor_turn_begin(struct actor *actor)
{
	struct actor *before = actor->queue->current;

	BUG_IF(before == actor);
	actor->queue->current = actor;
	return before;
}

void actor_turn_end(struct actor *actor, struct actor *before)
{
	struct list_link *link;
	size_t count = 0;

	while ((link = list_take_first(&actor->tasks)) != NULL) {
		struct task *task = LIST_ENTRY(link, struct task, link);

		BUG_IF(++count > ACTOR_TASKS_PER_TURN_MAX);
		task->run(task);
	}
	if (actor->turn_ended != NULL)
		actor->turn_ended(actor);
	actor->queue->current = before;
}

static void actor_woken(struct event *event)
{
	struct actor *actor = LIST_ENTRY(event, struct actor, wake);

	actor_turn_end(actor, actor_turn_begin(actor));
}

void actor_wake(struct actor *actor)
{
	if (!actor->is_gone && !queue_is_waiting(&actor->wake))
		queue_at(actor->queue, &actor->wake, actor->queue->now_us, actor_woken);
}

void actor_defer(struct actor *actor, struct task *task)
{
	if (actor->is_gone || list_is_linked(&task->link))
		return;
	list_append(&actor->tasks, &task->link);
	if (actor->queue->current != actor)
		actor_wake(actor);
}

static void actor_timer_due(struct event *event);

/* The event may come early when the first timer was stopped meanwhile: that is cheaper than moving
 * it each time. */
static void actor_arm(struct actor *actor)
{
	struct heap_node *first = heap_first(&actor->timers);

	if (first == NULL)
		return;
	if (!queue_is_waiting(&actor->timer_event) || actor->timer_event.node.due > first->due)
		queue_at(actor->queue, &actor->timer_event, first->due, actor_timer_due);
}

static void actor_timer_due(struct event *event)
{
	struct actor *actor = LIST_ENTRY(event, struct actor, timer_event);
	struct heap_node *first = heap_first(&actor->timers);

	if (first == NULL || first->due > actor->queue->now_us) {
		actor_arm(actor);
		return;
	}

	struct timer *timer = LIST_ENTRY(first, struct timer, node);
	struct actor *before = actor_turn_begin(actor);

	heap_remove(&actor->timers, first);
	actor_arm(actor);
	timer->fired(timer);
	actor_turn_end(actor, before);
}

void actor_timer_start(struct actor *actor, struct timer *timer, int64_t delay_us)
{
	if (actor->is_gone)
		return;
	heap_remove(&actor->timers, &timer->node);
	heap_insert(&actor->timers, &timer->node, queue_time_add(actor->queue->now_us, delay_us));
	actor_arm(actor);
}

void actor_timer_stop(struct actor *actor, struct timer *timer)
{
	/* After its end the heap is gone, and with it the place the timer believes to have. */
	if (actor->is_gone)
		timer->node.position = 0;
	else
		heap_remove(&actor->timers, &timer->node);
}

void actor_own(struct actor *actor, struct actor_resource *resource,
	       void (*destroy)(struct actor_resource *resource))
{
	resource->destroy = destroy;
	list_append(&actor->resources, &resource->link);
}

void resource_disown(struct actor_resource *resource)
{
	if (list_is_linked(&resource->link))
		list_remove(&resource->link);
}
