#include "portal/gateway_policies.h"

#include "base/arena.h"
#include "base/json.h"
#include "base/limits.h"
#include "base/list.h"
#include "base/url.h"
#include "portal/call.h"
#include "portal/database.h"
#include "portal/errand.h"
#include "portal/settings.h"
#include "world/http_client.h"

#define CONNECT_TIMEOUT_MS 3000
#define IDLE_TIMEOUT_MS 5000

struct gateway_policies {
	struct errand errand;
	struct call *call; /* whose answer it is */
	struct http_call *http_call;
	struct http_body_collector *collector;
};

/* The union of both; "null" when `gateway` is no such document. */
static struct str merge(struct arena *arena, struct str gateway, struct str own)
{
	struct json *document = json_parse(arena, gateway, LIMIT_PORTAL_BODY_BYTES, NULL);
	struct json *mine = json_parse(arena, own, LIMIT_CONFIG_BYTES, NULL);
	const struct json *offered = json_get(document, STR("policies"));
	struct json *all = json_new(arena, JSON_OBJECT);

	if (offered == NULL || offered->kind != JSON_OBJECT)
		return STR("null");
	JSON_EACH (versions, offered)
		json_set(all, versions->key, json_copy(arena, versions));
	JSON_EACH (versions, mine) {
		struct json *known = json_new(arena, JSON_ARRAY);

		JSON_EACH (schema, json_get(all, versions->key))
			json_append(known, json_copy(arena, schema));
		JSON_EACH (schema, versions)
			json_append(known, json_copy(arena, schema));
		json_set(all, versions->key, known);
	}
	return json_print(arena, all);
}

static struct gateway_policies *policies_of(struct errand *errand)
{
	return LIST_ENTRY(errand, struct gateway_policies, errand);
}

static void policies_end(struct gateway_policies *asked, struct str gateway)
{
	struct answer *answer = &asked->call->answer;

	answer->body = merge(asked->call->arena, gateway, answer->body);
	http_call_release(asked->http_call);
	asked->http_call = NULL;
	asked->errand.done(asked->errand.data);
}

static void policies_collected(enum http_collect_result result, struct str bytes, void *data)
{
	struct gateway_policies *asked = data;
	bool is_answer = result == HTTP_COLLECTED && asked->http_call->response.status == 200;

	asked->collector = NULL;
	policies_end(asked, is_answer ? bytes : STR(""));
}

static void policies_answered(struct http_call *call, void *data)
{
	struct gateway_policies *asked = data;
	struct http_body_collector *collector =
		http_body_collect(http_call_take_body(call), LIMIT_PORTAL_BODY_BYTES,
				  asked->call->arena, policies_collected, asked);

	/* NULL: known already, and the arena may be gone. */
	if (collector != NULL)
		asked->collector = collector;
}

static void policies_failed(struct http_call *call, void *data)
{
	(void)call;
	policies_end(data, STR(""));
}

static void policies_begin(struct errand *errand, struct call *call)
{
	struct gateway_policies *asked = policies_of(errand);
	struct url url = {0};
	struct http_call_options options = {.method = STR("GET"),
					    .connect_timeout_ms = CONNECT_TIMEOUT_MS,
					    .idle_timeout_ms = IDLE_TIMEOUT_MS};

	url_parse(call->settings->registry, &url, NULL); /* judged by settings.c */
	options.is_tls = url_is_tls(&url);
	options.host = url.host;
	options.port = url.port;
	options.target = url.path.size > 0 ? url.path : STR("/");
	asked->http_call = http_call_start(database_world(call->database), &options,
					   policies_answered, policies_failed, asked);
}

static void policies_stop(struct errand *errand)
{
	struct gateway_policies *asked = policies_of(errand);

	http_body_collector_stop(asked->collector);
	http_call_release(asked->http_call);
	asked->collector = NULL;
	asked->http_call = NULL;
}

struct errand *gateway_policies_errand(struct call *call)
{
	struct gateway_policies *asked = ARENA_NEW(call->arena, struct gateway_policies);

	asked->errand.begin = policies_begin;
	asked->errand.stop = policies_stop;
	asked->call = call;
	return &asked->errand;
}
