/* Redis commands that leave together and are waited for together.
 *
 * batch_begin(), any number of BATCH_SEND(), batch_end(). `done` is called once: when the last
 * reply is there, or from batch_end() itself when nothing was sent. The replies, in the order of
 * the commands, are copied into the arena. A connection that is lost, or an error as a reply, makes
 * the batch fail; the other replies are there all the same. A client may be NULL (closed): lost.
 */
#ifndef BACKEND_BATCH_H
#define BACKEND_BATCH_H

#include <stdbool.h>
#include <stddef.h>

#include "world/redis.h"

struct arena;
struct batch;

typedef void batch_done(struct batch *batch, void *data);

struct batch {
	struct arena *arena;
	batch_done *done;
	void *data;
	struct redis_reply *replies;
	size_t count, capacity, pending;
	bool has_failed;
	struct str failure; /* the first one's text */
};

void batch_begin(struct batch *batch, struct arena *arena, batch_done *done, void *data);
void batch_send(struct batch *batch, struct redis_client *client, const struct str *words,
		size_t count);
/* `seen` is shown the reply when it comes, before the batch is over. */
void batch_send_seen(struct batch *batch, struct redis_client *client, const struct str *words,
		     size_t count, redis_replied *seen, void *data);
void batch_end(struct batch *batch);

#define BATCH_SEND(batch, client, ...)                                                             \
	batch_send((batch), (client), (const struct str[]){__VA_ARGS__},                           \
		   sizeof((const struct str[]){__VA_ARGS__}) / sizeof(struct str))

/* Reading replies: nil and absent are texts without data. */
struct str reply_text(const struct redis_reply *reply);
struct str reply_item(const struct redis_reply *reply, size_t index);
bool reply_is_true(const struct redis_reply *reply);      /* an integer above 0 */
int64_t text_to_count(struct str text, int64_t fallback); /* a counter's text */

#endif
