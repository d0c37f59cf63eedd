/* YAML (libyaml events) read into the JSON tree of base/json.h, core schema: null, true/false,
 * integers, floats; everything quoted is a string. Numbers get the text that JSON would have ("+1"
 * is 1, "0x1F" is 31, "007" is 7). Refused: tags, merge keys, duplicate keys, keys that are no
 * scalars, .inf and .nan, no document or more than one, aliases past the bounds of limits.h,
 * nesting over 128, more than `bytes_max`. Nodes carry their line; errors begin with "line 3: ". */
#ifndef BASE_YAML_H
#define BASE_YAML_H

#include "base/json.h"

struct json *yaml_parse(struct arena *arena, struct str text, size_t bytes_max,
			struct error *error);

#endif
