#include "sim/engine/prng.h"

static uint64_t splitmix64(uint64_t *state)
{
	uint64_t mixed = *state += UINT64_C(0x9e3779b97f4a7c15);

	mixed = (mixed ^ mixed >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	mixed = (mixed ^ mixed >> 27) * UINT64_C(0x94d049bb133111eb);
	return mixed ^ mixed >> 31;
}

void prng_seed(struct prng *prng, uint64_t seed)
{
	for (size_t i = 0; i < 4; i++)
		prng->state[i] = splitmix64(&seed);
}

uint64_t prng_split(uint64_t seed, struct str name)
{
	/* FNV-1a, here and not base/map's hash: traces must not change when that one does. */
	uint64_t hash = UINT64_C(0xcbf29ce484222325);

	for (size_t i = 0; i < name.size; i++)
		hash = (hash ^ (unsigned char)name.data[i]) * UINT64_C(0x100000001b3);
	seed ^= hash;
	return splitmix64(&seed);
}

static uint64_t rotate_left(uint64_t value, int bits)
{
	return value << bits | value >> (64 - bits);
}

uint64_t prng_next(struct prng *prng)
{
	uint64_t *s = prng->state;
	uint64_t result = rotate_left(s[1] * 5, 7) * 9, shifted = s[1] << 17;

	s[2] ^= s[0];
	s[3] ^= s[1];
	s[1] ^= s[2];
	s[0] ^= s[3];
	s[2] ^= shifted;
	s[3] = rotate_left(s[3], 45);
	return result;
}

uint64_t prng_below(struct prng *prng, uint64_t bound)
{
	if (bound == 0)
		return 0;

	uint64_t uneven = -bound % bound, drawn; /* so many low values would come once too often */

	do {
		drawn = prng_next(prng);
	} while (drawn < uneven);
	return drawn % bound;
}
