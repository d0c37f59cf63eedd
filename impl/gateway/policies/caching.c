/* 3scale auth caching: how authorizations are remembered (exported, so at any place of the chain).
 * Field: caching_type (strict, resilient, allow, none). spec/gateway.md 4.7, 9.4. */
#include "gateway/policies/table.h"

#include "base/arena.h"
#include "base/json.h"
#include "gateway/error_log.h"

static bool create(const struct policy_loader *loader, const struct json *configuration,
		   const void **data, struct error *error)
{
	enum cache_handler *handler = ARENA_NEW(loader->arena, enum cache_handler);
	struct str type = json_get_str(configuration, STR("caching_type"));

	(void)error;
	*handler = CACHE_HANDLER_NONE;
	if (type.size == 0)
		LOG(loader->log, LEVEL_ERROR, NULL, "Caching type not specified. Disabling cache.");
	else if (!cache_handler_from_name(type, handler))
		LOG(loader->log, LEVEL_ERROR, NULL, "Invalid caching type. Disabling cache.");
	*data = handler;
	return true;
}

static void export_values(const void *data, struct policy_exports *exports)
{
	if (exports->has_cache_handler)
		return;
	exports->has_cache_handler = true;
	exports->cache_handler = *(const enum cache_handler *)data;
}

/* clang-format off */
static const char manifest[] = POLICY_MANIFEST(
	{
		"$schema": "http://apicast.io/policy-v1/schema#manifest#",
		"name": "3scale auth caching",
		"summary": "Chooses how authorizations of the backend are cached.",
		"description": [
			"What is remembered when the backend denies a call or cannot be reached."
		],
		"version": "builtin",
		"configuration": {
			"type": "object",
			"properties": {
				"caching_type": {
					"description": "How to cache",
					"type": "string",
					"oneOf": [
						{
							"enum": ["resilient"],
							"title": "Keep what is known while the backend is down."
						},
						{
							"enum": ["strict"],
							"title": "Keep only what the backend has just authorized."
						},
						{
							"enum": ["allow"],
							"title": "While the backend is down, also allow what is not known."
						},
						{"enum": ["none"], "title": "Keep nothing."}
					]
				}
			},
			"required": ["caching_type"]
		}
	});
/* clang-format on */

const struct policy caching_policy = {
	.name = STR_INIT("caching"),
	.version = STR_INIT("builtin"),
	.manifest = manifest,
	.create = create,
	.export_values = export_values,
};
