/* Several worker processes on the gateway's ports (spec/gateway.md 1.1): this one starts them,
 * and replaces those that end. See workers/supervisor.h.
 *
 * They share authorizations, the batcher's stores, the counters of rate limits and the metrics, in
 * memory that this process makes (shared_stores.h). The configuration, the caches of names and of
 * tokens and the turn among addresses are each worker's own; a call of the Management API reaches
 * one of them.
 */
#ifndef GATEWAY_WORKER_PROCESSES_H
#define GATEWAY_WORKER_PROCESSES_H

#include <stdbool.h>
#include <stddef.h>

#include "base/str.h"

struct error;
struct gateway;
struct worker_processes;

/* Says "ready gateway port=N ... workers=N" when all serve. The arguments are the process's own.
 * NULL and *error when the first worker cannot be started. */
struct worker_processes *worker_processes_create(struct gateway *gateway,
						 const struct str *arguments, size_t count,
						 struct error *error);
void worker_processes_destroy(struct worker_processes *processes); /* NULL is allowed */
/* Ends the workers, then this process. */
void worker_processes_stop(struct worker_processes *processes);

#endif
