#include "portal/backend_sync.h"

#include <inttypes.h>
#include <stdlib.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/utc.h"
#include "portal/database.h"
#include "portal/internal_api.h"
#include "portal/outbox_lease.h"
#include "portal/tables.h"
#include "world/clock.h"
#include "world/log.h"

#define RETRY_FIRST_US INT64_C(1000000)
#define RETRY_LAST_US INT64_C(300000000)
/* Another process may have put rows into the outbox (portal.h, resync). */
#define LOOK_EVERY_US INT64_C(5000000)
/* How often one that follows looks how far the one that sends is. */
#define FOLLOW_US INT64_C(10000)

struct backend_sync {
	struct world *world;
	struct database *database;
	const struct settings *settings;
	struct outbox_lease lease;
	struct arena *call_arena; /* as long as one call */
	struct internal_call *call;
	int64_t row;   /* under way, or to be repeated */
	int64_t tries; /* of that row that failed, kept with it */
	bool is_deletion;
	struct timer retry, look;
	bool is_follower; /* another process sends */
	int64_t wait_us;  /* of the timer that runs before the next try */
	struct list_link waiters;
};

static void sync_next(struct backend_sync *sync);

struct backend_sync *backend_sync_create(struct world *world, struct database *database,
					 const struct settings *settings)
{
	struct backend_sync *sync = MEMORY_NEW(struct backend_sync);

	sync->world = world;
	sync->database = database;
	sync->settings = settings;
	list_init(&sync->waiters);
	outbox_lease_init(&sync->lease, world, database, "backend_updates");
	return sync;
}

static void sync_end_call(struct backend_sync *sync)
{
	internal_call_stop(sync->call);
	sync->call = NULL;
	arena_destroy(sync->call_arena);
	sync->call_arena = NULL;
}

void backend_sync_destroy(struct backend_sync *sync)
{
	if (sync == NULL)
		return;
	timer_stop(&sync->retry);
	timer_stop(&sync->look);
	outbox_lease_stop(&sync->lease);
	sync_end_call(sync);
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

static void sync_looked(struct timer *timer)
{
	sync_next(LIST_ENTRY(timer, struct backend_sync, look));
}

static int64_t retry_wait_us(int64_t tries)
{
	int64_t wait_us = RETRY_FIRST_US;

	while (tries-- > 1 && wait_us < RETRY_LAST_US)
		wait_us *= 2;
	return wait_us < RETRY_LAST_US ? wait_us : RETRY_LAST_US;
}

static void sync_pause(struct backend_sync *sync, int64_t wait_us)
{
	sync->wait_us = wait_us;
	timer_start(sync->world, &sync->retry, wait_us, sync_retried);
}

/* How long the row must wait still when another portal, or one that has ended, tried it last. */
static int64_t sync_left_us(struct backend_sync *sync, const struct record *update)
{
	bool is_own = record_id(update) == sync->row && record_int(update, "tries") == sync->tries;
	int64_t wait_us, left_us;

	sync->row = record_id(update);
	sync->tries = record_int(update, "tries");
	wait_us = retry_wait_us(sync->tries);
	left_us = record_int(update, "updated_at") + wait_us - database_now_us(sync->database);
	if (is_own || sync->tries == 0 || left_us < 0)
		return 0;
	return left_us < wait_us ? left_us : wait_us;
}

static void sync_failed(struct backend_sync *sync, struct str why)
{
	int64_t wait_us = retry_wait_us(++sync->tries);

	log_format(sync->world, LOG_STDERR,
		   "backend update %" PRId64 " failed: %.*s; next try in %" PRId64 " s", sync->row,
		   STR_ARG(why), wait_us / UTC_SECOND_US);
	database_begin(sync->database, sync->call_arena, true);
	database_run(sync->database,
		     STR("UPDATE backend_updates SET tries = ?2, updated_at = ?3 WHERE id = ?1"),
		     DATABASE_ARGUMENTS(value_int(sync->row), value_int(sync->tries),
					value_time(database_now_us(sync->database))));
	database_commit(sync->database, NULL);
	sync_end_call(sync);
	outbox_lease_let_go(&sync->lease);
	sync_pause(sync, wait_us);
	sync_tell(sync, INT64_MAX);
}

/* One that took over may have removed it before; one that stays would be sent without end. */
static bool sync_remove(struct backend_sync *sync)
{
	const struct value id = value_int(sync->row);
	int64_t left = 0;

	database_begin(sync->database, sync->call_arena, true);
	if (database_run(sync->database, STR("DELETE FROM backend_updates WHERE id = ?1"),
			 DATABASE_ARGUMENTS(id)) == 0)
		left = database_int(sync->database,
				    STR("SELECT count(*) FROM backend_updates WHERE id = ?1"),
				    DATABASE_ARGUMENTS(id), 0);
	return database_commit(sync->database, NULL) && left == 0;
}

static void sync_done(struct backend_sync *sync)
{
	int64_t row = sync->row;

	if (!sync_remove(sync)) {
		sync_failed(sync, STR("the row could not be removed"));
		return;
	}
	sync_end_call(sync);
	sync_next(sync);
	sync_tell(sync, row);
}

static bool may_pass(int status)
{
	return status >= 500 || status == 401 || status == 403 || status == 408 || status == 429 ||
	       status < 200 || (status >= 300 && status < 400);
}

static void sync_answered(const struct internal_answer *answer, void *data)
{
	struct backend_sync *sync = data;
	int status = answer->status;

	if (status == 0) {
		sync_failed(sync, answer->body);
		return;
	}
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

static void sync_send(struct backend_sync *sync, const struct record *update)
{
	struct str method = record_text(update, "method");
	struct internal_request request = {.method = str_cstr(sync->call_arena, method),
					   .path = record_text(update, "path"),
					   .body = record_text(update, "body")};

	sync->is_deletion = str_equal(method, STR("DELETE"));
	sync->call = internal_call_start(sync->world, sync->settings, sync->call_arena, &request,
					 sync_answered, sync);
}

/* Nothing to send, or nothing yet. */
static void sync_rest(struct backend_sync *sync, int64_t wait_us)
{
	sync_end_call(sync);
	if (wait_us > 0) {
		outbox_lease_let_go(&sync->lease);
		sync_pause(sync, wait_us);
	} else {
		outbox_lease_rest(&sync->lease);
		timer_start(sync->world, &sync->look, LOOK_EVERY_US, sync_looked);
	}
	sync_tell(sync, INT64_MAX);
}

/* Another portal sends. While backend, or that one, is away nobody waits. */
static void sync_leave(struct backend_sync *sync, const struct record *oldest)
{
	bool is_away = record_int(oldest, "tries") > 0 || outbox_lease_is_silent(&sync->lease);
	int64_t tried = is_away ? INT64_MAX : record_id(oldest) - 1;

	sync_end_call(sync);
	timer_start(sync->world, &sync->look,
		    list_is_empty(&sync->waiters) ? OUTBOX_LOOK_US : FOLLOW_US, sync_looked);
	sync_tell(sync, tried);
}

/* NULL when there is none, or the database cannot be asked. */
static struct record *sync_oldest(struct backend_sync *sync)
{
	struct record *update;

	database_begin(sync->database, sync->call_arena, false);
	update = record_first(sync->database, &backend_updates_table, "id > 0 ORDER BY id LIMIT 1",
			      NULL, 0);
	if (database_has_failed(sync->database))
		update = NULL;
	database_commit(sync->database, NULL);
	return update;
}

static void sync_next(struct backend_sync *sync)
{
	struct record *update;
	enum outbox_hold hold = OUTBOX_HELD;
	int64_t wait_us = 0;

	if (sync->call != NULL || timer_is_running(&sync->retry))
		return;
	timer_stop(&sync->look);
	sync->call_arena = arena_create();
	update = sync_oldest(sync);
	if (update != NULL)
		hold = outbox_lease_take(&sync->lease);
	if (hold == OUTBOX_OTHERS) {
		sync_leave(sync, update);
		return;
	}
	if (hold == OUTBOX_TAKEN)
		update = sync_oldest(sync);
	if (update != NULL)
		wait_us = sync_left_us(sync, update);
	if (update != NULL && wait_us == 0)
		sync_send(sync, update);
	else
		sync_rest(sync, wait_us);
}

void backend_sync_let_go(struct backend_sync *sync)
{
	outbox_lease_let_go(&sync->lease);
}

void backend_sync_follow(struct backend_sync *sync)
{
	sync->is_follower = true;
}

/* The oldest row stays while backend is away: then nobody waits. */
static void sync_followed(struct timer *timer)
{
	struct backend_sync *sync = LIST_ENTRY(timer, struct backend_sync, look);
	int64_t tries = database_int(sync->database, STR("SELECT max(tries) FROM backend_updates"),
				     NULL, 0, 0);
	int64_t oldest = database_int(sync->database, STR("SELECT min(id) FROM backend_updates"),
				      NULL, 0, INT64_MAX);

	sync_tell(sync, tries > 0 ? INT64_MAX : oldest - 1);
	if (!list_is_empty(&sync->waiters))
		timer_start(sync->world, timer, FOLLOW_US, sync_followed);
}

void backend_sync_wake(struct backend_sync *sync)
{
	if (!sync->is_follower)
		sync_next(sync);
	else if (!list_is_empty(&sync->waiters))
		timer_start(sync->world, &sync->look, FOLLOW_US, sync_followed);
}

void backend_sync_passed(struct backend_sync *sync, int64_t passed_us)
{
	if (!timer_is_running(&sync->retry) || passed_us < sync->wait_us)
		return;
	timer_stop(&sync->retry);
	sync_next(sync);
}
