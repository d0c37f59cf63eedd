#include "gateway/loader.h"

#include <inttypes.h>
#include <stdlib.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/json.h"
#include "base/limits.h"
#include "base/map.h"
#include "base/utc.h"
#include "gateway/batched_reports.h"
#include "gateway/config.h"
#include "gateway/config_store.h"
#include "gateway/download.h"
#include "gateway/gateway_internal.h"
#include "gateway/log_output.h"

#define WAIT_US (15 * UTC_SECOND_US)       /* of a request for its host's download (1.6) */
#define BOOT_OUTPUT_BYTES_MAX (256 * 1024) /* what a failed start shows again */

struct loader {
	struct gateway *gateway;
	/* Boot and refresh. */
	loader_booted *booted; /* NULL once the start is over */
	struct download *download;
	struct strbuf output; /* of the start, while it lasts */
	struct timer refresh;
	/* Lazy: host -> its download. */
	struct map *fetches;
	struct list_link reloads;
};

/* A download for one host. With a cache of 0 s everybody gets what was downloaded after the request
 * came: who comes while one is under way waits for the next (1.6). */
struct fetch {
	struct loader *loader;
	struct str host; /* in the same memory */
	struct download *download;
	struct list_link waiting, next;
};

struct loader_reload {
	struct list_link link;
	struct loader *loader;
	struct download *download;
	loader_reloaded *reloaded;
	void *data;
};

struct loader *loader_create(struct gateway *gateway)
{
	struct loader *loader = MEMORY_NEW(struct loader);

	loader->gateway = gateway;
	/* Its keys are what clients send. */
	loader->fetches = map_create((uint64_t)world_chance(gateway->world));
	strbuf_init(&loader->output, BOOT_OUTPUT_BYTES_MAX);
	list_init(&loader->reloads);
	return loader;
}

static void fetch_free(struct fetch *fetch)
{
	struct list_link *link;

	while ((link = list_take_first(&fetch->waiting)) != NULL ||
	       (link = list_take_first(&fetch->next)) != NULL)
		timer_stop(&LIST_ENTRY(link, struct loader_wait, link)->timeout);
	download_free(fetch->download);
	free(fetch);
}

void loader_destroy(struct loader *loader)
{
	struct map_cursor at = {0};

	if (loader == NULL)
		return;
	while (map_next(loader->fetches, &at))
		fetch_free(at.value);
	map_destroy(loader->fetches);
	LIST_EACH (link, &loader->reloads)
		loader_reload_stop(LIST_ENTRY(link, struct loader_reload, link));
	loader->gateway->log.captured = NULL;
	download_free(loader->download);
	timer_stop(&loader->refresh);
	strbuf_free(&loader->output);
	free(loader);
}

/* What was downloaded becomes a version of the configuration. */

static int64_t expiry_us(const struct loader *loader)
{
	const struct settings *settings = &loader->gateway->settings;

	return settings->cache_s > 0 ? world_monotonic_us(loader->gateway->world) +
					       settings->cache_s * UTC_SECOND_US
				     : CONFIG_NEVER_EXPIRES;
}

static void announce(struct loader *loader, const struct config *config)
{
	struct gateway *gateway = loader->gateway;

	for (size_t i = 0; i < config->services_count; i++) {
		const struct service *service = &config->services[i];
		struct strbuf hosts;

		strbuf_init(&hosts, LIMIT_LOG_LINE_BYTES);
		for (size_t j = 0; j < service->hosts_count; j++) {
			strbuf_append(&hosts, j > 0 ? STR(", ") : STR(""));
			log_escape(&hosts, service->hosts[j]);
		}
		LOG(&gateway->log, LEVEL_INFO, NULL,
		    "added service %.*s configuration with hosts: %.*s ttl: %" PRId64,
		    STR_ARG(service->id), STR_ARG(strbuf_str(&hosts)), gateway->settings.cache_s);
		strbuf_free(&hosts);
	}
}

static struct config *config_make(struct loader *loader, struct arena *arena,
				  const struct json *document, struct error *error)
{
	struct gateway *gateway = loader->gateway;
	struct config *config =
		config_create(arena, document, &gateway->settings, &gateway->log, error);

	if (config != NULL && gateway->log.level >= LEVEL_INFO)
		announce(loader, config);
	return config;
}

static struct config *config_of_download(struct loader *loader, struct download *download,
					 struct error *error)
{
	struct json *document;
	struct arena *arena = download_take(download, &document);

	return config_make(loader, arena, document, error);
}

/* Ends the loader's download. NULL: nothing came of it; *error says why, if anything does. */
static struct config *finish_download(struct loader *loader, struct download *download,
				      enum download_result result, struct error *error)
{
	struct config *config = NULL;

	if (result == DOWNLOAD_BROKEN)
		*error = *download_error(download);
	else if (result == DOWNLOAD_DONE)
		config = config_of_download(loader, download, error);
	download_free(download);
	loader->download = NULL;
	return config;
}

/* Boot. */

/* The lines of the start go to the log in the end; a failed one says so first (1.7). */
static void show_output(struct loader *loader)
{
	struct gateway *gateway = loader->gateway;
	struct str lines = strbuf_str(&loader->output), line;

	while (str_next_field(&lines, '\n', &line))
		log_output_write(gateway->world, gateway->log.output, LEVEL_ERROR, line);
	strbuf_free(&loader->output);
}

static void boot_is_over(struct loader *loader, int status)
{
	loader_booted *booted = loader->booted;

	loader->booted = NULL;
	show_output(loader);
	booted(loader->gateway, status);
}

static void boot_failed(struct loader *loader, const char *reason)
{
	struct error_log *log = &loader->gateway->log;

	if (reason != NULL)
		LOG(log, LEVEL_ERROR, NULL, "%s", reason);
	LOG(log, LEVEL_ERROR, NULL, "missing configuration");
	log->captured = NULL;
	LOG(log, LEVEL_EMERG, NULL, "failed to load configuration, exiting (code 1)");
	boot_is_over(loader, 1);
}

static void refresh_fired(struct timer *timer);

static void schedule_refresh(struct loader *loader)
{
	const struct settings *settings = &loader->gateway->settings;

	if (settings->cache_s > 0)
		timer_start(loader->gateway->world, &loader->refresh,
			    settings->cache_s * UTC_SECOND_US, refresh_fired);
}

/* Everything at once: what is not there any more is forgotten (12.2 A5, A8). */
static void store_all(struct loader *loader, struct config *config)
{
	batched_reports_flush(loader->gateway->batched_reports);
	config_store_put(loader->gateway->store, config, expiry_us(loader), true);
	config_release(config);
}

static void boot_downloaded(struct download *download, enum download_result result, void *data)
{
	struct loader *loader = data;
	struct error error = {0};
	struct config *config = finish_download(loader, download, result, &error);

	if (config == NULL) {
		boot_failed(loader, error.kind != ERROR_NONE ? error.text : NULL);
		return;
	}
	if (loader->gateway->settings.replaces_worker)
		batched_reports_adopt(loader->gateway->batched_reports, config);
	store_all(loader, config);
	schedule_refresh(loader);
	loader->gateway->log.captured = NULL;
	boot_is_over(loader, -1);
}

void loader_boot(struct loader *loader, loader_booted *booted)
{
	struct gateway *gateway = loader->gateway;
	const struct settings *settings = &gateway->settings;

	if (settings->loader != LOADER_BOOT) {
		config_store_set_configured(gateway->store, settings->loader == LOADER_LAZY);
		booted(gateway, -1);
		return;
	}
	if (settings->cache_is_set && settings->cache_s == 0) {
		LOG(&gateway->log, LEVEL_EMERG, NULL,
		    "cache is off, cannot store configuration, exiting");
		booted(gateway, 0);
		return;
	}
	loader->booted = booted;
	gateway->log.captured = &loader->output;
	LOG(&gateway->log, LEVEL_INFO, NULL, "using boot configuration loader");
	loader->download = download_start(gateway, STR(""), boot_downloaded, loader);
}

/* Refresh. */

static void refresh_downloaded(struct download *download, enum download_result result, void *data)
{
	struct loader *loader = data;
	struct error_log *log = &loader->gateway->log;
	struct error error = {0};
	struct config *config = finish_download(loader, download, result, &error);

	if (config != NULL)
		store_all(loader, config);
	else if (error.kind != ERROR_NONE)
		LOG(log, LEVEL_ERROR, &log_subject_timer,
		    "auto updating configuration failed with: %s", error.text);
	else
		LOG(log, LEVEL_EMERG, &log_subject_timer, "failed to update configuration: nil");
	LOG(log, LEVEL_INFO, &log_subject_timer,
	    "auto updating configuration finished successfuly");
	schedule_refresh(loader);
}

static void refresh_fired(struct timer *timer)
{
	struct loader *loader = LIST_ENTRY(timer, struct loader, refresh);

	LOG(&loader->gateway->log, LEVEL_INFO, &log_subject_timer, "auto updating configuration");
	loader->download = download_start(loader->gateway, STR(""), refresh_downloaded, loader);
}

/* Lazy. */

void loader_wait_stop(struct loader_wait *wait)
{
	timer_stop(&wait->timeout);
	if (list_is_linked(&wait->link))
		list_remove(&wait->link);
}

/* Better an old configuration than none (1.6). */
static bool find_stale(struct loader *loader, struct str host, struct config_hit *hit)
{
	return loader->gateway->settings.cache_s != 0 &&
	       config_store_find(loader->gateway->store, host, INT64_MIN, hit);
}

static void say_stale(struct loader *loader, struct str host, const struct log_subject *subject)
{
	struct arena *scratch = arena_create();

	LOG(&loader->gateway->log, LEVEL_INFO, subject, "using stale configuration for host %s",
	    log_text(scratch, host));
	arena_destroy(scratch);
}

static void wait_fails(struct loader_wait *wait, const char *reason)
{
	struct loader *loader = wait->loader;
	struct arena *scratch = arena_create();
	struct config_hit hit = {0};
	const char *host = log_text(scratch, wait->host);

	if (reason != NULL)
		LOG(&loader->gateway->log, LEVEL_WARN, wait->subject,
		    "failed to load config for host: %s error: %s", host, reason);
	else
		LOG(&loader->gateway->log, LEVEL_WARN, wait->subject,
		    "failed to get config for host: %s", host);
	if (find_stale(loader, wait->host, &hit))
		say_stale(loader, wait->host, wait->subject);
	arena_destroy(scratch);
	wait->found(hit.config, hit.services, wait->data);
}

static void wait_timed_out(struct timer *timer)
{
	struct loader_wait *wait = LIST_ENTRY(timer, struct loader_wait, timeout);

	list_remove(&wait->link);
	wait_fails(wait, "timeout");
}

static void fetch_start(struct fetch *fetch);

static void fetch_tell(struct fetch *fetch, struct config *config, const char *reason)
{
	const struct host_services *services =
		config != NULL ? map_get(config->hosts, fetch->host) : NULL;
	struct list_link *link;

	while ((link = list_take_first(&fetch->waiting)) != NULL) {
		struct loader_wait *wait = LIST_ENTRY(link, struct loader_wait, link);

		timer_stop(&wait->timeout);
		if (config == NULL)
			wait_fails(wait, reason);
		else
			wait->found(services != NULL ? config : NULL, services, wait->data);
	}
}

static void fetch_downloaded(struct download *download, enum download_result result, void *data)
{
	struct fetch *fetch = data;
	struct loader *loader = fetch->loader;
	struct gateway *gateway = loader->gateway;
	struct config *config = NULL;
	struct error error = {0};
	struct list_link *link;

	if (result == DOWNLOAD_BROKEN)
		error = *download_error(download);
	else if (result == DOWNLOAD_DONE)
		config = config_of_download(loader, download, &error);
	if (config != NULL && gateway->settings.cache_s != 0) {
		batched_reports_flush(gateway->batched_reports);
		config_store_put(gateway->store, config, expiry_us(loader), false);
	}
	fetch_tell(fetch, config, error.kind != ERROR_NONE ? error.text : NULL);
	config_release(config);
	download_free(download);
	fetch->download = NULL;
	while ((link = list_take_first(&fetch->next)) != NULL)
		list_append(&fetch->waiting, link);
	if (!list_is_empty(&fetch->waiting)) {
		fetch_start(fetch);
		return;
	}
	map_remove(loader->fetches, fetch->host);
	fetch_free(fetch);
}

static void fetch_start(struct fetch *fetch)
{
	fetch->download =
		download_start(fetch->loader->gateway, fetch->host, fetch_downloaded, fetch);
}

static struct fetch *fetch_create(struct loader *loader, struct str host)
{
	struct fetch *fetch = memory_alloc(sizeof *fetch + host.size);
	char *copy = (char *)(fetch + 1);

	for (size_t i = 0; i < host.size; i++)
		copy[i] = host.data[i];
	fetch->loader = loader;
	fetch->host = str_of(copy, host.size);
	list_init(&fetch->waiting);
	list_init(&fetch->next);
	map_put(loader->fetches, fetch->host, fetch);
	fetch_start(fetch);
	return fetch;
}

static void wait_for_host(struct loader *loader, struct loader_wait *wait)
{
	bool wants_newest = loader->gateway->settings.cache_s == 0;
	struct fetch *fetch = map_get(loader->fetches, wait->host);
	bool is_running = fetch != NULL;

	if (fetch == NULL)
		fetch = fetch_create(loader, wait->host);
	list_append(is_running && wants_newest ? &fetch->next : &fetch->waiting, &wait->link);
	timer_start(loader->gateway->world, &wait->timeout, WAIT_US, wait_timed_out);
}

bool loader_find(struct loader *loader, struct str host, struct loader_wait *wait,
		 const struct log_subject *subject, loader_found *found, void *data,
		 struct config **config, const struct host_services **services)
{
	struct gateway *gateway = loader->gateway;
	bool is_lazy = gateway->settings.loader == LOADER_LAZY;
	struct config_hit hit = {0};

	if (!is_lazy || gateway->settings.cache_s != 0)
		config_store_find(gateway->store, host, world_monotonic_us(gateway->world), &hit);
	if (is_lazy && (hit.config == NULL || hit.is_stale)) {
		*wait = (struct loader_wait){.loader = loader,
					     .host = host,
					     .subject = subject,
					     .found = found,
					     .data = data};
		wait_for_host(loader, wait);
		return false;
	}
	if (hit.is_stale && gateway->log.level >= LEVEL_INFO)
		say_stale(loader, host, subject);
	*config = hit.config;
	*services = hit.services;
	return true;
}

/* Management. */

static struct config *config_of_document(struct loader *loader, struct arena *arena,
					 const struct json *document, struct error *error)
{
	struct config *config = config_make(loader, arena, document, error);

	if (config == NULL)
		LOG(&loader->gateway->log, LEVEL_WARN, NULL, "not configured: %s", error->text);
	return config;
}

int loader_replace(struct loader *loader, struct arena *arena, const struct json *document,
		   struct error *error)
{
	struct config *config = config_of_document(loader, arena, document, error);
	int count;

	if (config == NULL)
		return -1;
	count = (int)config->services_count;
	if (count > 0) {
		store_all(loader, config);
	} else {
		config_store_set_configured(loader->gateway->store, true);
		config_release(config);
	}
	return count;
}

void loader_forget(struct loader *loader)
{
	config_store_clear(loader->gateway->store);
	config_store_set_configured(loader->gateway->store, false);
}

static void reload_downloaded(struct download *download, enum download_result result, void *data)
{
	struct loader_reload *reload = data;
	struct loader *loader = reload->loader;
	struct arena *scratch = arena_create();
	struct json *document = NULL;
	struct arena *arena = NULL;
	struct config *config = NULL;
	struct str text = STR("");
	struct error error;
	bool is_good = result == DOWNLOAD_DONE;

	if (is_good) {
		arena = download_take(download, &document);
		text = json_print(scratch, document);
		config = config_of_document(loader, arena, document, &error);
		is_good = config != NULL;
	}
	if (is_good)
		store_all(loader, config);
	list_remove(&reload->link);
	download_free(download);
	reload->reloaded(is_good ? &text : NULL, reload->data);
	free(reload);
	arena_destroy(scratch);
}

struct loader_reload *loader_reload(struct loader *loader, loader_reloaded *reloaded, void *data)
{
	struct loader_reload *reload = MEMORY_NEW(struct loader_reload);

	reload->loader = loader;
	reload->reloaded = reloaded;
	reload->data = data;
	list_append(&loader->reloads, &reload->link);
	reload->download = download_start(loader->gateway, STR(""), reload_downloaded, reload);
	return reload;
}

void loader_reload_stop(struct loader_reload *reload)
{
	list_remove(&reload->link);
	download_free(reload->download);
	free(reload);
}
