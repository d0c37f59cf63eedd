/* RH-SSO/Keycloak role check: who may call what, by the roles in the token (access). Fields: type
 * (whitelist, blacklist), scopes[] {resource, resource_type, methods[], realm_roles[] {name,
 * name_type}, client_roles[] {name, name_type, client, client_type}}. A scope holds when it is
 * about the call and all its roles are the caller's. spec/gateway.md 9.4. */
#include "gateway/policies/table.h"

#include "base/arena.h"
#include "base/error.h"
#include "base/json.h"
#include "gateway/policies/resource.h"
#include "gateway/request.h"

struct role {
	struct template_value name, client;
};

struct roles {
	struct role *items;
	size_t count;
};

struct scope {
	struct resource resource;
	struct roles realm, clients;
};

struct role_check {
	bool is_blacklist;
	struct scope *scopes;
	size_t count;
};

static void read_roles(const struct policy_loader *loader, const struct json *list,
		       struct roles *roles)
{
	if (list == NULL || list->kind != JSON_ARRAY)
		return;
	roles->items = ARENA_ARRAY(loader->arena, struct role, list->count);
	JSON_EACH (object, list) {
		struct role *role = &roles->items[roles->count++];

		role->name = template_value_read(loader, object, STR("name"), STR("name_type"));
		role->client =
			template_value_read(loader, object, STR("client"), STR("client_type"));
	}
}

static bool create(const struct policy_loader *loader, const struct json *configuration,
		   const void **data, struct error *error)
{
	const struct json *scopes = json_get(configuration, STR("scopes"));
	struct role_check *check = ARENA_NEW(loader->arena, struct role_check);

	*data = check;
	check->is_blacklist = str_equal(json_get_str(configuration, STR("type")), STR("blacklist"));
	if (scopes == NULL || scopes->kind != JSON_ARRAY)
		return true;
	check->scopes = ARENA_ARRAY(loader->arena, struct scope, scopes->count);
	JSON_EACH (object, scopes) {
		struct scope *scope = &check->scopes[check->count++];

		if (!resource_read(loader, object, &scope->resource, error))
			return false;
		read_roles(loader, json_get(object, STR("realm_roles")), &scope->realm);
		read_roles(loader, json_get(object, STR("client_roles")), &scope->clients);
	}
	return true;
}

static bool has_role(const struct json *access, struct str name)
{
	JSON_EACH (role, json_get(access, STR("roles"))) {
		if (role->kind == JSON_STRING && str_equal(role->text, name))
			return true;
	}
	return false;
}

static bool has_realm_roles(const struct request *request, const struct roles *roles)
{
	const struct json *access = json_get(request->claims, STR("realm_access"));

	for (size_t i = 0; i < roles->count; i++) {
		if (!has_role(access, template_value_text(&roles->items[i].name, request)))
			return false;
	}
	return true;
}

static bool has_client_roles(const struct request *request, const struct roles *roles)
{
	const struct json *clients = json_get(request->claims, STR("resource_access"));

	for (size_t i = 0; i < roles->count; i++) {
		const struct role *role = &roles->items[i];
		struct str client = template_value_text(&role->client, request);

		if (!has_role(json_get(clients, client), template_value_text(&role->name, request)))
			return false;
	}
	return true;
}

static bool any_scope_holds(const struct request *request, const struct role_check *check)
{
	for (size_t i = 0; request->claims != NULL && i < check->count; i++) {
		const struct scope *scope = &check->scopes[i];

		if (resource_is_match(&scope->resource, request) &&
		    has_realm_roles(request, &scope->realm) &&
		    has_client_roles(request, &scope->clients))
			return true;
	}
	return false;
}

static enum phase_result access(struct request *request, const void *data)
{
	const struct role_check *check = data;

	if (any_scope_holds(request, check) != check->is_blacklist)
		return PHASE_GO_ON;
	request_answer_kind(request, ANSWER_AUTH_FAILED);
	return PHASE_ANSWERED;
}

/* clang-format off */
static const char manifest[] = POLICY_MANIFEST(
	{
		"$schema": "http://apicast.io/policy-v1/schema#manifest#",
		"name": "RH-SSO/Keycloak role check",
		"summary": "Allows or denies calls by the roles in their JSON Web Token.",
		"description": [
			"A scope holds when it is about the call and the caller has all its roles.",
			"A whitelist wants one that holds, a blacklist none.",
			"Needs a service with OpenID Connect."
		],
		"version": "builtin",
		"configuration": {
			"type": "object",
			"properties": {
				"type": {
					"description": "What a scope that holds means",
					"type": "string",
					"enum": ["blacklist", "whitelist"],
					"default": "whitelist"
				},
				"scopes": {
					"type": "array",
					"items": {
						"type": "object",
						"properties": {
							"realm_roles": {
								"description": "Roles of the realm",
								"type": "array",
								"items": {
									"type": "object",
									"properties": {
										"name": {"type": "string"},
										"name_type": {
											"type": "string",
											"enum": ["plain", "liquid"],
											"default": "plain"
										}
									}
								}
							},
							"client_roles": {
								"description": "Roles of clients",
								"type": "array",
								"items": {
									"type": "object",
									"properties": {
										"name": {"type": "string"},
										"name_type": {
											"type": "string",
											"enum": ["plain", "liquid"],
											"default": "plain"
										},
										"client": {"type": "string"},
										"client_type": {
											"type": "string",
											"enum": ["plain", "liquid"],
											"default": "plain"
										}
									}
								}
							},
							"resource": {
								"description": "Pattern of the paths that the scope is about",
								"type": "string"
							},
							"resource_type": {
								"type": "string",
								"enum": ["plain", "liquid"],
								"default": "plain"
							},
							"methods": {
								"description": "HTTP methods that the scope is about",
								"type": "array",
								"items": {"type": "string"},
								"default": ["ANY"]
							}
						}
					}
				}
			}
		}
	});
/* clang-format on */

const struct policy keycloak_role_check_policy = {
	.name = STR_INIT("keycloak_role_check"),
	.version = STR_INIT("builtin"),
	.manifest = manifest,
	.create = create,
	.run =
		{
			[PHASE_ACCESS] = access,
		},
};
