/* SOAP: usage by the SOAP action, on top of what mapping rules count (rewrite). The action stands
 * in the Content-Type (SOAP 1.2), else in SOAPAction (1.1). Field: mapping_rules[] {pattern,
 * metric_system_name, delta}. spec/gateway.md 9.4. */
#include "gateway/policies/table.h"

#include "base/arena.h"
#include "base/error.h"
#include "base/json.h"
#include "gateway/path_pattern.h"
#include "gateway/request.h"
#include "world/http_server.h"

struct soap_rule {
	struct path_pattern pattern;
	struct str metric;
	int64_t delta;
};

struct soap {
	struct soap_rule *rules;
	size_t count;
};

static void release(void *data)
{
	struct soap *soap = data;

	for (size_t i = 0; i < soap->count; i++)
		path_pattern_release(&soap->rules[i].pattern);
}

static bool read_rule(struct arena *arena, const struct json *object, struct soap_rule *rule,
		      struct error *error)
{
	rule->metric = json_scalar_text(json_get(object, STR("metric_system_name")));
	rule->delta = json_int(json_get(object, STR("delta")), 0);
	if (rule->metric.size == 0)
		return error_set(error, ERROR_INVALID, "a rule without metric_system_name");
	return path_pattern_compile(arena, json_get_str(object, STR("pattern")), &rule->pattern,
				    error);
}

static bool create(const struct policy_loader *loader, const struct json *configuration,
		   const void **data, struct error *error)
{
	const struct json *rules = json_get(configuration, STR("mapping_rules"));
	struct soap *soap = ARENA_NEW(loader->arena, struct soap);

	*data = soap;
	if (rules == NULL || rules->kind != JSON_ARRAY)
		return true;
	soap->rules = ARENA_ARRAY(loader->arena, struct soap_rule, rules->count);
	arena_on_destroy(loader->arena, release, soap);
	JSON_EACH (object, rules) {
		if (!read_rule(loader->arena, object, &soap->rules[soap->count], error))
			return false;
		soap->count++;
	}
	return true;
}

static struct str unquoted(struct str text)
{
	text = str_trim(text);
	if (text.size >= 2 && str_has_prefix(text, STR("\"")) && str_has_suffix(text, STR("\"")))
		return str_slice(text, 1, text.size - 1);
	return text;
}

/* `action` of "application/soap+xml;charset=utf-8;action=..."; empty: none. */
static struct str action_of_content_type(struct str content_type)
{
	struct str part, name, value;

	if (!str_next_field(&content_type, ';', &part) ||
	    !str_equal_nocase(str_trim(part), STR("application/soap+xml")))
		return STR("");
	while (str_next_field(&content_type, ';', &part)) {
		if (str_split_once(part, '=', &name, &value) &&
		    str_equal_nocase(str_trim(name), STR("action")))
			return unquoted(value);
	}
	return STR("");
}

static enum phase_result rewrite(struct request *request, const void *data)
{
	const struct soap *soap = data;
	const struct http_fields *fields = &request->exchange->request.fields;
	struct str action = action_of_content_type(http_fields_get(fields, STR("Content-Type")));

	if (action.size == 0)
		action = unquoted(http_fields_get(fields, STR("SOAPAction")));
	if (action.size == 0)
		return PHASE_GO_ON;
	if (request->usage.arena == NULL)
		gateway_usage_init(&request->usage, request->arena);
	for (size_t i = 0; i < soap->count; i++) {
		if (path_pattern_is_match(&soap->rules[i].pattern, action))
			gateway_usage_add(&request->usage, soap->rules[i].metric,
					  soap->rules[i].delta);
	}
	return PHASE_GO_ON;
}

/* clang-format off */
static const char manifest[] = POLICY_MANIFEST(
	{
		"$schema": "http://apicast.io/policy-v1/schema#manifest#",
		"name": "SOAP",
		"summary": "Counts metrics by the SOAP action of a call.",
		"description": [
			"Rules are matched with the action; what they count is added to what mapping rules count."
		],
		"version": "builtin",
		"configuration": {
			"type": "object",
			"properties": {
				"mapping_rules": {
					"type": "array",
					"items": {
						"type": "object",
						"properties": {
							"pattern": {
								"description": "Pattern that the action has to match",
								"type": "string"
							},
							"metric_system_name": {
								"description": "Metric that counts",
								"type": "string"
							},
							"delta": {
								"description": "By how much",
								"type": "integer"
							}
						},
						"required": [
							"pattern",
							"metric_system_name",
							"delta"
						]
					}
				}
			}
		}
	});
/* clang-format on */

const struct policy soap_policy = {
	.name = STR_INIT("soap"),
	.version = STR_INIT("builtin"),
	.manifest = manifest,
	.create = create,
	.run =
		{
			[PHASE_REWRITE] = rewrite,
		},
};
