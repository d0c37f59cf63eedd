/* Backend: the Service Management API that gateways ask and report to, the worker that counts what
 * was reported, and the Internal API by which the portal tells it what there is
 * (spec/backend.md).
 *
 *   backend [all|listener|worker|cron] --port N --store PATH|:memory:|redis://...
 *
 * Without a Redis (option or environment) configuration, counters and queues live in a file of the
 * embedded store; with --store-port N others (the portal, for statistics; redis-cli) may read it
 * there as a Redis. Prints "ready backend port=N" when it serves.
 */
#ifndef BACKEND_BACKEND_H
#define BACKEND_BACKEND_H

#include "world/component.h"

extern const struct component backend_component;

#endif
