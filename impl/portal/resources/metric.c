/* Metrics and their methods: spec/portal.md 3.7. */
#include "base/arena.h"
#include "base/json.h"
#include "portal/backend_push.h"
#include "portal/database.h"
#include "portal/resources/resources.h"
#include "portal/tables.h"
#include "portal/validation.h"

static bool metric_is_hits(const struct record *metric)
{
	return record_get(metric, "parent_id").kind == VALUE_NULL &&
	       str_equal(record_text(metric, "system_name"), STR("hits"));
}

static struct value metric_get_name(struct call *call, const struct record *metric)
{
	(void)call;
	return record_get(metric, "system_name");
}

static struct value method_get_metric_id(struct call *call, const struct record *metric)
{
	(void)call;
	return record_get(metric, "parent_id");
}

static const struct derived metric_derived[] = {
	{"name", metric_get_name},
	{"metric_id", method_get_metric_id},
};

static const struct link metric_links[] = {
	{"service", "/admin/api/services/{service_id}"},
	{"self", "/admin/api/services/{service_id}/metrics/{id}"},
};

static const struct link method_links[] = {
	{"parent", "/admin/api/services/{service_id}/metrics/{parent_id}"},
	{"self", "/admin/api/services/{service_id}/metrics/{parent_id}/methods/{id}"},
};

static const struct representation method_representation = {
	.root = "method",
	.roots = "methods",
	.json = "id name system_name friendly_name description:2.6 created_at updated_at",
	.xml = "id name system_name friendly_name service_id description metric_id",
	REPRESENTATION_DERIVED(metric_derived),
	REPRESENTATION_LINKS(method_links),
};

/* Lists of metrics hold methods: JSON calls them metrics too, XML calls them methods. */
static const struct representation *metric_other(struct call *call, const struct record *metric)
{
	return call->format == FORMAT_XML && record_get(metric, "parent_id").kind != VALUE_NULL
		       ? &method_representation
		       : NULL;
}

static const struct representation metric_representation = {
	.root = "metric",
	.roots = "metrics",
	.json = "id name system_name friendly_name description unit created_at updated_at",
	.xml = "id name system_name friendly_name service_id description unit",
	REPRESENTATION_DERIVED(metric_derived),
	REPRESENTATION_LINKS(metric_links),
	.other = metric_other,
};

static const struct rule metric_rules[] = {
	{"friendly_name", RULE_PRESENT, 0, NULL, NULL, false},
	{"friendly_name", RULE_LENGTH_MAX, 255, NULL, NULL, false},
	{"friendly_name", RULE_UNIQUE, 0, "service_id", NULL, false},
	{"system_name", RULE_LENGTH_MAX, 255, NULL, NULL, false},
	{"system_name", RULE_PATTERN, 0, SYSTEM_NAME_PATTERN, NULL, false},
	{"system_name", RULE_UNIQUE, 0, "service_id", NULL, false},
	{"unit", RULE_PRESENT, 0, NULL, NULL, false},
	{"unit", RULE_LENGTH_MAX, 255, NULL, NULL, false},
};

/* `name` is the old spelling of `system_name`. */
static bool metric_prepare(struct call *call, struct record *metric, const struct json *attributes)
{
	const struct json *name = json_get(attributes, STR("name"));

	if (name != NULL && json_get(attributes, STR("system_name")) == NULL)
		record_set_text(metric, "system_name", json_scalar_text(name));
	fill_system_name(call, metric, "friendly_name", "metric");
	return true;
}

/* A method comes with its metric, whose service and unit it shares. */
static bool method_prepare(struct call *call, struct record *method, const struct json *attributes)
{
	struct record *parent = call_found(call, "metric");

	record_set_int(method, "service_id", record_int(parent, "service_id"));
	record_set(method, "unit", record_get(parent, "unit"));
	return metric_prepare(call, method, attributes);
}

static void method_validate(struct call *call, struct record *method, struct validation *validation)
{
	(void)method;
	if (!metric_is_hits(call_found(call, "metric")))
		validation_add(validation, "parent_id",
			       STR("You can only create methods under 'hits'"));
}

static void metric_saved(struct call *call, struct record *metric, const struct record *before)
{
	(void)before;
	push_metric(call, metric);
}

/* Rows that hang on the metric go with it; backend has to hear of limits one by one, and rules keep
 * no holes between them. */
static void let_go(struct call *call, const struct record *metric)
{
	struct record_list limits =
		record_all(call->database, &usage_limits_table, "metric_id = ?1 ORDER BY id",
			   DATABASE_ARGUMENTS(value_int(record_id(metric))));

	for (size_t i = 0; i < limits.count; i++)
		push_usage_limit_gone(call, limits.items[i],
				      record_text(limits.items[i], "period"));
	mapping_rules_remove_of_metric(call, metric);
	push_metric_gone(call, metric);
}

/* What was `hits` once may have methods. */
static void metric_deleting(struct call *call, struct record *metric, struct validation *validation)
{
	struct record_list methods =
		record_all(call->database, &metrics_table, "parent_id = ?1 ORDER BY id",
			   DATABASE_ARGUMENTS(value_int(record_id(metric))));

	(void)validation;
	for (size_t i = 0; i < methods.count; i++) {
		let_go(call, methods.items[i]);
		record_delete(call->database, methods.items[i]);
	}
	let_go(call, metric);
	proxy_touch(call, record_int(metric, "service_id"));
}

const struct resource metric_resource = {
	.table = &metrics_table,
	.representation = &metric_representation,
	.wrapper = "metric",
	.attributes = "friendly_name unit description system_name",
	.touches = "service_id",
	RESOURCE_RULES(metric_rules),
	.prepare = metric_prepare,
	.saved = metric_saved,
	.deleting = metric_deleting,
};

const struct resource method_resource = {
	.table = &metrics_table,
	.representation = &method_representation,
	.wrapper = "metric",
	.attributes = "friendly_name description system_name",
	.touches = "service_id",
	RESOURCE_RULES(metric_rules),
	.prepare = method_prepare,
	.validate = method_validate,
	.saved = metric_saved,
	.deleting = metric_deleting,
};

void metric_create_hits(struct call *call, const struct record *service)
{
	struct record *hits = call_new_record(call, &metrics_table);

	record_set_int(hits, "service_id", record_id(service));
	record_set_text(hits, "system_name", STR("hits"));
	record_set_text(hits, "friendly_name", STR("Hits"));
	record_set_text(hits, "unit", STR("hit"));
	record_set_text(hits, "description", STR("Number of API hits"));
	resource_store(call, &metric_resource, hits);
}

/* `hits` stays, and the answer does not say so (PT-112). */
void metric_delete(struct call *call)
{
	if (metric_is_hits(api_innermost(call)))
		reply_empty(call, 200);
	else
		api_delete(call);
}
