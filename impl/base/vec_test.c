#include "base/vec.h"

#include <check.h>

START_TEST(items_are_pushed_and_kept)
{
	VEC(int) numbers = {0};

	for (int i = 0; i < 10000; i++)
		vec_push(&numbers, i * 3);
	ck_assert_uint_eq(numbers.count, 10000);
	for (int i = 0; i < 10000; i++)
		ck_assert_int_eq(numbers.items[i], i * 3);
	vec_free(&numbers);
	ck_assert_ptr_null(numbers.items);
	ck_assert_uint_eq(numbers.count + numbers.capacity, 0);
}
END_TEST

START_TEST(items_of_any_type_are_held)
{
	struct pair {
		char name[3];
		double value;
	};
	VEC(struct pair) pairs = {0};

	vec_push(&pairs, ((struct pair){"ab", 1.5}));
	vec_push(&pairs, ((struct pair){"cd", 2.5}));
	ck_assert_str_eq(pairs.items[0].name, "ab");
	ck_assert_double_eq(pairs.items[1].value, 2.5);
	vec_free(&pairs);
}
END_TEST

START_TEST(removing_keeps_the_order_of_the_others)
{
	VEC(int) numbers = {0};

	for (int i = 0; i < 5; i++)
		vec_push(&numbers, i);
	vec_remove(&numbers, 1);
	vec_remove(&numbers, 3);
	vec_remove(&numbers, 0);
	ck_assert_uint_eq(numbers.count, 2);
	ck_assert_int_eq(numbers.items[0], 2);
	ck_assert_int_eq(numbers.items[1], 3);
	vec_free(&numbers);
}
END_TEST

START_TEST(reserved_room_is_not_moved_by_pushing)
{
	VEC(int) numbers = {0};
	int *before;

	vec_reserve(&numbers, 100);
	before = numbers.items;
	for (int i = 0; i < 100; i++)
		vec_push(&numbers, i);
	ck_assert_ptr_eq(numbers.items, before);
	vec_reserve(&numbers, 5);
	ck_assert_uint_ge(numbers.capacity, 100);
	vec_free(&numbers);
}
END_TEST

Suite *base_vec_suite(void);
Suite *base_vec_suite(void)
{
	Suite *suite = suite_create("base_vec");
	TCase *tests = tcase_create("vec");

	tcase_add_test(tests, items_are_pushed_and_kept);
	tcase_add_test(tests, items_of_any_type_are_held);
	tcase_add_test(tests, removing_keeps_the_order_of_the_others);
	tcase_add_test(tests, reserved_room_is_not_moved_by_pushing);
	suite_add_tcase(suite, tests);
	return suite;
}
