/* Which configuration answers for which host (spec/gateway.md 1.6). A boot loader replaces all of
 * it at once; a lazy one adds what each download brought. Entries hold references to the versions
 * they came from, expire by time, and the least recently used leave beyond the capacity (1.3:
 * 1000). Times: microseconds, monotonic.
 */
#ifndef GATEWAY_CONFIG_STORE_H
#define GATEWAY_CONFIG_STORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/str.h"
#include "gateway/config.h"

struct config_store;
struct json;

#define CONFIG_NEVER_EXPIRES INT64_MAX

struct config_hit {
	struct config *config; /* not retained for the caller */
	const struct host_services *services;
	bool is_stale;
};

struct config_store *config_store_create(size_t hosts_max);
void config_store_destroy(struct config_store *store); /* NULL is allowed */

/* Adds every host of the version; before that, `flush` forgets all others. */
void config_store_put(struct config_store *store, struct config *config, int64_t expires_us,
		      bool flush);
/* False when the host is unknown. */
bool config_store_find(struct config_store *store, struct str host, int64_t now_us,
		       struct config_hit *hit);
void config_store_clear(struct config_store *store);

/* Readiness (7): was anything stored, or said to come later (lazy)? */
void config_store_set_configured(struct config_store *store, bool is_configured);
bool config_store_is_configured(const struct config_store *store);
size_t config_store_services(const struct config_store *store);
/* {"services":[...]}, copied into `arena`. */
struct json *config_store_json(const struct config_store *store, struct arena *arena);

#endif
