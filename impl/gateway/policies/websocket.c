/* Websocket: a call that asks for an upgrade to it, with `Upgrade: websocket` and
 * `Sec-WebSocket-Key`, asks the upstream for it, too, and bytes flow both ways once that agrees
 * (exported, so at any place of the chain). No fields. A policy of later releases, and so not among
 * those that GET /policies lists. spec/gateway.md 5.6, 9.5. */
#include "gateway/policies/table.h"

static bool create(const struct policy_loader *loader, const struct json *configuration,
		   const void **data, struct error *error)
{
	(void)loader;
	(void)configuration;
	(void)data;
	(void)error;
	return true;
}

static void export_values(const void *data, struct policy_exports *exports)
{
	(void)data;
	exports->passes_websocket = true;
}

const struct policy websocket_policy = {
	.name = STR_INIT("websocket"),
	.version = STR_INIT("builtin"),
	.create = create,
	.export_values = export_values,
};
