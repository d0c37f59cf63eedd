/* JWT claim check: who may call what, by the claims of the token (access). Fields: error_message,
 * rules[] {resource, resource_type, methods[], combine_op, operations[] {jwt_claim, jwt_claim_type,
 * op, value, value_type}}. A call that a rule applies to passes when its claims are as the rule
 * says; without a token it does not. spec/gateway.md 9.4. */
#include "gateway/policies/table.h"

#include "base/arena.h"
#include "base/error.h"
#include "base/json.h"
#include "gateway/context.h"
#include "gateway/gateway_internal.h"
#include "gateway/operation.h"
#include "gateway/policies/resource.h"
#include "gateway/request.h"
#include "world/clock.h"

struct claim_operation {
	struct template_value claim; /* plain: its name */
	struct comparison comparison;
};

struct rule {
	struct resource resource;
	struct claim_operation *operations;
	size_t count;
	enum combination combination;
};

struct claim_check {
	struct str message; /* with its LF */
	struct rule *rules;
	size_t count;
};

static bool read_rule(const struct policy_loader *loader, const struct json *object,
		      struct rule *rule, struct error *error)
{
	const struct json *operations = json_get(object, STR("operations"));

	if (!resource_read(loader, object, &rule->resource, error) ||
	    !combination_parse(object, &rule->combination, error))
		return false;
	if (operations == NULL || operations->kind != JSON_ARRAY)
		return true;
	rule->operations = ARENA_ARRAY(loader->arena, struct claim_operation, operations->count);
	JSON_EACH (operation, operations) {
		struct claim_operation *item = &rule->operations[rule->count++];

		item->claim = template_value_read(loader, operation, STR("jwt_claim"),
						  STR("jwt_claim_type"));
		if (!comparison_parse(loader, operation, STR("value"), STR("value_type"),
				      &item->comparison, error))
			return false;
	}
	return true;
}

static bool create(const struct policy_loader *loader, const struct json *configuration,
		   const void **data, struct error *error)
{
	const struct json *rules = json_get(configuration, STR("rules"));
	struct claim_check *check = ARENA_NEW(loader->arena, struct claim_check);
	struct str message = json_get_str(configuration, STR("error_message"));

	*data = check;
	if (message.size == 0)
		message = STR("Request blocked due to JWT claim policy");
	check->message = STR_CONCAT(loader->arena, message, STR("\n"));
	if (rules == NULL || rules->kind != JSON_ARRAY)
		return true;
	check->rules = ARENA_ARRAY(loader->arena, struct rule, rules->count);
	JSON_EACH (object, rules) {
		if (!read_rule(loader, object, &check->rules[check->count++], error))
			return false;
	}
	return true;
}

static struct str left_side(const struct request *request, const struct claim_operation *operation,
			    const struct liquid_scope *scope)
{
	return operation->claim.liquid != NULL
		       ? template_value_render(&operation->claim, scope, request->arena)
		       : context_claim(request, operation->claim.text);
}

static bool claims_are_good(const struct request *request, const struct rule *rule)
{
	struct liquid_scope scope =
		liquid_scope_of(request->claims, world_utc_us(request->gateway->world));
	bool any = rule->combination == COMBINE_ANY;

	for (size_t i = 0; i < rule->count; i++) {
		const struct claim_operation *operation = &rule->operations[i];

		if (comparison_holds(&operation->comparison, left_side(request, operation, &scope),
				     &scope, request->arena) == any)
			return any;
	}
	return !any;
}

static enum phase_result access(struct request *request, const void *data)
{
	const struct claim_check *check = data;

	for (size_t i = 0; i < check->count; i++) {
		const struct rule *rule = &check->rules[i];

		if (!resource_is_match(&rule->resource, request) ||
		    (request->claims != NULL && claims_are_good(request, rule)))
			continue;
		request_answer_text(request, 403, STR("text/plain"), check->message);
		return PHASE_ANSWERED;
	}
	return PHASE_GO_ON;
}

/* clang-format off */
static const char manifest[] = POLICY_MANIFEST(
	{
		"$schema": "http://apicast.io/policy-v1/schema#manifest#",
		"name": "JWT Claim Check",
		"summary": "Allows or denies calls by the claims of their JSON Web Token.",
		"description": [
			"A call that a rule applies to passes only when its claims are as the rule says.",
			"Needs a service with OpenID Connect."
		],
		"version": "builtin",
		"configuration": {
			"type": "object",
			"properties": {
				"error_message": {
					"description": "What a denied caller is told",
					"type": "string",
					"default": "Request blocked due to JWT claim policy"
				},
				"rules": {
					"type": "array",
					"items": {
						"type": "object",
						"properties": {
							"resource": {
								"description": "Pattern of the paths that the rule applies to",
								"type": "string"
							},
							"resource_type": {
								"type": "string",
								"enum": ["plain", "liquid"],
								"default": "plain"
							},
							"methods": {
								"description": "HTTP methods that the rule applies to",
								"type": "array",
								"items": {"type": "string"},
								"default": ["ANY"]
							},
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
										"jwt_claim": {
											"description": "Name of the claim, or a template over the claims",
											"type": "string"
										},
										"jwt_claim_type": {
											"type": "string",
											"enum": ["plain", "liquid"],
											"default": "plain"
										},
										"op": {
											"type": "string",
											"enum": ["==", "!=", "matches"]
										},
										"value": {
											"description": "What the claim is compared with",
											"type": "string"
										},
										"value_type": {
											"type": "string",
											"enum": ["plain", "liquid"],
											"default": "plain"
										}
									},
									"required": ["jwt_claim", "op", "value"]
								}
							}
						},
						"required": ["resource", "operations"]
					}
				}
			}
		}
	});
/* clang-format on */

const struct policy jwt_claim_check_policy = {
	.name = STR_INIT("jwt_claim_check"),
	.version = STR_INIT("builtin"),
	.manifest = manifest,
	.create = create,
	.run =
		{
			[PHASE_ACCESS] = access,
		},
};
