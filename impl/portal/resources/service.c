/* Services: spec/portal.md 3.1, 4.7. */
#include "base/arena.h"
#include "base/json.h"
#include "portal/backend_push.h"
#include "portal/database.h"
#include "portal/jobs.h"
#include "portal/resources/resources.h"
#include "portal/settings.h"
#include "portal/tables.h"
#include "portal/validation.h"

#define SETTINGS                                                                                   \
	"intentions_required buyers_manage_apps buyers_manage_keys referrer_filters_required "     \
	"custom_keys_enabled buyer_key_regenerate_enabled mandatory_app_key "                      \
	"buyer_can_select_plan buyer_plan_change_permission"
#define SETTINGS_SINCE_2_6                                                                         \
	"intentions_required:2.6 buyers_manage_apps:2.6 buyers_manage_keys:2.6 "                   \
	"referrer_filters_required:2.6 custom_keys_enabled:2.6 buyer_key_regenerate_enabled:2.6 "  \
	"mandatory_app_key:2.6 buyer_can_select_plan:2.6 buyer_plan_change_permission:2.6 "        \
	"notification_settings:2.6"

struct record *service_of_path(const struct call *call)
{
	return call_found(call, "service");
}

struct record *service_by_id(struct call *call, int64_t id)
{
	return record_by_id(call->database, &services_table, id);
}

void service_touch(struct call *call, int64_t service_id)
{
	struct record *service = service_by_id(call, service_id);

	if (service != NULL)
		record_touch(call->database, service);
}

/* OpenID Connect is a matter of the proxy; the service itself says oauth. */
struct str service_mode(struct call *call, const struct record *service)
{
	struct str method = database_text(
		call->database,
		STR("SELECT authentication_method FROM proxies WHERE service_id = ?1"),
		DATABASE_ARGUMENTS(value_int(record_id(service))));

	return str_equal(method, STR("oidc")) ? method : record_text(service, "backend_version");
}

struct str service_support_email(struct call *call, const struct record *service)
{
	struct str own = record_text(service, "support_email");

	return own.size > 0 ? own : record_text(call->tenant, "support_email");
}

static struct value service_get_mode(struct call *call, const struct record *service)
{
	return value_text(service_mode(call, service));
}

static struct value service_get_support_email(struct call *call, const struct record *service)
{
	struct str email = service_support_email(call, service);

	return email.size > 0 ? value_text(email) : value_null();
}

static struct value service_get_metrics(struct call *call, const struct record *service)
{
	struct record_list list =
		record_all(call->database, &metrics_table, "service_id = ?1 ORDER BY id",
			   DATABASE_ARGUMENTS(value_int(record_id(service))));

	return representation_xml_elements(call, metric_resource.representation, &list);
}

static struct value service_get_notifications(struct call *call, const struct record *service)
{
	return call->format == FORMAT_XML ? alert_levels_xml(call, service)
					  : record_get(service, "notification_settings");
}

static const struct derived service_derived[] = {
	{"backend_version", service_get_mode},
	{"support_email", service_get_support_email},
	{"metrics", service_get_metrics},
	{"notification_settings", service_get_notifications},
};

static const struct link service_links[] = {
	{"metrics", "/admin/api/services/{id}/metrics"},
	{"end_user_plans", "/admin/api/services/{id}/end_user_plans"},
	{"self", "/admin/api/services/{id}"},
	{"service_plans", "/admin/api/services/{id}/service_plans"},
	{"application_plans", "/admin/api/services/{id}/application_plans"},
	{"features", "/admin/api/services/{id}/features"},
};

static const struct representation service_representation = {
	.root = "service",
	.roots = "services",
	.json = "id name state system_name end_user_registration_required backend_version "
		"deployment_option support_email tech_support_email:-2.6 "
		"admin_support_email:-2.6 description " SETTINGS_SINCE_2_6 " created_at updated_at",
	.xml = "id account_id name state system_name backend_version description " SETTINGS
	       " notification_settings deployment_option support_email "
	       "end_user_registration_required metrics",
	REPRESENTATION_DERIVED(service_derived),
	REPRESENTATION_LINKS(service_links),
};

static const struct rule service_rules[] = {
	{"name", RULE_PRESENT, 0, NULL, NULL, false},
	{"name", RULE_LENGTH_MAX, 255, NULL, NULL, false},
	{"system_name", RULE_LENGTH_MAX, 255, NULL, NULL, false},
	{"system_name", RULE_PATTERN, 0, SYSTEM_NAME_PATTERN, NULL, false},
	{"system_name", RULE_UNIQUE, 0, "account_id", NULL, false},
	{"deployment_option", RULE_IN, 0,
	 "hosted self_managed service_mesh_istio plugin_ruby plugin_java plugin_python "
	 "plugin_nodejs plugin_php plugin_rest plugin_csharp",
	 NULL, true},
	{"backend_version", RULE_IN, 0, "1 2 oauth oidc", NULL, true},
	{"buyer_plan_change_permission", RULE_IN, 0,
	 "request direct credit_card request_credit_card none", NULL, true},
	{"support_email", RULE_PATTERN, 0, "[^@\\s]+@[^@\\s]+", "should look like an email address",
	 false},
};

static void proxy_follow_mode(struct call *call, const struct record *service, bool is_oidc)
{
	struct record *proxy = proxy_of_service(call, record_id(service));

	record_set(proxy, "authentication_method",
		   is_oidc ? value_text(STR("oidc")) : value_null());
	record_save(call->database, proxy);
}

static bool service_prepare(struct call *call, struct record *service,
			    const struct json *attributes)
{
	struct str mode = json_scalar_text(json_get(attributes, STR("backend_version")));

	fill_system_name(call, service, "name", "service");
	alert_levels_assign(call, service, json_get(attributes, STR("notification_settings")));
	/* From oidc to oauth changes nothing in the service's own row. */
	if (!record_is_new(service) && str_equal(mode, STR("oauth")))
		proxy_follow_mode(call, service, false);
	return true;
}

/* Values of the list that a flag takes away (4.8). */
static void service_validate(struct call *call, struct record *service,
			     struct validation *validation)
{
	static const struct {
		const char *attribute;
		struct str value;
		enum flag flag;
	} rows[] = {
		{"deployment_option", STR_INIT("service_mesh_istio"),
		 FLAG_SERVICE_MESH_INTEGRATION},
		{"backend_version", STR_INIT("oidc"), FLAG_APICAST_OIDC},
	};

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		if (str_equal(record_text(service, rows[i].attribute), rows[i].value) &&
		    !settings_has_flag(call->settings, rows[i].flag))
			validation_add(validation, rows[i].attribute,
				       STR("is not included in the list"));
	}
}

/* While the UI does not show service plans, developers get the only one without being asked. */
static struct str first_plan_state(struct call *call)
{
	bool are_shown = database_int(call->database,
				      STR("SELECT service_plans_ui_visible FROM settings WHERE "
					  "account_id = ?1"),
				      DATABASE_ARGUMENTS(value_int(call_tenant_id(call))), 0) != 0;

	return are_shown ? STR("hidden") : STR("published");
}

static void service_created(struct call *call, struct record *service, bool is_oidc)
{
	struct record *token = call_new_record(call, &service_tokens_table);

	record_set_int(token, "service_id", record_id(service));
	record_set_text(token, "value", call_random_hex(call, 64));
	record_save(call->database, token);
	push_service(call, service);
	push_service_token(call, token);
	alert_levels_saved(call, service, NULL);
	metric_create_hits(call, service);
	plan_create(call, &service_plan_resource, record_id(service), STR("Default"),
		    first_plan_state(call));
	proxy_create(call, service, is_oidc);
}

/* What was asked for is an attribute of the call, not of the row: oidc is stored as oauth. */
static void service_saved(struct call *call, struct record *service, const struct record *before)
{
	bool is_oidc = str_equal(record_text(service, "backend_version"), STR("oidc"));

	if (is_oidc) {
		record_set_text(service, "backend_version", STR("oauth"));
		record_save(call->database, service);
	}
	if (before == NULL) {
		service_created(call, service, is_oidc);
		return;
	}
	if (is_oidc || !str_equal(record_text(service, "backend_version"),
				  record_text(before, "backend_version")))
		proxy_follow_mode(call, service, is_oidc);
	if (!str_equal(record_text(service, "deployment_option"),
		       record_text(before, "deployment_option")))
		proxy_follow_deployment(call, service);
	push_service(call, service);
	alert_levels_saved(call, service, before);
}

const struct resource service_resource = {
	.table = &services_table,
	.representation = &service_representation,
	.wrapper = "service",
	.switch_for_more = "multiple_services",
	.switch_scope = "account_id",
	.attributes = "name oneline_description description txt_api txt_support txt_features "
		      "logo_file_name logo_content_type logo_file_size draft_name infobar terms "
		      "display_provider_keys tech_support_email "
		      "admin_support_email credit_card_support_email support_email "
		      "end_user_registration_required deployment_option backend_version "
		      "kubernetes_service_link " SETTINGS,
	.create_only = "system_name",
	RESOURCE_RULES(service_rules),
	.prepare = service_prepare,
	.validate = service_validate,
	.saved = service_saved,
};

/* Deleting: invisible at once, the rows follow (jobs_service.c). */

void service_delete(struct call *call)
{
	struct record *service = service_of_path(call);
	int64_t others = database_int(
		call->database,
		STR("SELECT count(*) FROM services WHERE account_id = ?1 AND id <> ?2 AND "
		    "state <> 'deleted'"),
		DATABASE_ARGUMENTS(value_int(call_tenant_id(call)), value_int(record_id(service))),
		0);

	if (others > 0 && record_int(call->tenant, "default_service_id") != record_id(service)) {
		int64_t before = push_default_service_id(call, 0);

		record_set_text(service, "state", STR("deleted"));
		record_save(call->database, service);
		push_default_service(call, before, push_default_service_id(call, 0));
		jobs_add(call, "delete_service", record_id(service));
		reply_empty(call, 200);
	} else if (call->identity.kind == IDENTITY_TOKEN) {
		reply_status(call, 403, STR("Forbidden"));
	} else {
		reply_state_error(call, &service_representation, service, "mark_as_deleted");
	}
}
