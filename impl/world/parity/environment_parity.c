/* Variables and what a process knows of itself, in either world. */
#include "world/environment.h"

#include "world/parity/parity_internal.h"

PARITY_TEST(what_is_not_set_has_no_value)
{
	struct str value = STR("untouched");

	ck_assert(!environment_get(p->world, STR("REFSCALE_NOBODY_SETS_THIS"), &value));
	ck_assert_str(environment_text(p->world, STR("REFSCALE_NOBODY_SETS_THIS"), STR("fallback")),
		      STR("fallback"));
	ck_assert(!environment_get(p->world, STR(""), &value));
}

PARITY_TEST(the_walk_is_sorted_and_agrees_with_get)
{
	struct str name, value, found, before = STR("");
	size_t at = 0, count = 0;

	while (environment_next(p->world, &at, &name, &value)) {
		if (count++ > 0)
			ck_assert_int_lt(str_compare(before, name), 0);
		ck_assert(environment_get(p->world, name, &found));
		ck_assert_str(found, value);
		before = name;
	}
	ck_assert(!environment_next(p->world, &at, &name, &value));
}

PARITY_TEST(a_process_has_a_host_and_a_number)
{
	struct str name = world_host_name(p->world);

	ck_assert_uint_gt(name.size, 0);
	ck_assert_str(world_host_name(p->world), name);
	ck_assert_int_gt(world_process_id(p->world), 0);
	ck_assert_int_gt(world_processors(p->world), 0);
}

TCase *parity_environment_case(int number)
{
	TCase *tests = tcase_create("environment");

	PARITY_ADD(tests, number, what_is_not_set_has_no_value);
	PARITY_ADD(tests, number, the_walk_is_sorted_and_agrees_with_get);
	PARITY_ADD(tests, number, a_process_has_a_host_and_a_number);
	return tests;
}
