#include "backend/notifications.h"

#include <inttypes.h>

#include "backend/backend_internal.h"
#include "backend/batch.h"
#include "backend/jobs.h"
#include "backend/keys.h"
#include "backend/profile.h"
#include "backend/worker.h"
#include "base/arena.h"
#include "base/json.h"
#include "base/map.h"

#define NOT_NAMED (-1)

/* What was taken off the list, on its way to become jobs. */
struct flush {
	struct backend *backend;
	struct arena *arena;
	struct batch batch;
};

/* Of a provider key and minute. */
struct group {
	struct str provider_key, time;
	struct json *usage;
};

static struct group *group_of(struct arena *arena, struct map *groups, const struct json *entry)
{
	struct str provider_key = json_get_str(entry, STR("provider_key"));
	struct str time = json_get_str(entry, STR("time"));
	struct str key = STR_CONCAT(arena, time, STR(" "), provider_key);
	struct group *group = map_get(groups, key);

	if (group != NULL)
		return group;
	group = ARENA_NEW(arena, struct group);
	*group = (struct group){provider_key, time, json_new(arena, JSON_OBJECT)};
	map_put(groups, key, group);
	return group;
}

static void add_usage(struct arena *arena, struct json *sum, const struct json *usage)
{
	JSON_EACH (item, usage) {
		int64_t before = json_int(json_get(sum, item->key), 0), after;

		if (__builtin_add_overflow(before, json_int(item, 0), &after))
			after = INT64_MAX;
		json_set(sum, item->key, json_new_int(arena, after));
	}
}

static void flush_over(struct batch *batch, void *data)
{
	struct flush *flush = data;

	(void)batch;
	worker_wake(flush->backend->worker);
	arena_destroy(flush->arena);
}

static void taken(struct batch *batch, void *data)
{
	struct flush *flush = data;
	struct backend *backend = flush->backend;
	struct map *groups = map_create(backend->hash_seed);
	struct map_cursor at = {0};

	for (size_t i = 0; !batch->has_failed && i < batch->replies[0].count; i++) {
		struct str text = reply_item(&batch->replies[0], i);
		struct json *entry = json_parse(flush->arena, text, text.size, NULL);

		if (entry != NULL && entry->kind == JSON_OBJECT)
			add_usage(flush->arena, group_of(flush->arena, groups, entry)->usage,
				  json_get(entry, STR("usage")));
	}
	batch_begin(&flush->batch, flush->arena, flush_over, flush);
	while (map_next(groups, &at)) {
		const struct group *group = at.value;

		jobs_enqueue(&flush->batch, backend, QUEUE_MAIN,
			     jobs_notification(backend, flush->arena, group->provider_key,
					       group->usage, group->time));
	}
	map_destroy(groups);
	batch_end(&flush->batch);
}

static void flush(struct backend *backend)
{
	struct arena *arena = arena_create();
	struct flush *flush = ARENA_NEW(arena, struct flush);
	int64_t count = backend->settings.notification_batch;

	flush->backend = backend;
	flush->arena = arena;
	batch_begin(&flush->batch, arena, taken, flush);
	BATCH_SEND(&flush->batch, backend->storage, STR("LRANGE"), KEY_NOTIFICATIONS, STR("0"),
		   str_format(arena, "%" PRId64, count - 1));
	BATCH_SEND(&flush->batch, backend->storage, STR("LTRIM"), KEY_NOTIFICATIONS,
		   str_format(arena, "%" PRId64, count), STR("-1"));
	batch_end(&flush->batch);
}

static void noted(const struct redis_reply *reply, void *data)
{
	struct backend *backend = data;

	if (reply->kind == REDIS_INTEGER && backend->storage != NULL &&
	    reply->integer % backend->settings.notification_batch == 0)
		flush(backend);
}

static void write_usage(struct strbuf *out, struct str metric, int64_t count)
{
	json_write_str(out, metric);
	strbuf_append_char(out, ':');
	strbuf_append_int(out, count);
}

/* The minute, in a text that serves all calls of it. */
static struct str minute_text(struct backend *backend)
{
	int64_t now_us = backend_now_us(backend);
	struct notified_minute *minute = &backend->notified_minute;

	if (minute->end_us <= now_us || minute->end_us - now_us > 60 * UTC_SECOND_US) {
		utc_format_backend(minute->text, utc_period_start(UTC_MINUTE, now_us));
		minute->end_us = utc_period_end(UTC_MINUTE, now_us);
	}
	return str_of(minute->text, sizeof "YYYY-MM-DD HH:MM:SS" - 1);
}

/* batch: NULL when nobody waits. */
static void note(struct batch *batch, struct backend *backend, struct str provider_key,
		 int64_t authorizations, int64_t transactions)
{
	const struct settings *settings = &backend->settings;
	struct strbuf *out = &backend->scratch;

	if (backend->storage == NULL ||
	    (settings->master_service.size == 0 && !settings->profile->notifies_without_master))
		return;
	strbuf_clear(out);
	strbuf_append(out, STR("{\"provider_key\":"));
	json_write_str(out, provider_key);
	strbuf_append(out, STR(",\"usage\":{"));
	if (authorizations > 0)
		write_usage(out, settings->master_authorize, authorizations);
	if (authorizations > 0 && transactions != NOT_NAMED)
		strbuf_append_char(out, ',');
	if (transactions != NOT_NAMED)
		write_usage(out, settings->master_transactions, transactions);
	strbuf_append(out, STR("},\"time\":\""));
	strbuf_append(out, minute_text(backend));
	strbuf_append(out, STR(" UTC\"}"));

	const struct str words[] = {STR("RPUSH"), KEY_NOTIFICATIONS, strbuf_str(out)};

	if (batch != NULL)
		batch_send_seen(batch, backend->storage, words, 3, noted, backend);
	else
		redis_send(backend->storage, words, 3, noted, backend);
}

void notify(struct batch *batch, struct backend *backend, struct str provider_key,
	    int64_t authorizations, int64_t transactions)
{
	note(batch, backend, provider_key, authorizations, transactions);
}

void notify_authorize(struct backend *backend, struct str provider_key)
{
	note(NULL, backend, provider_key, 1, NOT_NAMED);
}
