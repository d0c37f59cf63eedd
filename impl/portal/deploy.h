/* The hook before a deployment (spec/portal.md 9.1): backend's Internal API, the database and, when
 * REDIS_URL is set, that Redis must answer, and uploads must be writable (8.4); then the schema is
 * made or completed, and an empty database seeded. Says what it reached, and ends the component:
 * with 0, or with 1 at the first that fails. Nobody's password is shown.
 */
#ifndef PORTAL_DEPLOY_H
#define PORTAL_DEPLOY_H

#include <stdbool.h>

struct deploy;
struct error;
struct settings;
struct sql_options;
struct world;

struct deploy_options {
	struct world *world;
	const struct settings *settings;
	const struct sql_options *address; /* of the database */
	bool (*connect)(void *data, struct error *error);
	bool (*prepare)(void *data, struct error *error); /* schema and seed */
	void *data;
};

struct deploy *deploy_create(const struct deploy_options *options);
void deploy_destroy(struct deploy *deploy); /* NULL is allowed */

#endif
