/* Who is logged in, and what the browser keeps (spec/portal.md 7.2): cookies `user_session` (the
 * key of a row of user_sessions) and `_system_session`, each signed with SECRET_KEY_BASE.
 *
 * A session is good on the host of its user's account only, for two weeks after its last use, until
 * it is revoked. Forms need the authenticity token; without it nobody is logged in.
 */
#ifndef PORTAL_PAGES_SESSION_H
#define PORTAL_PAGES_SESSION_H

#include <stdbool.h>

#include "base/str.h"

struct call;
struct record;
struct visit;

/* Fills browser, session and user of the visit; notes the use of the session. */
void session_read(struct visit *visit);
/* Whether the form came from a page of ours. */
bool session_form_is_ours(const struct visit *visit);
/* What proves that the text comes from this portal. */
struct str session_sign(struct call *call, struct str text);
/* The request's cookie as it is, empty when there is none; and one more for the browser to keep. */
struct str session_cookie(const struct visit *visit, const char *name);
void session_set_cookie(struct visit *visit, const char *name, struct str value);
/* Set-Cookie fields of the answer; after the handler. */
void session_write(struct visit *visit);

/* Active, and the account of a developer approved. */
bool session_user_may_log_in(struct call *call, const struct record *user);
/* The user of that name or e-mail of the face's accounts whose password it is and who may log in;
 * or NULL. */
struct record *session_user_for(struct visit *visit, struct str login, struct str password);
void session_begin(struct visit *visit, struct record *user);
void session_end(struct visit *visit); /* of the visit */

#endif
