#include "portal/mails.h"

#include "base/arena.h"
#include "base/bug.h"
#include "base/json.h"
#include "portal/call.h"
#include "portal/database.h"
#include "portal/mailer.h"
#include "portal/tables.h"

#define TEXT_BYTES_MAX (64 * 1024)
#define PREFERENCES_BYTES_MAX (16 * 1024)
#define CODE_DIGITS 40

/* is_off: of a notification, users must choose it to get it. section: which members get it; NULL:
 * partners. */
static const struct mail_text {
	const char *name, *subject, *text;
	bool is_off;
	const char *section;
} texts[] = {
	{"activation", "Your account is waiting for you",
	 "Hello {username},\n\nan account was made for you. Open this page to activate it:\n\n"
	 "{link}\n",
	 false, NULL},
	{"invitation", "You are invited to {organization}",
	 "Hello,\n\n{organization} invites you to join. Open this page to sign up:\n\n{link}\n",
	 false, NULL},
	{"password_reset", "Set a new password",
	 "Hello {username},\n\nsomebody asked for a new password of your account. Within 24 hours "
	 "you can set it here:\n\n{link}\n\nIf it was not you, nothing needs to be done.\n",
	 false, NULL},
	{"account_created", "{account} signed up", "A developer account was made: {account}.\n",
	 false, NULL},
	{"account_deleted", "The account {account} was deleted",
	 "The developer account {account} was deleted.\n", false, NULL},
	{"application_created", "{application} was made on {service}",
	 "{account} made the application {application} with the plan {plan} of the API "
	 "{service}.\n",
	 false, NULL},
	{"cinstance_cancellation", "{application} was deleted",
	 "The application {application} of {account} on {service} was deleted.\n", false, NULL},
	{"cinstance_plan_changed", "{application} changed to {plan}",
	 "The application {application} of {account} has the plan {plan} of {service} now.\n",
	 false, NULL},
	{"service_deleted", "The API {service} was deleted",
	 "The API {service} was deleted, with all that belonged to it.\n", false, NULL},
	{"service_contract_created", "{account} subscribed to {service}",
	 "{account} subscribed to the API {service} with the plan {plan}.\n", false, NULL},
	{"service_contract_cancellation", "{account} unsubscribed from {service}",
	 "{account} is not subscribed to the API {service}, with the plan {plan}, any more.\n",
	 false, NULL},
	{"plan_downgraded", "{application} went down to {plan}",
	 "The application {application} of {account} on {service} went from the plan {old_plan} "
	 "to {plan}, which costs less.\n",
	 false, NULL},
	{"limit_alert_reached_provider", "{application} is at {level}% of a limit",
	 "The application {application} of {account} on {service} uses {utilization}% of a limit: "
	 "{message}.\n",
	 false, NULL},
	{"limit_violation_reached_provider", "{application} is at {level}% of a limit",
	 "The application {application} of {account} on {service} uses {utilization}% of a limit: "
	 "{message}.\n",
	 false, NULL},
	{"limit_reached_buyer", "{application} is at {level}% of a limit",
	 "Your application {application} on {service} uses {utilization}% of a limit: {message}.\n",
	 false, NULL},
	{"message_received", "{account} wrote: {subject}", "{body}\n", false, NULL},
	{"invoices_to_review", "Invoices to review: {count}",
	 "Invoices that were finalized today: {count}. They can be edited until they are issued, "
	 "in two "
	 "days.\n",
	 false, "finance"},
	{"invoice_issued", "Invoice {number} of {organization}",
	 "{organization} issued the invoice {number} for {month}: {cost} {currency}, due on "
	 "{due}.\n",
	 false, NULL},
	{"expired_credit_card_provider", "The credit card of {account} ends soon",
	 "The credit card of {account} is valid until the end of {month}.\n", false, "finance"},
	{"expired_credit_card_buyer", "Your credit card ends soon",
	 "The credit card that {organization} knows of is valid until the end of {month}.\n", false,
	 NULL},
	{"cinstance_expired_trial", "The trial of {application} is over",
	 "The trial period of the application {application} of {account}, with the plan {plan} of "
	 "{service}, is over.\n",
	 false, NULL},
	{"daily_report", "The day of {organization}", "{report}\n", true, NULL},
	{"weekly_report", "The week of {organization}", "{report}\n", true, NULL},
};

static const struct mail_text *text_named(const char *name)
{
	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
		if (str_equal(str_from(texts[i].name), str_from(name)))
			return &texts[i];
	}
	BUG_IF(name != NULL);
	return NULL;
}

static struct str value_of(struct str name, const struct mail_value *values, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		if (str_equal(str_from(values[i].name), name))
			return values[i].text;
	}
	return STR("");
}

static struct str filled(struct arena *arena, const char *text, const struct mail_value *values,
			 size_t count)
{
	struct str rest = str_from(text), before, name, made;
	struct strbuf out;

	strbuf_init(&out, TEXT_BYTES_MAX);
	while (str_split_once(rest, '{', &before, &rest)) {
		strbuf_append(&out, before);
		str_split_once(rest, '}', &name, &rest);
		strbuf_append(&out, value_of(name, values, count));
	}
	strbuf_append(&out, before);
	made = str_copy(arena, strbuf_str(&out));
	strbuf_free(&out);
	return made;
}

/* A subject is one line, whatever it is filled with. */
static struct str one_line(struct arena *arena, struct str text)
{
	char *line = (char *)(uintptr_t)str_copy(arena, text).data;

	for (size_t i = 0; i < text.size; i++)
		line[i] = (unsigned char)line[i] < ' ' ? ' ' : line[i];
	return str_of(line, text.size);
}

void mails_write(struct database *database, const char *name, struct value tenant_id, struct str to,
		 const struct mail_value *values, size_t count)
{
	const struct mail_text *text = text_named(name);
	struct arena *arena = database_arena(database);
	const struct letter letter = {
		.tenant_id = tenant_id,
		.to = to,
		.subject = one_line(arena, filled(arena, text->subject, values, count)),
		.text = filled(arena, text->text, values, count),
	};

	mailer_add(database, &letter);
}

void mails_write_to_buyer(struct database *database, const char *name, struct value tenant_id,
			  struct value account_id, const struct mail_value *values, size_t count)
{
	struct record_list users =
		record_all(database, &users_table,
			   "account_id = ?1 AND state = 'active' AND role = 'admin' ORDER BY id",
			   DATABASE_ARGUMENTS(account_id));

	for (size_t i = 0; i < users.count; i++)
		mails_write(database, name, tenant_id, record_text(users.items[i], "email"), values,
			    count);
}

/* To one person. */

static struct str page(struct call *call, struct str host, const char *path, struct str code)
{
	return STR_CONCAT(call->arena, STR("https://"), host, str_from(path), code);
}

static void write_with_link(struct call *call, const char *name, const struct record *user,
			    struct str link)
{
	const struct mail_value values[] = {{"username", record_text(user, "username")},
					    {"link", link}};

	mails_write(call->database, name, record_get(user, "tenant_id"), record_text(user, "email"),
		    values, sizeof values / sizeof *values);
}

void mails_activation(struct call *call, struct record *user, struct str host)
{
	struct str code = call_random_hex(call, CODE_DIGITS);

	record_set_text(user, "activation_code", code);
	record_save(call->database, user);
	write_with_link(call, "activation", user, page(call, host, "/p/activate/", code));
}

void mails_password_reset(struct call *call, const struct record *user, struct str host,
			  struct str code)
{
	write_with_link(call, "password_reset", user,
			page(call, host, "/p/password?password_reset_token=", code));
}

struct record *mails_invite(struct call *call, const struct record *account, struct str email,
			    struct str host)
{
	struct record *invitation = call_new_record(call, &invitations_table);
	struct str token = call_random_hex(call, CODE_DIGITS);
	const struct mail_value values[] = {
		{"organization", record_text(account, "org_name")},
		{"link", page(call, host, "/p/signup/", token)},
	};

	record_set_int(invitation, "account_id", record_id(account));
	record_set_text(invitation, "email", email);
	record_set_text(invitation, "token", token);
	record_set(invitation, "sent_at", value_time(database_now_us(call->database)));
	record_save(call->database, invitation);
	mails_write(call->database, "invitation", record_get(invitation, "tenant_id"), email,
		    values, sizeof values / sizeof *values);
	return invitation;
}

/* To those of a tenant who want to know. */

static bool wants(struct database *database, const struct record *user,
		  const struct mail_text *text)
{
	struct str preferences =
		database_text(database,
			      STR("SELECT preferences FROM notification_preferences WHERE user_id "
				  "= ?1"),
			      DATABASE_ARGUMENTS(value_int(record_id(user))));
	const struct json *chosen = preferences.size > 0
					    ? json_parse(database_arena(database), preferences,
							 PREFERENCES_BYTES_MAX, NULL)
					    : NULL;

	return json_bool(json_get(chosen, str_from(text->name)), !text->is_off);
}

static void notify_user(struct database *database, const struct mail_text *text,
			const struct record *user, struct str event_id,
			const struct mail_value *values, size_t count)
{
	struct arena *arena = database_arena(database);
	struct record *row = record_new(arena, &notifications_table);

	record_set(row, "tenant_id", record_get(user, "tenant_id"));
	record_set_int(row, "user_id", record_id(user));
	record_set_text(row, "event_id", event_id);
	record_set_text(row, "system_name", str_from(text->name));
	record_set_text(row, "title", one_line(arena, filled(arena, text->subject, values, count)));
	record_save(database, row);
	mails_write(database, text->name, record_get(user, "tenant_id"), record_text(user, "email"),
		    values, count);
}

static struct str section_of(const struct mail_text *text)
{
	return text->section != NULL ? str_from(text->section) : STR("partners");
}

void mails_notify(struct database *database, const char *notification, struct value tenant_id,
		  struct str event_id, const struct mail_value *values, size_t count)
{
	const struct mail_text *text = text_named(notification);
	struct record_list users =
		record_all(database, &users_table,
			   "account_id = ?1 AND state = 'active' AND COALESCE(signup_type, '') <> "
			   "'impersonation' AND (role = 'admin' OR id IN (SELECT user_id FROM "
			   "member_permissions WHERE admin_section = ?2)) ORDER BY id",
			   DATABASE_ARGUMENTS(tenant_id, value_text(section_of(text))));

	for (size_t i = 0; i < users.count; i++) {
		if (wants(database, users.items[i], text))
			notify_user(database, text, users.items[i], event_id, values, count);
	}
}
