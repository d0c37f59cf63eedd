#include "portal/portal.h"

#include <inttypes.h>
#include <stdlib.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/options.h"
#include "base/utc.h"
#include "portal/backend_events.h"
#include "portal/backend_rewrite.h"
#include "portal/backend_sync.h"
#include "portal/database.h"
#include "portal/database_address.h"
#include "portal/deploy.h"
#include "portal/hooks.h"
#include "portal/jobs.h"
#include "portal/mailer.h"
#include "portal/portal_internal.h"
#include "portal/processes.h"
#include "portal/release.h"
#include "portal/schema.h"
#include "portal/seed.h"
#include "portal/settings.h"
#include "portal/settings_source.h"
#include "portal/statistics/storage.h"
#include "portal/zync.h"
#include "portal/zync_resync.h"
#include "portal/webhooks.h"
#include "world/component.h"
#include "world/environment.h"
#include "world/clock.h"
#include "world/http_server.h"
#include "world/log.h"
#include "world/sql.h"

#define EXIT_USAGE 2
/* How long a stop waits for answers. */
#define STOP_WAIT_US INT64_C(10000000)
/* How soon sidekiq sees what other processes leave to it. */
#define LOOK_US INT64_C(100000)

void portal_wake(struct portal *portal)
{
	backend_sync_wake(portal->sync);
	jobs_wake(portal->jobs);
	zync_wake(portal->zync);
	mailer_wake(portal->mailer);
	webhooks_wake(portal->webhooks);
}

/* Start and stop. */

struct portal_options {
	struct http_listen_options listen;
	struct str database, release, config;
	bool has_port, reset_database, rewrite, has_hooks;
	int64_t clock_s;
	const struct str *arguments; /* all, as they were given */
	size_t arguments_count;
};

void portal_end(struct portal *portal)
{
	backend_sync_let_go(portal->sync);
	zync_let_go(portal->zync);
	mailer_let_go(portal->mailer);
	world_exit(portal->world, 0);
}

static void portal_stop_waited(struct timer *timer)
{
	portal_end(LIST_ENTRY(timer, struct portal, stop_wait));
}

/* Requests that are being served are answered first (spec/portal.md 9.1). */
static void portal_stop_requested(void *data)
{
	struct portal *portal = data;

	portal->is_stopping = true;
	if (portal->processes != NULL)
		portal_processes_stop(portal->processes);
	else if (portal->requests == 0)
		portal_end(portal);
	else
		timer_start(portal->world, &portal->stop_wait, STOP_WAIT_US, portal_stop_waited);
}

static void portal_destroy(struct portal *portal)
{
	timer_stop(&portal->stop_wait);
	timer_stop(&portal->look);
	portal_processes_destroy(portal->processes);
	deploy_destroy(portal->deploy);
	http_listener_close(portal->world, portal->listener);
	webhooks_destroy(portal->webhooks);
	jobs_destroy(portal->jobs);
	zync_destroy(portal->zync);
	mailer_destroy(portal->mailer);
	statistics_storage_destroy(portal->storage);
	backend_events_destroy(portal->events);
	backend_sync_destroy(portal->sync);
	database_close(portal->database);
	arena_destroy(portal->arena);
	free(portal);
}

static bool portal_read_settings(struct portal *portal, const struct portal_options *given,
				 struct error *error)
{
	return settings_source_open(&portal->source, portal->world, portal->arena, given->config,
				    error) &&
	       portal_settings_read(&portal->settings, &portal->source, given->release, error);
}

static bool portal_find_database(struct portal *portal, const struct portal_options *given,
				 struct error *error)
{
	portal->address = (struct sql_options){.durability = SQL_DURABILITY_NORMAL};
	portal->resets_database = given->reset_database;
	return database_address_find(&portal->source, &portal->settings, given->database,
				     &portal->address, error);
}

static bool portal_connect(void *data, struct error *error)
{
	struct portal *portal = data;

	portal->database = database_open(portal->world, &portal->address, error);
	if (portal->database == NULL)
		return false;
	if (portal->clock_s >= 0)
		database_set_clock(portal->database, portal->clock_s * UTC_SECOND_US);
	portal->settings.started_us = database_now_us(portal->database);
	return database_address_judge(portal->database, &portal->settings, &portal->address, error);
}

static bool portal_complete_schema(struct portal *portal, struct error *error)
{
	return schema_prepare(portal->database, error) &&
	       (!portal->resets_database || schema_empty(portal->database, error));
}

static bool portal_prepare_database(void *data, struct error *error)
{
	struct portal *portal = data;

	return portal_complete_schema(portal, error) &&
	       seed_database(portal->database, &portal->settings, error);
}

/* A job's step or an event of backend is stored: what it leaves for others is theirs now. Beside
 * sidekiq the outboxes are its own, and it looks by itself. */
static void portal_committed(void *data)
{
	struct portal *portal = data;

	if (portal->role == PORTAL_APP)
		return;
	backend_sync_wake(portal->sync);
	zync_wake(portal->zync);
	mailer_wake(portal->mailer);
}

static void portal_start_jobs(struct portal *portal)
{
	const struct jobs_options options = {.world = portal->world,
					     .database = portal->database,
					     .settings = &portal->settings,
					     .storage = portal->storage,
					     .committed = portal_committed,
					     .data = portal};

	portal->zync = zync_create(portal->world, portal->database, &portal->settings);
	portal->mailer = mailer_create(portal->world, portal->database, &portal->settings);
	portal->jobs = jobs_create(&options);
}

/* `resync`: the rows are for the portal that runs beside it, or for the next one. */
static bool portal_resync(struct portal *portal, const struct portal_options *given,
			  struct error *error)
{
	if (!portal_read_settings(portal, given, error) ||
	    !portal_find_database(portal, given, error) || !portal_connect(portal, error) ||
	    !portal_complete_schema(portal, error))
		return false;
	if (database_int(portal->database, STR("SELECT count(*) FROM accounts"), NULL, 0, 0) == 0)
		return error_set(error, ERROR_INVALID,
				 "there is nothing in the database that backend could be told");
	if (!backend_rewrite(portal->database, &portal->settings, error))
		return false;
	log_format(portal->world, LOG_STDOUT, "%" PRId64 " calls wait for backend",
		   database_int(portal->database, STR("SELECT count(*) FROM backend_updates"), NULL,
				0, 0));
	world_exit(portal->world, 0);
	return true;
}

/* `resync-domains`, of PROVIDER_ID alone when that is set. */
static bool portal_resync_domains(struct portal *portal, const struct portal_options *given,
				  struct error *error)
{
	struct str provider = environment_text(portal->world, STR("PROVIDER_ID"), STR("0"));
	int64_t provider_id;

	if (!str_to_int64(provider, &provider_id))
		return error_set(error, ERROR_INVALID, "PROVIDER_ID is a number, not \"%.*s\"",
				 STR_ARG(provider));
	if (!portal_read_settings(portal, given, error))
		return false;
	if (!portal->settings.release->has_zync_routes)
		return error_set(error, ERROR_INVALID, "release %.*s has no routes of zync's",
				 STR_ARG(portal->settings.release->name));
	if (!portal_find_database(portal, given, error) || !portal_connect(portal, error) ||
	    !portal_complete_schema(portal, error) ||
	    !zync_resync_domains(portal->database, provider_id, true, error))
		return false;
	world_exit(portal->world, 0);
	return true;
}

/* `deploy` */
static bool portal_deploy(struct portal *portal, const struct portal_options *given,
			  struct error *error)
{
	const struct deploy_options options = {.world = portal->world,
					       .settings = &portal->settings,
					       .address = &portal->address,
					       .connect = portal_connect,
					       .prepare = portal_prepare_database,
					       .data = portal};

	if (!portal_read_settings(portal, given, error) ||
	    !portal_find_database(portal, given, error))
		return false;
	portal->deploy = deploy_create(&options);
	return true;
}

/* A database in memory is one process's; so is what tests do to one. */
static bool wants_processes(const struct portal *portal, const struct portal_options *given)
{
	return portal->role == PORTAL_ALL && portal->settings.unicorn_workers > 1 &&
	       !given->has_hooks && !str_equal(portal->address.path, STR(":memory:"));
}

static uint16_t port_of(const struct portal *portal, const struct portal_options *given)
{
	return given->has_port ? given->listen.port : (uint16_t)portal->settings.port;
}

static bool portal_start_processes(struct portal *portal, const struct portal_options *given,
				   struct error *error)
{
	const struct portal_processes_options options = {
		.world = portal->world,
		.arguments = given->arguments,
		.arguments_count = given->arguments_count,
		.port = port_of(portal, given),
		.workers = (size_t)portal->settings.unicorn_workers,
		.secret_key_base = portal->settings.secret_key_base,
	};

	portal->processes = portal_processes_create(&options, error);
	return portal->processes != NULL;
}

/* Other processes leave rows without a word. */
static void portal_looked(struct timer *timer)
{
	struct portal *portal = LIST_ENTRY(timer, struct portal, look);

	portal_wake(portal);
	timer_start(portal->world, timer, LOOK_US, portal_looked);
}

static bool portal_open(struct portal *portal, const struct portal_options *given,
			struct error *error)
{
	struct settings *settings = &portal->settings;
	struct http_listen_options listen = given->listen;
	bool several;

	if (!portal_read_settings(portal, given, error) ||
	    !portal_find_database(portal, given, error))
		return false;
	several = wants_processes(portal, given);
	if (settings->unicorn_workers > 0 && portal->role == PORTAL_ALL)
		log_format(portal->world, LOG_STDOUT, "Starting %" PRId64 " unicorn workers",
			   several ? settings->unicorn_workers : 1);
	if (several)
		return portal_start_processes(portal, given, error);
	if (!portal_connect(portal, error) || !portal_prepare_database(portal, error) ||
	    (given->rewrite && !backend_rewrite(portal->database, settings, error)))
		return false;
	portal->sync = backend_sync_create(portal->world, portal->database, settings);
	portal->events = backend_events_create(portal->world, portal->database, settings,
					       portal_committed, portal);
	portal->storage = statistics_storage_create(portal->world, &settings->storage, error);
	if (portal->storage == NULL)
		return false;
	portal_start_jobs(portal);
	portal->webhooks = webhooks_create(portal->world, portal->database);
	portal->hooks = (struct hooks){portal->world, portal->database, portal->sync,  portal->jobs,
				       portal->zync,  portal->webhooks, portal->mailer};
	if (portal->role == PORTAL_SIDEKIQ) {
		portal_looked(&portal->look);
		return true;
	}
	listen.port = port_of(portal, given);
	portal->listener = http_listen(portal->world, &listen, portal_requested, portal, error);
	if (portal->listener == NULL)
		return false;
	if (portal->role == PORTAL_APP)
		backend_sync_follow(portal->sync);
	else
		portal_wake(portal);
	return true;
}

static bool role_of_word(struct str word, enum portal_role *role, struct error *error)
{
	static const struct str words[PORTAL_ROLES] = {
		[PORTAL_ALL] = STR_INIT(""),
		[PORTAL_APP] = STR_INIT("app"),
		[PORTAL_SIDEKIQ] = STR_INIT("sidekiq"),
		[PORTAL_RESYNC] = STR_INIT("resync"),
		[PORTAL_DEPLOY] = STR_INIT("deploy"),
		[PORTAL_RESYNC_DOMAINS] = STR_INIT("resync-domains"),
	};

	for (size_t i = 0; i < PORTAL_ROLES; i++) {
		if (str_equal(words[i], word)) {
			*role = (enum portal_role)i;
			return true;
		}
	}
	return error_set(error, ERROR_INVALID,
			 "the role is app, sidekiq, deploy, resync, resync-domains or none, not "
			 "\"%.*s\"",
			 STR_ARG(word));
}

static bool (*const portal_begins[PORTAL_ROLES])(struct portal *portal,
						 const struct portal_options *given,
						 struct error *error) = {
	[PORTAL_ALL] = portal_open,
	[PORTAL_APP] = portal_open,
	[PORTAL_SIDEKIQ] = portal_open,
	[PORTAL_RESYNC] = portal_resync,
	[PORTAL_RESYNC_DOMAINS] = portal_resync_domains,
	[PORTAL_DEPLOY] = portal_deploy,
};

static bool portal_read_options(struct world *world, struct portal_options *given,
				enum portal_role *role, struct error *error)
{
	const struct option options[] = {
		{"port", 0, OPTION_PORT, &given->listen.port, &given->has_port, "N",
		 "port to listen on, 0 = any free one; else PORT"},
		{"address", 0, OPTION_TEXT, &given->listen.address, NULL, "IP",
		 "address to listen on"},
		{"database", 0, OPTION_TEXT, &given->database, NULL, "WHERE",
		 "SQLite file, :memory:, or what DATABASE_URL takes"},
		{"reset-database", 0, OPTION_FLAG, &given->reset_database, NULL, NULL,
		 "begin with an empty database: all that the portal has stored is lost"},
		{"rewrite-backend", 0, OPTION_FLAG, &given->rewrite, NULL, NULL,
		 "tell backend everything again, after it lost its storage"},
		{"config", 0, OPTION_TEXT, &given->config, NULL, "FILE",
		 "settings (YAML, else PORTAL_CONFIG); the environment wins"},
		{"release", 0, OPTION_TEXT, &given->release, NULL, "N", "2.6, 2.5 or later"},
		{"test-hooks", 0, OPTION_FLAG, &given->has_hooks, NULL, NULL,
		 "let tests set the clock, run jobs and ask the database"},
		{"share-port", 0, OPTION_FLAG, &given->listen.share_port, NULL, NULL,
		 "let other processes listen on the port, too"},
		{"test-clock", 0, OPTION_INT, &given->clock_s, NULL, "S",
		 "with --test-hooks: Unix seconds where the clock stands"},
	};
	struct str word = STR("");

	return component_read_options(world,
				      "portal [app|sidekiq|deploy|resync|resync-domains] "
				      "[OPTION...]",
				      options, sizeof options / sizeof *options, given->arguments,
				      given->arguments_count, &word, 1, NULL, error) &&
	       role_of_word(word, role, error);
}

static struct portal *portal_create(struct world *world, const struct portal_options *given,
				    enum portal_role role)
{
	struct portal *portal = MEMORY_NEW(struct portal);

	portal->world = world;
	portal->role = role;
	portal->arena = arena_create();
	portal->has_hooks = given->has_hooks;
	portal->clock_s = given->has_hooks ? given->clock_s : -1;
	return portal;
}

/* The others end by themselves when their work is done. */
static bool role_serves(enum portal_role role)
{
	return role == PORTAL_ALL || role == PORTAL_APP || role == PORTAL_SIDEKIQ;
}

static void portal_say_ready(const struct portal *portal)
{
	if (portal->role == PORTAL_SIDEKIQ)
		log_format(portal->world, LOG_STDOUT, "ready portal role=sidekiq");
	else if (portal->processes == NULL)
		log_format(portal->world, LOG_STDOUT, "ready portal port=%u",
			   (unsigned)http_listener_port(portal->world, portal->listener));
}

static void *portal_start(struct world *world, const struct str *arguments, size_t count,
			  int *exit_status, struct error *error)
{
	struct portal_options given = {
		.clock_s = -1, .arguments = arguments, .arguments_count = count};
	enum portal_role role = PORTAL_ALL;
	struct portal *portal;

	if (!portal_read_options(world, &given, &role, error)) {
		*exit_status = EXIT_USAGE;
		return NULL;
	}
	portal = portal_create(world, &given, role);
	if (!portal_begins[role](portal, &given, error)) {
		*exit_status = 1;
		portal_destroy(portal);
		return NULL;
	}
	if (role_serves(role)) {
		world_on_stop(world, portal_stop_requested, portal);
		portal_say_ready(portal);
	}
	return portal;
}

static void portal_stop(void *instance)
{
	portal_destroy(instance);
}

const struct component portal_component = {
	.name = "portal",
	.help = "the administration half: Account Management API and gateway configurations",
	.start = portal_start,
	.stop = portal_stop,
};
