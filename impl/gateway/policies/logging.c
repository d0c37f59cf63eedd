/* Logging: whether calls of the service are in the access log (log). Field: enable_access_logs.
 * spec/gateway.md 9.4. */
#include "gateway/policies/table.h"

#include "base/arena.h"
#include "base/json.h"
#include "gateway/request.h"

static bool create(const struct policy_loader *loader, const struct json *configuration,
		   const void **data, struct error *error)
{
	bool *is_enabled = ARENA_NEW(loader->arena, bool);

	(void)error;
	*is_enabled = json_bool(json_get(configuration, STR("enable_access_logs")), true);
	*data = is_enabled;
	return true;
}

static enum phase_result write_log(struct request *request, const void *data)
{
	if (!*(const bool *)data)
		request->hides_access_log = true;
	return PHASE_GO_ON;
}

/* clang-format off */
static const char manifest[] = POLICY_MANIFEST(
	{
		"$schema": "http://apicast.io/policy-v1/schema#manifest#",
		"name": "Logging",
		"summary": "Turns the access log of a service off.",
		"description": ["Calls of the service are written to the access log, or not."],
		"version": "builtin",
		"configuration": {
			"type": "object",
			"properties": {
				"enable_access_logs": {
					"description": "Whether calls are logged",
					"type": "boolean",
					"default": true
				}
			}
		}
	});
/* clang-format on */

const struct policy logging_policy = {
	.name = STR_INIT("logging"),
	.version = STR_INIT("builtin"),
	.manifest = manifest,
	.create = create,
	.run =
		{
			[PHASE_LOG] = write_log,
		},
};
