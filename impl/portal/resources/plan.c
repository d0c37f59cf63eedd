/* Application, service and account plans: spec/portal.md 3.8. One table of rows, three resources.
 */
#include "base/arena.h"
#include "base/json.h"
#include "portal/backend_push.h"
#include "portal/database.h"
#include "portal/resources/resources.h"
#include "portal/tables.h"
#include "portal/validation.h"

#define APPLICATION_PLAN STR("ApplicationPlan")
#define SERVICE_PLAN STR("ServicePlan")
#define ACCOUNT_PLAN STR("AccountPlan")

static bool plan_is(const struct record *plan, struct str type)
{
	return str_equal(record_text(plan, "type"), type);
}

/* Where the issuer keeps which plan is its default one. */
static const struct {
	struct str type, table, column;
} defaults[] = {
	{STR_INIT("ApplicationPlan"), STR_INIT("services"),
	 STR_INIT("default_application_plan_id")},
	{STR_INIT("ServicePlan"), STR_INIT("services"), STR_INIT("default_service_plan_id")},
	{STR_INIT("AccountPlan"), STR_INIT("accounts"), STR_INIT("default_account_plan_id")},
};
#define DEFAULTS (sizeof defaults / sizeof *defaults)

static bool plan_is_default(struct call *call, const struct record *plan)
{
	for (size_t i = 0; i < DEFAULTS; i++) {
		if (plan_is(plan, defaults[i].type))
			return database_int(call->database,
					    STR_CONCAT(call->arena, STR("SELECT "),
						       defaults[i].column, STR(" FROM "),
						       defaults[i].table, STR(" WHERE id = ?1")),
					    DATABASE_ARGUMENTS(record_get(plan, "issuer_id")),
					    0) == record_id(plan);
	}
	return false;
}

static void set_default(struct call *call, const struct record *plan, struct value id)
{
	for (size_t i = 0; i < DEFAULTS; i++) {
		if (plan_is(plan, defaults[i].type))
			database_run(call->database,
				     STR_CONCAT(call->arena, STR("UPDATE "), defaults[i].table,
						STR(" SET "), defaults[i].column,
						STR(" = ?1 WHERE id = ?2")),
				     DATABASE_ARGUMENTS(id, record_get(plan, "issuer_id")));
	}
}

void plan_make_default(struct call *call, const struct record *plan)
{
	set_default(call, plan, value_int(record_id(plan)));
}

/* Representation. */

/* In XML only application plans say that they are not. */
static struct value plan_get_default(struct call *call, const struct record *plan)
{
	bool is_default = plan_is_default(call, plan);

	if (call->format == FORMAT_XML && !is_default && !plan_is(plan, APPLICATION_PLAN))
		return value_absent();
	return value_bool(is_default);
}

static struct value plan_get_custom(struct call *call, const struct record *plan)
{
	(void)call;
	return value_bool(record_int(plan, "original_id") > 0);
}

static struct value plan_get_service(struct call *call, const struct record *plan)
{
	(void)call;
	return record_get(plan, "issuer_id");
}

static struct value plan_get_type(struct call *call, const struct record *plan)
{
	(void)call;
	if (plan_is(plan, APPLICATION_PLAN))
		return value_text(STR("application_plan"));
	return value_text(plan_is(plan, SERVICE_PLAN) ? STR("service_plan") : STR("account_plan"));
}

static const struct derived plan_derived[] = {
	{"default", plan_get_default},
	{"custom", plan_get_custom},
	{"service_id", plan_get_service},
	{"type", plan_get_type},
};

static const struct link application_plan_links[] = {
	{"service", "/admin/api/services/{service_id}"},
	{"self", "/admin/api/services/{service_id}/application_plans/{id}"},
};

static const struct link service_plan_links[] = {
	{"service", "/admin/api/services/{service_id}"},
	{"self", "/admin/api/services/{service_id}/service_plans/{id}"},
};

#define PLAN_JSON                                                                                  \
	"id name state setup_fee cost_per_month trial_period_days cancellation_period "            \
	"approval_required default created_at updated_at"
#define PLAN_XML                                                                                   \
	"id name type state approval_required setup_fee cost_per_month trial_period_days "         \
	"cancellation_period"

static const struct representation application_plan_representation = {
	.root = "application_plan",
	.roots = "plans",
	.xml_root = "plan",
	.xml_attributes = "custom default",
	.json = PLAN_JSON " custom system_name end_user_required",
	.xml = PLAN_XML " service_id end_user_required",
	REPRESENTATION_DERIVED(plan_derived),
	REPRESENTATION_LINKS(application_plan_links),
};

static const struct representation service_plan_representation = {
	.root = "service_plan",
	.roots = "plans",
	.xml_root = "plan",
	.xml_attributes = "default",
	.json = PLAN_JSON,
	.xml = PLAN_XML " service_id",
	REPRESENTATION_DERIVED(plan_derived),
	REPRESENTATION_LINKS(service_plan_links),
};

static const struct representation account_plan_representation = {
	.root = "account_plan",
	.roots = "plans",
	.xml_root = "plan",
	.xml_attributes = "default",
	.json = PLAN_JSON,
	.xml = PLAN_XML,
	REPRESENTATION_DERIVED(plan_derived),
};

/* Rules. */

static const struct rule plan_rules[] = {
	{"name", RULE_PRESENT, 0, NULL, NULL, false},
	{"name", RULE_LENGTH_MAX, 255, NULL, NULL, false},
	{"system_name", RULE_LENGTH_MAX, 255, NULL, NULL, false},
	{"system_name", RULE_PATTERN, 0, SYSTEM_NAME_PATTERN, NULL, false},
	{"system_name", RULE_UNIQUE, 0, "type issuer_id issuer_type", NULL, false},
	{"cost_per_month", RULE_NUMBER, 0, NULL, NULL, true},
	{"setup_fee", RULE_NUMBER, 0, NULL, NULL, true},
	{"trial_period_days", RULE_NUMBER, 0, NULL, NULL, false},
	{"trial_period_days", RULE_AT_LEAST, 0, NULL, NULL, false},
	{"cancellation_period", RULE_NUMBER, 0, NULL, NULL, true},
};

/* hidden <-> published; false with an answer when the event is impossible. */
static bool apply_event(struct call *call, struct record *plan, struct str event)
{
	static const struct {
		struct str event, from, to;
	} rows[] = {
		{STR_INIT("publish"), STR_INIT("hidden"), STR_INIT("published")},
		{STR_INIT("hide"), STR_INIT("published"), STR_INIT("hidden")},
	};

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		if (str_equal(rows[i].event, event) &&
		    str_equal(rows[i].from, record_text(plan, "state"))) {
			record_set_text(plan, "state", rows[i].to);
			return true;
		}
	}
	reply_invalid_one(
		call, 422, "state",
		str_format(call->arena, "cannot transition via \"%.*s\"", STR_ARG(event)));
	return false;
}

static bool prepare(struct call *call, struct record *plan, const struct json *attributes,
		    struct str type, struct str issuer_type)
{
	struct str event = json_scalar_text(json_get(attributes, STR("state_event")));

	record_set_text(plan, "type", type);
	record_set_text(plan, "issuer_type", issuer_type);
	fill_system_name(call, plan, "name", "plan");
	if (value_is_blank(record_get(plan, "cancellation_period")))
		record_set_int(plan, "cancellation_period", 0);
	return event.size == 0 || apply_event(call, plan, event);
}

static bool application_plan_prepare(struct call *call, struct record *plan,
				     const struct json *attributes)
{
	return prepare(call, plan, attributes, APPLICATION_PLAN, STR("Service"));
}

static bool service_plan_prepare(struct call *call, struct record *plan,
				 const struct json *attributes)
{
	return prepare(call, plan, attributes, SERVICE_PLAN, STR("Service"));
}

static bool account_plan_prepare(struct call *call, struct record *plan,
				 const struct json *attributes)
{
	return prepare(call, plan, attributes, ACCOUNT_PLAN, STR("Account"));
}

/* Its issuer and backend know of it no more. */
static void plan_going(struct call *call, const struct record *plan)
{
	if (plan_is_default(call, plan))
		set_default(call, plan, value_null());
	push_usage_limits_gone(call, plan);
}

void plan_drop_unused_copies(struct call *call)
{
	struct record_list list = record_all(
		call->database, &plans_table,
		"original_id > 0 AND issuer_type = 'Service' AND issuer_id IN (SELECT id FROM "
		"services WHERE account_id = ?1) AND NOT EXISTS (SELECT 1 FROM cinstances WHERE "
		"cinstances.plan_id = plans.id) ORDER BY id",
		DATABASE_ARGUMENTS(value_int(call_tenant_id(call))));

	for (size_t i = 0; i < list.count; i++) {
		plan_going(call, list.items[i]);
		record_delete(call->database, list.items[i]);
	}
}

/* A plan that somebody has stays, as it is or as a copy of it (PT-116). */
static void plan_deleting(struct call *call, struct record *plan, struct validation *validation)
{
	static const struct {
		struct str type, plan, who;
	} words[] = {
		{STR_INIT("ApplicationPlan"), STR_INIT("application"), STR_INIT("application")},
		{STR_INIT("ServicePlan"), STR_INIT("service"), STR_INIT("contract")},
		{STR_INIT("AccountPlan"), STR_INIT("account"), STR_INIT("account")},
	};
	int64_t contracts = database_int(call->database,
					 STR("SELECT count(*) FROM cinstances WHERE plan_id = ?1"),
					 DATABASE_ARGUMENTS(value_int(record_id(plan))), 0);
	int64_t copies = database_int(call->database,
				      STR("SELECT count(*) FROM cinstances WHERE plan_id IN "
					  "(SELECT id FROM plans WHERE original_id = ?1)"),
				      DATABASE_ARGUMENTS(value_int(record_id(plan))), 0);

	for (size_t i = 0; contracts + copies > 0 && i < sizeof words / sizeof *words; i++) {
		if (!plan_is(plan, words[i].type))
			continue;
		if (contracts > 0)
			validation_add(validation, "base",
				       str_format(call->arena,
						  "This %.*s plan cannot be deleted! At least one "
						  "%.*s depends on it.",
						  STR_ARG(words[i].plan), STR_ARG(words[i].who)));
		else
			validation_add(validation, "base",
				       str_format(call->arena,
						  "This %.*s plan cannot be deleted!  At least one "
						  "customized version of this %.*s plan exists.",
						  STR_ARG(words[i].plan), STR_ARG(words[i].plan)));
	}
	if (contracts + copies > 0)
		return;
	plan_drop_unused_copies(call);
	plan_going(call, plan);
}

/* Backend keeps a plan's name with each application that has it. */
static void application_plan_saved(struct call *call, struct record *plan,
				   const struct record *before)
{
	struct record_list list = {0};

	if (before != NULL &&
	    (!value_equal(record_get(plan, "name"), record_get(before, "name")) ||
	     record_bool(plan, "end_user_required") != record_bool(before, "end_user_required")))
		list = record_all(call->database, &contracts_table,
				  "plan_id = ?1 AND type = 'Cinstance' ORDER BY id",
				  DATABASE_ARGUMENTS(value_int(record_id(plan))));
	for (size_t i = 0; i < list.count; i++)
		push_application(call, list.items[i]);
}

#define PLAN_ATTRIBUTES "name description approval_required"

const struct resource application_plan_resource = {
	.table = &plans_table,
	.representation = &application_plan_representation,
	.wrapper = "application_plan",
	.attributes =
		PLAN_ATTRIBUTES " trial_period_days cost_per_month setup_fee end_user_required",
	.create_only = "system_name",
	.touches = "issuer_id",
	RESOURCE_RULES(plan_rules),
	.prepare = application_plan_prepare,
	.saved = application_plan_saved,
	.deleting = plan_deleting,
};

const struct resource service_plan_resource = {
	.table = &plans_table,
	.representation = &service_plan_representation,
	.wrapper = "service_plan",
	.attributes = PLAN_ATTRIBUTES,
	.create_only = "system_name",
	.touches = "issuer_id",
	RESOURCE_RULES(plan_rules),
	.prepare = service_plan_prepare,
	.deleting = plan_deleting,
};

const struct resource account_plan_resource = {
	.table = &plans_table,
	.representation = &account_plan_representation,
	.wrapper = "account_plan",
	.attributes = PLAN_ATTRIBUTES,
	.create_only = "system_name",
	RESOURCE_RULES(plan_rules),
	.prepare = account_plan_prepare,
	.deleting = plan_deleting,
};

const struct resource *plan_resource_of(const struct record *plan)
{
	if (plan_is(plan, APPLICATION_PLAN))
		return &application_plan_resource;
	return plan_is(plan, SERVICE_PLAN) ? &service_plan_resource : &account_plan_resource;
}

struct record *plan_create(struct call *call, const struct resource *resource, int64_t issuer_id,
			   struct str name, struct str state)
{
	struct record *plan = call_new_record(call, &plans_table);

	record_set_int(plan, "issuer_id", issuer_id);
	record_set_text(plan, "name", name);
	resource->prepare(call, plan, NULL);
	record_set_text(plan, "state", state);
	resource_store(call, resource, plan);
	return plan;
}

void plan_default(struct call *call)
{
	struct record *plan = api_innermost(call);

	plan_make_default(call, plan);
	reply_record(call, 200, plan_resource_of(plan)->representation, plan);
}
