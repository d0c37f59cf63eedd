#include "portal/gateway_policies.h"

#include "base/arena.h"
#include "base/json.h"
#include "base/limits.h"
#include "base/url.h"
#include "world/http_client.h"

#define CONNECT_TIMEOUT_MS 3000
#define IDLE_TIMEOUT_MS 5000

struct gateway_policies {
	struct arena *arena; /* the caller's */
	struct str own;
	gateway_policies_known *known;
	void *data;
	struct http_call *call;
	struct http_body_collector *collector;
};

struct str gateway_policies_merge(struct arena *arena, struct str gateway, struct str own)
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

static void policies_end(struct gateway_policies *asked, struct str gateway)
{
	struct str body = gateway_policies_merge(asked->arena, gateway, asked->own);

	http_call_release(asked->call);
	asked->call = NULL;
	asked->known(body, asked->data);
}

static void policies_collected(enum http_collect_result result, struct str bytes, void *data)
{
	struct gateway_policies *asked = data;
	bool is_answer = result == HTTP_COLLECTED && asked->call->response.status == 200;

	asked->collector = NULL;
	policies_end(asked, is_answer ? bytes : STR(""));
}

static void policies_answered(struct http_call *call, void *data)
{
	struct gateway_policies *asked = data;
	struct http_body_collector *collector =
		http_body_collect(http_call_take_body(call), LIMIT_PORTAL_BODY_BYTES, asked->arena,
				  policies_collected, asked);

	/* NULL: known already, and the arena may be gone. */
	if (collector != NULL)
		asked->collector = collector;
}

static void policies_failed(struct http_call *call, void *data)
{
	(void)call;
	policies_end(data, STR(""));
}

struct gateway_policies *gateway_policies_ask(struct world *world, struct arena *arena,
					      struct str text, struct str own,
					      gateway_policies_known *known, void *data)
{
	struct gateway_policies *asked = ARENA_NEW(arena, struct gateway_policies);
	struct url url = {0};
	struct http_call_options options = {.method = STR("GET"),
					    .connect_timeout_ms = CONNECT_TIMEOUT_MS,
					    .idle_timeout_ms = IDLE_TIMEOUT_MS};

	*asked =
		(struct gateway_policies){.arena = arena, .own = own, .known = known, .data = data};
	url_parse(text, &url, NULL); /* judged by settings.c */
	options.is_tls = url_is_tls(&url);
	options.host = url.host;
	options.port = url.port;
	options.target = url.path.size > 0 ? url.path : STR("/");
	asked->call = http_call_start(world, &options, policies_answered, policies_failed, asked);
	return asked;
}

void gateway_policies_stop(struct gateway_policies *asked)
{
	if (asked == NULL)
		return;
	http_body_collector_stop(asked->collector);
	http_call_release(asked->call);
	asked->collector = NULL;
	asked->call = NULL;
}
