#include "portal/backend_events.h"

#include <inttypes.h>
#include <stdlib.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/json.h"
#include "base/limits.h"
#include "base/list.h"
#include "base/utc.h"
#include "portal/call.h"
#include "portal/database.h"
#include "portal/internal_api.h"
#include "world/clock.h"
#include "world/log.h"

#define EVENTS_AT_ONCE 100 /* in one transaction, and in one turn */
#define RETRY_FIRST_US INT64_C(1000000)
#define RETRY_LAST_US INT64_C(300000000)

struct backend_events {
	struct world *world;
	struct database *database;
	const struct settings *settings;
	void (*committed)(void *data);
	void *data;
	bool is_wanted; /* another fetch, after the one under way */
	struct timer timer;
	int64_t wait_us; /* before the last try; 0: it was the first */
	/* One fetch. */
	struct arena *arena; /* NULL: there is none */
	struct internal_call *call;
	const struct json *next; /* event */
	int64_t last_id;
};

static void events_fetch(struct backend_events *events);

struct backend_events *backend_events_create(struct world *world, struct database *database,
					     const struct settings *settings,
					     void (*committed)(void *data), void *data)
{
	struct backend_events *events = MEMORY_NEW(struct backend_events);

	events->world = world;
	events->database = database;
	events->settings = settings;
	events->committed = committed;
	events->data = data;
	return events;
}

static void events_end_fetch(struct backend_events *events)
{
	internal_call_stop(events->call);
	events->call = NULL;
	arena_destroy(events->arena);
	events->arena = NULL;
}

void backend_events_destroy(struct backend_events *events)
{
	if (events == NULL)
		return;
	timer_stop(&events->timer);
	events_end_fetch(events);
	free(events);
}

static void events_retried(struct timer *timer)
{
	events_fetch(LIST_ENTRY(timer, struct backend_events, timer));
}

static void events_failed(struct backend_events *events, const char *what, struct str why)
{
	events->wait_us = events->wait_us == 0 ? RETRY_FIRST_US : events->wait_us * 2;
	if (events->wait_us > RETRY_LAST_US)
		events->wait_us = RETRY_LAST_US;
	log_format(events->world, LOG_STDERR,
		   "backend's events could not be %s: %.*s; next try in %" PRId64 " s", what,
		   STR_ARG(why), events->wait_us / UTC_SECOND_US);
	events_end_fetch(events);
	timer_start(events->world, &events->timer, events->wait_us, events_retried);
}

static void events_done(struct backend_events *events)
{
	events->wait_us = 0;
	events_end_fetch(events);
	if (events->is_wanted)
		events_fetch(events);
}

/* The reason in an answer that is none of ours; true when there is none. */
static bool is_success(struct backend_events *events, const struct internal_answer *answer,
		       const char *what)
{
	if (answer->status >= 200 && answer->status < 300)
		return true;
	events_failed(events, what,
		      answer->status == 0 ? answer->body
					  : str_format(events->arena, "status %d", answer->status));
	return false;
}

/* Deleting: what came in between has a higher number and stays. */

static void events_deleted(const struct internal_answer *answer, void *data)
{
	struct backend_events *events = data;

	events->call = NULL;
	if (is_success(events, answer, "deleted"))
		events_done(events);
}

static void events_delete(struct backend_events *events)
{
	const struct internal_request request = {
		.method = "DELETE",
		.path = STR("events/"),
		.body = str_format(events->arena, "{\"upto_id\":%" PRId64 "}", events->last_id),
		.is_job = true,
	};

	if (events->last_id == 0) {
		events_done(events);
		return;
	}
	events->call = internal_call_start(events->world, events->settings, events->arena, &request,
					   events_deleted, events);
}

/* Carrying out, some at a time: others want to be served, too. */

static void events_handle_some(struct timer *timer)
{
	struct backend_events *events = LIST_ENTRY(timer, struct backend_events, timer);
	struct call call = {.database = events->database,
			    .settings = events->settings,
			    .arena = arena_create()};
	struct error error = {0};
	int64_t last_id = events->last_id;
	const struct json *event = events->next;
	bool is_stored;

	database_begin(events->database, call.arena, true);
	for (int i = 0; event != NULL && i < EVENTS_AT_ONCE; i++, event = event->next) {
		const struct json *id = json_get(event, STR("id"));

		backend_event_handle(&call, event);
		if (id != NULL && id->is_integer && id->integer > last_id)
			last_id = id->integer;
	}
	is_stored = database_commit(events->database, &error);
	arena_destroy(call.arena);
	if (!is_stored) {
		events_failed(events, "stored", str_from(error.text));
		return;
	}
	events->committed(events->data);
	events->last_id = last_id;
	events->next = event;
	if (event != NULL)
		timer_start(events->world, &events->timer, 0, events_handle_some);
	else
		events_delete(events);
}

static void events_fetched(const struct internal_answer *answer, void *data)
{
	struct backend_events *events = data;
	const struct json *document, *list;

	events->call = NULL;
	if (!is_success(events, answer, "fetched"))
		return;
	document = json_parse(events->arena, answer->body, LIMIT_CONFIG_BYTES, NULL);
	list = json_get(document, STR("events"));
	if (list == NULL || list->kind != JSON_ARRAY) {
		events_failed(events, "fetched", STR("the answer is no list of events"));
		return;
	}
	events->next = list->first_child;
	timer_start(events->world, &events->timer, 0, events_handle_some);
}

static void events_fetch(struct backend_events *events)
{
	const struct internal_request request = {
		.method = "GET", .path = STR("events/"), .is_job = true};

	events->is_wanted = false;
	events->last_id = 0;
	events->arena = arena_create();
	events->call = internal_call_start(events->world, events->settings, events->arena, &request,
					   events_fetched, events);
}

void backend_events_wake(struct backend_events *events)
{
	if (events->arena != NULL || timer_is_running(&events->timer))
		events->is_wanted = true;
	else
		events_fetch(events);
}
