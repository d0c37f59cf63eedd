/* Applications of developers: lists, and the page of one (spec/portal.md 7.4, 7.5). */
#include "base/arena.h"
#include "portal/database.h"
#include "portal/integration_errors.h"
#include "portal/pages/form.h"
#include "portal/pages/html.h"
#include "portal/pages/tables.h"
#include "portal/pages/visit.h"
#include "portal/reply.h"
#include "portal/resources/resources.h"
#include "portal/tables.h"
#include "portal/validation.h"

static struct record *application_of_path(struct visit *visit)
{
	return call_found(visit->call, "application");
}

static struct str text_of(struct visit *visit, const struct record *record, const char *column)
{
	return value_to_text(visit->call->arena, record_get(record, column));
}

static struct str path_for(struct visit *visit, const struct record *application, const char *rest)
{
	return STR_CONCAT(visit->call->arena, STR("/buyers/accounts/"),
			  text_of(visit, application, "user_account_id"), STR("/applications/"),
			  text_of(visit, application, "id"), str_from(rest));
}

/* Lists. */

static void write_row(struct visit *visit, const struct record *application)
{
	struct database *database = visit->call->database;
	struct record *account =
		record_by_id(database, &accounts_table, record_int(application, "user_account_id"));
	struct record *service =
		record_by_id(database, &services_table, record_int(application, "service_id"));

	HTML(&visit->content, "<tr><td><a href=\"{}\">{}</a><td>{}<td>{}<td>{}<td>{}<td>{}</tr>\n",
	     path_for(visit, application, ""), record_text(application, "name"),
	     record_text(application, "state"), record_text(account, "org_name"),
	     record_text(service, "name"),
	     record_text(application_plan_of(visit->call, application), "name"),
	     text_of(visit, application, "created_at"));
}

static void show_list(struct visit *visit)
{
	struct call *call = visit->call;
	struct value arguments[CALL_ARGUMENTS];
	struct record_list applications;

	call_arguments(call, arguments);
	applications = record_all(call->database, &contracts_table,
				  "type = 'Cinstance' AND (?1 IS NULL OR service_id = ?1) AND "
				  "service_id IN " SERVICES_VISIBLE " ORDER BY id DESC LIMIT 500",
				  arguments, CALL_ARGUMENTS);
	strbuf_append(&visit->content, STR("<table><tr><th>Name<th>State<th>Account<th>API<th>Plan"
					   "<th>Created At</tr>\n"));
	for (size_t i = 0; i < applications.count; i++)
		write_row(visit, applications.items[i]);
	strbuf_append(&visit->content, STR("</table>\n"));
	visit_show(visit, 200, "Applications");
}

/* Plans to choose from: of one service, or of all. */
static void write_plans(struct visit *visit, struct value service_id, struct str chosen)
{
	struct call *call = visit->call;
	struct value arguments[CALL_ARGUMENTS];
	struct record_list plans;
	struct choice *choices;

	call_arguments(call, arguments);
	arguments[0] = service_id;
	plans = record_all(call->database, &plans_table,
			   "type = 'ApplicationPlan' AND (?1 IS NULL OR issuer_id = ?1) AND "
			   "issuer_id IN " SERVICES_VISIBLE " ORDER BY issuer_id, id",
			   arguments, CALL_ARGUMENTS);
	choices = ARENA_ARRAY(call->arena, struct choice, plans.count + 1);
	for (size_t i = 0; i < plans.count; i++)
		choices[i] = (struct choice){text_of(visit, plans.items[i], "id"),
					     record_text(plans.items[i], "name")};
	form_select(visit, "Application plan", "plan_id", choices, plans.count, chosen);
}

/* A new one. */

static void show_new_form(struct visit *visit, int status, const struct validation *faults)
{
	struct call *call = visit->call;

	visit_form(visit,
		   STR_CONCAT(call->arena, STR("/buyers/accounts/"),
			      text_of(visit, call_found(call, "account"), "id"),
			      STR("/applications")),
		   "post");
	write_plans(visit, value_null(), call_parameter(call, "plan_id"));
	visit_input(visit, "Name", "text", "name", call_parameter(call, "name"), faults, "name");
	visit_input(visit, "Description", "text", "description",
		    call_parameter(call, "description"), faults, "description");
	form_faults(visit, faults, "base");
	form_end(visit, "Create Application");
	visit_show(visit, status, "New Application");
}

static void show_new(struct visit *visit)
{
	show_new_form(visit, 200, NULL);
}

static void create(struct visit *visit)
{
	struct call *call = visit->call;
	struct validation faults;

	if (!form_by_api(visit, application_create, &faults)) {
		show_new_form(visit, 422, &faults);
		return;
	}
	visit_flash(visit, "success", STR("Application was successfully created."));
	visit_redirect(visit, STR_CONCAT(call->arena, STR("/buyers/accounts/"),
					 text_of(visit, call_found(call, "account"), "id")));
}

/* One application. */

static void write_keys(struct visit *visit, const struct record *application)
{
	struct record_list keys = record_all(visit->call->database, &application_keys_table,
					     "application_id = ?1 ORDER BY id",
					     DATABASE_ARGUMENTS(value_int(record_id(application))));

	if (application_is_of_mode(visit->call, application, "1")) {
		HTML(&visit->content, "<dt>User Key<dd><code>{}</code>\n",
		     record_text(application, "user_key"));
		return;
	}
	HTML(&visit->content, "<dt>Application ID<dd><code>{}</code>\n",
	     record_text(application, "application_id"));
	for (size_t i = 0; i < keys.count; i++)
		HTML(&visit->content, "<dt>Application Key<dd><code>{}</code>\n",
		     record_text(keys.items[i], "value"));
}

static void write_buttons(struct visit *visit, const struct record *application)
{
	struct str state = record_text(application, "state");

	HTML(&visit->content, "<p><a href=\"{}\">Edit</a></p>\n",
	     path_for(visit, application, "/edit"));
	if (str_equal(state, STR("pending")))
		form_button(visit, path_for(visit, application, "/accept"), "post", "Accept");
	if (str_equal(state, STR("live")))
		form_button(visit, path_for(visit, application, "/suspend"), "post", "Suspend");
	if (str_equal(state, STR("suspended")))
		form_button(visit, path_for(visit, application, "/resume"), "post", "Resume");
	if (application_is_of_mode(visit->call, application, "1"))
		form_button(visit, path_for(visit, application, "/regenerate_key"), "post",
			    "Regenerate");
	else
		form_button(visit, path_for(visit, application, "/keys"), "post", "Add Random key");
	form_button(visit, path_for(visit, application, ""), "delete", "Delete");
	visit_form(visit, path_for(visit, application, "/change_plan"), "put");
	write_plans(visit, record_get(application, "service_id"),
		    text_of(visit, application, "plan_id"));
	form_end(visit, "Change Plan");
}

static void write_utilizations(struct visit *visit, const struct utilizations *utilizations)
{
	strbuf_append(&visit->content, STR("<h2>Current Utilization</h2>\n"));
	if (!utilizations->is_known) {
		HTML(&visit->content, "<p class=\"error\">Backend does not say: {}</p>\n",
		     utilizations->why);
		return;
	}
	strbuf_append(&visit->content,
		      STR("<table id=\"utilization\"><tr><th>Metric<th>Period<th>Values</tr>\n"));
	for (size_t i = 0; i < utilizations->count; i++) {
		const struct utilization *item = &utilizations->items[i];

		HTML(&visit->content, "<tr><td>{}<td>per {}<td>{}/{}</tr>\n", item->metric_name,
		     item->period,
		     value_to_text(visit->call->arena, value_int(item->current_value)),
		     value_to_text(visit->call->arena, value_int(item->max_value)));
	}
	strbuf_append(&visit->content, STR("</table>\n"));
}

/* Backend says how far the limits are used; what is ours does not wait for more than its answer. */
static void utilizations_told(struct call *call, const struct utilizations *utilizations)
{
	struct record *application = call_found(call, "application");
	struct visit *visit;

	database_begin(call->database, call->arena, false);
	visit = pages_resume(call);
	HTML(&visit->content,
	     "<dl><dt>Name<dd>{}\n<dt>Description<dd>{}\n<dt>State<dd>{}\n"
	     "<dt>Plan<dd>{}\n",
	     record_text(application, "name"), record_text(application, "description"),
	     record_text(application, "state"),
	     record_text(application_plan_of(call, application), "name"));
	write_keys(visit, application);
	strbuf_append(&visit->content, STR("</dl>\n"));
	write_buttons(visit, application);
	write_utilizations(visit, utilizations);
	visit_show(visit, 200, "Application");
	pages_finish(visit);
	if (!database_commit(call->database, NULL))
		reply_status(call, 500, STR("Internal server error"));
}

static void show(struct visit *visit)
{
	visit->call->errand =
		utilization_errand(visit->call, application_of_path(visit), utilizations_told);
}

static void show_edit_form(struct visit *visit, const struct validation *faults)
{
	struct record *application = application_of_path(visit);

	visit_form(visit, path_for(visit, application, ""), "put");
	visit_input(visit, "Name", "text", "application[name]", record_text(application, "name"),
		    faults, "name");
	visit_input(visit, "Description", "text", "application[description]",
		    record_text(application, "description"), faults, "description");
	form_end(visit, "Update Application");
	visit_show(visit, 200, "Edit Application");
}

static void edit(struct visit *visit)
{
	show_edit_form(visit, NULL);
}

static void update(struct visit *visit)
{
	struct record *application = application_of_path(visit);
	const struct json *attributes = call_attributes(visit->call, "application");
	struct validation faults;

	resource_assign(application, "name description", attributes);
	if (!form_save(visit, &application_resource, application, attributes, &faults)) {
		show_edit_form(visit, &faults);
		return;
	}
	visit_flash(visit, "success", STR("Application was successfully updated."));
	visit_redirect(visit, path_for(visit, application, ""));
}

static void press(struct visit *visit, void (*handle)(struct call *call), const char *done)
{
	form_button_by_api(visit, handle, done, path_for(visit, application_of_path(visit), ""));
}

static void accept(struct visit *visit)
{
	press(visit, application_accept, "The application has been accepted.");
}

static void suspend(struct visit *visit)
{
	press(visit, application_suspend, "The application has been suspended.");
}

static void resume(struct visit *visit)
{
	press(visit, application_resume, "The application is live again.");
}

static void change_plan(struct visit *visit)
{
	press(visit, application_change_plan, "The application plan has been changed.");
}

static void add_key(struct visit *visit)
{
	press(visit, application_key_create, "Application key was created.");
}

static void regenerate_key(struct visit *visit)
{
	struct record *application = application_of_path(visit);

	record_set_text(application, "user_key", call_random_hex(visit->call, 32));
	resource_store(visit->call, &application_resource, application);
	visit_flash(visit, "success", STR("The user key has been changed."));
	visit_redirect(visit, path_for(visit, application, ""));
}

static void delete_application(struct visit *visit)
{
	struct record *application = application_of_path(visit);
	struct validation faults;

	if (resource_remove(visit->call, &application_resource, application, &faults))
		visit_flash(visit, "success", STR("The application was successfully deleted."));
	visit_redirect(visit, STR("/buyers/applications"));
}

#define APPLICATIONS "/buyers/accounts/{account}/applications"
#define APPLICATION APPLICATIONS "/{application}"

static const struct page_route rows[] = {
	{"GET", STR_INIT("/buyers/applications"), show_list, PAGE_ADMIN, "partners"},
	{"GET", STR_INIT("/apiconfig/services/{service}/applications"), show_list, PAGE_ADMIN,
	 "partners"},
	{"GET", STR_INIT(APPLICATIONS "/new"), show_new, PAGE_ADMIN, "partners"},
	{"POST", STR_INIT(APPLICATIONS), create, PAGE_ADMIN, "partners"},
	{"GET", STR_INIT(APPLICATION), show, PAGE_ADMIN, "partners"},
	{"GET", STR_INIT(APPLICATION "/edit"), edit, PAGE_ADMIN, "partners"},
	{"PUT PATCH", STR_INIT(APPLICATION), update, PAGE_ADMIN, "partners"},
	{"POST", STR_INIT(APPLICATION "/accept"), accept, PAGE_ADMIN, "partners"},
	{"POST", STR_INIT(APPLICATION "/suspend"), suspend, PAGE_ADMIN, "partners"},
	{"POST", STR_INIT(APPLICATION "/resume"), resume, PAGE_ADMIN, "partners"},
	{"PUT POST", STR_INIT(APPLICATION "/change_plan"), change_plan, PAGE_ADMIN, "partners"},
	{"POST", STR_INIT(APPLICATION "/keys"), add_key, PAGE_ADMIN, "partners"},
	{"POST", STR_INIT(APPLICATION "/regenerate_key"), regenerate_key, PAGE_ADMIN, "partners"},
	{"DELETE", STR_INIT(APPLICATION), delete_application, PAGE_ADMIN, "partners"},
};

const struct page_table pages_of_applications = PAGE_TABLE(rows);
