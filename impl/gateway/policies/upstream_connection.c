/* Upstream connection: how long the gateway waits for the upstream (exported, so at any place of
 * the chain). Fields: connect_timeout, send_timeout, read_timeout, in seconds.
 * spec/gateway.md 5.4, 9.4.
 */
#include "gateway/policies/table.h"

#include "base/arena.h"
#include "base/json.h"

#define SECONDS_MAX 86400

/* 0: not said, or nothing that can be waited for. */
static int64_t read_ms(const struct json *configuration, struct str key)
{
	const struct json *value = json_get(configuration, key);
	double seconds = value != NULL && value->kind == JSON_NUMBER ? value->number
								     : (double)json_int(value, 0);

	return seconds > 0 && seconds <= SECONDS_MAX ? (int64_t)(seconds * 1000) : 0;
}

static bool create(const struct policy_loader *loader, const struct json *configuration,
		   const void **data, struct error *error)
{
	struct policy_exports *own = ARENA_NEW(loader->arena, struct policy_exports);

	(void)error;
	own->connect_timeout_ms = read_ms(configuration, STR("connect_timeout"));
	own->send_timeout_ms = read_ms(configuration, STR("send_timeout"));
	own->read_timeout_ms = read_ms(configuration, STR("read_timeout"));
	*data = own;
	return true;
}

/* The first instance of the chain says all three. */
static void export_values(const void *data, struct policy_exports *exports)
{
	const struct policy_exports *own = data;

	if (exports->connect_timeout_ms > 0 || exports->send_timeout_ms > 0 ||
	    exports->read_timeout_ms > 0)
		return;
	exports->connect_timeout_ms = own->connect_timeout_ms;
	exports->send_timeout_ms = own->send_timeout_ms;
	exports->read_timeout_ms = own->read_timeout_ms;
}

/* clang-format off */
static const char manifest[] = POLICY_MANIFEST(
	{
		"$schema": "http://apicast.io/policy-v1/schema#manifest#",
		"name": "Upstream connection",
		"summary": "How long to wait for the API.",
		"description": ["Time-outs of the connection to the upstream, in seconds."],
		"version": "builtin",
		"configuration": {
			"type": "object",
			"properties": {
				"connect_timeout": {
					"description": "Until the connection is there",
					"type": "integer"
				},
				"send_timeout": {
					"description": "Between two pieces of the request",
					"type": "integer"
				},
				"read_timeout": {
					"description": "Between two pieces of the answer",
					"type": "integer"
				}
			}
		}
	});
/* clang-format on */

const struct policy upstream_connection_policy = {
	.name = STR_INIT("upstream_connection"),
	.version = STR_INIT("builtin"),
	.manifest = manifest,
	.create = create,
	.export_values = export_values,
};
