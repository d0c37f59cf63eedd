#include "gateway/gateway.h"

#include <stdlib.h>

#include "base/arena.h"
#include "base/error.h"
#include "gateway/auth_cache.h"
#include "gateway/authorization.h"
#include "gateway/config_store.h"
#include "gateway/echo_server.h"
#include "gateway/gateway_internal.h"
#include "gateway/loader.h"
#include "gateway/management.h"
#include "gateway/metrics.h"
#include "gateway/oauth_store.h"
#include "gateway/request.h"
#include "gateway/resolver.h"
#include "gateway/token_cache.h"
#include "world/clock.h"
#include "world/environment.h"
#include "world/http_server.h"
#include "world/log.h"

#define HOSTS_MAX 1000 /* 1.3: the store's capacity in 2.6 */
#define JWTS_MAX 10000 /* 10.4 */
#define AUTH_CACHE_BYTES_MAX ((size_t)10 * 1024 * 1024)

/* Listeners. */

static void close_listeners(struct gateway *gateway)
{
	struct http_listener **listeners[] = {&gateway->proxy, &gateway->management,
					      &gateway->metrics_page, &gateway->echo};

	for (size_t i = 0; i < sizeof listeners / sizeof *listeners; i++) {
		struct http_listener *listener = *listeners[i];

		*listeners[i] = NULL;
		http_listener_close(gateway->world, listener);
	}
}

static bool open_listeners(struct gateway *gateway, struct error *error)
{
	const struct settings *settings = &gateway->settings;
	const struct {
		struct http_listener **listener;
		uint16_t port;
		http_requested *requested;
		bool is_wanted;
	} wanted[] = {
		{&gateway->echo, settings->echo_port, echo_server_requested, true},
		{&gateway->management, settings->management_port, management_requested, true},
		{&gateway->metrics_page, settings->metrics_port, metrics_requested,
		 settings->has_metrics},
		{&gateway->proxy, settings->port, request_begin, true},
	};

	for (size_t i = 0; i < sizeof wanted / sizeof *wanted; i++) {
		struct http_listen_options options = {.address = gateway->settings.address,
						      .port = wanted[i].port};

		if (!wanted[i].is_wanted)
			continue;
		*wanted[i].listener =
			http_listen(gateway->world, &options, wanted[i].requested, gateway, error);
		if (*wanted[i].listener == NULL) {
			close_listeners(gateway);
			return false;
		}
	}
	gateway->echo_port = http_listener_port(gateway->world, gateway->echo);
	return true;
}

static unsigned port_of(struct gateway *gateway, struct http_listener *listener)
{
	return listener != NULL ? http_listener_port(gateway->world, listener) : 0;
}

static void say_ready(struct gateway *gateway)
{
	log_format(gateway->world, LOG_STDOUT,
		   "ready gateway port=%u management_port=%u metrics_port=%u echo_port=%u",
		   port_of(gateway, gateway->proxy), port_of(gateway, gateway->management),
		   port_of(gateway, gateway->metrics_page), port_of(gateway, gateway->echo));
}

/* The start is over when there is a configuration, or none is needed. */
static void booted(struct gateway *gateway, int status)
{
	struct error error;

	if (status >= 0) {
		world_exit(gateway->world, status);
	} else if (open_listeners(gateway, &error)) {
		say_ready(gateway);
	} else {
		LOG(&gateway->log, LEVEL_EMERG, NULL, "%s", error.text);
		world_exit(gateway->world, 1);
	}
}

/* The end. */

void gateway_request_over(struct gateway *gateway)
{
	if (gateway->is_stopping && list_is_empty(&gateway->requests))
		world_exit(gateway->world, 0);
}

/* Reports under way are finished first (12.2 A9). */
static void stop_requested(void *data)
{
	struct gateway *gateway = data;

	close_listeners(gateway);
	gateway->is_stopping = true;
	gateway_request_over(gateway);
}

static void gateway_free(struct gateway *gateway)
{
	close_listeners(gateway);
	LIST_EACH (link, &gateway->requests)
		request_abandon(LIST_ENTRY(link, struct request, link));
	loader_destroy(gateway->loader);
	oauth_store_destroy(gateway->oauth);
	metrics_destroy(gateway->metrics);
	auth_cache_destroy(gateway->auth_cache);
	token_cache_destroy(gateway->jwts);
	token_caches_destroy(gateway->introspections);
	config_store_destroy(gateway->store);
	resolver_destroy(gateway->resolver);
	gateway_settings_free(&gateway->settings);
	free(gateway);
}

/* The beginning. */

static void open_log(struct gateway *gateway)
{
	const struct settings *settings = &gateway->settings;

	gateway->log = (struct error_log){.world = gateway->world,
					  .target = settings->log_file,
					  .level = settings->log_level};
	for (size_t i = 0; i < settings->notices.count; i++)
		LOG(&gateway->log, settings->notices.items[i].level, NULL, "%.*s",
		    STR_ARG(settings->notices.items[i].text));
}

static void *gateway_start(struct world *world, const struct str *arguments, size_t count,
			   int *exit_status, struct error *error)
{
	struct gateway *gateway = MEMORY_NEW(struct gateway);

	gateway->world = world;
	if (!gateway_settings_read(&gateway->settings, world, arguments, count, error)) {
		*exit_status = 1;
		free(gateway);
		return NULL;
	}
	list_init(&gateway->requests);
	for (size_t i = 0; i < GATEWAY_CONNECTION_BUCKETS; i++) {
		list_init(&gateway->reporting[i]);
		list_init(&gateway->waiting[i]);
	}
	open_log(gateway);
	gateway->resolver = resolver_create(world, gateway->settings.resolver);
	gateway->store = config_store_create(HOSTS_MAX);
	gateway->auth_cache = auth_cache_create(AUTH_CACHE_BYTES_MAX, world_chance(world));
	gateway->jwts = token_cache_create(JWTS_MAX, world_chance(world));
	gateway->introspections = token_caches_create(world_chance(world));
	gateway->oauth = oauth_store_create(world, gateway->settings.redis_url);
	gateway->metrics = metrics_create(gateway->settings.extended_metrics);
	gateway->loader = loader_create(gateway);
	world_on_stop(world, stop_requested, gateway);
	loader_boot(gateway->loader, booted);
	return gateway;
}

static void gateway_stop(void *instance)
{
	gateway_free(instance);
}

const struct component gateway_component = {
	.name = "gateway",
	.help = "the API gateway: authorizes calls and proxies them to private APIs",
	.start = gateway_start,
	.stop = gateway_stop,
};
