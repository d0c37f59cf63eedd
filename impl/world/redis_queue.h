/* The commands of a connection to a Redis that wait for their reply, in their order, and what
 * becomes of them when it is lost. Used by the clients of world/redis.h that have a connection, in
 * either world; a command is noted here when its words go to what is to be sent.
 *
 *     redis_queue_add() .. redis_queue_note_sent() .. redis_queue_answer() for each reply
 *
 * or, when the connection is lost, redis_queue_lose_all() or redis_queue_lose_sent(), and then
 * redis_queue_tell_lost(). Zeroed memory is an empty queue. Times are the caller's, in
 * microseconds.
 */
#ifndef WORLD_REDIS_QUEUE_H
#define WORLD_REDIS_QUEUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/vec.h"
#include "world/redis.h"

struct redis_waiting {
	redis_replied *replied; /* NULL: nobody wants to know */
	void *data;
	int64_t since_us;
	bool never_left; /* of a lost one */
};

struct redis_queue {
	VEC(struct redis_waiting) waiting;
	size_t answered; /* of `waiting`, at its front: they are forgotten now and then */
	size_t sent;     /* of `waiting`, at its front: at least in part, or tried to */
	VEC(struct redis_waiting) lost; /* being told */
	size_t lost_told;
};

void redis_queue_free(struct redis_queue *queue);
void redis_queue_add(struct redis_queue *queue, redis_replied *replied, void *data, int64_t now_us);
/* All that wait have been sent. */
void redis_queue_note_sent(struct redis_queue *queue);
/* All that wait begin to wait now. */
void redis_queue_restart(struct redis_queue *queue, int64_t now_us);

bool redis_queue_is_empty(const struct redis_queue *queue); /* nobody waits */
bool redis_queue_has_unsent(const struct redis_queue *queue);
int64_t
redis_queue_oldest_us(const struct redis_queue *queue); /* since when; not when it is empty */

/* Tells the first that was sent; what it calls may do anything with the queue but free it. False:
 * nothing was asked. */
bool redis_queue_answer(struct redis_queue *queue, const struct redis_reply *reply);

/* Those that wait (or of them those that were sent) wait no more and are to be told. */
void redis_queue_lose_all(struct redis_queue *queue);
void redis_queue_lose_sent(struct redis_queue *queue);
/* What it calls may lose more, and tell them: each is told once. */
void redis_queue_tell_lost(struct redis_queue *queue, struct str why);

#endif
