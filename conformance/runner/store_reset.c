#include "conformance/runner/store_reset.h"

#include <stdlib.h>

#include "base/arena.h"
#include "base/error.h"
#include "world/redis.h"

struct store_reset {
	struct redis_client *client;
	struct str url;
	bool is_ours; /* it was empty, so what is in it is ours */
	store_reset_done *done;
	void *data;
};

struct store_reset *store_reset_open(struct world *world, struct str url, struct error *error)
{
	struct store_reset *reset = MEMORY_NEW(struct store_reset);
	struct redis_options options = {.url = url};

	reset->url = url;
	reset->client = redis_open(world, &options, error);
	if (reset->client != NULL)
		return reset;
	free(reset);
	return NULL;
}

static bool is_failed(const struct redis_reply *reply)
{
	return reply->kind == REDIS_ERROR || reply->kind == REDIS_LOST;
}

static void flushed(const struct redis_reply *reply, void *data)
{
	struct store_reset *reset = data;
	struct error error = {0};

	if (is_failed(reply))
		error_set(&error, ERROR_UNAVAILABLE, "%.*s: %.*s", STR_ARG(reset->url),
			  STR_ARG(reply->text));
	reset->done(error.kind != ERROR_NONE ? &error : NULL, reset->data);
}

static void inspected(const struct redis_reply *reply, void *data)
{
	struct store_reset *reset = data;
	struct error error = {0};

	if (is_failed(reply)) {
		flushed(reply, data);
		return;
	}
	if (str_find(reply->text, STR("keys=")) != STR_NOT_FOUND) {
		error_set(&error, ERROR_CONFLICT,
			  "%.*s holds data, and each case begins with an "
			  "empty store: give a Redis that is empty",
			  STR_ARG(reset->url));
		reset->done(&error, reset->data);
		return;
	}
	reset->is_ours = true;
	reset->done(NULL, reset->data);
}

void store_reset_empty(struct store_reset *reset, store_reset_done *done, void *data)
{
	reset->done = done;
	reset->data = data;
	if (reset->is_ours)
		REDIS_SEND(reset->client, flushed, reset, STR("FLUSHALL"));
	else
		REDIS_SEND(reset->client, inspected, reset, STR("INFO"), STR("keyspace"));
}

void store_reset_close(struct store_reset *reset)
{
	if (reset == NULL)
		return;
	redis_close(reset->client);
	free(reset);
}
