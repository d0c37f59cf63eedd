#include "gateway/gateway.h"

#include <stdlib.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/limits.h"
#include "gateway/authorization.h"
#include "gateway/batched_reports.h"
#include "gateway/config_store.h"
#include "gateway/echo_server.h"
#include "gateway/gateway_internal.h"
#include "gateway/loader.h"
#include "gateway/management.h"
#include "gateway/metrics.h"
#include "gateway/oauth_store.h"
#include "gateway/policy_commands.h"
#include "gateway/redis_limits.h"
#include "gateway/request.h"
#include "gateway/resolver.h"
#include "gateway/shared_stores.h"
#include "gateway/token_cache.h"
#include "gateway/worker_processes.h"
#include "world/clock.h"
#include "world/environment.h"
#include "world/files.h"
#include "world/http_server.h"
#include "world/log.h"

#define HOSTS_MAX 1000  /* 1.3: the store's capacity in 2.6 */
#define JWTS_MAX 10000  /* 10.4 */
#define FIELDS_MAX 1000 /* of a request; its four buffers bound them before (3.8) */

/* Listeners. */

static void close_listeners(struct gateway *gateway)
{
	struct http_listener **listeners[] = {&gateway->proxy, &gateway->proxy_tls,
					      &gateway->management, &gateway->metrics_page,
					      &gateway->echo};

	gateway->is_closing = true;
	for (size_t i = 0; i < sizeof listeners / sizeof *listeners; i++) {
		struct http_listener *listener = *listeners[i];

		*listeners[i] = NULL;
		http_listener_close(gateway->world, listener);
	}
}

/* 3.8, 1.1. */
static void set_proxy_options(struct http_listen_options *options, const struct settings *settings,
			      bool is_tls)
{
	options->limits.field_bytes = LIMIT_HTTP_TARGET_BYTES;
	options->limits.fields = FIELDS_MAX;
	options->limits.takes_query_zeros = true; /* APIs may have bytes for arguments */
	options->refused = request_refused;
	options->is_tls = is_tls;
	options->asks_client_certificate = is_tls;
	if (is_tls) {
		options->certificate = settings->network.https_certificate;
		options->private_key = settings->network.https_key;
	}
}

static bool open_listeners(struct gateway *gateway, struct error *error)
{
	const struct settings *settings = &gateway->settings;
	uint16_t https_port = settings->network.https_port;
	const struct {
		struct http_listener **listener;
		uint16_t port;
		http_requested *requested;
		bool is_wanted, is_proxy;
	} wanted[] = {
		{&gateway->echo, settings->echo_port, echo_server_requested, true, false},
		{&gateway->management, settings->management_port, management_requested, true,
		 false},
		{&gateway->metrics_page, settings->metrics_port, metrics_requested,
		 settings->has_metrics, false},
		{&gateway->proxy, settings->port, request_begin,
		 https_port == 0 || https_port != settings->port, true},
		{&gateway->proxy_tls, https_port, request_begin, https_port != 0, true},
	};

	for (size_t i = 0; i < sizeof wanted / sizeof *wanted; i++) {
		struct http_listen_options options = {
			.address = settings->address,
			.port = wanted[i].port,
			.share_port = settings->shares_ports,
		};

		if (!wanted[i].is_wanted)
			continue;
		if (wanted[i].is_proxy)
			set_proxy_options(&options, settings,
					  wanted[i].listener == &gateway->proxy_tls);
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
		   "ready gateway port=%u https_port=%u management_port=%u metrics_port=%u "
		   "echo_port=%u",
		   port_of(gateway, gateway->proxy), port_of(gateway, gateway->proxy_tls),
		   port_of(gateway, gateway->management), port_of(gateway, gateway->metrics_page),
		   port_of(gateway, gateway->echo));
}

/* The start is over when there is a configuration, or none is needed. */
static void booted(struct gateway *gateway, int status)
{
	struct error error;

	if (status >= 0) {
		world_exit(gateway->world, status);
	} else if (gateway->settings.is_test) {
		gateway_settings_report_test(&gateway->settings, gateway->world);
		world_exit(gateway->world, 0);
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
	if (!gateway->is_stopping || !list_is_empty(&gateway->requests) ||
	    !batched_reports_finish(gateway->batched_reports, gateway_request_over) ||
	    !redis_limits_set_is_idle(gateway->redis_limits))
		return;
	world_exit(gateway->world, 0);
}

static void redis_is_idle(void *data)
{
	gateway_request_over(data);
}

/* Reports under way are finished first (12.2 A9). */
static void stop_requested(void *data)
{
	struct gateway *gateway = data;

	if (gateway->workers != NULL) {
		worker_processes_stop(gateway->workers);
		return;
	}
	close_listeners(gateway);
	LIST_EACH (link, &gateway->requests)
		request_end_orphan(LIST_ENTRY(link, struct request, link));
	gateway->is_stopping = true;
	gateway_request_over(gateway);
}

static bool has_pid_file(const struct gateway *gateway)
{
	return gateway->settings.pid_file.size > 0 && !gateway->settings.shares_ports;
}

static void remove_pid_file(struct gateway *gateway)
{
	if (has_pid_file(gateway))
		files_remove(gateway->world, gateway->settings.pid_file, NULL);
}

static void gateway_free(struct gateway *gateway)
{
	policy_command_destroy(gateway->command);
	worker_processes_destroy(gateway->workers);
	remove_pid_file(gateway);
	close_listeners(gateway);
	LIST_EACH (link, &gateway->requests)
		request_abandon(LIST_ENTRY(link, struct request, link));
	loader_destroy(gateway->loader);
	oauth_store_destroy(gateway->oauth);
	redis_limits_set_destroy(gateway->redis_limits);
	batched_reports_destroy(gateway->batched_reports);
	metrics_destroy(gateway->metrics);
	shared_stores_destroy(gateway->stores);
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
					  .output = &settings->error_log,
					  .level = settings->log_level};
	/* A worker's parent has said them. */
	for (size_t i = 0; i < settings->notices.count && !settings->shares_ports; i++)
		LOG(&gateway->log, settings->notices.items[i].level, NULL, "%.*s",
		    STR_ARG(settings->notices.items[i].text));
}

static bool write_pid_file(struct gateway *gateway, struct error *error)
{
	struct arena *scratch = arena_create();
	bool is_written =
		!has_pid_file(gateway) ||
		files_write(gateway->world, gateway->settings.pid_file,
			    str_format(scratch, "%d\n", world_process_id(gateway->world)), error);

	arena_destroy(scratch);
	return is_written;
}

/* Those of the process that started this one, or new ones (1.1). */
static bool create_stores(struct gateway *gateway, struct error *error)
{
	struct world *world = gateway->world;
	bool is_worker = gateway->settings.workers_total > 1;
	uint64_t seed = world_chance(world);

	gateway->stores = is_worker ? shared_stores_inherit(world, error)
				    : shared_stores_create(world, seed, error);
	return gateway->stores != NULL;
}

static void use_stores(struct gateway *gateway)
{
	const struct shared_stores *stores = gateway->stores;

	gateway->auth_cache = shared_stores_dictionary(stores, STORE_AUTHORIZATIONS);
	gateway->batched_auths = shared_stores_dictionary(stores, STORE_BATCHED_AUTHS);
	gateway->batched_rows = shared_stores_dictionary(stores, STORE_BATCHED_REPORTS);
	gateway->limit_counters = shared_stores_dictionary(stores, STORE_LIMITS);
	gateway->metrics = metrics_create(stores, gateway->settings.extended_metrics,
					  gateway->settings.worker, &gateway->log);
}

static void create_parts(struct gateway *gateway)
{
	struct world *world = gateway->world;

	use_stores(gateway);
	gateway->resolver = resolver_create(world, gateway->settings.resolver);
	gateway->store = config_store_create(HOSTS_MAX);
	gateway->batched_reports = batched_reports_create(gateway, world_chance(world));
	gateway->redis_limits = redis_limits_set_create(world);
	redis_limits_set_on_idle(gateway->redis_limits, redis_is_idle, gateway);
	gateway->jwts = token_cache_create(JWTS_MAX, world_chance(world));
	gateway->introspections = token_caches_create(world_chance(world));
	gateway->oauth = oauth_store_create(world, gateway->settings.redis_url);
	gateway->loader = loader_create(gateway);
}

static bool begin_work(struct gateway *gateway, const struct str *arguments, size_t count,
		       struct error *error)
{
	const struct settings *settings = &gateway->settings;

	if (policy_command_is_asked(arguments, count)) {
		gateway->command = policy_command_start(gateway, arguments, count, error);
		return gateway->command != NULL;
	}
	if (!write_pid_file(gateway, error))
		return false;
	if (!create_stores(gateway, error))
		return false;
	world_on_stop(gateway->world, stop_requested, gateway);
	if (settings->workers > 1 && !settings->is_test) {
		gateway->workers = worker_processes_create(gateway, arguments, count, error);
		return gateway->workers != NULL;
	}
	create_parts(gateway);
	loader_boot(gateway->loader, booted);
	return true;
}

static void *gateway_start(struct world *world, const struct str *arguments, size_t count,
			   int *exit_status, struct error *error)
{
	struct gateway *gateway = MEMORY_NEW(struct gateway);

	*exit_status = 1;
	gateway->world = world;
	if (!gateway_settings_read(&gateway->settings, world, arguments,
				   policy_command_is_asked(arguments, count) ? 0 : count, error)) {
		free(gateway);
		return NULL;
	}
	list_init(&gateway->requests);
	for (size_t i = 0; i < GATEWAY_CONNECTION_BUCKETS; i++) {
		list_init(&gateway->reporting[i]);
		list_init(&gateway->waiting[i]);
	}
	open_log(gateway);
	if (begin_work(gateway, arguments, count, error))
		return gateway;
	gateway_free(gateway);
	return NULL;
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
