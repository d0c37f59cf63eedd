/* Liquid context debug: answers with all that templates can see of the call, as JSON (content).
 * Secrets of the service are left out. No fields. spec/gateway.md 9.2, 9.4. */
#include "gateway/policies/table.h"

#include "base/arena.h"
#include "base/json.h"
#include "gateway/context.h"
#include "gateway/request.h"

static enum phase_result content(struct request *request, const void *data)
{
	struct str dump = json_print(request->arena, context_json(request, request->arena));

	(void)data;
	request_answer_text(request, 200, STR("application/json"),
			    STR_CONCAT(request->arena, dump, STR("\n")));
	return PHASE_ANSWERED;
}

/* clang-format off */
static const char manifest[] = POLICY_MANIFEST(
	{
		"$schema": "http://apicast.io/policy-v1/schema#manifest#",
		"name": "Liquid context debug",
		"summary": "Answers with what Liquid templates can see; for tests.",
		"description": [
			"Shows details of calls and of the service: never use it in production."
		],
		"version": "builtin",
		"configuration": {"type": "object", "properties": {}}
	});
/* clang-format on */

const struct policy liquid_context_debug_policy = {
	.name = STR_INIT("liquid_context_debug"),
	.version = STR_INIT("builtin"),
	.manifest = manifest,
	.run =
		{
			[PHASE_CONTENT] = content,
		},
};
