/* What tests over every kind of database share: the servers' addresses come in TEST_MYSQL_URL and
 * TEST_POSTGRESQL_URL (ci/unit.sh starts them). Only for tests.
 */
#ifndef WORLD_SQL_KINDS_TEST_H
#define WORLD_SQL_KINDS_TEST_H

#include <check.h>
#include <stdio.h>
#include <stdlib.h>

#include "world/sql.h"

#define SQL_KINDS 3

static inline const char *sql_kind_variable(int kind)
{
	static const char *const variables[SQL_KINDS] = {
		[SQL_MYSQL] = "TEST_MYSQL_URL",
		[SQL_POSTGRESQL] = "TEST_POSTGRESQL_URL",
	};

	return variables[kind];
}

/* NULL: SQLite, which has a file instead. */
static inline const char *sql_kind_url(int kind)
{
	return kind != SQL_SQLITE ? getenv(sql_kind_variable(kind)) : NULL;
}

/* The kind's part of the suite. NULL, and a line that says so: its server is not there. */
static inline TCase *sql_kind_case(Suite *suite, const char *suite_name, int kind)
{
	static const char *const names[SQL_KINDS] = {
		[SQL_SQLITE] = "sqlite",
		[SQL_MYSQL] = "mysql",
		[SQL_POSTGRESQL] = "postgresql",
	};
	TCase *tests = tcase_create(names[kind]);

	suite_add_tcase(suite, tests);
	if (kind == SQL_SQLITE || sql_kind_url(kind) != NULL)
		return tests;
	printf("%s: %s skipped: %s is not set\n", suite_name, names[kind], sql_kind_variable(kind));
	return NULL;
}

#endif
