/* The tenant's own policies: spec/portal.md 3.4. */
#include "base/arena.h"
#include "base/json.h"
#include "base/limits.h"
#include "portal/database.h"
#include "portal/gateway_policies.h"
#include "portal/policies.h"
#include "portal/policy_manifest.h"
#include "portal/resources/resources.h"
#include "portal/tables.h"
#include "portal/validation.h"

static const struct representation policy_representation = {
	.root = "policy",
	.roots = "policies",
	.json = "id name version schema created_at updated_at",
	.xml = "id name version",
};

static const struct rule policy_rules[] = {
	{"name", RULE_PRESENT, 0, NULL, NULL, false},
	{"name", RULE_LENGTH_MAX, 255, NULL, NULL, false},
	{"version", RULE_PRESENT, 0, NULL, NULL, false},
	{"version", RULE_LENGTH_MAX, 255, NULL, NULL, false},
	{"version", RULE_UNIQUE, 0, "account_id name", NULL, false},
	{"schema", RULE_PRESENT, 0, NULL, NULL, false},
};

static bool is_in_use(struct call *call, const struct record *policy)
{
	struct record_list proxies =
		record_all(call->database, &proxies_table, "tenant_id = ?1 ORDER BY id",
			   DATABASE_ARGUMENTS(value_int(call_tenant_id(call))));

	for (size_t i = 0; i < proxies.count; i++) {
		if (policies_have(call->arena, record_text(proxies.items[i], "policies_config"),
				  record_stored(policy, "name").text,
				  record_stored(policy, "version").text))
			return true;
	}
	return false;
}

static void check_use(struct call *call, const struct record *policy, struct validation *validation)
{
	if (!record_is_new(policy) && is_in_use(call, policy))
		validation_add(validation, "base",
			       STR("This policy is currently being used in one of your APIs and "
				   "cannot be modified."));
}

/* The schema is an object, or the text of one. */
static bool policy_prepare(struct call *call, struct record *policy, const struct json *attributes)
{
	const struct json *schema = json_get(attributes, STR("schema"));

	if (schema != NULL && schema->kind == JSON_OBJECT)
		record_set(policy, "schema", value_json(json_print(call->arena, schema)));
	record_set_text(policy, "identifier",
			STR_CONCAT(call->arena, record_text(policy, "name"), STR("-"),
				   record_text(policy, "version")));
	return true;
}

static void policy_validate(struct call *call, struct record *policy, struct validation *validation)
{
	struct str version = record_text(policy, "version");
	const struct json *schema = json_parse(call->arena, record_text(policy, "schema"),
					       LIMIT_PORTAL_BODY_BYTES, NULL);

	check_use(call, policy, validation);
	if (str_equal(version, STR("builtin")))
		validation_add(validation, "version", STR("cannot be 'builtin'"));
	if (value_is_blank(record_get(policy, "schema")))
		return;
	if (schema == NULL || schema->kind != JSON_OBJECT) {
		validation_add(validation, "schema", STR("Invalid JSON schema"));
	} else {
		if (!str_equal(json_get_str(schema, STR("version")), version))
			validation_add(validation, "version",
				       STR("differs from the schema version"));
		policy_manifest_check(schema, validation);
	}
	if (record_bool(call->tenant, "master"))
		validation_add(validation, "account", STR("must be a tenant"));
}

const struct resource policy_resource = {
	.table = &policies_table,
	.representation = &policy_representation,
	.wrapper = "policy",
	.attributes = "name version schema",
	RESOURCE_RULES(policy_rules),
	.prepare = policy_prepare,
	.validate = policy_validate,
};

/* The tenant's own by name; those of the gateway come on top before the answer leaves. */
void policy_list_all(struct call *call)
{
	struct record_list list =
		record_all(call->database, &policies_table, "account_id = ?1 ORDER BY id",
			   DATABASE_ARGUMENTS(value_int(call_tenant_id(call))));
	struct json *own = json_new(call->arena, JSON_OBJECT);

	for (size_t i = 0; i < list.count; i++) {
		struct str name = record_text(list.items[i], "name");
		struct json *versions = json_new(call->arena, JSON_ARRAY);

		JSON_EACH (version, json_get(own, name))
			json_append(versions, json_copy(call->arena, version));
		json_append(versions, json_parse(call->arena, record_text(list.items[i], "schema"),
						 LIMIT_PORTAL_BODY_BYTES, NULL));
		json_set(own, name, versions);
	}
	reply_json(call, 200, json_print(call->arena, own));
	call->errand = gateway_policies_errand(call);
}

/* By number or by name and version; NULL after a 404. */
static struct record *policy_of_path(struct call *call)
{
	struct str text = http_route_parameter(&call->path_parameters, STR("policy"));
	int64_t id;
	struct record *policy = record_first(
		call->database, &policies_table,
		"account_id = ?1 AND (identifier = ?2 OR id = ?3) ORDER BY id LIMIT 1",
		DATABASE_ARGUMENTS(value_int(call_tenant_id(call)), value_text(text),
				   str_to_int64(text, &id) ? value_int(id) : value_null()));

	if (policy == NULL)
		reply_not_found(call);
	return policy;
}

void policy_show(struct call *call)
{
	struct record *policy = policy_of_path(call);

	if (policy != NULL)
		reply_record(call, 200, &policy_representation, policy);
}

void policy_update(struct call *call)
{
	const struct json *attributes = resource_attributes(call, policy_resource.wrapper);
	struct record *policy;

	if (attributes == NULL)
		return;
	policy = policy_of_path(call);
	if (policy == NULL)
		return;
	resource_assign(policy, policy_resource.attributes, attributes);
	if (resource_save(call, &policy_resource, policy, attributes))
		reply_record(call, 200, &policy_representation, policy);
}

void policy_delete(struct call *call)
{
	struct record *policy = policy_of_path(call);
	struct validation validation;

	if (policy == NULL)
		return;
	validation_init(&validation, call->arena);
	check_use(call, policy, &validation);
	if (!validation_is_clean(&validation)) {
		reply_invalid(call, 403, &validation);
		return;
	}
	record_delete(call->database, policy);
	reply_empty(call, 200);
}
