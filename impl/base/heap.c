#include "base/heap.h"

#include <stdlib.h>

#include "base/bug.h"
#include "base/vec.h"

#define CHILDREN 4 /* fewer cache misses than a binary heap: a node's children share a line */

static bool leaves_before(const struct heap_node *a, const struct heap_node *b)
{
	return a->due != b->due ? a->due < b->due : a->sequence < b->sequence;
}

static void place(struct heap *heap, size_t index, struct heap_node *node)
{
	heap->nodes[index] = node;
	node->position = index + 1;
}

static void move_up(struct heap *heap, size_t index, struct heap_node *node)
{
	while (index > 0) {
		size_t parent = (index - 1) / CHILDREN;

		if (!leaves_before(node, heap->nodes[parent]))
			break;
		place(heap, index, heap->nodes[parent]);
		index = parent;
	}
	place(heap, index, node);
}

static void move_down(struct heap *heap, size_t index, struct heap_node *node)
{
	for (;;) {
		size_t first = index * CHILDREN + 1;
		size_t end = first + CHILDREN < heap->count ? first + CHILDREN : heap->count;
		size_t best = first;

		for (size_t child = first + 1; child < end; child++) {
			if (leaves_before(heap->nodes[child], heap->nodes[best]))
				best = child;
		}
		if (first >= end || !leaves_before(heap->nodes[best], node))
			break;
		place(heap, index, heap->nodes[best]);
		index = best;
	}
	place(heap, index, node);
}

void heap_free(struct heap *heap)
{
	for (size_t i = 0; i < heap->count; i++)
		heap->nodes[i]->position = 0;
	free(heap->nodes);
	heap->nodes = NULL;
	heap->count = heap->capacity = 0;
}

void heap_insert(struct heap *heap, struct heap_node *node, int64_t due)
{
	BUG_IF(node->position != 0);
	if (heap->count == heap->capacity)
		heap->nodes = vec_grow(heap->nodes, &heap->capacity, heap->count + 1,
				       sizeof(struct heap_node *));
	node->due = due;
	node->sequence = heap->next_sequence++;
	move_up(heap, heap->count++, node);
}

void heap_remove(struct heap *heap, struct heap_node *node)
{
	size_t index = node->position - 1;
	struct heap_node *last;

	if (node->position == 0)
		return;
	BUG_IF(index >= heap->count || heap->nodes[index] != node);
	node->position = 0;
	last = heap->nodes[--heap->count];
	if (last == node)
		return;
	if (index > 0 && leaves_before(last, heap->nodes[(index - 1) / CHILDREN]))
		move_up(heap, index, last);
	else
		move_down(heap, index, last);
}

bool heap_contains(const struct heap_node *node)
{
	return node->position != 0;
}

struct heap_node *heap_first(const struct heap *heap)
{
	return heap->count > 0 ? heap->nodes[0] : NULL;
}
