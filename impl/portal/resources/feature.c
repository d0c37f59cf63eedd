/* Features of services and of the tenant's accounts, and which plans have them: spec/portal.md 3.9.
 */
#include "base/arena.h"
#include "base/json.h"
#include "portal/database.h"
#include "portal/resources/resources.h"
#include "portal/tables.h"
#include "portal/validation.h"

#define PLAN_SCOPES_TEXT "must be ApplicationPlan or ServicePlan"

static bool is_of_service(const struct record *feature)
{
	return str_equal(record_text(feature, "featurable_type"), STR("Service"));
}

/* ApplicationPlan outside is application_plan inside the answer. */
static struct value get_scope(struct call *call, const struct record *feature)
{
	static const struct {
		struct str in, out;
	} scopes[] = {
		{STR_INIT("ApplicationPlan"), STR_INIT("application_plan")},
		{STR_INIT("ServicePlan"), STR_INIT("service_plan")},
		{STR_INIT("AccountPlan"), STR_INIT("account_plan")},
	};

	(void)call;
	for (size_t i = 0; i < sizeof scopes / sizeof *scopes; i++) {
		if (str_equal(scopes[i].in, record_text(feature, "scope")))
			return value_text(scopes[i].out);
	}
	return value_null();
}

static struct value when_of(const struct record *feature, bool wants_service)
{
	return is_of_service(feature) == wants_service ? record_get(feature, "featurable_id")
						       : value_absent();
}

static struct value get_service(struct call *call, const struct record *feature)
{
	(void)call;
	return when_of(feature, true);
}

static struct value get_account(struct call *call, const struct record *feature)
{
	(void)call;
	return when_of(feature, false);
}

static const struct derived feature_derived[] = {
	{"scope", get_scope},
	{"service_id", get_service},
	{"account_id", get_account},
};

static const struct link service_feature_links[] = {
	{"self", "/admin/api/services/{service_id}/features/{id}"},
	{"service", "/admin/api/services/{service_id}"},
};

static const struct link account_feature_links[] = {{"self", "/admin/api/features/{id}"}};

#define FEATURE_JSON "id name system_name scope visible description created_at updated_at"
#define FEATURE_XML "id name system_name service_id account_id scope visible description"

static const struct representation account_feature_representation = {
	.root = "feature",
	.roots = "features",
	.json = FEATURE_JSON,
	.xml = FEATURE_XML,
	REPRESENTATION_DERIVED(feature_derived),
	REPRESENTATION_LINKS(account_feature_links),
};

static const struct representation service_feature_representation = {
	.root = "feature",
	.roots = "features",
	.json = FEATURE_JSON,
	.xml = FEATURE_XML,
	REPRESENTATION_DERIVED(feature_derived),
	REPRESENTATION_LINKS(service_feature_links),
};

static const struct rule feature_rules[] = {
	{"name", RULE_PRESENT, 0, NULL, NULL, false},
	{"name", RULE_LENGTH_MAX, 255, NULL, NULL, false},
	{"system_name", RULE_PATTERN, 0, SYSTEM_NAME_PATTERN, NULL, false},
	{"system_name", RULE_UNIQUE, 0, "featurable_id featurable_type", NULL, false},
};

static bool service_feature_prepare(struct call *call, struct record *feature,
				    const struct json *attributes)
{
	(void)attributes;
	record_set_text(feature, "featurable_type", STR("Service"));
	if (value_is_blank(record_get(feature, "scope")))
		record_set_text(feature, "scope", STR("ApplicationPlan"));
	fill_system_name(call, feature, "name", "feature");
	return true;
}

static bool account_feature_prepare(struct call *call, struct record *feature,
				    const struct json *attributes)
{
	(void)attributes;
	record_set_text(feature, "featurable_type", STR("Account"));
	record_set_text(feature, "scope", STR("AccountPlan"));
	fill_system_name(call, feature, "name", "feature");
	return true;
}

static void service_feature_validate(struct call *call, struct record *feature,
				     struct validation *validation)
{
	struct str scope = record_text(feature, "scope");

	(void)call;
	if (!str_equal(scope, STR("ApplicationPlan")) && !str_equal(scope, STR("ServicePlan")))
		validation_add(validation, "scope", STR(PLAN_SCOPES_TEXT));
}

const struct resource service_feature_resource = {
	.table = &features_table,
	.representation = &service_feature_representation,
	.wrapper = "feature",
	.attributes = "name description visible scope",
	.create_only = "system_name",
	RESOURCE_RULES(feature_rules),
	.prepare = service_feature_prepare,
	.validate = service_feature_validate,
};

const struct resource account_feature_resource = {
	.table = &features_table,
	.representation = &account_feature_representation,
	.wrapper = "feature",
	.attributes = "name description visible",
	.create_only = "system_name",
	RESOURCE_RULES(feature_rules),
	.prepare = account_feature_prepare,
};

/* Features of plans. */

static const struct representation *representation_of_plan(const struct record *plan)
{
	return str_equal(record_text(plan, "issuer_type"), STR("Service"))
		       ? &service_feature_representation
		       : &account_feature_representation;
}

void plan_feature_list(struct call *call)
{
	struct record *plan = api_innermost(call);
	struct record_list list = record_all(
		call->database, &features_table,
		"id IN (SELECT feature_id FROM features_plans WHERE plan_id = ?1) ORDER BY id",
		DATABASE_ARGUMENTS(value_int(record_id(plan))));

	reply_list(call, representation_of_plan(plan), &list, NULL);
}

/* A feature of the plan's issuer, named by the parameter. */
static struct record *feature_of_parameter(struct call *call, const struct record *plan)
{
	int64_t id;

	if (!str_to_int64(call_parameter(call, "feature_id"), &id))
		return NULL;
	return record_first(call->database, &features_table,
			    "id = ?1 AND featurable_id = ?2 AND featurable_type = ?3",
			    DATABASE_ARGUMENTS(value_int(id), record_get(plan, "issuer_id"),
					       record_get(plan, "issuer_type")));
}

void plan_feature_add(struct call *call)
{
	struct record *plan = api_innermost(call), *feature = feature_of_parameter(call, plan);
	struct record *link;

	if (feature == NULL) {
		reply_not_found(call);
		return;
	}
	if (!str_equal(record_text(feature, "scope"), record_text(plan, "type"))) {
		reply_invalid_one(call, 422, "plan_type", STR("mismatch"));
		return;
	}
	link = record_first(
		call->database, &features_plans_table, "plan_id = ?1 AND feature_id = ?2",
		DATABASE_ARGUMENTS(value_int(record_id(plan)), value_int(record_id(feature))));
	if (link == NULL) {
		link = call_new_record(call, &features_plans_table);
		record_set_int(link, "plan_id", record_id(plan));
		record_set(link, "plan_type", record_get(plan, "type"));
		record_set_int(link, "feature_id", record_id(feature));
		record_save(call->database, link);
	}
	reply_record(call, 201, representation_of_plan(plan), feature);
}

void plan_feature_remove(struct call *call)
{
	struct str text = http_route_parameter(&call->path_parameters, STR("feature_of_plan"));
	int64_t id = -1;

	str_to_int64(text, &id);
	if (database_run(call->database,
			 STR("DELETE FROM features_plans WHERE plan_id = ?1 AND feature_id = ?2"),
			 DATABASE_ARGUMENTS(value_int(record_id(api_innermost(call))),
					    value_int(id))) > 0)
		reply_empty(call, 200);
	else
		reply_not_found(call);
}
