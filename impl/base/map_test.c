#include "base/map.h"

#include <check.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"

static struct map *map;
static struct arena *arena;
static int values[5000];

static void set_up(void)
{
	map = map_create(0);
	arena = arena_create();
	for (int i = 0; i < 5000; i++)
		values[i] = i;
}

static void tear_down(void)
{
	map_destroy(map);
	arena_destroy(arena);
}

static struct str key_of(int i)
{
	return str_format(arena, "key-%d", i);
}

static int value_at(const struct map_cursor *at)
{
	return *(const int *)at->value;
}

START_TEST(what_was_put_is_got)
{
	ck_assert_ptr_null(map_get(map, STR("a")));
	ck_assert_ptr_null(map_put(map, STR("a"), &values[1]));
	ck_assert_ptr_null(map_put(map, STR(""), &values[2]));
	ck_assert_ptr_null(map_put(map, STR("a\0b"), &values[3]));
	ck_assert_ptr_eq(map_get(map, STR("a")), &values[1]);
	ck_assert_ptr_eq(map_get(map, str_of(NULL, 0)), &values[2]);
	ck_assert_ptr_eq(map_get(map, STR("a\0b")), &values[3]);
	ck_assert_ptr_null(map_get(map, STR("a\0c")));
	ck_assert_uint_eq(map_count(map), 3);
}
END_TEST

START_TEST(replacing_answers_the_old_value_and_keeps_the_place)
{
	struct map_cursor at = {0};

	map_put(map, STR("a"), &values[1]);
	map_put(map, STR("b"), &values[2]);
	ck_assert_ptr_eq(map_put(map, STR("a"), &values[3]), &values[1]);
	ck_assert_uint_eq(map_count(map), 2);
	ck_assert(map_next(map, &at));
	ck_assert(str_equal(at.key, STR("a")));
	ck_assert_int_eq(value_at(&at), 3);
}
END_TEST

START_TEST(keys_are_copied)
{
	char key[] = "abc";

	map_put(map, str_from(key), &values[1]);
	key[0] = 'x';
	ck_assert_ptr_eq(map_get(map, STR("abc")), &values[1]);
	ck_assert_ptr_null(map_get(map, STR("xbc")));
}
END_TEST

START_TEST(many_are_walked_in_the_order_of_insertion)
{
	struct map_cursor at = {0};

	for (int i = 0; i < 5000; i++)
		map_put(map, key_of(i * 7 % 5000), &values[i]);
	for (int i = 0; i < 5000; i++) {
		ck_assert(map_next(map, &at));
		ck_assert_int_eq(value_at(&at), i);
		ck_assert(str_equal(at.key, key_of(i * 7 % 5000)));
		ck_assert_ptr_eq(map_get(map, at.key), &values[i]);
	}
	ck_assert(!map_next(map, &at));
}
END_TEST

START_TEST(removing_keeps_the_order_of_the_others)
{
	struct map_cursor at = {0};

	for (int i = 0; i < 1000; i++)
		map_put(map, key_of(i), &values[i]);
	for (int i = 0; i < 1000; i++) {
		if (i % 3 != 1)
			ck_assert_ptr_eq(map_remove(map, key_of(i)), &values[i]);
	}
	ck_assert_ptr_null(map_remove(map, key_of(0)));
	ck_assert_ptr_null(map_remove(map, STR("never there")));
	map_put(map, key_of(0), &values[0]);
	for (int i = 1; i < 1000; i += 3) {
		ck_assert(map_next(map, &at));
		ck_assert_int_eq(value_at(&at), i);
	}
	ck_assert(map_next(map, &at));
	ck_assert_int_eq(value_at(&at), 0);
	ck_assert(!map_next(map, &at));
	ck_assert_uint_eq(map_count(map), 334);
}
END_TEST

START_TEST(the_entry_at_the_cursor_may_be_removed)
{
	struct map_cursor at = {0};
	int visited = 0;

	for (int i = 0; i < 100; i++)
		map_put(map, key_of(i), &values[i]);
	while (map_next(map, &at)) {
		ck_assert_int_eq(value_at(&at), visited++);
		if (value_at(&at) % 2 == 0)
			map_remove(map, at.key);
	}
	ck_assert_int_eq(visited, 100);
	ck_assert_uint_eq(map_count(map), 50);
}
END_TEST

START_TEST(entries_added_while_walking_are_visited_once_each)
{
	struct map_cursor at = {0};
	int visited = 0;

	/* Each step removes its entry and adds two until there are enough: the entries are packed
	 * and grown many times under the cursor. */
	map_put(map, key_of(0), &values[0]);
	for (int added = 1; map_next(map, &at); visited++) {
		ck_assert_int_eq(value_at(&at), visited);
		map_remove(map, at.key);
		for (int i = 0; i < 2 && added < 3000; i++, added++)
			map_put(map, key_of(added), &values[added]);
	}
	ck_assert_int_eq(visited, 3000);
	ck_assert_uint_eq(map_count(map), 0);
}
END_TEST

START_TEST(a_queue_of_steady_size_stays_small_and_ordered)
{
	for (int i = 0; i < 5000; i++) {
		struct map_cursor at = {0};

		map_put(map, key_of(i), &values[i]);
		if (i < 10)
			continue;
		ck_assert(map_next(map, &at));
		ck_assert_int_eq(value_at(&at), i - 10);
		map_remove(map, at.key);
	}
	ck_assert_uint_eq(map_count(map), 10);
}
END_TEST

START_TEST(clearing_empties_even_under_a_cursor)
{
	struct map_cursor at = {0};

	map_clear(map);
	for (int i = 0; i < 20; i++)
		map_put(map, key_of(i), &values[i]);
	for (int i = 0; i < 5; i++)
		ck_assert(map_next(map, &at));
	map_clear(map);
	ck_assert_uint_eq(map_count(map), 0);
	ck_assert_ptr_null(map_get(map, key_of(3)));
	ck_assert(!map_next(map, &at));
	map_put(map, key_of(3), &values[3]);
	ck_assert_ptr_eq(map_get(map, key_of(3)), &values[3]);
	ck_assert(map_next(map, &at));
	ck_assert_int_eq(value_at(&at), 3);
}
END_TEST

START_TEST(random_use_agrees_with_a_plain_array)
{
	static int *model[300];
	uint64_t state = (uint64_t)_i;
	size_t count = 0;

	memset(model, 0, sizeof model);
	for (int round = 0; round < 30000; round++) {
		int key, value;

		state = state * UINT64_C(6364136223846793005) + 1442695040888963407;
		key = (int)(state >> 33) % 300;
		value = (int)(state >> 40) % 5000;
		arena_reset(arena);
		if (state >> 63 != 0) {
			count += model[key] == NULL;
			ck_assert_ptr_eq(map_put(map, key_of(key), &values[value]), model[key]);
			model[key] = &values[value];
		} else {
			count -= model[key] != NULL;
			ck_assert_ptr_eq(map_remove(map, key_of(key)), model[key]);
			model[key] = NULL;
		}
		ck_assert_uint_eq(map_count(map), count);
		key = (key + 150) % 300;
		ck_assert_ptr_eq(map_get(map, key_of(key)), model[key]);
	}
}
END_TEST

START_TEST(the_seed_does_not_change_the_order)
{
	struct map *other = map_create(UINT64_C(0x123456789abcdef));
	struct map_cursor a = {0}, b = {0};

	for (int i = 0; i < 100; i++) {
		map_put(map, key_of(i), &values[i]);
		map_put(other, key_of(i), &values[i]);
	}
	while (map_next(map, &a)) {
		ck_assert(map_next(other, &b));
		ck_assert_ptr_eq(a.value, b.value);
	}
	map_destroy(other);
	map_destroy(NULL);
}
END_TEST

START_TEST(putting_no_value_is_a_bug)
{
	map_put(map, STR("a"), NULL);
}
END_TEST

Suite *base_map_suite(void);
Suite *base_map_suite(void)
{
	Suite *suite = suite_create("base_map");
	TCase *tests = tcase_create("map");
	const char *fork = getenv("CK_FORK");

	tcase_add_checked_fixture(tests, set_up, tear_down);
	tcase_add_test(tests, what_was_put_is_got);
	tcase_add_test(tests, replacing_answers_the_old_value_and_keeps_the_place);
	tcase_add_test(tests, keys_are_copied);
	tcase_add_test(tests, many_are_walked_in_the_order_of_insertion);
	tcase_add_test(tests, removing_keeps_the_order_of_the_others);
	tcase_add_test(tests, the_entry_at_the_cursor_may_be_removed);
	tcase_add_test(tests, entries_added_while_walking_are_visited_once_each);
	tcase_add_test(tests, a_queue_of_steady_size_stays_small_and_ordered);
	tcase_add_test(tests, clearing_empties_even_under_a_cursor);
	tcase_add_loop_test(tests, random_use_agrees_with_a_plain_array, 0, 5);
	tcase_add_test(tests, the_seed_does_not_change_the_order);
	if (fork == NULL || strcmp(fork, "no") != 0)
		tcase_add_test_raise_signal(tests, putting_no_value_is_a_bug, SIGABRT);
	suite_add_tcase(suite, tests);
	return suite;
}
