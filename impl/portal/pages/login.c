/* Log-in and log-out of the Admin and Master Portal: spec/portal.md 7.2. */
#include "portal/database.h"
#include "portal/pages/html.h"
#include "portal/pages/session.h"
#include "portal/pages/tables.h"
#include "portal/pages/visit.h"

static void write_form(struct visit *visit)
{
	visit_form(visit, STR("/p/sessions"), "post");
	visit_input(visit, "Email or Username", "text", "username",
		    call_parameter(visit->call, "username"), NULL, "");
	visit_input(visit, "Password", "password", "password", STR(""), NULL, "");
	strbuf_append(&visit->content, STR("<button>Sign in</button></form>\n"));
	visit_show(visit, 200, "Sign in");
}

static void login_show(struct visit *visit)
{
	if (visit->user != NULL)
		visit_redirect(visit, STR("/p/admin/dashboard"));
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
	visit_redirect(visit, wanted.size > 0 ? wanted : STR("/p/admin/dashboard"));
}

static void logout(struct visit *visit)
{
	session_end(visit);
	visit_flash(visit, "success", STR("You have been logged out."));
	visit_redirect(visit, STR("/p/login"));
}

static void home(struct visit *visit)
{
	visit_redirect(visit, STR("/p/admin/dashboard"));
}

static const struct page_route rows[] = {
	{"GET", STR_INIT("/p/login"), login_show, PAGE_ADMIN | PAGE_MASTER | PAGE_OPEN, NULL},
	{"POST", STR_INIT("/p/sessions"), login_do, PAGE_ADMIN | PAGE_MASTER | PAGE_OPEN, NULL},
	{"GET", STR_INIT("/p/logout"), logout, PAGE_ADMIN | PAGE_MASTER, NULL},
	{"GET", STR_INIT("/"), home, PAGE_ADMIN | PAGE_MASTER, NULL},
};

const struct page_table pages_of_login = PAGE_TABLE(rows);
