/* The Dashboard: what the tenant publishes, and who uses it (spec/portal.md 7.3). */
#include "portal/database.h"
#include "portal/pages/html.h"
#include "portal/pages/tables.h"
#include "portal/pages/visit.h"
#include "portal/tables.h"

static struct str count_text(struct visit *visit, const char *sql)
{
	struct call *call = visit->call;

	return str_format(
		call->arena, "%lld",
		(long long)database_int(call->database, str_from(sql),
					DATABASE_ARGUMENTS(value_int(call_tenant_id(call))), 0));
}

static void write_audience(struct visit *visit)
{
	HTML(&visit->content,
	     "<h2>Audience</h2><p><a href=\"/buyers/accounts\">{} Accounts</a> "
	     "<a href=\"/buyers/applications\">{} Applications</a></p>\n",
	     count_text(visit, "SELECT count(*) FROM accounts WHERE provider_account_id = ?1"),
	     count_text(visit, "SELECT count(*) FROM cinstances WHERE type = 'Cinstance' AND "
			       "tenant_id = ?1 AND ?1 IS NOT NULL"));
}

static void write_services(struct visit *visit)
{
	struct call *call = visit->call;
	struct value arguments[CALL_ARGUMENTS];
	struct record_list services;

	call_arguments(call, arguments);
	services = record_all(call->database, &services_table,
			      "id IN " SERVICES_VISIBLE " ORDER BY id", arguments, CALL_ARGUMENTS);
	strbuf_append(
		&visit->content,
		STR("<h2>APIs</h2>\n<p><a href=\"/apiconfig/services/new\">New API</a></p>\n"));
	for (size_t i = 0; i < services.count; i++) {
		struct str id = value_to_text(call->arena, record_get(services.items[i], "id"));

		HTML(&visit->content,
		     "<section><h3>{}</h3><a href=\"/apiconfig/services/{}\">Overview</a> "
		     "<a href=\"/apiconfig/services/{}/integration\">Integration</a></section>\n",
		     record_text(services.items[i], "name"), id, id);
	}
}

static void dashboard(struct visit *visit)
{
	if (visit->face == FACE_ADMIN)
		write_audience(visit);
	if (visit->face == FACE_ADMIN)
		write_services(visit);
	visit_show(visit, 200, "Dashboard");
}

static const struct page_route rows[] = {
	{"GET", STR_INIT("/p/admin/dashboard"), dashboard, PAGE_ADMIN | PAGE_MASTER, NULL},
};

const struct page_table pages_of_dashboard = PAGE_TABLE(rows);
