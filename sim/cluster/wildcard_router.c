/* `apicast-wildcard-router [--port N]`: behind the wildcard route of release 2.5 (spec/cluster.md
 * 5, wildcard history). It asks the master portal at API_HOST (http://TOKEN@system-master:3000)
 * whose the host of a request is (spec/portal.md 4.11, domain look-up), and hands the request on to
 * that service of the installation. A host that is nobody's: 404. */
#include <stdlib.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/json.h"
#include "base/limits.h"
#include "base/options.h"
#include "base/url.h"
#include "sim/cluster/cluster_programs.h"
#include "sim/cluster/forward.h"
#include "sim/sim_internal.h"
#include "world/component.h"
#include "world/environment.h"
#include "world/http_client.h"
#include "world/http_server.h"
#include "world/log.h"

struct wildcard_router {
	struct world *world;
	struct url master;
	struct http_listener *listener;
};

/* A request while master is asked. */
struct lookup {
	struct wildcard_router *router;
	struct http_exchange *exchange;
	struct http_fields fields;
	struct http_call *call;
	struct http_body_collector *collector;
};

/* In the order in which they are looked at: master's host may be told of as a provider's, too. */
static const struct {
	const char *flag, *service;
	uint16_t port;
} services[] = {
	{"master", "system-master", 3000},
	{"provider", "system-provider", 3000},
	{"developer", "system-developer", 3000},
	{"apicast.production", "apicast-production", 8080},
	{"apicast.staging", "apicast-staging", 8080},
};

static void lookup_over(struct lookup *lookup)
{
	http_body_collector_stop(lookup->collector);
	lookup->collector = NULL;
	http_call_release(lookup->call);
	lookup->call = NULL;
}

static void client_left(struct http_exchange *exchange, bool complete)
{
	(void)complete;
	lookup_over(exchange->data);
}

static void answer_not_found(struct http_exchange *exchange)
{
	struct http_response response;

	http_response_init(&response, exchange->arena, 404);
	http_exchange_respond_str(exchange, &response, STR(""));
}

static void hand_on(struct http_exchange *exchange, const struct json *domain)
{
	for (size_t i = 0; i < sizeof services / sizeof *services; i++) {
		if (!json_bool(json_path(domain, services[i].flag), false))
			continue;
		forward(exchange,
			&(struct forward_options){.address = str_from(services[i].service),
						  .port = services[i].port,
						  .keeps_forwarded = true});
		return;
	}
	answer_not_found(exchange);
}

static void answer_collected(enum http_collect_result result, struct str bytes, void *data)
{
	struct lookup *lookup = data;
	struct http_exchange *exchange = lookup->exchange;
	const struct json *domain = NULL;
	int status = lookup->call->response.status;

	lookup->collector = NULL;
	if (result == HTTP_COLLECTED && status == 200)
		domain = json_parse(exchange->arena, bytes, LIMIT_BACKEND_BODY_BYTES, NULL);
	lookup_over(lookup);
	if (domain != NULL)
		hand_on(exchange, domain);
	else
		forward_refuse(exchange);
}

static void master_answered(struct http_call *call, void *data)
{
	struct lookup *lookup = data;
	struct http_body_collector *collector =
		http_body_collect(http_call_take_body(call), LIMIT_BACKEND_BODY_BYTES,
				  lookup->exchange->arena, answer_collected, lookup);

	if (collector != NULL)
		lookup->collector = collector;
}

static void master_failed(struct http_call *call, void *data)
{
	struct lookup *lookup = data;

	log_format(lookup->router->world, LOG_STDERR, "the master portal does not answer: %.*s",
		   STR_ARG(http_failure_text(call->failure)));
	lookup_over(lookup);
	forward_refuse(lookup->exchange);
}

static void ask_master(struct lookup *lookup, struct str host)
{
	const struct url *master = &lookup->router->master;
	struct arena *arena = lookup->exchange->arena;
	struct http_call_options options = {
		.method = STR("GET"),
		.is_tls = url_is_tls(master),
		.host = master->host,
		.port = master->port,
		.target = STR_CONCAT(arena, STR("/master/api/domain/"), host),
		.fields = &lookup->fields,
	};

	http_fields_init(&lookup->fields, arena);
	http_fields_add(&lookup->fields, STR("Accept"), STR("application/json"));
	http_fields_add(&lookup->fields, STR("Authorization"),
			http_basic_credentials(arena, master->user, master->password));
	lookup->call = http_call_start(lookup->router->world, &options, master_answered,
				       master_failed, lookup);
}

static void requested(struct http_exchange *exchange, void *data)
{
	struct lookup *lookup = ARENA_NEW(exchange->arena, struct lookup);
	struct str host = http_fields_get(&exchange->request.fields, STR("Host"));

	host = str_slice(host, 0, str_find_char(host, ':'));
	lookup->router = data;
	lookup->exchange = exchange;
	exchange->data = lookup;
	exchange->ended = client_left;
	if (host.size == 0)
		answer_not_found(exchange);
	else
		ask_master(lookup, host);
}

/* Life. */

static void wildcard_router_stop(void *instance)
{
	struct wildcard_router *router = instance;

	http_listener_close(router->world, router->listener);
	free(router);
}

static void *wildcard_router_start(struct world *world, const struct str *arguments, size_t count,
				   int *exit_status, struct error *error)
{
	struct http_listen_options listen = {.port = 8080};
	const struct option options[] = {
		{"port", 0, OPTION_PORT, &listen.port, NULL, "N", "port to listen on; 8080"},
	};
	struct wildcard_router *router;
	struct url master;

	*exit_status = 2;
	if (!component_read_options(world, "apicast-wildcard-router [OPTION...]", options,
				    sizeof options / sizeof *options, arguments, count, NULL, 0,
				    NULL, error))
		return NULL;
	*exit_status = 1;
	if (!url_parse(environment_text(world, STR("API_HOST"), STR("")), &master, error)) {
		error_wrap(error, "API_HOST");
		return NULL;
	}
	router = MEMORY_NEW(struct wildcard_router);
	router->world = world;
	router->master = master;
	router->listener = http_listen(world, &listen, requested, router, error);
	if (router->listener == NULL) {
		free(router);
		return NULL;
	}
	log_format(world, LOG_STDOUT, "ready apicast-wildcard-router port=%u",
		   (unsigned)http_listener_port(world, router->listener));
	return router;
}

const struct component wildcard_router_component = {
	.name = "apicast-wildcard-router",
	.help = "what the wildcard route of release 2.5 leads to",
	.start = wildcard_router_start,
	.stop = wildcard_router_stop,
};
