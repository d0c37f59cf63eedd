/* The SQL port over SQLite, libmariadb and libpq. It needs nothing of a world, so the simulated one
 * uses it too (its databases are ":memory:" ones of SQLite). */
#ifndef WORLD_REAL_SQL_H
#define WORLD_REAL_SQL_H

#include "world/sql.h"

extern const struct sql_ops real_sql_ops;

#endif
