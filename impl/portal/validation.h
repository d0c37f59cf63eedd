/* Rules of a resource's attributes as a table, and what they find (spec/portal.md 2.4).
 *
 * A validation gathers texts by attribute, in the order they are found. "base" is the attribute of
 * what belongs to none.
 */
#ifndef PORTAL_VALIDATION_H
#define PORTAL_VALIDATION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/str.h"

struct arena;
struct database;
struct record;

struct validation_entry {
	struct str attribute, text;
};

struct validation {
	struct arena *arena;
	struct validation_entry *entries;
	size_t count, capacity;
};

void validation_init(struct validation *validation, struct arena *arena);
void validation_add(struct validation *validation, const char *attribute, struct str text);
bool validation_has(const struct validation *validation, const char *attribute);
bool validation_is_clean(const struct validation *validation);
/* {"name":["can't be blank"],"base":[...]} */
void validation_write_json(const struct validation *validation, struct strbuf *out);
/* The <errors> document. */
void validation_write_xml(const struct validation *validation, struct strbuf *out);

enum rule_kind {
	RULE_PRESENT,
	RULE_LENGTH_MIN, /* characters: number */
	RULE_LENGTH_MAX, /* characters: number */
	RULE_IN,         /* text: blank separated values */
	RULE_PATTERN,    /* text: regular expression of the whole value */
	RULE_NUMBER,     /* whole */
	RULE_AT_LEAST,   /* number */
	RULE_BELOW,      /* number */
	RULE_ABOVE,      /* number */
	RULE_UNIQUE,     /* text: blank separated columns that make the scope */
};

/* A NULL or blank value breaks only RULE_PRESENT, unless the rule says `judges_blank`. */
struct rule {
	const char *attribute;
	enum rule_kind kind;
	int64_t number;
	const char *text;
	const char *message; /* instead of the usual one; NULL = that */
	bool judges_blank;
};

void validation_check(struct validation *validation, struct database *database,
		      const struct record *record, const struct rule *rules, size_t count);
/* "system_name" -> "System name" */
struct str attribute_for_people(struct arena *arena, struct str attribute);
/* Whether the whole text fits the expression. */
bool text_fits(struct arena *arena, struct str text, const char *expression);

#endif
