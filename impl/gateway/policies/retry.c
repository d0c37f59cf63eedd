/* Retry: how often a call to the upstream is repeated (exported, so at any place of the chain), on
 * the cases of APICAST_UPSTREAM_RETRY_CASES. Field: retries. spec/gateway.md 5.4, 9.4. */
#include "gateway/policies/table.h"

#include "base/arena.h"
#include "base/error.h"
#include "base/json.h"

#define RETRIES_MAX 10

static bool create(const struct policy_loader *loader, const struct json *configuration,
		   const void **data, struct error *error)
{
	int64_t *retries = ARENA_NEW(loader->arena, int64_t);

	*retries = json_int(json_get(configuration, STR("retries")), 0);
	*data = retries;
	if (*retries < 0 || *retries > RETRIES_MAX)
		return error_set(error, ERROR_INVALID, "retries is not in 1 to %d", RETRIES_MAX);
	return true;
}

static void export_values(const void *data, struct policy_exports *exports)
{
	if (exports->retries == 0)
		exports->retries = *(const int64_t *)data;
}

/* clang-format off */
static const char manifest[] = POLICY_MANIFEST(
	{
		"$schema": "http://apicast.io/policy-v1/schema#manifest#",
		"name": "Retry",
		"summary": "Repeats calls to the API that failed.",
		"description": [
			"Which failures are meant is a setting of the gateway. Calls to the backend are not repeated."
		],
		"version": "builtin",
		"configuration": {
			"type": "object",
			"properties": {
				"retries": {
					"description": "How often, at most",
					"type": "integer",
					"minimum": 1,
					"maximum": 10
				}
			}
		}
	});
/* clang-format on */

const struct policy retry_policy = {
	.name = STR_INIT("retry"),
	.version = STR_INIT("builtin"),
	.manifest = manifest,
	.create = create,
	.export_values = export_values,
};
