/* Audience, Accounts: the tenant's developers (spec/portal.md 7.4). */
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

static struct record *account_of_path(struct visit *visit)
{
	return call_found(visit->call, "account");
}

static struct str path_for(struct call *call, const struct record *account, const char *rest)
{
	return STR_CONCAT(call->arena, STR(LIST_PATH "/"),
			  value_to_text(call->arena, record_get(account, "id")), str_from(rest));
}

static struct str text_of(struct visit *visit, const struct record *record, const char *column)
{
	return value_to_text(visit->call->arena, record_get(record, column));
}

/* The list. */

static struct str admin_name(struct call *call, const struct record *account)
{
	return database_text(call->database,
			     STR("SELECT username FROM users WHERE account_id = ?1 AND role = "
				 "'admin' ORDER BY id LIMIT 1"),
			     DATABASE_ARGUMENTS(value_int(record_id(account))));
}

static void write_row(struct visit *visit, const struct record *account)
{
	struct call *call = visit->call;
	int64_t applications =
		database_int(call->database,
			     STR("SELECT count(*) FROM cinstances WHERE type = 'Cinstance' AND "
				 "user_account_id = ?1"),
			     DATABASE_ARGUMENTS(value_int(record_id(account))), 0);

	HTML(&visit->content, "<tr><td><a href=\"{}\">{}</a><td>{}<td>{}<td>{}<td>{}</tr>\n",
	     path_for(call, account, ""), record_text(account, "org_name"),
	     admin_name(call, account), text_of(visit, account, "created_at"),
	     value_to_text(call->arena, value_int(applications)), record_text(account, "state"));
}

static void show_list(struct visit *visit)
{
	struct call *call = visit->call;
	struct str search = call_parameter(call, "search");
	struct record_list accounts = record_all(
		call->database, &accounts_table,
		"provider_account_id = ?1 AND buyer = 1 AND (?2 IS NULL OR lower(org_name) LIKE "
		"?2 ESCAPE '!') ORDER BY id LIMIT 500",
		DATABASE_ARGUMENTS(value_int(call_tenant_id(call)),
				   search.size > 0
					   ? database_containing(call->database,
								 str_lower(call->arena, search))
					   : value_null()));

	HTML(&visit->content,
	     "<p><a href=\"" LIST_PATH "/new\">Create</a></p>\n<form method=\"get\"><label>Group/"
	     "Org. <input name=\"search\" value=\"{}\"></label><button>Search</button></form>\n"
	     "<table><tr><th>Group/Org.<th>Admin<th>Signup Date<th>Apps<th>State</tr>\n",
	     search);
	for (size_t i = 0; i < accounts.count; i++)
		write_row(visit, accounts.items[i]);
	strbuf_append(&visit->content, STR("</table>\n"));
	visit_show(visit, 200, "Accounts");
}

/* A new one, with its first user. */

static void show_new_form(struct visit *visit, int status, const struct validation *faults)
{
	static const struct {
		const char *label, *name, *type;
	} fields[] = {
		{"Username", "username", "text"},
		{"Email", "email", "text"},
		{"Password", "password", "password"},
		{"Organization/Group Name", "org_name", "text"},
	};

	visit_form(visit, STR(LIST_PATH), "post");
	for (size_t i = 0; i < sizeof fields / sizeof *fields; i++)
		visit_input(visit, fields[i].label, fields[i].type, fields[i].name,
			    str_equal(str_from(fields[i].type), STR("password"))
				    ? STR("")
				    : call_parameter(visit->call, fields[i].name),
			    faults, fields[i].name);
	form_faults(visit, faults, "base");
	form_end(visit, "Create");
	visit_show(visit, status, "Create new Account");
}

static void show_new(struct visit *visit)
{
	show_new_form(visit, 200, NULL);
}

static void create(struct visit *visit)
{
	struct validation faults;

	if (!form_by_api(visit, account_signup, &faults)) {
		show_new_form(visit, 422, &faults);
		return;
	}
	visit_flash(visit, "success", STR("Developer account was successfully created."));
	visit_redirect(visit, STR(LIST_PATH));
}

/* One account. */

static void write_users(struct visit *visit, const struct record *account)
{
	struct record_list users =
		record_all(visit->call->database, &users_table, "account_id = ?1 ORDER BY id",
			   DATABASE_ARGUMENTS(value_int(record_id(account))));

	strbuf_append(&visit->content,
		      STR("<h2>Users</h2>\n<table><tr><th>Name<th>Email<th>Role<th>State</tr>\n"));
	for (size_t i = 0; i < users.count; i++)
		HTML(&visit->content, "<tr><td>{}<td>{}<td>{}<td>{}</tr>\n",
		     record_text(users.items[i], "username"), record_text(users.items[i], "email"),
		     record_text(users.items[i], "role"), record_text(users.items[i], "state"));
	strbuf_append(&visit->content, STR("</table>\n"));
}

static void write_applications(struct visit *visit, const struct record *account)
{
	struct value arguments[CALL_ARGUMENTS];
	struct record_list applications;

	call_arguments(visit->call, arguments);
	applications = record_all(visit->call->database, &contracts_table,
				  "user_account_id = ?1 AND type = 'Cinstance' AND service_id "
				  "IN " SERVICES_VISIBLE " ORDER BY id",
				  arguments, CALL_ARGUMENTS);
	strbuf_append(&visit->content,
		      STR("<h2>Applications</h2>\n<table><tr><th>Name<th>State</tr>\n"));
	for (size_t i = 0; i < applications.count; i++)
		HTML(&visit->content, "<tr><td><a href=\"{}/applications/{}\">{}</a><td>{}</tr>\n",
		     path_for(visit->call, account, ""),
		     text_of(visit, applications.items[i], "id"),
		     record_text(applications.items[i], "name"),
		     record_text(applications.items[i], "state"));
	HTML(&visit->content,
	     "</table>\n<p><a href=\"{}/applications/new\">Create Application</a></p>\n",
	     path_for(visit->call, account, ""));
}

static void show(struct visit *visit)
{
	struct call *call = visit->call;
	struct record *account = account_of_path(visit);

	HTML(&visit->content,
	     "<dl><dt>Organization/Group Name<dd>{}\n<dt>State<dd>{}\n<dt>Signed up on<dd>{}\n"
	     "</dl>\n<p><a href=\"{}\">Edit</a></p>\n",
	     record_text(account, "org_name"), record_text(account, "state"),
	     text_of(visit, account, "created_at"), path_for(call, account, "/edit"));
	if (!str_equal(record_text(account, "state"), STR("approved")))
		form_button(visit, path_for(call, account, "/approve"), "post", "Approve");
	if (!str_equal(record_text(account, "state"), STR("rejected")))
		form_button(visit, path_for(call, account, "/reject"), "post", "Reject");
	form_button(visit, path_for(call, account, ""), "delete", "Delete");
	write_users(visit, account);
	write_applications(visit, account);
	visit_show(visit, 200, "Account");
}

static void show_edit_form(struct visit *visit, const struct validation *faults)
{
	struct record *account = account_of_path(visit);

	visit_form(visit, path_for(visit->call, account, ""), "put");
	visit_input(visit, "Organization/Group Name", "text", "account[org_name]",
		    record_text(account, "org_name"), faults, "org_name");
	form_end(visit, "Update Account");
	visit_show(visit, 200, "Edit Account");
}

static void edit(struct visit *visit)
{
	show_edit_form(visit, NULL);
}

static void update(struct visit *visit)
{
	struct record *account = account_of_path(visit);
	const struct json *attributes = call_attributes(visit->call, "account");
	struct validation faults;

	resource_assign(account, account_resource.attributes, attributes);
	if (!form_save(visit, &account_resource, account, attributes, &faults)) {
		show_edit_form(visit, &faults);
		return;
	}
	visit_flash(visit, "success", STR("The account was updated."));
	visit_redirect(visit, path_for(visit->call, account, ""));
}

static void approve(struct visit *visit)
{
	form_button_by_api(visit, account_approve, "Developer account was approved.",
			   path_for(visit->call, account_of_path(visit), ""));
}

static void reject(struct visit *visit)
{
	form_button_by_api(visit, account_reject, "Developer account was rejected.",
			   path_for(visit->call, account_of_path(visit), ""));
}

static void delete_account(struct visit *visit)
{
	struct call *call = visit->call;
	struct record *account = account_of_path(visit);
	struct validation faults;

	if (account_remove(call, account, &faults))
		visit_flash(visit, "success", STR("The account was successfully deleted."));
	visit_redirect(visit, STR(LIST_PATH));
}

#define ACCOUNT LIST_PATH "/{account}"

static const struct page_route rows[] = {
	{"GET", STR_INIT(LIST_PATH), show_list, PAGE_ADMIN, "partners"},
	{"GET", STR_INIT(LIST_PATH "/new"), show_new, PAGE_ADMIN, "partners"},
	{"POST", STR_INIT(LIST_PATH), create, PAGE_ADMIN, "partners"},
	{"GET", STR_INIT(ACCOUNT), show, PAGE_ADMIN, "partners"},
	{"GET", STR_INIT(ACCOUNT "/edit"), edit, PAGE_ADMIN, "partners"},
	{"PUT PATCH", STR_INIT(ACCOUNT), update, PAGE_ADMIN, "partners"},
	{"POST", STR_INIT(ACCOUNT "/approve"), approve, PAGE_ADMIN, "partners"},
	{"POST", STR_INIT(ACCOUNT "/reject"), reject, PAGE_ADMIN, "partners"},
	{"DELETE", STR_INIT(ACCOUNT), delete_account, PAGE_ADMIN, "partners"},
};

const struct page_table pages_of_accounts = PAGE_TABLE(rows);
