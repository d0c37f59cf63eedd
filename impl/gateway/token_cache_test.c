#include "gateway/token_cache.h"

#include <check.h>
#include <stdio.h>

#include "base/arena.h"
#include "base/json.h"

static struct token_cache *cache;

static void set_up(void)
{
	cache = token_cache_create(2, 1);
}

static void tear_down(void)
{
	token_cache_destroy(cache);
}

static void put(const char *key, int64_t expires_us)
{
	struct arena *arena = arena_create();
	struct json *claims = json_new(arena, JSON_OBJECT);

	json_set(claims, STR("sub"), json_new_str(arena, str_copy(arena, str_from(key))));
	token_entry_release(token_cache_put(
		cache, str_from(key), (struct token_entry){claims, true, expires_us}, arena, 10));
}

static bool knows(const char *key, int64_t now_us)
{
	const struct token_entry *entry = token_cache_find(cache, str_from(key), now_us);

	if (entry != NULL)
		token_entry_release(entry);
	return entry != NULL;
}

START_TEST(tokens_are_known_until_they_expire)
{
	put("a", 20);
	ck_assert(knows("a", 19));
	ck_assert(!knows("b", 19));
	ck_assert(!knows("a", 20));
	ck_assert_uint_eq(token_cache_count(cache), 0);
	put("a", 10);
	ck_assert(!knows("a", 9));
}
END_TEST

START_TEST(the_least_recently_used_leaves)
{
	put("a", 20);
	put("b", 20);
	ck_assert(knows("a", 10));
	put("c", 20);
	ck_assert(!knows("b", 10));
	ck_assert(knows("a", 10));
	ck_assert(knows("c", 10));
	put("c", 30);
	ck_assert_uint_eq(token_cache_count(cache), 2);
	ck_assert(knows("c", 25));
	token_cache_set_max(cache, 0);
	ck_assert_uint_eq(token_cache_count(cache), 0);
}
END_TEST

START_TEST(an_entry_in_use_outlives_its_place)
{
	const struct token_entry *entry;

	put("a", 20);
	entry = token_cache_find(cache, STR("a"), 10);
	put("b", 20);
	put("c", 20);
	ck_assert(!knows("a", 10));
	ck_assert(str_equal(json_get_str(entry->claims, STR("sub")), STR("a")));
	token_cache_destroy(cache);
	ck_assert(str_equal(json_get_str(entry->claims, STR("sub")), STR("a")));
	token_entry_release(entry);
	cache = NULL;
}
END_TEST

START_TEST(large_tokens_leave_earlier)
{
	static char key[8 * 1024 * 1024];
	struct token_cache *large = token_cache_create(100, 1);

	for (size_t i = 0; i < sizeof key; i++)
		key[i] = 'k';
	for (int i = 0; i < 8; i++) {
		key[0] = (char)('a' + i);
		token_entry_release(token_cache_put(large, str_of(key, sizeof key),
						    (struct token_entry){.expires_us = 20}, NULL,
						    10));
	}
	ck_assert_uint_eq(token_cache_count(large), 3);
	token_cache_destroy(large);
}
END_TEST

START_TEST(caches_by_name_are_bounded)
{
	struct token_caches *caches = token_caches_create(1);
	struct token_cache *first = token_caches_get(caches, STR("first"), 5);
	char name[16];

	token_entry_release(
		token_cache_put(first, STR("t"), (struct token_entry){.expires_us = 20}, NULL, 10));
	ck_assert_ptr_eq(token_caches_get(caches, STR("first"), 5), first);
	ck_assert_uint_eq(token_cache_count(first), 1);
	for (int i = 0; i < 1000; i++) {
		snprintf(name, sizeof name, "%d", i);
		token_caches_get(caches, str_from(name), 5);
	}
	ck_assert_uint_eq(token_cache_count(token_caches_get(caches, STR("first"), 5)), 0);
	token_caches_destroy(caches);
	token_caches_destroy(NULL);
}
END_TEST

Suite *gateway_token_cache_suite(void)
{
	Suite *suite = suite_create("gateway_token_cache");
	TCase *tests = tcase_create("token_cache");

	tcase_add_checked_fixture(tests, set_up, tear_down);
	tcase_add_test(tests, tokens_are_known_until_they_expire);
	tcase_add_test(tests, the_least_recently_used_leaves);
	tcase_add_test(tests, an_entry_in_use_outlives_its_place);
	tcase_add_test(tests, large_tokens_leave_earlier);
	tcase_add_test(tests, caches_by_name_are_bounded);
	suite_add_tcase(suite, tests);
	return suite;
}
