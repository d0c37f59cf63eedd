/* Account Settings, Overview: the tenant itself (spec/portal.md 7.8); and the link by which a new
 * user of it becomes active (7.2). */
#include "base/arena.h"
#include "portal/database.h"
#include "portal/pages/form.h"
#include "portal/pages/html.h"
#include "portal/pages/tables.h"
#include "portal/pages/visit.h"
#include "portal/resources/resources.h"
#include "portal/tables.h"
#include "portal/time_zone.h"
#include "portal/validation.h"

/* The tenant's own application at master: its user key is the provider key. */
static struct record *own_application(struct call *call)
{
	return record_first(call->database, &contracts_table,
			    "type = 'Cinstance' AND user_account_id = ?1 ORDER BY id LIMIT 1",
			    DATABASE_ARGUMENTS(value_int(call_tenant_id(call))));
}

static struct str zone_written(const struct record *account)
{
	struct str name = record_text(account, "timezone");

	return name.size > 0 ? name : STR("UTC");
}

static void show(struct visit *visit)
{
	struct call *call = visit->call;
	struct record *application = own_application(call);

	HTML(&visit->content,
	     "<dl><dt>Organization Name<dd>{}\n<dt>Time Zone<dd>{}\n<dt>Admin Domain<dd>{}\n",
	     record_text(call->tenant, "org_name"), zone_written(call->tenant),
	     record_text(call->tenant, "self_domain"));
	if (application != NULL)
		HTML(&visit->content, "<dt>Plan<dd>{}\n<dt>Provider Key<dd><code>{}</code>\n",
		     record_text(application_plan_of(call, application), "name"),
		     record_text(application, "user_key"));
	strbuf_append(&visit->content,
		      STR("</dl>\n<p><a href=\"/p/admin/account/edit\">edit</a></p>\n"));
	visit_show(visit, 200, "Account Overview");
}

static void show_form(struct visit *visit, const struct validation *faults)
{
	struct record *account = visit->call->tenant;

	visit_form(visit, STR("/p/admin/account"), "put");
	visit_input(visit, "Organization Name", "text", "account[org_name]",
		    record_text(account, "org_name"), faults, "org_name");
	visit_input(visit, "Time Zone", "text", "account[timezone]", zone_written(account), faults,
		    "timezone");
	form_end(visit, "Update Account");
	visit_show(visit, 200, "Edit Account");
}

static void edit(struct visit *visit)
{
	show_form(visit, NULL);
}

static void update(struct visit *visit)
{
	struct call *call = visit->call;
	struct record *account = call->tenant;
	struct validation faults;

	validation_init(&faults, call->arena);
	resource_assign(account, "org_name timezone", call_attributes(call, "account"));
	resource_check(call, &account_resource, account, &faults);
	if (time_zone_find(zone_written(account)) == NULL)
		validation_add(&faults, "timezone", STR("is not included in the list"));
	if (!validation_is_clean(&faults)) {
		show_form(visit, &faults);
		return;
	}
	resource_store(call, &account_resource, account);
	visit_flash(visit, "success", STR("The account was updated."));
	visit_redirect(visit, STR("/p/admin/account"));
}

/* The code is good once. */
static void activate(struct visit *visit)
{
	struct call *call = visit->call;
	struct str code = http_route_parameter(&call->path_parameters, STR("code"));
	struct record *user =
		record_first(call->database, &users_table,
			     "activation_code = ?1 AND account_id = ?2 AND state = 'pending'",
			     DATABASE_ARGUMENTS(value_text(code), value_int(call_tenant_id(call))));

	if (user == NULL) {
		visit_not_found(visit);
		return;
	}
	record_set(user, "activation_code", value_null());
	user_change_state(call, user, "activate");
	visit_flash(visit, "success", STR("Your account is active. You can now sign in."));
	visit_redirect(visit, STR("/p/login"));
}

static const struct page_route rows[] = {
	{"GET", STR_INIT("/p/admin/account"), show, PAGE_ADMIN | PAGE_MASTER | PAGE_ADMINS, NULL},
	{"GET", STR_INIT("/p/admin/account/edit"), edit, PAGE_ADMIN | PAGE_MASTER | PAGE_ADMINS,
	 NULL},
	{"PUT PATCH", STR_INIT("/p/admin/account"), update, PAGE_ADMIN | PAGE_MASTER | PAGE_ADMINS,
	 NULL},
	{"GET", STR_INIT("/p/activate/{code}"), activate,
	 PAGE_ADMIN | PAGE_MASTER | PAGE_OPEN | PAGE_SECRET, NULL},
};

const struct page_table pages_of_account = PAGE_TABLE(rows);
