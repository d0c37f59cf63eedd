/* Regular expressions (PCRE2), for what users write: host filters, cases, log expectations. A
 * pattern is bounded in its work: a text that would take too long does not match. Compiled ones are
 * destroyed by their creator. */
#ifndef BASE_PATTERN_H
#define BASE_PATTERN_H

#include <stdbool.h>

#include "base/str.h"

struct error;
struct pattern;

/* NULL and *error ("invalid pattern at 3: ...") when the expression cannot be read. Bytes, not
 * UTF-8. */
struct pattern *pattern_create(struct str expression, struct error *error);
void pattern_destroy(struct pattern *pattern);                         /* NULL is allowed */
bool pattern_is_found(const struct pattern *pattern, struct str text); /* anywhere in text */

#endif
