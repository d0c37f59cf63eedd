#include "sim/engine/queue.h"

#include <stddef.h>

#include "base/list.h"

void queue_free(struct queue *queue)
{
	heap_free(&queue->heap);
}

void queue_at(struct queue *queue, struct event *event, int64_t time_us, event_run *run)
{
	if (heap_contains(&event->node))
		heap_remove(&queue->heap, &event->node);
	event->run = run;
	heap_insert(&queue->heap, &event->node, time_us > queue->now_us ? time_us : queue->now_us);
}

void queue_cancel(struct queue *queue, struct event *event)
{
	heap_remove(&queue->heap, &event->node);
}

bool queue_is_waiting(const struct event *event)
{
	return heap_contains(&event->node);
}

bool queue_step(struct queue *queue, int64_t until_us)
{
	struct heap_node *first = heap_first(&queue->heap);

	if (first == NULL || first->due > until_us)
		return false;

	struct event *event = LIST_ENTRY(first, struct event, node);

	heap_remove(&queue->heap, first);
	queue->now_us = first->due;
	queue->carried_out++;
	event->run(event);
	return true;
}

int64_t queue_time_add(int64_t time_us, int64_t delay_us)
{
	if (delay_us <= 0)
		return time_us;
	return delay_us > INT64_MAX - time_us ? INT64_MAX : time_us + delay_us;
}
