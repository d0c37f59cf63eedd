/* The drivers behind the SQL port: SQLite's, and that of servers with a table of functions for each
 * kind. A driver's handles begin with what is here, so that the port knows whose they are. */
#ifndef WORLD_REAL_SQL_INTERNAL_H
#define WORLD_REAL_SQL_INTERNAL_H

#include "world/sql.h"

struct sql_database {
	const struct sql_ops *driver;
};

struct sql_statement {
	const struct sql_ops *driver;
};

extern const struct sql_ops sql_sqlite_ops;
extern const struct sql_ops sql_server_ops;

#endif
