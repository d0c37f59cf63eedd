/* Regular expressions (PCRE2), for what users write: host filters, policies, cases, log
 * expectations. A pattern is bounded in its work: a text that would take too long does not match.
 * Those of pattern_create() are destroyed by their creator, those of pattern_create_in() with their
 * arena.
 */
#ifndef BASE_PATTERN_H
#define BASE_PATTERN_H

#include <stdbool.h>
#include <stddef.h>

#include "base/str.h"

struct arena;
struct error;
struct pattern;

enum pattern_option {
	PATTERN_ANCHORED = 1,
	PATTERN_NOCASE = 2,
	PATTERN_MULTILINE = 4,
	PATTERN_DOTALL = 8,
	PATTERN_EXTENDED = 16,
	PATTERN_UTF = 32, /* a text that is not UTF-8 does not match */
};

/* NULL and *error ("invalid pattern at 3: ...") when the expression cannot be read. Bytes, not
 * UTF-8. */
struct pattern *pattern_create(struct str expression, struct error *error);
void pattern_destroy(struct pattern *pattern);                         /* NULL is allowed */
bool pattern_is_found(const struct pattern *pattern, struct str text); /* anywhere in text */

/* The same with options, or-ed, for as long as the arena. */
struct pattern *pattern_create_in(struct arena *arena, struct str expression, unsigned options,
				  struct error *error);
/* Searches from the byte `from` on. The count of groups, at most groups_max (at least 1); 0: not
 * found. groups[0] is what matched; a group that took no part has no data (NULL). Slices of text.
 */
size_t pattern_find(const struct pattern *pattern, struct str text, size_t from, struct str *groups,
		    size_t groups_max);

#endif
