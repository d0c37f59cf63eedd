/* What the files of Liquid share: the parsed form of a template, values, filters. */
#ifndef GATEWAY_LIQUID_LIQUID_INTERNAL_H
#define GATEWAY_LIQUID_LIQUID_INTERNAL_H

#include <stddef.h>

#include "gateway/liquid/liquid.h"

/* Expressions. */

enum liquid_key_kind { KEY_NAME, KEY_INDEX, KEY_VARIABLE };

/* One step of a path: `.name`, `['name']`, `[3]` or `[variable]`. */
struct liquid_key {
	enum liquid_key_kind kind;
	struct str name;
	int64_t index;
};

enum liquid_word { WORD_NONE, WORD_EMPTY, WORD_BLANK };

struct liquid_operand {
	struct liquid_value literal; /* when there are no keys */
	enum liquid_word word;       /* `empty` and `blank`, which only comparisons know */
	struct liquid_key *keys;     /* the first is a name of the scope */
	size_t keys_count;
};

struct liquid_filter_call {
	const struct liquid_filter *filter;
	struct liquid_operand *arguments;
	size_t count;
};

struct liquid_expression {
	struct liquid_operand operand;
	struct liquid_filter_call *filters;
	size_t filters_count;
};

enum liquid_comparator {
	COMPARE_NOTHING, /* is the left one true? */
	COMPARE_EQUAL,
	COMPARE_NOT_EQUAL,
	COMPARE_LESS,
	COMPARE_AT_MOST,
	COMPARE_MORE,
	COMPARE_AT_LEAST,
	COMPARE_CONTAINS,
};

struct liquid_comparison {
	struct liquid_operand left, right;
	enum liquid_comparator comparator;
	bool or_next; /* what joins it with the next one: `or`, not `and` */
};

/* Without parentheses, read from the right: `a and b or c` is `a and (b or c)`. */
struct liquid_condition {
	struct liquid_comparison *items;
	size_t count;
};

/* The steps of a template. Jumps only go forward. */

enum liquid_step_kind {
	STEP_TEXT,
	STEP_OUTPUT,
	STEP_ASSIGN,
	STEP_CAPTURE,
	STEP_END_CAPTURE,
	STEP_JUMP,
	STEP_JUMP_UNLESS, /* the condition holds; `is_negated`: when it holds */
};

struct liquid_step {
	enum liquid_step_kind kind;
	bool is_negated;
	struct str text; /* the name of an assignment, too */
	const struct liquid_expression *expression;
	const struct liquid_condition *condition;
	size_t target;
};

struct liquid {
	struct liquid_step *steps;
	size_t count;
};

/* The inside of one tag or output. `begin`: where it stands in the template, for errors. */
struct liquid_lexer {
	struct arena *arena;
	struct str text;
	size_t at, begin;
	struct str token; /* empty at the end */
	bool is_quoted;
};

void liquid_lexer_begin(struct liquid_lexer *lexer, struct arena *arena, struct str text,
			size_t begin);
bool liquid_lexer_next(struct liquid_lexer *lexer, struct error *error);
bool liquid_lexer_is(const struct liquid_lexer *lexer, struct str word); /* not a quoted one */
bool liquid_lexer_end(const struct liquid_lexer *lexer, struct error *error);
bool liquid_lexer_name(struct liquid_lexer *lexer, struct str *name, struct error *error);
/* Each reads from the present token on and leaves the one after. */
bool liquid_read_operand(struct liquid_lexer *lexer, struct liquid_operand *operand,
			 struct error *error);
bool liquid_read_expression(struct liquid_lexer *lexer, struct liquid_expression *expression,
			    struct error *error);
bool liquid_read_condition(struct liquid_lexer *lexer, struct liquid_condition *condition,
			   struct error *error);

/* Values. */

bool liquid_is_true(const struct liquid_value *value); /* all but nil and false */
bool liquid_is_equal(const struct liquid_value *a, const struct liquid_value *b);
bool liquid_is_empty(const struct liquid_value *value, bool is_blank_enough);
/* < 0, 0, > 0 in *order; false when they cannot be ordered. */
bool liquid_order(const struct liquid_value *a, const struct liquid_value *b, int *order);
bool liquid_contains(const struct liquid_value *whole, const struct liquid_value *part,
		     struct arena *arena);
/* The member or item; nil when there is none. */
struct liquid_value liquid_member(const struct liquid_value *value, struct str name,
				  struct arena *arena);
struct liquid_value liquid_item(const struct liquid_value *value, int64_t index);
/* Numbers, and texts that begin with one; 0 for everything else. */
double liquid_to_number(const struct liquid_value *value, struct arena *arena);
bool liquid_is_whole(const struct liquid_value *value); /* written without a fraction */

/* Filters. */

#define LIQUID_ARGUMENTS_MAX 4
#define LIQUID_ITEMS_MAX 1024 /* of an array that a filter makes */

struct liquid_call {
	struct arena *arena;
	int64_t now_us;
	size_t *bytes_left; /* of LIQUID_BYTES_MAX */
	struct liquid_value arguments[LIQUID_ARGUMENTS_MAX];
	size_t count;
};

typedef struct liquid_value liquid_filter_run(struct liquid_call *call, struct liquid_value input);

struct liquid_filter {
	struct str name;
	size_t arguments_min, arguments_max;
	liquid_filter_run *run;
};

const struct liquid_filter *liquid_filter_find(struct str name);
struct str liquid_argument_text(struct liquid_call *call, size_t index, struct str fallback);
int64_t liquid_argument_int(struct liquid_call *call, size_t index, int64_t fallback);
struct str liquid_input_text(struct liquid_call *call, struct liquid_value input);
/* A buffer for what a filter makes, and the end of it: charged, copied, freed. */
void liquid_make(struct liquid_call *call, struct strbuf *out);
struct liquid_value liquid_made(struct liquid_call *call, struct strbuf *out);

/* The filters' tables, ended by a row without a name. */
extern const struct liquid_filter liquid_text_filters[];
extern const struct liquid_filter liquid_number_filters[];
extern const struct liquid_filter liquid_list_filters[];
extern const struct liquid_filter liquid_openresty_filters[];

#endif
