/* What the gateway counts, and the page that shows it (spec/gateway.md 8). Counting is a plain
 * increment; texts are made when somebody asks.
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

/* has_service_labels: APICAST_EXTENDED_METRICS. */
struct metrics *metrics_create(bool has_service_labels);
void metrics_destroy(struct metrics *metrics); /* NULL is allowed */

/* status 0: no answer. */
void metrics_count_backend_call(struct metrics *metrics, enum backend_endpoint_kind endpoint,
				int status);
void metrics_count_batched_auth(struct metrics *metrics, bool is_hit);
void metrics_count_upstream(struct metrics *metrics, const struct service *service, int status,
			    int64_t span_us);
/* service NULL: the host was unknown. */
void metrics_count_answer(struct metrics *metrics, const struct service *service, int64_t span_us);
void metrics_count_connection(struct metrics *metrics, uint64_t connection_number);

/* Everything, in the text format of Prometheus. */
void metrics_write(struct strbuf *out, const struct gateway *gateway);
/* `requested` of the metrics listener; data is the gateway. */
void metrics_requested(struct http_exchange *exchange, void *data);

#endif
