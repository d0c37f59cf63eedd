/* Log-in and log-out of the three faces: spec/portal.md 7.2, 7.10. */
#include "portal/database.h"
#include "portal/pages/form.h"
#include "portal/pages/session.h"
#include "portal/pages/tables.h"
#include "portal/pages/visit.h"

/* Where a face asks who comes, takes the answer, and leads those whom it knows. */
struct door {
	struct str form, session, home;
	struct str below; /* the form */
};

static const struct door *door_of(const struct visit *visit)
{
	static const struct door admin = {STR_INIT("/p/login"), STR_INIT("/p/sessions"),
					  STR_INIT("/p/admin/dashboard"), STR_INIT("")};
	static const struct door developer = {STR_INIT("/login"), STR_INIT("/session"),
					      STR_INIT("/admin"),
					      STR_INIT("<p><a href=\"/signup\">Sign up</a></p>\n")};

	return visit->face == FACE_DEVELOPER ? &developer : &admin;
}

static void write_form(struct visit *visit)
{
	const struct door *door = door_of(visit);

	visit_form(visit, door->session, "post");
	visit_input(visit, "Email or Username", "text", "username",
		    call_parameter(visit->call, "username"), NULL, "");
	visit_input(visit, "Password", "password", "password", STR(""), NULL, "");
	form_end(visit, "Sign in");
	strbuf_append(&visit->content, door->below);
	visit_show(visit, 200, "Sign in");
}

static void login_show(struct visit *visit)
{
	if (visit->user != NULL)
		visit_redirect(visit, door_of(visit)->home);
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
	visit_redirect(visit, wanted.size > 0 ? wanted : door_of(visit)->home);
}

static void logout(struct visit *visit)
{
	session_end(visit);
	visit_flash(visit, "success", STR("You have been logged out."));
	visit_redirect(visit, door_of(visit)->form);
}

static void home(struct visit *visit)
{
	visit_redirect(visit, door_of(visit)->home);
}

static const struct page_route rows[] = {
	{"GET", STR_INIT("/p/login"), login_show, PAGE_ADMIN | PAGE_MASTER | PAGE_OPEN, NULL},
	{"POST", STR_INIT("/p/sessions"), login_do, PAGE_ADMIN | PAGE_MASTER | PAGE_OPEN, NULL},
	{"GET", STR_INIT("/p/logout"), logout, PAGE_ADMIN | PAGE_MASTER, NULL},
	{"GET", STR_INIT("/"), home, PAGE_ADMIN | PAGE_MASTER, NULL},
	{"GET", STR_INIT("/p/admin"), home, PAGE_ADMIN | PAGE_MASTER, NULL},
	{"GET", STR_INIT("/login"), login_show, PAGE_DEVELOPER | PAGE_OPEN, NULL},
	{"POST", STR_INIT("/session"), login_do, PAGE_DEVELOPER | PAGE_OPEN, NULL},
	{"GET", STR_INIT("/logout"), logout, PAGE_DEVELOPER, NULL},
};

const struct page_table pages_of_login = PAGE_TABLE(rows);
