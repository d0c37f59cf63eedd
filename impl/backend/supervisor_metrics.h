/* The metrics of all children of a supervisor, summed whenever somebody asks (spec/backend.md 10).
 */
#ifndef BACKEND_SUPERVISOR_METRICS_H
#define BACKEND_SUPERVISOR_METRICS_H

#include <stddef.h>
#include <stdint.h>

struct arena;
struct error;
struct settings;
struct supervisor_metrics;
struct world;

/* NULL and *error when a port cannot be listened on. */
struct supervisor_metrics *supervisor_metrics_create(const struct settings *settings,
						     struct world *world, size_t children,
						     struct error *error);
void supervisor_metrics_destroy(struct supervisor_metrics *metrics); /* NULL is allowed */
/* Where the child's pages are; 0: there is none. */
void supervisor_metrics_child_is_up(struct supervisor_metrics *metrics, size_t index,
				    uint16_t listener_port, uint16_t worker_port);
void supervisor_metrics_child_is_down(struct supervisor_metrics *metrics, size_t index);
/* For the ready line: " listener_metrics_port=N", or nothing. */
const char *supervisor_metrics_words(const struct supervisor_metrics *metrics, struct arena *arena);

#endif
