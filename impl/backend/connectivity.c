#include "backend/connectivity.h"

#include <stdlib.h>

#include "backend/backend_internal.h"
#include "backend/profile.h"
#include "base/arena.h"
#include "base/url.h"
#include "world/environment.h"
#include "world/log.h"
#include "world/redis.h"

#define TRIES_WHEN_MANY 3
#define TRY_AGAIN_US (1 * UTC_SECOND_US)

struct connectivity {
	struct backend *backend;
	struct timer timer;
	int tries_left;
};

static void ask(struct connectivity *check);

static bool is_of_storage(const struct connectivity *check)
{
	return check->backend->settings.role == ROLE_CHECK_STORAGE;
}

/* The URL without what is secret in it. */
static struct str shown_url(const struct connectivity *check)
{
	const struct settings *settings = &check->backend->settings;
	struct str text = is_of_storage(check) ? settings->storage.url : settings->queues.url;
	size_t start = str_find(text, STR("://")), at;

	if (settings->store_path.size > 0)
		return settings->store_path;
	start = start == STR_NOT_FOUND ? 0 : start + 3;
	at = str_find_last_char(str_skip(text, start), '@');
	if (at == STR_NOT_FOUND)
		return text;
	return STR_CONCAT(settings->arena, str_slice(text, 0, start),
			  str_skip(text, start + at + 1));
}

static void say_yes(const struct connectivity *check)
{
	struct world *world = check->backend->world;

	if (check->backend->settings.profile->tries_checks_again)
		log_format(world, LOG_STDOUT, "Connection to Redis %s performed successfully",
			   is_of_storage(check) ? "storage" : "queue storage");
	else
		log_format(world, LOG_STDOUT,
			   "Connection to Redis %s (%.*s) performed successfully",
			   is_of_storage(check) ? "Storage" : "Queue Storage",
			   STR_ARG(shown_url(check)));
	world_exit(world, 0);
}

static void try_again(struct timer *timer)
{
	ask(LIST_ENTRY(timer, struct connectivity, timer));
}

static void replied(const struct redis_reply *reply, void *data)
{
	struct connectivity *check = data;
	struct world *world = check->backend->world;

	if (reply->kind != REDIS_LOST && reply->kind != REDIS_ERROR) {
		say_yes(check);
	} else if (--check->tries_left > 0) {
		timer_start(world, &check->timer, TRY_AGAIN_US, try_again);
	} else {
		log_format(world, LOG_STDERR, "Error connecting to Redis %s: %.*s",
			   is_of_storage(check) ? "Storage" : "Queue Storage",
			   STR_ARG(reply->text));
		world_exit(world, 1);
	}
}

static void ask(struct connectivity *check)
{
	struct backend *backend = check->backend;

	REDIS_SEND(is_of_storage(check) ? backend->storage : backend->queues, replied, check,
		   STR("PING"));
}

struct connectivity *connectivity_check(struct backend *backend)
{
	struct connectivity *check = MEMORY_NEW(struct connectivity);

	check->backend = backend;
	check->tries_left = backend->settings.profile->tries_checks_again ? TRIES_WHEN_MANY : 1;
	ask(check);
	return check;
}

void connectivity_destroy(struct connectivity *check)
{
	if (check == NULL)
		return;
	timer_stop(&check->timer);
	free(check);
}
