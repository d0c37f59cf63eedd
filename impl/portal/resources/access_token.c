/* Access tokens and what members may do: spec/portal.md 2.2, 3.11. */
#include "base/arena.h"
#include "base/json.h"
#include "base/limits.h"
#include "base/xml.h"
#include "portal/database.h"
#include "portal/resources/resources.h"
#include "portal/tables.h"
#include "portal/validation.h"

#define SCOPES "account_management stats finance cms policy_registry"
#define SECTIONS "portal finance settings partners monitoring plans policy_registry"
#define TOKEN_DIGITS 64

/* The value is shown once: in the answer that made it. */
static struct value get_value(struct call *call, const struct record *token)
{
	return str_equal(call->method, STR("POST")) ? record_get(token, "value") : value_absent();
}

static const struct derived token_derived[] = {{"value", get_value}};

static const struct representation token_representation = {
	.root = "access_token",
	.roots = "access_tokens",
	.json = "id name scopes permission value",
	.xml = "id name permission value",
	REPRESENTATION_DERIVED(token_derived),
	.xml_leaves_nulls = true,
};

static const struct rule token_rules[] = {
	{"name", RULE_PRESENT, 0, NULL, NULL, false},
	{"name", RULE_LENGTH_MAX, 255, NULL, NULL, false},
	{"permission", RULE_IN, 0, "ro rw", NULL, true},
};

static bool list_names(const char *list, struct str name)
{
	struct str rest = str_from(list), item;

	while (str_next_field(&rest, ' ', &item)) {
		if (str_equal(item, name))
			return true;
	}
	return false;
}

/* At least one, all of them known. */
static void token_validate(struct call *call, struct record *token, struct validation *validation)
{
	const struct json *scopes =
		json_parse(call->arena, record_text(token, "scopes"), 4096, NULL);

	if (scopes == NULL || scopes->count == 0)
		validation_add(validation, "scopes", STR("can't be blank"));
	JSON_EACH (scope, scopes) {
		if (!list_names(SCOPES, json_scalar_text(scope))) {
			validation_add(validation, "scopes", STR("is not included in the list"));
			return;
		}
	}
}

const struct resource access_token_resource = {
	.table = &access_tokens_table,
	.representation = &token_representation,
	.wrapper = "token",
	.attributes = "name permission",
	RESOURCE_RULES(token_rules),
	.validate = token_validate,
};

void access_token_assign(struct call *call, struct record *token, const struct json *attributes)
{
	const struct json *scopes = json_get(attributes, STR("scopes"));

	resource_assign(token, access_token_resource.attributes, attributes);
	record_set(token, "scopes",
		   value_json(scopes != NULL && scopes->kind == JSON_ARRAY
				      ? json_print(call->arena, scopes)
				      : STR("[]")));
}

struct record *access_token_new(struct call *call, const struct record *owner,
				const struct json *attributes)
{
	struct record *token = call_new_record(call, &access_tokens_table);

	record_set_int(token, "owner_id", record_id(owner));
	record_set_text(token, "value", call_random_hex(call, TOKEN_DIGITS));
	access_token_assign(call, token, attributes);
	return token;
}

static void create_for(struct call *call, const struct record *owner)
{
	const struct json *attributes = resource_attributes(call, access_token_resource.wrapper);
	struct record *token;

	if (attributes == NULL)
		return;
	token = access_token_new(call, owner, attributes);
	if (resource_save(call, &access_token_resource, token, attributes))
		reply_record(call, 201, &token_representation, token);
}

/* Personal tokens belong to the user whose token is used (ROUTE_USER). */
void access_token_create_personal(struct call *call)
{
	create_for(call, call->identity.user);
}

/* A token makes tokens for its own owner only, the provider key for anyone. */
void access_token_create_for_user(struct call *call)
{
	struct record *user = api_innermost(call);

	if (call->identity.kind == IDENTITY_TOKEN &&
	    record_id(call->identity.user) != record_id(user))
		reply_status(call, 403, STR("Forbidden"));
	else
		create_for(call, user);
}

void access_token_list(struct call *call)
{
	struct str name = call_parameter(call, "name");

	resource_reply_list(call, &access_token_resource,
			    "owner_id = ?1 AND (?2 IS NULL OR name = ?2) ORDER BY id",
			    DATABASE_ARGUMENTS(value_int(record_id(call->identity.user)),
					       name.size > 0 ? value_text(name) : value_null()));
}

/* By number or by value. */
static struct record *token_of_path(struct call *call)
{
	struct str text = http_route_parameter(&call->path_parameters, STR("value"));
	struct record *token;
	int64_t id;

	token = record_first(
		call->database, &access_tokens_table, "owner_id = ?1 AND (value = ?2 OR id = ?3)",
		DATABASE_ARGUMENTS(value_int(record_id(call->identity.user)), value_text(text),
				   str_to_int64(text, &id) ? value_int(id) : value_null()));
	if (token == NULL)
		reply_not_found(call);
	return token;
}

void access_token_show(struct call *call)
{
	struct record *token = token_of_path(call);

	if (token != NULL)
		reply_record(call, 200, &token_representation, token);
}

void access_token_delete(struct call *call)
{
	struct record *token = token_of_path(call);

	if (token == NULL)
		return;
	record_delete(call->database, token);
	reply_empty(call, 200);
}

/* Permissions of members. */

static bool is_admin(const struct record *user)
{
	return str_equal(record_text(user, "role"), STR("admin"));
}

static struct json *all_sections(struct call *call)
{
	struct json *sections = json_new(call->arena, JSON_ARRAY);
	struct str rest = STR(SECTIONS), name;

	while (str_next_field(&rest, ' ', &name))
		json_append(sections, json_new_str(call->arena, name));
	return sections;
}

/* An administrator has all of them (spec/portal.md 2.2). */
static struct json *sections_of(struct call *call, const struct record *user)
{
	if (is_admin(user))
		return all_sections(call);

	struct record_list list =
		record_all(call->database, &member_permissions_table,
			   "user_id = ?1 AND admin_section <> 'services' ORDER BY id",
			   DATABASE_ARGUMENTS(value_int(record_id(user))));
	struct json *sections = json_new(call->arena, JSON_ARRAY);

	for (size_t i = 0; i < list.count; i++)
		json_append(sections,
			    json_new_str(call->arena, record_text(list.items[i], "admin_section")));
	return sections;
}

static struct record *services_permission(struct call *call, const struct record *user)
{
	return record_first(call->database, &member_permissions_table,
			    "user_id = ?1 AND admin_section = 'services'",
			    DATABASE_ARGUMENTS(value_int(record_id(user))));
}

static struct value get_user(struct call *call, const struct record *user)
{
	(void)call;
	return value_int(record_id(user));
}

static struct str elements_of(struct call *call, struct str name, const struct json *list)
{
	struct strbuf out;
	struct str elements;

	strbuf_init(&out, LIMIT_PORTAL_BODY_BYTES);
	JSON_EACH (item, list)
		xml_element(&out, name, json_scalar_text(item));
	elements = str_copy(call->arena, strbuf_str(&out));
	strbuf_free(&out);
	return elements;
}

static struct value get_sections(struct call *call, const struct record *user)
{
	struct json *sections = sections_of(call, user);

	return value_json(call->format == FORMAT_XML
				  ? elements_of(call, STR("allowed_section"), sections)
				  : json_print(call->arena, sections));
}

/* null: all of them. */
static struct value get_services(struct call *call, const struct record *user)
{
	struct record *permission = services_permission(call, user);
	const struct json *ids;

	if (permission == NULL || is_admin(user))
		return value_null();
	if (call->format != FORMAT_XML)
		return record_get(permission, "service_ids");
	ids = json_parse(call->arena, record_text(permission, "service_ids"), 65536, NULL);
	return value_json(elements_of(call, STR("allowed_service_id"), ids));
}

static const struct derived permissions_derived[] = {
	{"user_id", get_user},
	{"allowed_sections", get_sections},
	{"allowed_service_ids", get_services},
};

static const struct link permissions_links[] = {{"user", "/admin/api/users/{id}"}};

#define PERMISSIONS "user_id role allowed_sections allowed_service_ids"

static const struct representation permissions_representation = {
	.root = "permissions",
	.roots = "permissions",
	.json = PERMISSIONS "!",
	.xml = PERMISSIONS,
	REPRESENTATION_DERIVED(permissions_derived),
	REPRESENTATION_LINKS(permissions_links),
	.xml_leaves_nulls = true,
};

const struct resource permissions_resource = {
	.table = &users_table,
	.representation = &permissions_representation,
	.wrapper = "permissions",
};

void permissions_show(struct call *call)
{
	reply_record(call, 200, &permissions_representation, api_innermost(call));
}

static void add_permission(struct call *call, const struct record *user, struct str section,
			   struct value service_ids)
{
	struct record *permission = call_new_record(call, &member_permissions_table);

	record_set_int(permission, "user_id", record_id(user));
	record_set_text(permission, "admin_section", section);
	record_set(permission, "service_ids", service_ids);
	record_save(call->database, permission);
}

static void replace_sections(struct call *call, const struct record *user,
			     const struct json *sections)
{
	struct json *known = json_new(call->arena, JSON_OBJECT);

	database_run(call->database,
		     STR("DELETE FROM member_permissions WHERE user_id = ?1 AND "
			 "admin_section <> 'services'"),
		     DATABASE_ARGUMENTS(value_int(record_id(user))));
	JSON_EACH (section, sections) {
		struct str name = json_scalar_text(section);

		if (!list_names(SECTIONS, name) || json_get(known, name) != NULL)
			continue;
		json_set(known, name, json_new_bool(call->arena, true));
		add_permission(call, user, name, value_null());
	}
}

static bool is_own_service(struct call *call, int64_t id)
{
	return database_int(call->database,
			    STR("SELECT count(*) FROM services WHERE id = ?1 AND account_id = ?2 "
				"AND state <> 'deleted'"),
			    DATABASE_ARGUMENTS(value_int(id), value_int(call_tenant_id(call))),
			    0) > 0;
}

/* A form's way to send an empty text as an item of a list. */
static bool is_blank_list(const struct json *ids)
{
	JSON_EACH (item, ids) {
		if (json_scalar_text(item).size > 0)
			return false;
	}
	return ids->count > 0;
}

/* A list restricts; an empty text takes the restriction away. */
static void replace_services(struct call *call, const struct record *user, const struct json *ids)
{
	struct json *numbers = json_new(call->arena, JSON_ARRAY);
	struct record *permission = services_permission(call, user);
	int64_t id;

	if (permission != NULL)
		record_delete(call->database, permission);
	if (ids->kind != JSON_ARRAY || is_blank_list(ids))
		return;
	JSON_EACH (item, ids) {
		if (str_to_int64(json_scalar_text(item), &id) && is_own_service(call, id))
			json_append(numbers, json_new_int(call->arena, id));
	}
	add_permission(call, user, STR("services"), value_json(json_print(call->arena, numbers)));
}

void permissions_update(struct call *call)
{
	const struct json *attributes = resource_attributes(call, permissions_resource.wrapper);
	const struct json *sections, *services;
	struct record *user = api_innermost(call);

	if (attributes == NULL)
		return;
	sections = json_get(attributes, STR("allowed_sections"));
	services = json_get(attributes, STR("allowed_service_ids"));
	if (sections != NULL)
		replace_sections(call, user, sections);
	if (services != NULL)
		replace_services(call, user, services);
	permissions_show(call);
}
