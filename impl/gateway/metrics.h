/* What a gateway's workers count together, and the page that shows it (spec/gateway.md 8), the same
 * whichever of them is asked. Counting is an increment in the memory they share; texts are made
 * when somebody asks. What a worker has counted outlives it.
 */
#ifndef GATEWAY_METRICS_H
#define GATEWAY_METRICS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/str.h"
#include "gateway/backend_client.h"

struct error_log;
struct gateway;
struct http_exchange;
struct metrics;
struct service;
struct shared_stores;

/* has_service_labels: APICAST_EXTENDED_METRICS. worker: this one's number, below
 * GATEWAY_WORKERS_MAX. The log's lines are counted from its beginning on. */
struct metrics *metrics_create(const struct shared_stores *stores, bool has_service_labels,
			       int64_t worker, struct error_log *log);
void metrics_destroy(struct metrics *metrics); /* NULL is allowed */
/* It has ended, with all that it had under way. */
void metrics_forget_worker(const struct shared_stores *stores, size_t worker);

/* status 0: no answer. */
void metrics_count_backend_call(struct metrics *metrics, enum backend_endpoint_kind endpoint,
				int status);
void metrics_count_batched_auth(struct metrics *metrics, bool is_hit);
void metrics_count_upstream(struct metrics *metrics, const struct service *service, int status,
			    int64_t span_us);
/* service NULL: the host was unknown. */
void metrics_count_answer(struct metrics *metrics, const struct service *service, int64_t span_us);
void metrics_count_connection(struct metrics *metrics, uint64_t connection_number);
void metrics_request_begins(struct metrics *metrics);
void metrics_request_ends(struct metrics *metrics);

/* Everything, in the text format of Prometheus. */
void metrics_write(struct strbuf *out, const struct gateway *gateway);
/* `requested` of the metrics listener; data is the gateway. */
void metrics_requested(struct http_exchange *exchange, void *data);

#endif
