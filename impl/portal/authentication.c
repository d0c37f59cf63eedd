#include "portal/authentication.h"

#include "base/arena.h"
#include "base/base64.h"
#include "base/json.h"
#include "base/limits.h"
#include "portal/call.h"
#include "portal/database.h"
#include "portal/hosts.h"
#include "portal/reply.h"
#include "portal/resources/invoice.h"
#include "portal/resource.h"
#include "portal/routes.h"
#include "portal/settings.h"
#include "portal/sso_token.h"
#include "portal/switches.h"
#include "portal/tables.h"

static bool is_master_route(const struct call *call)
{
	return (call->route->flags & ROUTE_MASTER) != 0;
}

bool authentication_find_tenant(struct call *call)
{
	struct record *account;
	enum face face = hosts_face(call, &account);

	if (is_master_route(call) && face != FACE_MASTER) {
		reply_empty(call, 403);
		return false;
	}
	switch (face) {
	case FACE_NONE:
	case FACE_DEVELOPER:
		reply_access_denied(call);
		return false;
	case FACE_GONE:
		/* Its hosts are unknown from then on (PT-159). */
		reply_not_found(call);
		return false;
	case FACE_MASTER:
	case FACE_ADMIN:
		break;
	}
	call->tenant = account;
	return true;
}

/* A token counts only among the users of the account that is called. */
static bool identify_by_token(struct call *call, struct str value)
{
	struct record *token = record_first(
		call->database, &access_tokens_table,
		"value = ?1 AND owner_id IN (SELECT id FROM users WHERE account_id = ?2)",
		DATABASE_ARGUMENTS(value_text(value), value_int(call_tenant_id(call))));

	if (token == NULL)
		return false;
	call->identity.kind = IDENTITY_TOKEN;
	call->identity.token = token;
	call->identity.user =
		record_by_id(call->database, &users_table, record_int(token, "owner_id"));
	call->identity.is_read_only = str_equal(record_text(token, "permission"), STR("ro"));
	return true;
}

/* The provider key is the user key of the account's own application at master; the master may have
 * one, too. */
static bool identify_by_provider_key(struct call *call, struct str key)
{
	int64_t found = database_int(
		call->database,
		STR("SELECT count(*) FROM cinstances WHERE type = 'Cinstance' AND user_key = ?1 "
		    "AND user_account_id = ?2 AND state = 'live'"),
		DATABASE_ARGUMENTS(value_text(key), value_int(call_tenant_id(call))), 0);

	if (found == 0)
		return false;
	call->identity.kind = IDENTITY_PROVIDER_KEY;
	return true;
}

/* The first of user name and password that is not blank. */
static struct str basic_credential(struct call *call, struct str authorization)
{
	struct str scheme, rest, decoded, user, password;

	str_split_once(authorization, ' ', &scheme, &rest);
	if (!str_equal_nocase(scheme, STR("basic")) ||
	    !base64_decode(call->arena, str_trim(rest), &decoded))
		return STR("");
	str_split_once(decoded, ':', &user, &password);
	return str_trim(user).size > 0 ? user : password;
}

static const struct {
	const char *scope, *section;
} scope_sections[] = {
	{"account_management", "partners"},
	{"stats", "monitoring"},
	{"finance", "finance"},
	{"cms", "portal"},
	{"policy_registry", "policy_registry"},
};

static struct record *permission_of(struct call *call, const char *section)
{
	return record_first(call->database, &member_permissions_table,
			    "user_id = ?1 AND admin_section = ?2",
			    DATABASE_ARGUMENTS(value_int(record_id(call->identity.user)),
					       value_text(str_from(section))));
}

bool authentication_user_has_section(struct call *call, const char *section)
{
	return str_equal(record_text(call->identity.user, "role"), STR("admin")) ||
	       permission_of(call, section) != NULL;
}

bool authentication_user_may_use(struct call *call, struct str scope)
{
	for (size_t i = 0; i < sizeof scope_sections / sizeof *scope_sections; i++) {
		if (str_equal(str_from(scope_sections[i].scope), scope))
			return authentication_user_has_section(call, scope_sections[i].section);
	}
	return false;
}

static bool token_opens(struct call *call)
{
	struct str wanted =
		str_from(call->route->scopes != NULL ? call->route->scopes : "account_management");
	const struct json *scopes =
		json_parse(call->arena, record_text(call->identity.token, "scopes"), 4096, NULL);
	struct str scope;

	while (str_next_field(&wanted, ' ', &scope)) {
		JSON_EACH (own, scopes) {
			if (str_equal(json_str(own), scope) &&
			    authentication_user_may_use(call, scope))
				return true;
		}
	}
	return false;
}

/* The ids of a JSON array as SERVICES_VISIBLE wants them: ",1,2,"; "," lets none pass. */
static struct str ids_listed(struct arena *arena, struct str text)
{
	const struct json *ids = json_parse(arena, text, LIMIT_PORTAL_BODY_BYTES, NULL);
	struct strbuf list;
	struct str listed;

	strbuf_init(&list, LIMIT_PORTAL_BODY_BYTES);
	strbuf_append_char(&list, ',');
	JSON_EACH (id, ids)
		strbuf_append_format(&list, "%.*s,", STR_ARG(json_scalar_text(id)));
	listed = str_copy(arena, strbuf_str(&list));
	strbuf_free(&list);
	return listed;
}

static void restrict_services(struct call *call)
{
	struct record *permission;

	if (str_equal(record_text(call->identity.user, "role"), STR("admin")))
		return;
	permission = permission_of(call, "services");
	if (permission != NULL)
		call->identity.visible_services =
			value_text(ids_listed(call->arena, record_text(permission, "service_ids")));
}

void authentication_use_session(struct call *call, struct record *user)
{
	call->identity.kind = IDENTITY_SESSION;
	call->identity.user = user;
	call->browser_user = value_int(record_id(user));
	restrict_services(call);
}

/* An SSO token stands for the tenant's impersonation user. */
static bool identify_by_sso_token(struct call *call, struct str token)
{
	struct record *user = sso_token_user(call, token);

	if (user == NULL || !str_equal(record_text(user, "signup_type"), STR("impersonation")))
		return false;
	call->identity.kind = IDENTITY_SSO;
	call->identity.user = user;
	return true;
}

/* False with an answer: only an explicit token can be wrong by itself. */
static bool identify(struct call *call, struct str authorization)
{
	const char *key_name = is_master_route(call) ? "api_key" : "provider_key";
	struct str credential;

	if (call_has_parameter(call, "access_token")) {
		/* Master says of nobody more than that (PT-161). */
		if (identify_by_token(call, call_parameter(call, "access_token")) ||
		    is_master_route(call))
			return true;
		reply_permission_error(call);
		return false;
	}
	if ((call->route->flags & ROUTE_SSO) != 0 && call_has_parameter(call, "token")) {
		if (identify_by_sso_token(call, call_parameter(call, "token")))
			return true;
		reply_error(call, 403, STR("Your token is invalid"));
		return false;
	}
	if (call_has_parameter(call, key_name)) {
		identify_by_provider_key(call, call_parameter(call, key_name));
		return true;
	}
	credential = basic_credential(call, authorization);
	if (credential.size > 0 && !identify_by_token(call, credential))
		identify_by_provider_key(call, credential);
	return true;
}

static void refuse_unknown(struct call *call)
{
	if (is_master_route(call))
		portal_reply_text(call, 401, STR("unauthorized"));
	else if ((call->route->flags & ROUTE_STATISTICS) != 0)
		reply_status(call, 403, STR("Forbidden"));
	else
		reply_access_denied(call);
}

/* A write's object must be one, whoever sends it (spec/portal.md 2.3, step 5). */
static bool wrapper_has_right_type(struct call *call)
{
	const struct resource *resource = call->route->resource;

	return is_master_route(call) || resource == NULL || resource->wrapper == NULL ||
	       call_only_reads(call) || resource_attributes(call, resource->wrapper) != NULL;
}

bool authentication_admit(struct call *call, struct str authorization)
{
	struct str state = record_text(call->tenant, "state");

	/* The hosts of a tenant scheduled for deletion are there for zync only (hosts.h). */
	if (!str_equal(state, STR("approved")) &&
	    !str_equal(state, STR("scheduled_for_deletion"))) {
		reply_empty(call, 403);
		return false;
	}
	if (!identify(call, authorization))
		return false;
	if (call->identity.kind == IDENTITY_TOKEN) {
		if (!token_opens(call)) {
			reply_permission_error(call);
			return false;
		}
		restrict_services(call);
	}
	if (!wrapper_has_right_type(call))
		return false;
	if (call->identity.kind == IDENTITY_NONE) {
		refuse_unknown(call);
		return false;
	}
	return true;
}

static bool is_member(const struct call *call)
{
	return call->identity.kind == IDENTITY_TOKEN &&
	       !str_equal(record_text(call->identity.user, "role"), STR("admin"));
}

static bool path_names_caller(const struct call *call)
{
	struct str text = http_route_parameter(&call->path_parameters, STR("tenant_user"));
	int64_t id;

	return str_to_int64(text, &id) && id == record_id(call->identity.user);
}

/* What a flag switches off (spec/portal.md 4.8). */
static bool is_switched_on(const struct call *call)
{
	static const struct {
		unsigned route;
		enum flag flag;
	} rows[] = {
		{ROUTE_POLICIES, FLAG_POLICIES},
		{ROUTE_POLICY_REGISTRY, FLAG_POLICY_REGISTRY},
	};

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		if ((call->route->flags & rows[i].route) != 0 &&
		    !settings_has_flag(call->settings, rows[i].flag))
			return false;
	}
	return true;
}

static bool may_pass(struct call *call)
{
	unsigned flags = call->route->flags;
	bool is_master = record_bool(call->tenant, "master");

	if (!is_switched_on(call) || ((flags & ROUTE_TENANT_ONLY) != 0 && is_master) ||
	    ((flags & ROUTE_MASTER_ONLY) != 0 && !is_master))
		return false;
	if ((flags & ROUTE_SERVICE_PLANS) != 0 && !switch_is_allowed(call, "service_plans"))
		return false;
	if ((flags & ROUTE_USER) != 0 && call->identity.kind != IDENTITY_TOKEN)
		return false;
	if (!is_member(call))
		return true;
	if ((flags & ROUTE_ADMINS) != 0 || ((flags & ROUTE_SELF) != 0 && !path_names_caller(call)))
		return false;
	return (flags & ROUTE_PLANS_SECTION) == 0 || permission_of(call, "plans") != NULL;
}

bool authentication_guard(struct call *call)
{
	if (may_pass(call))
		return (call->route->flags & ROUTE_FINANCE) == 0 || finance_is_on(call);
	reply_status(call, 403, STR("Forbidden"));
	return false;
}
