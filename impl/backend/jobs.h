/* Jobs, as they stand in the queues database (spec/backend.md 6.6, 6.7): JSON objects with `class`
 * and `args`, in lists that other workers and listeners share.
 */
#ifndef BACKEND_JOBS_H
#define BACKEND_JOBS_H

#include <stdint.h>

#include "base/str.h"

struct arena;
struct backend;
struct batch;
struct json;

/* In the order in which they are drained. */
enum queue { QUEUE_PRIORITY, QUEUE_MAIN, QUEUE_STATS, QUEUES };

#define JOB_REPORT_CLASS STR("ThreeScale::Backend::Transactor::ReportJob")
#define JOB_NOTIFY_CLASS STR("ThreeScale::Backend::Transactor::NotifyJob")

struct str queue_name(enum queue queue); /* "priority" */
struct str queue_key(enum queue queue);  /* "resque:queue:priority" */

/* Payloads: jobs_begin(), the arguments apart by commas, jobs_end(). In the backend's scratch. */
struct strbuf *jobs_begin(struct backend *backend, struct str class);
void jobs_write_enqueue_time(struct strbuf *out, const struct backend *backend);
struct str jobs_end(struct strbuf *out, struct arena *arena);
struct str jobs_notification(struct backend *backend, struct arena *arena, struct str provider_key,
			     const struct json *usage, struct str time);
/* The entry of the failed list for a job: payload as it was taken from the queue. */
struct str jobs_failed(struct backend *backend, struct arena *arena, enum queue queue,
		       struct str payload, struct str exception, struct str error);

/* A payload, or an entry of the failed list. Characters U+0000 in it come as U+FFFD. NULL: not
 * JSON. */
struct json *jobs_parse(struct arena *arena, struct str text);

/* RPUSH, and the queue's name where others look for it. */
void jobs_enqueue(struct batch *batch, struct backend *backend, enum queue queue,
		  struct str payload);

/* "2019-06-01 10:20:30 UTC" */
struct str jobs_time(struct arena *arena, int64_t instant_us);

#endif
