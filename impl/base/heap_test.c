#include "base/heap.h"

#include <check.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

enum { COUNT = 500 };

static struct heap heap;
static struct heap_node nodes[COUNT];

static void set_up(void)
{
	memset(&heap, 0, sizeof heap);
	memset(nodes, 0, sizeof nodes);
}

static void tear_down(void)
{
	heap_free(&heap);
}

static uint64_t next(uint64_t *state)
{
	*state = *state * UINT64_C(6364136223846793005) + 1442695040888963407;
	return *state >> 33;
}

START_TEST(nodes_leave_by_due_time)
{
	static const int64_t due[] = {5, -3, 9, 0, 7, INT64_MIN, INT64_MAX, 1};
	int64_t last = INT64_MIN;

	for (size_t i = 0; i < 8; i++)
		heap_insert(&heap, &nodes[i], due[i]);
	for (size_t i = 0; i < 8; i++) {
		struct heap_node *first = heap_first(&heap);

		ck_assert_int_ge(first->due, last);
		last = first->due;
		heap_remove(&heap, first);
	}
	ck_assert_ptr_null(heap_first(&heap));
}
END_TEST

START_TEST(equal_times_leave_in_the_order_of_insertion)
{
	for (int i = 0; i < COUNT; i++)
		heap_insert(&heap, &nodes[i], i % 2);
	for (int i = 0; i < COUNT; i++) {
		int expected = i < COUNT / 2 ? 2 * i : 2 * (i - COUNT / 2) + 1;

		ck_assert_ptr_eq(heap_first(&heap), &nodes[expected]);
		heap_remove(&heap, heap_first(&heap));
	}
}
END_TEST

START_TEST(random_inserts_and_removals_keep_the_order)
{
	uint64_t state = (uint64_t)_i;

	for (int round = 0; round < 20000; round++) {
		struct heap_node *node = &nodes[next(&state) % COUNT];

		if (heap_contains(node))
			heap_remove(&heap, node);
		else
			heap_insert(&heap, node, (int64_t)(next(&state) % 50));
		if (round % 500 == 0) {
			const struct heap_node *first = heap_first(&heap);
			size_t inside = 0;

			for (int i = 0; i < COUNT; i++) {
				if (!heap_contains(&nodes[i]))
					continue;
				inside++;
				ck_assert(first->due < nodes[i].due ||
					  (first->due == nodes[i].due &&
					   first->sequence <= nodes[i].sequence));
			}
			ck_assert_uint_eq(inside, heap.count);
		}
	}
	for (int64_t last = -1; heap_first(&heap) != NULL;) {
		ck_assert_int_ge(heap_first(&heap)->due, last);
		last = heap_first(&heap)->due;
		heap_remove(&heap, heap_first(&heap));
	}
}
END_TEST

START_TEST(removing_a_node_that_is_outside_does_nothing)
{
	heap_insert(&heap, &nodes[0], 1);
	heap_remove(&heap, &nodes[1]);
	ck_assert(heap_contains(&nodes[0]) && !heap_contains(&nodes[1]));
}
END_TEST

START_TEST(freeing_lets_the_nodes_go)
{
	heap_insert(&heap, &nodes[0], 1);
	heap_free(&heap);
	ck_assert(!heap_contains(&nodes[0]));
	ck_assert_ptr_null(heap_first(&heap));
	heap_insert(&heap, &nodes[0], 2);
	ck_assert_ptr_eq(heap_first(&heap), &nodes[0]);
}
END_TEST

START_TEST(inserting_a_node_twice_is_a_bug)
{
	heap_insert(&heap, &nodes[0], 1);
	heap_insert(&heap, &nodes[0], 2);
}
END_TEST

START_TEST(removing_a_node_of_another_heap_is_a_bug)
{
	struct heap other = {0};

	heap_insert(&other, &nodes[0], 1);
	heap_insert(&heap, &nodes[1], 1);
	heap_remove(&heap, &nodes[0]);
}
END_TEST

Suite *base_heap_suite(void);
Suite *base_heap_suite(void)
{
	Suite *suite = suite_create("base_heap");
	TCase *tests = tcase_create("heap");
	const char *fork = getenv("CK_FORK");

	tcase_add_checked_fixture(tests, set_up, tear_down);
	tcase_add_test(tests, nodes_leave_by_due_time);
	tcase_add_test(tests, equal_times_leave_in_the_order_of_insertion);
	tcase_add_loop_test(tests, random_inserts_and_removals_keep_the_order, 0, 5);
	tcase_add_test(tests, removing_a_node_that_is_outside_does_nothing);
	tcase_add_test(tests, freeing_lets_the_nodes_go);
	if (fork == NULL || strcmp(fork, "no") != 0) {
		tcase_add_test_raise_signal(tests, inserting_a_node_twice_is_a_bug, SIGABRT);
		tcase_add_test_raise_signal(tests, removing_a_node_of_another_heap_is_a_bug,
					    SIGABRT);
	}
	suite_add_tcase(suite, tests);
	return suite;
}
