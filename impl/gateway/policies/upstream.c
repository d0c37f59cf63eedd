/* Upstream: the first rule whose `regex` is found in the path, as it is at this place of the chain
 * (rewrite), says where the call goes instead of api_backend (content). Field: rules[] {regex,
 * url}. spec/gateway.md 9.4. */
#include "gateway/policies/table.h"

#include "base/arena.h"
#include "base/error.h"
#include "base/json.h"
#include "base/pattern.h"
#include "gateway/error_log.h"
#include "gateway/request.h"
#include "gateway/upstream_target.h"

struct rule {
	const struct pattern *pattern;
	struct upstream_target target;
};

struct upstream {
	struct rule *rules;
	size_t count;
};

static bool read_rule(const struct policy_loader *loader, const struct json *object,
		      struct rule *rule)
{
	struct str url = json_get_str(object, STR("url"));
	struct error reason;

	if (!upstream_target_parse(loader->arena, url, &rule->target)) {
		LOG(loader->log, LEVEL_WARN, NULL,
		    "failed to initialize upstream from url: %s err: invalid upstream",
		    log_text(loader->arena, url));
		return false;
	}
	rule->pattern =
		pattern_create_in(loader->arena, json_get_str(object, STR("regex")), 0, &reason);
	if (rule->pattern == NULL)
		LOG(loader->log, LEVEL_WARN, NULL, "upstream rule never matches: %s", reason.text);
	return rule->pattern != NULL;
}

static bool create(const struct policy_loader *loader, const struct json *configuration,
		   const void **data, struct error *error)
{
	const struct json *rules = json_get(configuration, STR("rules"));
	struct upstream *upstream = ARENA_NEW(loader->arena, struct upstream);

	(void)error;
	*data = upstream;
	if (rules == NULL || rules->kind != JSON_ARRAY)
		return true;
	upstream->rules = ARENA_ARRAY(loader->arena, struct rule, rules->count);
	JSON_EACH (object, rules)
		upstream->count += read_rule(loader, object, &upstream->rules[upstream->count]);
	return true;
}

/* What the rewrite phase chose. */
static const struct upstream_target **chosen(struct request *request, const void *data)
{
	return request_policy_state(request, data, sizeof(const struct upstream_target *));
}

static enum phase_result rewrite(struct request *request, const void *data)
{
	const struct upstream *upstream = data;

	for (size_t i = 0; i < upstream->count; i++) {
		const struct rule *rule = &upstream->rules[i];

		if (!pattern_is_found(rule->pattern, request->path))
			continue;
		*chosen(request, data) = &rule->target;
		break;
	}
	return PHASE_GO_ON;
}

static enum phase_result content(struct request *request, const void *data)
{
	const struct upstream_target *target = *chosen(request, data);

	return target != NULL ? upstream_start(request, target, STR("")) : PHASE_GO_ON;
}

/* clang-format off */
static const char manifest[] = POLICY_MANIFEST(
	{
		"$schema": "http://apicast.io/policy-v1/schema#manifest#",
		"name": "Upstream",
		"summary": "Sends calls whose path matches to another API.",
		"description": [
			"The first rule that matches counts. Has to stand before 3scale APIcast."
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
							"regex": {
								"description": "Regular expression to look for in the path",
								"type": "string"
							},
							"url": {
								"description": "Where the call goes",
								"type": "string"
							}
						},
						"required": ["regex", "url"]
					}
				}
			}
		}
	});
/* clang-format on */

const struct policy upstream_policy = {
	.name = STR_INIT("upstream"),
	.version = STR_INIT("builtin"),
	.manifest = manifest,
	.create = create,
	.run =
		{
			[PHASE_REWRITE] = rewrite,
			[PHASE_CONTENT] = content,
		},
};
