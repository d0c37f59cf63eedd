#include "portal/backend_sync.h"

#include <inttypes.h>
#include <stdlib.h>

#include "base/arena.h"
#include "base/base64.h"
#include "base/error.h"
#include "base/limits.h"
#include "base/url.h"
#include "portal/database.h"
#include "portal/tables.h"
#include "world/clock.h"
#include "world/http_client.h"
#include "world/log.h"

#define CONNECT_TIMEOUT_MS 3000
#define IDLE_TIMEOUT_MS 5000
#define RETRY_FIRST_US INT64_C(1000000)
#define RETRY_LAST_US INT64_C(300000000)

struct backend_sync {
	struct world *world;
	struct database *database;
	struct arena *arena; /* as long as the sync: what does not change from call to call */
	struct url address;
	struct http_fields fields;
	struct arena *call_arena; /* as long as one call */
	struct http_call *call;
	struct http_body_collector *collector;
	int64_t row; /* under way, or to be repeated */
	bool is_deletion;
	struct timer retry;
	int64_t retry_us; /* the next wait; 0 = the last call went well */
	struct list_link waiters;
};

static void sync_next(struct backend_sync *sync);

struct backend_sync *backend_sync_create(struct world *world, struct database *database,
					 struct str address, struct str user, struct str password)
{
	struct backend_sync *sync = MEMORY_NEW(struct backend_sync);

	sync->world = world;
	sync->database = database;
	sync->arena = arena_create();
	list_init(&sync->waiters);
	url_parse(str_copy(sync->arena, address), &sync->address, NULL);
	http_fields_init(&sync->fields, sync->arena);
	http_fields_add(&sync->fields, STR("Content-Type"), STR("application/json"));
	if (user.size + password.size > 0)
		http_fields_add(
			&sync->fields, STR("Authorization"),
			STR_CONCAT(sync->arena, STR("Basic "),
				   base64_encode(sync->arena, STR_CONCAT(sync->arena, user,
									 STR(":"), password))));
	return sync;
}

static void sync_end_call(struct backend_sync *sync)
{
	http_body_collector_stop(sync->collector);
	sync->collector = NULL;
	http_call_release(sync->call);
	sync->call = NULL;
	arena_destroy(sync->call_arena);
	sync->call_arena = NULL;
}

void backend_sync_destroy(struct backend_sync *sync)
{
	if (sync == NULL)
		return;
	timer_stop(&sync->retry);
	sync_end_call(sync);
	arena_destroy(sync->arena);
	free(sync);
}

/* Waiters. */

static void sync_tell(struct backend_sync *sync, int64_t tried)
{
	LIST_EACH (link, &sync->waiters) {
		struct backend_waiter *waiter = LIST_ENTRY(link, struct backend_waiter, link);

		if (waiter->up_to > tried)
			continue;
		list_remove(link);
		waiter->tried(waiter);
	}
}

int64_t backend_sync_newest(struct backend_sync *sync)
{
	return database_int(sync->database, STR("SELECT max(id) FROM backend_updates"), NULL, 0, 0);
}

void backend_sync_wait(struct backend_sync *sync, struct backend_waiter *waiter)
{
	if (timer_is_running(&sync->retry)) {
		waiter->tried(waiter);
		return;
	}
	list_append(&sync->waiters, &waiter->link);
	backend_sync_wake(sync);
}

void backend_sync_wait_stop(struct backend_waiter *waiter)
{
	if (list_is_linked(&waiter->link))
		list_remove(&waiter->link);
}

/* One call. */

static void sync_retried(struct timer *timer)
{
	sync_next(LIST_ENTRY(timer, struct backend_sync, retry));
}

static void sync_failed(struct backend_sync *sync, struct str why)
{
	sync->retry_us = sync->retry_us == 0 ? RETRY_FIRST_US : sync->retry_us * 2;
	if (sync->retry_us > RETRY_LAST_US)
		sync->retry_us = RETRY_LAST_US;
	log_format(sync->world, LOG_STDERR,
		   "backend update %" PRId64 " failed: %.*s; next try in %" PRId64 " s", sync->row,
		   STR_ARG(why), sync->retry_us / 1000000);
	database_run(sync->database,
		     STR("UPDATE backend_updates SET tries = tries + 1 WHERE id = ?1"),
		     DATABASE_ARGUMENTS(value_int(sync->row)));
	sync_end_call(sync);
	timer_start(sync->world, &sync->retry, sync->retry_us, sync_retried);
	sync_tell(sync, INT64_MAX);
}

static void sync_done(struct backend_sync *sync)
{
	int64_t row = sync->row;

	if (database_run(sync->database, STR("DELETE FROM backend_updates WHERE id = ?1"),
			 DATABASE_ARGUMENTS(value_int(row))) == 0) {
		sync_failed(sync, STR("the row could not be removed"));
		return;
	}
	sync->retry_us = 0;
	sync_end_call(sync);
	sync_next(sync);
	sync_tell(sync, row);
}

static bool may_pass(int status)
{
	return status >= 500 || status == 401 || status == 403 || status == 408 || status == 429 ||
	       status < 200 || (status >= 300 && status < 400);
}

static void sync_answered(struct backend_sync *sync, int status)
{
	if (may_pass(status)) {
		sync_failed(sync, str_format(sync->call_arena, "status %d", status));
		return;
	}
	/* What is gone already needs no deleting. */
	if (status >= 400 && !(status == 404 && sync->is_deletion))
		log_format(sync->world, LOG_STDERR,
			   "backend update %" PRId64 " refused: status %d; left behind", sync->row,
			   status);
	sync_done(sync);
}

static void sync_collected(enum http_collect_result result, struct str bytes, void *data)
{
	struct backend_sync *sync = data;

	(void)bytes;
	sync->collector = NULL;
	if (result == HTTP_COLLECTED)
		sync_answered(sync, sync->call->response.status);
	else
		sync_failed(sync, STR("the answer was cut off"));
}

static void sync_call_answered(struct http_call *call, void *data)
{
	struct backend_sync *sync = data;
	struct http_body_collector *collector =
		http_body_collect(http_call_take_body(call), LIMIT_BACKEND_BODY_BYTES,
				  sync->call_arena, sync_collected, sync);

	/* NULL: collected already, and perhaps on the way with the next call. */
	if (collector != NULL)
		sync->collector = collector;
}

static void sync_call_failed(struct http_call *call, void *data)
{
	sync_failed(data, http_failure_text(call->failure));
}

static void sync_send(struct backend_sync *sync, const struct record *update)
{
	struct str method = record_text(update, "method");
	struct http_call_options options = {
		.method = method,
		.is_tls = url_is_tls(&sync->address),
		.host = sync->address.host,
		.port = sync->address.port,
		.target = STR_CONCAT(sync->call_arena, sync->address.path,
				     record_text(update, "path")),
		.fields = &sync->fields,
		.body = http_body_from_str(record_text(update, "body")),
		.connect_timeout_ms = CONNECT_TIMEOUT_MS,
		.idle_timeout_ms = IDLE_TIMEOUT_MS,
	};

	sync->row = record_id(update);
	sync->is_deletion = str_equal(method, STR("DELETE"));
	sync->call =
		http_call_start(sync->world, &options, sync_call_answered, sync_call_failed, sync);
}

static void sync_next(struct backend_sync *sync)
{
	struct record *update;

	if (sync->call != NULL || timer_is_running(&sync->retry))
		return;
	sync->call_arena = arena_create();
	database_begin(sync->database, sync->call_arena, false);
	update = record_first(sync->database, &backend_updates_table, "id > 0 ORDER BY id LIMIT 1",
			      NULL, 0);
	if (database_has_failed(sync->database))
		update = NULL;
	database_commit(sync->database, NULL);
	if (update != NULL) {
		sync_send(sync, update);
		return;
	}
	arena_destroy(sync->call_arena);
	sync->call_arena = NULL;
	sync_tell(sync, INT64_MAX);
}

void backend_sync_wake(struct backend_sync *sync)
{
	sync_next(sync);
}

void backend_sync_passed(struct backend_sync *sync, int64_t passed_us)
{
	if (!timer_is_running(&sync->retry) || passed_us < sync->retry_us)
		return;
	timer_stop(&sync->retry);
	sync_next(sync);
}
