/* DATABASE_URL (spec/portal.md 8.2), as both worlds read it:
 * sqlite:<file>, mysql2://user[:password]@host[:port]/database and
 * postgresql://user[:password]@host[:port]/database. User, password and database may be
 * percent-encoded; what follows a '?' is for pools of connections and is passed over. */
#ifndef WORLD_SQL_URL_H
#define WORLD_SQL_URL_H

#include <stdbool.h>

#include "base/str.h"

struct arena;
struct error;
struct sql_options;

/* Sets where the database is; texts lie in the arena. The error never shows the password. */
bool sql_url_read(struct str url, struct arena *arena, struct sql_options *options,
		  struct error *error);

#endif
