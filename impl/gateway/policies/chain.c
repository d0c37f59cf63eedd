#include "gateway/policies/chain.h"

#include "base/arena.h"
#include "base/error.h"
#include "base/json.h"
#include "base/json_schema.h"
#include "base/limits.h"
#include "gateway/error_log.h"
#include "gateway/settings.h"

/* APICAST_VALIDATE_POLICY_CONFIGS: is the configuration what the manifest says it is? */
static bool is_as_manifest_says(const struct policy_loader *loader, const struct policy *policy,
				const struct json *configuration, struct error *error)
{
	struct arena *arena;
	const struct json *manifest;
	bool is_valid;

	if (!loader->settings->validate_policy_configs || policy->manifest == NULL)
		return true;
	arena = arena_create();
	manifest = json_parse(arena, str_from(policy->manifest), LIMIT_CONFIG_BYTES, NULL);
	is_valid = json_schema_accepts(
		json_get(manifest, STR("configuration")),
		configuration != NULL ? configuration : json_new(arena, JSON_OBJECT), error);
	arena_destroy(arena);
	return is_valid;
}

static void add_policy(const struct policy_loader *loader, struct str name, struct str version,
		       const struct json *configuration, struct policy_chain *chain)
{
	const struct policy *policy = policy_find(name, version);
	const void *data = NULL;
	struct error error;

	if (json_is_null(configuration))
		configuration = NULL;
	if (policy == NULL) {
		LOG(loader->log, LEVEL_WARN, NULL,
		    "failed to load policy: %s version: %s err: not found",
		    log_text(loader->arena, name), log_text(loader->arena, version));
		return;
	}
	if (!is_as_manifest_says(loader, policy, configuration, &error) ||
	    (policy->create != NULL && !policy->create(loader, configuration, &data, &error))) {
		LOG(loader->log, LEVEL_ERROR, NULL,
		    "Policy %.*s crashed in .new(). It will be ignored. %s", STR_ARG(policy->name),
		    log_text(loader->arena, str_from(error.text)));
		return;
	}
	chain->items[chain->count++] = (struct policy_instance){policy, data};
}

void policy_chain_parse(const struct policy_loader *loader, const struct json *array,
			struct policy_chain *chain)
{
	bool has_array = array != NULL && array->kind == JSON_ARRAY;

	*chain = (struct policy_chain){
		.items = ARENA_ARRAY(loader->arena, struct policy_instance,
				     has_array ? array->count : 1),
	};
	if (!has_array)
		add_policy(loader, STR("apicast"), STR("builtin"), NULL, chain);
	JSON_EACH (element, has_array ? array : NULL) {
		struct str version = json_scalar_text(json_get(element, STR("version")));

		add_policy(loader, json_get_str(element, STR("name")),
			   version.size > 0 ? version : STR("builtin"),
			   json_get(element, STR("configuration")), chain);
	}
}

void policy_chain_export(const struct policy_chain *chain, struct policy_exports *exports)
{
	for (size_t i = 0; i < chain->count; i++) {
		const struct policy_instance *instance = &chain->items[i];

		if (instance->policy->export_values != NULL)
			instance->policy->export_values(instance->data, exports);
	}
}
