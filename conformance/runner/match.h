/* Comparing what was seen with what a case expects. An expected value is a text or number (compared
 * as text), {matches: PATTERN} (PCRE, anywhere), {absent: true} or {any: true}.
 */
#ifndef RUNNER_MATCH_H
#define RUNNER_MATCH_H

#include <stdbool.h>

#include "base/str.h"

struct json;

/* {item_count: N}, for a list in JSON. */
bool match_is_item_count(const struct json *expected);
/* One of the three objects, as opposed to an object that is compared member by member. */
bool match_is_matcher(const struct json *expected);
/* is_present: there is something to compare at all. */
bool match_value(const struct json *expected, bool is_present, struct str actual);
/* A subset: every expected member must be there and match; lists are compared item by item and in
 * full. In place of a list: {has_item: JSON} and {has_no_item: JSON}, which one of the items, or
 * none, matches, and {item_count: N}. actual may be NULL: absent. */
bool match_json(const struct json *expected, const struct json *actual);
/* The same, but objects have no other members. */
bool match_json_exactly(const struct json *expected, const struct json *actual);
/* `*` stands for any text, `?` for one character. */
bool match_glob(struct str pattern, struct str text);

#endif
