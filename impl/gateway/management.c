#include "gateway/management.h"

#include "base/arena.h"
#include "base/error.h"
#include "base/json.h"
#include "base/limits.h"
#include "base/url.h"
#include "gateway/answer.h"
#include "gateway/config.h"
#include "gateway/config_store.h"
#include "gateway/gateway_internal.h"
#include "gateway/loader.h"
#include "gateway/policies/manifests.h"
#include "gateway/resolver.h"
#include "http/body.h"
#include "http/message.h"
#include "world/http_server.h"

/* One call of the API; lives in its exchange's arena. */
struct management_call {
	struct gateway *gateway;
	struct http_exchange *exchange;
	struct arena *arena;
	struct http_body_collector *collector;
	struct loader_reload *reload;
};

typedef void management_handler(struct management_call *call);

/* Scopes of APICAST_MANAGEMENT_API. */
enum { SCOPE_DISABLED = 1, SCOPE_POLICIES = 2, SCOPE_STATUS = 4, SCOPE_DEBUG = 8 };

static const struct {
	struct str word;
	unsigned scope;
} scopes[] = {
	{STR_INIT("disabled"), SCOPE_DISABLED},
	{STR_INIT("policies"), SCOPE_POLICIES},
	{STR_INIT("status"), SCOPE_STATUS},
	{STR_INIT("debug"), SCOPE_DEBUG},
};

/* Answers. */

static void respond(struct management_call *call, int status, struct str content_type,
		    struct str body)
{
	struct http_response response;

	http_response_init(&response, call->arena, status);
	http_fields_add(&response.fields, STR("Server"), STR("openresty"));
	http_fields_add(&response.fields, STR("Content-Type"), content_type);
	http_exchange_respond_str(call->exchange, &response, body);
}

static void respond_json_text(struct management_call *call, int status, struct str text)
{
	respond(call, status, STR("application/json; charset=utf-8"),
		STR_CONCAT(call->arena, text, STR("\n")));
}

static void respond_json(struct management_call *call, int status, const struct json *json)
{
	respond_json_text(call, status, json_print(call->arena, json));
}

static struct json *object_with(struct arena *arena, const char *key, const char *value)
{
	struct json *object = json_new(arena, JSON_OBJECT);

	json_set(object, str_from(key), json_new_str(arena, str_from(value)));
	return object;
}

/* Status. */

static void answer_live(struct management_call *call)
{
	struct json *answer = object_with(call->arena, "status", "live");

	json_set(answer, STR("success"), json_new_bool(call->arena, true));
	respond_json(call, 200, answer);
}

static void answer_ready(struct management_call *call)
{
	const struct config_store *store = call->gateway->store;
	struct arena *arena = call->arena;
	bool is_configured = config_store_is_configured(store);
	struct json *answer;

	if (!is_configured) {
		answer = object_with(arena, "status", "error");
		json_set(answer, STR("error"), json_new_str(arena, STR("not configured")));
	} else if (config_store_services(store) == 0) {
		answer = object_with(arena, "status", "warning");
		json_set(answer, STR("warning"), json_new_str(arena, STR("no services")));
	} else {
		answer = object_with(arena, "status", "ready");
	}
	json_set(answer, STR("success"), json_new_bool(arena, is_configured));
	respond_json(call, is_configured ? 200 : 412, answer);
}

static void answer_info(struct management_call *call)
{
	const struct settings *settings = &call->gateway->settings;

	respond_json_text(call, 200,
			  str_format(call->arena,
				     "{\"timers\":{\"pending\":0,\"running\":0},"
				     "\"worker\":{\"exiting\":%s,\"count\":%d,\"id\":%d}}",
				     call->gateway->is_stopping ? "true" : "false",
				     settings->workers_total > 0 ? (int)settings->workers_total : 1,
				     (int)settings->worker));
}

static void answer_policies(struct management_call *call)
{
	struct json *answer = json_new(call->arena, JSON_OBJECT);

	json_set(answer, STR("policies"), policy_manifests(call->gateway, call->arena));
	respond_json(call, 200, answer);
}

static void answer_forbidden(struct management_call *call)
{
	respond(call, 403, STR("text/html"), answer_page(403, call->arena));
}

static void answer_names(struct management_call *call)
{
	respond_json(call, 200, resolver_json(call->gateway->resolver, call->arena));
}

/* Configuration. */

static void show_configuration(struct management_call *call)
{
	const struct config_store *store = call->gateway->store;

	respond_json(call, 200,
		     config_store_is_configured(store) ? config_store_json(store, call->arena)
						       : json_new(call->arena, JSON_NULL));
}

static void delete_configuration(struct management_call *call)
{
	struct json *answer = object_with(call->arena, "status", "ok");

	loader_forget(call->gateway->loader);
	json_set(answer, STR("config"), json_new(call->arena, JSON_NULL));
	respond_json(call, 200, answer);
}

static void refuse_configuration(struct management_call *call, const struct error *error)
{
	struct json *answer = object_with(call->arena, "status", "error");

	json_set(answer, STR("config"), json_new(call->arena, JSON_NULL));
	json_set(answer, STR("error"), json_new_str(call->arena, str_from(error->text)));
	respond_json(call, 400, answer);
}

/* What was sent is JSON, and shown again. */
static void tell_of_configuration(struct management_call *call, struct json *sent, int services,
				  const char *why)
{
	struct json *answer =
		object_with(call->arena, "status", services > 0 ? "ok" : "not_configured");

	json_set(answer, STR("services"), json_new_int(call->arena, services));
	json_set(answer, STR("config"), sent);
	if (services == 0)
		json_set(answer, STR("error"), json_new_str(call->arena, str_from(why)));
	respond_json(call, services > 0 ? 200 : 406, answer);
}

static void use_configuration(struct management_call *call, struct str bytes)
{
	struct arena *own = arena_create();
	struct error error;
	/* The version keeps its arena; the answer shows what was sent. */
	struct json *document = config_parse_json(own, str_copy(own, bytes), &error);
	struct json *sent;
	int services;

	if (document == NULL) {
		arena_destroy(own);
		refuse_configuration(call, &error);
		return;
	}
	sent = json_copy(call->arena, document);
	if (sent->kind != JSON_OBJECT) { /* there are no services in it */
		arena_destroy(own);
		tell_of_configuration(call, sent, 0, "the configuration is not an object");
		return;
	}
	services = loader_replace(call->gateway->loader, own, document, &error);
	if (services < 0)
		refuse_configuration(call, &error);
	else
		tell_of_configuration(call, sent, services, "no services");
}

static void configuration_collected(enum http_collect_result result, struct str bytes, void *data)
{
	struct management_call *call = data;

	call->collector = NULL;
	if (result == HTTP_COLLECT_FAILED)
		http_exchange_abort(call->exchange);
	else if (result == HTTP_COLLECT_TOO_LARGE)
		respond(call, 413, STR("text/html"), answer_page(413, call->arena));
	else
		use_configuration(call, bytes);
}

static void replace_configuration(struct management_call *call)
{
	call->collector =
		http_body_collect(http_exchange_take_body(call->exchange), LIMIT_CONFIG_BYTES,
				  call->arena, configuration_collected, call);
}

static void reloaded(const struct str *text, void *data)
{
	struct management_call *call = data;

	call->reload = NULL;
	if (text == NULL)
		respond(call, 500, STR("text/html"), answer_page(500, call->arena));
	else
		respond(call, 200, STR("text/plain"),
			STR_CONCAT(call->arena, STR("{\"status\":\"ok\",\"config\":"), *text,
				   STR("}\n")));
}

static void boot_again(struct management_call *call)
{
	call->reload = loader_reload(call->gateway->loader, reloaded, call);
}

/* Routes. */

static const struct {
	unsigned scopes;
	struct str method, path;
	management_handler *handler;
} routes[] = {
	{SCOPE_DISABLED, STR_INIT("GET"), STR_INIT("/"), answer_forbidden},
	{SCOPE_STATUS | SCOPE_DEBUG, STR_INIT("GET"), STR_INIT("/status/live"), answer_live},
	{SCOPE_STATUS | SCOPE_DEBUG, STR_INIT("GET"), STR_INIT("/status/ready"), answer_ready},
	{SCOPE_STATUS | SCOPE_DEBUG, STR_INIT("GET"), STR_INIT("/status/info"), answer_info},
	{SCOPE_POLICIES | SCOPE_STATUS | SCOPE_DEBUG, STR_INIT("GET"), STR_INIT("/policies"),
	 answer_policies},
	{SCOPE_DEBUG, STR_INIT("GET"), STR_INIT("/config"), show_configuration},
	{SCOPE_DEBUG, STR_INIT("PUT"), STR_INIT("/config"), replace_configuration},
	{SCOPE_DEBUG, STR_INIT("POST"), STR_INIT("/config"), replace_configuration},
	{SCOPE_DEBUG, STR_INIT("DELETE"), STR_INIT("/config"), delete_configuration},
	{SCOPE_DEBUG, STR_INIT("POST"), STR_INIT("/boot"), boot_again},
	{SCOPE_DEBUG, STR_INIT("GET"), STR_INIT("/dns/cache"), answer_names},
};

static unsigned scope_of(struct gateway *gateway)
{
	for (size_t i = 0; i < sizeof scopes / sizeof *scopes; i++) {
		if (str_equal(scopes[i].word, gateway->settings.management))
			return scopes[i].scope;
	}
	LOG(&gateway->log, LEVEL_ERROR, NULL, "invalid management api setting: %.*s",
	    STR_ARG(gateway->settings.management));
	return 0;
}

static management_handler *find_route(unsigned scope, struct str method, struct str path)
{
	while (path.size > 1 && str_has_suffix(path, STR("/")))
		path.size--;
	for (size_t i = 0; i < sizeof routes / sizeof *routes; i++) {
		if ((routes[i].scopes & scope) != 0 && str_equal(routes[i].method, method) &&
		    str_equal(routes[i].path, path))
			return routes[i].handler;
	}
	return NULL;
}

static void call_ended(struct http_exchange *exchange, bool complete)
{
	struct management_call *call = exchange->data;

	(void)complete;
	http_body_collector_stop(call->collector);
	if (call->reload != NULL)
		loader_reload_stop(call->reload);
}

void management_requested(struct http_exchange *exchange, void *data)
{
	struct management_call *call = ARENA_NEW(exchange->arena, struct management_call);
	const struct http_request *request = &exchange->request;
	struct str path, query;
	management_handler *handler;

	*call = (struct management_call){
		.gateway = data, .exchange = exchange, .arena = exchange->arena};
	exchange->data = call;
	exchange->ended = call_ended;
	url_split_target(request->target, &path, &query);
	handler = find_route(scope_of(call->gateway), request->method, path);
	if (handler != NULL)
		handler(call);
	else
		respond(call, 404, STR("text/plain"),
			STR_CONCAT(call->arena, STR("Could not resolve "), request->method,
				   STR(" "), path, STR(" - nil\n")));
}
