/* The worker's log (spec/backend.md 9.9), if one was asked for. */
#ifndef BACKEND_WORKER_LOG_H
#define BACKEND_WORKER_LOG_H

#include <stdint.h>

#include "base/str.h"

struct backend;
struct job;

void worker_log_done(struct backend *backend, const struct job *job, int64_t run_us);
void worker_log_refused(struct backend *backend, const struct job *job, struct str message);
void worker_log_broken(struct backend *backend, const struct job *job);

#endif
