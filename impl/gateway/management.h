/* The management API (spec/gateway.md 7): liveness, readiness, policies, and in scope `debug` the
 * configuration. */
#ifndef GATEWAY_MANAGEMENT_H
#define GATEWAY_MANAGEMENT_H

struct http_exchange;

/* `requested` of the management listener; data is the gateway. */
void management_requested(struct http_exchange *exchange, void *data);

#endif
