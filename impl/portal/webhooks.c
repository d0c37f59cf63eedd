#include "portal/webhooks.h"

#include <inttypes.h>
#include <stdlib.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/url.h"
#include "base/utc.h"
#include "portal/database.h"
#include "portal/tables.h"
#include "world/clock.h"
#include "world/http_client.h"
#include "world/log.h"

#define PARALLEL_MAX 8
#define TRIES_MAX 6
#define RETRY_US (60 * UTC_SECOND_US)
/* A row that is being sent is left alone by others as long as sending can take. */
#define LEASE_US (5 * 60 * UTC_SECOND_US)
#define LOOK_AGAIN_US RETRY_US
#define CONNECT_TIMEOUT_MS 10000
#define IDLE_TIMEOUT_MS 60000
/* All of it, before the lease is over: a receiver that drips must not keep a place for itself. */
#define WHOLE_TIMEOUT_US (4 * 60 * UTC_SECOND_US)

struct delivery {
	struct webhooks *webhooks;
	struct arena *arena; /* as long as the call; NULL: a free place */
	struct record *row;
	struct http_call *call;
	struct timer whole;
};

struct webhooks {
	struct world *world;
	struct database *database;
	struct timer timer;
	struct delivery deliveries[PARALLEL_MAX];
};

struct webhooks *webhooks_create(struct world *world, struct database *database)
{
	struct webhooks *webhooks = MEMORY_NEW(struct webhooks);

	webhooks->world = world;
	webhooks->database = database;
	for (size_t i = 0; i < PARALLEL_MAX; i++)
		webhooks->deliveries[i].webhooks = webhooks;
	return webhooks;
}

static void delivery_free(struct delivery *delivery)
{
	timer_stop(&delivery->whole);
	http_call_release(delivery->call);
	arena_destroy(delivery->arena);
	*delivery = (struct delivery){.webhooks = delivery->webhooks};
}

void webhooks_destroy(struct webhooks *webhooks)
{
	if (webhooks == NULL)
		return;
	timer_stop(&webhooks->timer);
	for (size_t i = 0; i < PARALLEL_MAX; i++)
		delivery_free(&webhooks->deliveries[i]);
	free(webhooks);
}

/* How it ended. */

static void store_failure(struct delivery *delivery, struct str why)
{
	struct database *database = delivery->webhooks->database;
	struct record *failure = record_new(delivery->arena, &web_hook_failures_table);

	record_set(failure, "tenant_id", record_get(delivery->row, "tenant_id"));
	record_set(failure, "account_id", record_get(delivery->row, "account_id"));
	record_set(failure, "uuid", record_get(delivery->row, "uuid"));
	record_set(failure, "url", record_get(delivery->row, "url"));
	record_set(failure, "event", record_get(delivery->row, "xml"));
	record_set_text(failure, "error", why);
	record_set(failure, "time", value_time(database_now_us(database)));
	record_save(database, failure);
	record_delete(database, delivery->row);
}

static void store_retry(struct delivery *delivery)
{
	struct database *database = delivery->webhooks->database;

	record_set(delivery->row, "run_at", value_time(database_now_us(database) + RETRY_US));
	record_save(database, delivery->row);
}

/* `why` is empty when it went well. A failure of the database leaves the row as it was: it is sent
 * again when its lease is over. */
static void delivery_end(struct delivery *delivery, struct str why)
{
	struct webhooks *webhooks = delivery->webhooks;
	int64_t tries = record_int(delivery->row, "tries");

	database_begin(webhooks->database, delivery->arena, true);
	if (why.size == 0)
		record_delete(webhooks->database, delivery->row);
	else if (tries >= TRIES_MAX)
		store_failure(delivery, why);
	else
		store_retry(delivery);
	database_commit(webhooks->database, NULL);
	if (why.size > 0)
		log_format(webhooks->world, LOG_STDERR, "WebHook(%.*s) failed: %.*s; %s",
			   STR_ARG(record_text(delivery->row, "uuid")), STR_ARG(why),
			   tries >= TRIES_MAX ? "added to failures" : "next try in 60 s");
	delivery_free(delivery);
}

static void delivery_answered(struct http_call *call, void *data)
{
	struct delivery *delivery = data;
	struct webhooks *webhooks = delivery->webhooks;
	int status = call->response.status;
	struct str why = STR("");

	if (status < 200 || status > 299)
		why = str_format(delivery->arena, "%d %.*s", status, STR_ARG(http_reason(status)));
	delivery_end(delivery, why);
	webhooks_wake(webhooks);
}

static void delivery_failed(struct http_call *call, void *data)
{
	struct delivery *delivery = data;
	struct webhooks *webhooks = delivery->webhooks;

	delivery_end(delivery, http_failure_text(call->failure));
	webhooks_wake(webhooks);
}

static void delivery_took_too_long(struct timer *timer)
{
	struct delivery *delivery = LIST_ENTRY(timer, struct delivery, whole);
	struct webhooks *webhooks = delivery->webhooks;

	delivery_end(delivery, http_failure_text(HTTP_FAILURE_TIMEOUT));
	webhooks_wake(webhooks);
}

/* Sending. */

static struct str form_of(struct arena *arena, struct str xml)
{
	return STR_CONCAT(arena, STR("xml="), url_encoded(arena, xml));
}

static void add_fields(struct delivery *delivery, const struct url *url, struct http_fields *fields)
{
	bool is_xml = record_bool(delivery->row, "push_application_content_type");

	http_fields_init(fields, delivery->arena);
	http_fields_add(fields, STR("Host"), url_authority(delivery->arena, url));
	http_fields_add(fields, STR("Content-Type"),
			is_xml ? STR("application/xml") : STR("application/x-www-form-urlencoded"));
	if (url->user.size > 0)
		http_fields_add(fields, STR("Authorization"),
				http_basic_credentials(delivery->arena, url->user, url->password));
}

static struct str target_of(struct arena *arena, const struct url *url)
{
	struct str path = url->path.size > 0 ? url->path : STR("/");

	return url->query.size > 0 ? STR_CONCAT(arena, path, STR("?"), url->query) : path;
}

static void delivery_send(struct delivery *delivery)
{
	struct str xml = record_text(delivery->row, "xml");
	struct http_call_options options = {.method = STR("POST"),
					    .connect_timeout_ms = CONNECT_TIMEOUT_MS,
					    .idle_timeout_ms = IDLE_TIMEOUT_MS,
					    .verify_peer = true};
	struct http_fields fields;
	struct url url = {0};

	if (!url_parse(record_text(delivery->row, "url"), &url, NULL) || !url_is_http(&url)) {
		delivery_end(delivery, STR("bad URL"));
		return;
	}
	add_fields(delivery, &url, &fields);
	options.is_tls = url_is_tls(&url);
	options.host = url.host;
	options.port = url.port;
	options.target = target_of(delivery->arena, &url);
	options.fields = &fields;
	options.body =
		http_body_from_str(record_bool(delivery->row, "push_application_content_type")
					   ? xml
					   : form_of(delivery->arena, xml));
	timer_start(delivery->webhooks->world, &delivery->whole, WHOLE_TIMEOUT_US,
		    delivery_took_too_long);
	delivery->call = http_call_start(delivery->webhooks->world, &options, delivery_answered,
					 delivery_failed, delivery);
}

/* The next row, taken for as long as sending may last when it is due; NULL when there is none, or
 * when the database fails. */
static struct record *take_row(struct database *database, struct arena *arena, bool *is_due)
{
	int64_t now_us = database_now_us(database);
	struct record *row;

	database_begin(database, arena, true);
	row = record_first(database, &web_hook_deliveries_table,
			   "id > 0 ORDER BY run_at, id LIMIT 1", NULL, 0);
	*is_due = row != NULL && !database_has_failed(database) &&
		  record_get(row, "run_at").number <= now_us;
	if (*is_due) {
		record_set_int(row, "tries", record_int(row, "tries") + 1);
		record_set(row, "run_at", value_time(now_us + LEASE_US));
		record_save(database, row);
	}
	return database_commit(database, NULL) ? row : NULL;
}

static void webhooks_looked(struct timer *timer)
{
	webhooks_wake(LIST_ENTRY(timer, struct webhooks, timer));
}

/* Looks again when the row is due, and now and then: other processes write rows, too, and a
 * database that failed comes back. */
static void wait_for(struct webhooks *webhooks, const struct record *row)
{
	int64_t wait_us = LOOK_AGAIN_US;

	if (row != NULL)
		wait_us = record_get(row, "run_at").number - database_now_us(webhooks->database);
	if (wait_us > LOOK_AGAIN_US)
		wait_us = LOOK_AGAIN_US;
	timer_start(webhooks->world, &webhooks->timer, wait_us, webhooks_looked);
}

/* False when nothing is due or all places are taken. */
static bool send_one(struct webhooks *webhooks)
{
	struct delivery *delivery = NULL;
	bool is_due;

	for (size_t i = 0; i < PARALLEL_MAX && delivery == NULL; i++) {
		if (webhooks->deliveries[i].arena == NULL)
			delivery = &webhooks->deliveries[i];
	}
	if (delivery == NULL)
		return false;
	delivery->arena = arena_create();
	delivery->row = take_row(webhooks->database, delivery->arena, &is_due);
	if (delivery->row != NULL && is_due) {
		delivery_send(delivery);
		return true;
	}
	wait_for(webhooks, delivery->row);
	delivery_free(delivery);
	return false;
}

void webhooks_wake(struct webhooks *webhooks)
{
	int64_t rows;

	timer_stop(&webhooks->timer);
	do
		rows = database_int(webhooks->database,
				    STR("SELECT count(*) FROM web_hook_deliveries"), NULL, 0, -1);
	while (rows > 0 && send_one(webhooks));
	if (rows < 0)
		wait_for(webhooks, NULL);
}
