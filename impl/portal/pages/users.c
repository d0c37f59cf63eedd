/* Account Settings, Users: the tenant's own, their roles and what members may (spec/portal.md 2.2,
 * 7.8). */
#include "base/arena.h"
#include "portal/authentication.h"
#include "portal/database.h"
#include "portal/pages/form.h"
#include "portal/pages/html.h"
#include "portal/pages/tables.h"
#include "portal/pages/visit.h"
#include "portal/resources/resources.h"
#include "portal/tables.h"
#include "portal/validation.h"

#define LIST_PATH "/p/admin/account/users"

static const struct choice sections[] = {
	{STR_INIT("partners"), STR_INIT("Accounts -- Applications")},
	{STR_INIT("monitoring"), STR_INIT("Analytics")},
	{STR_INIT("portal"), STR_INIT("Developer Portal")},
	{STR_INIT("finance"), STR_INIT("Billing")},
	{STR_INIT("settings"), STR_INIT("Settings")},
	{STR_INIT("plans"), STR_INIT("Integration & Application Plans")},
	{STR_INIT("policy_registry"), STR_INIT("Policy Registry")},
};

static const struct choice roles[] = {
	{STR_INIT("admin"), STR_INIT("Admin (full access)")},
	{STR_INIT("member"), STR_INIT("Member (limited access)")},
};

static struct record *user_of_path(struct visit *visit)
{
	return call_found(visit->call, "tenant_user");
}

static bool is_oneself(struct visit *visit, const struct record *user)
{
	return record_id(user) == record_id(visit->user);
}

static struct str path_for(struct call *call, const struct record *user, const char *rest)
{
	return STR_CONCAT(call->arena, STR(LIST_PATH "/"),
			  value_to_text(call->arena, record_get(user, "id")), str_from(rest));
}

static void show_list(struct visit *visit)
{
	struct call *call = visit->call;
	struct record_list users =
		record_all(call->database, &users_table,
			   "account_id = ?1 AND COALESCE(signup_type, '') <> 'impersonation' "
			   "ORDER BY id",
			   DATABASE_ARGUMENTS(value_int(call_tenant_id(call))));

	strbuf_append(&visit->content,
		      STR("<table><tr><th>Name<th>Email<th>Role<th>State<th></tr>\n"));
	for (size_t i = 0; i < users.count; i++) {
		struct record *user = users.items[i];

		HTML(&visit->content,
		     "<tr><td>{}<td>{}<td>{}<td>{}<td><a href=\"{}\">Edit</a></tr>\n",
		     record_text(user, "username"), record_text(user, "email"),
		     record_text(user, "role"), record_text(user, "state"),
		     path_for(call, user, "/edit"));
	}
	strbuf_append(&visit->content, STR("</table>\n"));
	visit_show(visit, 200, "Users");
}

static bool member_has(struct call *call, const struct record *user, struct str section)
{
	return record_first(call->database, &member_permissions_table,
			    "user_id = ?1 AND admin_section = ?2",
			    DATABASE_ARGUMENTS(value_int(record_id(user)), value_text(section))) !=
	       NULL;
}

/* Nobody changes what it may itself. */
static void write_rights(struct visit *visit, const struct record *user)
{
	form_select(visit, "Role", "role", roles, sizeof roles / sizeof *roles,
		    record_text(user, "role"));
	strbuf_append(&visit->content, STR("<input type=\"hidden\" name=\"allowed_sections[]\" "
					   "value=\"\">\n"));
	for (size_t i = 0; i < sizeof sections / sizeof *sections; i++)
		form_checkbox(visit, sections[i].label, "allowed_sections[]", sections[i].value,
			      member_has(visit->call, user, sections[i].value));
}

static void show_form(struct visit *visit, const struct validation *faults)
{
	struct record *user = user_of_path(visit);

	visit_form(visit, path_for(visit->call, user, ""), "put");
	visit_input(visit, "Username", "text", "username", record_text(user, "username"), faults,
		    "username");
	visit_input(visit, "Email", "text", "email", record_text(user, "email"), faults, "email");
	if (!is_oneself(visit, user))
		write_rights(visit, user);
	form_faults(visit, faults, "role");
	form_end(visit, "Update User");
	if (!is_oneself(visit, user))
		form_button(visit, path_for(visit->call, user, ""), "delete", "Delete");
	visit_show(visit, 200, "Edit User");
}

static void edit(struct visit *visit)
{
	show_form(visit, NULL);
}

static void update(struct visit *visit)
{
	struct call *call = visit->call;
	struct record *user = user_of_path(visit);
	struct validation faults;

	resource_assign(user, "username email", call->parameters);
	if (!is_oneself(visit, user))
		resource_assign(user, "role", call->parameters);
	if (!form_save(visit, &user_resource, user, call->parameters, &faults)) {
		show_form(visit, &faults);
		return;
	}
	if (!is_oneself(visit, user)) {
		permissions_update(call);
		call->answer = (struct answer){0}; /* of the API */
	}
	visit_flash(visit, "success", STR("User was successfully updated."));
	visit_redirect(visit, STR(LIST_PATH));
}

static void delete_user(struct visit *visit)
{
	struct call *call = visit->call;
	struct record *user = user_of_path(visit);
	struct validation faults;

	if (is_oneself(visit, user)) {
		visit_denied(visit);
		return;
	}
	if (resource_remove(call, &user_resource, user, &faults))
		visit_flash(visit, "success", STR("User was successfully deleted."));
	else
		visit_flash(visit, "error", faults.entries[0].text);
	visit_redirect(visit, STR(LIST_PATH));
}

#define ADMINS (PAGE_ADMIN | PAGE_MASTER | PAGE_ADMINS)

static const struct page_route rows[] = {
	{"GET", STR_INIT(LIST_PATH), show_list, ADMINS, NULL},
	{"GET", STR_INIT(LIST_PATH "/{tenant_user}/edit"), edit, ADMINS, NULL},
	{"PUT PATCH", STR_INIT(LIST_PATH "/{tenant_user}"), update, ADMINS, NULL},
	{"DELETE", STR_INIT(LIST_PATH "/{tenant_user}"), delete_user, ADMINS, NULL},
};

const struct page_table pages_of_users = PAGE_TABLE(rows);
