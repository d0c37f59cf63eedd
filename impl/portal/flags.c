#include "portal/flags.h"

#include <stddef.h>

#include "base/error.h"
#include "portal/release.h"

static const struct {
	struct str name;
	bool is_on;
} rows[FLAGS] = {
	[FLAG_SERVICE_PERMISSIONS] = {STR_INIT("service_permissions"), true},
	[FLAG_DUPLICATE_APPLICATION_ID] = {STR_INIT("duplicate_application_id"), true},
	[FLAG_DUPLICATE_USER_KEY] = {STR_INIT("duplicate_user_key"), true},
	[FLAG_APICAST_PER_SERVICE] = {STR_INIT("apicast_per_service"), true},
	[FLAG_NEW_NOTIFICATION_SYSTEM] = {STR_INIT("new_notification_system"), true},
	[FLAG_APICAST_V2] = {STR_INIT("apicast_v2"), true},
	[FLAG_APICAST_OIDC] = {STR_INIT("apicast_oidc"), true},
	[FLAG_PUBLISHED_SERVICE_PLAN_SIGNUP] = {STR_INIT("published_service_plan_signup"), true},
	[FLAG_POLICIES] = {STR_INIT("policies"), true},
	[FLAG_POLICY_REGISTRY] = {STR_INIT("policy_registry"), true},
	[FLAG_PROXY_PRIVATE_BASE_PATH] = {STR_INIT("proxy_private_base_path"), true},
	[FLAG_SERVICE_MESH_INTEGRATION] = {STR_INIT("service_mesh_integration"), true},
	[FLAG_APICAST_V1] = {STR_INIT("apicast_v1"), false},
	[FLAG_NEW_PROVIDER_DOCUMENTATION] = {STR_INIT("new_provider_documentation"), false},
	[FLAG_PROXY_PRO] = {STR_INIT("proxy_pro"), false},
	[FLAG_INSTANT_BILL_PLAN_CHANGE] = {STR_INIT("instant_bill_plan_change"), false},
	[FLAG_ASYNC_APICAST_DEPLOY] = {STR_INIT("async_apicast_deploy"), false},
	[FLAG_PLAN_CHANGES_WIZARD] = {STR_INIT("plan_changes_wizard"), false},
	[FLAG_REQUIRE_CC_ON_SIGNUP] = {STR_INIT("require_cc_on_signup"), false},
	[FLAG_CMS_API] = {STR_INIT("cms_api"), false},
	[FLAG_FORUM] = {STR_INIT("forum"), false},
	[FLAG_API_AS_PRODUCT] = {STR_INIT("api_as_product"), false},
	[FLAG_ACTIVE_DOCS_PROXY] = {STR_INIT("active_docs_proxy"), false},
	[FLAG_UPSTREAM_MYSQL_LIMITS] = {STR_INIT("upstream_mysql_limits"), false},
};

void flags_init(struct flags *flags, const struct release *release)
{
	for (size_t i = 0; i < FLAGS; i++)
		flags->is_on[i] = rows[i].is_on;
	flags->is_on[FLAG_PROXY_PRIVATE_BASE_PATH] = release->has_private_base_paths;
}

bool flags_set(struct flags *flags, struct str name, bool is_on)
{
	for (size_t i = 0; i < FLAGS; i++) {
		if (str_equal(rows[i].name, name)) {
			flags->is_on[i] = is_on;
			return true;
		}
	}
	return false;
}

bool flags_read(struct flags *flags, struct str text, struct error *error)
{
	struct str item, name, state;

	while (str_next_field(&text, ',', &item)) {
		bool is_on;

		str_split_once(item, '=', &name, &state);
		is_on = str_equal(str_trim(state), STR("on"));
		if ((!is_on && !str_equal(str_trim(state), STR("off"))) ||
		    !flags_set(flags, str_trim(name), is_on))
			return error_set(error, ERROR_INVALID,
					 "ROLLING_UPDATES must be flags with on or off, like "
					 "cms_api=on, not \"%.*s\"",
					 STR_ARG(str_trim(item)));
	}
	return true;
}
