#include "backend/profile.h"

#include <check.h>

START_TEST(a_release_is_found_by_its_name)
{
	ck_assert(str_equal(profile_find(STR("2.5"))->version, STR("2.91.1")));
	ck_assert(str_equal(profile_find(STR("2.6"))->version, STR("2.93.0")));
	ck_assert(str_equal(profile_find(STR("current"))->version, STR("3.4.3")));
	ck_assert_ptr_null(profile_find(STR("2.7")));
	ck_assert_ptr_eq(profile_find(STR("")), profile_find(STR("2.6")));
}
END_TEST

/* spec/backend.md 12.1 */
START_TEST(the_two_guided_releases_differ_in_few_things)
{
	const struct profile *older = profile_find(STR("2.5")), *newer = profile_find(STR("2.6"));

	ck_assert(!older->has_limit_max_value && newer->has_limit_max_value);
	ck_assert(!older->has_sentinel_passwords && newer->has_sentinel_passwords);
	ck_assert(!older->has_worker_metrics && newer->has_worker_metrics);
	ck_assert(older->has_end_users && newer->has_end_users);
}
END_TEST

Suite *backend_profile_suite(void);
Suite *backend_profile_suite(void)
{
	Suite *suite = suite_create("backend_profile");
	TCase *test = tcase_create("profile");

	tcase_add_test(test, a_release_is_found_by_its_name);
	tcase_add_test(test, the_two_guided_releases_differ_in_few_things);
	suite_add_tcase(suite, test);
	return suite;
}
