/* Integration errors of a service, as backend noted them (spec/portal.md 7.7). */
#include "base/arena.h"
#include "portal/database.h"
#include "portal/integration_errors.h"
#include "portal/pages/form.h"
#include "portal/pages/html.h"
#include "portal/pages/tables.h"
#include "portal/pages/visit.h"
#include "portal/reply.h"
#include "portal/resources/resources.h"
#include "portal/tables.h"

static struct str path_for(struct call *call, const struct record *service)
{
	return STR_CONCAT(call->arena, STR("/apiconfig/services/"),
			  value_to_text(call->arena, record_get(service, "id")), STR("/errors"));
}

static int64_t page_number(struct call *call)
{
	int64_t number;

	return str_to_int64(call_parameter(call, "page"), &number) && number >= 1 &&
			       number <= INT32_MAX
		       ? number
		       : 1;
}

/* Backend has answered, or has not: the page is written in a transaction of its own. */
static struct visit *page_begin(struct call *call)
{
	database_begin(call->database, call->arena, false);
	return pages_resume(call);
}

static void page_end(struct visit *visit)
{
	pages_finish(visit);
	if (!database_commit(visit->call->database, NULL))
		reply_status(visit->call, 500, STR("Internal server error"));
}

static void say_why(struct visit *visit, struct str why)
{
	visit_flash_now(visit, "error",
			STR_CONCAT(visit->call->arena,
				   STR("The errors cannot be asked for from backend: "), why));
}

static void write_table(struct visit *visit, const struct integration_errors *errors)
{
	strbuf_append(&visit->content,
		      STR("<table id=\"errors\"><tr><th>Time (UTC)<th>Error</tr>\n"));
	for (size_t i = 0; i < errors->count; i++)
		HTML(&visit->content, "<tr class=\"{}\"><td>{}<td>{}</tr>\n", errors->items[i].code,
		     errors->items[i].timestamp, errors->items[i].message);
	strbuf_append(&visit->content, STR("</table>\n"));
}

static void write_pages(struct visit *visit, const struct integration_errors *errors)
{
	int64_t page = page_number(visit->call);

	if (page > 1)
		HTML(&visit->content, "<p><a href=\"?page={}\">Previous</a></p>\n",
		     value_to_text(visit->call->arena, value_int(page - 1)));
	if (errors->total > page * INTEGRATION_ERRORS_PER_PAGE)
		HTML(&visit->content, "<p><a href=\"?page={}\">Next</a></p>\n",
		     value_to_text(visit->call->arena, value_int(page + 1)));
}

static void errors_told(struct call *call, const struct integration_errors *errors)
{
	struct visit *visit = page_begin(call);

	if (!errors->is_known) {
		say_why(visit, errors->why);
		write_table(visit, errors);
	} else if (errors->count == 0 && page_number(call) == 1) {
		strbuf_append(&visit->content, STR("<p>Hooray! No integration errors reported for "
						   "this service.</p>\n"));
	} else {
		form_button(visit, path_for(call, service_of_path(call)), "delete", "Purge");
		write_table(visit, errors);
		write_pages(visit, errors);
	}
	visit_show(visit, 200, "Integration Errors");
	page_end(visit);
}

static void show(struct visit *visit)
{
	struct call *call = visit->call;

	call->errand =
		integration_errors_errand(call, record_id(service_of_path(call)), page_number(call),
					  INTEGRATION_ERRORS_PER_PAGE, errors_told);
}

static void purge_told(struct call *call, bool is_done, struct str why)
{
	struct visit *visit = page_begin(call);

	if (is_done) {
		visit_flash(visit, "success", STR("All errors were deleted."));
	} else {
		visit_flash(visit, "error",
			    STR_CONCAT(call->arena, STR("The errors were not deleted: "), why));
	}
	visit_redirect(visit, path_for(call, service_of_path(call)));
	page_end(visit);
}

static void purge(struct visit *visit)
{
	struct call *call = visit->call;

	call->errand =
		integration_errors_purge_errand(call, record_id(service_of_path(call)), purge_told);
}

/* The seed's address, from when a tenant had one service (PT-209). */
static void default_service(struct visit *visit)
{
	struct call *call = visit->call;
	struct value arguments[CALL_ARGUMENTS];
	struct record *service;

	call_arguments(call, arguments);
	service = record_first(call->database, &services_table,
			       "id IN " SERVICES_VISIBLE " ORDER BY CASE WHEN id = (SELECT "
			       "default_service_id FROM accounts WHERE id = ?2) THEN 0 ELSE 1 END, "
			       "id LIMIT 1",
			       arguments, CALL_ARGUMENTS);
	if (service != NULL)
		visit_redirect(visit, path_for(call, service));
	else
		visit_not_found(visit);
}

#define ERRORS "/apiconfig/services/{service}/errors"

static const struct page_route rows[] = {
	{"GET", STR_INIT("/apiconfig/errors"), default_service, PAGE_ADMIN, "monitoring"},
	{"GET", STR_INIT(ERRORS), show, PAGE_ADMIN, "monitoring"},
	{"DELETE", STR_INIT(ERRORS), purge, PAGE_ADMIN, "monitoring"},
};

const struct page_table pages_of_errors = PAGE_TABLE(rows);
