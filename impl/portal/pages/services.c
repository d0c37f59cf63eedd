/* One API: overview, new, edit, delete, settings (spec/portal.md 7.5). */
#include "base/arena.h"
#include "base/json.h"
#include "portal/database.h"
#include "portal/pages/form.h"
#include "portal/pages/html.h"
#include "portal/pages/tables.h"
#include "portal/pages/visit.h"
#include "portal/resources/resources.h"
#include "portal/tables.h"
#include "portal/validation.h"

#define SERVICE "/apiconfig/services/{service}"

static struct str path_for(struct visit *visit, const struct record *service, const char *rest)
{
	struct arena *arena = visit->call->arena;

	return STR_CONCAT(arena, STR("/apiconfig/services/"),
			  value_to_text(arena, record_get(service, "id")), str_from(rest));
}

/* Overview. */

static void write_plans(struct visit *visit, const struct record *service)
{
	struct record_list plans =
		record_all(visit->call->database, &plans_table,
			   "type = 'ApplicationPlan' AND issuer_id = ?1 AND state = 'published' "
			   "ORDER BY id",
			   DATABASE_ARGUMENTS(value_int(record_id(service))));

	strbuf_append(&visit->content, STR("<h2>Published Application Plans</h2>\n<ul>"));
	for (size_t i = 0; i < plans.count; i++)
		HTML(&visit->content, "<li>{}", record_text(plans.items[i], "name"));
	strbuf_append(&visit->content, STR("</ul>\n"));
}

static void write_methods(struct visit *visit, const struct record *service)
{
	struct record_list methods =
		record_all(visit->call->database, &metrics_table,
			   "service_id = ?1 AND parent_id IS NOT NULL ORDER BY id",
			   DATABASE_ARGUMENTS(value_int(record_id(service))));

	strbuf_append(&visit->content, STR("<h2>Methods</h2>\n<ul>"));
	for (size_t i = 0; i < methods.count; i++)
		HTML(&visit->content, "<li>{}", record_text(methods.items[i], "friendly_name"));
	strbuf_append(&visit->content, STR("</ul>\n"));
}

static struct str integration_state(struct visit *visit, const struct record *service)
{
	struct record *proxy = proxy_of_service(visit->call, record_id(service));

	if (proxy_config_newest(visit->call, proxy, STR("production")) != NULL)
		return STR("in production");
	return proxy_config_newest(visit->call, proxy, STR("sandbox")) != NULL
		       ? STR("in staging")
		       : STR("not configured yet");
}

static void show(struct visit *visit)
{
	struct record *service = service_of_path(visit->call);

	HTML(&visit->content,
	     "<dl><dt>Name<dd>{}\n<dt>System name<dd>{}\n<dt>ID for API calls<dd>{}\n"
	     "<dt>Integration<dd>{}\n</dl>\n<p><a href=\"{}\">edit</a></p>\n",
	     record_text(service, "name"), record_text(service, "system_name"),
	     value_to_text(visit->call->arena, record_get(service, "id")),
	     integration_state(visit, service), path_for(visit, service, "/edit"));
	write_plans(visit, service);
	write_methods(visit, service);
	visit_show(visit, 200, "Overview");
}

/* New and edit. */

static void show_form(struct visit *visit, const struct record *service,
		      const struct validation *faults)
{
	bool is_new = record_is_new(service);

	visit_form(visit, is_new ? STR("/apiconfig/services") : path_for(visit, service, ""),
		   is_new ? "post" : "put");
	visit_input(visit, "Name", "text", "service[name]", record_text(service, "name"), faults,
		    "name");
	if (is_new)
		visit_input(visit, "System name", "text", "service[system_name]",
			    record_text(service, "system_name"), faults, "system_name");
	form_text(visit, "Description", "service[description]",
		  record_text(service, "description"));
	form_faults(visit, faults, "description");
	form_faults(visit, faults, "base");
	form_end(visit, is_new ? "Create Service" : "Update Service");
	if (!is_new)
		form_button(visit, path_for(visit, service, ""), "delete", "Delete");
	visit_show(visit, 200, is_new ? "New API" : "Edit Service");
}

static void show_new(struct visit *visit)
{
	show_form(visit, call_new_record(visit->call, &services_table), NULL);
}

static void create(struct visit *visit)
{
	struct call *call = visit->call;
	const struct json *attributes = call_attributes(call, "service");
	struct record *service = call_new_record(call, &services_table);
	struct validation faults;

	record_set_int(service, "account_id", call_tenant_id(call));
	resource_assign(service, "name system_name description", attributes);
	if (!form_save(visit, &service_resource, service, attributes, &faults)) {
		show_form(visit, service, &faults);
		return;
	}
	visit_flash(visit, "success", STR("Service created."));
	visit_redirect(visit, path_for(visit, service, ""));
}

static void edit(struct visit *visit)
{
	show_form(visit, service_of_path(visit->call), NULL);
}

static void update(struct visit *visit)
{
	struct record *service = service_of_path(visit->call);
	const struct json *attributes = call_attributes(visit->call, "service");
	struct validation faults;

	resource_assign(service, "name description", attributes);
	if (!form_save(visit, &service_resource, service, attributes, &faults)) {
		show_form(visit, service, &faults);
		return;
	}
	visit_flash(visit, "success", STR("Service information updated."));
	visit_redirect(visit, path_for(visit, service, ""));
}

static void delete_service(struct visit *visit)
{
	struct call *call = visit->call;
	struct record *service = service_of_path(call);
	struct str done = STR_CONCAT(
		call->arena, STR("Service '"), record_text(service, "name"),
		STR("' will be deleted shortly. You will receive a notification when it is done"));

	form_button_by_api(visit, service_delete, str_cstr(call->arena, done),
			   STR("/p/admin/dashboard"));
}

/* Settings. */

static const struct choice deployment_options[] = {
	{STR_INIT("hosted"), STR_INIT("APIcast 3scale managed")},
	{STR_INIT("self_managed"), STR_INIT("APIcast self-managed")},
	{STR_INIT("service_mesh_istio"), STR_INIT("Istio")},
	{STR_INIT("plugin_ruby"), STR_INIT("Ruby plugin")},
	{STR_INIT("plugin_java"), STR_INIT("Java plugin")},
	{STR_INIT("plugin_python"), STR_INIT("Python plugin")},
	{STR_INIT("plugin_nodejs"), STR_INIT("NodeJS plugin")},
	{STR_INIT("plugin_php"), STR_INIT("PHP plugin")},
	{STR_INIT("plugin_rest"), STR_INIT("REST API")},
	{STR_INIT("plugin_csharp"), STR_INIT(".Net plugin")},
};

static const struct choice modes[] = {
	{STR_INIT("1"), STR_INIT("API Key (user_key)")},
	{STR_INIT("2"), STR_INIT("App_ID and App_Key Pair")},
	{STR_INIT("oauth"), STR_INIT("OAuth (legacy)")},
	{STR_INIT("oidc"), STR_INIT("OpenID Connect")},
};

static const struct choice plan_changes[] = {
	{STR_INIT("request"), STR_INIT("Request plan changes")},
	{STR_INIT("direct"), STR_INIT("Change plans directly")},
	{STR_INIT("credit_card"), STR_INIT("Change plans with a credit card only")},
	{STR_INIT("request_credit_card"), STR_INIT("Directly with a credit card, else request")},
	{STR_INIT("none"), STR_INIT("No plan changes")},
};

static const struct {
	const char *label, *column;
} switches[] = {
	{"Developers manage applications", "buyers_manage_apps"},
	{"Developers manage application keys", "buyers_manage_keys"},
	{"Developers regenerate keys", "buyer_key_regenerate_enabled"},
	{"Custom keys", "custom_keys_enabled"},
	{"An application key is mandatory", "mandatory_app_key"},
	{"Require referrer filtering", "referrer_filters_required"},
	{"Developers select a plan", "buyer_can_select_plan"},
	{"Intentions required", "intentions_required"},
};

static const struct choice alert_readers[] = {
	{STR_INIT("web_provider"), STR_INIT("Web alerts to admins")},
	{STR_INIT("email_provider"), STR_INIT("Mail alerts to admins")},
	{STR_INIT("web_buyer"), STR_INIT("Web alerts to developers")},
	{STR_INIT("email_buyer"), STR_INIT("Mail alerts to developers")},
};

static const struct str alert_levels[] = {
	STR_INIT("50"),  STR_INIT("80"),  STR_INIT("90"),  STR_INIT("100"),
	STR_INIT("120"), STR_INIT("150"), STR_INIT("200"), STR_INIT("300"),
};

#define SELECT(visit, label, name, choices, chosen)                                                \
	form_select(visit, label, name, choices, sizeof(choices) / sizeof *(choices), chosen)

static void write_switches(struct visit *visit, const struct record *service)
{
	struct arena *arena = visit->call->arena;

	for (size_t i = 0; i < sizeof switches / sizeof *switches; i++) {
		struct str name = str_format(arena, "service[%s]", switches[i].column);

		HTML(&visit->content, "<input type=\"hidden\" name=\"{}\" value=\"0\">", name);
		form_checkbox(visit, str_from(switches[i].label), str_cstr(arena, name), STR("1"),
			      record_bool(service, switches[i].column));
	}
}

static bool list_has(const struct json *list, struct str level)
{
	JSON_EACH (item, list) {
		if (str_equal(json_scalar_text(item), level))
			return true;
	}
	return false;
}

/* The empty one of each says that none is ticked. */
static void write_alerts(struct visit *visit, const struct record *service)
{
	struct arena *arena = visit->call->arena;
	const struct json *kept =
		json_parse(arena, record_text(service, "notification_settings"), 4096, NULL);

	strbuf_append(&visit->content, STR("<h2>Alerts</h2>\n"));
	for (size_t i = 0; i < sizeof alert_readers / sizeof *alert_readers; i++) {
		const struct json *list = json_get(kept, alert_readers[i].value);
		struct str name = STR_CONCAT(arena, STR("service[notification_settings]["),
					     alert_readers[i].value, STR("][]"));

		HTML(&visit->content,
		     "<p>{} at % of a limit</p><input type=\"hidden\" name=\"{}\" value=\"\">",
		     alert_readers[i].label, name);
		for (size_t j = 0; j < sizeof alert_levels / sizeof *alert_levels; j++)
			form_checkbox(visit, alert_levels[j], str_cstr(arena, name),
				      alert_levels[j], list_has(list, alert_levels[j]));
	}
}

static void show_settings(struct visit *visit, const struct validation *faults)
{
	struct record *service = service_of_path(visit->call);

	visit_form(visit, path_for(visit, service, "/settings"), "put");
	form_all_faults(visit, faults);
	SELECT(visit, "Deployment Option", "service[deployment_option]", deployment_options,
	       record_text(service, "deployment_option"));
	SELECT(visit, "Authentication", "service[backend_version]", modes,
	       service_mode(visit->call, service));
	write_switches(visit, service);
	SELECT(visit, "Plan changes", "service[buyer_plan_change_permission]", plan_changes,
	       record_text(service, "buyer_plan_change_permission"));
	write_alerts(visit, service);
	form_end(visit, "Update Service");
	visit_show(visit, 200, "Settings");
}

static void settings(struct visit *visit)
{
	show_settings(visit, NULL);
}

static void settings_save(struct visit *visit)
{
	struct record *service = service_of_path(visit->call);
	const struct json *attributes = call_attributes(visit->call, "service");
	struct validation faults;

	resource_assign(service, service_resource.attributes, attributes);
	if (!form_save(visit, &service_resource, service, attributes, &faults)) {
		show_settings(visit, &faults);
		return;
	}
	visit_flash(visit, "success", STR("Service information updated."));
	visit_redirect(visit, path_for(visit, service, "/settings"));
}

static const struct page_route rows[] = {
	{"GET", STR_INIT("/apiconfig/services/new"), show_new, PAGE_ADMIN | PAGE_ADMINS, NULL},
	{"POST", STR_INIT("/apiconfig/services"), create, PAGE_ADMIN | PAGE_ADMINS, NULL},
	{"GET", STR_INIT(SERVICE), show, PAGE_ADMIN, NULL},
	{"GET", STR_INIT(SERVICE "/edit"), edit, PAGE_ADMIN, "plans"},
	{"PUT PATCH", STR_INIT(SERVICE), update, PAGE_ADMIN, "plans"},
	{"DELETE", STR_INIT(SERVICE), delete_service, PAGE_ADMIN | PAGE_ADMINS, NULL},
	{"GET", STR_INIT(SERVICE "/settings"), settings, PAGE_ADMIN, "plans"},
	{"PUT PATCH", STR_INIT(SERVICE "/settings"), settings_save, PAGE_ADMIN, "plans"},
};

const struct page_table pages_of_services = PAGE_TABLE(rows);
