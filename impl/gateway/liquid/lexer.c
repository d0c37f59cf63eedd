/* Words of tags and outputs, and the expressions they make. */
#include "base/arena.h"
#include "base/error.h"
#include "base/vec.h"
#include "gateway/liquid/liquid_internal.h"

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool is_name_start(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

static bool is_name_char(char c)
{
	return is_name_start(c) || is_digit(c) || c == '-' || c == '?';
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

void liquid_lexer_begin(struct liquid_lexer *lexer, struct arena *arena, struct str text,
			size_t begin)
{
	*lexer = (struct liquid_lexer){.arena = arena, .text = text, .begin = begin};
}

/* The bytes of the token at the front; 0: none fits. */
static size_t token_size(struct str rest)
{
	static const struct str pairs[] = {STR_INIT("=="), STR_INIT("!="), STR_INIT("<>"),
					   STR_INIT("<="), STR_INIT(">="), STR_INIT("..")};
	char first = rest.data[0];
	size_t size = 1;

	if (is_name_start(first)) {
		while (size < rest.size && is_name_char(rest.data[size]))
			size++;
		return size;
	}
	if (is_digit(first) || (first == '-' && rest.size > 1 && is_digit(rest.data[1]))) {
		while (size < rest.size && (is_digit(rest.data[size]) ||
					    (rest.data[size] == '.' && size + 1 < rest.size &&
					     is_digit(rest.data[size + 1]))))
			size++;
		return size;
	}
	for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++) {
		if (str_has_prefix(rest, pairs[i]))
			return pairs[i].size;
	}
	return str_find_char(STR("<>=.[]|:,()"), first) != STR_NOT_FOUND ? 1 : 0;
}

bool liquid_lexer_next(struct liquid_lexer *lexer, struct error *error)
{
	struct str rest;
	size_t size;

	while (lexer->at < lexer->text.size && is_blank(lexer->text.data[lexer->at]))
		lexer->at++;
	rest = str_skip(lexer->text, lexer->at);
	lexer->token = str_of(NULL, 0);
	lexer->is_quoted = false;
	if (rest.size == 0)
		return true;
	if (rest.data[0] == '"' || rest.data[0] == '\'') {
		size = str_find_char(str_skip(rest, 1), rest.data[0]);
		if (size == STR_NOT_FOUND)
			return error_set(error, ERROR_INVALID, "a text without an end at %zu",
					 lexer->begin + lexer->at);
		lexer->is_quoted = true;
		lexer->token = str_slice(rest, 1, 1 + size);
		lexer->at += size + 2;
		return true;
	}
	size = token_size(rest);
	if (size == 0)
		return error_set(error, ERROR_INVALID, "unexpected character at %zu",
				 lexer->begin + lexer->at);
	lexer->token = str_slice(rest, 0, size);
	lexer->at += size;
	return true;
}

static bool is_end(const struct liquid_lexer *lexer)
{
	return lexer->token.size == 0 && !lexer->is_quoted;
}

bool liquid_lexer_is(const struct liquid_lexer *lexer, struct str word)
{
	return !lexer->is_quoted && str_equal(lexer->token, word);
}

static bool refuse_token(const struct liquid_lexer *lexer, struct error *error)
{
	if (is_end(lexer))
		return error_set(error, ERROR_INVALID, "an unexpected end at %zu",
				 lexer->begin + lexer->text.size);
	return error_set(error, ERROR_INVALID, "unexpected '%.*s' at %zu", STR_ARG(lexer->token),
			 lexer->begin + lexer->at - lexer->token.size);
}

bool liquid_lexer_end(const struct liquid_lexer *lexer, struct error *error)
{
	return is_end(lexer) || refuse_token(lexer, error);
}

static bool is_name(const struct liquid_lexer *lexer)
{
	return !lexer->is_quoted && lexer->token.size > 0 && is_name_start(lexer->token.data[0]);
}

bool liquid_lexer_name(struct liquid_lexer *lexer, struct str *name, struct error *error)
{
	if (!is_name(lexer))
		return refuse_token(lexer, error);
	*name = lexer->token;
	return liquid_lexer_next(lexer, error);
}

static bool expect(struct liquid_lexer *lexer, struct str word, struct error *error)
{
	return liquid_lexer_is(lexer, word) ? liquid_lexer_next(lexer, error)
					    : refuse_token(lexer, error);
}

static bool is_number(const struct liquid_lexer *lexer)
{
	return !lexer->is_quoted && lexer->token.size > 0 &&
	       (is_digit(lexer->token.data[0]) || lexer->token.data[0] == '-');
}

/* Operands. */

struct keys {
	struct liquid_key *items;
	size_t count, capacity;
};

static bool read_subscript(struct liquid_lexer *lexer, struct liquid_key *key, struct error *error)
{
	if (lexer->is_quoted)
		*key = (struct liquid_key){.kind = KEY_NAME, .name = lexer->token};
	else if (is_name(lexer))
		*key = (struct liquid_key){.kind = KEY_VARIABLE, .name = lexer->token};
	else if (is_number(lexer) && str_to_int64(lexer->token, &key->index))
		key->kind = KEY_INDEX;
	else
		return refuse_token(lexer, error);
	return liquid_lexer_next(lexer, error) && expect(lexer, STR("]"), error);
}

static bool read_keys(struct liquid_lexer *lexer, struct keys *keys, struct error *error)
{
	for (;;) {
		struct liquid_key key = {.kind = KEY_NAME};

		if (liquid_lexer_is(lexer, STR("."))) {
			if (!liquid_lexer_next(lexer, error) ||
			    !liquid_lexer_name(lexer, &key.name, error))
				return false;
		} else if (liquid_lexer_is(lexer, STR("["))) {
			if (!liquid_lexer_next(lexer, error) || !read_subscript(lexer, &key, error))
				return false;
		} else {
			return true;
		}
		vec_push(keys, key);
	}
}

static bool read_variable(struct liquid_lexer *lexer, struct liquid_operand *operand,
			  struct error *error)
{
	struct keys keys = {0};
	struct liquid_key first = {.kind = KEY_NAME, .name = lexer->token};
	bool is_good;

	vec_push(&keys, first);
	is_good = liquid_lexer_next(lexer, error) && read_keys(lexer, &keys, error);
	if (is_good) {
		operand->keys = ARENA_ARRAY(lexer->arena, struct liquid_key, keys.count);
		for (size_t i = 0; i < keys.count; i++)
			operand->keys[i] = keys.items[i];
		operand->keys_count = keys.count;
	}
	vec_free(&keys);
	return is_good;
}

static const struct {
	struct str word;
	struct liquid_operand operand;
} words[] = {
	{STR_INIT("true"), {.literal = {.kind = LIQUID_BOOL, .boolean = true}}},
	{STR_INIT("false"), {.literal = {.kind = LIQUID_BOOL}}},
	{STR_INIT("nil"), {.literal = {.kind = LIQUID_NIL}}},
	{STR_INIT("null"), {.literal = {.kind = LIQUID_NIL}}},
	{STR_INIT("empty"), {.word = WORD_EMPTY}},
	{STR_INIT("blank"), {.word = WORD_BLANK}},
};

bool liquid_read_operand(struct liquid_lexer *lexer, struct liquid_operand *operand,
			 struct error *error)
{
	*operand = (struct liquid_operand){0};
	if (lexer->is_quoted) {
		operand->literal = liquid_text(lexer->token);
		return liquid_lexer_next(lexer, error);
	}
	if (is_number(lexer)) {
		struct liquid_value text = liquid_text(lexer->token);

		operand->literal = liquid_number(liquid_to_number(&text, lexer->arena));
		operand->literal.text = lexer->token;
		return liquid_lexer_next(lexer, error);
	}
	for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
		if (liquid_lexer_is(lexer, words[i].word)) {
			*operand = words[i].operand;
			return liquid_lexer_next(lexer, error);
		}
	}
	return is_name(lexer) ? read_variable(lexer, operand, error) : refuse_token(lexer, error);
}

/* Filters. */

static bool read_filter(struct liquid_lexer *lexer, struct liquid_filter_call *call,
			struct error *error)
{
	struct str name;
	size_t begin = lexer->begin + lexer->at;

	if (!liquid_lexer_name(lexer, &name, error))
		return false;
	call->filter = liquid_filter_find(name);
	if (call->filter == NULL)
		return error_set(error, ERROR_INVALID, "unknown filter '%.*s' at %zu",
				 STR_ARG(name), begin);
	call->arguments = ARENA_ARRAY(lexer->arena, struct liquid_operand, LIQUID_ARGUMENTS_MAX);
	if (liquid_lexer_is(lexer, STR(":"))) {
		do {
			if (call->count == LIQUID_ARGUMENTS_MAX)
				return refuse_token(lexer, error);
			if (!liquid_lexer_next(lexer, error) ||
			    !liquid_read_operand(lexer, &call->arguments[call->count++], error))
				return false;
		} while (liquid_lexer_is(lexer, STR(",")));
	}
	if (call->count < call->filter->arguments_min || call->count > call->filter->arguments_max)
		return error_set(error, ERROR_INVALID, "filter '%.*s' has %zu arguments at %zu",
				 STR_ARG(name), call->count, begin);
	return true;
}

static size_t filters_at_most(struct str text)
{
	size_t count = 0;

	for (size_t i = 0; i < text.size; i++)
		count += text.data[i] == '|';
	return count;
}

bool liquid_read_expression(struct liquid_lexer *lexer, struct liquid_expression *expression,
			    struct error *error)
{
	*expression = (struct liquid_expression){0};
	if (!liquid_read_operand(lexer, &expression->operand, error))
		return false;
	if (!is_end(lexer))
		expression->filters = ARENA_ARRAY(lexer->arena, struct liquid_filter_call,
						  filters_at_most(lexer->text));
	while (liquid_lexer_is(lexer, STR("|"))) {
		if (!liquid_lexer_next(lexer, error) ||
		    !read_filter(lexer, &expression->filters[expression->filters_count++], error))
			return false;
	}
	return true;
}

/* Conditions. */

static const struct {
	struct str word;
	enum liquid_comparator comparator;
} comparators[] = {
	{STR_INIT("=="), COMPARE_EQUAL},     {STR_INIT("!="), COMPARE_NOT_EQUAL},
	{STR_INIT("<>"), COMPARE_NOT_EQUAL}, {STR_INIT("<"), COMPARE_LESS},
	{STR_INIT("<="), COMPARE_AT_MOST},   {STR_INIT(">"), COMPARE_MORE},
	{STR_INIT(">="), COMPARE_AT_LEAST},  {STR_INIT("contains"), COMPARE_CONTAINS},
};

static bool read_comparison(struct liquid_lexer *lexer, struct liquid_comparison *comparison,
			    struct error *error)
{
	*comparison = (struct liquid_comparison){0};
	if (!liquid_read_operand(lexer, &comparison->left, error))
		return false;
	for (size_t i = 0; i < sizeof comparators / sizeof *comparators; i++) {
		if (liquid_lexer_is(lexer, comparators[i].word)) {
			comparison->comparator = comparators[i].comparator;
			return liquid_lexer_next(lexer, error) &&
			       liquid_read_operand(lexer, &comparison->right, error);
		}
	}
	return true;
}

bool liquid_read_condition(struct liquid_lexer *lexer, struct liquid_condition *condition,
			   struct error *error)
{
	struct comparisons {
		struct liquid_comparison *items;
		size_t count, capacity;
	} list = {0};
	struct liquid_comparison comparison;
	bool is_good, goes_on;

	do {
		is_good = read_comparison(lexer, &comparison, error);
		if (!is_good)
			break;
		comparison.or_next = liquid_lexer_is(lexer, STR("or"));
		goes_on = comparison.or_next || liquid_lexer_is(lexer, STR("and"));
		vec_push(&list, comparison);
	} while (goes_on && (is_good = liquid_lexer_next(lexer, error)));
	if (is_good) {
		condition->items = ARENA_ARRAY(lexer->arena, struct liquid_comparison, list.count);
		for (size_t i = 0; i < list.count; i++)
			condition->items[i] = list.items[i];
		condition->count = list.count;
	}
	vec_free(&list);
	return is_good;
}
