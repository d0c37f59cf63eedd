#include "portal/statistics/storage.h"

#include <stdlib.h>

#include "base/arena.h"
#include "base/error.h"
#include "portal/settings_redis.h"
#include "world/redis.h"

#define KEYS_AT_ONCE 10000 /* of one MGET: the server does nothing else meanwhile */

struct statistics_storage {
	struct redis_client *client;
};

/* Its own owner: a reply comes even when nobody waits for it any more. */
struct storage_question {
	struct statistics_storage *storage;
	struct arena *arena;
	const struct str *keys; /* the arena's, as the values */
	int64_t *values;
	size_t count, known;
	storage_values *answered_values;
	storage_members *answered_members;
	void *data;
	bool is_stopped;
};

struct statistics_storage *statistics_storage_create(struct world *world,
						     const struct redis_settings *settings,
						     struct error *error)
{
	struct redis_client *client = portal_redis_open(world, settings, error);
	struct statistics_storage *storage;

	if (client == NULL)
		return NULL;
	storage = MEMORY_NEW(struct statistics_storage);
	storage->client = client;
	return storage;
}

void statistics_storage_destroy(struct statistics_storage *storage)
{
	if (storage == NULL)
		return;
	redis_close(storage->client);
	free(storage);
}

void storage_question_stop(struct storage_question *question)
{
	if (question != NULL)
		question->is_stopped = true;
}

static void question_free(struct storage_question *question)
{
	arena_destroy(question->arena);
	free(question);
}

static struct storage_question *question_create(struct statistics_storage *storage, void *data)
{
	struct storage_question *question = MEMORY_NEW(struct storage_question);

	question->storage = storage;
	question->arena = arena_create();
	question->data = data;
	return question;
}

/* Why a reply is none; empty when it is one. */
static struct str refusal(const struct redis_reply *reply, enum redis_reply_kind wanted)
{
	if (reply->kind == wanted)
		return STR("");
	if (reply->kind == REDIS_LOST || reply->kind == REDIS_ERROR)
		return reply->text.size > 0 ? reply->text : STR("no answer");
	return STR("an answer of another kind");
}

/* Values. */

static void values_send(struct storage_question *question);

static void values_end(struct storage_question *question, struct str why)
{
	if (!question->is_stopped)
		question->answered_values(why.size == 0 ? question->values : NULL, why,
					  question->data);
	question_free(question);
}

static void values_replied(const struct redis_reply *reply, void *data)
{
	struct storage_question *question = data;
	struct str why = refusal(reply, REDIS_ARRAY);

	if (why.size > 0 || question->is_stopped) {
		values_end(question, why);
		return;
	}
	for (size_t i = 0; i < reply->count && question->known < question->count; i++) {
		if (!str_to_int64(reply->items[i].text, &question->values[question->known]))
			question->values[question->known] = 0;
		question->known++;
	}
	if (question->known < question->count && reply->count > 0)
		values_send(question);
	else
		values_end(question, STR(""));
}

static void values_send(struct storage_question *question)
{
	size_t count = question->count - question->known;
	struct str *words;

	if (count > KEYS_AT_ONCE)
		count = KEYS_AT_ONCE;
	words = ARENA_ARRAY(question->arena, struct str, count + 1);
	words[0] = STR("MGET");
	for (size_t i = 0; i < count; i++)
		words[i + 1] = question->keys[question->known + i];
	redis_send(question->storage->client, words, count + 1, values_replied, question);
}

struct storage_question *statistics_storage_ask(struct statistics_storage *storage,
						const struct str *keys, size_t count,
						storage_values *answered, void *data)
{
	struct storage_question *question = question_create(storage, data);
	struct str *copies = ARENA_ARRAY(question->arena, struct str, count);

	for (size_t i = 0; i < count; i++)
		copies[i] = str_copy(question->arena, keys[i]);
	question->keys = copies;
	question->values = ARENA_ARRAY(question->arena, int64_t, count);
	question->count = count;
	question->answered_values = answered;
	values_send(question);
	return question;
}

/* Members. */

static void members_replied(const struct redis_reply *reply, void *data)
{
	struct storage_question *question = data;
	struct str why = refusal(reply, REDIS_ARRAY), *members;
	size_t count = why.size == 0 ? reply->count : 0;

	members = ARENA_ARRAY(question->arena, struct str, count + 1);
	for (size_t i = 0; i < count; i++)
		members[i] = reply->items[i].text;
	if (!question->is_stopped)
		question->answered_members(members, count, why, question->data);
	question_free(question);
}

struct storage_question *statistics_storage_ask_members(struct statistics_storage *storage,
							struct str set, storage_members *answered,
							void *data)
{
	struct storage_question *question = question_create(storage, data);

	question->answered_members = answered;
	REDIS_SEND(storage->client, members_replied, question, STR("SMEMBERS"), set);
	return question;
}
