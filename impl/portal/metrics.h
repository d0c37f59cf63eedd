/* What waits in this portal's database, as Prometheus reads it (spec/portal.md 1.2): the same from
 * every process. The names are those under which the product's jobs are known. */
#ifndef PORTAL_METRICS_H
#define PORTAL_METRICS_H

struct call;
struct http_request;

/* GET /system/metrics: of the master, for whoever shows PROMETHEUS_USERNAME and
 * PROMETHEUS_PASSWORD; for nobody while these are not set. Opens and ends a transaction of its own.
 */
void metrics_answer(struct call *call, const struct http_request *request);

#endif
