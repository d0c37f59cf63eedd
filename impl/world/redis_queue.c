#include "world/redis_queue.h"

#include "base/bug.h"

#define FORGET_COUNT 64

void redis_queue_free(struct redis_queue *queue)
{
	vec_free(&queue->waiting);
	vec_free(&queue->lost);
}

/* The first `count` leave the queue. */
static void drop_first(struct redis_queue *queue, size_t count)
{
	size_t kept = queue->waiting.count - count;

	for (size_t i = 0; i < kept; i++)
		queue->waiting.items[i] = queue->waiting.items[count + i];
	queue->waiting.count = kept;
	queue->answered = queue->answered > count ? queue->answered - count : 0;
	queue->sent = queue->sent > count ? queue->sent - count : 0;
}

/* A client that always waits for something would otherwise keep all that it was ever told. */
void redis_queue_add(struct redis_queue *queue, redis_replied *replied, void *data, int64_t now_us)
{
	struct redis_waiting waiting = {.replied = replied, .data = data, .since_us = now_us};

	if (queue->answered >= FORGET_COUNT && queue->answered >= queue->waiting.count / 2)
		drop_first(queue, queue->answered);
	vec_push(&queue->waiting, waiting);
}

void redis_queue_note_sent(struct redis_queue *queue)
{
	queue->sent = queue->waiting.count;
}

void redis_queue_restart(struct redis_queue *queue, int64_t now_us)
{
	for (size_t i = queue->answered; i < queue->waiting.count; i++)
		queue->waiting.items[i].since_us = now_us;
}

bool redis_queue_is_empty(const struct redis_queue *queue)
{
	return queue->answered == queue->waiting.count;
}

bool redis_queue_has_unsent(const struct redis_queue *queue)
{
	return queue->sent < queue->waiting.count;
}

int64_t redis_queue_oldest_us(const struct redis_queue *queue)
{
	BUG_IF(redis_queue_is_empty(queue));
	return queue->waiting.items[queue->answered].since_us;
}

bool redis_queue_answer(struct redis_queue *queue, const struct redis_reply *reply)
{
	struct redis_waiting first;

	if (queue->answered == queue->sent)
		return false;
	first = queue->waiting.items[queue->answered++];
	if (redis_queue_is_empty(queue))
		queue->answered = queue->sent = queue->waiting.count = 0;
	if (first.replied != NULL)
		first.replied(reply, first.data);
	return true;
}

static void lose_before(struct redis_queue *queue, size_t end)
{
	for (size_t i = queue->answered; i < end; i++) {
		struct redis_waiting lost = queue->waiting.items[i];

		lost.never_left = i >= queue->sent;
		vec_push(&queue->lost, lost);
	}
	drop_first(queue, end);
}

void redis_queue_lose_all(struct redis_queue *queue)
{
	lose_before(queue, queue->waiting.count);
}

void redis_queue_lose_sent(struct redis_queue *queue)
{
	lose_before(queue, queue->sent);
}

void redis_queue_tell_lost(struct redis_queue *queue, struct str why)
{
	while (queue->lost_told < queue->lost.count) {
		struct redis_waiting lost = queue->lost.items[queue->lost_told++];
		struct redis_reply reply = {
			.kind = REDIS_LOST, .text = why, .never_left = lost.never_left};

		if (lost.replied != NULL)
			lost.replied(&reply, lost.data);
	}
	queue->lost.count = queue->lost_told = 0;
}
