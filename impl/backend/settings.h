/* What the command line and the environment say (spec/backend.md 9.3). Read once at start. Texts
 * of the environment live as long as the world; the rest in settings->arena.
 */
#ifndef BACKEND_SETTINGS_H
#define BACKEND_SETTINGS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "backend/settings_redis.h"
#include "base/str.h"
#include "world/sql.h"

struct arena;
struct error;
struct profile;
struct world;

/* What a process is: 1, 9.1. */
enum backend_role {
	ROLE_ALL, /* listener, worker and cron in one */
	ROLE_LISTENER,
	ROLE_WORKER,
	ROLE_CRON,
	ROLE_CHECK_STORAGE, /* says whether it can be reached, and ends */
	ROLE_CHECK_QUEUES,
};

struct settings {
	struct arena *arena;
	enum backend_role role;
	struct str role_word; /* as it was given, in the arguments; empty: it was not */
	bool is_listener, is_worker, is_cron;
	uint16_t port;
	struct str address;
	struct str store_path; /* the embedded store; empty: a Redis */
	int64_t store_port;    /* where others may look into it; 0: any, -1: nowhere */
	struct redis_settings storage, queues;
	enum sql_durability durability;
	bool has_test_hooks;
	const struct profile *profile; /* of the release */

	struct str internal_user, internal_password;
	bool is_production;
	struct str events_hook, events_hook_secret;
	struct str master_service;
	struct str master_transactions, master_authorize; /* names of its metrics */
	int64_t notification_batch;
	struct str log;        /* of the application */
	struct str worker_log; /* empty: none */
	bool worker_log_is_json;
	struct str request_log; /* empty: none */
	bool request_log_has_text, request_log_has_json;
	int64_t body_bytes_max;

	int64_t listeners; /* processes; 0 and 1: this one alone */
	bool shares_port;

	bool has_worker_metrics, has_listener_metrics;
	uint16_t worker_metrics_port, listener_metrics_port; /* 0: any */
	struct str metrics_address;

	bool is_once; /* cron: one round */
	int64_t reschedule_every_s, purge_every_s;
	int64_t token_bytes_max;          /* of an OAuth access token */
	bool has_legacy_referrer_filters; /* a part of the referrer is enough */
};

/* *exit_status is 2 for wrong usage, 1 for what the environment says wrongly. */
bool settings_read(struct settings *settings, struct world *world, const struct str *arguments,
		   size_t count, int *exit_status, struct error *error);
void settings_free(struct settings *settings);

#endif
