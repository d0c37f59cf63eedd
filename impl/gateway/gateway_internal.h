/* What the parts of one gateway share: made by gateway.c, one for each instance of the component.
 * Everything here lives from start to stop.
 */
#ifndef GATEWAY_GATEWAY_INTERNAL_H
#define GATEWAY_GATEWAY_INTERNAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/list.h"
#include "gateway/error_log.h"
#include "gateway/settings.h"

struct batched_reports;
struct config_store;
struct dictionary;
struct http_exchange;
struct http_listener;
struct loader;
struct metrics;
struct oauth_store;
struct policy_command;
struct redis_limits_set;
struct resolver;
struct shared_stores;
struct token_cache;
struct token_caches;
struct worker_processes;
struct world;

/* Power of two: connections are spread over the buckets by their number. */
#define GATEWAY_CONNECTION_BUCKETS 256

struct gateway {
	struct world *world;
	struct settings settings;
	struct error_log log;
	struct worker_processes *workers; /* this one does nothing else; NULL: it serves itself */
	struct policy_command *command;   /* instead of serving; NULL: none */
	struct resolver *resolver;
	struct config_store *store;
	struct loader *loader;
	struct shared_stores *stores; /* with other workers; the dictionaries are its own */
	struct dictionary *auth_cache;
	struct token_cache *jwts;                        /* verified ones (10.4) */
	struct token_caches *introspections;             /* what servers said of tokens (9.4) */
	struct oauth_store *oauth;                       /* of the native flow (4.9) */
	struct dictionary *batched_auths, *batched_rows; /* of the policy 3scale_batcher */
	struct batched_reports *batched_reports;
	struct dictionary *limit_counters; /* of the policy rate_limit (12.2 A12) */
	struct redis_limits_set *redis_limits;
	struct metrics *metrics;
	struct http_listener *proxy, *proxy_tls, *management, *metrics_page, *echo;
	uint16_t echo_port;        /* also the port of the mock backend (4.1) */
	struct list_link requests; /* from their head to their access log line */
	/* Requests whose report is under way, and those that wait on the same connection (4.5). */
	struct list_link reporting[GATEWAY_CONNECTION_BUCKETS];
	struct list_link waiting[GATEWAY_CONNECTION_BUCKETS];
	size_t background_reports;    /* of APICAST_REPORTING_THREADS, 4.8 */
	uint64_t tls_connection_told; /* the last whose fallback was logged (3.3) */
	bool is_closing;              /* its listeners */
	bool is_stopping;             /* the world asked for it: ends with the last request */
};

/* A request is over: a gateway that stops ends with the last one. */
void gateway_request_over(struct gateway *gateway);

#endif
