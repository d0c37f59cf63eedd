#include "base/secret.h"

bool secret_equal(struct str a, struct str b)
{
	volatile unsigned char difference = 0;

	if (a.size != b.size)
		return false;
	for (size_t i = 0; i < a.size; i++)
		difference = (unsigned char)(difference | (a.data[i] ^ b.data[i]));
	return difference == 0;
}

void secret_wipe(void *memory, size_t size)
{
	volatile unsigned char *bytes = memory;

	while (size-- > 0)
		*bytes++ = 0;
}
