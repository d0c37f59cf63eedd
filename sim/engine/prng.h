/* Chance: xoshiro256**, seeded through splitmix64. Every process and every link draws from a stream
 * of its own, made from the run's seed and its name, so that a draw more in one never shifts
 * another. */
#ifndef SIM_ENGINE_PRNG_H
#define SIM_ENGINE_PRNG_H

#include <stdint.h>

#include "base/str.h"

struct prng {
	uint64_t state[4];
};

void prng_seed(struct prng *prng, uint64_t seed);
/* The seed of the stream called `name` in a run with that seed. */
uint64_t prng_split(uint64_t seed, struct str name);
uint64_t prng_next(struct prng *prng);
uint64_t prng_below(struct prng *prng, uint64_t bound); /* 0..bound-1, evenly; 0 for bound 0 */

#endif
