#include "backend/events_hook.h"

#include "backend/backend_internal.h"
#include "backend/batch.h"
#include "backend/keys.h"
#include "backend/profile.h"
#include "base/arena.h"
#include "base/url.h"
#include "world/http_client.h"
#include "world/log.h"

#define PING_LIFETIME STR("60")

struct ping {
	struct backend *backend;
	struct arena *arena;
	struct batch batch;
	struct url url;
	struct http_call *call;
};

static void ping_free(struct ping *ping)
{
	http_call_release(ping->call);
	arena_destroy(ping->arena);
}

/* The rest of the URL may hold secrets. */
static void log_failure(const struct ping *ping)
{
	log_format(ping->backend->world, LOG_STDERR,
		   "Application event ping failed: %.*s - %.*s:%u",
		   STR_ARG(http_failure_text(ping->call->failure)), STR_ARG(ping->url.host),
		   (unsigned)ping->url.port);
}

static void call_answered(struct http_call *call, void *data)
{
	struct ping *ping = data;

	(void)call;
	ping->backend->events_ping = NULL;
	ping_free(ping);
}

static void call_failed(struct http_call *call, void *data)
{
	struct ping *ping = data;

	(void)call;
	log_failure(ping);
	ping->backend->events_ping = NULL;
	ping_free(ping);
}

static void call_hook(struct ping *ping)
{
	struct backend *backend = ping->backend;
	const struct url *url = &ping->url;
	struct http_fields fields;
	struct str path;
	struct http_call_options options = {.method = STR_INIT("POST"), .verify_peer = true};

	if (!url_parse(backend->settings.events_hook, &ping->url, NULL)) {
		log_write(backend->world, LOG_STDERR,
			  STR("Application event ping failed: CONFIG_EVENTS_HOOK - not a URL"));
		ping_free(ping);
		return;
	}
	http_fields_init(&fields, ping->arena);
	http_fields_add(&fields, STR("Content-Type"), STR("application/x-www-form-urlencoded"));
	path = url->path.size > 0 ? url->path : STR("/");
	options.is_tls = url_is_tls(url);
	options.host = url->host;
	options.port = url->port;
	options.target =
		url->query.size > 0 ? STR_CONCAT(ping->arena, path, STR("?"), url->query) : path;
	options.fields = &fields;
	options.body = http_body_from_str(
		STR_CONCAT(ping->arena, STR("secret="),
			   url_encoded(ping->arena, backend->settings.events_hook_secret)));
	backend->events_ping = ping;
	ping->call = http_call_start(backend->world, &options, call_answered, call_failed, ping);
}

/* The first ping of the minute, if there is something to come for. */
static void throttle_replied(struct batch *batch, void *data)
{
	struct ping *ping = data;
	struct backend *backend = ping->backend;
	const struct redis_reply *throttle = &batch->replies[0];
	bool is_first =
		!batch->has_failed && (throttle->kind == REDIS_STATUS || throttle->integer == 1);

	if (is_first && throttle->kind == REDIS_INTEGER)
		REDIS_SEND(backend->storage, NULL, NULL, STR("EXPIRE"), KEY_EVENT_PING,
			   PING_LIFETIME);
	if (is_first && reply_is_true(&batch->replies[1]) && backend->events_ping == NULL)
		call_hook(ping);
	else
		ping_free(ping);
}

void events_hook_ping(struct backend *backend)
{
	struct arena *arena;
	struct ping *ping;

	if (backend->settings.events_hook.size == 0 || backend->storage == NULL)
		return;
	arena = arena_create();
	ping = ARENA_NEW(arena, struct ping);
	ping->backend = backend;
	ping->arena = arena;
	batch_begin(&ping->batch, arena, throttle_replied, ping);
	if (backend->settings.profile->counts_event_pings)
		BATCH_SEND(&ping->batch, backend->storage, STR("INCR"), KEY_EVENT_PING);
	else
		BATCH_SEND(&ping->batch, backend->storage, STR("SET"), KEY_EVENT_PING, STR("1"),
			   STR("NX"), STR("EX"), PING_LIFETIME);
	BATCH_SEND(&ping->batch, backend->storage, STR("ZCARD"), KEY_EVENTS);
	batch_end(&ping->batch);
}

void events_hook_stop(struct backend *backend)
{
	struct ping *ping = backend->events_ping;

	backend->events_ping = NULL;
	if (ping != NULL)
		ping_free(ping);
}
