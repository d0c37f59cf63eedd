/* YAML (libyaml events) read into the JSON tree of base/json.h, core schema: null, true/false,
 * integers, floats; everything quoted is a string. Refused: tags, duplicate keys, more than one
 * document, aliases past 100 uses, more than `bytes_max`. Nodes carry their line. */
#ifndef BASE_YAML_H
#define BASE_YAML_H

#include "base/json.h"

struct json *yaml_parse(struct arena *arena, struct str text, size_t bytes_max,
			struct error *error);

#endif
