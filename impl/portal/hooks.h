/* What tests may do to a portal that was started with --test-hooks:
 *
 *   PUT /__test/clock        body: Unix seconds, where the portal's clock then stands still
 *                            (database_now_us()); or "real"
 *   POST /__test/settle      answers when backend was told all there is, or is known to be away,
 *                            and when nothing is left that zync could be told now
 *   POST /__test/sql         {"sql": "...", "arguments": [...]}: what a database administrator
 *                            does; the answer is a list of rows, each an object of texts and nulls.
 *                            An error is a 400 with its text
 *   POST /__test/jobs/NAME   runs a job (jobs.h), or those of "daily" and the like, now and to the
 *                            end; 404 when there is none of that name
 *   POST /__test/routes/NS   the routes of the project NS as its world has them (world/routes.h): a
 *                            list of objects of texts, in the order they were made
 */
#ifndef PORTAL_HOOKS_H
#define PORTAL_HOOKS_H

#include "base/str.h"

struct backend_sync;
struct database;
struct http_exchange;
struct jobs;
struct mailer;
struct webhooks;
struct world;
struct zync;

struct hooks {
	struct world *world;
	struct database *database;
	struct backend_sync *sync;
	struct jobs *jobs;
	struct zync *zync;
	struct webhooks *webhooks;
	struct mailer *mailer;
};

/* path: begins with "/__test/". The hooks must outlive the exchange. */
void hooks_requested(struct hooks *hooks, struct http_exchange *exchange, struct str path);

#endif
