/* Application plans of an API, and the limits of one (spec/portal.md 7.5). */
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

#define PLANS "/apiconfig/services/{service}/application_plans"
#define PLAN PLANS "/{application_plan}"

static struct record *plan_of_path(struct visit *visit)
{
	return call_found(visit->call, "application_plan");
}

static struct str path_for(struct visit *visit, const struct record *plan, const char *rest)
{
	struct call *call = visit->call;
	struct str path =
		STR_CONCAT(call->arena, STR("/apiconfig/services/"),
			   value_to_text(call->arena, record_get(service_of_path(call), "id")),
			   STR("/application_plans"));

	if (plan != NULL)
		path = STR_CONCAT(call->arena, path, STR("/"),
				  value_to_text(call->arena, record_get(plan, "id")));
	return STR_CONCAT(call->arena, path, str_from(rest));
}

/* The list. */

static void write_event_button(struct visit *visit, const struct record *plan)
{
	bool is_hidden = str_equal(record_text(plan, "state"), STR("hidden"));

	visit_form(visit, path_for(visit, plan, "/state"), "post");
	HTML(&visit->content, "<input type=\"hidden\" name=\"state_event\" value=\"{}\">",
	     is_hidden ? STR("publish") : STR("hide"));
	form_end(visit, is_hidden ? "Publish" : "Hide");
}

static void write_row(struct visit *visit, const struct record *plan)
{
	struct call *call = visit->call;
	bool is_default =
		record_int(service_of_path(call), "default_application_plan_id") == record_id(plan);
	int64_t contracts = database_int(call->database,
					 STR("SELECT count(*) FROM cinstances WHERE plan_id = ?1"),
					 DATABASE_ARGUMENTS(value_int(record_id(plan))), 0);

	HTML(&visit->content, "<tr><td><a href=\"{}\">{}</a><td>{}<td>{}<td>{}<td>",
	     path_for(visit, plan, "/edit"), record_text(plan, "name"),
	     value_to_text(call->arena, value_int(contracts)), record_text(plan, "state"),
	     is_default ? STR("default") : STR(""));
	write_event_button(visit, plan);
	if (!is_default)
		form_button(visit, path_for(visit, plan, "/default"), "post", "Make default");
	form_button(visit, path_for(visit, plan, ""), "delete", "Delete");
	strbuf_append(&visit->content, STR("</tr>\n"));
}

static void show_list(struct visit *visit)
{
	struct record_list plans =
		record_all(visit->call->database, &plans_table,
			   "type = 'ApplicationPlan' AND issuer_id = ?1 ORDER BY id",
			   DATABASE_ARGUMENTS(record_get(service_of_path(visit->call), "id")));

	HTML(&visit->content,
	     "<p><a href=\"{}\">Create Application Plan</a></p>\n<table><tr><th>Name<th>"
	     "Applications<th>State<th>Default<th></tr>\n",
	     path_for(visit, NULL, "/new"));
	for (size_t i = 0; i < plans.count; i++)
		write_row(visit, plans.items[i]);
	strbuf_append(&visit->content, STR("</table>\n"));
	visit_show(visit, 200, "Application Plans");
}

/* One plan. */

static void write_limits(struct visit *visit, const struct record *plan)
{
	struct call *call = visit->call;
	struct record_list limits = record_all(call->database, &usage_limits_table,
					       "plan_id = ?1 ORDER BY metric_id, id",
					       DATABASE_ARGUMENTS(value_int(record_id(plan))));

	strbuf_append(&visit->content, STR("<h2>Usage Limits</h2>\n<table><tr><th>Metric<th>Period"
					   "<th>Max. value</tr>\n"));
	for (size_t i = 0; i < limits.count; i++) {
		struct record *limit = limits.items[i];
		struct record *metric = record_by_id(call->database, &metrics_table,
						     record_int(limit, "metric_id"));

		HTML(&visit->content, "<tr><td>{}<td>{}<td>{}</tr>\n",
		     record_text(metric, "system_name"), record_text(limit, "period"),
		     value_to_text(call->arena, record_get(limit, "value")));
	}
	strbuf_append(&visit->content, STR("</table>\n"));
}

static void show_form(struct visit *visit, const struct record *plan,
		      const struct validation *faults)
{
	bool is_new = record_is_new(plan);

	visit_form(visit, path_for(visit, is_new ? NULL : plan, ""), is_new ? "post" : "put");
	visit_input(visit, "Name", "text", "application_plan[name]", record_text(plan, "name"),
		    faults, "name");
	if (is_new)
		visit_input(visit, "System name", "text", "application_plan[system_name]",
			    record_text(plan, "system_name"), faults, "system_name");
	strbuf_append(&visit->content,
		      STR("<input type=\"hidden\" name=\"application_plan[approval_required]\" "
			  "value=\"0\">"));
	form_checkbox(visit, STR("Applications require approval?"),
		      "application_plan[approval_required]", STR("1"),
		      record_bool(plan, "approval_required"));
	form_faults(visit, faults, "state");
	form_faults(visit, faults, "base");
	form_end(visit, is_new ? "Create Application Plan" : "Update Application Plan");
	if (!is_new)
		write_limits(visit, plan);
	visit_show(visit, 200, is_new ? "Create Application Plan" : "Application Plan");
}

static void show_new(struct visit *visit)
{
	show_form(visit, call_new_record(visit->call, &plans_table), NULL);
}

static void save(struct visit *visit, struct record *plan, const char *names,
		 const struct json *attributes, const char *done)
{
	struct validation faults;

	resource_assign(plan, names, attributes);
	if (!form_save(visit, &application_plan_resource, plan, attributes, &faults)) {
		show_form(visit, plan, &faults);
		return;
	}
	visit_flash(visit, "success", str_from(done));
	visit_redirect(visit, path_for(visit, NULL, ""));
}

static void create(struct visit *visit)
{
	struct record *plan = call_new_record(visit->call, &plans_table);

	record_set(plan, "issuer_id", record_get(service_of_path(visit->call), "id"));
	save(visit, plan, "name system_name approval_required",
	     call_attributes(visit->call, "application_plan"), "Application Plan was created.");
}

static void edit(struct visit *visit)
{
	show_form(visit, plan_of_path(visit), NULL);
}

static void update(struct visit *visit)
{
	save(visit, plan_of_path(visit), "name approval_required",
	     call_attributes(visit->call, "application_plan"), "Application Plan was updated.");
}

static void change_state(struct visit *visit)
{
	save(visit, plan_of_path(visit), "", visit->call->parameters,
	     "The state of the plan was changed.");
}

static void make_default(struct visit *visit)
{
	plan_make_default(visit->call, plan_of_path(visit));
	visit_flash(visit, "success", STR("The default plan has been changed."));
	visit_redirect(visit, path_for(visit, NULL, ""));
}

static void delete_plan(struct visit *visit)
{
	struct validation faults;

	if (resource_remove(visit->call, &application_plan_resource, plan_of_path(visit), &faults))
		visit_flash(visit, "success", STR("The plan was deleted"));
	else
		visit_flash(visit, "error", faults.entries[0].text);
	visit_redirect(visit, path_for(visit, NULL, ""));
}

static const struct page_route rows[] = {
	{"GET", STR_INIT(PLANS), show_list, PAGE_ADMIN, "plans"},
	{"GET", STR_INIT(PLANS "/new"), show_new, PAGE_ADMIN, "plans"},
	{"POST", STR_INIT(PLANS), create, PAGE_ADMIN, "plans"},
	{"GET", STR_INIT(PLAN "/edit"), edit, PAGE_ADMIN, "plans"},
	{"PUT PATCH", STR_INIT(PLAN), update, PAGE_ADMIN, "plans"},
	{"POST", STR_INIT(PLAN "/state"), change_state, PAGE_ADMIN, "plans"},
	{"POST", STR_INIT(PLAN "/default"), make_default, PAGE_ADMIN, "plans"},
	{"DELETE", STR_INIT(PLAN), delete_plan, PAGE_ADMIN, "plans"},
};

const struct page_table pages_of_plans = PAGE_TABLE(rows);
