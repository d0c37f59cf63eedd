#include "gateway/operation.h"

#include "base/arena.h"
#include "base/error.h"
#include "base/json.h"
#include "base/pattern.h"
#include "gateway/context.h"
#include "gateway/error_log.h"
#include "gateway/policies/policy.h"
#include "gateway/request.h"

static const struct str operators[] = {
	[OPERATOR_EQUAL] = STR_INIT("=="),
	[OPERATOR_NOT_EQUAL] = STR_INIT("!="),
	[OPERATOR_MATCHES] = STR_INIT("matches"),
};

static bool parse_operator(struct str text, enum comparison_operator *how, struct error *error)
{
	for (size_t i = 0; i < sizeof operators / sizeof *operators; i++) {
		if (str_equal(operators[i], text)) {
			*how = (enum comparison_operator)i;
			return true;
		}
	}
	return error_set(error, ERROR_INVALID, "unsupported operation: %.*s", STR_ARG(text));
}

bool comparison_parse(const struct policy_loader *loader, const struct json *object,
		      struct str value_key, struct str type_key, struct comparison *comparison,
		      struct error *error)
{
	struct error reason;

	*comparison = (struct comparison){0};
	if (!parse_operator(json_get_str(object, STR("op")), &comparison->how, error))
		return false;
	comparison->right = template_value_read(loader, object, value_key, type_key);
	if (comparison->how != OPERATOR_MATCHES || comparison->right.liquid != NULL)
		return true;
	comparison->pattern = pattern_create_in(loader->arena, comparison->right.text, 0, &reason);
	if (comparison->pattern == NULL)
		LOG(loader->log, LEVEL_WARN, NULL, "operation never matches: %s", reason.text);
	return true;
}

/* A pattern that is known only now. */
static bool matches(struct str left, struct str expression)
{
	struct pattern *pattern = pattern_create(expression, NULL);
	bool is_found = pattern != NULL && pattern_is_found(pattern, left);

	pattern_destroy(pattern);
	return is_found;
}

bool comparison_holds(const struct comparison *comparison, struct str left,
		      const struct liquid_scope *scope, struct arena *arena)
{
	struct str right;

	if (comparison->pattern != NULL)
		return pattern_is_found(comparison->pattern, left);
	right = template_value_render(&comparison->right, scope, arena);
	switch (comparison->how) {
	case OPERATOR_EQUAL:
		return str_equal(left, right);
	case OPERATOR_NOT_EQUAL:
		return !str_equal(left, right);
	case OPERATOR_MATCHES:
		break;
	}
	return comparison->right.liquid != NULL && matches(left, right);
}

bool combination_parse(const struct json *object, enum combination *combination,
		       struct error *error)
{
	struct str text = json_get_str(object, STR("combine_op"));

	*combination = str_equal(text, STR("or")) ? COMBINE_ANY : COMBINE_ALL;
	return text.size == 0 || *combination == COMBINE_ANY || str_equal(text, STR("and")) ||
	       error_set(error, ERROR_INVALID, "unsupported combine_op: %.*s", STR_ARG(text));
}

bool condition_parse(const struct policy_loader *loader, const struct json *object,
		     struct condition *condition, struct error *error)
{
	const struct json *operations = json_get(object, STR("operations"));

	*condition = (struct condition){0};
	if (!combination_parse(object, &condition->combination, error))
		return false;
	if (operations == NULL || operations->kind != JSON_ARRAY)
		return true;
	condition->items = ARENA_ARRAY(loader->arena, struct operation, operations->count);
	JSON_EACH (operation, operations) {
		struct operation *item = &condition->items[condition->count++];

		item->left = template_value_read(loader, operation, STR("left"), STR("left_type"));
		if (!comparison_parse(loader, operation, STR("right"), STR("right_type"),
				      &item->comparison, error))
			return false;
	}
	return true;
}

bool condition_holds(const struct condition *condition, const struct request *request)
{
	struct liquid_scope scope = context_scope(request);
	bool any = condition->combination == COMBINE_ANY;

	for (size_t i = 0; i < condition->count; i++) {
		const struct operation *item = &condition->items[i];
		struct str left = template_value_render(&item->left, &scope, request->arena);

		if (comparison_holds(&item->comparison, left, &scope, request->arena) == any)
			return any;
	}
	return !any;
}
