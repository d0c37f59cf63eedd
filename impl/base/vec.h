/* A typed growable array. `VEC(struct thing) things = {0}; vec_push(&things, t);
 * vec_free(&things);` Elements are `things.items[i]` for i < things.count. Pushing may move the
 * items.
 */
#ifndef BASE_VEC_H
#define BASE_VEC_H

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#define VEC(type)                                                                                  \
	struct {                                                                                   \
		type *items;                                                                       \
		size_t count, capacity;                                                            \
	}

void *vec_grow(void *items, size_t *capacity, size_t needed, size_t item_size);

#define vec_reserve(vec, needed)                                                                   \
	((needed) > (vec)->capacity                                                                \
		 ? (void)((vec)->items = vec_grow((vec)->items, &(vec)->capacity, (needed),        \
						  sizeof *(vec)->items))                           \
		 : (void)0)
#define vec_push(vec, item)                                                                        \
	(vec_reserve(vec, (vec)->count + 1), (void)((vec)->items[(vec)->count++] = (item)))
#define vec_free(vec)                                                                              \
	(free((vec)->items), (vec)->items = NULL, (void)((vec)->count = (vec)->capacity = 0))
/* Keeps the order of the others. */
#define vec_remove(vec, index)                                                                     \
	((void)memmove(&(vec)->items[index], &(vec)->items[(index) + 1],                           \
		       ((vec)->count - (index)-1) * sizeof *(vec)->items),                         \
	 (void)(vec)->count--)

#endif
