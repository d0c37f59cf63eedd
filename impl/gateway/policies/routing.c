/* Routing: the first rule whose condition holds says where the call goes instead of api_backend
 * (content). Fields: rules[] {url, host_header, condition {combine_op, operations[] {match (path,
 * header, query_arg, jwt_claim), header_name, query_arg_name, jwt_claim_name, op, value,
 * value_type}}}. What a request does not have is compared as "nil". spec/gateway.md 9.4. */
#include "gateway/policies/table.h"

#include "base/arena.h"
#include "base/error.h"
#include "base/json.h"
#include "gateway/context.h"
#include "gateway/error_log.h"
#include "gateway/operation.h"
#include "gateway/request.h"
#include "gateway/upstream_target.h"

enum match { MATCH_PATH, MATCH_HEADER, MATCH_QUERY_ARGUMENT, MATCH_CLAIM };

struct route_operation {
	enum match match;
	struct str name;
	struct comparison comparison;
};

struct rule {
	struct upstream_target target;
	struct str host_header;
	struct route_operation *operations;
	size_t count;
	enum combination combination;
};

struct routing {
	struct rule *rules;
	size_t count;
};

/* Words of `match`, and where the name of what they mean stands. */
static const struct {
	struct str word, name_key;
} matches[] = {
	[MATCH_PATH] = {STR_INIT("path"), STR_INIT("")},
	[MATCH_HEADER] = {STR_INIT("header"), STR_INIT("header_name")},
	[MATCH_QUERY_ARGUMENT] = {STR_INIT("query_arg"), STR_INIT("query_arg_name")},
	[MATCH_CLAIM] = {STR_INIT("jwt_claim"), STR_INIT("jwt_claim_name")},
};

static bool read_match(const struct json *object, struct route_operation *operation,
		       struct error *error)
{
	struct str word = json_get_str(object, STR("match"));

	for (size_t i = 0; i < sizeof matches / sizeof *matches; i++) {
		if (str_equal(matches[i].word, word)) {
			operation->match = (enum match)i;
			operation->name = json_get_str(object, matches[i].name_key);
			return true;
		}
	}
	return error_set(error, ERROR_INVALID, "Match type %.*s not supported", STR_ARG(word));
}

static bool read_condition(const struct policy_loader *loader, const struct json *condition,
			   struct rule *rule, struct error *error)
{
	const struct json *operations = json_get(condition, STR("operations"));

	if (!combination_parse(condition, &rule->combination, error))
		return false;
	if (operations == NULL || operations->kind != JSON_ARRAY)
		return true;
	rule->operations = ARENA_ARRAY(loader->arena, struct route_operation, operations->count);
	JSON_EACH (object, operations) {
		struct route_operation *operation = &rule->operations[rule->count++];

		if (!read_match(object, operation, error) ||
		    !comparison_parse(loader, object, STR("value"), STR("value_type"),
				      &operation->comparison, error))
			return false;
	}
	return true;
}

static bool read_rule(const struct policy_loader *loader, const struct json *object,
		      struct routing *routing, struct error *error)
{
	struct rule *rule = &routing->rules[routing->count];
	struct str url = json_get_str(object, STR("url"));
	struct str host = json_get_str(object, STR("host_header"));

	if (!upstream_target_parse(loader->arena, url, &rule->target)) {
		LOG(loader->log, LEVEL_WARN, NULL,
		    "failed to initialize upstream from url: %s err: invalid upstream",
		    log_text(loader->arena, url));
		return true;
	}
	if (http_is_field_value(host))
		rule->host_header = host;
	routing->count++;
	return read_condition(loader, json_get(object, STR("condition")), rule, error);
}

static bool create(const struct policy_loader *loader, const struct json *configuration,
		   const void **data, struct error *error)
{
	const struct json *rules = json_get(configuration, STR("rules"));
	struct routing *routing = ARENA_NEW(loader->arena, struct routing);

	*data = routing;
	if (rules == NULL || rules->kind != JSON_ARRAY)
		return true;
	routing->rules = ARENA_ARRAY(loader->arena, struct rule, rules->count);
	JSON_EACH (object, rules) {
		if (!read_rule(loader, object, routing, error))
			return false;
	}
	return true;
}

static struct str left_side(const struct request *request, const struct route_operation *operation)
{
	struct str left = {NULL, 0};

	switch (operation->match) {
	case MATCH_PATH:
		return request->path;
	case MATCH_HEADER:
		left = context_header(request, operation->name);
		break;
	case MATCH_QUERY_ARGUMENT:
		left = context_query_argument(request, operation->name);
		break;
	case MATCH_CLAIM:
		left = context_claim(request, operation->name);
		break;
	}
	return left.data != NULL ? left : STR("nil");
}

/* Without operations always, whatever joins them. */
static bool is_true(const struct request *request, const struct rule *rule)
{
	struct liquid_scope scope = context_scope(request);
	bool any = rule->combination == COMBINE_ANY;

	for (size_t i = 0; i < rule->count; i++) {
		const struct route_operation *operation = &rule->operations[i];

		if (comparison_holds(&operation->comparison, left_side(request, operation), &scope,
				     request->arena) == any)
			return any;
	}
	return !any || rule->count == 0;
}

static enum phase_result content(struct request *request, const void *data)
{
	const struct routing *routing = data;

	for (size_t i = 0; i < routing->count; i++) {
		const struct rule *rule = &routing->rules[i];

		if (is_true(request, rule))
			return upstream_start(request, &rule->target, rule->host_header);
	}
	return PHASE_GO_ON;
}

/* clang-format off */
static const char manifest[] = POLICY_MANIFEST(
	{
		"$schema": "http://apicast.io/policy-v1/schema#manifest#",
		"name": "Routing",
		"summary": "Sends calls to other APIs, by path, header, argument or claim.",
		"description": [
			"The first rule whose condition holds counts; without any, the private API.",
			"Has to stand before 3scale APIcast."
		],
		"version": "builtin",
		"configuration": {
			"type": "object",
			"properties": {
				"rules": {
					"type": "array",
					"items": {
						"type": "object",
						"properties": {
							"url": {
								"description": "Where the call goes",
								"type": "string"
							},
							"host_header": {
								"description": "Host that the API is asked for, when it is not that of the URL",
								"type": "string"
							},
							"condition": {
								"type": "object",
								"properties": {
									"combine_op": {
										"type": "string",
										"enum": [
											"and",
											"or"
										],
										"default": "and"
									},
									"operations": {
										"type": "array",
										"items": {
											"type": "object",
											"properties": {
												"match": {
													"description": "What is compared",
													"type": "string",
													"enum": [
														"path",
														"header",
														"query_arg",
														"jwt_claim"
													]
												},
												"header_name": {
													"type": "string"
												},
												"query_arg_name": {
													"type": "string"
												},
												"jwt_claim_name": {
													"type": "string"
												},
												"op": {
													"description": "How it is compared",
													"type": "string",
													"enum": [
														"==",
														"!=",
														"matches"
													]
												},
												"value": {
													"description": "With what",
													"type": "string"
												},
												"value_type": {
													"description": "How to read the value",
													"type": "string",
													"enum": [
														"plain",
														"liquid"
													],
													"default": "plain"
												}
											},
											"required": [
												"match",
												"op",
												"value"
											]
										}
									}
								},
								"required": ["operations"]
							}
						},
						"required": ["url", "condition"]
					}
				}
			}
		}
	});
/* clang-format on */

const struct policy routing_policy = {
	.name = STR_INIT("routing"),
	.version = STR_INIT("builtin"),
	.manifest = manifest,
	.create = create,
	.run =
		{
			[PHASE_CONTENT] = content,
		},
};
