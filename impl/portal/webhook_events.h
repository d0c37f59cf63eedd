/* What webhooks are told (spec/portal.md 6.6). Whoever changes an account, a user or an application
 * of a developer says so with webhook_event(); dispatch stores what was said at the end of the
 * transaction, when the objects are as they stay, for webhooks.h to send.
 *
 * Only changes of a browser's session count: those of a developer always, those of an administrator
 * when the webhook has `provider_actions`. Calls of the API say nothing (PT-144).
 */
#ifndef PORTAL_WEBHOOK_EVENTS_H
#define PORTAL_WEBHOOK_EVENTS_H

struct call;
struct record;

/* `action`: created, updated, deleted, plan_changed, user_key_updated, key_created, key_deleted,
 * key_updated, suspended. `object`: a row of accounts, users or cinstances; for "deleted" as it was
 * while it was there. The same action on the same object counts once. */
void webhook_event(struct call *call, const char *action, const struct record *object);
/* In the transaction, when nothing changes any more. */
void webhook_events_store(struct call *call);

#endif
