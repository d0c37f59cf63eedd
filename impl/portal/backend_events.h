/* What backend has to tell (spec/portal.md 6.4): limits that were nearly reached or exceeded, and
 * applications that have their first traffic.
 *
 * Backend only says that there is something (POST /master/events/import); backend_events_wake()
 * fetches its events, carries them out in their order and has them deleted. One fetch at a time: a
 * wake-up during one makes another follow. An event that was carried out already, by a portal that
 * ended before it could say so, changes nothing. What fails is tried again after 1, 2, 4 ... 300
 * seconds.
 */
#ifndef PORTAL_BACKEND_EVENTS_H
#define PORTAL_BACKEND_EVENTS_H

struct backend_events;
struct call;
struct database;
struct json;
struct settings;
struct world;

/* committed: something was stored, outboxes may have rows. */
struct backend_events *backend_events_create(struct world *world, struct database *database,
					     const struct settings *settings,
					     void (*committed)(void *data), void *data);
void backend_events_destroy(struct backend_events *events); /* NULL is allowed */
void backend_events_wake(struct backend_events *events);

/* One event, in the caller's transaction. What is no event, or of an application that is not known,
 * is left out. */
void backend_event_handle(struct call *call, const struct json *event);

#endif
