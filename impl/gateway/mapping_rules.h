/* Mapping rules: which metrics a request costs (spec/gateway.md 3.5). Compiled when the
 * configuration is loaded, immutable afterwards. The request's arguments are asked for only when a
 * rule has query conditions.
 *
 * Rules are found by the literal text that their pattern begins with, so that a request is held
 * against those alone that can match its path, however many there are.
 */
#ifndef GATEWAY_MAPPING_RULES_H
#define GATEWAY_MAPPING_RULES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/str.h"
#include "gateway/path_pattern.h"
#include "gateway/usage.h"

struct arena;
struct error;
struct http_query;
struct json;

struct mapping_condition {
	struct str name, value;
	bool any_value; /* the value is a placeholder: the argument must be there */
};

struct mapping_rule {
	struct str method; /* "ANY" matches all */
	bool any_method;
	struct str text; /* the pattern as configured: for the debug header */
	struct path_pattern pattern;
	struct mapping_condition *conditions;
	size_t conditions_count;
	struct str metric;
	int64_t delta;
	bool last;
};

#define MAPPING_PREFIX_NONE SIZE_MAX

/* The rules whose patterns begin with the same literal text. */
struct mapping_prefix {
	struct str text;
	size_t shorter; /* place of the longest other one that this begins with, or _NONE */
	size_t *rules;  /* places in items, ascending */
	size_t count;
};

struct mapping_rules {
	struct mapping_rule *items;
	size_t count;
	bool has_conditions;
	struct mapping_prefix *prefixes; /* in byte order */
	size_t prefixes_count;
};

/* What a rule is held against. */
struct mapping_subject {
	struct str method;
	struct str path;               /* normal form */
	const struct http_query *args; /* of the query; NULL: none, as in path routing (3.3) */
	const struct http_query *body; /* form fields, or NULL; these win over the query's */
};

/* Which rules matched, in rule order. */
struct mapping_matches {
	const struct mapping_rule **items;
	size_t count;
};

/* `rules` is the array proxy_rules[] (NULL: none). False and *error when one has no metric. A rule
 * whose pattern cannot be compiled never matches; *warning then tells why (empty text otherwise).
 */
bool mapping_rules_parse(struct arena *arena, const struct json *rules,
			 struct mapping_rules *parsed, struct error *warning, struct error *error);
void mapping_rules_release(struct mapping_rules *rules);

bool mapping_rule_is_match(const struct mapping_rule *rule, const struct mapping_subject *subject);
/* True when any rule matches (path routing). */
bool mapping_rules_any(const struct mapping_rules *rules, const struct mapping_subject *subject);
/* Adds what the request costs to *usage and lists the rules; the list lives in usage's arena. */
void mapping_rules_match(const struct mapping_rules *rules, const struct mapping_subject *subject,
			 struct usage *usage, struct mapping_matches *matches);

#endif
