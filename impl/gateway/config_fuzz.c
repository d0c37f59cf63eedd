/* libFuzzer target: whatever a configuration is, it is refused with a reason or becomes a version
 * whose services can be stored, found by each of their hosts, matched against a path and shown. */
#include <stdint.h>

#include "base/arena.h"
#include "base/bug.h"
#include "base/error.h"
#include "base/json.h"
#include "base/list.h"
#include "base/map.h"
#include "gateway/config.h"
#include "gateway/config_store.h"
#include "gateway/error_log.h"
#include "gateway/settings.h"

#define HOSTS_MAX 4 /* few, so that some are evicted */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void use_service(const struct config *config, const struct service *service)
{
	const struct mapping_subject subject = {.method = STR("GET"), .path = STR("/a/b")};

	BUG_IF(service->id.size == 0);
	mapping_rules_any(&service->rules, &subject);
	for (size_t i = 0; i < service->hosts_count; i++) {
		const struct host_services *found = map_get(config->hosts, service->hosts[i]);

		BUG_IF(found == NULL || found->count == 0);
	}
}

static void use_config(struct config *config)
{
	struct config_store *store = config_store_create(HOSTS_MAX);
	struct arena *scratch = arena_create();
	struct json *shown;

	for (size_t i = 0; i < config->services_count; i++)
		use_service(config, &config->services[i]);
	config_store_put(store, config, 0, true);
	config_store_put(store, config, 0, false);
	BUG_IF(config_store_services(store) > config->services_count);
	shown = config_store_json(store, scratch);
	BUG_IF(json_get(shown, STR("services"))->count != config_store_services(store));
	json_print(scratch, shown);
	arena_destroy(scratch);
	config_store_destroy(store);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *settings_arena = arena_create(), *arena = arena_create();
	/* The first byte chooses how hosts are shared; nothing below emergencies is logged. */
	const struct settings settings = {.arena = settings_arena,
					  .path_routing = size > 0 && data[0] % 2 == 1};
	struct error_log log = {.level = LEVEL_EMERG};
	struct error error = {0};
	struct str text = str_skip(str_of((const char *)data, size), 1);
	struct json *json = config_parse_json(arena, text, &error);
	struct config *config;

	BUG_IF((json == NULL) != (error.kind != ERROR_NONE));
	if (json == NULL) {
		arena_destroy(arena);
	} else {
		config = config_create(arena, json, &settings, &log, &error);
		BUG_IF((config == NULL) != (error.kind != ERROR_NONE));
		if (config != NULL)
			use_config(config);
		config_release(config);
	}
	arena_destroy(settings_arena);
	return 0;
}
