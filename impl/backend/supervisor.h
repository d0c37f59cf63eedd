/* Several listener processes on one port (spec/backend.md 9.1): this process starts them, starts
 * those again that end, hands on what they say, and shows the sum of their metrics. It answers no
 * calls itself. In the role "all" the first child is the worker and cron, too.
 *
 * Children share the port; where that is any free one, the first child chooses it. Each shows its
 * metrics on a port of its own on loopback; what a child had counted when it was last looked at
 * stays in the sum when it ends. REFSCALE_PARENT tells them whose children they are, so that they
 * end with this process, too, when it is killed.
 */
#ifndef BACKEND_SUPERVISOR_H
#define BACKEND_SUPERVISOR_H

#include <stdbool.h>
#include <stddef.h>

#include "base/str.h"

struct error;
struct settings;
struct supervisor;
struct world;

/* Is it for such a process? The embedded store belongs to one process, and so do tests. */
bool supervisor_is_wanted(const struct settings *settings);

/* Says "ready backend port=N workers=N" when all serve. The arguments are the process's own. NULL
 * and *error when a child or a metrics port cannot be started. */
struct supervisor *supervisor_create(const struct settings *settings, struct world *world,
				     const struct str *arguments, size_t count,
				     struct error *error);
void supervisor_destroy(struct supervisor *supervisor); /* NULL is allowed; children are killed */
/* Ends the children, then this process. */
void supervisor_stop(struct supervisor *supervisor);

#endif
