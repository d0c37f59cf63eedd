/* The portal ("system"): services, plans, accounts, applications and the gateways' configurations,
 * kept in SQL and served through the Account Management API (spec/portal.md). What backend must
 * know of a change reaches its Internal API through an outbox in the same database.
 *
 *   refscale portal              serves
 *   refscale portal app          answers requests only
 *   refscale portal sidekiq      does only what nobody waits for: jobs, outboxes, mails
 *   refscale portal deploy       is the hook before a deployment (deploy.h): looks whether all it
 *                                needs is there, makes, completes and seeds the database, and ends
 *   refscale portal resync       tells backend everything again, after it lost its storage: fills
 *                                the outbox, also of a portal that runs, and ends
 *
 * With UNICORN_WORKERS=N, N > 1, it starts N processes in the role app and one in the role sidekiq
 * (processes.h), unless the database is in memory. Any number of portals, also on other machines,
 * may share a database in whatever roles: what is to be delivered is delivered by one of them
 * (outbox_lease.h).
 *
 * Options: --port N (else PORT, else 3001; 0 = any free one), --address IP, --database PATH or
 * :memory: (else DATABASE_URL sqlite:PATH, else portal.sqlite), --rewrite-backend (tell backend
 * everything again),
 * --release 2.5, 2.6 (as when absent) or later (release.h), --config FILE, else PORTAL_CONFIG (a
 * file of settings, settings_source.h). The environment is that of settings.h. Exit status: 1 for
 * settings, a file or a database that is no good, 2 for wrong usage.
 */
#ifndef PORTAL_PORTAL_H
#define PORTAL_PORTAL_H

#include "world/component.h"

extern const struct component portal_component;

#endif
