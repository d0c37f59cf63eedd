/* Account Settings, Users, Invitations, and the form that an invitation leads to (spec/portal.md
 * 7.2, 7.8; PT-214). */
#include "base/arena.h"
#include "portal/database.h"
#include "portal/mails.h"
#include "portal/pages/form.h"
#include "portal/pages/html.h"
#include "portal/pages/tables.h"
#include "portal/pages/visit.h"
#include "portal/resources/resources.h"
#include "portal/tables.h"
#include "portal/validation.h"

#define LIST_PATH "/p/admin/account/invitations"

/* Sending. */

static void write_row(struct visit *visit, const struct record *invitation)
{
	struct arena *arena = visit->call->arena;
	bool is_accepted = !value_is_blank(record_get(invitation, "accepted_at"));

	HTML(&visit->content, "<tr><td>{}<td>{}<td>{}<td>", record_text(invitation, "email"),
	     value_to_text(arena, record_get(invitation, "sent_at")),
	     is_accepted ? value_to_text(arena, record_get(invitation, "accepted_at")) : STR("no"));
	/* What the mail says, for who sends no mails (PT-176). */
	if (!is_accepted)
		HTML(&visit->content, "<a href=\"https://{}/p/signup/{}\">Link</a>",
		     record_text(visit->call->tenant, "self_domain"),
		     record_text(invitation, "token"));
	form_button(visit,
		    STR_CONCAT(arena, STR(LIST_PATH "/"),
			       value_to_text(arena, record_get(invitation, "id"))),
		    "delete", "Delete");
	strbuf_append(&visit->content, STR("</tr>\n"));
}

static void show_list(struct visit *visit)
{
	struct call *call = visit->call;
	struct record_list invitations =
		record_all(call->database, &invitations_table, "account_id = ?1 ORDER BY id",
			   DATABASE_ARGUMENTS(value_int(call_tenant_id(call))));

	strbuf_append(&visit->content, STR("<p><a href=\"" LIST_PATH
					   "/new\">Invite a New Team Member</a></p>\n<table><tr>"
					   "<th>Recipient<th>Sent<th>Accepted<th></tr>\n"));
	for (size_t i = 0; i < invitations.count; i++)
		write_row(visit, invitations.items[i]);
	strbuf_append(&visit->content, STR("</table>\n"));
	visit_show(visit, 200, "Invitations");
}

static void show_new_form(struct visit *visit, struct str email, const struct validation *faults)
{
	visit_form(visit, STR(LIST_PATH), "post");
	visit_input(visit, "Send invitation to", "text", "invitation[email]", email, faults,
		    "email");
	form_end(visit, "Send");
	visit_show(visit, 200, "Invite a New Team Member");
}

static void show_new(struct visit *visit)
{
	show_new_form(visit, STR(""), NULL);
}

static const struct rule address_rules[] = {
	{"email", RULE_LENGTH_MIN, 6, NULL, NULL, true},
	{"email", RULE_PATTERN, 0, "[^@\\s]+@[^@\\s]+", "should look like an email address", true},
};

/* One address is invited once, and not when its user is there already. */
static void check_address(struct call *call, struct record *invitation, struct validation *faults)
{
	struct value email = record_get(invitation, "email");

	validation_check(faults, call->database, invitation, address_rules,
			 sizeof address_rules / sizeof *address_rules);
	if (!value_is_blank(email) &&
	    database_int(call->database,
			 STR("SELECT count(*) FROM users WHERE account_id = ?1 AND lower(email) = "
			     "lower(?2)"),
			 DATABASE_ARGUMENTS(value_int(call_tenant_id(call)), email), 0) > 0)
		validation_add(faults, "email", STR("has already been taken"));
	if (!value_is_blank(email) &&
	    record_first(call->database, &invitations_table,
			 "account_id = ?1 AND lower(email) = lower(?2)",
			 DATABASE_ARGUMENTS(value_int(call_tenant_id(call)), email)) != NULL)
		validation_add(faults, "email", STR("has already been invited"));
}

static void create(struct visit *visit)
{
	struct call *call = visit->call;
	struct record *draft = call_new_record(call, &invitations_table);
	struct validation faults;

	validation_init(&faults, call->arena);
	resource_assign(draft, "email", call_attributes(call, "invitation"));
	check_address(call, draft, &faults);
	if (!validation_is_clean(&faults)) {
		show_new_form(visit, record_text(draft, "email"), &faults);
		return;
	}
	mails_invite(call, call->tenant, record_text(draft, "email"),
		     record_text(call->tenant, "self_domain"));
	visit_flash(visit, "success", STR("Invitation was successfully sent."));
	visit_redirect(visit, STR(LIST_PATH));
}

static void delete_invitation(struct visit *visit)
{
	struct call *call = visit->call;
	struct record *invitation = NULL;
	int64_t id;

	if (str_to_int64(http_route_parameter(&call->path_parameters, STR("id")), &id))
		invitation = record_first(
			call->database, &invitations_table, "id = ?1 AND account_id = ?2",
			DATABASE_ARGUMENTS(value_int(id), value_int(call_tenant_id(call))));
	if (invitation == NULL) {
		visit_not_found(visit);
		return;
	}
	record_delete(call->database, invitation);
	visit_flash(visit, "success", STR("Invitation was successfully deleted."));
	visit_redirect(visit, STR(LIST_PATH));
}

/* Taking up. */

/* Of the host's account, not taken up yet; NULL after the refusal. */
static struct record *invitation_of_path(struct visit *visit)
{
	struct call *call = visit->call;
	struct str token = http_route_parameter(&call->path_parameters, STR("token"));
	struct record *invitation = record_first(
		call->database, &invitations_table,
		"token = ?1 AND account_id = ?2 AND accepted_at IS NULL",
		DATABASE_ARGUMENTS(value_text(token), value_int(call_tenant_id(call))));

	if (invitation == NULL)
		visit_not_found(visit);
	return invitation;
}

static void show_signup_form(struct visit *visit, const struct record *invitation,
			     const struct record *user, const struct validation *faults)
{
	visit_form(
		visit,
		STR_CONCAT(visit->call->arena, STR("/p/signup/"), record_text(invitation, "token")),
		"post");
	visit_input(visit, "Username", "text", "username", record_text(user, "username"), faults,
		    "username");
	visit_input(visit, "Email", "text", "email", record_text(user, "email"), faults, "email");
	visit_input(visit, "First name", "text", "first_name", record_text(user, "first_name"),
		    faults, "first_name");
	visit_input(visit, "Last name", "text", "last_name", record_text(user, "last_name"), faults,
		    "last_name");
	visit_input(visit, "Password", "password", "password", STR(""), faults, "password");
	form_end(visit, "Sign up");
	visit_show(visit, 200, "Sign up");
}

/* A member without sections, until an admin gives it some. */
static struct record *invited_user(struct visit *visit, const struct record *invitation)
{
	struct record *user = call_new_record(visit->call, &users_table);

	record_set(user, "account_id", record_get(invitation, "account_id"));
	record_set_text(user, "email", record_text(invitation, "email"));
	return user;
}

static void signup_show(struct visit *visit)
{
	struct record *invitation = invitation_of_path(visit);

	if (invitation != NULL)
		show_signup_form(visit, invitation, invited_user(visit, invitation), NULL);
}

static void signup_do(struct visit *visit)
{
	struct call *call = visit->call;
	struct record *invitation = invitation_of_path(visit), *user;
	struct value now = value_time(database_now_us(call->database));
	struct validation faults;

	if (invitation == NULL)
		return;
	user = invited_user(visit, invitation);
	resource_assign(user, user_resource.attributes, call->parameters);
	record_set_text(user, "state", STR("active"));
	record_set(user, "activated_at", now);
	if (!form_save(visit, &user_resource, user, call->parameters, &faults)) {
		show_signup_form(visit, invitation, user, &faults);
		return;
	}
	record_set(invitation, "accepted_at", now);
	record_set_int(invitation, "user_id", record_id(user));
	record_save(call->database, invitation);
	visit_flash(visit, "success", STR("Thanks for signing up! You can now sign in."));
	visit_redirect(visit, STR("/p/login"));
}

#define ADMINS (PAGE_ADMIN | PAGE_MASTER | PAGE_ADMINS)
#define INVITED (PAGE_ADMIN | PAGE_MASTER | PAGE_OPEN | PAGE_SECRET)

static const struct page_route rows[] = {
	{"GET", STR_INIT(LIST_PATH), show_list, ADMINS, NULL},
	{"GET", STR_INIT(LIST_PATH "/new"), show_new, ADMINS, NULL},
	{"POST", STR_INIT(LIST_PATH), create, ADMINS, NULL},
	{"DELETE", STR_INIT(LIST_PATH "/{id}"), delete_invitation, ADMINS, NULL},
	{"GET", STR_INIT("/p/signup/{token}"), signup_show, INVITED, NULL},
	{"POST", STR_INIT("/p/signup/{token}"), signup_do, INVITED, NULL},
};

const struct page_table pages_of_invitations = PAGE_TABLE(rows);
