/* The mails that the portal writes (spec/portal.md 7.12), in its own words: a table of texts with
 * {names} that are filled in, and the notifications that users of a tenant get of events, unless
 * they chose otherwise. All of it in the transaction of what they tell of. */
#ifndef PORTAL_MAILS_H
#define PORTAL_MAILS_H

#include "base/str.h"
#include "portal/value.h"

struct call;
struct database;
struct record;

struct mail_value {
	const char *name; /* "link" */
	struct str text;
};

/* name: a row of the table. */
void mails_write(struct database *database, const char *name, struct value tenant_id, struct str to,
		 const struct mail_value *values, size_t count);

/* A new user is to open its activation page: gives it an activation code. `host`: where. */
void mails_activation(struct call *call, struct record *user, struct str host);
/* A row of invitations for the address, and the mail whose link opens the sign-up form of `host`
 * (PT-214). */
struct record *mails_invite(struct call *call, const struct record *account, struct str email,
			    struct str host);
/* code: of the page that sets a new password. */
void mails_password_reset(struct call *call, const struct record *user, struct str host,
			  struct str code);

/* To the active admins of a developer account. */
void mails_write_to_buyer(struct database *database, const char *name, struct value tenant_id,
			  struct value account_id, const struct mail_value *values, size_t count);

/* Tells the tenant's active admins, and those members who may see it, by name of notification
 * ("account_created"): a row of notifications and a mail for each who wants it. */
void mails_notify(struct database *database, const char *notification, struct value tenant_id,
		  struct str event_id, const struct mail_value *values, size_t count);

#endif
