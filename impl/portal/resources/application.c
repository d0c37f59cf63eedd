/* Applications and subscriptions: spec/portal.md 3.12. */
#include "base/arena.h"
#include "base/json.h"
#include "base/utc.h"
#include "portal/backend_push.h"
#include "portal/database.h"
#include "portal/fields.h"
#include "portal/resources/resources.h"
#include "portal/settings.h"
#include "portal/tables.h"
#include "portal/validation.h"
#include "portal/webhook_events.h"

#define TRIAL_DAYS_MAX 36500 /* a hundred years: what follows is a time that columns hold */

/* Representation: what is shown depends on the service's authentication mode. */

bool application_is_of_mode(struct call *call, const struct record *application, const char *modes)
{
	struct record *service = service_by_id(call, record_int(application, "service_id"));
	struct str rest = str_from(modes), mode;

	if (service == NULL)
		return false;
	while (str_next_field(&rest, ' ', &mode)) {
		if (str_equal(service_mode(call, service), mode))
			return true;
	}
	return false;
}

static struct value when_mode(struct call *call, const struct record *application,
			      const char *modes, struct value value)
{
	return application_is_of_mode(call, application, modes) ? value : value_absent();
}

static struct value get_account(struct call *call, const struct record *application)
{
	(void)call;
	return record_get(application, "user_account_id");
}

static struct value get_enabled(struct call *call, const struct record *application)
{
	int64_t leaving =
		database_int(call->database,
			     STR("SELECT count(*) FROM accounts WHERE id IN (?1, ?2) AND "
				 "state = 'scheduled_for_deletion'"),
			     DATABASE_ARGUMENTS(record_get(application, "user_account_id"),
						value_int(call_tenant_id(call))),
			     0);

	return value_bool(str_equal(record_text(application, "state"), STR("live")) &&
			  leaving == 0);
}

struct record *application_plan_of(struct call *call, const struct record *application)
{
	return record_by_id(call->database, &plans_table, record_int(application, "plan_id"));
}

static struct value get_end_user_required(struct call *call, const struct record *application)
{
	return record_get(application_plan_of(call, application), "end_user_required");
}

static struct value get_user_key(struct call *call, const struct record *application)
{
	return when_mode(call, application, "1", record_get(application, "user_key"));
}

static struct value get_verification_key(struct call *call, const struct record *application)
{
	return when_mode(call, application, "1", record_get(application, "provider_public_key"));
}

static struct value get_application_id(struct call *call, const struct record *application)
{
	return when_mode(call, application, "2 oauth oidc",
			 record_get(application, "application_id"));
}

static struct value get_redirect_url(struct call *call, const struct record *application)
{
	return when_mode(call, application, "oauth oidc", record_get(application, "redirect_url"));
}

static struct value get_client_id(struct call *call, const struct record *application)
{
	return when_mode(call, application, "oauth oidc",
			 record_get(application, "application_id"));
}

static struct value get_client_secret(struct call *call, const struct record *application)
{
	return when_mode(call, application, "oauth oidc",
			 value_text(application_first_key(call, application)));
}

static struct value get_oidc(struct call *call, const struct record *application)
{
	struct record *proxy;

	if (!application_is_of_mode(call, application, "oidc"))
		return value_absent();
	proxy = proxy_of_service(call, record_int(application, "service_id"));
	return oidc_configuration_value(call, proxy);
}

static struct value get_keys(struct call *call, const struct record *application)
{
	struct record_list list = record_all(call->database, &application_keys_table,
					     "application_id = ?1 ORDER BY id",
					     DATABASE_ARGUMENTS(value_int(record_id(application))));

	if (application_is_of_mode(call, application, "1"))
		return value_absent();
	return representation_xml_elements(call, application_key_resource.representation, &list);
}

static struct value get_plan(struct call *call, const struct record *application)
{
	return representation_xml_element(call, application_plan_resource.representation,
					  application_plan_of(call, application));
}

static struct value get_filters(struct call *call, const struct record *application)
{
	struct record *service = service_by_id(call, record_int(application, "service_id"));
	struct record_list list = record_all(call->database, &referrer_filters_table,
					     "application_id = ?1 ORDER BY id",
					     DATABASE_ARGUMENTS(value_int(record_id(application))));

	if (service == NULL || !record_bool(service, "referrer_filters_required"))
		return value_absent();
	return representation_xml_elements(call, referrer_filter_resource.representation, &list);
}

static const struct derived application_derived[] = {
	{"account_id", get_account},
	{"enabled", get_enabled},
	{"end_user_required", get_end_user_required},
	{"user_key", get_user_key},
	{"provider_verification_key", get_verification_key},
	{"application_id", get_application_id},
	{"redirect_url", get_redirect_url},
	{"client_id", get_client_id},
	{"client_secret", get_client_secret},
	{"oidc_configuration", get_oidc},
	{"keys", get_keys},
	{"plan", get_plan},
	{"extra_fields", fields_xml},
	{"referrer_filters", get_filters},
};

static const struct link application_links[] = {
	{"self", "/admin/api/accounts/{account_id}/applications/{id}"},
	{"service", "/admin/api/services/{service_id}"},
	{"account", "/admin/api/accounts/{account_id}"},
	{"plan", "/admin/api/services/{service_id}/application_plans/{plan_id}"},
	{"keys", "/admin/api/accounts/{account_id}/applications/{id}/keys"},
	{"referrer_filters", "/admin/api/accounts/{account_id}/applications/{id}/referrer_filters"},
};

static const struct representation application_representation = {
	.root = "application",
	.roots = "applications",
	.json = "id state enabled end_user_required created_at updated_at service_id plan_id "
		"account_id first_traffic_at! first_daily_traffic_at! user_key "
		"provider_verification_key application_id redirect_url! client_id! client_secret! "
		"oidc_configuration | name description *",
	.xml = "id created_at updated_at state user_account_id first_traffic_at "
	       "first_daily_traffic_at end_user_required service_id user_key "
	       "provider_verification_key application_id redirect_url keys =plan "
	       "=oidc_configuration name description extra_fields referrer_filters",
	REPRESENTATION_DERIVED(application_derived),
	REPRESENTATION_LINKS(application_links),
};

/* Rules. */

static const struct rule application_rules[] = {
	{"name", RULE_PRESENT, 0, NULL, NULL, false},
	{"name", RULE_LENGTH_MAX, 255, NULL, NULL, false},
	{"description", RULE_PRESENT, 0, NULL, NULL, false},
	{"user_key", RULE_LENGTH_MAX, 256, NULL, NULL, false},
	{"user_key", RULE_PATTERN, 0, "[\\w\\-.]+|[A-Za-z0-9+/]+={0,2}", NULL, false},
	{"application_id", RULE_LENGTH_MIN, 4, NULL, NULL, false},
	{"application_id", RULE_LENGTH_MAX, 255, NULL, NULL, false},
	{"application_id", RULE_PATTERN, 0, "[\\x20-\\x7e]*", NULL, false},
	{"redirect_url", RULE_LENGTH_MAX, 255, NULL, NULL, false},
};

/* Within the service, or where a flag is off within the tenant. */
static void application_validate(struct call *call, struct record *application,
				 struct validation *validation)
{
	static const struct {
		const char *attribute;
		enum flag may_repeat;
	} keys[] = {
		{"user_key", FLAG_DUPLICATE_USER_KEY},
		{"application_id", FLAG_DUPLICATE_APPLICATION_ID},
	};

	for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
		bool by_service = settings_has_flag(call->settings, keys[i].may_repeat);
		const struct rule rule = {.attribute = keys[i].attribute,
					  .kind = RULE_UNIQUE,
					  .text = by_service ? "service_id type"
							     : "tenant_id type"};

		validation_check(validation, call->database, application, &rule, 1);
	}
}

static bool application_prepare(struct call *call, struct record *application,
				const struct json *attributes)
{
	(void)attributes;
	if (value_is_blank(record_get(application, "user_key")))
		record_set_text(application, "user_key", call_random_hex(call, 32));
	if (value_is_blank(record_get(application, "application_id")))
		record_set_text(application, "application_id", call_random_hex(call, 8));
	if (value_is_blank(record_get(application, "provider_public_key")))
		record_set_text(application, "provider_public_key", call_random_hex(call, 32));
	return true;
}

static bool is_changed(const struct record *before, const struct record *after, const char *name)
{
	return !value_equal(record_get(before, name), record_get(after, name));
}

static void tell_webhooks(struct call *call, const struct record *application,
			  const struct record *before)
{
	if (before == NULL) {
		webhook_event(call, "created", application);
		return;
	}
	webhook_event(call, "updated", application);
	if (is_changed(before, application, "user_key"))
		webhook_event(call, "user_key_updated", application);
	if (is_changed(before, application, "plan_id"))
		webhook_event(call, "plan_changed", application);
	if (is_changed(before, application, "state") &&
	    str_equal(record_text(application, "state"), STR("suspended")))
		webhook_event(call, "suspended", application);
}

static void application_saved(struct call *call, struct record *application,
			      const struct record *before)
{
	tell_webhooks(call, application, before);
	if (before != NULL && is_changed(before, application, "user_key")) {
		push_user_key_gone(call, application, record_text(before, "user_key"));
		push_provider_key_change(call, application, record_text(before, "user_key"));
	}
	push_application(call, application);
}

static void application_deleting(struct call *call, struct record *application,
				 struct validation *validation)
{
	(void)validation;
	push_application_gone(call, application);
	webhook_event(call, "deleted", application);
}

const struct resource application_resource = {
	.table = &contracts_table,
	.representation = &application_representation,
	.wrapper = "",
	.has_fields = true,
	.switch_for_more = "multiple_applications",
	.switch_scope = "user_account_id type",
	.attributes = "name description redirect_url user_key",
	.create_only = "application_id first_traffic_at first_daily_traffic_at",
	RESOURCE_RULES(application_rules),
	.prepare = application_prepare,
	.validate = application_validate,
	.saved = application_saved,
	.deleting = application_deleting,
	.deleted = plan_drop_unused_copies,
};

/* Creating. */

static int64_t trial_days(const struct record *plan)
{
	int64_t days = record_int(plan, "trial_period_days");

	return days < TRIAL_DAYS_MAX ? days : TRIAL_DAYS_MAX;
}

struct record *contract_new(struct call *call, int64_t account_id, const struct record *plan)
{
	static const struct {
		struct str plan, contract;
	} types[] = {
		{STR_INIT("ApplicationPlan"), STR_INIT("Cinstance")},
		{STR_INIT("ServicePlan"), STR_INIT("ServiceContract")},
		{STR_INIT("AccountPlan"), STR_INIT("AccountContract")},
	};
	struct record *contract = call_new_record(call, &contracts_table);

	for (size_t i = 0; i < sizeof types / sizeof *types; i++) {
		if (str_equal(types[i].plan, record_text(plan, "type")))
			record_set_text(contract, "type", types[i].contract);
	}
	record_set_int(contract, "plan_id", record_id(plan));
	record_set_int(contract, "user_account_id", account_id);
	if (str_equal(record_text(plan, "issuer_type"), STR("Service")))
		record_set(contract, "service_id", record_get(plan, "issuer_id"));
	record_set_text(contract, "state",
			record_bool(plan, "approval_required") ? STR("pending") : STR("live"));
	record_set(contract, "trial_period_expires_at",
		   value_time(database_now_us(call->database) + trial_days(plan) * UTC_DAY_US));
	if (record_int(plan, "setup_fee") != 0)
		record_set(contract, "setup_fee", record_get(plan, "setup_fee"));
	return contract;
}

bool service_subscription_is_had(struct call *call, int64_t account_id, int64_t service_id)
{
	return database_int(call->database,
			    STR("SELECT count(*) FROM cinstances WHERE type = 'ServiceContract' "
				"AND user_account_id = ?1 AND service_id = ?2"),
			    DATABASE_ARGUMENTS(value_int(account_id), value_int(service_id)),
			    0) > 0;
}

/* The default service plan, else the first. */
bool service_subscription_ensure(struct call *call, int64_t account_id, int64_t service_id)
{
	struct record *plan;

	if (service_subscription_is_had(call, account_id, service_id))
		return true;
	plan = record_first(call->database, &plans_table,
			    "type = 'ServicePlan' AND issuer_id = ?1 ORDER BY CASE WHEN id = "
			    "(SELECT default_service_plan_id FROM services WHERE id = ?1) "
			    "THEN 0 ELSE 1 END, id LIMIT 1",
			    DATABASE_ARGUMENTS(value_int(service_id)));
	if (plan == NULL)
		return false;
	record_save(call->database, contract_new(call, account_id, plan));
	return true;
}

/* An application plan of a visible service, named by the parameter; else 404. A custom plan is its
 * application's alone.
 */
struct record *application_plan_of_parameter(struct call *call)
{
	struct value arguments[CALL_ARGUMENTS + 1];
	struct record *plan = NULL, *application = call_found(call, "application");
	int64_t id;

	call_arguments(call, arguments);
	arguments[CALL_ARGUMENTS] =
		application != NULL ? record_get(application, "plan_id") : value_null();
	if (str_to_int64(call_parameter(call, "plan_id"), &id)) {
		arguments[0] = value_int(id);
		plan = record_first(
			call->database, &plans_table,
			"id = ?1 AND type = 'ApplicationPlan' AND (original_id = 0 OR id = ?6) AND "
			"issuer_id IN " SERVICES_VISIBLE,
			arguments, CALL_ARGUMENTS + 1);
	}
	if (plan == NULL)
		reply_not_found(call);
	return plan;
}

static bool add_key(struct call *call, const struct record *application, struct str value)
{
	struct record *key = call_new_record(call, &application_keys_table);

	record_set_int(key, "application_id", record_id(application));
	record_set_text(key, "value", value);
	return resource_save(call, &application_key_resource, key, NULL);
}

void application_give_first_key(struct call *call, const struct record *application)
{
	struct record *service = service_by_id(call, record_int(application, "service_id"));

	if (application_is_of_mode(call, application, "oauth oidc") ||
	    (application_is_of_mode(call, application, "2") &&
	     record_bool(service, "mandatory_app_key")))
		application_key_generate(call, application);
}

/* One key or several; none where the mode needs one: generated. */
static bool add_keys(struct call *call, const struct record *application)
{
	const struct json *given = json_get(call->parameters, STR("application_key"));

	if (given != NULL && given->kind == JSON_ARRAY) {
		JSON_EACH (value, given) {
			if (!add_key(call, application, json_scalar_text(value)))
				return false;
		}
		return true;
	}
	if (given != NULL)
		return add_key(call, application, json_scalar_text(given));
	application_give_first_key(call, application);
	return true;
}

void application_create(struct call *call)
{
	struct record *account = call_found(call, "account");
	struct record *plan = application_plan_of_parameter(call), *application;

	if (plan == NULL)
		return;
	if (!service_subscription_ensure(call, record_id(account), record_int(plan, "issuer_id"))) {
		reply_error(call, 422, STR("You cannot subscribe to that service."));
		return;
	}
	application = contract_new(call, record_id(account), plan);
	record_set_text(application, "create_origin", STR("api"));
	resource_assign(application, application_resource.attributes, call->parameters);
	resource_assign(application, application_resource.create_only, call->parameters);
	if (resource_save(call, &application_resource, application, call->parameters) &&
	    add_keys(call, application))
		reply_record(call, 201, &application_representation, application);
}

/* States. */

static void change_state(struct call *call, const char *event, struct str from, struct str to)
{
	struct record *application = call_found(call, "application");

	if (!str_equal(record_text(application, "state"), from)) {
		reply_invalid_one(call, 422, "state",
				  str_format(call->arena, "cannot transition via \"%s\"", event));
		return;
	}
	record_set_text(application, "state", to);
	resource_store(call, &application_resource, application);
	reply_record(call, 200, &application_representation, application);
}

void application_accept(struct call *call)
{
	struct record *application = call_found(call, "application");

	if (str_equal(record_text(application, "state"), STR("pending")))
		record_set(application, "accepted_at", value_time(database_now_us(call->database)));
	change_state(call, "accept", STR("pending"), STR("live"));
}

void application_suspend(struct call *call)
{
	change_state(call, "suspend", STR("live"), STR("suspended"));
}

void application_resume(struct call *call)
{
	change_state(call, "resume", STR("suspended"), STR("live"));
}
