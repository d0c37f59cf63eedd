/* Tells the portal that events wait for it, at most once a minute (spec/backend.md 7.2). */
#ifndef BACKEND_EVENTS_HOOK_H
#define BACKEND_EVENTS_HOOK_H

struct backend;

/* After each round. Nothing is waited for; a hook that cannot be reached gives a line in the log.
 */
void events_hook_ping(struct backend *backend);
void events_hook_stop(struct backend *backend); /* gives up what is under way */

#endif
