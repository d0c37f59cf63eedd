/* What the tenant's developer portal lets people do: spec/portal.md 3.14. */
#include "base/arena.h"
#include "base/json.h"
#include "portal/database.h"
#include "portal/resources/resources.h"
#include "portal/tables.h"
#include "portal/validation.h"

#define SWITCHES                                                                                   \
	"useraccountarea_enabled hide_service signups_enabled account_approval_required "          \
	"strong_passwords_enabled public_search account_plans_ui_visible "                         \
	"change_account_plan_permission service_plans_ui_visible change_service_plan_permission "  \
	"end_user_plans_ui_visible"

static struct record *default_account_plan(struct call *call)
{
	return record_first(
		call->database, &plans_table, "id = ?1 AND type = 'AccountPlan'",
		DATABASE_ARGUMENTS(record_get(call->tenant, "default_account_plan_id")));
}

/* A property of the default account plan. */
static struct value get_approval(struct call *call, const struct record *settings)
{
	struct record *plan = default_account_plan(call);

	(void)settings;
	return value_bool(plan != NULL && record_bool(plan, "approval_required"));
}

static const struct derived derived[] = {{"account_approval_required", get_approval}};

static const struct representation settings_representation = {
	.root = "settings",
	.roots = "settings",
	.json = SWITCHES,
	.xml = SWITCHES,
	REPRESENTATION_DERIVED(derived),
};

#define PERMISSIONS "request direct credit_card request_credit_card none"

static const struct rule settings_rules[] = {
	{"change_account_plan_permission", RULE_IN, 0, PERMISSIONS, NULL, true},
	{"change_service_plan_permission", RULE_IN, 0, PERMISSIONS, NULL, true},
};

const struct resource settings_resource = {
	.table = &settings_table,
	.representation = &settings_representation,
	.wrapper = "settings",
	RESOURCE_RULES(settings_rules),
};

struct record *settings_of_tenant(struct call *call)
{
	struct record *settings = record_first(call->database, &settings_table, "account_id = ?1",
					       DATABASE_ARGUMENTS(value_int(call_tenant_id(call))));

	if (settings == NULL) {
		settings = call_new_record(call, &settings_table);
		record_set_int(settings, "account_id", call_tenant_id(call));
	}
	return settings;
}

void settings_show(struct call *call)
{
	reply_record(call, 200, &settings_representation, settings_of_tenant(call));
}

void settings_update(struct call *call)
{
	const struct json *attributes = resource_attributes(call, settings_resource.wrapper);
	struct record *settings = settings_of_tenant(call), *plan = default_account_plan(call);
	const struct json *approval;

	if (attributes == NULL)
		return;
	approval = json_get(attributes, STR("account_approval_required"));
	if (approval != NULL && plan != NULL) {
		record_set(plan, "approval_required",
			   value_from_text(VALUE_BOOL, json_scalar_text(approval)));
		record_save(call->database, plan);
	}
	resource_assign(settings,
			"useraccountarea_enabled hide_service signups_enabled "
			"strong_passwords_enabled public_search account_plans_ui_visible "
			"change_account_plan_permission service_plans_ui_visible "
			"change_service_plan_permission end_user_plans_ui_visible",
			attributes);
	if (resource_save(call, &settings_resource, settings, attributes))
		settings_show(call);
}
