/* The part of Liquid that values of policies use (spec/gateway.md 9.2): output with filters, if,
 * elsif, else, unless, case, assign, capture, comment, raw, whitespace control. Loops are refused.
 *
 * A template is parsed once, when a configuration is loaded, into a list of steps that only go
 * forward: rendering takes time in proportion to it. What a rendering makes is bounded by
 * LIQUID_BYTES_MAX; past that the rest is missing. Names that are not there are nil, which prints
 * as nothing.
 */
#ifndef GATEWAY_LIQUID_LIQUID_H
#define GATEWAY_LIQUID_LIQUID_H

#include <stdbool.h>
#include <stdint.h>

#include "base/str.h"

struct arena;
struct error;
struct json;
struct liquid;

#define LIQUID_BYTES_MAX                                                                           \
	((size_t)256 * 1024) /* made by one rendering, what filters make included */
#define LIQUID_TEMPLATE_BYTES_MAX ((size_t)64 * 1024)
#define LIQUID_BLOCKS_MAX 32 /* open at the same time */

enum liquid_kind {
	LIQUID_NIL,
	LIQUID_BOOL,
	LIQUID_NUMBER,
	LIQUID_TEXT,
	LIQUID_JSON,   /* an array or an object */
	LIQUID_OBJECT, /* something with names of its own */
};

struct liquid_value;

/* Finds what `name` stands for; *value is nil when nobody asks for it to be set. False: nothing. */
typedef bool liquid_find(const void *data, struct str name, struct arena *arena,
			 struct liquid_value *value);

struct liquid_value {
	enum liquid_kind kind;
	bool boolean;
	double number;
	struct str text; /* of a text; of a number, as it was written (empty: it is computed) */
	const struct json *json;
	liquid_find *find; /* of an object */
	const void *data;
};

/* What a template sees: names, and the time. */
struct liquid_scope {
	liquid_find *find;
	const void *data;
	int64_t now_us; /* UTC */
};

struct liquid_value liquid_text(struct str text);
struct liquid_value liquid_number(double number);
struct liquid_value liquid_json(const struct json *json); /* scalars become scalars; NULL is nil */
/* As it is printed; LIQUID_OBJECT prints as nothing. */
struct str liquid_value_text(const struct liquid_value *value, struct arena *arena);
/* A scope whose names are an object's (NULL: none). */
struct liquid_scope liquid_scope_of(const struct json *object, int64_t now_us);

/* NULL and *error ("unknown tag 'foo' at 12") when it breaks the grammar. Texts are borrowed. */
const struct liquid *liquid_parse(struct arena *arena, struct str text, struct error *error);
struct str liquid_render(const struct liquid *liquid, const struct liquid_scope *scope,
			 struct arena *arena);

#endif
