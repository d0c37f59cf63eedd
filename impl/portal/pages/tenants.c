/* The Master Portal's Accounts: tenants (spec/portal.md 7.11). */
#include "base/arena.h"
#include "portal/database.h"
#include "portal/pages/form.h"
#include "portal/pages/html.h"
#include "portal/pages/tables.h"
#include "portal/pages/visit.h"
#include "portal/resources/resources.h"
#include "portal/tables.h"
#include "portal/validation.h"

#define LIST_PATH "/buyers/accounts"
#define NEW_PATH "/p/admin/accounts"

static struct record *tenant_of_path(struct visit *visit)
{
	return call_found(visit->call, "tenant");
}

static struct str path_for(struct call *call, const struct record *tenant, const char *rest)
{
	return STR_CONCAT(call->arena, STR(LIST_PATH "/"),
			  value_to_text(call->arena, record_get(tenant, "id")), str_from(rest));
}

/* The list. */

static bool is_in_state(const struct record *tenant, const char *state)
{
	return str_equal(record_text(tenant, "state"), str_from(state));
}

static void write_row(struct visit *visit, const struct record *tenant)
{
	struct call *call = visit->call;
	bool is_away =
		is_in_state(tenant, "suspended") || is_in_state(tenant, "scheduled_for_deletion");

	HTML(&visit->content, "<tr><td>{}<td>{}<td>{}<td>{}<td><a href=\"{}\">Edit</a>",
	     record_text(tenant, "org_name"), record_text(tenant, "domain"),
	     record_text(tenant, "self_domain"), record_text(tenant, "state"),
	     path_for(call, tenant, "/edit"));
	if (is_away)
		form_button(visit, path_for(call, tenant, "/resume"), "post", "Resume");
	else
		form_button(visit, path_for(call, tenant, "/suspend"), "post", "Suspend");
	if (!is_in_state(tenant, "scheduled_for_deletion"))
		form_button(visit, path_for(call, tenant, ""), "delete", "Delete");
	strbuf_append(&visit->content, STR("</tr>\n"));
}

static void show_list(struct visit *visit)
{
	struct call *call = visit->call;
	struct record_list tenants =
		record_all(call->database, &accounts_table,
			   "provider_account_id = ?1 AND provider = 1 AND id <> ?1 ORDER BY id",
			   DATABASE_ARGUMENTS(value_int(call_tenant_id(call))));

	strbuf_append(&visit->content,
		      STR("<p><a href=\"" NEW_PATH "/new\">Create</a></p>\n<table><tr>"
			  "<th>Organization<th>Domain<th>Admin Domain<th>State<th></tr>\n"));
	for (size_t i = 0; i < tenants.count; i++)
		write_row(visit, tenants.items[i]);
	strbuf_append(&visit->content, STR("</table>\n"));
	visit_show(visit, 200, "Accounts");
}

/* A new one. */

static void show_new_form(struct visit *visit, const struct tenant_order *order,
			  const struct validation *of_account, const struct validation *of_user)
{
	visit_form(visit, STR(NEW_PATH), "post");
	visit_input(visit, "Organization/Group Name", "text", "org_name", order->org_name,
		    of_account, "org_name");
	form_faults(visit, of_account, "domain");
	visit_input(visit, "Username", "text", "username", order->username, of_user, "username");
	visit_input(visit, "Email", "text", "email", order->email, of_user, "email");
	visit_input(visit, "Password", "password", "password", STR(""), of_user, "password");
	form_end(visit, "Create");
	visit_show(visit, 200, "Create new Account");
}

static void show_new(struct visit *visit)
{
	show_new_form(visit, &(struct tenant_order){0}, NULL, NULL);
}

static void create(struct visit *visit)
{
	struct call *call = visit->call;
	struct tenant_order order = tenant_order_of_call(call);
	struct record *master = call->tenant;
	struct validation of_account, of_user;

	if (!tenant_order_is_sound(call, &order, &of_account, &of_user)) {
		show_new_form(visit, &order, &of_account, &of_user);
		return;
	}
	tenant_carry_out(call, &order);
	call->tenant = master;
	visit_flash(visit, "success", STR("Tenant account was successfully created."));
	visit_redirect(visit, STR(LIST_PATH));
}

/* An old one. */

static void show_edit_form(struct visit *visit, const struct validation *faults)
{
	static const struct {
		const char *label, *name, *column;
	} fields[] = {
		{"Organization/Group Name", "account[org_name]", "org_name"},
		{"From email", "account[from_email]", "from_email"},
		{"Support email", "account[support_email]", "support_email"},
		{"Finance support email", "account[finance_support_email]",
		 "finance_support_email"},
		{"Access code", "account[site_access_code]", "site_access_code"},
	};
	struct record *tenant = tenant_of_path(visit);

	visit_form(visit, path_for(visit->call, tenant, ""), "put");
	for (size_t i = 0; i < sizeof fields / sizeof *fields; i++)
		visit_input(visit, fields[i].label, "text", fields[i].name,
			    record_text(tenant, fields[i].column), faults, fields[i].column);
	form_end(visit, "Update Account");
	visit_show(visit, 200, "Edit Account");
}

static void edit(struct visit *visit)
{
	show_edit_form(visit, NULL);
}

static void update(struct visit *visit)
{
	struct call *call = visit->call;
	struct record *tenant = tenant_of_path(visit);
	struct validation faults;

	if (is_in_state(tenant, "scheduled_for_deletion")) {
		visit_flash(visit, "error", STR("The account is scheduled for deletion."));
		visit_redirect(visit, STR(LIST_PATH));
		return;
	}
	validation_init(&faults, call->arena);
	resource_assign(tenant, TENANT_ATTRIBUTES, call_attributes(call, "account"));
	resource_check(call, &account_resource, tenant, &faults);
	if (!validation_is_clean(&faults)) {
		show_edit_form(visit, &faults);
		return;
	}
	resource_store(call, &account_resource, tenant);
	visit_flash(visit, "success", STR("The account was updated."));
	visit_redirect(visit, STR(LIST_PATH));
}

static void apply(struct visit *visit, struct str event, struct str said)
{
	if (tenant_apply_event(visit->call, tenant_of_path(visit), event))
		visit_flash(visit, "success", said);
	else
		visit_flash(visit, "error", STR("The state of the account does not allow that."));
	visit_redirect(visit, STR(LIST_PATH));
}

static void suspend(struct visit *visit)
{
	apply(visit, STR("suspend"), STR("Account suspended"));
}

static void resume(struct visit *visit)
{
	apply(visit, STR("resume"), STR("Account resumed"));
}

static void schedule_for_deletion(struct visit *visit)
{
	apply(visit, STR("schedule_for_deletion"), STR("Account scheduled for deletion"));
}

#define TENANT LIST_PATH "/{tenant}"

static const struct page_route rows[] = {
	{"GET", STR_INIT(LIST_PATH), show_list, PAGE_MASTER, "partners"},
	{"GET", STR_INIT(NEW_PATH "/new"), show_new, PAGE_MASTER, "partners"},
	{"POST", STR_INIT(NEW_PATH), create, PAGE_MASTER, "partners"},
	{"GET", STR_INIT(TENANT "/edit"), edit, PAGE_MASTER, "partners"},
	{"PUT PATCH", STR_INIT(TENANT), update, PAGE_MASTER, "partners"},
	{"POST", STR_INIT(TENANT "/suspend"), suspend, PAGE_MASTER, "partners"},
	{"POST", STR_INIT(TENANT "/resume"), resume, PAGE_MASTER, "partners"},
	{"DELETE", STR_INIT(TENANT), schedule_for_deletion, PAGE_MASTER, "partners"},
};

const struct page_table pages_of_tenants = PAGE_TABLE(rows);
