#include "portal/portal.h"

#include <inttypes.h>
#include <stdlib.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/limits.h"
#include "base/options.h"
#include "base/utc.h"
#include "portal/backend_events.h"
#include "portal/backend_rewrite.h"
#include "portal/backend_sync.h"
#include "portal/call.h"
#include "portal/database.h"
#include "portal/database_address.h"
#include "portal/deploy.h"
#include "portal/dispatch.h"
#include "portal/errand.h"
#include "portal/hooks.h"
#include "portal/jobs.h"
#include "portal/mailer.h"
#include "portal/processes.h"
#include "portal/record.h"
#include "portal/schema.h"
#include "portal/seed.h"
#include "portal/settings.h"
#include "portal/settings_source.h"
#include "portal/statistics/storage.h"
#include "portal/zync.h"
#include "portal/webhooks.h"
#include "world/component.h"
#include "world/environment.h"
#include "world/clock.h"
#include "world/http_server.h"
#include "world/log.h"
#include "world/sql.h"

#define EXIT_USAGE 2
#define ETAG_SEED 1
/* How long an answer waits for backend (spec/portal.md 6.3), and a stop for answers. */
#define PUSH_WAIT_US INT64_C(5000000)
#define STOP_WAIT_US INT64_C(10000000)
/* How soon sidekiq sees what other processes leave to it. */
#define LOOK_US INT64_C(100000)

/* What a process does of the portal's work. */
enum portal_role {
	PORTAL_ALL,
	PORTAL_APP,     /* answers requests */
	PORTAL_SIDEKIQ, /* what nobody waits for: jobs, and the outboxes */
	PORTAL_RESYNC,
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

/* One request: its body is read, it is carried out, and a change is answered when backend was told
 * (or is known to be away). */
struct portal_request {
	struct portal *portal;
	struct http_exchange *exchange;
	struct http_body_collector *collector;
	struct call call;
	struct backend_waiter waiter;
	struct timer push_wait;
	struct errand *errand; /* under way */
};

static void request_log(struct portal_request *request, int status)
{
	struct http_exchange *exchange = request->exchange;
	struct world *world = request->portal->world;
	struct call *call = &request->call;
	char time[32];

	log_format(world, LOG_STDOUT,
		   "[%.*s] %.*s %.*s %.*s %d %" PRId64 "ms host=%.*s account=%" PRId64,
		   STR_ARG(utc_format_iso(time, database_now_us(request->portal->database))),
		   STR_ARG(exchange->remote_address), STR_ARG(exchange->request.method),
		   STR_ARG(dispatch_loggable_path(call, exchange->request.target)), status,
		   (world_monotonic_us(world) - exchange->began_us) / 1000, STR_ARG(call->host),
		   call->tenant != NULL ? call_tenant_id(call) : 0);
}

static bool client_has(const struct http_fields *fields, struct str etag)
{
	return http_fields_lists(fields, STR("If-None-Match"), etag) ||
	       http_fields_lists(fields, STR("If-None-Match"), str_skip(etag, 2)) ||
	       http_fields_lists(fields, STR("If-None-Match"), STR("*"));
}

/* What was not changed since the client asked last need not be sent again. Only the ETag decides:
 * an object's time says nothing of what is shown within it. */
static void add_validators(struct portal_request *request, struct http_response *response)
{
	struct http_exchange *exchange = request->exchange;
	struct answer *answer = &request->call.answer;
	char time[32];
	struct str etag;

	if (answer->status != 200 || answer->is_passed_on || !call_only_reads(&request->call))
		return;
	etag = str_format(exchange->arena, "W/\"%016" PRIx64 "\"",
			  str_hash(answer->body, ETAG_SEED));
	http_fields_add(&response->fields, STR("ETag"), etag);
	if (answer->modified_us != 0)
		http_fields_add(
			&response->fields, STR("Last-Modified"),
			str_copy(exchange->arena, utc_format_http(time, answer->modified_us)));
	if (client_has(&exchange->request.fields, etag)) {
		response->status = 304;
		answer->body = STR("");
	}
}

static void request_respond(struct portal_request *request)
{
	struct http_exchange *exchange = request->exchange;
	struct answer *answer = &request->call.answer;
	struct http_response response;

	http_response_init(&response, exchange->arena, answer->status);
	if (answer->content_type.size > 0)
		http_fields_add(&response.fields, STR("Content-Type"), answer->content_type);
	for (size_t i = 0; i < request->call.fields.count; i++)
		http_fields_add(&response.fields, request->call.fields.items[i].name,
				request->call.fields.items[i].value);
	add_validators(request, &response);
	request_log(request, response.status);
	http_exchange_respond_str(exchange, &response, answer->body);
}

static void request_pushed(struct backend_waiter *waiter)
{
	struct portal_request *request = LIST_ENTRY(waiter, struct portal_request, waiter);

	timer_stop(&request->push_wait);
	request_respond(request);
}

/* Many changes are before this one: it is stored, and will arrive. */
static void request_waited(struct timer *timer)
{
	struct portal_request *request = LIST_ENTRY(timer, struct portal_request, push_wait);

	backend_sync_wait_stop(&request->waiter);
	request_respond(request);
}

static void request_errand_done(void *data)
{
	struct portal_request *request = data;

	request->errand = NULL;
	request_respond(request);
}

/* There may be work that nobody waits for. */
static void portal_wake(struct portal *portal)
{
	backend_sync_wake(portal->sync);
	jobs_wake(portal->jobs);
	zync_wake(portal->zync);
	mailer_wake(portal->mailer);
	webhooks_wake(portal->webhooks);
}

static void request_carry_out(struct portal_request *request, struct str body)
{
	struct portal *portal = request->portal;
	struct http_exchange *exchange = request->exchange;
	bool wrote = dispatch(&request->call, &exchange->request, body);

	if (wrote && portal->role == PORTAL_ALL)
		portal_wake(portal);
	if (request->call.errand != NULL && request->call.answer.status < 400) {
		request->errand = request->call.errand;
		request->errand->done = request_errand_done;
		request->errand->data = request;
		request->errand->begin(request->errand, &request->call);
		return;
	}
	/* Nothing that backend must know: no reason to wait for it. */
	if (!wrote || !request->call.tells_backend) {
		request_respond(request);
		return;
	}
	request->waiter.up_to = backend_sync_newest(portal->sync);
	request->waiter.tried = request_pushed;
	timer_start(portal->world, &request->push_wait, PUSH_WAIT_US, request_waited);
	backend_sync_wait(portal->sync, &request->waiter);
}

static void request_collected(enum http_collect_result result, struct str bytes, void *data)
{
	struct portal_request *request = data;

	request->collector = NULL;
	switch (result) {
	case HTTP_COLLECTED:
		request_carry_out(request, bytes);
		break;
	case HTTP_COLLECT_TOO_LARGE:
		request->call.answer.status = 413;
		request_respond(request);
		break;
	case HTTP_COLLECT_FAILED:
		http_exchange_abort(request->exchange);
		break;
	}
}

static void portal_end(struct portal *portal);

static void request_ended(struct http_exchange *exchange, bool complete)
{
	struct portal_request *request = exchange->data;
	struct portal *portal = request->portal;

	(void)complete;
	http_body_collector_stop(request->collector);
	backend_sync_wait_stop(&request->waiter);
	timer_stop(&request->push_wait);
	if (request->errand != NULL)
		request->errand->stop(request->errand);
	portal->requests--;
	if (portal->is_stopping && portal->requests == 0)
		portal_end(portal);
}

static bool portal_is_hook(const struct portal *portal, const struct http_exchange *exchange)
{
	return portal->has_hooks && str_has_prefix(exchange->request.target, STR("/__test/"));
}

static void portal_requested(struct http_exchange *exchange, void *data)
{
	struct portal *portal = data;
	struct portal_request *request;
	struct http_body_collector *collector;

	if (portal_is_hook(portal, exchange)) {
		hooks_requested(&portal->hooks, exchange, exchange->request.target);
		return;
	}
	request = ARENA_NEW(exchange->arena, struct portal_request);
	request->portal = portal;
	request->exchange = exchange;
	request->call = (struct call){.database = portal->database,
				      .settings = &portal->settings,
				      .events = portal->events,
				      .storage = portal->storage,
				      .arena = exchange->arena,
				      .remote_address = exchange->remote_address};
	exchange->data = request;
	exchange->ended = request_ended;
	portal->requests++;
	if (portal->is_stopping) {
		request->call.answer.status = 503;
		request_respond(request);
		return;
	}
	collector = http_body_collect(http_exchange_take_body(exchange), LIMIT_PORTAL_BODY_BYTES,
				      exchange->arena, request_collected, request);
	/* NULL: collected already, and the exchange may be over. */
	if (collector != NULL)
		request->collector = collector;
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

/* What it was about to deliver is another portal's from here on. */
static void portal_end(struct portal *portal)
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
	};

	for (size_t i = 0; i < PORTAL_ROLES; i++) {
		if (str_equal(words[i], word)) {
			*role = (enum portal_role)i;
			return true;
		}
	}
	return error_set(error, ERROR_INVALID,
			 "the role is app, sidekiq, deploy, resync or none, not \"%.*s\"",
			 STR_ARG(word));
}

static bool begin_role(struct portal *portal, const struct portal_options *given,
		       struct error *error)
{
	if (portal->role == PORTAL_RESYNC)
		return portal_resync(portal, given, error);
	if (portal->role == PORTAL_DEPLOY)
		return portal_deploy(portal, given, error);
	return portal_open(portal, given, error);
}

static void *portal_start(struct world *world, const struct str *arguments, size_t count,
			  int *exit_status, struct error *error)
{
	struct portal_options given = {.clock_s = -1};
	struct str role_word = STR("");
	enum portal_role role = PORTAL_ALL;
	const struct option options[] = {
		{"port", 0, OPTION_PORT, &given.listen.port, &given.has_port, "N",
		 "port to listen on, 0 = any free one; else PORT"},
		{"address", 0, OPTION_TEXT, &given.listen.address, NULL, "IP",
		 "address to listen on"},
		{"database", 0, OPTION_TEXT, &given.database, NULL, "WHERE",
		 "SQLite file, :memory:, or what DATABASE_URL takes"},
		{"reset-database", 0, OPTION_FLAG, &given.reset_database, NULL, NULL,
		 "begin with an empty database: all that the portal has stored is lost"},
		{"rewrite-backend", 0, OPTION_FLAG, &given.rewrite, NULL, NULL,
		 "tell backend everything again, after it lost its storage"},
		{"config", 0, OPTION_TEXT, &given.config, NULL, "FILE",
		 "settings (YAML, else PORTAL_CONFIG); the environment wins"},
		{"release", 0, OPTION_TEXT, &given.release, NULL, "N", "2.6, 2.5 or later"},
		{"test-hooks", 0, OPTION_FLAG, &given.has_hooks, NULL, NULL,
		 "let tests set the clock, run jobs and ask the database"},
		{"share-port", 0, OPTION_FLAG, &given.listen.share_port, NULL, NULL,
		 "let other processes listen on the port, too"},
		{"test-clock", 0, OPTION_INT, &given.clock_s, NULL, "S",
		 "with --test-hooks: Unix seconds where the clock stands"},
	};
	size_t words_count;

	if (!component_read_options(world, "portal [app|sidekiq|deploy|resync] [OPTION...]",
				    options, sizeof options / sizeof *options, arguments, count,
				    &role_word, 1, &words_count, error)) {
		*exit_status = EXIT_USAGE;
		return NULL;
	}
	if (!role_of_word(role_word, &role, error)) {
		*exit_status = EXIT_USAGE;
		return NULL;
	}

	struct portal *portal = MEMORY_NEW(struct portal);

	portal->world = world;
	portal->role = role;
	given.arguments = arguments;
	given.arguments_count = count;
	portal->arena = arena_create();
	portal->has_hooks = given.has_hooks;
	portal->clock_s = given.has_hooks ? given.clock_s : -1;
	if (!begin_role(portal, &given, error)) {
		*exit_status = 1;
		portal_destroy(portal);
		return NULL;
	}
	if (role == PORTAL_RESYNC || role == PORTAL_DEPLOY)
		return portal;
	world_on_stop(world, portal_stop_requested, portal);
	if (role == PORTAL_SIDEKIQ)
		log_format(world, LOG_STDOUT, "ready portal role=sidekiq");
	else if (portal->processes == NULL)
		log_format(world, LOG_STDOUT, "ready portal port=%u",
			   (unsigned)http_listener_port(world, portal->listener));
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
