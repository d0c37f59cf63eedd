/* One page of the Admin, Master or Developer Portal being visited (spec/portal.md 7): whose face it
 * is, who is logged in, what the handler wrote, and what the browser keeps.
 *
 * A handler writes its part of the page into `content` with HTML() and ends with visit_show(), or
 * with visit_redirect(); visit_flash() says a line on the next page that is shown. Everything is in
 * the call's arena except `content`.
 */
#ifndef PORTAL_PAGES_VISIT_H
#define PORTAL_PAGES_VISIT_H

#include <stdbool.h>

#include "base/str.h"
#include "portal/call.h"
#include "portal/hosts.h"

struct http_request;
struct page_route;
struct record;
struct validation;

/* What the browser keeps in `_system_session`, signed: the forms' token, the next page's line, and
 * the page that was wanted before the log-in. */
struct browser {
	struct str authenticity_token;
	struct str flash_kind, flash_text; /* to be shown now */
	struct str next_kind, next_text;   /* on the next page */
	struct str wanted;
};

struct visit {
	struct call *call;
	const struct http_request *request;
	struct str body; /* of the request */
	bool is_secure;  /* https on the way to us */
	enum face face;
	const struct page_route *route;
	struct browser browser;
	struct record *session; /* row of user_sessions; NULL: nobody is logged in */
	struct record *user;
	struct strbuf content;
	bool ends_session;
	struct str new_session; /* key of the session that begins; empty: none does */
};

/* The content in the frame of its face. */
void visit_show(struct visit *visit, int status, const char *title);
void visit_redirect(struct visit *visit, struct str path);
/* A path that somebody else named, if it leads to this host ("//elsewhere" does not), else the
 * other one. */
struct str visit_own_path(struct str path, struct str otherwise);
/* kind: "notice", "success", "error". */
void visit_flash(struct visit *visit, const char *kind, struct str text);
/* On the page that is being written. */
void visit_flash_now(struct visit *visit, const char *kind, struct str text);
/* The refusals in the frame: Not Found, Access Denied. */
void visit_not_found(struct visit *visit);
void visit_denied(struct visit *visit);
/* <form method="post" ...> with the authenticity token; `method` other than "post" goes in
 * `_method`. The handler writes the fields and </form>. */
void visit_form(struct visit *visit, struct str action, const char *method);
/* A labelled input of that type ("text", "password", "checkbox" ...) with what is wrong with it;
 * name: "proxy[endpoint]", attribute: "endpoint". validation may be NULL. */
void visit_input(struct visit *visit, const char *label, const char *type, const char *name,
		 struct str value, const struct validation *validation, const char *attribute);

#endif
