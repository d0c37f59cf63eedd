/* Mails on their way (spec/portal.md 7.12, 8.3): an outbox in the database, handed to the relay one
 * after another.
 *
 * A mail is a row written with the change it tells of, so no request waits for a relay or fails
 * with it. The relay's refusal is tried again as Sidekiq would, 25 times. Without SMTP_ADDRESS, or
 * for an address that is none, a mail is dropped with a line in the log. It comes from the tenant's
 * `from_email`, else from NOREPLY_EMAIL. Of several portals on a database one sends at a time
 * (outbox_lease.h).
 */
#ifndef PORTAL_MAILER_H
#define PORTAL_MAILER_H

#include <stdbool.h>

#include "base/str.h"
#include "portal/value.h"

struct database;
struct mailer;
struct settings;
struct world;

struct letter {
	struct value tenant_id; /* whose `from_email` it is; NULL: of nobody */
	struct str to;          /* an address alone */
	struct str subject;     /* one line */
	struct str text;        /* lines end with LF */
};

/* In a transaction. */
void mailer_add(struct database *database, const struct letter *letter);

struct mailer *mailer_create(struct world *world, struct database *database,
			     const struct settings *settings);
void mailer_destroy(struct mailer *mailer); /* NULL is allowed */
/* The portal ends: another one may go on at once. */
void mailer_let_go(struct mailer *mailer);
/* There may be mails, or the clock was set. Outside a transaction only. */
void mailer_wake(struct mailer *mailer);
/* Nothing is under way or due. */
bool mailer_is_idle(const struct mailer *mailer);

#endif
