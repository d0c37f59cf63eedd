#include "base/arena.h"

#include <check.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

static struct arena *arena;

static void set_up(void)
{
	arena = arena_create();
}

static void tear_down(void)
{
	arena_destroy(arena);
}

static bool is_zeroed(const unsigned char *memory, size_t size)
{
	for (size_t i = 0; i < size; i++) {
		if (memory[i] != 0)
			return false;
	}
	return true;
}

START_TEST(memory_is_zeroed_and_aligned_for_any_type)
{
	for (size_t size = 0; size < 3000; size++) {
		unsigned char *memory = arena_alloc(arena, size);

		ck_assert_ptr_nonnull(memory);
		ck_assert_uint_eq((uintptr_t)memory % _Alignof(max_align_t), 0);
		ck_assert(is_zeroed(memory, size));
		memset(memory, 0xff, size);
	}
}
END_TEST

START_TEST(pieces_do_not_overlap)
{
	enum { COUNT = 2000 };
	unsigned char *pieces[COUNT];

	for (int i = 0; i < COUNT; i++) {
		pieces[i] = arena_alloc(arena, (size_t)(i * 37 % 5000) + 1);
		memset(pieces[i], i % 251, (size_t)(i * 37 % 5000) + 1);
	}
	for (int i = 0; i < COUNT; i++) {
		bool intact = true;

		for (int k = 0; k < i * 37 % 5000 + 1; k++)
			intact = intact && pieces[i][k] == i % 251;
		ck_assert(intact);
	}
}
END_TEST

START_TEST(a_piece_bigger_than_any_block_is_served)
{
	unsigned char *before = arena_alloc(arena, 8);
	unsigned char *big = arena_alloc(arena, 5 * 1024 * 1024);
	unsigned char *after = arena_alloc(arena, 8);

	ck_assert(is_zeroed(big, 5 * 1024 * 1024));
	memset(big, 1, 5 * 1024 * 1024);
	ck_assert(is_zeroed(before, 8) && is_zeroed(after, 8));
}
END_TEST

START_TEST(reset_empties_and_memory_is_zeroed_again)
{
	for (int round = 0; round < 3; round++) {
		for (int i = 0; i < round * 300 + 1; i++) {
			unsigned char *memory = arena_alloc(arena, 100);

			ck_assert(is_zeroed(memory, 100));
			memset(memory, 0xaa, 100);
		}
		ck_assert_uint_ge(arena_bytes(arena), (size_t)(round * 300 + 1) * 100);
		arena_reset(arena);
		ck_assert_uint_eq(arena_bytes(arena), 0);
	}
}
END_TEST

START_TEST(bytes_counts_what_was_handed_out)
{
	ck_assert_uint_eq(arena_bytes(arena), 0);
	arena_alloc(arena, 160);
	ck_assert_uint_eq(arena_bytes(arena), 160);
	arena_alloc(arena, 1600000);
	ck_assert_uint_eq(arena_bytes(arena), 1600160);
}
END_TEST

START_TEST(typed_allocation_has_the_size_of_the_type)
{
	int64_t *one = ARENA_NEW(arena, int64_t);
	int64_t *many = ARENA_ARRAY(arena, int64_t, 100);

	*one = -1;
	for (int i = 0; i < 100; i++)
		ck_assert_int_eq(many[i], 0);
	ck_assert_uint_eq(arena_bytes(arena), 16 + 800);
}
END_TEST

START_TEST(destroying_nothing_is_allowed)
{
	arena_destroy(NULL);
}
END_TEST

static void note_with(char *notes, char c)
{
	size_t end = strlen(notes);

	notes[end] = c;
	notes[end + 1] = '\0';
}

static void note(void *data)
{
	note_with(data, 'x');
}

static void note_second(void *data)
{
	note_with(data, 'y');
}

START_TEST(companions_go_with_the_arena_the_latest_first)
{
	char notes[8] = "";

	arena_on_destroy(arena, note, notes);
	arena_on_destroy(arena, note_second, notes);
	arena_reset(arena);
	ck_assert_str_eq(notes, "yx");
	arena_reset(arena);
	ck_assert_str_eq(notes, "yx");
	arena_on_destroy(arena, note, notes);
	arena_destroy(arena);
	arena = NULL;
	ck_assert_str_eq(notes, "yxx");
}
END_TEST

START_TEST(memory_with_a_life_of_its_own_is_zeroed_and_can_grow)
{
	unsigned char *memory = memory_alloc(10);

	ck_assert(is_zeroed(memory, 10));
	memory[9] = 7;
	memory = memory_resize(memory, 10000);
	ck_assert_int_eq(memory[9], 7);
	free(memory);
	free(memory_alloc(0));
}
END_TEST

START_TEST(asking_for_more_than_there_is_ends_the_process)
{
	volatile size_t size = SIZE_MAX / 2;

	arena_alloc(arena, size + 100);
}
END_TEST

START_TEST(an_array_whose_size_overflows_ends_the_process)
{
	volatile size_t count = SIZE_MAX / 8 + 2;

	ARENA_ARRAY(arena, int64_t, count);
}
END_TEST

START_TEST(a_size_that_cannot_be_rounded_is_a_bug)
{
	volatile size_t size = SIZE_MAX;

	arena_alloc(arena, size);
}
END_TEST

Suite *base_arena_suite(void);
Suite *base_arena_suite(void)
{
	Suite *suite = suite_create("base_arena");
	TCase *tests = tcase_create("arena");
	const char *fork = getenv("CK_FORK");

	tcase_add_checked_fixture(tests, set_up, tear_down);
	tcase_add_test(tests, memory_is_zeroed_and_aligned_for_any_type);
	tcase_add_test(tests, pieces_do_not_overlap);
	tcase_add_test(tests, a_piece_bigger_than_any_block_is_served);
	tcase_add_test(tests, reset_empties_and_memory_is_zeroed_again);
	tcase_add_test(tests, bytes_counts_what_was_handed_out);
	tcase_add_test(tests, typed_allocation_has_the_size_of_the_type);
	tcase_add_test(tests, destroying_nothing_is_allowed);
	tcase_add_test(tests, companions_go_with_the_arena_the_latest_first);
	tcase_add_test(tests, memory_with_a_life_of_its_own_is_zeroed_and_can_grow);
	if (fork == NULL || strcmp(fork, "no") != 0) {
		tcase_add_test_raise_signal(tests, asking_for_more_than_there_is_ends_the_process,
					    SIGABRT);
		tcase_add_test_raise_signal(tests, an_array_whose_size_overflows_ends_the_process,
					    SIGABRT);
		tcase_add_test_raise_signal(tests, a_size_that_cannot_be_rounded_is_a_bug, SIGABRT);
	}
	suite_add_tcase(suite, tests);
	return suite;
}
