#include "portal/pages/pages.h"

#include "base/arena.h"
#include "http/message.h"
#include "portal/authentication.h"
#include "portal/dispatch.h"
#include "portal/pages/access_code.h"
#include "portal/pages/frame.h"
#include "portal/pages/session.h"
#include "portal/pages/tables.h"
#include "portal/pages/visit.h"
#include "portal/record.h"
#include "portal/routes.h"

#define PAGE_BYTES_MAX (4 * 1024 * 1024)

/* clang-format off */
static const struct page_table *const page_tables[] = {
	&pages_of_login,
	&pages_of_dashboard,
	&pages_of_tokens,
	&pages_of_integration,
	&pages_of_integration_form,
	&pages_of_proxy_versions,
	&pages_of_account,
	&pages_of_services,
	&pages_of_metrics,
	&pages_of_plans,
	&pages_of_errors,
	&pages_of_api_docs,
	&pages_of_tenants,
	&pages_of_deploy,
	&pages_of_invitations,
	&pages_of_users,
	&pages_of_accounts,
	&pages_of_applications,
	&pages_of_finance,
	&pages_of_active_docs,
	&pages_of_active_docs_proxy,
	&pages_of_access_code,
	&pages_of_developer_home,
	&pages_of_developer_signup,
	&pages_of_developer_applications,
};
/* clang-format on */

/* Beginnings that belong to the APIs. */
static const struct str api_paths[] = {
	STR_INIT("/admin/api/"), STR_INIT("/master/api/"), STR_INIT("/master/events/"),
	STR_INIT("/stats/"),     STR_INIT("/api/"),        STR_INIT("/__test/"),
};

bool pages_have(struct str path)
{
	for (size_t i = 0; i < sizeof api_paths / sizeof *api_paths; i++) {
		if (str_has_prefix(path, api_paths[i]))
			return false;
	}
	return true;
}

bool pages_path_has(const struct call *call, struct str path, enum page_flag flag)
{
	struct http_route_parameters parameters;

	for (size_t i = 0; i < sizeof page_tables / sizeof *page_tables; i++) {
		for (size_t j = 0; j < page_tables[i]->count; j++) {
			const struct page_route *route = &page_tables[i]->rows[j];

			if ((route->flags & flag) != 0 &&
			    http_route_match(route->path, path, call->arena, &parameters))
				return true;
		}
	}
	return false;
}

/* Browsers send GET and POST only: a form says the rest in `_method`. */
static struct str method_of(const struct call *call)
{
	struct str written = call_parameter(call, "_method");

	if (str_equal(call->method, STR("HEAD")))
		return STR("GET");
	return str_equal(call->method, STR("POST")) && written.size > 0 ? written : call->method;
}

static bool takes_method(const struct page_route *route, struct str method)
{
	struct str rest = str_from(route->methods), taken;

	while (str_next_field(&rest, ' ', &taken)) {
		if (str_equal_nocase(taken, method))
			return true;
	}
	return false;
}

static unsigned flag_of_face(enum face face)
{
	switch (face) {
	case FACE_MASTER:
		return PAGE_MASTER;
	case FACE_ADMIN:
		return PAGE_ADMIN;
	case FACE_DEVELOPER:
		return PAGE_DEVELOPER;
	case FACE_NONE:
	case FACE_GONE:
		break;
	}
	return 0;
}

static bool page_takes(const struct page_route *route, const struct visit *visit, struct str method)
{
	struct call *call = visit->call;

	return (route->flags & flag_of_face(visit->face)) != 0 && takes_method(route, method) &&
	       http_route_match(route->path, call->path, call->arena, &call->path_parameters);
}

static const struct page_route *find_page(struct visit *visit)
{
	struct str method = method_of(visit->call);

	for (size_t i = 0; i < sizeof page_tables / sizeof *page_tables; i++) {
		for (size_t j = 0; j < page_tables[i]->count; j++) {
			if (page_takes(&page_tables[i]->rows[j], visit, method))
				return &page_tables[i]->rows[j];
		}
	}
	return NULL;
}

/* Changes need a form of ours, and most pages somebody who is logged in. */
static bool visitor_is_known(struct visit *visit)
{
	if (!call_only_reads(visit->call) && (visit->route->flags & PAGE_ANY_FORM) == 0 &&
	    !session_form_is_ours(visit))
		return false;
	return visit->user != NULL || (visit->route->flags & PAGE_OPEN) != 0;
}

static bool visitor_may(struct visit *visit)
{
	const struct page_route *route = visit->route;

	if ((route->flags & PAGE_ADMINS) != 0 &&
	    !str_equal(record_text(visit->user, "role"), STR("admin")))
		return false;
	return route->section == NULL ||
	       authentication_user_has_section(visit->call, route->section);
}

static void ask_to_log_in(struct visit *visit)
{
	if (call_only_reads(visit->call))
		visit->browser.wanted = visit->call->path;
	visit_redirect(visit, visit->face == FACE_DEVELOPER ? STR("/login") : STR("/p/login"));
}

static void serve_visit(struct visit *visit)
{
	struct call *call = visit->call;

	if (visit->face == FACE_DEVELOPER && !access_code_admits(visit))
		return;
	visit->route = find_page(visit);
	if (visit->route == NULL)
		visit_not_found(visit);
	else if (!visitor_is_known(visit))
		ask_to_log_in(visit);
	else if (!visitor_may(visit))
		visit_denied(visit);
	else if (!routes_find_records(call))
		visit_not_found(visit);
	else
		visit->route->handle(visit);
}

void pages_serve(struct call *call, const struct http_request *request, struct str body)
{
	struct visit *visit = ARENA_NEW(call->arena, struct visit);

	call->visit = visit;
	call->format = FORMAT_JSON;
	visit->call = call;
	visit->request = request;
	visit->body = body;
	visit->is_secure = str_equal(http_fields_get(&request->fields, STR("X-Forwarded-Proto")),
				     STR("https"));
	visit->face = hosts_face(call, &call->tenant);
	strbuf_init(&visit->content, PAGE_BYTES_MAX);
	if (visit->face == FACE_NONE || visit->face == FACE_GONE) {
		visit_not_found(visit);
		strbuf_free(&visit->content);
		return;
	}
	session_read(visit);
	dispatch_sign_changes(call, request);
	serve_visit(visit);
	if (call->errand == NULL || call->answer.status >= 400)
		pages_finish(visit);
	else
		strbuf_free(&visit->content);
}

struct visit *pages_resume(struct call *call)
{
	strbuf_init(&call->visit->content, PAGE_BYTES_MAX);
	return call->visit;
}

void pages_finish(struct visit *visit)
{
	session_write(visit);
	strbuf_free(&visit->content);
}
