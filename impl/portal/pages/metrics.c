/* Methods & Metrics of an API (spec/portal.md 7.5). */
#include "base/arena.h"
#include "portal/database.h"
#include "portal/pages/form.h"
#include "portal/pages/html.h"
#include "portal/pages/tables.h"
#include "portal/pages/visit.h"
#include "portal/resources/resources.h"
#include "portal/tables.h"
#include "portal/validation.h"

#define METRICS "/apiconfig/services/{service}/metrics"

static struct str path_for(struct visit *visit, const struct record *metric, const char *rest)
{
	struct call *call = visit->call;
	struct str id = metric != NULL
				? STR_CONCAT(call->arena, STR("/"),
					     value_to_text(call->arena, record_get(metric, "id")))
				: STR("");

	return STR_CONCAT(call->arena, STR("/apiconfig/services/"),
			  value_to_text(call->arena, record_get(service_of_path(call), "id")),
			  STR("/metrics"), id, str_from(rest));
}

static bool is_hits(const struct record *metric)
{
	return record_get(metric, "parent_id").kind == VALUE_NULL &&
	       str_equal(record_text(metric, "system_name"), STR("hits"));
}

static struct record *hits_of(struct visit *visit)
{
	return record_first(visit->call->database, &metrics_table,
			    "service_id = ?1 AND parent_id IS NULL AND system_name = 'hits'",
			    DATABASE_ARGUMENTS(record_get(service_of_path(visit->call), "id")));
}

/* The two tables. */

static bool is_mapped(struct visit *visit, const struct record *metric)
{
	return database_int(visit->call->database,
			    STR("SELECT count(*) FROM proxy_rules WHERE metric_id = ?1"),
			    DATABASE_ARGUMENTS(value_int(record_id(metric))), 0) > 0;
}

static void write_table(struct visit *visit, const char *title, const char *where)
{
	struct record_list metrics =
		record_all(visit->call->database, &metrics_table, where,
			   DATABASE_ARGUMENTS(record_get(service_of_path(visit->call), "id")));

	HTML(&visit->content,
	     "<h2>{}</h2>\n<table><tr><th>Name<th>System Name<th>Unit<th>Description<th>Mapped<th>"
	     "</tr>\n",
	     str_from(title));
	for (size_t i = 0; i < metrics.count; i++) {
		struct record *metric = metrics.items[i];

		HTML(&visit->content,
		     "<tr><td>{}<td>{}<td>{}<td>{}<td>{}<td><a href=\"{}\">edit</a></tr>\n",
		     record_text(metric, "friendly_name"), record_text(metric, "system_name"),
		     record_text(metric, "unit"), record_text(metric, "description"),
		     is_mapped(visit, metric) ? STR("yes") : STR("no"),
		     path_for(visit, metric, "/edit"));
	}
	strbuf_append(&visit->content, STR("</table>\n"));
}

static void show_list(struct visit *visit)
{
	write_table(visit, "Methods", "service_id = ?1 AND parent_id IS NOT NULL ORDER BY id");
	HTML(&visit->content, "<p><a href=\"{}?method=1\">New method</a></p>\n",
	     path_for(visit, NULL, "/new"));
	write_table(visit, "Metrics", "service_id = ?1 AND parent_id IS NULL ORDER BY id");
	HTML(&visit->content, "<p><a href=\"{}\">New metric</a></p>\n",
	     path_for(visit, NULL, "/new"));
	visit_show(visit, 200, "Methods & Metrics");
}

/* The form. A method has no unit: it takes that of `hits`. */

static void show_form(struct visit *visit, const struct record *metric,
		      const struct validation *faults)
{
	bool is_new = record_is_new(metric);
	bool is_method = record_get(metric, "parent_id").kind != VALUE_NULL;

	visit_form(visit, path_for(visit, is_new ? NULL : metric, ""), is_new ? "post" : "put");
	if (is_new && is_method)
		strbuf_append(&visit->content,
			      STR("<input type=\"hidden\" name=\"method\" value=\"1\">\n"));
	visit_input(visit, "Friendly name", "text", "metric[friendly_name]",
		    record_text(metric, "friendly_name"), faults, "friendly_name");
	if (is_new)
		visit_input(visit, "System name", "text", "metric[system_name]",
			    record_text(metric, "system_name"), faults, "system_name");
	if (!is_method)
		visit_input(visit, "Unit", "text", "metric[unit]", record_text(metric, "unit"),
			    faults, "unit");
	form_text(visit, "Description", "metric[description]", record_text(metric, "description"));
	form_faults(visit, faults, "description");
	form_faults(visit, faults, "base");
	form_end(visit, is_method ? (is_new ? "Create Method" : "Update Method")
				  : (is_new ? "Create Metric" : "Update Metric"));
	if (!is_new && !is_hits(metric))
		form_button(visit, path_for(visit, metric, ""), "delete", "Delete");
	visit_show(visit, 200, is_method ? "Method" : "Metric");
}

static struct record *new_metric(struct visit *visit)
{
	struct record *metric = call_new_record(visit->call, &metrics_table);

	record_set(metric, "service_id", record_get(service_of_path(visit->call), "id"));
	if (call_has_parameter(visit->call, "method")) {
		struct record *hits = hits_of(visit);

		record_set(metric, "parent_id", record_get(hits, "id"));
		record_set(metric, "unit", record_get(hits, "unit"));
	}
	return metric;
}

static void show_new(struct visit *visit)
{
	show_form(visit, new_metric(visit), NULL);
}

static void create(struct visit *visit)
{
	const struct json *attributes = call_attributes(visit->call, "metric");
	struct record *metric = new_metric(visit);
	bool is_method = record_get(metric, "parent_id").kind != VALUE_NULL;
	struct validation faults;

	resource_assign(metric, is_method ? method_resource.attributes : metric_resource.attributes,
			attributes);
	if (!form_save(visit, &metric_resource, metric, attributes, &faults)) {
		show_form(visit, metric, &faults);
		return;
	}
	visit_flash(visit, "success",
		    is_method ? STR("The method was created") : STR("The metric was created"));
	visit_redirect(visit, path_for(visit, NULL, ""));
}

static struct record *metric_of_path(struct visit *visit)
{
	return call_found(visit->call, "metric");
}

static void edit(struct visit *visit)
{
	show_form(visit, metric_of_path(visit), NULL);
}

static void update(struct visit *visit)
{
	const struct json *attributes = call_attributes(visit->call, "metric");
	struct record *metric = metric_of_path(visit);
	struct validation faults;

	resource_assign(metric, "friendly_name unit description", attributes);
	if (!form_save(visit, &metric_resource, metric, attributes, &faults)) {
		show_form(visit, metric, &faults);
		return;
	}
	visit_flash(visit, "success", STR("The metric was updated"));
	visit_redirect(visit, path_for(visit, NULL, ""));
}

/* `hits` stays (PT-112). */
static void delete_metric(struct visit *visit)
{
	struct record *metric = metric_of_path(visit);
	struct validation faults;

	if (is_hits(metric))
		visit_flash(visit, "error", STR("The metric hits cannot be deleted"));
	else if (resource_remove(visit->call, &metric_resource, metric, &faults))
		visit_flash(visit, "success", STR("The metric was deleted"));
	visit_redirect(visit, path_for(visit, NULL, ""));
}

static const struct page_route rows[] = {
	{"GET", STR_INIT(METRICS), show_list, PAGE_ADMIN, "plans"},
	{"GET", STR_INIT(METRICS "/new"), show_new, PAGE_ADMIN, "plans"},
	{"POST", STR_INIT(METRICS), create, PAGE_ADMIN, "plans"},
	{"GET", STR_INIT(METRICS "/{metric}/edit"), edit, PAGE_ADMIN, "plans"},
	{"PUT PATCH", STR_INIT(METRICS "/{metric}"), update, PAGE_ADMIN, "plans"},
	{"DELETE", STR_INIT(METRICS "/{metric}"), delete_metric, PAGE_ADMIN, "plans"},
};

const struct page_table pages_of_metrics = PAGE_TABLE(rows);
