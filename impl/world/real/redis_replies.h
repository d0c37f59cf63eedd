/* Replies of a Redis, read from the bytes of its connection by hiredis' reader, straight into the
 * form of world/redis.h. */
#ifndef WORLD_REAL_REDIS_REPLIES_H
#define WORLD_REAL_REDIS_REPLIES_H

#include "world/redis.h"

struct redis_replies;

enum redis_read { REDIS_READ_REPLY, REDIS_READ_MORE, REDIS_READ_NONSENSE };

struct redis_replies *redis_replies_create(void);
void redis_replies_destroy(struct redis_replies *replies); /* NULL is allowed */
void redis_replies_feed(struct redis_replies *replies, struct str bytes);
/* The reply is valid until the next call. NONSENSE: the stream cannot be read any more. */
enum redis_read redis_replies_next(struct redis_replies *replies, const struct redis_reply **reply);

#endif
