#include "world/redis_url.h"

#include <check.h>

#include "base/arena.h"
#include "base/error.h"

START_TEST(the_grammar_of_9_4_is_read)
{
	static const struct {
		struct str url, socket, host;
		uint16_t port;
		struct str user, password;
		int64_t database;
	} rows[] = {
#define N STR_INIT("")
		{STR_INIT("redis://h"), N, STR_INIT("h"), 6379, N, N, 0},
		{STR_INIT("redis://h:1/5"), N, STR_INIT("h"), 1, N, N, 5},
		{STR_INIT("REDIS://h/"), N, STR_INIT("h"), 6379, N, N, 0},
		{STR_INIT("h"), N, STR_INIT("h"), 6379, N, N, 0},
		{STR_INIT("h:7"), N, STR_INIT("h"), 7, N, N, 0},
		{STR_INIT("127.0.0.1:6379"), N, STR_INIT("127.0.0.1"), 6379, N, N, 0},
		{STR_INIT(":pw@h:8"), N, STR_INIT("h"), 8, N, STR_INIT("pw"), 0},
		{STR_INIT("redis://:p%40ss@h"), N, STR_INIT("h"), 6379, N, STR_INIT("p@ss"), 0},
		{STR_INIT("redis://me:pw@h/2"), N, STR_INIT("h"), 6379, STR_INIT("me"),
		 STR_INIT("pw"), 2},
		{STR_INIT("redis://[::1]:9"), N, STR_INIT("::1"), 9, N, N, 0},
		{STR_INIT("unix:///run/redis.sock"), STR_INIT("/run/redis.sock"), N, 0, N, N, 0},
#undef N
	};
	struct arena *arena = arena_create();
	struct redis_place place, again;

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct error error = {0};

		ck_assert_msg(redis_place_read(rows[i].url, arena, &place, &error), "%s",
			      error.text);
		ck_assert(str_equal(place.socket, rows[i].socket));
		ck_assert(str_equal(place.host, rows[i].host));
		ck_assert_uint_eq(place.port, rows[i].port);
		ck_assert(str_equal(place.user, rows[i].user));
		ck_assert(str_equal(place.password, rows[i].password));
		ck_assert_int_eq(place.database, rows[i].database);
		ck_assert(redis_place_read(redis_place_url(&place, arena), arena, &again, NULL));
		ck_assert(str_equal(again.host, place.host) && again.port == place.port);
		ck_assert(str_equal(again.password, place.password));
		ck_assert(str_equal(again.socket, place.socket));
		ck_assert_int_eq(again.database, place.database);
	}
	arena_destroy(arena);
}
END_TEST

START_TEST(what_is_no_url_is_refused_without_its_password)
{
	static const char *const rows[][2] = {
		{"", "The provided URL \"\" is not valid: "},
		{"a:1:10", "The provided URL \"a:1:10\" is not valid: "},
		{"redis://", "The provided URL \"redis://\" is not valid: "},
		{"http://h", "The provided URL \"http://h\" is not valid: the scheme is neither "
			     "redis nor unix"},
		{"rediss://:secret@h", "The provided URL \"rediss://***@h\" is not valid: TLS to "
				       "Redis is not built in"},
		{"redis://h/x", "The provided URL \"redis://h/x\" is not valid: the database is "
				"not a number"},
		{"redis://h/-1", "The provided URL \"redis://h/-1\" is not valid: the database is "
				 "not a number"},
		{":secret@h:x", "The provided URL \"***@h:x\" is not valid: "},
		{"unix://relative", "The provided URL \"unix://relative\" is not valid: a socket's "
				    "path begins with a slash"},
		{"unix:///", "The provided URL \"unix:///\" is not valid: a socket's path begins "
			     "with a slash"},
	};
	struct arena *arena = arena_create();
	struct redis_place place;
	struct error error = {0};

	ck_assert(!redis_place_read(str_from(rows[_i][0]), arena, &place, &error));
	ck_assert_int_eq(error.kind, ERROR_INVALID);
	ck_assert_msg(str_has_prefix(str_from(error.text), str_from(rows[_i][1])), "%s",
		      error.text);
	arena_destroy(arena);
}
END_TEST

Suite *world_redis_url_suite(void);

Suite *world_redis_url_suite(void)
{
	Suite *suite = suite_create("world_redis_url");
	TCase *tests = tcase_create("url");

	tcase_add_test(tests, the_grammar_of_9_4_is_read);
	tcase_add_loop_test(tests, what_is_no_url_is_refused_without_its_password, 0, 10);
	suite_add_tcase(suite, tests);
	return suite;
}
