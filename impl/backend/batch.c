#include "backend/batch.h"

#include <string.h>

#include "base/arena.h"
#include "base/bug.h"

#define CAPACITY_FIRST 4

struct slot {
	struct batch *batch;
	size_t index;
	redis_replied *seen; /* NULL: nobody looks at the reply by itself */
	void *seen_data;
};

void batch_begin(struct batch *batch, struct arena *arena, batch_done *done, void *data)
{
	BUG_IF(batch->pending > 0);
	/* One is pending until batch_end(), so that no reply ends it before. */
	*batch = (struct batch){.arena = arena, .done = done, .data = data, .pending = 1};
}

static void batch_settle(struct batch *batch)
{
	if (--batch->pending == 0)
		batch->done(batch, batch->data);
}

void batch_end(struct batch *batch)
{
	batch_settle(batch);
}

static struct str copy_text(struct arena *arena, struct str text)
{
	return text.data == NULL ? STR("") : str_copy(arena, text);
}

/* Arrays in arrays are not among the commands of 6.10 that backend reads. */
static struct redis_reply copy_reply(struct arena *arena, const struct redis_reply *reply)
{
	struct redis_reply copy = *reply, *items;

	if (reply->kind != REDIS_NIL)
		copy.text = copy_text(arena, reply->text);
	if (reply->kind != REDIS_ARRAY)
		return copy;
	items = ARENA_ARRAY(arena, struct redis_reply, reply->count);
	for (size_t i = 0; i < reply->count; i++) {
		items[i] = reply->items[i];
		items[i].items = NULL;
		items[i].count = 0;
		if (items[i].kind != REDIS_NIL)
			items[i].text = copy_text(arena, items[i].text);
	}
	copy.items = items;
	return copy;
}

static void fail(struct batch *batch, struct str text)
{
	if (!batch->has_failed)
		batch->failure = str_copy(batch->arena, text);
	batch->has_failed = true;
}

static void replied(const struct redis_reply *reply, void *data)
{
	struct slot *slot = data;
	struct batch *batch = slot->batch;

	batch->replies[slot->index] = copy_reply(batch->arena, reply);
	if (reply->kind == REDIS_LOST || reply->kind == REDIS_ERROR)
		fail(batch, reply->text);
	if (slot->seen != NULL)
		slot->seen(reply, slot->seen_data);
	batch_settle(batch);
}

static void make_room(struct batch *batch)
{
	size_t capacity = batch->capacity > 0 ? batch->capacity * 2 : CAPACITY_FIRST;
	struct redis_reply *replies;

	if (batch->count < batch->capacity)
		return;
	replies = ARENA_ARRAY(batch->arena, struct redis_reply, capacity);
	if (batch->count > 0)
		memcpy(replies, batch->replies, batch->count * sizeof *replies);
	batch->replies = replies;
	batch->capacity = capacity;
}

/* NULL: the client is closed, and the batch has failed. */
static struct slot *slot_create(struct batch *batch, const struct redis_client *client)
{
	struct slot *slot;

	BUG_IF(batch->pending == 0);
	make_room(batch);
	if (client == NULL) {
		batch->replies[batch->count++] = (struct redis_reply){.kind = REDIS_LOST};
		fail(batch, STR("closed"));
		return NULL;
	}
	slot = ARENA_NEW(batch->arena, struct slot);
	*slot = (struct slot){.batch = batch, .index = batch->count++};
	batch->pending++;
	return slot;
}

void batch_send(struct batch *batch, struct redis_client *client, const struct str *words,
		size_t count)
{
	struct slot *slot = slot_create(batch, client);

	if (slot != NULL)
		redis_send(client, words, count, replied, slot);
}

void batch_send_seen(struct batch *batch, struct redis_client *client, const struct str *words,
		     size_t count, redis_replied *seen, void *data)
{
	struct slot *slot = slot_create(batch, client);

	if (slot == NULL)
		return;
	slot->seen = seen;
	slot->seen_data = data;
	redis_send(client, words, count, replied, slot);
}

struct str reply_text(const struct redis_reply *reply)
{
	return reply->kind == REDIS_STRING || reply->kind == REDIS_STATUS ? reply->text
									  : str_of(NULL, 0);
}

struct str reply_item(const struct redis_reply *reply, size_t index)
{
	return index < reply->count ? reply_text(&reply->items[index]) : str_of(NULL, 0);
}

bool reply_is_true(const struct redis_reply *reply)
{
	return reply->kind == REDIS_INTEGER && reply->integer > 0;
}

int64_t text_to_count(struct str text, int64_t fallback)
{
	int64_t count;

	return str_to_int64(text, &count) ? count : fallback;
}
