/* Which database the portal is on (spec/portal.md 8.2): --database, else DATABASE_URL, else a file
 * in the working directory. */
#ifndef PORTAL_DATABASE_ADDRESS_H
#define PORTAL_DATABASE_ADDRESS_H

#include <stdbool.h>

#include "base/str.h"

struct error;
struct settings;
struct settings_source;
struct sql_options;

/* given: of the command line, a file or what the variable takes; or empty. */
bool database_address_find(const struct settings_source *source, const struct settings *settings,
			   struct str given, struct sql_options *options, struct error *error);

#endif
