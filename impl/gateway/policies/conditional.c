/* Conditional: a chain of policies that runs, phase by phase, only while the condition holds. What
 * its policies export holds always, as in 2.6. Fields: condition {combine_op, operations[]},
 * policy_chain[]. spec/gateway.md 9.2, 9.4. */
#include "gateway/policies/table.h"

#include "base/arena.h"
#include "base/error.h"
#include "base/json.h"
#include "gateway/operation.h"
#include "gateway/request.h"

struct conditional {
	struct condition condition;
	struct policy_chain chain;
};

static bool create(const struct policy_loader *loader, const struct json *configuration,
		   const void **data, struct error *error)
{
	struct conditional *conditional = ARENA_NEW(loader->arena, struct conditional);
	const struct json *chain = json_get(configuration, STR("policy_chain"));
	struct policy_loader inner = *loader;

	*data = conditional;
	inner.depth++;
	if (inner.depth == POLICY_CHAIN_DEPTH_MAX)
		return error_set(error, ERROR_LIMIT, "more than %d chains inside each other",
				 POLICY_CHAIN_DEPTH_MAX);
	if (chain != NULL && chain->kind == JSON_ARRAY)
		policy_chain_parse(&inner, chain, &conditional->chain);
	return condition_parse(loader, json_get(configuration, STR("condition")),
			       &conditional->condition, error);
}

static void export_values(const void *data, struct policy_exports *exports)
{
	policy_chain_export(&((const struct conditional *)data)->chain, exports);
}

static enum phase_result run_chain(struct request *request, const void *data)
{
	const struct conditional *conditional = data;

	if (condition_holds(&conditional->condition, request))
		phases_enter(request, &conditional->chain);
	return PHASE_GO_ON;
}

/* clang-format off */
static const char manifest[] = POLICY_MANIFEST(
	{
		"$schema": "http://apicast.io/policy-v1/schema#manifest#",
		"name": "Conditional policy [Tech preview]",
		"summary": "Runs a chain of policies when a condition holds.",
		"description": ["The condition is looked at in every phase of a call."],
		"version": "builtin",
		"configuration": {
			"type": "object",
			"properties": {
				"condition": {
					"type": "object",
					"properties": {
						"combine_op": {
							"type": "string",
							"enum": ["and", "or"],
							"default": "and"
						},
						"operations": {
							"type": "array",
							"items": {
								"type": "object",
								"properties": {
									"left": {
										"type": "string"
									},
									"left_type": {
										"description": "How to read the left side",
										"type": "string",
										"enum": [
											"plain",
											"liquid"
										],
										"default": "plain"
									},
									"op": {
										"type": "string",
										"enum": [
											"==",
											"!=",
											"matches"
										]
									},
									"right": {
										"type": "string"
									},
									"right_type": {
										"description": "How to read the right side",
										"type": "string",
										"enum": [
											"plain",
											"liquid"
										],
										"default": "plain"
									}
								},
								"required": [
									"left",
									"op",
									"right"
								]
							}
						}
					}
				},
				"policy_chain": {
					"type": "array",
					"items": {
						"type": "object",
						"properties": {
							"name": {"type": "string"},
							"version": {"type": "string"},
							"configuration": {"type": "object"}
						},
						"required": ["name"]
					}
				}
			},
			"required": ["condition"]
		}
	});
/* clang-format on */

const struct policy conditional_policy = {
	.name = STR_INIT("conditional"),
	.version = STR_INIT("builtin"),
	.manifest = manifest,
	.create = create,
	.export_values = export_values,
	.run =
		{
			[PHASE_REWRITE] = run_chain,
			[PHASE_ACCESS] = run_chain,
			[PHASE_CONTENT] = run_chain,
			[PHASE_HEADER_FILTER] = run_chain,
			[PHASE_POST_ACTION] = run_chain,
			[PHASE_LOG] = run_chain,
		},
};
