/* The pattern of a mapping rule (spec/gateway.md 3.5), compiled once and matched against paths in
 * normal form. Anchored at the start; `{name}` takes one or more characters of a path segment, `$`
 * at the end stands for the end of the path, what follows the first '?' does not count. A pattern
 * with other characters of regular expressions is matched by one (12.2 A2).
 */
#ifndef GATEWAY_PATH_PATTERN_H
#define GATEWAY_PATH_PATTERN_H

#include <stdbool.h>
#include <stddef.h>

#include "base/str.h"

struct arena;
struct error;
struct pattern;

struct path_pattern {
	struct str *literals; /* what stands before, between and after the placeholders */
	size_t literals_count;
	bool ends_path;
	struct pattern *expression; /* instead of literals; NULL when they do */
};

/* The literals live in `arena`; path_pattern_release() frees the expression. On failure the pattern
 * is one that never matches. */
bool path_pattern_compile(struct arena *arena, struct str text, struct path_pattern *pattern,
			  struct error *error);
void path_pattern_release(struct path_pattern *pattern);
bool path_pattern_is_match(const struct path_pattern *pattern, struct str path);
/* What every path begins with that matches; empty for an expression. */
struct str path_pattern_prefix(const struct path_pattern *pattern);
/* One of A-Z a-z 0-9 _ - . ~ % ! $ & ' ( ) * + , ; = @ : */
bool path_pattern_is_segment_char(char c);

#endif
