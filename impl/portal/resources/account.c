/* Developer accounts, and the tenant's own: spec/portal.md 3.10, 6.2. */
#include "base/arena.h"
#include "base/json.h"
#include "portal/backend_push.h"
#include "portal/billing/invoices.h"
#include "portal/database.h"
#include "portal/fields.h"
#include "portal/resources/resources.h"
#include "portal/tables.h"
#include "portal/validation.h"
#include "portal/webhook_events.h"

#define DELETION_DELAY_US (INT64_C(15) * 24 * 60 * 60 * 1000000)

/* Representation. */

static bool has_credit_card(const struct record *account)
{
	return !value_is_blank(record_get(account, "credit_card_auth_code"));
}

static struct value get_credit_card(struct call *call, const struct record *account)
{
	(void)call;
	return value_bool(has_credit_card(account));
}

static struct value when_stored(const struct record *account, const char *name)
{
	return has_credit_card(account) ? record_get(account, name) : value_absent();
}

static struct value get_partial_number(struct call *call, const struct record *account)
{
	(void)call;
	return when_stored(account, "credit_card_partial_number");
}

static struct value get_expires_on(struct call *call, const struct record *account)
{
	(void)call;
	return when_stored(account, "credit_card_expires_on");
}

#define CREDIT_CARD "credit_card_stored credit_card_partial_number credit_card_expires_on"
#define CREDIT_CARD_DERIVED                                                                        \
	{"credit_card_stored", get_credit_card},                                                   \
		{"credit_card_partial_number", get_partial_number},                                \
	{                                                                                          \
		"credit_card_expires_on", get_expires_on                                           \
	}

/* Account, service and application plans that were bought; of services that the caller sees. */
static struct value get_plans(struct call *call, const struct record *account)
{
	static const char *const types[] = {"AccountPlan", "ServicePlan", "ApplicationPlan"};
	struct value arguments[CALL_ARGUMENTS];
	struct str text = STR("");

	call_arguments(call, arguments);
	arguments[0] = value_int(record_id(account));
	for (size_t i = 0; i < sizeof types / sizeof *types; i++) {
		struct record_list list;

		arguments[2] = value_text(str_from(types[i]));
		list = record_all(call->database, &plans_table,
				  "type = ?3 AND id IN (SELECT plan_id FROM cinstances WHERE "
				  "user_account_id = ?1) AND (issuer_type = 'Account' OR "
				  "issuer_id IN " SERVICES_VISIBLE ") ORDER BY id",
				  arguments, CALL_ARGUMENTS);
		if (list.count == 0)
			continue;
		text = STR_CONCAT(
			call->arena, text,
			representation_xml_elements(
				call, plan_resource_of(list.items[0])->representation, &list)
				.text);
	}
	return value_json(text);
}

static struct value get_users(struct call *call, const struct record *account)
{
	struct record_list list =
		record_all(call->database, &users_table,
			   "account_id = ?1 AND (signup_type IS NULL OR signup_type <> "
			   "'impersonation') ORDER BY id",
			   DATABASE_ARGUMENTS(value_int(record_id(account))));

	return representation_xml_elements(call, user_resource.representation, &list);
}

/* Only the answer to a sign-up shows them. */
static struct value get_applications(struct call *call, const struct record *account)
{
	struct value arguments[CALL_ARGUMENTS];
	struct record_list list;

	if (!str_equal(call->path, STR("/admin/api/signup")))
		return value_absent();
	call_arguments(call, arguments);
	arguments[0] = value_int(record_id(account));
	list = record_all(call->database, &contracts_table,
			  "type = 'Cinstance' AND user_account_id = ?1 AND service_id "
			  "IN " SERVICES_VISIBLE " ORDER BY id",
			  arguments, CALL_ARGUMENTS);
	return representation_xml_elements(call, application_resource.representation, &list);
}

static const struct derived account_derived[] = {
	CREDIT_CARD_DERIVED,  {"extra_fields", fields_xml},       {"plans", get_plans},
	{"users", get_users}, {"applications", get_applications},
};

static const struct link account_links[] = {
	{"self", "/admin/api/accounts/{id}"},
	{"users", "/admin/api/accounts/{id}/users"},
};

#define TENANT_FIELDS                                                                              \
	"admin_domain domain from_email support_email finance_support_email site_access_code "

static struct value get_admin_domain(struct call *call, const struct record *account)
{
	(void)call;
	return record_get(account, "self_domain");
}

/* When a tenant that leaves will be erased: 15 days after it was told to. */
static struct value get_deletion_date(struct call *call, const struct record *account)
{
	(void)call;
	if (!str_equal(record_text(account, "state"), STR("scheduled_for_deletion")))
		return value_absent();
	return value_time(record_get(account, "state_changed_at").number + DELETION_DELAY_US);
}

static const struct derived tenant_derived[] = {
	{"admin_domain", get_admin_domain},
	CREDIT_CARD_DERIVED,
	{"deletion_date", get_deletion_date},
	{"extra_fields", fields_xml},
	{"plans", get_plans},
	{"users", get_users},
};

static const struct link tenant_links[] = {{"users", "/admin/api/accounts/{id}/users"}};

const struct representation tenant_representation = {
	.root = "account",
	.roots = "accounts",
	.json = "id created_at updated_at " TENANT_FIELDS
		"deletion_date credit_card_stored monthly_billing_enabled monthly_charging_enabled "
		"credit_card_partial_number credit_card_expires_on state | org_name *",
	.xml = "id created_at updated_at state deletion_date " TENANT_FIELDS
	       "org_name extra_fields monthly_billing_enabled "
	       "monthly_charging_enabled " CREDIT_CARD " plans users",
	REPRESENTATION_DERIVED(tenant_derived),
	REPRESENTATION_LINKS(tenant_links),
};

/* Master's buyers are tenants. */
static const struct representation *account_other(struct call *call, const struct record *account)
{
	(void)call;
	return record_bool(account, "provider") ? &tenant_representation : NULL;
}

static const struct representation account_representation = {
	.root = "account",
	.roots = "accounts",
	.json = "id created_at updated_at credit_card_stored monthly_billing_enabled "
		"monthly_charging_enabled credit_card_partial_number credit_card_expires_on state "
		"| org_name vat_rate *",
	.xml = "id created_at updated_at state org_name ~vat_rate extra_fields "
	       "monthly_billing_enabled "
	       "monthly_charging_enabled " CREDIT_CARD " plans users applications",
	REPRESENTATION_DERIVED(account_derived),
	REPRESENTATION_LINKS(account_links),
	.other = account_other,
};

static const struct rule account_rules[] = {
	{"org_name", RULE_PRESENT, 0, NULL, NULL, false},
	{"org_name", RULE_LENGTH_MAX, 255, NULL, NULL, false},
	{"vat_rate", RULE_PATTERN, 0, "-?[0-9]{1,10}(\\.[0-9]{1,10})?", "is not a number", false},
	TENANT_ADDRESS_RULES,
};

/* Everything that hangs on the account goes; backend hears of its applications. */
static void account_deleting(struct call *call, struct record *account,
			     struct validation *validation)
{
	struct record_list list =
		record_all(call->database, &contracts_table,
			   "user_account_id = ?1 AND type = 'Cinstance' ORDER BY id",
			   DATABASE_ARGUMENTS(value_int(record_id(account))));

	(void)validation;
	for (size_t i = 0; i < list.count; i++)
		push_application_gone(call, list.items[i]);
	webhook_event(call, "deleted", account);
}

static void account_saved(struct call *call, struct record *account, const struct record *before)
{
	if (before != NULL &&
	    !value_equal(record_get(before, "vat_rate"), record_get(account, "vat_rate")))
		billing_follow_vat_rate(call, account);
	webhook_event(call, before == NULL ? "created" : "updated", account);
}

const struct resource account_resource = {
	.table = &accounts_table,
	.representation = &account_representation,
	.wrapper = "",
	.has_fields = true,
	.attributes = "org_name monthly_billing_enabled monthly_charging_enabled vat_rate",
	RESOURCE_RULES(account_rules),
	.saved = account_saved,
	.deleting = account_deleting,
	.deleted = plan_drop_unused_copies,
};

/* A tenant is erased by a job, days later (spec/portal.md 6.5): its hosts close at once. */
bool account_remove(struct call *call, struct record *account, struct validation *validation)
{
	validation_init(validation, call->arena);
	if (!record_bool(account, "provider"))
		return resource_remove(call, &account_resource, account, validation);
	tenant_apply_event(call, account, STR("schedule_for_deletion"));
	return true;
}

void account_delete(struct call *call)
{
	struct validation validation;

	if (account_remove(call, call_found(call, "account"), &validation))
		reply_empty(call, 200);
	else
		reply_invalid(call, 403, &validation);
}

/* Lists and look-ups. */

void account_list(struct call *call)
{
	struct str state = call_parameter(call, "state");
	struct value arguments[CALL_ARGUMENTS + 1];

	call_arguments(call, arguments);
	arguments[5] = state.size > 0 ? value_text(state) : value_null();
	resource_reply_list(call, &account_resource,
			    "provider_account_id = ?2 AND (?6 IS NULL OR state = ?6) ORDER BY id",
			    arguments, CALL_ARGUMENTS + 1);
}

#define BY_USER(condition) "id IN (SELECT account_id FROM users WHERE " condition ")"

/* Tenants are found by their keys, too, at master. The first one that is given decides. */
static const struct way {
	const char *parameter, *where;
	enum value_kind kind;
	bool is_of_master;
} ways[] = {
	{"username", BY_USER("username = ?1"), VALUE_TEXT, false},
	{"user_id", BY_USER("id = ?1"), VALUE_INT, false},
	{"buyer_provider_key",
	 "id IN (SELECT user_account_id FROM cinstances WHERE type = 'Cinstance' AND "
	 "user_key = ?1)",
	 VALUE_TEXT, true},
	{"buyer_service_token",
	 "id IN (SELECT account_id FROM services WHERE id IN (SELECT service_id FROM "
	 "service_tokens WHERE value = ?1))",
	 VALUE_TEXT, true},
	{"email", BY_USER("lower(email) = lower(?1)"), VALUE_TEXT, false},
};

/* The row of ways[] that the call goes; NULL when it names nothing to look for. */
static const struct way *way_of(struct call *call)
{
	for (size_t i = 0; i < sizeof ways / sizeof *ways; i++) {
		if (call_parameter(call, ways[i].parameter).size > 0 &&
		    (!ways[i].is_of_master || record_bool(call->tenant, "master")))
			return &ways[i];
	}
	return NULL;
}

static struct record *account_by(struct call *call, const struct way *way)
{
	struct value value = value_from_text(way->kind, call_parameter(call, way->parameter));

	if (value.kind != way->kind || value_is_blank(value))
		return NULL;
	return record_first(call->database, &accounts_table,
			    str_cstr(call->arena,
				     STR_CONCAT(call->arena, STR("provider_account_id = ?2 AND "),
						str_from(way->where), STR(" ORDER BY id LIMIT 1"))),
			    DATABASE_ARGUMENTS(value, value_int(call_tenant_id(call))));
}

void account_find(struct call *call)
{
	const struct way *way = way_of(call);
	struct record *account = way != NULL ? account_by(call, way) : NULL;

	if (account == NULL)
		reply_not_found(call);
	else
		reply_record(call, 200, &account_representation, account);
}

/* States. */

bool account_change_state(struct call *call, struct record *account, const char *event)
{
	static const struct {
		const char *event, *from, *to;
	} rows[] = {
		{"approve", "created pending rejected", "approved"},
		{"make_pending", "created approved rejected", "pending"},
		{"reject", "created pending approved", "rejected"},
	};
	struct str from, state;

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		if (!str_equal(str_from(rows[i].event), str_from(event)))
			continue;
		from = str_from(rows[i].from);
		while (str_next_field(&from, ' ', &state)) {
			if (!str_equal(state, record_text(account, "state")))
				continue;
			record_set_text(account, "state", str_from(rows[i].to));
			record_set(account, "state_changed_at",
				   value_time(database_now_us(call->database)));
			resource_store(call, &account_resource, account);
			return true;
		}
	}
	return false;
}

static void change_state(struct call *call, const char *event)
{
	struct record *account = call_found(call, "account");

	if (account_change_state(call, account, event))
		reply_record(call, 200, &account_representation, account);
	else
		reply_invalid_one(call, 422, "state",
				  str_format(call->arena, "cannot transition via \"%s\"", event));
}

void account_approve(struct call *call)
{
	change_state(call, "approve");
}

void account_reject(struct call *call)
{
	change_state(call, "reject");
}

void account_make_pending(struct call *call)
{
	change_state(call, "make_pending");
}

/* The account's own plan. */

static struct record *account_contract(struct call *call, const struct record *account)
{
	return record_first(call->database, &contracts_table,
			    "type = 'AccountContract' AND user_account_id = ?1 ORDER BY id LIMIT 1",
			    DATABASE_ARGUMENTS(value_int(record_id(account))));
}

static void reply_plan(struct call *call, const struct record *plan)
{
	reply_record(call, 200, account_plan_resource.representation, plan);
}

void account_plan_show(struct call *call)
{
	struct record *contract = account_contract(call, call_found(call, "account"));

	if (contract == NULL)
		reply_not_found(call);
	else
		reply_plan(call, record_by_id(call->database, &plans_table,
					      record_int(contract, "plan_id")));
}

void account_change_plan(struct call *call)
{
	struct record *account = call_found(call, "account");
	struct record *contract = account_contract(call, account), *plan = NULL;
	int64_t id;

	if (str_to_int64(call_parameter(call, "plan_id"), &id))
		plan = record_first(
			call->database, &plans_table,
			"id = ?1 AND type = 'AccountPlan' AND issuer_id = ?2",
			DATABASE_ARGUMENTS(value_int(id), value_int(call_tenant_id(call))));
	if (plan == NULL) {
		reply_not_found(call);
		return;
	}
	if (contract == NULL)
		contract = contract_new(call, record_id(account), plan);
	record_set_int(contract, "plan_id", id);
	if (record_save(call->database, contract))
		webhook_event(call, "plan_changed", account);
	reply_plan(call, plan);
}
