/* A 4-ary heap of intrusive nodes ordered by (due, sequence): the timer queue of the real world and
 * the event queue of the simulator. Equal times leave in the order they were inserted.
 * The heap borrows its nodes; a node is in at most one heap.
 */
#ifndef BASE_HEAP_H
#define BASE_HEAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct heap_node {
	int64_t due;       /* microseconds on the owner's clock */
	uint64_t sequence; /* set by heap_insert */
	size_t position;   /* 1-based; 0 = not in a heap */
};

struct heap {
	struct heap_node **nodes;
	size_t count, capacity;
	uint64_t next_sequence;
};

void heap_free(struct heap *heap); /* the nodes stay the caller's */
void heap_insert(struct heap *heap, struct heap_node *node, int64_t due);
void heap_remove(struct heap *heap, struct heap_node *node); /* a node outside is left alone */
bool heap_contains(const struct heap_node *node);
struct heap_node *heap_first(const struct heap *heap); /* NULL when empty */

#endif
