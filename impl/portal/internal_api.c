#include "portal/internal_api.h"

#include "base/arena.h"
#include "base/limits.h"
#include "base/url.h"
#include "portal/settings.h"
#include "world/clock.h"
#include "world/http_client.h"

/* All of a call: a backend that drips must not hold up what comes after. */
#define WHOLE_TIMEOUT_US INT64_C(30000000)
#define JOB_WHOLE_TIMEOUT_US INT64_C(300000000)

struct internal_call {
	struct arena *arena;
	struct http_call *http;
	struct http_body_collector *collector;
	struct timer whole;
	internal_answered *answered;
	void *data;
};

static void call_end(struct internal_call *call, int status, struct str body)
{
	struct internal_answer answer = {status, body};

	timer_stop(&call->whole);
	http_call_release(call->http);
	call->http = NULL;
	call->answered(&answer, call->data);
}

static void call_collected(enum http_collect_result result, struct str bytes, void *data)
{
	struct internal_call *call = data;

	call->collector = NULL;
	switch (result) {
	case HTTP_COLLECTED:
		call_end(call, call->http->response.status, bytes);
		break;
	case HTTP_COLLECT_TOO_LARGE:
		call_end(call, 0, STR("the answer is too long"));
		break;
	case HTTP_COLLECT_FAILED:
		call_end(call, 0, STR("the answer was cut off"));
		break;
	}
}

static void call_answered(struct http_call *http, void *data)
{
	struct internal_call *call = data;
	struct http_body_collector *collector = http_body_collect(
		http_call_take_body(http), LIMIT_CONFIG_BYTES, call->arena, call_collected, call);

	/* NULL: collected already, and the arena may be gone. */
	if (collector != NULL)
		call->collector = collector;
}

static void call_failed(struct http_call *http, void *data)
{
	call_end(data, 0, http_failure_text(http->failure));
}

static void call_took_too_long(struct timer *timer)
{
	struct internal_call *call = LIST_ENTRY(timer, struct internal_call, whole);

	http_body_collector_stop(call->collector);
	call->collector = NULL;
	call_end(call, 0, http_failure_text(HTTP_FAILURE_TIMEOUT));
}

static void add_authorization(struct http_fields *fields, const struct settings *settings,
			      struct arena *arena)
{
	if (settings->internal_user.size + settings->internal_password.size > 0)
		http_fields_add(fields, STR("Authorization"),
				http_basic_credentials(arena, settings->internal_user,
						       settings->internal_password));
}

struct internal_call *internal_call_start(struct world *world, const struct settings *settings,
					  struct arena *arena,
					  const struct internal_request *request,
					  internal_answered *answered, void *data)
{
	struct internal_call *call = ARENA_NEW(arena, struct internal_call);
	struct http_call_options options = {
		.method = str_from(request->method),
		.connect_timeout_ms = request->is_job ? 10000 : 3000,
		.idle_timeout_ms = request->is_job ? 30000 : 5000,
	};
	struct http_fields fields;
	struct url url = {0};

	*call = (struct internal_call){.arena = arena, .answered = answered, .data = data};
	url_parse(settings->internal_api, &url, NULL); /* judged by settings.c */
	http_fields_init(&fields, arena);
	add_authorization(&fields, settings, arena);
	if (request->body.size > 0) {
		http_fields_add(&fields, STR("Content-Type"), STR("application/json"));
		options.body = http_body_from_str(request->body);
	}
	options.is_tls = url_is_tls(&url);
	options.host = url.host;
	options.port = url.port;
	options.target = STR_CONCAT(arena, url.path, request->path);
	options.fields = &fields;
	timer_start(world, &call->whole, request->is_job ? JOB_WHOLE_TIMEOUT_US : WHOLE_TIMEOUT_US,
		    call_took_too_long);
	call->http = http_call_start(world, &options, call_answered, call_failed, call);
	return call;
}

void internal_call_stop(struct internal_call *call)
{
	if (call == NULL)
		return;
	timer_stop(&call->whole);
	http_body_collector_stop(call->collector);
	http_call_release(call->http);
	call->collector = NULL;
	call->http = NULL;
}
