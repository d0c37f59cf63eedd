#include "gateway/oauth_store.h"

#include <stdlib.h>

#include "base/arena.h"
#include "base/error.h"
#include "world/redis.h"

#define LIFE_S "600" /* of a code (4.9), and of what comes before it */
#define TIMEOUT_MS 3000

struct oauth_store {
	struct world *world;
	struct str url;
	struct redis_client *client; /* NULL: not opened yet, or the URL cannot be read */
};

struct oauth_operation {
	struct oauth_store *store;
	struct arena *arena;
	struct str key, value;
	oauth_stored_done *done; /* NULL: cancelled */
	void *data;
};

struct oauth_store *oauth_store_create(struct world *world, struct str url)
{
	struct oauth_store *store = MEMORY_NEW(struct oauth_store);

	store->world = world;
	store->url = url;
	return store;
}

void oauth_store_destroy(struct oauth_store *store)
{
	if (store == NULL)
		return;
	redis_close(store->client);
	free(store);
}

void oauth_operation_cancel(struct oauth_operation *operation)
{
	if (operation != NULL)
		operation->done = NULL;
}

static void end(struct oauth_operation *operation, enum oauth_stored result)
{
	if (operation->done != NULL)
		operation->done(result, operation->value, operation->data);
	arena_destroy(operation->arena);
	free(operation);
}

static struct oauth_operation *begin(struct oauth_store *store, struct str key, struct str value,
				     oauth_stored_done *done, void *data)
{
	struct oauth_operation *operation = MEMORY_NEW(struct oauth_operation);

	operation->store = store;
	operation->arena = arena_create();
	operation->key = str_copy(operation->arena, key);
	operation->value = str_copy(operation->arena, value);
	operation->done = done;
	operation->data = data;
	return operation;
}

static bool is_open(struct oauth_store *store)
{
	struct redis_options options = {.url = store->url,
					.connect_timeout_ms = TIMEOUT_MS,
					.command_timeout_ms = TIMEOUT_MS};

	if (store->client == NULL)
		store->client = redis_open(store->world, &options, NULL);
	return store->client != NULL;
}

static void put_done(const struct redis_reply *reply, void *data)
{
	end(data, reply->kind == REDIS_STATUS ? OAUTH_STORED : OAUTH_AWAY);
}

struct oauth_operation *oauth_store_put(struct oauth_store *store, struct str key, struct str value,
					oauth_stored_done *done, void *data)
{
	struct oauth_operation *operation;

	if (!is_open(store))
		return NULL;
	operation = begin(store, key, value, done, data);
	REDIS_SEND(store->client, put_done, operation, STR("SET"), key, value, STR("EX"),
		   STR(LIFE_S));
	return operation;
}

/* Of two that found it, one removes it. */
static void removed(const struct redis_reply *reply, void *data)
{
	if (reply->kind != REDIS_INTEGER)
		end(data, OAUTH_AWAY);
	else
		end(data, reply->integer == 1 ? OAUTH_STORED : OAUTH_NOTHING);
}

static void found(const struct redis_reply *reply, void *data)
{
	struct oauth_operation *operation = data;

	if (reply->kind != REDIS_STRING) {
		end(operation, reply->kind == REDIS_NIL ? OAUTH_NOTHING : OAUTH_AWAY);
		return;
	}
	if (operation->done == NULL) { /* nobody wants it: it stays */
		end(operation, OAUTH_NOTHING);
		return;
	}
	operation->value = str_copy(operation->arena, reply->text);
	REDIS_SEND(operation->store->client, removed, operation, STR("DEL"), operation->key);
}

struct oauth_operation *oauth_store_take(struct oauth_store *store, struct str key,
					 oauth_stored_done *done, void *data)
{
	struct oauth_operation *operation;

	if (!is_open(store))
		return NULL;
	operation = begin(store, key, STR(""), done, data);
	REDIS_SEND(store->client, found, operation, STR("GET"), key);
	return operation;
}
