/* Tokens that let a person in without a password (spec/portal.md 3.11): user and end of life,
 * signed with a key of the tenant's (`settings.sso_key`). They are good until they expire; who lets
 * in only once must remember the ones that were used. */
#ifndef PORTAL_SSO_TOKEN_H
#define PORTAL_SSO_TOKEN_H

#include <stdint.h>

#include "base/str.h"

struct call;
struct record;

/* For a user of call->tenant or of one of its developer accounts. The key is made when there is
 * none yet: inside a writing transaction only. */
struct str sso_token_make(struct call *call, const struct record *user, int64_t expires_at_s);
/* The user of that tenant; NULL when the token is none of its, altered, or past its time. */
struct record *sso_token_user(struct call *call, struct str token);
/* The user as whom master enters a tenant; NULL when the account has none. */
struct record *sso_impersonation_user(struct call *call, const struct record *account);

#endif
