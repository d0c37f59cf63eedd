/* The worker's log (spec/backend.md 9.9), if one was asked for: a line for each job, as text or as
 * JSON. Control characters of texts that came from outside are blanks in it. */
#ifndef BACKEND_WORKER_LOG_H
#define BACKEND_WORKER_LOG_H

#include <stdint.h>

#include "base/str.h"

struct backend;
struct job;

struct str worker_log_class(const struct job *job); /* "ReportJob" */
void worker_log_done(struct backend *backend, const struct job *job, int64_t run_us);
void worker_log_refused(struct backend *backend, const struct job *job, struct str message);
void worker_log_broken(struct backend *backend, const struct job *job);

#endif
