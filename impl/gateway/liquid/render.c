/* A template's steps, taken one after the other. */
#include "base/arena.h"
#include "base/bug.h"
#include "gateway/liquid/liquid_internal.h"

struct variable {
	struct str name;
	struct liquid_value value;
	struct variable *next;
};

struct rendering {
	const struct liquid_scope *scope;
	struct arena *arena;
	struct variable *variables; /* the latest first */
	size_t bytes_left;
	struct strbuf outs[LIQUID_BLOCKS_MAX + 1]; /* the answer, and captures inside each other */
	size_t depth;
};

/* Operands. */

static struct liquid_value find_name(struct rendering *rendering, struct str name)
{
	struct liquid_value value = {0};

	for (const struct variable *at = rendering->variables; at != NULL; at = at->next) {
		if (str_equal(at->name, name))
			return at->value;
	}
	if (!rendering->scope->find(rendering->scope->data, name, rendering->arena, &value))
		value = (struct liquid_value){0};
	return value;
}

static struct liquid_value follow(struct rendering *rendering, const struct liquid_value *value,
				  const struct liquid_key *key)
{
	struct liquid_value name;

	switch (key->kind) {
	case KEY_NAME:
		return liquid_member(value, key->name, rendering->arena);
	case KEY_INDEX:
		return liquid_item(value, key->index);
	case KEY_VARIABLE:
		break;
	}
	name = find_name(rendering, key->name);
	if (name.kind == LIQUID_NUMBER)
		return liquid_item(value, name.number > -1e9 && name.number < 1e9
						  ? (int64_t)name.number
						  : INT64_MAX);
	return liquid_member(value, liquid_value_text(&name, rendering->arena), rendering->arena);
}

static struct liquid_value evaluate_operand(struct rendering *rendering,
					    const struct liquid_operand *operand)
{
	struct liquid_value value;

	if (operand->keys_count == 0)
		return operand->literal;
	value = find_name(rendering, operand->keys[0].name);
	for (size_t i = 1; i < operand->keys_count; i++)
		value = follow(rendering, &value, &operand->keys[i]);
	return value;
}

static struct liquid_value evaluate(struct rendering *rendering,
				    const struct liquid_expression *expression)
{
	struct liquid_value value = evaluate_operand(rendering, &expression->operand);

	for (size_t i = 0; i < expression->filters_count; i++) {
		const struct liquid_filter_call *filter = &expression->filters[i];
		struct liquid_call call = {.arena = rendering->arena,
					   .now_us = rendering->scope->now_us,
					   .bytes_left = &rendering->bytes_left,
					   .count = filter->count};

		for (size_t j = 0; j < filter->count; j++)
			call.arguments[j] = evaluate_operand(rendering, &filter->arguments[j]);
		value = filter->filter->run(&call, value);
	}
	return value;
}

/* Conditions. */

static bool is_same(const struct liquid_operand *operand, const struct liquid_value *value,
		    const struct liquid_operand *other, const struct liquid_value *other_value)
{
	if (other->word != WORD_NONE)
		return liquid_is_empty(value, other->word == WORD_BLANK);
	if (operand->word != WORD_NONE)
		return liquid_is_empty(other_value, operand->word == WORD_BLANK);
	return liquid_is_equal(value, other_value);
}

static bool is_in_order(enum liquid_comparator comparator, int order)
{
	switch (comparator) {
	case COMPARE_LESS:
		return order < 0;
	case COMPARE_AT_MOST:
		return order <= 0;
	case COMPARE_MORE:
		return order > 0;
	case COMPARE_AT_LEAST:
		return order >= 0;
	case COMPARE_NOTHING:
	case COMPARE_EQUAL:
	case COMPARE_NOT_EQUAL:
	case COMPARE_CONTAINS:
		break;
	}
	return false;
}

static bool compare(struct rendering *rendering, const struct liquid_comparison *comparison)
{
	struct liquid_value left = evaluate_operand(rendering, &comparison->left), right;
	int order;

	if (comparison->comparator == COMPARE_NOTHING)
		return liquid_is_true(&left);
	right = evaluate_operand(rendering, &comparison->right);
	if (comparison->comparator == COMPARE_CONTAINS)
		return liquid_contains(&left, &right, rendering->arena);
	if (comparison->comparator == COMPARE_EQUAL || comparison->comparator == COMPARE_NOT_EQUAL)
		return is_same(&comparison->left, &left, &comparison->right, &right) ==
		       (comparison->comparator == COMPARE_EQUAL);
	return liquid_order(&left, &right, &order) && is_in_order(comparison->comparator, order);
}

static bool holds(struct rendering *rendering, const struct liquid_condition *condition)
{
	size_t i = condition->count - 1;
	bool result = compare(rendering, &condition->items[i]);

	while (i-- > 0) {
		if (condition->items[i].or_next != result)
			result = compare(rendering, &condition->items[i]);
	}
	return result;
}

/* Steps. */

static void set_variable(struct rendering *rendering, struct str name, struct liquid_value value)
{
	struct variable *variable = ARENA_NEW(rendering->arena, struct variable);

	*variable = (struct variable){name, value, rendering->variables};
	rendering->variables = variable;
}

static void print(struct rendering *rendering, struct str text)
{
	struct strbuf *out = &rendering->outs[rendering->depth];

	text = str_slice(text, 0, rendering->bytes_left);
	rendering->bytes_left -= text.size;
	strbuf_append(out, text);
}

static void end_capture(struct rendering *rendering, struct str name)
{
	struct strbuf *out = &rendering->outs[rendering->depth--];

	set_variable(rendering, name, liquid_text(str_copy(rendering->arena, strbuf_str(out))));
	strbuf_free(out);
}

/* The place of the next step. */
static size_t take_step(struct rendering *rendering, const struct liquid_step *step, size_t at)
{
	struct liquid_value value;

	switch (step->kind) {
	case STEP_TEXT:
		print(rendering, step->text);
		break;
	case STEP_OUTPUT:
		value = evaluate(rendering, step->expression);
		print(rendering, liquid_value_text(&value, rendering->arena));
		break;
	case STEP_ASSIGN:
		set_variable(rendering, step->text, evaluate(rendering, step->expression));
		break;
	case STEP_CAPTURE:
		strbuf_init(&rendering->outs[++rendering->depth], LIQUID_BYTES_MAX);
		break;
	case STEP_END_CAPTURE:
		end_capture(rendering, step->text);
		break;
	case STEP_JUMP:
		return step->target;
	case STEP_JUMP_UNLESS:
		if (holds(rendering, step->condition) == step->is_negated)
			return step->target;
		break;
	}
	return at + 1;
}

struct str liquid_render(const struct liquid *liquid, const struct liquid_scope *scope,
			 struct arena *arena)
{
	struct rendering rendering;
	struct str result;

	rendering.scope = scope;
	rendering.arena = arena;
	rendering.variables = NULL;
	rendering.bytes_left = LIQUID_BYTES_MAX;
	rendering.depth = 0;
	/* Most are one variable. */
	if (liquid->count == 1 && liquid->steps[0].kind == STEP_OUTPUT) {
		struct liquid_value value = evaluate(&rendering, liquid->steps[0].expression);

		return liquid_value_text(&value, arena);
	}
	strbuf_init(&rendering.outs[0], LIQUID_BYTES_MAX);
	for (size_t at = 0; at < liquid->count && rendering.bytes_left > 0;) {
		size_t next = take_step(&rendering, &liquid->steps[at], at);

		BUG_IF(next <= at);
		at = next;
	}
	result = str_copy(arena, strbuf_str(&rendering.outs[0]));
	/* Where the bound was reached inside a capture, that one is open still. */
	for (size_t i = 0; i <= rendering.depth; i++)
		strbuf_free(&rendering.outs[i]);
	return result;
}
