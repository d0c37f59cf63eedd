/* Several listener processes on one port (spec/backend.md 9.1), with the sum of their metrics. In
 * the role "all" the first child is the worker and cron, too. See workers/supervisor.h.
 */
#ifndef BACKEND_LISTENER_PROCESSES_H
#define BACKEND_LISTENER_PROCESSES_H

#include <stdbool.h>
#include <stddef.h>

#include "base/str.h"

struct error;
struct listener_processes;
struct settings;
struct world;

/* Is it for such a process? The embedded store belongs to one process, and so do tests. */
bool listener_processes_are_wanted(const struct settings *settings);

/* Says "ready backend port=N workers=N" when all serve. The arguments are the process's own. NULL
 * and *error when a child or a metrics port cannot be started. */
struct listener_processes *listener_processes_create(const struct settings *settings,
						     struct world *world,
						     const struct str *arguments, size_t count,
						     struct error *error);
void listener_processes_destroy(struct listener_processes *processes); /* NULL is allowed */
/* Ends the children, then this process. */
void listener_processes_stop(struct listener_processes *processes);

#endif
