/* A template into its steps. */
#include "gateway/liquid/liquid.h"

#include "base/arena.h"
#include "base/error.h"
#include "base/vec.h"
#include "gateway/liquid/liquid_internal.h"

#define NOWHERE SIZE_MAX

enum block_kind { BLOCK_IF, BLOCK_UNLESS, BLOCK_CASE, BLOCK_CAPTURE };

/* A tag that waits for its end. */
struct block {
	enum block_kind kind;
	size_t begin;
	size_t next;  /* the jump that leads to the next branch; NOWHERE: there is none */
	size_t exits; /* the last jump to the end; each holds the one before in its target */
	bool has_else;
	struct liquid_operand subject; /* of a case */
	struct str name;               /* of a capture */
};

struct parser {
	struct arena *arena;
	struct str text;
	size_t at;
	size_t tag; /* where the one that is read begins */
	bool trims; /* the last tag eats the blanks after it */
	struct {
		struct liquid_step *items;
		size_t count, capacity;
	} steps;
	struct block blocks[LIQUID_BLOCKS_MAX];
	size_t depth;
	struct liquid_lexer lexer; /* of the tag that is read */
};

typedef bool tag_read(struct parser *parser, struct error *error);

/* Steps. */

static size_t add_step(struct parser *parser, struct liquid_step step)
{
	vec_push(&parser->steps, step);
	return parser->steps.count - 1;
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

static void add_text(struct parser *parser, struct str text, bool trims_end)
{
	while (parser->trims && text.size > 0 && is_blank(text.data[0]))
		text = str_skip(text, 1);
	while (trims_end && text.size > 0 && is_blank(text.data[text.size - 1]))
		text.size--;
	if (text.size > 0)
		add_step(parser, (struct liquid_step){.kind = STEP_TEXT, .text = text});
}

static void jump_to_here(struct parser *parser, size_t *jump)
{
	if (*jump != NOWHERE)
		parser->steps.items[*jump].target = parser->steps.count;
	*jump = NOWHERE;
}

static void add_exit(struct parser *parser, struct block *block)
{
	block->exits =
		add_step(parser, (struct liquid_step){.kind = STEP_JUMP, .target = block->exits});
}

/* Blocks. */

static struct block *open_block(struct parser *parser, enum block_kind kind, struct error *error)
{
	struct block *block = &parser->blocks[parser->depth];

	if (parser->depth == LIQUID_BLOCKS_MAX) {
		error_set(error, ERROR_LIMIT, "more than %d blocks inside each other at %zu",
			  LIQUID_BLOCKS_MAX, parser->tag);
		return NULL;
	}
	parser->depth++;
	*block = (struct block){
		.kind = kind, .begin = parser->tag, .next = NOWHERE, .exits = NOWHERE};
	return block;
}

static struct block *top_block(struct parser *parser, unsigned kinds, struct error *error)
{
	struct block *block = parser->depth > 0 ? &parser->blocks[parser->depth - 1] : NULL;

	if (block != NULL && (kinds & 1u << block->kind) != 0)
		return block;
	error_set(error, ERROR_INVALID, "a tag without its beginning at %zu", parser->tag);
	return NULL;
}

static void close_block(struct parser *parser, struct block *block)
{
	jump_to_here(parser, &block->next);
	while (block->exits != NOWHERE) {
		size_t before = parser->steps.items[block->exits].target;

		jump_to_here(parser, &block->exits);
		block->exits = before;
	}
	parser->depth--;
}

static void add_branch(struct parser *parser, struct block *block,
		       const struct liquid_condition *condition, bool is_negated)
{
	jump_to_here(parser, &block->next);
	block->next = add_step(parser, (struct liquid_step){.kind = STEP_JUMP_UNLESS,
							    .condition = condition,
							    .is_negated = is_negated});
}

static struct liquid_condition *read_condition(struct parser *parser, struct error *error)
{
	struct liquid_condition *condition = ARENA_NEW(parser->arena, struct liquid_condition);

	return liquid_read_condition(&parser->lexer, condition, error) &&
			       liquid_lexer_end(&parser->lexer, error)
		       ? condition
		       : NULL;
}

static bool read_if_or_unless(struct parser *parser, enum block_kind kind, struct error *error)
{
	const struct liquid_condition *condition = read_condition(parser, error);
	struct block *block = condition != NULL ? open_block(parser, kind, error) : NULL;

	if (block == NULL)
		return false;
	add_branch(parser, block, condition, kind == BLOCK_UNLESS);
	return true;
}

static bool read_if(struct parser *parser, struct error *error)
{
	return read_if_or_unless(parser, BLOCK_IF, error);
}

static bool read_unless(struct parser *parser, struct error *error)
{
	return read_if_or_unless(parser, BLOCK_UNLESS, error);
}

static bool refuse_after_else(const struct parser *parser, struct error *error)
{
	return error_set(error, ERROR_INVALID, "a branch after else at %zu", parser->tag);
}

static bool read_elsif(struct parser *parser, struct error *error)
{
	struct block *block = top_block(parser, 1u << BLOCK_IF | 1u << BLOCK_UNLESS, error);
	const struct liquid_condition *condition;

	if (block == NULL)
		return false;
	if (block->has_else)
		return refuse_after_else(parser, error);
	condition = read_condition(parser, error);
	if (condition == NULL)
		return false;
	add_exit(parser, block);
	add_branch(parser, block, condition, false);
	return true;
}

static bool read_else(struct parser *parser, struct error *error)
{
	struct block *block =
		top_block(parser, 1u << BLOCK_IF | 1u << BLOCK_UNLESS | 1u << BLOCK_CASE, error);

	if (block == NULL || !liquid_lexer_end(&parser->lexer, error))
		return false;
	if (block->has_else)
		return refuse_after_else(parser, error);
	add_exit(parser, block);
	jump_to_here(parser, &block->next);
	block->has_else = true;
	return true;
}

static bool read_end(struct parser *parser, enum block_kind kind, struct error *error)
{
	struct block *block = top_block(parser, 1u << kind, error);

	if (block == NULL || !liquid_lexer_end(&parser->lexer, error))
		return false;
	close_block(parser, block);
	return true;
}

static bool read_endif(struct parser *parser, struct error *error)
{
	return read_end(parser, BLOCK_IF, error);
}

static bool read_endunless(struct parser *parser, struct error *error)
{
	return read_end(parser, BLOCK_UNLESS, error);
}

static bool read_endcase(struct parser *parser, struct error *error)
{
	return read_end(parser, BLOCK_CASE, error);
}

/* What stands before the first `when` is never shown. */
static bool read_case(struct parser *parser, struct error *error)
{
	struct liquid_operand subject;
	struct block *block;

	if (!liquid_read_operand(&parser->lexer, &subject, error) ||
	    !liquid_lexer_end(&parser->lexer, error))
		return false;
	block = open_block(parser, BLOCK_CASE, error);
	if (block == NULL)
		return false;
	block->subject = subject;
	block->next = add_step(parser, (struct liquid_step){.kind = STEP_JUMP});
	return true;
}

static bool read_values(struct parser *parser, const struct liquid_operand *subject,
			struct liquid_condition *condition, struct error *error)
{
	struct liquid_lexer *lexer = &parser->lexer;
	size_t room = lexer->text.size; /* a value has a character at least */

	condition->items = ARENA_ARRAY(parser->arena, struct liquid_comparison, room / 2 + 1);
	for (;;) {
		struct liquid_comparison *item = &condition->items[condition->count++];

		*item = (struct liquid_comparison){
			.left = *subject, .comparator = COMPARE_EQUAL, .or_next = true};
		if (!liquid_read_operand(lexer, &item->right, error))
			return false;
		if (!liquid_lexer_is(lexer, STR(",")) && !liquid_lexer_is(lexer, STR("or")))
			return liquid_lexer_end(lexer, error);
		if (!liquid_lexer_next(lexer, error))
			return false;
	}
}

static bool read_when(struct parser *parser, struct error *error)
{
	struct block *block = top_block(parser, 1u << BLOCK_CASE, error);
	struct liquid_condition *condition;

	if (block == NULL)
		return false;
	if (block->has_else)
		return refuse_after_else(parser, error);
	condition = ARENA_NEW(parser->arena, struct liquid_condition);
	if (!read_values(parser, &block->subject, condition, error))
		return false;
	add_exit(parser, block);
	add_branch(parser, block, condition, false);
	return true;
}

/* Variables. */

static bool read_assign(struct parser *parser, struct error *error)
{
	struct liquid_expression *expression = ARENA_NEW(parser->arena, struct liquid_expression);
	struct liquid_lexer *lexer = &parser->lexer;
	struct str name;

	if (!liquid_lexer_name(lexer, &name, error))
		return false;
	if (!liquid_lexer_is(lexer, STR("=")))
		return error_set(error, ERROR_INVALID, "assign without '=' at %zu", parser->tag);
	if (!liquid_lexer_next(lexer, error) || !liquid_read_expression(lexer, expression, error) ||
	    !liquid_lexer_end(lexer, error))
		return false;
	add_step(parser,
		 (struct liquid_step){.kind = STEP_ASSIGN, .text = name, .expression = expression});
	return true;
}

static bool read_capture(struct parser *parser, struct error *error)
{
	struct str name = parser->lexer.token;
	struct block *block;

	if (parser->lexer.is_quoted ? !liquid_lexer_next(&parser->lexer, error)
				    : !liquid_lexer_name(&parser->lexer, &name, error))
		return false;
	if (!liquid_lexer_end(&parser->lexer, error))
		return false;
	block = open_block(parser, BLOCK_CAPTURE, error);
	if (block == NULL)
		return false;
	block->name = name;
	add_step(parser, (struct liquid_step){.kind = STEP_CAPTURE});
	return true;
}

static bool read_endcapture(struct parser *parser, struct error *error)
{
	struct block *block = top_block(parser, 1u << BLOCK_CAPTURE, error);

	if (block == NULL)
		return false;
	add_step(parser, (struct liquid_step){.kind = STEP_END_CAPTURE, .text = block->name});
	return read_end(parser, BLOCK_CAPTURE, error);
}

/* Text that is not looked at. */

/* The next `{% name %}`: its place in *begin, and parser->at behind it. */
static bool find_tag(struct parser *parser, struct str name, size_t *begin)
{
	size_t at = parser->at;

	for (;;) {
		size_t open = str_find(str_skip(parser->text, at), STR("{%"));
		size_t close;
		struct str inside;

		if (open == STR_NOT_FOUND)
			return false;
		open += at;
		close = str_find(str_skip(parser->text, open), STR("%}"));
		if (close == STR_NOT_FOUND)
			return false;
		close += open;
		inside = str_slice(parser->text, open + 2, close);
		if (str_has_prefix(inside, STR("-")))
			inside = str_skip(inside, 1);
		parser->trims = str_has_suffix(inside, STR("-"));
		inside.size -= parser->trims;
		if (str_equal(str_trim(inside), name)) {
			*begin = open;
			parser->at = close + 2;
			return true;
		}
		at = open + 2;
	}
}

static bool skip_to(struct parser *parser, struct str end, size_t *begin, struct error *error)
{
	return find_tag(parser, end, begin) ||
	       error_set(error, ERROR_INVALID, "no %.*s for what begins at %zu", STR_ARG(end),
			 parser->tag);
}

static bool read_comment(struct parser *parser, struct error *error)
{
	size_t end;

	return skip_to(parser, STR("endcomment"), &end, error);
}

static bool read_raw(struct parser *parser, struct error *error)
{
	size_t begin = parser->at, end;

	if (!skip_to(parser, STR("endraw"), &end, error))
		return false;
	if (end > begin)
		add_step(parser, (struct liquid_step){.kind = STEP_TEXT,
						      .text = str_slice(parser->text, begin, end)});
	return true;
}

static bool refuse_loop(struct parser *parser, struct error *error)
{
	return error_set(error, ERROR_INVALID, "loops are not allowed at %zu", parser->tag);
}

static const struct {
	struct str name;
	tag_read *read;
} tags[] = {
	{STR_INIT("if"), read_if},           {STR_INIT("unless"), read_unless},
	{STR_INIT("elsif"), read_elsif},     {STR_INIT("else"), read_else},
	{STR_INIT("endif"), read_endif},     {STR_INIT("endunless"), read_endunless},
	{STR_INIT("case"), read_case},       {STR_INIT("when"), read_when},
	{STR_INIT("endcase"), read_endcase}, {STR_INIT("assign"), read_assign},
	{STR_INIT("capture"), read_capture}, {STR_INIT("endcapture"), read_endcapture},
	{STR_INIT("comment"), read_comment}, {STR_INIT("raw"), read_raw},
	{STR_INIT("for"), refuse_loop},      {STR_INIT("tablerow"), refuse_loop},
};

static bool read_tag(struct parser *parser, struct error *error)
{
	struct str name;

	if (!liquid_lexer_name(&parser->lexer, &name, error))
		return false;
	for (size_t i = 0; i < sizeof tags / sizeof *tags; i++) {
		if (str_equal(tags[i].name, name))
			return tags[i].read(parser, error);
	}
	return error_set(error, ERROR_INVALID, "unknown tag '%.*s' at %zu", STR_ARG(name),
			 parser->tag);
}

static bool read_output(struct parser *parser, struct error *error)
{
	struct liquid_expression *expression = ARENA_NEW(parser->arena, struct liquid_expression);

	if (liquid_lexer_end(&parser->lexer, NULL)) /* {{ }} */
		return true;
	if (!liquid_read_expression(&parser->lexer, expression, error) ||
	    !liquid_lexer_end(&parser->lexer, error))
		return false;
	add_step(parser, (struct liquid_step){.kind = STEP_OUTPUT, .expression = expression});
	return true;
}

/* The tag or output whose "{{" or "{%" stands at `open`, after the text before it. */
static bool read_marked(struct parser *parser, size_t open, struct error *error)
{
	bool is_output = parser->text.data[open + 1] == '{';
	size_t close =
		str_find(str_skip(parser->text, open + 2), is_output ? STR("}}") : STR("%}"));
	struct str inside;

	if (close == STR_NOT_FOUND)
		return error_set(error, ERROR_INVALID, "%s without an end at %zu",
				 is_output ? "an output" : "a tag", open);
	close += open + 2;
	inside = str_slice(parser->text, open + 2, close);
	add_text(parser, str_slice(parser->text, parser->at, open),
		 str_has_prefix(inside, STR("-")));
	if (str_has_prefix(inside, STR("-")))
		inside = str_skip(inside, 1);
	parser->trims = str_has_suffix(inside, STR("-"));
	inside.size -= parser->trims;
	parser->at = close + 2;
	parser->tag = open;
	liquid_lexer_begin(&parser->lexer, parser->arena, inside,
			   (size_t)(inside.data - parser->text.data));
	if (!liquid_lexer_next(&parser->lexer, error))
		return false;
	return is_output ? read_output(parser, error) : read_tag(parser, error);
}

static size_t find_mark(struct str text, size_t from)
{
	for (size_t i = from; i + 1 < text.size; i++) {
		if (text.data[i] == '{' && (text.data[i + 1] == '{' || text.data[i + 1] == '%'))
			return i;
	}
	return NOWHERE;
}

static bool read_all(struct parser *parser, struct error *error)
{
	size_t open;

	while ((open = find_mark(parser->text, parser->at)) != NOWHERE) {
		if (!read_marked(parser, open, error))
			return false;
	}
	add_text(parser, str_skip(parser->text, parser->at), false);
	if (parser->depth > 0)
		return error_set(error, ERROR_INVALID, "no end for what begins at %zu",
				 parser->blocks[parser->depth - 1].begin);
	return true;
}

const struct liquid *liquid_parse(struct arena *arena, struct str text, struct error *error)
{
	struct parser parser = {.arena = arena, .text = text};
	struct liquid *liquid = NULL;

	if (text.size > LIQUID_TEMPLATE_BYTES_MAX) {
		error_set(error, ERROR_LIMIT, "the template is larger than %zu bytes",
			  LIQUID_TEMPLATE_BYTES_MAX);
		return NULL;
	}
	if (read_all(&parser, error)) {
		liquid = ARENA_NEW(arena, struct liquid);
		liquid->steps = ARENA_ARRAY(arena, struct liquid_step, parser.steps.count);
		liquid->count = parser.steps.count;
		for (size_t i = 0; i < liquid->count; i++)
			liquid->steps[i] = parser.steps.items[i];
	}
	vec_free(&parser.steps);
	return liquid;
}
