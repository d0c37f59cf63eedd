#include "gateway/auth_cache.h"

#include "world/dictionary_test.h"

static struct dictionary_stage stage;
static struct dictionary *cache;

static void set_up(void)
{
	dictionary_stage_begin(&stage, 1024, false);
	cache = stage.dictionary;
}

static void tear_down(void)
{
	dictionary_stage_end(&stage);
}

static enum cache_change answer(enum cache_handler handler, int status)
{
	return auth_cache_update(cache, handler, STR("key"), status, AUTH_CACHE_FOR_EVER, 0);
}

static int known(void)
{
	return auth_cache_get(cache, STR("key"), 0);
}

/* The table of 4.7: what is known after each answer. 0: no answer, and nothing known. */
static const struct {
	enum cache_handler handler;
	int answers[3], known[3];
} table[] = {
	{CACHE_HANDLER_STRICT, {200, 502, 200}, {200, 0, 200}},
	{CACHE_HANDLER_STRICT, {200, 409, 0}, {200, 0, 0}},
	{CACHE_HANDLER_RESILIENT, {200, 502, 0}, {200, 200, 200}},
	{CACHE_HANDLER_RESILIENT, {403, 499, 200}, {403, 403, 200}},
	{CACHE_HANDLER_ALLOW, {502, 0, 403}, {200, 200, 403}},
	{CACHE_HANDLER_ALLOW, {403, 502, 200}, {403, 403, 200}},
	{CACHE_HANDLER_NONE, {200, 403, 0}, {0, 0, 0}},
};

START_TEST(handlers_keep_what_the_table_says)
{
	for (int i = 0; i < 3; i++) {
		answer(table[_i].handler, table[_i].answers[i]);
		ck_assert_int_eq(known(), table[_i].known[i]);
	}
}
END_TEST

START_TEST(changes_are_told)
{
	ck_assert_int_eq(answer(CACHE_HANDLER_STRICT, 200), CACHE_WRITTEN);
	ck_assert_int_eq(answer(CACHE_HANDLER_STRICT, 200), CACHE_UNCHANGED);
	ck_assert_int_eq(answer(CACHE_HANDLER_STRICT, 403), CACHE_DELETED);
	ck_assert_int_eq(answer(CACHE_HANDLER_RESILIENT, 0), CACHE_UNCHANGED);
}
END_TEST

/* What a token's answer is good for. */
START_TEST(entries_expire)
{
	enum cache_handler handler = CACHE_HANDLER_RESILIENT;

	auth_cache_update(cache, handler, STR("k"), 200, 10, 0);
	ck_assert_int_eq(auth_cache_get(cache, STR("k"), 9), 200);
	ck_assert_int_eq(auth_cache_get(cache, STR("k"), 10), 0);
	auth_cache_update(cache, handler, STR("k"), 200, 10, 0);
	auth_cache_update(cache, handler, STR("k"), 403, 20, 5);
	ck_assert_int_eq(auth_cache_get(cache, STR("k"), 19), 403);
	ck_assert_int_eq(auth_cache_update(cache, handler, STR("k"), 200, 5, 5), CACHE_WRITTEN);
	ck_assert_uint_eq(dictionary_count(cache), 0);
}
END_TEST

START_TEST(handlers_have_names)
{
	enum cache_handler handler = CACHE_HANDLER_STRICT;

	ck_assert(cache_handler_from_name(STR("allow"), &handler));
	ck_assert_int_eq(handler, CACHE_HANDLER_ALLOW);
	ck_assert(!cache_handler_from_name(STR("other"), &handler));
	ck_assert_int_eq(handler, CACHE_HANDLER_ALLOW);
}
END_TEST

Suite *gateway_auth_cache_suite(void);
Suite *gateway_auth_cache_suite(void)
{
	Suite *suite = suite_create("gateway_auth_cache");
	TCase *test = tcase_create("cache");

	tcase_add_checked_fixture(test, set_up, tear_down);
	tcase_add_loop_test(test, handlers_keep_what_the_table_says, 0,
			    (int)(sizeof table / sizeof *table));
	tcase_add_test(test, changes_are_told);
	tcase_add_test(test, entries_expire);
	tcase_add_test(test, handlers_have_names);
	suite_add_tcase(suite, test);
	return suite;
}
