/* Backend's wake-up call: there are events for the portal (spec/portal.md 6.4). */
#include "base/arena.h"
#include "base/list.h"
#include "base/secret.h"
#include "portal/backend_events.h"
#include "portal/errand.h"
#include "portal/resources/resources.h"
#include "portal/settings.h"

struct wake_up {
	struct errand errand;
	struct backend_events *events;
};

static void wake_up_begin(struct errand *errand, struct call *call)
{
	(void)call;
	backend_events_wake(LIST_ENTRY(errand, struct wake_up, errand)->events);
	errand->done(errand->data);
}

static void wake_up_stop(struct errand *errand)
{
	(void)errand;
}

/* Answered before anything is fetched: backend does not wait. */
void events_import(struct call *call)
{
	struct str secret = call->settings->events_secret;
	struct wake_up *wake_up;

	if (secret.size == 0 || !secret_equal(secret, call_parameter(call, "secret"))) {
		reply_empty(call, 403);
		return;
	}
	wake_up = ARENA_NEW(call->arena, struct wake_up);
	wake_up->errand.begin = wake_up_begin;
	wake_up->errand.stop = wake_up_stop;
	wake_up->events = call->events;
	call->errand = &wake_up->errand;
	reply_empty(call, 200);
}
