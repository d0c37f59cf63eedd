/* `openshift-router [--domain D] [--http-port N] [--https-port N]`: the cluster's router, as a
 * process on a host of the simulator. Where all names of the installation lead, it hands what comes
 * on to the pods behind the route of its host (spec/cluster.md 2.7 and 6.5).
 *
 * It knows what it last loaded: a change of routes is seen 5 s later, one of services and pods 1 s
 * later (6.3), whatever else changed meanwhile along with it. ROUTER_ALLOW_WILDCARD_ROUTES=true
 * lets it admit wildcard routes. Its certificate is for *.D; without a domain it is one that nobody
 * trusts. */
#include <stdlib.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/json.h"
#include "base/map.h"
#include "base/options.h"
#include "sim/cluster/admission.h"
#include "sim/cluster/cluster_programs.h"
#include "sim/cluster/endpoints.h"
#include "sim/cluster/forward.h"
#include "sim/cluster/kinds.h"
#include "sim/sim_internal.h"
#include "world/clock.h"
#include "world/component.h"
#include "world/environment.h"
#include "world/http_server.h"
#include "world/log.h"

#define ROUTE_SYNC_US INT64_C(5000000)
#define ENDPOINT_SYNC_US INT64_C(1000000)

/* What plain HTTP gets at a route that TLS secures. */
enum insecure_policy { INSECURE_REFUSED, INSECURE_SERVED, INSECURE_REDIRECTED };

/* An admitted route as it was when it was loaded. */
struct backend {
	bool is_secured; /* edge: TLS ends here */
	enum insecure_policy insecure;
	struct endpoints endpoints;
	size_t next; /* they take turns */
};

struct router {
	struct world *world;
	struct cluster *cluster;
	bool allows_wildcards, is_loading;
	struct cluster_watch watch;
	struct timer load;
	int64_t load_us;      /* when it is due */
	struct arena *arena;  /* of what is loaded */
	struct map *backends; /* claim -> struct backend */
	struct http_listener *plain, *secure;
};

/* Loading. */

static enum insecure_policy policy_of(const struct json *tls)
{
	struct str policy = json_get_str(tls, STR("insecureEdgeTerminationPolicy"));

	return str_equal(policy, STR("Allow"))      ? INSECURE_SERVED
	       : str_equal(policy, STR("Redirect")) ? INSECURE_REDIRECTED
						    : INSECURE_REFUSED;
}

static void load_route(struct router *router, const struct cluster_object *route)
{
	const struct json *tls = json_path(route->document, "spec.tls");
	struct backend *backend = ARENA_NEW(router->arena, struct backend);

	backend->is_secured = tls != NULL;
	backend->insecure = policy_of(tls);
	endpoints_find(router->cluster, route->namespace,
		       json_str(json_path(route->document, "spec.to.name")),
		       json_scalar_text(json_path(route->document, "spec.port.targetPort")),
		       router->arena, &backend->endpoints);
	map_put(router->backends, route_claim(route->document, router->arena), backend);
}

static void router_forget(struct router *router)
{
	struct map_cursor at = {0};

	while (map_next(router->backends, &at))
		vec_free(&((struct backend *)at.value)->endpoints.items);
	map_clear(router->backends);
	arena_reset(router->arena);
}

static void router_load(struct timer *timer)
{
	struct router *router = LIST_ENTRY(timer, struct router, load);
	const struct cluster_kind *routes = &cluster_kinds[KIND_ROUTE];
	struct cluster_object *route = NULL;

	router->is_loading = true;
	admission_decide(router->cluster, router->allows_wildcards);
	router->is_loading = false;
	router_forget(router);
	while ((route = cluster_next(router->cluster, route, routes, STR(""))) != NULL) {
		if (admission_is_admitted(route))
			load_route(router, route);
	}
}

static void router_load_within(struct router *router, int64_t delay_us)
{
	int64_t due_us = world_monotonic_us(router->world) + delay_us;

	if (timer_is_running(&router->load) && router->load_us <= due_us)
		return;
	router->load_us = due_us;
	timer_start(router->world, &router->load, delay_us, router_load);
}

static void router_object_changed(const struct cluster_object *object, bool is_gone, void *data)
{
	struct router *router = data;

	(void)is_gone;
	if (router->is_loading)
		return;
	if (object->kind == &cluster_kinds[KIND_ROUTE])
		router_load_within(router, ROUTE_SYNC_US);
	else if (object->kind == &cluster_kinds[KIND_SERVICE] ||
		 object->kind == &cluster_kinds[KIND_POD])
		router_load_within(router, ENDPOINT_SYNC_US);
}

/* Requests. */

static struct backend *find_backend(const struct router *router, struct str host,
				    struct arena *arena)
{
	struct str name = str_lower(arena, str_slice(host, 0, str_find_char(host, ':')));
	struct backend *found = map_get(router->backends, name);
	size_t dot = str_find_char(name, '.');

	if (found == NULL && dot != STR_NOT_FOUND)
		found = map_get(router->backends, STR_CONCAT(arena, STR("*"), str_skip(name, dot)));
	return found;
}

static void redirect(struct http_exchange *exchange, struct str host)
{
	struct http_response response;

	http_response_init(&response, exchange->arena, 302);
	http_fields_add(&response.fields, STR("Location"),
			STR_CONCAT(exchange->arena, STR("https://"),
				   str_slice(host, 0, str_find_char(host, ':')),
				   exchange->request.target));
	http_fields_add(&response.fields, STR("Cache-Control"), STR("no-cache"));
	http_exchange_respond_str(exchange, &response, STR(""));
}

static void serve(struct backend *backend, struct http_exchange *exchange)
{
	const struct endpoint *endpoint;

	if (backend->endpoints.items.count == 0) {
		forward_refuse(exchange);
		return;
	}
	endpoint =
		&backend->endpoints.items.items[backend->next++ % backend->endpoints.items.count];
	forward(exchange, &(struct forward_options){.address = endpoint->address,
						    .port = endpoint->port,
						    .is_tls = exchange->is_tls});
}

/* A route is for TLS or for plain HTTP; a secured one says itself what it wants of the latter. */
static void router_requested(struct http_exchange *exchange, void *data)
{
	struct router *router = data;
	struct str host = http_fields_get(&exchange->request.fields, STR("Host"));
	struct backend *backend = find_backend(router, host, exchange->arena);

	if (backend == NULL || (exchange->is_tls && !backend->is_secured)) {
		forward_refuse(exchange);
		return;
	}
	if (exchange->is_tls || !backend->is_secured) {
		serve(backend, exchange);
		return;
	}
	switch (backend->insecure) {
	case INSECURE_REFUSED:
		forward_refuse(exchange);
		break;
	case INSECURE_SERVED:
		serve(backend, exchange);
		break;
	case INSECURE_REDIRECTED:
		redirect(exchange, host);
		break;
	}
}

/* Life. */

static void router_stop(void *instance)
{
	struct router *router = instance;

	cluster_unwatch(&router->watch);
	timer_stop(&router->load);
	http_listener_close(router->world, router->plain);
	http_listener_close(router->world, router->secure);
	router_forget(router);
	map_destroy(router->backends);
	arena_destroy(router->arena);
	free(router);
}

static bool router_listen(struct router *router, uint16_t http_port, uint16_t https_port,
			  struct str domain, struct error *error)
{
	struct arena *arena = arena_create();
	struct http_listen_options plain = {.port = http_port};
	struct http_listen_options secure = {.port = https_port, .is_tls = true};

	if (domain.size > 0)
		secure.certificate = sim_tls_certificate(
			arena, STR_CONCAT(arena, STR("*."), domain, STR(","), domain), STR("ok"));
	router->plain = http_listen(router->world, &plain, router_requested, router, error);
	if (router->plain != NULL)
		router->secure =
			http_listen(router->world, &secure, router_requested, router, error);
	arena_destroy(arena);
	return router->secure != NULL;
}

static void *router_start(struct world *world, const struct str *arguments, size_t count,
			  int *exit_status, struct error *error)
{
	uint16_t http_port = 80, https_port = 443;
	struct str domain = STR("");
	const struct option options[] = {
		{"domain", 0, OPTION_TEXT, &domain, NULL, "NAME", "its certificate is for *.NAME"},
		{"http-port", 0, OPTION_PORT, &http_port, NULL, "N", "of plain HTTP; 80"},
		{"https-port", 0, OPTION_PORT, &https_port, NULL, "N", "of TLS; 443"},
	};
	struct router *router;

	*exit_status = 2;
	if (!component_read_options(world, "openshift-router [OPTION...]", options,
				    sizeof options / sizeof *options, arguments, count, NULL, 0,
				    NULL, error))
		return NULL;
	router = MEMORY_NEW(struct router);
	router->world = world;
	router->cluster = process_of(world)->sim->cluster;
	router->allows_wildcards = str_equal(
		environment_text(world, STR("ROUTER_ALLOW_WILDCARD_ROUTES"), STR("")), STR("true"));
	router->arena = arena_create();
	router->backends = map_create(0);
	*exit_status = 1;
	if (!router_listen(router, http_port, https_port, domain, error)) {
		router_stop(router);
		return NULL;
	}
	router->watch = (struct cluster_watch){.changed = router_object_changed, .data = router};
	cluster_watch(router->cluster, &router->watch);
	router_load_within(router, 0);
	log_format(world, LOG_STDOUT, "ready openshift-router port=%u",
		   (unsigned)http_listener_port(world, router->plain));
	return router;
}

const struct component cluster_router_component = {
	.name = "openshift-router",
	.help = "the cluster's router",
	.start = router_start,
	.stop = router_stop,
};
