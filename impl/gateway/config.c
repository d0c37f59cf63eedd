#include "gateway/config.h"

#include <stdlib.h>

#include "base/arena.h"
#include "base/bug.h"
#include "base/error.h"
#include "base/json.h"
#include "base/limits.h"
#include "base/map.h"
#include "base/pattern.h"
#include "gateway/config_service.h"
#include "gateway/error_log.h"
#include "gateway/settings.h"

struct config *config_retain(struct config *config)
{
	config->references++;
	return config;
}

void config_release(struct config *config)
{
	if (config == NULL || --config->references > 0)
		return;
	for (size_t i = 0; i < config->services_count; i++)
		mapping_rules_release(&config->services[i].rules);
	map_destroy(config->hosts);
	arena_destroy(config->arena);
	free(config);
}

struct json *config_parse_json(struct arena *arena, struct str text, struct error *error)
{
	struct json *json = json_parse(arena, text, LIMIT_CONFIG_BYTES, error);
	size_t first = 0;

	while (first < text.size && (text.data[first] == ' ' || text.data[first] == '\t' ||
				     text.data[first] == '\n' || text.data[first] == '\r'))
		first++;
	if (json != NULL)
		return json;
	if (first == text.size)
		error_set(error, ERROR_INVALID, "Expected value but found T_END at character %zu",
			  first + 1);
	else if (str_find_char(STR("{[\"-0123456789"), text.data[first]) == STR_NOT_FOUND)
		error_set(error, ERROR_INVALID,
			  "Expected value but found invalid token at character %zu", first + 1);
	return NULL;
}

static bool host_matches_filter(const struct settings *settings, const struct service *service)
{
	for (size_t i = 0; i < service->hosts_count; i++) {
		if (pattern_is_found(settings->services_filter, service->hosts[i]))
			return true;
	}
	return false;
}

/* APICAST_SERVICES_LIST and APICAST_SERVICES_FILTER_BY_URL (1.3). */
static bool is_wanted(const struct settings *settings, const struct service *service)
{
	bool has_list = settings->services_list_count > 0;

	if (settings->services_filter_is_broken)
		return false;
	if (has_list && settings_lists_service(settings, service->id))
		return true;
	if (settings->services_filter != NULL)
		return host_matches_filter(settings, service);
	return !has_list;
}

static void host_services_add(struct config *config, struct host_services *entry,
			      const struct service *service)
{
	const struct service **items =
		ARENA_ARRAY(config->arena, const struct service *, entry->count + 1);

	for (size_t i = 0; i < entry->count; i++)
		items[i] = entry->items[i];
	items[entry->count++] = service;
	entry->items = items;
}

static void add_host(struct config *config, struct str host, const struct service *service,
		     const struct settings *settings, struct error_log *log)
{
	struct host_services *entry = map_get(config->hosts, host);

	if (entry == NULL) {
		entry = ARENA_NEW(config->arena, struct host_services);
		map_put(config->hosts, host, entry);
	} else if (entry->items[entry->count - 1] == service) {
		return; /* the same host twice in one service */
	} else if (!settings->path_routing) {
		LOG(log, LEVEL_WARN, NULL,
		    "skipping host %.*s for service %.*s already defined by service %.*s",
		    STR_ARG(host), STR_ARG(service->id), STR_ARG(entry->items[0]->id));
		return;
	}
	host_services_add(config, entry, service);
}

static bool add_service(struct config *config, const struct policy_loader *loader,
			const struct json *content, const struct json *oidc, struct map *ids,
			struct error *error)
{
	struct service *service = &config->services[config->services_count];
	const struct settings *settings = loader->settings;
	struct error_log *log = loader->log;

	if (!config_service_parse(loader, content, oidc, service, error))
		return false;
	config->services_count++;
	if (!is_wanted(settings, service)) {
		LOG(log, LEVEL_WARN, NULL, "filtering out service %.*s", STR_ARG(service->id));
	} else if (map_put(ids, service->id, service) != NULL) {
		LOG(log, LEVEL_WARN, NULL, "skipping service %.*s becasue it is a duplicate",
		    STR_ARG(service->id));
	} else {
		for (size_t i = 0; i < service->hosts_count; i++)
			add_host(config, service->hosts[i], service, settings, log);
		return true;
	}
	mapping_rules_release(&service->rules);
	config->services_count--;
	return true;
}

static bool add_services(struct config *config, const struct policy_loader *loader,
			 const struct json *document, struct error *error)
{
	const struct json *services = json_get(document, STR("services"));
	const struct json *oidc = json_at(json_get(document, STR("oidc")), 0);
	struct map *ids = map_create(0);
	bool is_good = true;

	config->services = ARENA_ARRAY(config->arena, struct service, services->count);
	JSON_EACH (content, services) {
		if (content->kind == JSON_OBJECT)
			is_good = add_service(config, loader, content, oidc, ids, error);
		else if (!json_is_null(content)) /* which is as good as absent (0.3) */
			is_good = error_set(error, ERROR_INVALID, "a service is not an object");
		if (!is_good)
			break;
		oidc = oidc != NULL ? oidc->next : NULL;
	}
	map_destroy(ids);
	return is_good;
}

struct config *config_create(struct arena *arena, const struct json *json,
			     const struct settings *settings, struct error_log *log,
			     struct error *error)
{
	const struct json *services = json_get(json, STR("services"));
	struct policy_loader loader = {.arena = arena,
				       .settings = settings,
				       .log = log,
				       .issuers = json_get(json, STR("issuers"))};
	struct config *config;

	if (json == NULL || json->kind != JSON_OBJECT) {
		error_set(error, ERROR_INVALID, "the configuration is not an object");
		arena_destroy(arena);
		return NULL;
	}
	config = MEMORY_NEW(struct config);
	config->references = 1;
	config->arena = arena;
	config->hosts = map_create(0);
	/* Without services it is a good configuration of none (1.7). */
	if (services == NULL || services->kind != JSON_ARRAY ||
	    add_services(config, &loader, json, error))
		return config;
	config_release(config);
	return NULL;
}
