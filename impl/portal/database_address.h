/* Which database the portal is on (spec/portal.md 8.2): --database, else DATABASE_URL, else a file
 * in the working directory. And the guides' limits of an external MySQL: an IP address as host, the
 * account 'root'@'%', and no tables of anybody else in the database that the portal, or its dump,
 * comes to. External is every host but a service of the cluster: a name without a dot, or of the
 * domain svc. The flag `upstream_mysql_limits` lifts the limits. */
#ifndef PORTAL_DATABASE_ADDRESS_H
#define PORTAL_DATABASE_ADDRESS_H

#include <stdbool.h>

#include "base/str.h"

struct database;
struct error;
struct settings;
struct settings_source;
struct sql_options;

/* given: of the command line, a file or what the variable takes; or empty. False, too, when host or
 * user are against the limits. */
bool database_address_find(const struct settings_source *source, const struct settings *settings,
			   struct str given, struct sql_options *options, struct error *error);

/* Once connected, before anything is written. */
bool database_address_judge(struct database *database, const struct settings *settings,
			    const struct sql_options *options, struct error *error);

#endif
