/* The Developer Portal's first page, log-in and log-out (spec/portal.md 7.10). Accounts must be
 * approved. */
#include "portal/pages/form.h"
#include "portal/pages/html.h"
#include "portal/pages/session.h"
#include "portal/pages/tables.h"
#include "portal/pages/visit.h"
#include "portal/record.h"
#include "portal/sso_token.h"

static void write_form(struct visit *visit)
{
	visit_form(visit, STR("/session"), "post");
	visit_input(visit, "Username or Email", "text", "username",
		    call_parameter(visit->call, "username"), NULL, "");
	visit_input(visit, "Password", "password", "password", STR(""), NULL, "");
	form_end(visit, "Sign in");
	strbuf_append(&visit->content, STR("<p><a href=\"/signup\">Sign up</a></p>\n"));
	visit_show(visit, 200, "Sign in");
}

static void login_show(struct visit *visit)
{
	if (visit->user != NULL)
		visit_redirect(visit, STR("/admin"));
	else
		write_form(visit);
}

static void login_do(struct visit *visit)
{
	struct call *call = visit->call;
	struct str wanted = visit->browser.wanted;
	struct record *user = session_user_for(visit, call_parameter(call, "username"),
					       call_parameter(call, "password"));

	if (user == NULL) {
		visit_flash_now(visit, "error",
				STR("Incorrect email or password. Please try again."));
		write_form(visit);
		return;
	}
	session_begin(visit, user);
	visit->browser.wanted = STR("");
	visit_flash(visit, "success", STR("Signed in successfully"));
	visit_redirect(visit, wanted.size > 0 ? wanted : STR("/admin"));
}

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

static void logout(struct visit *visit)
{
	session_end(visit);
	visit_flash(visit, "success", STR("You have been logged out."));
	visit_redirect(visit, STR("/login"));
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
	{"GET", STR_INIT("/login"), login_show, PAGE_DEVELOPER | PAGE_OPEN, NULL},
	{"POST", STR_INIT("/session"), login_do, PAGE_DEVELOPER | PAGE_OPEN, NULL},
	{"GET", STR_INIT("/session/create"), login_by_token, PAGE_DEVELOPER | PAGE_OPEN, NULL},
	{"GET", STR_INIT("/logout"), logout, PAGE_DEVELOPER, NULL},
	{"GET", STR_INIT("/admin"), home, PAGE_DEVELOPER, NULL},
};

const struct page_table pages_of_developer_login = PAGE_TABLE(rows);
