#include "gateway/mapping_rules.h"

#include <stdlib.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/json.h"
#include "http/query.h"

/* A path that begins with more of the prefixes than these is held against all rules. */
#define PREFIXES_OF_A_PATH_MAX 16

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

/* The index of prefixes. */

struct place {
	struct str prefix;
	size_t rule;
};

static int compare_places(const void *a, const void *b)
{
	const struct place *left = a, *right = b;
	int order = str_compare(left->prefix, right->prefix);

	return order != 0 ? order : (left->rule > right->rule) - (left->rule < right->rule);
}

/* The longest of the prefixes so far that this one begins with. What stands between it and this one
 * in byte order begins with it, too: it is the last one so far, or one of those that this begins
 * with. */
static size_t find_shorter(const struct mapping_rules *rules, struct str text)
{
	size_t at = rules->prefixes_count > 0 ? rules->prefixes_count - 1 : MAPPING_PREFIX_NONE;

	while (at != MAPPING_PREFIX_NONE && !str_has_prefix(text, rules->prefixes[at].text))
		at = rules->prefixes[at].shorter;
	return at;
}

static void index_prefixes(struct arena *arena, struct mapping_rules *rules)
{
	struct place *places = ARENA_ARRAY(arena, struct place, rules->count);
	size_t *sorted = ARENA_ARRAY(arena, size_t, rules->count);

	for (size_t i = 0; i < rules->count; i++)
		places[i] = (struct place){path_pattern_prefix(&rules->items[i].pattern), i};
	qsort(places, rules->count, sizeof *places, compare_places);
	rules->prefixes = ARENA_ARRAY(arena, struct mapping_prefix, rules->count);
	for (size_t i = 0; i < rules->count; i++) {
		sorted[i] = places[i].rule;
		if (i > 0 && str_equal(places[i - 1].prefix, places[i].prefix)) {
			rules->prefixes[rules->prefixes_count - 1].count++;
			continue;
		}
		rules->prefixes[rules->prefixes_count] = (struct mapping_prefix){
			places[i].prefix, find_shorter(rules, places[i].prefix), &sorted[i], 1};
		rules->prefixes_count++;
	}
}

/* The longest prefix that the path begins with. The last one that is not behind the path in byte
 * order either is it, or begins with it. */
static size_t longest_prefix(const struct mapping_rules *rules, struct str path)
{
	size_t from = 0, to = rules->prefixes_count, at;

	while (from < to) {
		size_t middle = from + (to - from) / 2;

		if (str_compare(rules->prefixes[middle].text, path) <= 0)
			from = middle + 1;
		else
			to = middle;
	}
	at = from > 0 ? from - 1 : MAPPING_PREFIX_NONE;
	while (at != MAPPING_PREFIX_NONE && !str_has_prefix(path, rules->prefixes[at].text))
		at = rules->prefixes[at].shorter;
	return at;
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
	if (parsed->count > 0)
		index_prefixes(arena, parsed);
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
	size_t at = longest_prefix(rules, subject->path);

	for (; at != MAPPING_PREFIX_NONE; at = rules->prefixes[at].shorter) {
		const struct mapping_prefix *prefix = &rules->prefixes[at];

		for (size_t i = 0; i < prefix->count; i++) {
			if (mapping_rule_is_match(&rules->items[prefix->rules[i]], subject))
				return true;
		}
	}
	return false;
}

/* The rules whose prefix the path begins with, in rule order: the heads of a few ascending lists
 * are merged. */
struct candidates {
	size_t all; /* so many rules, one after the other; 0: those of the lists */
	size_t next;
	struct {
		const size_t *at, *end;
	} lists[PREFIXES_OF_A_PATH_MAX];
	size_t lists_count;
};

static void candidates_find(struct candidates *candidates, const struct mapping_rules *rules,
			    struct str path)
{
	size_t at = longest_prefix(rules, path);

	candidates->all = candidates->next = candidates->lists_count = 0;
	for (; at != MAPPING_PREFIX_NONE; at = rules->prefixes[at].shorter) {
		const struct mapping_prefix *prefix = &rules->prefixes[at];

		if (candidates->lists_count == PREFIXES_OF_A_PATH_MAX) {
			candidates->all = rules->count;
			return;
		}
		candidates->lists[candidates->lists_count].at = prefix->rules;
		candidates->lists[candidates->lists_count++].end = prefix->rules + prefix->count;
	}
}

static bool candidates_take(struct candidates *candidates, size_t *rule)
{
	size_t first = SIZE_MAX;

	if (candidates->all > 0) {
		*rule = candidates->next++;
		return *rule < candidates->all;
	}
	for (size_t i = 0; i < candidates->lists_count; i++) {
		if (candidates->lists[i].at < candidates->lists[i].end &&
		    (first == SIZE_MAX || *candidates->lists[i].at < *candidates->lists[first].at))
			first = i;
	}
	if (first == SIZE_MAX)
		return false;
	*rule = *candidates->lists[first].at++;
	return true;
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
	struct candidates candidates;
	size_t at;

	*matches = (struct mapping_matches){0};
	candidates_find(&candidates, rules, subject->path);
	while (candidates_take(&candidates, &at)) {
		const struct mapping_rule *rule = &rules->items[at];

		if (!mapping_rule_is_match(rule, subject))
			continue;
		gateway_usage_add(usage, rule->metric, rule->delta);
		remember(matches, rule, rules->count, usage->arena);
		if (rule->last)
			break;
	}
}
