#include "world/sql_url.h"

#include <check.h>
#include <string.h>

#include "base/arena.h"
#include "base/error.h"
#include "world/sql.h"

START_TEST(the_beginning_chooses_the_driver)
{
	static const struct {
		struct str url;
		enum sql_kind kind;
		struct str path, host;
		uint16_t port;
		struct str user, password, database;
	} rows[] = {
#define N STR_INIT("")
		{STR_INIT("sqlite:/var/lib/portal.sqlite"), SQL_SQLITE,
		 STR_INIT("/var/lib/portal.sqlite"), N, 0, N, N, N},
		{STR_INIT("sqlite::memory:"), SQL_SQLITE, STR_INIT(":memory:"), N, 0, N, N, N},
		{STR_INIT("mysql2://root:pw@system-mysql/system"), SQL_MYSQL, N,
		 STR_INIT("system-mysql"), 3306, STR_INIT("root"), STR_INIT("pw"),
		 STR_INIT("system")},
		{STR_INIT("mysql2://root:p%40ss%2Fw@1.2.3.4:33/a%20b?pool=5"), SQL_MYSQL, N,
		 STR_INIT("1.2.3.4"), 33, STR_INIT("root"), STR_INIT("p@ss/w"), STR_INIT("a b")},
		{STR_INIT("mysql2://root@h/system"), SQL_MYSQL, N, STR_INIT("h"), 3306,
		 STR_INIT("root"), N, STR_INIT("system")},
		{STR_INIT("postgresql://me:pw@h:5/system"), SQL_POSTGRESQL, N, STR_INIT("h"), 5,
		 STR_INIT("me"), STR_INIT("pw"), STR_INIT("system")},
		{STR_INIT("postgresql://me:pw@[::1]/system"), SQL_POSTGRESQL, N, STR_INIT("::1"),
		 5432, STR_INIT("me"), STR_INIT("pw"), STR_INIT("system")},
#undef N
	};
	struct arena *arena = arena_create();

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct sql_options options = {0};
		struct error error = {0};

		ck_assert_msg(sql_url_read(rows[i].url, arena, &options, &error), "%s", error.text);
		ck_assert_int_eq(options.kind, rows[i].kind);
		ck_assert(str_equal(options.path, rows[i].path));
		ck_assert(str_equal(options.host, rows[i].host));
		ck_assert_uint_eq(options.port, rows[i].port);
		ck_assert(str_equal(options.user, rows[i].user));
		ck_assert(str_equal(options.password, rows[i].password));
		ck_assert(str_equal(options.database, rows[i].database));
	}
	arena_destroy(arena);
}
END_TEST

START_TEST(what_is_no_url_is_refused_without_its_password)
{
	static const char *const rows[][2] = {
		{"", "DATABASE_URL: cannot be read: "},
		{"sqlite:", "DATABASE_URL: there is no file"},
		{"system.sqlite", "DATABASE_URL: cannot be read: "},
		{"ftp://me:secret@h/system", "DATABASE_URL: must begin with sqlite:, mysql2://"},
		{"oracle-enhanced://me:secret@h:1521/system",
		 "DATABASE_URL: Oracle is not built in: there are sqlite:, mysql2:// and "},
		{"mysql2://me:sec ret@h/system", "DATABASE_URL: cannot be read: "},
		{"mysql2://me:secret@h:0/system", "DATABASE_URL: cannot be read: "},
		{"mysql2://me:secret@/system", "DATABASE_URL: there is no host"},
		{"mysql2://:secret@h/system", "DATABASE_URL: there is no user"},
		{"mysql2://me:secret@h", "DATABASE_URL: one name of a database must follow"},
		{"mysql2://me:secret@h/", "DATABASE_URL: one name of a database must follow"},
		{"postgresql://me:secret@h/a/b", "DATABASE_URL: one name of a database must"},
	};
	struct arena *arena = arena_create();

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct sql_options options = {0};
		struct error error = {0};

		ck_assert(!sql_url_read(str_from(rows[i][0]), arena, &options, &error));
		ck_assert_int_eq(error.kind, ERROR_INVALID);
		ck_assert_msg(strstr(error.text, rows[i][1]) == error.text, "%s", error.text);
		ck_assert_ptr_null(strstr(error.text, "secret"));
	}
	arena_destroy(arena);
}
END_TEST

Suite *world_sql_url_suite(void);
Suite *world_sql_url_suite(void)
{
	Suite *suite = suite_create("world_sql_url");
	TCase *tests = tcase_create("sql_url");

	tcase_add_test(tests, the_beginning_chooses_the_driver);
	tcase_add_test(tests, what_is_no_url_is_refused_without_its_password);
	suite_add_tcase(suite, tests);
	return suite;
}
