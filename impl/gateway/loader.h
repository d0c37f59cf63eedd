/* Which configuration answers a request, and how it got here (spec/gateway.md 1.6): at the start
 * and again after each period (boot), or when a request needs it (lazy).
 */
#ifndef GATEWAY_LOADER_H
#define GATEWAY_LOADER_H

#include <stdbool.h>

#include "base/list.h"
#include "base/str.h"
#include "world/clock.h"

struct arena;
struct config;
struct error;
struct gateway;
struct host_services;
struct json;
struct loader;
struct log_subject;

/* config NULL: no service has this host. Not retained for the caller. */
typedef void loader_found(struct config *config, const struct host_services *services, void *data);

/* The caller's; zeroed memory waits for nothing. */
struct loader_wait {
	struct list_link link;
	struct timer timeout;
	struct loader *loader;
	struct str host;
	const struct log_subject *subject;
	loader_found *found;
	void *data;
};

struct loader *loader_create(struct gateway *gateway);
void loader_destroy(struct loader *loader); /* NULL is allowed; waiters are forgotten */

/* status < 0: the configuration is there, the gateway may serve. Else the process has to end with
 * it; the log says why. Called once, maybe at once. */
typedef void loader_booted(struct gateway *gateway, int status);
/* boot: loads everything; lazy: nothing to do. */
void loader_boot(struct loader *loader, loader_booted *booted);

/* True: *config and *services are set (NULL: unknown host). False: `found` is called later, once,
 * unless loader_wait_stop() comes first. host and subject must stay valid until then. */
bool loader_find(struct loader *loader, struct str host, struct loader_wait *wait,
		 const struct log_subject *subject, loader_found *found, void *data,
		 struct config **config, const struct host_services **services);
void loader_wait_stop(struct loader_wait *wait);

/* Management (7). Replaces everything by this document, unless there is no service in it; takes the
 * arena it lives in. The number of services, or -1 and *error (then nothing changed). */
int loader_replace(struct loader *loader, struct arena *arena, const struct json *document,
		   struct error *error);
void loader_forget(struct loader *loader);
/* Downloads as at the start and stores the result. text: the document, NULL when there is none. */
typedef void loader_reloaded(const struct str *text, void *data);
struct loader_reload;
struct loader_reload *loader_reload(struct loader *loader, loader_reloaded *reloaded, void *data);
void loader_reload_stop(struct loader_reload *reload); /* before `reloaded` */

#endif
