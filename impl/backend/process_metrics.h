/* What a process counts of its work, and the page that shows it (spec/backend.md 10): jobs of a
 * worker, answers of a listener. Counting is a plain increment; texts are made when somebody asks.
 * Each kind has a port of its own, closed unless it was asked for; on one port they share a page.
 */
#ifndef BACKEND_PROCESS_METRICS_H
#define BACKEND_PROCESS_METRICS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/str.h"

struct backend;
struct error;
struct process_metrics;

/* Families of the page: flags. */
enum { METRICS_OF_WORKER = 1, METRICS_OF_LISTENER = 2 };

/* NULL and *error when a port cannot be listened on. */
struct process_metrics *process_metrics_create(struct backend *backend, struct error *error);
void process_metrics_destroy(struct process_metrics *metrics); /* NULL is allowed */

/* type: "ReportJob". */
void process_metrics_count_job(struct process_metrics *metrics, struct str type, int64_t run_us);
void process_metrics_count_answer(struct process_metrics *metrics, struct str path, int status,
				  int64_t span_us);

/* The port of those families; 0: it is closed. */
uint16_t process_metrics_port(const struct process_metrics *metrics, unsigned families);

#endif
