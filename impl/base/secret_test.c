#include "base/secret.h"

#include <check.h>
#include <string.h>

START_TEST(equal_bytes_are_equal)
{
	ck_assert(secret_equal(STR("s3cr3t"), STR("s3cr3t")));
	ck_assert(secret_equal(STR(""), str_of(NULL, 0)));
	ck_assert(secret_equal(STR("a\0b"), STR("a\0b")));
}
END_TEST

START_TEST(a_difference_anywhere_counts)
{
	char a[64], b[64];

	memset(a, 'x', sizeof a);
	for (size_t i = 0; i < sizeof a; i++) {
		for (int bit = 0; bit < 8; bit++) {
			memcpy(b, a, sizeof b);
			b[i] = (char)(b[i] ^ (1 << bit));
			ck_assert(!secret_equal(str_of(a, sizeof a), str_of(b, sizeof b)));
		}
	}
	ck_assert(!secret_equal(str_of(a, 63), str_of(a, 64)));
	ck_assert(!secret_equal(STR("a\0b"), STR("a\0c")));
}
END_TEST

START_TEST(wiping_leaves_zeros_and_nothing_else)
{
	char memory[10];

	memset(memory, 'k', sizeof memory);
	secret_wipe(memory + 1, 8);
	ck_assert_int_eq(memory[0], 'k');
	ck_assert_int_eq(memory[9], 'k');
	for (int i = 1; i < 9; i++)
		ck_assert_int_eq(memory[i], 0);
	secret_wipe(NULL, 0);
}
END_TEST

Suite *base_secret_suite(void);
Suite *base_secret_suite(void)
{
	Suite *suite = suite_create("base_secret");
	TCase *tests = tcase_create("secret");

	tcase_add_test(tests, equal_bytes_are_equal);
	tcase_add_test(tests, a_difference_anywhere_counts);
	tcase_add_test(tests, wiping_leaves_zeros_and_nothing_else);
	suite_add_tcase(suite, tests);
	return suite;
}
