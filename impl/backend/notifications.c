#include "backend/notifications.h"

#include <inttypes.h>

#include "backend/backend_internal.h"
#include "backend/batch.h"
#include "backend/jobs.h"
#include "backend/keys.h"
#include "backend/worker.h"
#include "base/arena.h"
#include "base/json.h"

/* What was taken off the list, on its way to become jobs. */
struct flush {
	struct backend *backend;
	struct arena *arena;
	struct batch batch;
};

/* The group of a provider key and minute, among those that stand in `groups` already. */
static struct json *group_of(struct arena *arena, struct json *groups, const struct json *entry)
{
	struct json *group;

	for (group = groups->first_child; group != NULL; group = group->next) {
		if (json_equal(json_get(group, STR("provider_key")),
			       json_get(entry, STR("provider_key"))) &&
		    json_equal(json_get(group, STR("time")), json_get(entry, STR("time"))))
			return group;
	}
	group = json_append(groups, json_new(arena, JSON_OBJECT));
	json_set(group, STR("provider_key"),
		 json_new_str(arena, json_get_str(entry, STR("provider_key"))));
	json_set(group, STR("time"), json_new_str(arena, json_get_str(entry, STR("time"))));
	json_set(group, STR("usage"), json_new(arena, JSON_OBJECT));
	return group;
}

static void add_usage(struct arena *arena, struct json *group, const struct json *entry)
{
	struct json *sum = (struct json *)(uintptr_t)json_get(group, STR("usage"));

	JSON_EACH (item, json_get(entry, STR("usage"))) {
		int64_t before = json_int(json_get(sum, item->key), 0);

		json_set(sum, item->key, json_new_int(arena, before + json_int(item, 0)));
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
	struct json *groups = json_new(flush->arena, JSON_ARRAY);

	for (size_t i = 0; !batch->has_failed && i < batch->replies[0].count; i++) {
		struct str text = reply_item(&batch->replies[0], i);
		struct json *entry = json_parse(flush->arena, text, text.size, NULL);

		if (entry != NULL)
			add_usage(flush->arena, group_of(flush->arena, groups, entry), entry);
	}
	batch_begin(&flush->batch, flush->arena, flush_over, flush);
	JSON_EACH (group, groups) {
		jobs_enqueue(&flush->batch, flush->backend, QUEUE_MAIN,
			     jobs_notification(flush->backend, flush->arena,
					       json_get_str(group, STR("provider_key")),
					       json_get(group, STR("usage")),
					       json_get_str(group, STR("time"))));
	}
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

static void write_usage(struct strbuf *out, struct str metric, int64_t count, bool *is_first)
{
	if (count == 0)
		return;
	if (!*is_first)
		strbuf_append_char(out, ',');
	*is_first = false;
	json_write_str(out, metric);
	strbuf_append_char(out, ':');
	strbuf_append_int(out, count);
}

void notify(struct backend *backend, struct str provider_key, int64_t authorizations,
	    int64_t transactions)
{
	const struct settings *settings = &backend->settings;
	struct strbuf *out = &backend->scratch;
	bool is_first = true;
	char time[32];

	if (settings->master_service.size == 0 || backend->storage == NULL)
		return;
	strbuf_clear(out);
	strbuf_append(out, STR("{\"provider_key\":"));
	json_write_str(out, provider_key);
	strbuf_append(out, STR(",\"usage\":{"));
	write_usage(out, settings->master_authorize, authorizations, &is_first);
	write_usage(out, settings->master_transactions, transactions, &is_first);
	strbuf_append(out, STR("},\"time\":\""));
	strbuf_append(out,
		      str_slice(utc_format_backend(time, utc_period_start(UTC_MINUTE,
									  backend_now_us(backend))),
				0, sizeof "YYYY-MM-DD HH:MM:SS" - 1));
	strbuf_append(out, STR(" UTC\"}"));
	REDIS_SEND(backend->storage, noted, backend, STR("RPUSH"), KEY_NOTIFICATIONS,
		   strbuf_str(out));
}

void notify_authorize(struct backend *backend, struct str provider_key)
{
	notify(backend, provider_key, 1, 0);
}
