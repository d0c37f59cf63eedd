/* Makes the database's schema that of tables.h: creates what is missing, adds new columns to old
 * files, carries out the steps that more than additions need. All in one transaction, so that a
 * start that was cut off leaves the file as it was. */
#ifndef PORTAL_SCHEMA_H
#define PORTAL_SCHEMA_H

#include <stdbool.h>

struct database;
struct error;

/* ERROR_INVALID when the file was written by a newer release. */
bool schema_prepare(struct database *database, struct error *error);

#endif
