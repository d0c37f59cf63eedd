/* Makes the database's schema that of tables.h: creates what is missing, adds new columns to old
 * tables. All in one transaction, so that a start that was cut off leaves SQLite and PostgreSQL as
 * they were; on MySQL it leaves what is done, and the next start goes on. Processes that start
 * together take turns. */
#ifndef PORTAL_SCHEMA_H
#define PORTAL_SCHEMA_H

#include <stdbool.h>

struct database;
struct error;

/* The table that says which release wrote the database; the last one that is made. */
#define SCHEMA_INFO_TABLE "schema_info"

/* ERROR_INVALID when the database was written by a newer release, or when its user may not make
 * tables. */
bool schema_prepare(struct database *database, struct error *error);
/* Afterwards: removes every row; ids begin with 1 again. The tables stay, as making them takes a
 * server longer. */
bool schema_empty(struct database *database, struct error *error);

#endif
