/* Usage limits and pricing rules of application plans: spec/portal.md 3.9. */
#include "base/arena.h"
#include "base/json.h"
#include "portal/backend_push.h"
#include "portal/database.h"
#include "portal/resources/resources.h"
#include "portal/tables.h"
#include "portal/validation.h"

static struct value get_service(struct call *call, const struct record *row)
{
	return value_int(database_int(call->database,
				      STR("SELECT issuer_id FROM plans WHERE id = ?1"),
				      DATABASE_ARGUMENTS(record_get(row, "plan_id")), 0));
}

static bool prepare_plan(struct call *call, struct record *row)
{
	record_set_int(row, "plan_id", record_id(call_found(call, "plan")));
	return true;
}

/* Usage limits. */

static const struct derived limit_derived[] = {{"service_id", get_service}};

static const struct link limit_links[] = {
	{"metric", "/admin/api/services/{service_id}/metrics/{metric_id}"},
	{"self", "/admin/api/application_plans/{plan_id}/metrics/{metric_id}/limits/{id}"},
	{"plan", "/admin/api/services/{service_id}/application_plans/{plan_id}"},
};

static const struct representation limit_representation = {
	.root = "limit",
	.roots = "limits",
	.json = "id period value metric_id plan_id:2.6 created_at updated_at",
	.xml = "id metric_id plan_id period value",
	REPRESENTATION_DERIVED(limit_derived),
	REPRESENTATION_LINKS(limit_links),
};

static const struct rule limit_rules[] = {
	{"period", RULE_IN, 0, "eternity year month week day hour minute", "is invalid", true},
	{"period", RULE_UNIQUE, 0, "metric_id plan_id", NULL, false},
	{"value", RULE_NUMBER, 0, NULL, NULL, true},
};

/* Blank and negative mean that the plan does not have the metric at all: 0 (PT-118). */
static bool limit_prepare(struct call *call, struct record *limit, const struct json *attributes)
{
	struct value value = record_get(limit, "value");

	(void)attributes;
	if (value_is_blank(value) || (value.kind == VALUE_INT && value.number < 0))
		record_set_int(limit, "value", 0);
	return prepare_plan(call, limit);
}

static void limit_saved(struct call *call, struct record *limit, const struct record *before)
{
	if (before != NULL &&
	    !value_equal(record_get(before, "period"), record_get(limit, "period")))
		push_usage_limit_gone(call, limit, record_text(before, "period"));
	push_usage_limit(call, limit);
}

static void limit_deleting(struct call *call, struct record *limit, struct validation *validation)
{
	(void)validation;
	push_usage_limit_gone(call, limit, record_text(limit, "period"));
}

const struct resource usage_limit_resource = {
	.table = &usage_limits_table,
	.representation = &limit_representation,
	.wrapper = "usage_limit",
	.attributes = "period value",
	RESOURCE_RULES(limit_rules),
	.prepare = limit_prepare,
	.saved = limit_saved,
	.deleting = limit_deleting,
};

/* Pricing rules. */

/* The price is text in JSON: it must not lose its decimals on the way. */
static struct value pricing_get_cost(struct call *call, const struct record *rule)
{
	return value_text(value_decimal_text(call->arena, record_int(rule, "cost_per_unit")));
}

static const struct derived pricing_derived[] = {
	{"service_id", get_service},
	{"cost_per_unit", pricing_get_cost},
};

static const struct link pricing_links[] = {
	{"metric", "/admin/api/services/{service_id}/metrics/{metric_id}"},
	{"plan", "/admin/api/services/{service_id}/application_plans/{plan_id}"},
};

static const struct representation pricing_representation = {
	.root = "pricing_rule",
	.roots = "pricing_rules",
	.json = "id metric_id cost_per_unit min max created_at updated_at",
	.xml = "id metric_id plan_id cost_per_unit min max",
	REPRESENTATION_DERIVED(pricing_derived),
	REPRESENTATION_LINKS(pricing_links),
};

static const struct rule pricing_rules[] = {
	{"min", RULE_NUMBER, 0, NULL, NULL, true},
	{"min", RULE_AT_LEAST, 1, NULL, NULL, false},
	{"max", RULE_NUMBER, 0, NULL, NULL, false},
	{"cost_per_unit", RULE_NUMBER, 0, NULL, NULL, true},
};

/* A decimal column cuts what comes after the fourth; the text of the caller is what counts. */
static bool pricing_prepare(struct call *call, struct record *rule, const struct json *attributes)
{
	struct str cost = json_scalar_text(json_get(attributes, STR("cost_per_unit")));
	struct str whole, decimals;

	prepare_plan(call, rule);
	str_split_once(cost, '.', &whole, &decimals);
	if (decimals.size <= 4)
		return true;
	reply_invalid_one(call, 422, "cost_per_unit", STR("maximum decimals is 4."));
	return false;
}

static void pricing_validate(struct call *call, struct record *rule, struct validation *validation)
{
	struct value max = record_get(rule, "max");

	if (!validation_is_clean(validation))
		return;
	if (max.kind == VALUE_INT && max.number < record_int(rule, "min"))
		validation_add(validation, "max",
			       STR("'To' value cannot be less than your 'From' value."));
	if (database_int(
		    call->database,
		    STR("SELECT count(*) FROM pricing_rules WHERE plan_id = ?1 AND "
			"metric_id = ?2 AND id <> ?3 AND (max IS NULL OR max >= ?4) AND "
			"(?5 IS NULL OR min <= ?5)"),
		    DATABASE_ARGUMENTS(record_get(rule, "plan_id"), record_get(rule, "metric_id"),
				       value_int(record_id(rule)), record_get(rule, "min"), max),
		    0) > 0)
		validation_add(validation, "min",
			       STR("'From' value cannot be less than 'To' values of current "
				   "rules."));
}

const struct resource pricing_rule_resource = {
	.table = &pricing_rules_table,
	.representation = &pricing_representation,
	.wrapper = "pricing_rule",
	.attributes = "min max cost_per_unit",
	RESOURCE_RULES(pricing_rules),
	.prepare = pricing_prepare,
	.validate = pricing_validate,
};
