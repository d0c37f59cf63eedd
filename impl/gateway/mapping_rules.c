#include "gateway/mapping_rules.h"

#include "base/arena.h"
#include "base/error.h"
#include "base/json.h"
#include "http/query.h"

static void parse_conditions(struct arena *arena, const struct json *object,
			     struct mapping_rule *rule)
{
	if (object == NULL || object->kind != JSON_OBJECT)
		return;
	rule->conditions = ARENA_ARRAY(arena, struct mapping_condition, object->count);
	JSON_EACH (parameter, object) {
		struct str value = json_scalar_text(parameter);

		rule->conditions[rule->conditions_count++] = (struct mapping_condition){
			.name = parameter->key,
			.value = value,
			.any_value = value.size >= 2 && str_has_prefix(value, STR("{")) &&
				     str_has_suffix(value, STR("}")),
		};
	}
}

static bool parse_rule(struct arena *arena, const struct json *object, struct mapping_rule *rule,
		       struct error *warning, struct error *error)
{
	struct error reason;

	rule->metric = json_scalar_text(json_get(object, STR("metric_system_name")));
	rule->method = json_scalar_text(json_get(object, STR("http_method")));
	rule->any_method = str_equal(rule->method, STR("ANY"));
	rule->text = json_scalar_text(json_get(object, STR("pattern")));
	rule->delta = json_int(json_get(object, STR("delta")), 0);
	rule->last = json_bool(json_get(object, STR("last")), false);
	if (rule->metric.size == 0)
		return error_set(error, ERROR_INVALID,
				 "mapping rule \"%.*s\" has no metric_system_name",
				 STR_ARG(rule->text));
	if (!path_pattern_compile(arena, rule->text, &rule->pattern, &reason))
		error_set(warning, ERROR_INVALID, "mapping rule \"%.*s\" never matches: %s",
			  STR_ARG(rule->text), reason.text);
	parse_conditions(arena, json_get(object, STR("querystring_parameters")), rule);
	return true;
}

bool mapping_rules_parse(struct arena *arena, const struct json *rules,
			 struct mapping_rules *parsed, struct error *warning, struct error *error)
{
	*warning = (struct error){0};
	*parsed = (struct mapping_rules){0};
	if (rules == NULL || rules->kind != JSON_ARRAY)
		return true;
	parsed->items = ARENA_ARRAY(arena, struct mapping_rule, rules->count);
	JSON_EACH (object, rules) {
		struct mapping_rule *rule = &parsed->items[parsed->count];

		if (!parse_rule(arena, object, rule, warning, error)) {
			mapping_rules_release(parsed);
			return false;
		}
		parsed->count++;
		parsed->has_conditions |= rule->conditions_count > 0;
	}
	return true;
}

void mapping_rules_release(struct mapping_rules *rules)
{
	for (size_t i = 0; i < rules->count; i++)
		path_pattern_release(&rules->items[i].pattern);
	rules->count = 0;
}

static bool condition_holds(const struct mapping_condition *condition,
			    const struct mapping_subject *subject)
{
	const struct http_query *args = NULL;

	if (subject->body != NULL && http_query_has(subject->body, condition->name))
		args = subject->body;
	else if (subject->args != NULL && http_query_has(subject->args, condition->name))
		args = subject->args;
	return args != NULL &&
	       (condition->any_value ||
		str_equal(http_query_get_last(args, condition->name), condition->value));
}

bool mapping_rule_is_match(const struct mapping_rule *rule, const struct mapping_subject *subject)
{
	if (!rule->any_method && !str_equal(rule->method, subject->method))
		return false;
	if (!path_pattern_is_match(&rule->pattern, subject->path))
		return false;
	for (size_t i = 0; i < rule->conditions_count; i++) {
		if (!condition_holds(&rule->conditions[i], subject))
			return false;
	}
	return true;
}

bool mapping_rules_any(const struct mapping_rules *rules, const struct mapping_subject *subject)
{
	for (size_t i = 0; i < rules->count; i++) {
		if (mapping_rule_is_match(&rules->items[i], subject))
			return true;
	}
	return false;
}

static void remember(struct mapping_matches *matches, const struct mapping_rule *rule,
		     size_t at_most, struct arena *arena)
{
	/* Most requests match one or two rules: room for all is taken only when it is needed. */
	if (matches->count == 0)
		matches->items = ARENA_ARRAY(arena, const struct mapping_rule *, 4);
	if (matches->count == 4) {
		const struct mapping_rule **all =
			ARENA_ARRAY(arena, const struct mapping_rule *, at_most);

		for (size_t i = 0; i < matches->count; i++)
			all[i] = matches->items[i];
		matches->items = all;
	}
	matches->items[matches->count++] = rule;
}

void mapping_rules_match(const struct mapping_rules *rules, const struct mapping_subject *subject,
			 struct usage *usage, struct mapping_matches *matches)
{
	*matches = (struct mapping_matches){0};
	for (size_t i = 0; i < rules->count; i++) {
		const struct mapping_rule *rule = &rules->items[i];

		if (!mapping_rule_is_match(rule, subject))
			continue;
		gateway_usage_add(usage, rule->metric, rule->delta);
		remember(matches, rule, rules->count, usage->arena);
		if (rule->last)
			break;
	}
}
