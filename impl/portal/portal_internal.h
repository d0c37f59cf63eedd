/* One process of the portal, as the files that make it up see it: portal.c starts and stops it,
 * requests.c answers. */
#ifndef PORTAL_PORTAL_INTERNAL_H
#define PORTAL_PORTAL_INTERNAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "portal/hooks.h"
#include "portal/settings.h"
#include "portal/settings_source.h"
#include "world/clock.h"
#include "world/sql.h"

struct arena;
struct backend_events;
struct backend_sync;
struct database;
struct deploy;
struct http_exchange;
struct http_listener;
struct jobs;
struct mailer;
struct portal_processes;
struct statistics_storage;
struct webhooks;
struct world;
struct zync;

/* What a process does of the portal's work. */
enum portal_role {
	PORTAL_ALL,
	PORTAL_APP,     /* answers requests */
	PORTAL_SIDEKIQ, /* what nobody waits for: jobs, and the outboxes */
	PORTAL_RESYNC,
	PORTAL_RESYNC_DOMAINS,
	PORTAL_DEPLOY, /* the hook before a deployment */
	PORTAL_ROLES
};

struct portal {
	struct world *world;
	enum portal_role role;
	struct portal_processes *processes; /* of this one, which then does nothing else */
	struct timer look;                  /* of sidekiq */
	struct arena *arena;                /* of the settings */
	struct settings_source source;
	struct settings settings;
	struct sql_options address; /* of the database */
	bool resets_database;
	struct deploy *deploy; /* or nothing else */
	struct database *database;
	struct backend_sync *sync;
	struct backend_events *events;
	struct statistics_storage *storage;
	struct hooks hooks;
	bool has_hooks;
	int64_t clock_s; /* for tests: where the clock stands from the start on; -1: it goes */
	struct jobs *jobs;
	struct zync *zync;
	struct mailer *mailer;
	struct webhooks *webhooks;
	struct http_listener *listener;
	size_t requests; /* being served */
	bool is_stopping;
	struct timer stop_wait;
};

/* requests.c: a listener's, with the portal as its data. */
void portal_requested(struct http_exchange *exchange, void *data);
/* There may be work that nobody waits for. */
void portal_wake(struct portal *portal);
/* What it was about to deliver is another portal's from here on; ends the component. */
void portal_end(struct portal *portal);

#endif
