/* The backend process: what its parts share.
 *
 * `storage` holds configuration and counters, `queues` the jobs (spec/backend.md 6): clients of two
 * Redis databases, or of two databases of the embedded store. NULL once the process is stopping.
 */
#ifndef BACKEND_BACKEND_INTERNAL_H
#define BACKEND_BACKEND_INTERNAL_H

#include <stdbool.h>
#include <stdint.h>

#include "backend/jobs.h"
#include "backend/settings.h"
#include "base/list.h"
#include "base/str.h"
#include "base/utc.h"
#include "world/clock.h"

struct connectivity;
struct cron;
struct http_listener;
struct memo;
struct ping;
struct process_metrics;
struct redis_client;
struct store;
struct store_server;
struct listener_processes;
struct worker;
struct world;

/* "2019-06-01 10:20:00 +0000" until end_us. */
struct notified_minute {
	int64_t end_us;
	char text[32];
};

struct backend {
	struct world *world;
	struct settings settings;
	struct store *store;               /* NULL: a Redis */
	struct store_server *store_server; /* NULL: nobody else may look into it */
	struct redis_client *storage, *queues;
	struct memo *memo;
	struct worker *worker; /* NULL: elsewhere */
	struct cron *cron;     /* NULL: elsewhere */
	struct listener_processes
		*processes;         /* this one does nothing else; NULL: it works itself */
	struct connectivity *check; /* NULL: the process has another role */
	struct http_listener *listener;
	struct process_metrics *metrics;
	struct strbuf scratch; /* for texts that are copied at once */
	uint64_t hash_seed;

	bool clock_is_set; /* by a test: it stands still */
	int64_t clock_us;

	int64_t queue_named_us[QUEUES]; /* when resque:queues was last told, 0: never */
	struct notified_minute notified_minute;
	size_t requests;          /* in progress */
	size_t exchanges;         /* not yet handed to the network */
	struct ping *events_ping; /* the call of the events hook that is under way */
	bool is_stopping;
	struct timer stop_timer;
};

/* What time it is, for every rule of backend. */
int64_t backend_now_us(const struct backend *backend);
/* A request, or a round of the worker or cron, is over: a process that is asked to stop may be able
 * to. */
void backend_work_ended(struct backend *backend);

#endif
