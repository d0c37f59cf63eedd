/* What the readers of JSON and YAML share: the tree's rules are checked in one place.
 *
 * json_find_duplicate() looks through the children of one object and returns one whose key
 * stood there before, or NULL. json_set_number() fills a number node from JSON number text of at
 * most JSON_NUMBER_BYTES bytes and returns false when it is past the range of a double.
 */
#ifndef BASE_JSON_INTERNAL_H
#define BASE_JSON_INTERNAL_H

#include "base/json.h"

#define JSON_NUMBER_BYTES 63 /* cJSON reads no longer number */

const struct json *json_find_duplicate(const struct json *object);
bool json_set_number(struct json *number, struct str text);
/* Puts the child last without looking for its key. */
void json_link(struct json *parent, struct json *child);
size_t json_nodes_max(size_t bytes_max);

#endif
