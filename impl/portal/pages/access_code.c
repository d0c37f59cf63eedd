#include "portal/pages/access_code.h"

#include "base/arena.h"
#include "base/secret.h"
#include "portal/pages/form.h"
#include "portal/pages/html.h"
#include "portal/pages/session.h"
#include "portal/pages/tables.h"
#include "portal/pages/visit.h"
#include "portal/record.h"

#define COOKIE "access_code"

static struct str code_of(const struct visit *visit)
{
	return record_text(visit->call->tenant, "site_access_code");
}

/* Proves that the code was known, and is nothing once the code is another. */
static struct str proof_of(struct visit *visit)
{
	struct arena *arena = visit->call->arena;

	return session_sign(visit->call, STR_CONCAT(arena, STR(COOKIE "/"),
						    record_text(visit->call->tenant, "domain"),
						    STR("/"), code_of(visit)));
}

static bool is_right(const struct visit *visit)
{
	return secret_equal(call_parameter(visit->call, "access_code"), code_of(visit));
}

static void ask(struct visit *visit)
{
	visit_form(visit, STR("/access_code"), "post");
	HTML(&visit->content, "<input type=\"hidden\" name=\"return_to\" value=\"{}\">",
	     visit->call->path);
	visit_input(visit, "Access code", "password", "access_code", STR(""), NULL, "");
	form_end(visit, "Enter");
	visit_show(visit, 200, "Access code");
}

bool access_code_admits(struct visit *visit)
{
	/* Its own page judges the code itself. */
	if (code_of(visit).size == 0 || str_equal(visit->call->path, STR("/access_code")) ||
	    secret_equal(session_cookie(visit, COOKIE), proof_of(visit)))
		return true;
	if (is_right(visit)) {
		session_set_cookie(visit, COOKIE, proof_of(visit));
		return true;
	}
	ask(visit);
	return false;
}

static struct str way_back(const struct visit *visit)
{
	struct str path = visit_own_path(call_parameter(visit->call, "return_to"), STR("/"));

	return str_has_prefix(path, STR("/access_code")) ? STR("/") : path;
}

static void enter(struct visit *visit)
{
	if (is_right(visit)) {
		session_set_cookie(visit, COOKIE, proof_of(visit));
		visit_redirect(visit, way_back(visit));
		return;
	}
	if (call_has_parameter(visit->call, "access_code"))
		visit_flash_now(visit, "error", STR("Access code is wrong. Please try again."));
	ask(visit);
}

static const struct page_route rows[] = {
	{"GET POST", STR_INIT("/access_code"), enter, PAGE_DEVELOPER | PAGE_OPEN | PAGE_ANY_FORM,
	 NULL},
};

const struct page_table pages_of_access_code = PAGE_TABLE(rows);
