#include "world/real/redis_replies.h"

#include <hiredis/hiredis.h>
#include <stdlib.h>

#include "base/arena.h"
#include "base/bug.h"
#include "base/limits.h"

struct redis_replies {
	redisReader *reader;
	struct arena *arena; /* of the present reply */
};

/* What hiredis calls for each piece; pieces of an array are put into their place in it. */

static struct redis_reply *reply_new(const redisReadTask *task, enum redis_reply_kind kind)
{
	struct redis_replies *replies = task->privdata;
	struct redis_reply *reply;

	if (task->parent != NULL) {
		const struct redis_reply *array = task->parent->obj;

		reply = (struct redis_reply *)(uintptr_t)&array->items[task->idx];
	} else {
		reply = ARENA_NEW(replies->arena, struct redis_reply);
	}
	reply->kind = kind;
	return reply;
}

static void *string_came(const redisReadTask *task, char *bytes, size_t size)
{
	struct redis_replies *replies = task->privdata;
	struct redis_reply *reply =
		reply_new(task, task->type == REDIS_REPLY_STATUS  ? REDIS_STATUS
				: task->type == REDIS_REPLY_ERROR ? REDIS_ERROR
								  : REDIS_STRING);

	reply->text = str_copy(replies->arena, str_of(bytes, size));
	return reply;
}

static void *array_came(const redisReadTask *task, int count)
{
	struct redis_replies *replies = task->privdata;
	struct redis_reply *reply;

	if (count < 0 || count > LIMIT_RESP_WORDS)
		return NULL;
	reply = reply_new(task, REDIS_ARRAY);
	reply->items = ARENA_ARRAY(replies->arena, struct redis_reply, (size_t)count);
	reply->count = (size_t)count;
	return reply;
}

static void *integer_came(const redisReadTask *task, long long value)
{
	struct redis_reply *reply = reply_new(task, REDIS_INTEGER);

	reply->integer = value;
	return reply;
}

static void *nil_came(const redisReadTask *task)
{
	return reply_new(task, REDIS_NIL);
}

static void nothing_to_free(void *reply)
{
	(void)reply;
}

struct redis_replies *redis_replies_create(void)
{
	static const redisReplyObjectFunctions functions = {
		.createString = string_came,
		.createArray = array_came,
		.createInteger = integer_came,
		.createNil = nil_came,
		.freeObject = nothing_to_free,
	};
	struct redis_replies *replies = MEMORY_NEW(struct redis_replies);

	replies->arena = arena_create();
	replies->reader =
		redisReaderCreateWithFunctions((redisReplyObjectFunctions *)(uintptr_t)&functions);
	BUG_IF(replies->reader == NULL);
	replies->reader->privdata = replies;
	return replies;
}

void redis_replies_destroy(struct redis_replies *replies)
{
	if (replies == NULL)
		return;
	redisReaderFree(replies->reader);
	arena_destroy(replies->arena);
	free(replies);
}

void redis_replies_feed(struct redis_replies *replies, struct str bytes)
{
	redisReaderFeed(replies->reader, bytes.data, bytes.size);
}

/* The arena may be emptied only when no reply is half read in it. */
enum redis_read redis_replies_next(struct redis_replies *replies, const struct redis_reply **reply)
{
	void *found = NULL;

	if (replies->reader->ridx == -1)
		arena_reset(replies->arena);
	if (redisReaderGetReply(replies->reader, &found) != REDIS_OK)
		return REDIS_READ_NONSENSE;
	*reply = found;
	return found != NULL ? REDIS_READ_REPLY : REDIS_READ_MORE;
}
