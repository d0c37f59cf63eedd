/* CORS: answers preflight requests (rewrite) and says on every answer to a request with an Origin
 * what the browser may do (header_filter). Fields: allow_headers[], allow_methods[], allow_origin,
 * allow_credentials; what is not configured echoes the request. spec/gateway.md 9.4. */
#include "gateway/policies/table.h"

#include "base/arena.h"
#include "base/json.h"
#include "gateway/request.h"
#include "world/http_server.h"

struct cors {
	bool has_headers, has_methods;
	struct str *headers, *methods;
	size_t headers_count, methods_count;
	struct str origin; /* empty: the request's */
	struct str credentials;
};

static bool read_list(struct arena *arena, const struct json *array, struct str **items,
		      size_t *count)
{
	if (array == NULL || array->kind != JSON_ARRAY)
		return false;
	*items = ARENA_ARRAY(arena, struct str, array->count);
	JSON_EACH (item, array) {
		struct str text = json_str(item);

		if (text.size > 0 && http_is_field_value(text))
			(*items)[(*count)++] = text;
	}
	return true;
}

static bool create(const struct policy_loader *loader, const struct json *configuration,
		   const void **data, struct error *error)
{
	struct cors *cors = ARENA_NEW(loader->arena, struct cors);
	struct str origin = json_get_str(configuration, STR("allow_origin"));

	(void)error;
	cors->has_headers = read_list(loader->arena, json_get(configuration, STR("allow_headers")),
				      &cors->headers, &cors->headers_count);
	cors->has_methods = read_list(loader->arena, json_get(configuration, STR("allow_methods")),
				      &cors->methods, &cors->methods_count);
	if (http_is_field_value(origin))
		cors->origin = origin;
	cors->credentials = json_bool(json_get(configuration, STR("allow_credentials")), true)
				    ? STR("true")
				    : STR("false");
	*data = cors;
	return true;
}

static enum phase_result rewrite(struct request *request, const void *data)
{
	const struct http_request *asked = &request->exchange->request;

	(void)data;
	if (!str_equal(asked->method, STR("OPTIONS")) ||
	    !http_fields_has(&asked->fields, STR("Origin")) ||
	    !http_fields_has(&asked->fields, STR("Access-Control-Request-Method")))
		return PHASE_GO_ON;
	request_answer_empty(request, 204);
	return PHASE_ANSWERED;
}

/* A line for each item, or what the request has. */
static void say_list(struct request *request, struct str name, bool is_configured,
		     const struct str *items, size_t count, struct str asked_name)
{
	const struct http_fields *asked = &request->exchange->request.fields;
	struct http_fields *fields = &request->response.fields;

	http_fields_remove(fields, name);
	for (size_t i = 0; i < count; i++)
		http_fields_add(fields, name, items[i]);
	if (!is_configured && http_fields_has(asked, asked_name))
		http_fields_add(fields, name, http_fields_get(asked, asked_name));
}

static enum phase_result header_filter(struct request *request, const void *data)
{
	const struct cors *cors = data;
	const struct http_fields *asked = &request->exchange->request.fields;
	struct http_fields *fields = &request->response.fields;

	if (!http_fields_has(asked, STR("Origin")))
		return PHASE_GO_ON;
	say_list(request, STR("Access-Control-Allow-Headers"), cors->has_headers, cors->headers,
		 cors->headers_count, STR("Access-Control-Request-Headers"));
	say_list(request, STR("Access-Control-Allow-Methods"), cors->has_methods, cors->methods,
		 cors->methods_count, STR("Access-Control-Request-Method"));
	http_fields_set(fields, STR("Access-Control-Allow-Origin"),
			cors->origin.size > 0 ? cors->origin
					      : http_fields_get(asked, STR("Origin")));
	http_fields_set(fields, STR("Access-Control-Allow-Credentials"), cors->credentials);
	return PHASE_GO_ON;
}

/* clang-format off */
static const char manifest[] = POLICY_MANIFEST(
	{
		"$schema": "http://apicast.io/policy-v1/schema#manifest#",
		"name": "CORS",
		"summary": "Says which pages of other origins may call this API.",
		"description": [
			"Answers preflight requests itself and adds the CORS headers to every answer.",
			"To let them through without credentials, put it before 3scale APIcast."
		],
		"version": "builtin",
		"configuration": {
			"type": "object",
			"properties": {
				"allow_headers": {
					"type": "array",
					"items": {"type": "string"},
					"description": "Request headers that are allowed"
				},
				"allow_methods": {
					"type": "array",
					"items": {
						"type": "string",
						"enum": [
							"GET",
							"HEAD",
							"POST",
							"PUT",
							"DELETE",
							"PATCH",
							"OPTIONS",
							"TRACE",
							"CONNECT"
						]
					},
					"description": "Methods that are allowed"
				},
				"allow_origin": {
					"description": "Origin that is allowed",
					"type": "string"
				},
				"allow_credentials": {
					"description": "Whether credentials may be sent along",
					"type": "boolean"
				}
			}
		}
	});
/* clang-format on */

const struct policy cors_policy = {
	.name = STR_INIT("cors"),
	.version = STR_INIT("builtin"),
	.manifest = manifest,
	.create = create,
	.run =
		{
			[PHASE_REWRITE] = rewrite,
			[PHASE_HEADER_FILTER] = header_filter,
		},
};
