/* Texts of chance, for identifiers and secrets: from the run's seed in the simulator, from the
 * system in the real world (world_chance()). */
#ifndef WORLD_CHANCE_H
#define WORLD_CHANCE_H

#include <stddef.h>

#include "base/str.h"

struct arena;
struct world;

/* So many hexadecimal digits in small letters, of the arena: 4 bits of chance each. */
struct str chance_hex(struct world *world, struct arena *arena, size_t digits);

#endif
