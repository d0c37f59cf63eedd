/* What a request costs: metric -> delta, kept sorted by metric (spec/gateway.md 0.2, 12.2 A3).
 * Deltas of one metric add up and saturate. Metric texts are borrowed; the items live in the arena.
 */
#ifndef GATEWAY_USAGE_H
#define GATEWAY_USAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/str.h"

struct arena;

struct usage_item {
	struct str metric;
	int64_t delta;
};

struct usage {
	struct usage_item *items;
	size_t count, capacity;
	struct arena *arena;
};

void gateway_usage_init(struct usage *usage, struct arena *arena);
void gateway_usage_add(struct usage *usage, struct str metric, int64_t delta);
/* Decimal. */
struct str gateway_usage_delta_text(struct arena *arena, int64_t delta);
/* "usage%5Bhits%5D=2&usage%5Bother%5D=1", made in the arena. */
struct str gateway_usage_encode(const struct usage *usage);

#endif
