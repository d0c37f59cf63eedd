/* Times of reported transactions (spec/backend.md 5.4). */
#ifndef BACKEND_TIMESTAMPS_H
#define BACKEND_TIMESTAMPS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/str.h"

/* False: the text is no time, and the time of processing counts. Digits alone are a compact date,
 * or, with integers_are_seconds, Unix seconds in any notation of Ruby's integers. */
bool timestamp_parse(struct str text, bool integers_are_seconds, int64_t *instant_us);

#endif
