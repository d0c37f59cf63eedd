/* The pattern of a mapping rule: "/cities/{city}/now?units={units}" (spec/portal.md 3.5, 4.1). */
#ifndef PORTAL_MAPPING_PATTERN_H
#define PORTAL_MAPPING_PATTERN_H

#include "base/str.h"

struct arena;

/* What is wrong with the pattern, as a person is told; empty when nothing is. */
struct str mapping_pattern_fault(struct arena *arena, struct str pattern);
/* JSON: ["city"], the wildcards of the path in their order. */
struct str mapping_pattern_parameters(struct arena *arena, struct str pattern);
/* JSON: {"units":"{units}"}, the query of the pattern. */
struct str mapping_pattern_query(struct arena *arena, struct str pattern);

#endif
