/* A hash map from text to a pointer that is walked in the order of insertion, so that nothing ever
 * depends on hash order. Keys are copied; values are the caller's. Removing keeps the order.
 */
#ifndef BASE_MAP_H
#define BASE_MAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/str.h"

struct map;

struct map *map_create(uint64_t seed); /* seed of the hash: the world's chance, 0 in tests */
void map_destroy(struct map *map);     /* NULL is allowed; values are left alone */
size_t map_count(const struct map *map);
void *map_get(const struct map *map, struct str key); /* NULL when absent */
/* Inserts or replaces (keeping the place); returns the value that was there, or NULL. value must
 * not be NULL. */
void *map_put(struct map *map, struct str key, void *value);
void *map_remove(struct map *map, struct str key); /* the value, or NULL */
void map_clear(struct map *map);

/* `struct map_cursor at = {0}; while (map_next(map, &at)) use(at.key, at.value);` The entry at the
 * cursor may be removed while walking; entries added meanwhile are visited. */
struct map_cursor {
	size_t position, index; /* the map's own */
	struct str key;         /* the map's copy: gone when the entry is removed */
	void *value;
};
bool map_next(const struct map *map, struct map_cursor *cursor);

#endif
