/* The Developer Portal's first pages, and the log-in by a token (spec/portal.md 7.10). */
#include "portal/pages/html.h"
#include "portal/pages/session.h"
#include "portal/pages/tables.h"
#include "portal/pages/visit.h"
#include "portal/record.h"
#include "portal/sso_token.h"

/* With a token that the API made for one of the tenant's developers (spec/portal.md 3.11). */
static void login_by_token(struct visit *visit)
{
	struct call *call = visit->call;
	struct record *user = sso_token_user(call, call_parameter(call, "token"));

	if (user == NULL || record_int(user, "account_id") == call_tenant_id(call) ||
	    !session_user_may_log_in(call, user)) {
		visit_flash(visit, "error", STR("Access denied"));
		visit_redirect(visit, STR("/login"));
		return;
	}
	session_begin(visit, user);
	visit_flash(visit, "success", STR("Signed in successfully"));
	visit_redirect(visit, visit_own_path(call_parameter(call, "redirect_url"), STR("/admin")));
}

static void first_page(struct visit *visit)
{
	strbuf_append(&visit->content,
		      visit->user == NULL
			      ? STR("<p><a href=\"/signup\">Sign up</a> to use our APIs, or "
				    "<a href=\"/login\">sign in</a>.</p>\n")
			      : STR("<p><a href=\"/admin/applications\">Your "
				    "applications</a></p>\n"));
	visit_show(visit, 200, "Welcome");
}

static void home(struct visit *visit)
{
	HTML(&visit->content,
	     "<p>{}</p>\n<p><a href=\"/admin/applications\">Applications</a></p>\n",
	     record_text(visit->user, "username"));
	visit_show(visit, 200, "Dashboard");
}

static const struct page_route rows[] = {
	{"GET", STR_INIT("/"), first_page, PAGE_DEVELOPER | PAGE_OPEN, NULL},
	{"GET", STR_INIT("/session/create"), login_by_token, PAGE_DEVELOPER | PAGE_OPEN, NULL},
	{"GET", STR_INIT("/admin"), home, PAGE_DEVELOPER, NULL},
};

const struct page_table pages_of_developer_home = PAGE_TABLE(rows);
