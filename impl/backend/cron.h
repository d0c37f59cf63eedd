/* Cron: what is done again and again (spec/backend.md 9.7, 9.8): failed jobs go back to their
 * queues, and where the release has that, counters of deleted services are purged.
 */
#ifndef BACKEND_CRON_H
#define BACKEND_CRON_H

#include <stdbool.h>

#include "base/str.h"

struct backend;
struct cron;

/* After one round of all that cron does: the summary line of 9.1; of a round that failed, why. */
typedef void cron_done(bool has_failed, struct str summary, void *data);

/* Begins its first round, unless the process has test hooks: then it waits to be told. */
struct cron *cron_create(struct backend *backend);
void cron_destroy(struct cron *cron); /* after the clients were closed. NULL is allowed */
/* One round, now. One at a time: false when another is going on. */
bool cron_run(struct cron *cron, cron_done *done, void *data);
/* No further round. backend_work_ended() is called when the present one is over. */
void cron_stop(struct cron *cron);
bool cron_is_idle(const struct cron *cron);

#endif
