#include "portal/zync.h"

#include <inttypes.h>
#include <stdlib.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/json.h"
#include "base/limits.h"
#include "base/url.h"
#include "base/utc.h"
#include "portal/database.h"
#include "portal/events.h"
#include "portal/outbox_lease.h"
#include "portal/release.h"
#include "portal/settings.h"
#include "portal/tables.h"
#include "portal/zync_resync.h"
#include "portal/zync_routes.h"
#include "world/chance.h"
#include "world/clock.h"
#include "world/http_client.h"
#include "world/log.h"
#include "zync/routes.h"

#define SECOND_MS 1000
#define TOKEN_DIGITS 64
/* All of a call: a zync that drips must not hold up what comes after. */
#define WHOLE_TIMEOUT_US (60 * UTC_SECOND_US)
#define TRIES_MAX 25
#define LOOK_US (60 * UTC_SECOND_US)
#define CALLS_MAX 4 /* the tenant, two dependencies, the notice */

/* One PUT. */
struct zync_call {
	struct str path, body;
};

struct zync {
	struct world *world;
	struct database *database;
	const struct settings *settings;
	struct url address; /* without scheme: there is no zync */
	struct timer timer;
	bool has_looked; /* and found nothing due, since it was woken */
	struct outbox_lease lease;
	struct timer rest; /* after a failure of the database */
	bool has_begun;

	/* The notice under way. */
	struct arena *arena; /* NULL: none */
	struct record *notice;
	struct zync_call calls[CALLS_MAX];
	size_t calls_count, calls_done;
	bool has_told_dependencies;
	struct http_fields fields;
	struct http_call *call;
	struct http_body_collector *collector;
	struct timer whole;
};

static void zync_next_call(struct zync *zync);
static void zync_turn(struct timer *timer);

void zync_notice_add(struct database *database, const struct zync_notice *notice)
{
	struct record *row = record_new(database_arena(database), &zync_notices_table);

	record_set_text(row, "type", notice->type);
	record_set_int(row, "object_id", notice->object_id);
	record_set(row, "tenant_id", notice->tenant_id);
	record_set(row, "service_id", notice->service_id);
	record_set_text(row, "event_id", events_new_id(database));
	record_set_text(row, "parent_event_id", notice->parent_event_id);
	record_set_text(row, "parent_event_type", notice->parent_event_type);
	record_set(row, "run_at", value_time(database_now_us(database)));
	record_save(database, row);
}

/* Bodies. */

static void set_text(struct arena *arena, struct json *object, const char *name, struct str text)
{
	json_set(object, str_from(name), json_new_str(arena, text));
}

static void set_number(struct arena *arena, struct json *object, const char *name, int64_t number)
{
	json_set(object, str_from(name), json_new_int(arena, number));
}

/* By which zync reads back: the impersonation user's, made when it is first needed; master has
 * only its own. */
static struct str reading_token(struct zync *zync, int64_t tenant_id)
{
	struct database *database = zync->database;
	struct record *user = record_first(
		database, &users_table,
		"account_id = ?1 ORDER BY CASE WHEN signup_type = 'impersonation' THEN 0 ELSE 1 "
		"END, id LIMIT 1",
		DATABASE_ARGUMENTS(value_int(tenant_id)));
	struct record *token;

	if (user == NULL)
		return STR("");
	token = record_first(database, &access_tokens_table, "owner_id = ?1 AND name = ?2",
			     DATABASE_ARGUMENTS(value_int(record_id(user)),
						value_text(STR("OIDC Synchronization Token"))));
	if (token == NULL) {
		token = record_new(zync->arena, &access_tokens_table);
		record_set(token, "tenant_id", record_get(user, "tenant_id"));
		record_set_int(token, "owner_id", record_id(user));
		record_set_text(token, "name", STR("OIDC Synchronization Token"));
		record_set_text(token, "permission", STR("ro"));
		record_set(token, "scopes", value_json(STR("[\"account_management\"]")));
		record_set_text(token, "value", chance_hex(zync->world, zync->arena, TOKEN_DIGITS));
		record_save(database, token);
	}
	return record_text(token, "value");
}

static void add_call(struct zync *zync, const char *path, const struct json *body)
{
	zync->calls[zync->calls_count++] =
		(struct zync_call){STR_CONCAT(zync->arena, zync->address.path, str_from(path)),
				   json_print(zync->arena, body)};
}

/* One that is gone is known to zync by its number. */
static void add_tenant(struct zync *zync)
{
	struct arena *arena = zync->arena;
	int64_t id = record_int(zync->notice, "tenant_id");
	struct record *tenant = record_first(zync->database, &accounts_table, "id = ?1",
					     DATABASE_ARGUMENTS(value_int(id)));
	struct json *body = json_new(arena, JSON_OBJECT);

	if (tenant == NULL)
		return;
	set_number(arena, body, "id", id);
	set_text(arena, body, "endpoint",
		 STR_CONCAT(arena, STR("https://"), record_text(tenant, "self_domain"), STR("/")));
	set_text(arena, body, "access_token", reading_token(zync, id));
	add_call(zync, "/tenant", body);
}

static void add_notice(struct zync *zync, struct str type, int64_t object_id)
{
	struct arena *arena = zync->arena;
	const struct record *notice = zync->notice;
	struct value service = record_get(notice, "service_id");
	struct json *body = json_new(arena, JSON_OBJECT);

	set_text(arena, body, "type", type);
	set_number(arena, body, "id", object_id);
	set_text(arena, body, "parent_event_id", record_text(notice, "parent_event_id"));
	set_text(arena, body, "parent_event_type", record_text(notice, "parent_event_type"));
	set_number(arena, body, "tenant_id", record_int(notice, "tenant_id"));
	if (service.kind == VALUE_INT && !str_equal(type, STR("Service"))) {
		struct str issuer = database_text(
			zync->database,
			STR("SELECT oidc_issuer_endpoint FROM proxies WHERE service_id = ?1"),
			DATABASE_ARGUMENTS(service));

		set_number(arena, body, "service_id", service.number);
		if (issuer.size > 0)
			set_text(arena, body, "oidc_endpoint", issuer);
	}
	add_call(zync, "/notification", body);
}

static void add_own_notice(struct zync *zync)
{
	add_notice(zync, record_text(zync->notice, "type"), record_int(zync->notice, "object_id"));
}

/* The end of a notice. */

static void zync_release(struct zync *zync)
{
	timer_stop(&zync->whole);
	http_body_collector_stop(zync->collector);
	zync->collector = NULL;
	http_call_release(zync->call);
	zync->call = NULL;
	arena_destroy(zync->arena);
	zync->arena = NULL;
	zync->notice = NULL;
}

static void zync_rested(struct timer *timer)
{
	zync_wake(LIST_ENTRY(timer, struct zync, rest));
}

/* What becomes of the row. While that cannot be stored nobody is told anything: it would be the
 * same again and again. */
static void zync_end(struct zync *zync, struct str sql, const struct value *arguments, size_t count)
{
	struct database *database = zync->database;
	bool is_stored;

	database_begin(database, zync->arena, true);
	database_run(database, sql, arguments, count);
	is_stored = database_commit(database, NULL);
	zync_release(zync);
	zync->has_looked = !is_stored;
	if (is_stored) {
		zync_wake(zync);
		return;
	}
	outbox_lease_let_go(&zync->lease);
	timer_start(zync->world, &zync->rest, LOOK_US, zync_rested);
}

static void zync_done(struct zync *zync)
{
	zync_end(zync, STR("DELETE FROM zync_notices WHERE id = ?1"),
		 DATABASE_ARGUMENTS(value_int(record_id(zync->notice))));
}

/* Sidekiq's pause before retry n, counted from 0, with zync's divisor. */
static int64_t retry_us(struct zync *zync, int64_t n)
{
	int64_t chance = (int64_t)(world_chance(zync->world) % 30);

	return (n * n * n * n + 15 + chance * (n + 1)) * UTC_SECOND_US / 3;
}

static void zync_failed(struct zync *zync, struct str why)
{
	int64_t id = record_id(zync->notice), tries = record_int(zync->notice, "tries");
	int64_t again_us = database_now_us(zync->database) + retry_us(zync, tries);
	bool is_last = tries >= TRIES_MAX;

	log_format(zync->world, LOG_STDERR, "zync notice %" PRId64 " failed: %.*s; %s", id,
		   STR_ARG(why), is_last ? "given up" : "it is tried again");
	if (is_last)
		zync_done(zync);
	else
		zync_end(zync, STR("UPDATE zync_notices SET tries = ?2, run_at = ?3 WHERE id = ?1"),
			 DATABASE_ARGUMENTS(value_int(id), value_int(tries + 1),
					    value_time(again_us)));
}

/* Calls. */

/* zync does not know what the notice builds on: Application -> Service, Proxy; Proxy -> Service. */
static bool tell_dependencies(struct zync *zync)
{
	struct str type = record_text(zync->notice, "type");
	struct value service = record_get(zync->notice, "service_id");
	struct value proxy;

	if (zync->has_told_dependencies || service.kind != VALUE_INT ||
	    !(str_equal(type, STR("Application")) || str_equal(type, STR("Proxy"))))
		return false;
	zync->has_told_dependencies = true;
	zync->calls_count = zync->calls_done = 0;
	database_begin(zync->database, zync->arena, false);
	proxy = value_int(database_int(zync->database,
				       STR("SELECT id FROM proxies WHERE service_id = ?1"),
				       DATABASE_ARGUMENTS(service), 0));
	add_notice(zync, STR("Service"), service.number);
	if (str_equal(type, STR("Application")) && proxy.number != 0)
		add_notice(zync, STR("Proxy"), proxy.number);
	add_own_notice(zync);
	database_rollback(zync->database);
	return true;
}

static void zync_answered(struct zync *zync, int status)
{
	timer_stop(&zync->whole);
	http_call_release(zync->call);
	zync->call = NULL;
	if (status >= 200 && status < 300) {
		zync->calls_done++;
		zync_next_call(zync);
	} else if (status == 422 && tell_dependencies(zync)) {
		zync_next_call(zync);
	} else {
		zync_failed(zync, str_format(zync->arena, "status %d", status));
	}
}

static void zync_collected(enum http_collect_result result, struct str bytes, void *data)
{
	struct zync *zync = data;

	(void)bytes;
	zync->collector = NULL;
	if (result == HTTP_COLLECTED)
		zync_answered(zync, zync->call->response.status);
	else
		zync_failed(zync, STR("the answer was cut off"));
}

static void zync_call_answered(struct http_call *call, void *data)
{
	struct zync *zync = data;
	struct http_body_collector *collector =
		http_body_collect(http_call_take_body(call), LIMIT_BACKEND_BODY_BYTES, zync->arena,
				  zync_collected, zync);

	/* NULL: collected already, and perhaps on the way with the next call. */
	if (collector != NULL)
		zync->collector = collector;
}

static void zync_call_failed(struct http_call *call, void *data)
{
	zync_failed(data, http_failure_text(call->failure));
}

static void zync_took_too_long(struct timer *timer)
{
	zync_failed(LIST_ENTRY(timer, struct zync, whole), STR("it takes too long"));
}

static void zync_next_call(struct zync *zync)
{
	struct zync_call *call = &zync->calls[zync->calls_done];
	struct http_call_options options = {
		.method = STR("PUT"),
		.is_tls = url_is_tls(&zync->address),
		.host = zync->address.host,
		.port = zync->address.port,
		.connect_timeout_ms = (int)zync->settings->zync_connect_s * SECOND_MS,
		.send_timeout_ms = (int)zync->settings->zync_send_s * SECOND_MS,
		.idle_timeout_ms = (int)zync->settings->zync_receive_s * SECOND_MS,
	};

	if (zync->calls_done == zync->calls_count) {
		zync_done(zync);
		return;
	}
	timer_start(zync->world, &zync->whole, WHOLE_TIMEOUT_US, zync_took_too_long);
	options.target = call->path;
	options.body = http_body_from_str(call->body);
	options.fields = &zync->fields;
	zync->call =
		http_call_start(zync->world, &options, zync_call_answered, zync_call_failed, zync);
}

/* One notice. */

static void make_fields(struct zync *zync)
{
	struct str token = zync->settings->zync_token;

	http_fields_init(&zync->fields, zync->arena);
	http_fields_add(&zync->fields, STR("Content-Type"), STR("application/json"));
	http_fields_add(&zync->fields, STR("X-Event-Id"), record_text(zync->notice, "event_id"));
	if (token.size > 0)
		http_fields_add(&zync->fields, STR("Authorization"),
				STR_CONCAT(zync->arena, STR("Token token=\""), token, STR("\"")));
}

static void zync_send(struct zync *zync)
{
	struct database *database = zync->database;

	zync->calls_count = zync->calls_done = 0;
	zync->has_told_dependencies = false;
	database_begin(database, zync->arena, true);
	make_fields(zync);
	add_tenant(zync);
	add_own_notice(zync);
	if (database_commit(database, NULL))
		zync_next_call(zync);
	else
		zync_failed(zync, STR("the database could not be read"));
}

static const char *reason_of(enum routes_outcome outcome)
{
	return outcome == ROUTES_FORBIDDEN ? "Forbidden: " : "";
}

/* The routes are the cluster's, and not part of a transaction: should the row stay, the same work
 * is done again, and changes nothing. */
static void follow_routes(struct zync *zync)
{
	struct database *database = zync->database;
	const struct record *notice = zync->notice;
	enum routes_outcome outcome;
	struct error error = {0};

	database_begin(database, zync->arena, false);
	outcome = zync_routes_follow(
		database, record_text(notice, "type"), record_int(notice, "object_id"),
		record_int(notice, "tenant_id"), record_int(notice, "service_id"), &error);
	database_rollback(database);
	if (routes_went_well(outcome))
		zync_done(zync);
	else
		zync_failed(zync, str_format(zync->arena, "%s%s", reason_of(outcome), error.text));
}

static bool find_notice(struct zync *zync)
{
	struct database *database = zync->database;

	zync->arena = arena_create();
	database_begin(database, zync->arena, false);
	zync->notice =
		record_first(database, &zync_notices_table, "run_at <= ?1 ORDER BY id LIMIT 1",
			     DATABASE_ARGUMENTS(value_time(database_now_us(database))));
	if (database_has_failed(database))
		zync->notice = NULL;
	database_rollback(database);
	if (zync->notice != NULL)
		return true;
	zync_release(zync);
	return false;
}

/* Until the next one is due; 0: at once. */
static int64_t next_look_us(struct zync *zync)
{
	struct database *database = zync->database;
	struct arena *arena = arena_create();
	struct record *next;
	int64_t wait_us = LOOK_US;

	database_begin(database, arena, false);
	next = record_first(database, &zync_notices_table, "id > 0 ORDER BY run_at, id LIMIT 1",
			    NULL, 0);
	if (next != NULL && !database_has_failed(database))
		wait_us = record_get(next, "run_at").number - database_now_us(database);
	database_rollback(database);
	arena_destroy(arena);
	return wait_us < LOOK_US ? wait_us : LOOK_US;
}

/* Up to 2.5 the routes are the template's, and nobody is told of domains. */
static bool is_of_a_later_release(const struct zync *zync)
{
	return !zync->settings->release->has_zync_routes &&
	       (zync->address.host.size == 0 ||
		str_has_prefix(record_text(zync->notice, "parent_event_type"), STR("Domains::")));
}

/* What the port holds does not outlive the process where nobody gave it a file, and a new file
 * begins empty: then all is told again. */
static void ask_for_routes_again(struct zync *zync)
{
	const struct route_label ours = {STR("3scale.net/created-by"), STR("zync")};
	struct database *database = zync->database;
	struct arena *arena = arena_create();
	struct route_list list = {0};
	struct error error = {0};

	if (zync->address.host.size == 0 && zync->settings->release->has_zync_routes &&
	    database_int(database, STR("SELECT count(*) FROM zync_notices"), NULL, 0, 1) == 0 &&
	    routes_went_well(routes_list(zync->world, route_namespace(zync->world), &ours, 1, arena,
					 &list, &error)) &&
	    list.count == 0)
		zync_resync_domains(database, 0, false, NULL);
	if (error.text[0] != '\0')
		log_format(zync->world, LOG_STDERR, "zync: %s", error.text);
	arena_destroy(arena);
}

static void zync_deliver(struct zync *zync)
{
	if (is_of_a_later_release(zync))
		zync_done(zync);
	else if (zync->address.host.size > 0)
		zync_send(zync);
	else
		follow_routes(zync);
}

static void zync_turn(struct timer *timer)
{
	struct zync *zync = LIST_ENTRY(timer, struct zync, timer);
	enum outbox_hold hold;

	if (zync->arena != NULL)
		return;
	if (!zync->has_begun)
		ask_for_routes_again(zync);
	zync->has_begun = true;
	zync->has_looked = !find_notice(zync);
	if (zync->has_looked) {
		outbox_lease_rest(&zync->lease);
		timer_start(zync->world, timer, next_look_us(zync), zync_turn);
		return;
	}
	hold = outbox_lease_take(&zync->lease);
	if (hold == OUTBOX_HELD) {
		zync_deliver(zync);
		return;
	}
	zync_release(zync);
	timer_start(zync->world, timer, hold == OUTBOX_TAKEN ? 0 : OUTBOX_LOOK_US, zync_turn);
}

/* Life. */

struct zync *zync_create(struct world *world, struct database *database,
			 const struct settings *settings)
{
	struct zync *zync = MEMORY_NEW(struct zync);

	zync->world = world;
	zync->database = database;
	zync->settings = settings;
	outbox_lease_init(&zync->lease, world, database, "zync_notices");
	if (settings->zync_endpoint.size > 0)
		url_parse(settings->zync_endpoint, &zync->address, NULL);
	if (str_has_suffix(zync->address.path, STR("/")))
		zync->address.path.size--;
	return zync;
}

void zync_destroy(struct zync *zync)
{
	if (zync == NULL)
		return;
	timer_stop(&zync->timer);
	timer_stop(&zync->rest);
	outbox_lease_stop(&zync->lease);
	zync_release(zync);
	free(zync);
}

bool zync_is_idle(const struct zync *zync)
{
	return zync->has_looked && zync->arena == NULL;
}

void zync_let_go(struct zync *zync)
{
	outbox_lease_let_go(&zync->lease);
}

void zync_wake(struct zync *zync)
{
	if (timer_is_running(&zync->rest))
		return;
	zync->has_looked = false;
	timer_start(zync->world, &zync->timer, 0, zync_turn);
}
