/* A developer's own applications and their credentials (spec/portal.md 7.10), as far as the
 * service's settings let developers manage them. */
#include "base/arena.h"
#include "base/json.h"
#include "portal/database.h"
#include "portal/fields.h"
#include "portal/pages/developer_fields.h"
#include "portal/pages/form.h"
#include "portal/pages/html.h"
#include "portal/pages/tables.h"
#include "portal/pages/visit.h"
#include "portal/resources/resources.h"
#include "portal/switches.h"
#include "portal/tables.h"
#include "portal/validation.h"

#define LIST_PATH "/admin/applications"
#define TARGET STR("Cinstance")
#define KEY_DIGITS 32
#define EXTRA_BYTES_MAX 65535

static struct value own_account(const struct visit *visit)
{
	return record_get(visit->user, "account_id");
}

/* {id} of the path, if it is the developer's own; NULL after the refusal. */
static struct record *application_of_path(struct visit *visit)
{
	struct call *call = visit->call;
	struct record *application = NULL;
	int64_t id;

	if (str_to_int64(http_route_parameter(&call->path_parameters, STR("id")), &id))
		application =
			record_first(call->database, &contracts_table,
				     "id = ?1 AND type = 'Cinstance' AND user_account_id = ?2",
				     DATABASE_ARGUMENTS(value_int(id), own_account(visit)));
	if (application == NULL)
		visit_not_found(visit);
	return application;
}

static struct record *service_of(struct visit *visit, const struct record *application)
{
	return service_by_id(visit->call, record_int(application, "service_id"));
}

static bool service_allows(struct visit *visit, const struct record *application,
			   const char *setting)
{
	struct record *service = service_of(visit, application);

	return service != NULL && record_bool(service, setting);
}

static struct str path_for(struct visit *visit, const struct record *application, const char *rest)
{
	struct arena *arena = visit->call->arena;

	return STR_CONCAT(arena, STR(LIST_PATH "/"),
			  value_to_text(arena, record_get(application, "id")), str_from(rest));
}

static void show_again(struct visit *visit, const struct record *application, const char *text)
{
	visit_flash(visit, "success", str_from(text));
	visit_redirect(visit, path_for(visit, application, ""));
}

/* The list. */

/* Plans that a developer may choose: the default one, and those published when the service lets it
 * choose, or has no default. */
#define PLANS_OFFERED                                                                              \
	"type = 'ApplicationPlan' AND COALESCE(original_id, 0) = 0 AND EXISTS "                    \
	"(SELECT 1 FROM services WHERE services.id = plans.issuer_id AND account_id = ?2 AND "     \
	"services.state <> 'deleted' AND buyers_manage_apps = 1 AND "                              \
	"(default_application_plan_id = plans.id OR plans.state = 'published' AND "                \
	"(buyer_can_select_plan = 1 OR default_application_plan_id IS NULL)))"

static struct record_list plans_offered(struct visit *visit)
{
	struct value arguments[CALL_ARGUMENTS];

	call_arguments(visit->call, arguments);
	return record_all(visit->call->database, &plans_table,
			  PLANS_OFFERED " ORDER BY issuer_id, position, id", arguments,
			  CALL_ARGUMENTS);
}

/* One at most, unless the tenant shows its developers that there may be more. */
static bool may_have_another(struct visit *visit)
{
	struct call *call = visit->call;

	return switch_is_visible(call, application_resource.switch_for_more) ||
	       database_int(call->database,
			    STR("SELECT count(*) FROM cinstances WHERE type = 'Cinstance' AND "
				"user_account_id = ?1"),
			    DATABASE_ARGUMENTS(own_account(visit)), 0) == 0;
}

static void list(struct visit *visit)
{
	struct call *call = visit->call;
	struct record_list applications =
		record_all(call->database, &contracts_table,
			   "type = 'Cinstance' AND user_account_id = ?1 ORDER BY id",
			   DATABASE_ARGUMENTS(own_account(visit)));

	strbuf_append(&visit->content, STR("<table><tr><th>Name<th>API<th>Plan<th>State</tr>\n"));
	for (size_t i = 0; i < applications.count; i++) {
		struct record *application = applications.items[i];
		struct record *service = service_of(visit, application);

		HTML(&visit->content, "<tr><td><a href=\"{}\">{}</a><td>{}<td>{}<td>{}</tr>\n",
		     path_for(visit, application, ""), record_text(application, "name"),
		     service != NULL ? record_text(service, "name") : STR(""),
		     record_text(application_plan_of(call, application), "name"),
		     record_text(application, "state"));
	}
	strbuf_append(&visit->content, STR("</table>\n"));
	if (plans_offered(visit).count > 0 && may_have_another(visit))
		strbuf_append(&visit->content, STR("<p><a href=\"" LIST_PATH
						   "/new\">Create new application</a></p>\n"));
	visit_show(visit, 200, "Applications");
}

/* A new one. */

static void write_plans(struct visit *visit, struct str chosen)
{
	struct call *call = visit->call;
	struct record_list plans = plans_offered(visit);
	struct choice *choices = ARENA_ARRAY(call->arena, struct choice, plans.count + 1);

	for (size_t i = 0; i < plans.count; i++) {
		struct record *service =
			service_by_id(call, record_int(plans.items[i], "issuer_id"));

		choices[i].value = value_to_text(call->arena, record_get(plans.items[i], "id"));
		choices[i].label = STR_CONCAT(call->arena, record_text(service, "name"), STR(": "),
					      record_text(plans.items[i], "name"));
	}
	form_select(visit, "Plan", "cinstance[plan_id]", choices, plans.count, chosen);
}

static void show_new_form(struct visit *visit, const struct json *sent,
			  const struct validation *faults)
{
	visit_form(visit, STR(LIST_PATH), "post");
	write_plans(visit, json_scalar_text(json_get(sent, STR("plan_id"))));
	developer_fields_write(visit, TARGET, "cinstance", sent, faults);
	form_faults(visit, faults, "base");
	form_end(visit, "Create Application");
	visit_show(visit, 200, "New Application");
}

static void show_new(struct visit *visit)
{
	if (!may_have_another(visit)) {
		visit_denied(visit);
		return;
	}
	show_new_form(visit, visit->call->parameters, NULL);
}

/* NULL when it is none that is offered. */
static struct record *plan_wanted(struct visit *visit, const struct json *sent)
{
	struct value arguments[CALL_ARGUMENTS];
	int64_t id;

	if (!str_to_int64(json_scalar_text(json_get(sent, STR("plan_id"))), &id))
		return NULL;
	call_arguments(visit->call, arguments);
	arguments[0] = value_int(id);
	return record_first(visit->call->database, &plans_table, "id = ?1 AND " PLANS_OFFERED,
			    arguments, CALL_ARGUMENTS);
}

/* False: the form is to be shown again. */
static bool assign_and_check(struct visit *visit, struct record *application,
			     const struct json *sent, struct validation *faults)
{
	struct call *call = visit->call;
	struct json *flat = json_new(call->arena, JSON_OBJECT);

	developer_fields_take(call, TARGET, sent, flat);
	resource_assign(application, "name description", flat);
	fields_assign(call, application, flat);
	application_resource.prepare(call, application, flat);
	validation_init(faults, call->arena);
	resource_check(call, &application_resource, application, faults);
	return validation_is_clean(faults);
}

static void create(struct visit *visit)
{
	struct call *call = visit->call;
	const struct json *sent = call_attributes(call, "cinstance");
	struct record *plan = plan_wanted(visit, sent), *application;
	struct validation faults;

	if (plan == NULL) {
		visit_not_found(visit);
		return;
	}
	if (!may_have_another(visit)) {
		visit_denied(visit);
		return;
	}
	application = contract_new(call, own_account(visit).number, plan);
	record_set_text(application, "create_origin", STR("developer"));
	if (!assign_and_check(visit, application, sent, &faults)) {
		show_new_form(visit, sent, &faults);
		return;
	}
	if (!service_subscription_ensure(call, own_account(visit).number,
					 record_int(plan, "issuer_id"))) {
		visit_denied(visit);
		return;
	}
	resource_store(call, &application_resource, application);
	application_give_first_key(call, application);
	show_again(visit, application, "Application was successfully created.");
}

/* One of them. */

static void write_button(struct visit *visit, const struct record *application, const char *rest,
			 const char *method, const char *label)
{
	form_button(visit, path_for(visit, application, rest), method, label);
}

static void write_user_key(struct visit *visit, const struct record *application)
{
	HTML(&visit->content, "<h2>User Key</h2>\n<p><code id=\"user_key\">{}</code></p>\n",
	     record_text(application, "user_key"));
	if (service_allows(visit, application, "buyer_key_regenerate_enabled"))
		write_button(visit, application, "/user_key", "put", "Regenerate");
}

static void write_key(struct visit *visit, const struct record *application,
		      const struct record *key)
{
	struct arena *arena = visit->call->arena;
	const char *path = str_cstr(arena, STR_CONCAT(arena, STR("/keys/"),
						      value_to_text(arena, record_get(key, "id"))));

	HTML(&visit->content, "<p><code class=\"key\">{}</code></p>\n", record_text(key, "value"));
	if (service_allows(visit, application, "buyer_key_regenerate_enabled"))
		write_button(visit, application,
			     str_cstr(arena, STR_CONCAT(arena, str_from(path), STR("/regenerate"))),
			     "put", "Regenerate");
	if (service_allows(visit, application, "buyers_manage_keys"))
		write_button(visit, application, path, "delete", "Delete");
}

static void write_keys(struct visit *visit, const struct record *application)
{
	bool is_oauth = application_is_of_mode(visit->call, application, "oauth oidc");
	struct record_list keys = record_all(visit->call->database, &application_keys_table,
					     "application_id = ?1 ORDER BY id",
					     DATABASE_ARGUMENTS(record_get(application, "id")));

	HTML(&visit->content, "<h2>{}</h2>\n<p><code id=\"application_id\">{}</code></p>\n",
	     is_oauth ? STR("Client ID") : STR("Application ID"),
	     record_text(application, "application_id"));
	HTML(&visit->content, "<h2>{}</h2>\n",
	     is_oauth ? STR("Client Secret") : STR("Application Keys"));
	for (size_t i = 0; i < keys.count; i++)
		write_key(visit, application, keys.items[i]);
	if (service_allows(visit, application, "buyers_manage_keys"))
		write_button(visit, application, "/keys", "post", "Create new key");
}

static void write_filters(struct visit *visit, const struct record *application)
{
	struct arena *arena = visit->call->arena;
	struct record_list filters = record_all(visit->call->database, &referrer_filters_table,
						"application_id = ?1 ORDER BY id",
						DATABASE_ARGUMENTS(record_get(application, "id")));

	strbuf_append(&visit->content, STR("<h2>Referrer Filters</h2>\n"));
	for (size_t i = 0; i < filters.count; i++) {
		struct str path =
			STR_CONCAT(arena, STR("/referrer_filters/"),
				   value_to_text(arena, record_get(filters.items[i], "id")));

		HTML(&visit->content, "<p><code class=\"filter\">{}</code></p>\n",
		     record_text(filters.items[i], "value"));
		write_button(visit, application, str_cstr(arena, path), "delete", "Delete");
	}
	visit_form(visit, path_for(visit, application, "/referrer_filters"), "post");
	visit_input(visit, "Allow calls from", "text", "referrer_filter", STR(""), NULL, "");
	form_end(visit, "Add filter");
}

static void show(struct visit *visit)
{
	struct record *application = application_of_path(visit);
	struct call *call = visit->call;

	if (application == NULL)
		return;
	HTML(&visit->content, "<p>{}</p>\n<p>{}</p>\n<p>Plan: {}</p>\n<p>State: {}</p>\n",
	     record_text(application, "name"), record_text(application, "description"),
	     record_text(application_plan_of(call, application), "name"),
	     record_text(application, "state"));
	if (application_is_of_mode(call, application, "1"))
		write_user_key(visit, application);
	else
		write_keys(visit, application);
	if (service_allows(visit, application, "referrer_filters_required"))
		write_filters(visit, application);
	if (service_allows(visit, application, "buyers_manage_apps")) {
		HTML(&visit->content, "<p><a href=\"{}\">Edit</a></p>\n",
		     path_for(visit, application, "/edit"));
		write_button(visit, application, "", "delete", "Delete application");
	}
	visit_show(visit, 200, "Application");
}

/* What only some services leave to developers: NULL after the refusal. */
static struct record *application_to_manage(struct visit *visit, const char *setting)
{
	struct record *application = application_of_path(visit);

	if (application == NULL || service_allows(visit, application, setting))
		return application;
	visit_denied(visit);
	return NULL;
}

static void show_edit_form(struct visit *visit, const struct record *application,
			   const struct json *sent, const struct validation *faults)
{
	visit_form(visit, path_for(visit, application, ""), "put");
	developer_fields_write(visit, TARGET, "cinstance", sent, faults);
	form_end(visit, "Update Application");
	visit_show(visit, 200, "Edit Application");
}

static void edit(struct visit *visit)
{
	struct record *application = application_to_manage(visit, "buyers_manage_apps");
	struct arena *arena = visit->call->arena;
	struct json *values;

	if (application == NULL)
		return;
	values = json_parse(arena, record_text(application, "extra_fields"), EXTRA_BYTES_MAX, NULL);
	if (values == NULL || values->kind != JSON_OBJECT)
		values = json_new(arena, JSON_OBJECT);
	json_set(values, STR("name"), json_new_str(arena, record_text(application, "name")));
	json_set(values, STR("description"),
		 json_new_str(arena, record_text(application, "description")));
	show_edit_form(visit, application, values, NULL);
}

static void update(struct visit *visit)
{
	struct record *application = application_to_manage(visit, "buyers_manage_apps");
	const struct json *sent = call_attributes(visit->call, "cinstance");
	struct validation faults;

	if (application == NULL)
		return;
	if (!assign_and_check(visit, application, sent, &faults)) {
		show_edit_form(visit, application, sent, &faults);
		return;
	}
	resource_store(visit->call, &application_resource, application);
	show_again(visit, application, "Application was successfully updated.");
}

static void delete_application(struct visit *visit)
{
	struct record *application = application_to_manage(visit, "buyers_manage_apps");
	struct validation faults;

	if (application == NULL)
		return;
	validation_init(&faults, visit->call->arena);
	application_resource.deleting(visit->call, application, &faults);
	record_delete(visit->call->database, application);
	visit_flash(visit, "success", STR("The application was successfully deleted."));
	visit_redirect(visit, STR(LIST_PATH));
}

/* Credentials. */

static void regenerate_user_key(struct visit *visit)
{
	struct record *application = application_to_manage(visit, "buyer_key_regenerate_enabled");

	if (application == NULL)
		return;
	record_set_text(application, "user_key", call_random_hex(visit->call, KEY_DIGITS));
	resource_store(visit->call, &application_resource, application);
	show_again(visit, application, "The key was successfully changed");
}

/* A key or a filter. False: the rules do not allow one more. */
static bool add(struct visit *visit, const struct resource *resource,
		const struct record *application, struct str value)
{
	struct call *call = visit->call;
	struct record *row = call_new_record(call, resource->table);
	struct validation faults;

	record_set_int(row, "application_id", record_id(application));
	record_set_text(row, "value", value);
	validation_init(&faults, call->arena);
	resource_check(call, resource, row, &faults);
	if (!validation_is_clean(&faults)) {
		visit_flash(visit, "error", faults.entries[0].text);
		visit_redirect(visit, path_for(visit, application, ""));
		return false;
	}
	resource_store(call, resource, row);
	return true;
}

static void create_key(struct visit *visit)
{
	struct record *application = application_to_manage(visit, "buyers_manage_keys");
	struct str value = call_parameter(visit->call, "key");

	if (application == NULL)
		return;
	if (value.size == 0)
		value = call_random_hex(visit->call, KEY_DIGITS);
	else if (!service_allows(visit, application, "custom_keys_enabled")) {
		visit_denied(visit);
		return;
	}
	if (add(visit, &application_key_resource, application, value))
		show_again(visit, application, "Application key was created.");
}

/* Of the path, by its number: a key's value is not for addresses, which are logged. */
static struct record *row_of_path(struct visit *visit, const struct resource *resource,
				  const struct record *application)
{
	struct call *call = visit->call;
	struct record *row = NULL;
	int64_t id;

	if (str_to_int64(http_route_parameter(&call->path_parameters, STR("row")), &id))
		row = record_first(
			call->database, resource->table, "id = ?1 AND application_id = ?2",
			DATABASE_ARGUMENTS(value_int(id), record_get(application, "id")));
	if (row == NULL)
		visit_not_found(visit);
	return row;
}

static struct record *key_of_path(struct visit *visit, const struct record *application)
{
	return application == NULL ? NULL
				   : row_of_path(visit, &application_key_resource, application);
}

static void regenerate_key(struct visit *visit)
{
	struct record *application = application_to_manage(visit, "buyer_key_regenerate_enabled");
	struct record *key = key_of_path(visit, application);

	if (key == NULL)
		return;
	application_key_remove(visit->call, key);
	if (add(visit, &application_key_resource, application,
		call_random_hex(visit->call, KEY_DIGITS)))
		show_again(visit, application, "The key was successfully changed");
}

static void delete_key(struct visit *visit)
{
	struct record *application = application_to_manage(visit, "buyers_manage_keys");
	struct record *key = key_of_path(visit, application);

	if (key == NULL)
		return;
	application_key_remove(visit->call, key);
	show_again(visit, application, "Application key was deleted.");
}

/* Referrer filters, where the service asks for them. */

static void create_filter(struct visit *visit)
{
	struct record *application = application_to_manage(visit, "referrer_filters_required");

	if (application != NULL && add(visit, &referrer_filter_resource, application,
				       call_parameter(visit->call, "referrer_filter")))
		show_again(visit, application, "Referrer filter was created.");
}

static void delete_filter(struct visit *visit)
{
	struct record *application = application_to_manage(visit, "referrer_filters_required");
	struct record *filter =
		application == NULL ? NULL
				    : row_of_path(visit, &referrer_filter_resource, application);
	struct validation faults;

	if (filter == NULL)
		return;
	validation_init(&faults, visit->call->arena);
	referrer_filter_resource.deleting(visit->call, filter, &faults);
	record_delete(visit->call->database, filter);
	show_again(visit, application, "Referrer filter was deleted.");
}

#define ONE LIST_PATH "/{id}"
static const struct page_route rows[] = {
	{"GET", STR_INIT(LIST_PATH), list, PAGE_DEVELOPER, NULL},
	{"POST", STR_INIT(LIST_PATH), create, PAGE_DEVELOPER, NULL},
	{"GET", STR_INIT(LIST_PATH "/new"), show_new, PAGE_DEVELOPER, NULL},
	{"GET", STR_INIT(LIST_PATH "/choose_service"), show_new, PAGE_DEVELOPER, NULL},
	{"GET", STR_INIT(ONE), show, PAGE_DEVELOPER, NULL},
	{"GET", STR_INIT(ONE "/edit"), edit, PAGE_DEVELOPER, NULL},
	{"PUT PATCH", STR_INIT(ONE), update, PAGE_DEVELOPER, NULL},
	{"DELETE", STR_INIT(ONE), delete_application, PAGE_DEVELOPER, NULL},
	{"PUT PATCH", STR_INIT(ONE "/user_key"), regenerate_user_key, PAGE_DEVELOPER, NULL},
	{"POST", STR_INIT(ONE "/keys"), create_key, PAGE_DEVELOPER, NULL},
	{"PUT PATCH", STR_INIT(ONE "/keys/{row}/regenerate"), regenerate_key, PAGE_DEVELOPER, NULL},
	{"DELETE", STR_INIT(ONE "/keys/{row}"), delete_key, PAGE_DEVELOPER, NULL},
	{"POST", STR_INIT(ONE "/referrer_filters"), create_filter, PAGE_DEVELOPER, NULL},
	{"DELETE", STR_INIT(ONE "/referrer_filters/{row}"), delete_filter, PAGE_DEVELOPER, NULL},
};

const struct page_table pages_of_developer_applications = PAGE_TABLE(rows);
