/* Whether a value is what a JSON schema says: the part of draft 7 that policy manifests use (type,
 * enum, const, properties, required, additionalProperties, items, minItems, maxItems, minimum,
 * maximum, minLength, maxLength, pattern, allOf, anyOf, oneOf, not, dependencies, and $ref to
 * "#/definitions/..."). Other words say nothing. Values and schemas are at most LIMIT_JSON_DEPTH
 * deep, and so is the way through references.
 */
#ifndef BASE_JSON_SCHEMA_H
#define BASE_JSON_SCHEMA_H

#include <stdbool.h>

struct error;
struct json;

/* False and *error ("ips: 0: expected string, got number") when it is not. A NULL schema accepts
 * all. */
bool json_schema_accepts(const struct json *schema, const struct json *value, struct error *error);

#endif
