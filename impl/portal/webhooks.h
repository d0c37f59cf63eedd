/* Sends what webhook_events.h stored: rows of `web_hook_deliveries`, some at a time, in no order.
 * Any 2xx is success; else five more tries follow, a minute apart, and then a row of
 * `web_hook_failures` is what remains (spec/portal.md 3.15, 6.6). What was stored is sent, also
 * after a restart; a process that ends while it sends makes a second one send the same again.
 */
#ifndef PORTAL_WEBHOOKS_H
#define PORTAL_WEBHOOKS_H

struct database;
struct webhooks;
struct world;

struct webhooks *webhooks_create(struct world *world, struct database *database);
void webhooks_destroy(struct webhooks *webhooks); /* NULL is allowed */
/* There may be rows, or the clock was set. Outside a transaction only. */
void webhooks_wake(struct webhooks *webhooks);

#endif
