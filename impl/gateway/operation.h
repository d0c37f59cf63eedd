/* Operations and conditions of policies (spec/gateway.md 9.2), read once and judged for each
 * request.
 *
 * A comparison is the right half, `op` and a plain or liquid value; who has a left side of its own
 * (a header, a claim) uses it directly. An operation has a left value too; a condition is a list of
 * operations, all or any of which must hold. A condition without operations holds when all must.
 * An operand that is not there is compared as "nil" by policies that say so; templates print it as
 * nothing.
 */
#ifndef GATEWAY_OPERATION_H
#define GATEWAY_OPERATION_H

#include <stdbool.h>
#include <stddef.h>

#include "gateway/template_value.h"

struct arena;
struct error;
struct json;
struct liquid_scope;
struct pattern;
struct policy_loader;
struct request;

enum comparison_operator { OPERATOR_EQUAL, OPERATOR_NOT_EQUAL, OPERATOR_MATCHES };

struct comparison {
	enum comparison_operator how;
	struct template_value right;
	struct pattern *pattern; /* of a plain right side; NULL: none, or it cannot be compiled */
};

struct operation {
	struct template_value left;
	struct comparison comparison;
};

enum combination { COMBINE_ALL, COMBINE_ANY };

struct condition {
	struct operation *items;
	size_t count;
	enum combination combination;
};

/* False and *error for an unknown `op`. A pattern that cannot be compiled never matches, and the
 * log says so. value_key names the right side ("right", "value"), type_key its type. */
bool comparison_parse(const struct policy_loader *loader, const struct json *object,
		      struct str value_key, struct str type_key, struct comparison *comparison,
		      struct error *error);
bool comparison_holds(const struct comparison *comparison, struct str left,
		      const struct liquid_scope *scope, struct arena *arena);

/* "and" (also when absent) or "or". */
bool combination_parse(const struct json *object, enum combination *combination,
		       struct error *error);

/* {"operations": [{left, left_type, op, right, right_type}], "combine_op": ...}; absent holds
 * always. */
bool condition_parse(const struct policy_loader *loader, const struct json *object,
		     struct condition *condition, struct error *error);
bool condition_holds(const struct condition *condition, const struct request *request);

#endif
