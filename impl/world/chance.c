#include "world/chance.h"

#include <inttypes.h>
#include <stdio.h>

#include "base/arena.h"
#include "world/clock.h"

#define DIGITS_OF_A_DRAW 16

/* One draw after the other: arguments of one call would be drawn in an order of the compiler's. */
struct str chance_hex(struct world *world, struct arena *arena, size_t digits)
{
	char *text = arena_alloc(arena, digits + DIGITS_OF_A_DRAW + 1);

	for (size_t i = 0; i < digits; i += DIGITS_OF_A_DRAW)
		snprintf(text + i, DIGITS_OF_A_DRAW + 1, "%016" PRIx64, world_chance(world));
	return str_of(text, digits);
}
