/* The event store (spec/portal.md 6.1, 6.7): what happened, kept for a week, in the transaction of
 * what it tells of. Some events are notices for zync, too (zync.h). */
#ifndef PORTAL_EVENTS_H
#define PORTAL_EVENTS_H

#include "portal/changes.h"
#include "portal/value.h"

struct json;

/* The events that the table of events.c has for such a change. */
void events_raise(struct database *database, const struct record *record, enum change change);
/* That the domains of a provider (accounts) or a proxy may have changed. */
void events_raise_domains(struct database *database, const struct record *record);
/* Others, by name. data: an object, without secrets. Returns the event's id, in the transaction's
 * arena. */
struct str events_publish(struct database *database, const char *type, struct value tenant_id,
			  const struct json *data);
/* A random UUID (version 4), in the transaction's arena. */
struct str events_new_id(struct database *database);

#endif
