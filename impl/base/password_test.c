/* Passwords at rest: spec/portal.md 3.11, 7.2. */
#include "base/password.h"

#include <check.h>

#include "base/arena.h"

static const uint8_t salt[PASSWORD_SALT_BYTES] = {0x10, 0x41, 0x04, 0x10, 0x41, 0x04, 0x10, 0x41,
						  0x04, 0x10, 0x41, 0x04, 0x10, 0x41, 0x04, 0x10};

static struct arena *arena;

static void set_up(void)
{
	arena = arena_create();
}

static void tear_down(void)
{
	arena_destroy(arena);
}

/* As other implementations of bcrypt work it out. */
START_TEST(digests_are_bcrypt)
{
	struct str digest = password_digest(arena, STR("U*U"), 5, salt);

	ck_assert_msg(
		str_equal(digest,
			  STR("$2b$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW")),
		"%.*s", STR_ARG(digest));
	ck_assert(
		password_fits(arena, STR("U*U"),
			      STR("$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW")));
}
END_TEST

START_TEST(only_the_same_password_fits)
{
	struct str digest = password_digest(arena, STR("p\xc3\xa4ss word"), 4, salt);

	ck_assert(password_fits(arena, STR("p\xc3\xa4ss word"), digest));
	ck_assert(!password_fits(arena, STR("p\xc3\xa4ss wor"), digest));
	ck_assert(!password_fits(arena, STR("p\xc3\xa4ss word "), digest));
	ck_assert(!password_fits(arena, STR(""), digest));
}
END_TEST

START_TEST(what_is_no_digest_fits_nothing)
{
	ck_assert(!password_fits(arena, STR(""), STR("")));
	ck_assert(!password_fits(arena, STR("a"), str_of(NULL, 0)));
	ck_assert(!password_fits(arena, STR("*0"), STR("*0")));
	ck_assert(!password_fits(
		arena, STR("x"),
		STR("$2b$99$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW")));
	ck_assert(!password_fits(
		arena, STR("x"),
		STR("$2b$05$!!!!!!!!!!!!!!!!!!!!!.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW")));
}
END_TEST

START_TEST(seventy_two_bytes_count)
{
	char text[600];
	struct str digest;

	for (size_t i = 0; i < sizeof text; i++)
		text[i] = 'a';
	digest = password_digest(arena, str_of(text, sizeof text), 4, salt);
	ck_assert(password_fits(arena, str_of(text, 72), digest));
	ck_assert(!password_fits(arena, str_of(text, 71), digest));
}
END_TEST

Suite *base_password_suite(void);
Suite *base_password_suite(void)
{
	Suite *suite = suite_create("base_password");
	TCase *tests = tcase_create("password");

	tcase_add_checked_fixture(tests, set_up, tear_down);
	tcase_add_test(tests, digests_are_bcrypt);
	tcase_add_test(tests, only_the_same_password_fits);
	tcase_add_test(tests, what_is_no_digest_fits_nothing);
	tcase_add_test(tests, seventy_two_bytes_count);
	suite_add_tcase(suite, tests);
	return suite;
}
