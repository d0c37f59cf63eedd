#include "base/list.h"

#include <check.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

struct item {
	int number;
	struct list_link link;
};

static struct list_link head;
static struct item items[5];

static void set_up(void)
{
	list_init(&head);
	memset(items, 0, sizeof items);
	for (int i = 0; i < 5; i++) {
		items[i].number = i;
		list_append(&head, &items[i].link);
	}
}

/* The numbers of the list as a decimal number: 0, 1, 2 is 12. */
static int numbers(void)
{
	int all = 0;

	LIST_EACH (link, &head)
		all = all * 10 + LIST_ENTRY(link, struct item, link)->number;
	return all;
}

START_TEST(elements_are_walked_in_the_order_they_were_appended)
{
	ck_assert_int_eq(numbers(), 1234);
	ck_assert_ptr_eq(list_first(&head), &items[0].link);
	ck_assert(!list_is_empty(&head));
}
END_TEST

START_TEST(removed_elements_are_gone_and_not_linked)
{
	list_remove(&items[0].link);
	list_remove(&items[4].link);
	list_remove(&items[2].link);
	ck_assert_int_eq(numbers(), 13);
	ck_assert(!list_is_linked(&items[2].link) && list_is_linked(&items[1].link));
	list_remove(&items[2].link);
	list_append(&head, &items[2].link);
	ck_assert_int_eq(numbers(), 132);
}
END_TEST

START_TEST(a_zeroed_link_is_not_linked_and_may_be_removed)
{
	struct list_link link = {0};

	ck_assert(!list_is_linked(&link));
	list_remove(&link);
	ck_assert(!list_is_linked(&link));
}
END_TEST

START_TEST(the_first_is_taken_until_the_list_is_empty)
{
	for (int i = 0; i < 5; i++)
		ck_assert_ptr_eq(list_take_first(&head), &items[i].link);
	ck_assert_ptr_null(list_take_first(&head));
	ck_assert_ptr_null(list_first(&head));
	ck_assert(list_is_empty(&head));
}
END_TEST

START_TEST(the_walked_element_may_be_removed)
{
	LIST_EACH (link, &head) {
		if (LIST_ENTRY(link, struct item, link)->number % 2 == 0)
			list_remove(link);
	}
	ck_assert_int_eq(numbers(), 13);
}
END_TEST

START_TEST(appending_a_linked_element_is_a_bug)
{
	list_append(&head, &items[1].link);
}
END_TEST

Suite *base_list_suite(void);
Suite *base_list_suite(void)
{
	Suite *suite = suite_create("base_list");
	TCase *tests = tcase_create("list");
	const char *fork = getenv("CK_FORK");

	tcase_add_checked_fixture(tests, set_up, NULL);
	tcase_add_test(tests, elements_are_walked_in_the_order_they_were_appended);
	tcase_add_test(tests, removed_elements_are_gone_and_not_linked);
	tcase_add_test(tests, a_zeroed_link_is_not_linked_and_may_be_removed);
	tcase_add_test(tests, the_first_is_taken_until_the_list_is_empty);
	tcase_add_test(tests, the_walked_element_may_be_removed);
	if (fork == NULL || strcmp(fork, "no") != 0)
		tcase_add_test_raise_signal(tests, appending_a_linked_element_is_a_bug, SIGABRT);
	suite_add_tcase(suite, tests);
	return suite;
}
