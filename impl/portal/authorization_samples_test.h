/* For every route what a caller who may everything sends, and what comes of it. Used by the
 * authorization matrix and by the test of tenancy: a new route needs a row here (reads and
 * deletions that need nothing but their path have a usual one), and an object for each new {name}
 * of a path. */
#ifndef PORTAL_AUTHORIZATION_SAMPLES_TEST_H
#define PORTAL_AUTHORIZATION_SAMPLES_TEST_H

#include <stdbool.h>
#include <stddef.h>

#include "base/str.h"

struct route;

struct sample {
	const char *method; /* "PUT" counts for PATCH */
	const char *route;  /* the route's path */
	const char *path;   /* instead of the route's own; NULL = that */
	const char *query;
	const char *body;
	int status;
	/* Something of the service is named outside the path: who does not see that gets 404. */
	bool names_service;
	bool is_idle; /* succeeds without a change */
};

/* NULL: nothing fits, the route was forgotten. `method`: one of the route's. */
const struct sample *sample_of(const struct route *route, struct str method);
/* Makes what is needed at a tenant, and defines the names: `host` its admin host, `token` one that
 * may everything. {tenant} is the other one, made here. Afterwards rig_keep(). */
#define SAMPLES_OTHER_HOST "other-admin.example.com"
#define SAMPLES_OTHER_TOKEN "stranger-token"
void samples_prepare_other(void);
void samples_prepare(const char *host, const char *token);
/* The names of objects; NULL after the last. */
const char *samples_name(size_t at);

#endif
