#include "conformance/runner/fixture_gateway.h"

#include <stddef.h>

#include "base/arena.h"
#include "base/bug.h"
#include "base/json.h"
#include "base/limits.h"

static const struct str default_service = STR_INIT(
	"{\"id\": 42, \"name\": \"API\", \"system_name\": \"api\", \"backend_version\": \"1\","
	" \"backend_authentication_type\": \"service_token\","
	" \"backend_authentication_value\": \"st-42\","
	" \"proxy\": {"
	"  \"hosts\": [\"api.example.com\"],"
	"  \"api_backend\": \"{upstream}\","
	"  \"backend\": {\"endpoint\": \"{backend}\", \"host\": \"backend.example.com\"},"
	"  \"credentials_location\": \"query\","
	"  \"auth_user_key\": \"user_key\", \"auth_app_id\": \"app_id\","
	"  \"auth_app_key\": \"app_key\","
	"  \"proxy_rules\": [{\"http_method\": \"GET\", \"pattern\": \"/\","
	"   \"metric_system_name\": \"hits\", \"delta\": 1}],"
	"  \"policy_chain\": [{\"name\": \"apicast\", \"version\": \"builtin\","
	"   \"configuration\": {}}]}}");

struct json *fixture_patch(struct arena *arena, const struct json *base, const struct json *patch)
{
	struct json *merged;

	if (patch->kind != JSON_OBJECT)
		return json_copy(arena, patch);
	merged = json_new(arena, JSON_OBJECT);
	JSON_EACH (member, base != NULL && base->kind == JSON_OBJECT ? base : NULL) {
		if (json_get(patch, member->key) == NULL)
			json_set(merged, member->key, json_copy(arena, member));
	}
	JSON_EACH (member, patch) {
		if (member->kind != JSON_NULL)
			json_set(merged, member->key,
				 fixture_patch(arena, json_get(base, member->key), member));
	}
	return merged;
}

struct json *fixture_gateway_config(struct arena *arena, const struct json *patches)
{
	struct json *config = json_new(arena, JSON_OBJECT);
	struct json *services = json_set(config, STR("services"), json_new(arena, JSON_ARRAY));
	const struct json *service =
		json_parse(arena, default_service, LIMIT_CASE_FILE_BYTES, NULL);

	BUG_IF(service == NULL);
	if (patches == NULL)
		json_append(services, json_copy(arena, service));
	else if (patches->kind == JSON_OBJECT)
		json_append(services, fixture_patch(arena, service, patches));
	JSON_EACH (patch, patches != NULL && patches->kind == JSON_ARRAY ? patches : NULL)
		json_append(services, fixture_patch(arena, service, patch));
	return config;
}

struct str fixture_gateway_host(const struct json *config)
{
	const struct json *first = json_at(json_get(config, STR("services")), 0);

	return json_str(json_at(json_path(first, "proxy.hosts"), 0));
}
