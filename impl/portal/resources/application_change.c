/* Another plan for an application, and a plan of its own: spec/portal.md 3.12. */
#include "base/arena.h"
#include "portal/backend_push.h"
#include "portal/database.h"
#include "portal/resources/resources.h"
#include "portal/tables.h"

void application_change_plan(struct call *call)
{
	struct record *application = call_found(call, "application");
	struct record *plan = application_plan_of_parameter(call);

	if (plan == NULL)
		return;
	if (record_int(plan, "issuer_id") != record_int(application, "service_id")) {
		reply_invalid_one(call, 422, "plan", STR("not allowed in this context"));
		return;
	}
	record_set_int(application, "plan_id", record_id(plan));
	resource_store(call, &application_resource, application);
	plan_drop_unused_copies(call);
	reply_record(call, 200, application_plan_resource.representation, plan);
}

static void copy_rows(struct call *call, const struct table *table, int64_t from, int64_t to,
		      const struct resource *resource)
{
	struct record_list list = record_all(call->database, table, "plan_id = ?1 ORDER BY id",
					     DATABASE_ARGUMENTS(value_int(from)));

	for (size_t i = 0; i < list.count; i++) {
		struct record *copy = record_new(call->arena, table);

		for (size_t j = 1; j < table->columns_count; j++)
			copy->values[j] = list.items[i]->values[j];
		record_set_int(copy, "plan_id", to);
		if (resource != NULL)
			resource_store(call, resource, copy);
		else
			record_save(call->database, copy);
	}
}

void application_customize_plan(struct call *call)
{
	struct record *application = call_found(call, "application");
	struct record *plan = application_plan_of(call, application), *custom;

	if (record_int(plan, "original_id") == 0) {
		custom = record_new(call->arena, &plans_table);
		for (size_t i = 1; i < plans_table.columns_count; i++)
			custom->values[i] = plan->values[i];
		record_set_text(
			custom, "name",
			STR_CONCAT(call->arena, record_text(plan, "name"), STR(" (custom)")));
		record_set_text(custom, "system_name",
				STR_CONCAT(call->arena, record_text(plan, "system_name"),
					   STR("_custom_"), call_random_hex(call, 8)));
		record_set_text(custom, "state", STR("hidden"));
		record_set_int(custom, "original_id", record_id(plan));
		record_save(call->database, custom);
		copy_rows(call, &usage_limits_table, record_id(plan), record_id(custom),
			  &usage_limit_resource);
		copy_rows(call, &pricing_rules_table, record_id(plan), record_id(custom), NULL);
		copy_rows(call, &features_plans_table, record_id(plan), record_id(custom), NULL);
		record_set_int(application, "plan_id", record_id(custom));
		resource_store(call, &application_resource, application);
		plan = custom;
	}
	reply_record(call, 200, application_plan_resource.representation, plan);
}

void application_decustomize_plan(struct call *call)
{
	struct record *application = call_found(call, "application");
	struct record *custom = application_plan_of(call, application), *plan = custom;

	if (record_int(custom, "original_id") > 0) {
		plan = record_by_id(call->database, &plans_table,
				    record_int(custom, "original_id"));
		record_set_int(application, "plan_id", record_id(plan));
		resource_store(call, &application_resource, application);
		plan_drop_unused_copies(call);
	}
	reply_record(call, 200, application_plan_resource.representation, plan);
}
