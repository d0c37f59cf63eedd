#include "base/vec.h"

#include <stdint.h>

#include "base/arena.h"
#include "base/bug.h"

#define CAPACITY_FIRST 8

void *vec_grow(void *items, size_t *capacity, size_t needed, size_t item_size)
{
	size_t grown = *capacity < CAPACITY_FIRST ? CAPACITY_FIRST : *capacity + *capacity / 2;

	if (grown < needed)
		grown = needed;
	BUG_IF(grown > SIZE_MAX / 2 / item_size);
	items = memory_resize(items, grown * item_size);
	*capacity = grown;
	return items;
}
