/* What an empty database gets (spec/portal.md 9.2, 9.3): the master account, the first tenant,
 * their users and tokens, and sample data, and says on standard output what was made. A filled one
 * is left alone. */
#ifndef PORTAL_SEED_H
#define PORTAL_SEED_H

#include <stdbool.h>

struct database;
struct error;
struct settings;

bool seed_database(struct database *database, const struct settings *settings, struct error *error);

#endif
