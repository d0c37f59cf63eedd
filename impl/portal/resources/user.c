/* Users of developer accounts and of the tenant: spec/portal.md 3.11. */
#include "base/arena.h"
#include "base/json.h"
#include "base/password.h"
#include "portal/database.h"
#include "portal/fields.h"
#include "portal/resources/resources.h"
#include "portal/settings.h"
#include "portal/tables.h"
#include "portal/validation.h"
#include "world/clock.h"
#include "portal/webhook_events.h"

#define PASSWORD_CHARACTERS_MIN 6

/* Where the user is found: below its account, or for the tenant's own below /users. */
static bool is_of_tenant(struct call *call, const struct record *user)
{
	return record_int(user, "account_id") == call_tenant_id(call);
}

static const struct derived user_derived[] = {{"extra_fields", fields_xml}};

static const struct link user_links[] = {
	{"account", "/admin/api/accounts/{account_id}"},
	{"self", "/admin/api/accounts/{account_id}/users/{id}"},
};

/* The point is upstream's, and clients see it (spec/portal.md 3.11). */
static const struct link tenant_user_links[] = {{"self", "/admin/api/users.{id}"}};

#define USER_JSON                                                                                  \
	"id state role created_at updated_at cas_identifier open_id | username email first_name "  \
	"last_name job_role title *"
#define USER_XML                                                                                   \
	"id created_at updated_at account_id state role ~cas_identifier ~open_id username email "  \
	"~first_name ~last_name ~job_role ~title extra_fields"

static const struct representation tenant_user_representation = {
	.root = "user",
	.roots = "users",
	.json = USER_JSON,
	.xml = USER_XML,
	REPRESENTATION_DERIVED(user_derived),
	REPRESENTATION_LINKS(tenant_user_links),
};

static const struct representation *user_other(struct call *call, const struct record *user)
{
	return is_of_tenant(call, user) ? &tenant_user_representation : NULL;
}

static const struct representation user_representation = {
	.root = "user",
	.roots = "users",
	.json = USER_JSON,
	.xml = USER_XML,
	REPRESENTATION_DERIVED(user_derived),
	REPRESENTATION_LINKS(user_links),
	.other = user_other,
};

static const struct rule user_rules[] = {
	{"username", RULE_LENGTH_MIN, 3, NULL, NULL, true},
	{"username", RULE_LENGTH_MAX, 40, NULL, NULL, false},
	{"username", RULE_PATTERN, 0, "\\w[\\w.\\-_@+]+",
	 "use only letters, numbers, and .-_@+ please.", false},
	{"email", RULE_LENGTH_MIN, 6, NULL, NULL, true},
	{"email", RULE_LENGTH_MAX, 255, NULL, NULL, false},
	{"first_name", RULE_LENGTH_MAX, 255, NULL, NULL, false},
	{"last_name", RULE_LENGTH_MAX, 255, NULL, NULL, false},
	{"job_role", RULE_LENGTH_MAX, 255, NULL, NULL, false},
	{"title", RULE_LENGTH_MAX, 255, NULL, NULL, false},
	{"email", RULE_PATTERN, 0, "[^@\\s]+@[^@\\s]+", "should look like an email address", true},
	{"role", RULE_IN, 0, "admin member", NULL, true},
};

/* A tenant's own user, whoever calls: master sees tenants as its buyers. */
static bool is_of_some_tenant(struct call *call, const struct record *user)
{
	struct record *account =
		record_by_id(call->database, &accounts_table, record_int(user, "account_id"));

	return account != NULL &&
	       (record_bool(account, "provider") || record_bool(account, "master"));
}

/* Unique among the tenant's own users, or among all its developers. `condition` compares with ?2:
 * names with their case, addresses without. */
static void check_unique(struct call *call, struct record *user, const char *attribute,
			 const char *condition, struct validation *validation)
{
	bool is_own = is_of_some_tenant(call, user);
	struct str sql = str_format(
		call->arena, "SELECT count(*) FROM users WHERE id <> ?1 AND %s AND %s", condition,
		is_own ? "account_id = ?3"
		       : "account_id IN (SELECT id FROM accounts WHERE "
			 "provider_account_id = ?3 AND provider = 0)");
	struct value among =
		is_own ? record_get(user, "account_id") : value_int(call_tenant_id(call));

	if (!value_is_blank(record_get(user, attribute)) &&
	    database_int(call->database, sql,
			 DATABASE_ARGUMENTS(value_int(record_id(user)), record_get(user, attribute),
					    among),
			 0) > 0)
		validation_add(validation, attribute, STR("has already been taken"));
}

void user_set_password(const struct call *call, struct record *user, struct str password)
{
	struct world *world = database_world(call->database);
	uint64_t salt[PASSWORD_SALT_BYTES / sizeof(uint64_t)];

	if (password.size == 0)
		return;
	for (size_t i = 0; i < sizeof salt / sizeof *salt; i++)
		salt[i] = world_chance(world);
	record_set_text(user, "password_digest",
			password_digest(call->arena, password, call->settings->password_cost,
					(const uint8_t *)salt));
}

bool user_password_fits(const struct call *call, const struct record *user, struct str password)
{
	struct str digest = user != NULL ? record_text(user, "password_digest") : STR("");

	return password_fits(call->arena, password, digest);
}

#define SPECIAL_CHARACTERS "-+=><_$#.:;!?@&*()~][}{|"
#define STRONG_PASSWORD_TEXT                                                                       \
	"must be at least 8 characters long, and contain both upper and lowercase letters, a "     \
	"digit and one special character of " SPECIAL_CHARACTERS "."

/* A setting of the tenant's (spec/portal.md 3.14). */
static bool wants_strong_passwords(struct call *call)
{
	return database_int(call->database,
			    STR("SELECT strong_passwords_enabled FROM settings WHERE "
				"account_id = ?1"),
			    DATABASE_ARGUMENTS(value_int(call_tenant_id(call))), 0) != 0;
}

static bool is_strong(struct arena *arena, struct str password)
{
	static const char *const parts[] = {".*[a-z].*", ".*[A-Z].*", ".*[0-9].*",
					    ".*[-+=><_$#.:;!?@&*()~\\]\\[}{|].*", ".{8,}"};

	for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
		if (!text_fits(arena, password, parts[i]))
			return false;
	}
	return true;
}

void user_check_password(struct call *call, struct record *user, struct validation *validation)
{
	const struct json *password = json_get(call->parameters, STR("password"));

	if (password == NULL && !record_is_new(user))
		return;
	if (wants_strong_passwords(call)) {
		if (!is_strong(call->arena, json_scalar_text(password)))
			validation_add(validation, "password", STR(STRONG_PASSWORD_TEXT));
	} else if (json_scalar_text(password).size < PASSWORD_CHARACTERS_MIN) {
		validation_add(validation, "password",
			       STR("is too short (minimum is 6 characters)"));
	}
	if (json_scalar_text(password).size > PASSWORD_BYTES_MAX)
		validation_add(validation, "password",
			       STR("is too long (maximum is 72 characters)"));
}

static bool user_prepare(struct call *call, struct record *user, const struct json *attributes)
{
	user_set_password(call, user, json_get_str(attributes, STR("password")));
	return true;
}

/* Whom the API makes may come without one: such a user waits as pending (spec/portal.md 3.10), and
 * cannot log in until a password is set. The forms of the pages ask for one. */
static bool may_lack_password(const struct call *call, const struct record *user)
{
	return call->visit == NULL && record_is_new(user) &&
	       call_parameter(call, "password").size == 0;
}

static void user_validate(struct call *call, struct record *user, struct validation *validation)
{
	check_unique(call, user, "username", "username = ?2", validation);
	check_unique(call, user, "email", "lower(email) = lower(?2)", validation);
	if (!may_lack_password(call, user))
		user_check_password(call, user, validation);
}

static bool is_last_admin(struct call *call, const struct record *user)
{
	return str_equal(record_text(user, "role"), STR("admin")) &&
	       database_int(call->database,
			    STR("SELECT count(*) FROM users WHERE account_id = ?1 AND "
				"role = 'admin' AND COALESCE(signup_type, '') <> "
				"'impersonation'"),
			    DATABASE_ARGUMENTS(record_get(user, "account_id")), 0) <= 1;
}

static void user_deleting(struct call *call, struct record *user, struct validation *validation)
{
	if (is_last_admin(call, user))
		validation_add(validation, "base", STR("Can't destroy last admin"));
	/* That it was taken up stays true. */
	database_run(call->database,
		     STR("UPDATE invitations SET user_id = NULL WHERE user_id = ?1"),
		     DATABASE_ARGUMENTS(value_int(record_id(user))));
	webhook_event(call, "deleted", user);
}

static void user_saved(struct call *call, struct record *user, const struct record *before)
{
	webhook_event(call, before == NULL ? "created" : "updated", user);
}

const struct resource user_resource = {
	.table = &users_table,
	.representation = &user_representation,
	.wrapper = "",
	.has_fields = true,
	.switch_for_more = "multiple_users",
	.switch_scope = "account_id",
	.attributes = "username email first_name last_name job_role title",
	RESOURCE_RULES(user_rules),
	.prepare = user_prepare,
	.validate = user_validate,
	.saved = user_saved,
	.deleting = user_deleting,
};

static int64_t account_id_of_path(struct call *call)
{
	struct record *account = call_found(call, "account");

	return account != NULL ? record_id(account) : call_tenant_id(call);
}

void user_list(struct call *call)
{
	struct str state = call_parameter(call, "state"), role = call_parameter(call, "role");

	resource_reply_list(call, &user_resource,
			    "account_id = ?1 AND COALESCE(signup_type, '') <> 'impersonation' AND "
			    "(?2 IS NULL OR state = ?2) AND (?3 IS NULL OR role = ?3) ORDER BY id",
			    DATABASE_ARGUMENTS(value_int(account_id_of_path(call)),
					       state.size > 0 ? value_text(state) : value_null(),
					       role.size > 0 ? value_text(role) : value_null()));
}

void user_create(struct call *call)
{
	struct record *user = call_new_record(call, &users_table);

	record_set_int(user, "account_id", account_id_of_path(call));
	resource_assign(user, user_resource.attributes, call->parameters);
	if (resource_save(call, &user_resource, user, call->parameters))
		reply_record(call, 201, &user_representation, user);
}

static void set_role(struct call *call, struct str role)
{
	struct record *user = api_innermost(call);

	record_set_text(user, "role", role);
	resource_store(call, &user_resource, user);
	reply_record(call, 200, &user_representation, user);
}

void user_make_admin(struct call *call)
{
	set_role(call, STR("admin"));
}

void user_make_member(struct call *call)
{
	set_role(call, STR("member"));
}

/* Who is suspended is logged out at once. */
static void revoke_sessions(struct call *call, const struct record *user)
{
	database_run(call->database,
		     STR("UPDATE user_sessions SET revoked_at = ?2 WHERE user_id = ?1 AND "
			 "revoked_at IS NULL"),
		     DATABASE_ARGUMENTS(value_int(record_id(user)),
					value_time(database_now_us(call->database))));
}

bool user_change_state(struct call *call, struct record *user, const char *event)
{
	static const struct {
		const char *event;
		struct str from, to;
	} rows[] = {
		{"activate", STR_INIT("pending"), STR_INIT("active")},
		{"activate", STR_INIT("email_unverified"), STR_INIT("active")},
		{"activate", STR_INIT("active"), STR_INIT("active")},
		{"suspend", STR_INIT("active"), STR_INIT("suspended")},
		{"unsuspend", STR_INIT("suspended"), STR_INIT("active")},
	};

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		if (!str_equal(str_from(rows[i].event), str_from(event)) ||
		    !str_equal(rows[i].from, record_text(user, "state")))
			continue;
		record_set_text(user, "state", rows[i].to);
		if (value_is_blank(record_get(user, "activated_at")))
			record_set(user, "activated_at",
				   value_time(database_now_us(call->database)));
		resource_store(call, &user_resource, user);
		if (str_equal(rows[i].to, STR("suspended")))
			revoke_sessions(call, user);
		return true;
	}
	return false;
}

/* Once its first user is active, an account is no longer new: it waits for approval, or has it. */
static void account_follows(struct call *call, const struct record *user)
{
	struct record *account =
		record_by_id(call->database, &accounts_table, record_int(user, "account_id"));
	int64_t needs_approval = database_int(
		call->database,
		STR("SELECT plans.approval_required FROM plans JOIN cinstances ON plan_id = "
		    "plans.id WHERE cinstances.type = 'AccountContract' AND user_account_id = ?1"),
		DATABASE_ARGUMENTS(value_int(record_id(account))), 0);

	if (str_equal(record_text(account, "state"), STR("created")))
		account_change_state(call, account, needs_approval ? "make_pending" : "approve");
}

static void change_state(struct call *call, const char *event)
{
	struct record *user = api_innermost(call);

	if (!user_change_state(call, user, event)) {
		reply_state_error(call, &user_representation, user, event);
		return;
	}
	account_follows(call, user);
	reply_record(call, 200, &user_representation, user);
}

void user_suspend(struct call *call)
{
	change_state(call, "suspend");
}

void user_unsuspend(struct call *call)
{
	change_state(call, "unsuspend");
}

void user_activate(struct call *call)
{
	change_state(call, "activate");
}
