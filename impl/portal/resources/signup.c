/* A developer account with its user and its first contracts, in one call: spec/portal.md 3.10. */
#include "base/arena.h"
#include "portal/database.h"
#include "portal/fields.h"
#include "portal/resources/resources.h"
#include "portal/settings.h"
#include "portal/tables.h"
#include "portal/validation.h"

/* Of an account's name, within the name of its first application. */
#define OWNER_BYTES_MAX 240

struct signup {
	struct record *account_plan;
	bool takes_published; /* service plans that are not the default, when there is none */
	/* For each service of the tenant; NULL: none. */
	struct record **service_plans, **application_plans;
	size_t count;
};

/* A plan of the tenant named by a parameter; *found is false when there is no such plan. */
static struct record *plan_of_parameter(struct call *call, const char *name, const char *where,
					bool *found)
{
	struct value arguments[CALL_ARGUMENTS];
	struct record *plan = NULL;
	int64_t id;

	if (call_parameter(call, name).size == 0)
		return NULL;
	call_arguments(call, arguments);
	if (str_to_int64(call_parameter(call, name), &id)) {
		arguments[0] = value_int(id);
		plan = record_first(call->database, &plans_table, where, arguments, CALL_ARGUMENTS);
	}
	*found = *found && plan != NULL;
	return plan;
}

/* While the UI shows service plans, whoever has no default one does not want the others. */
static bool takes_published(struct call *call)
{
	return settings_has_flag(call->settings, FLAG_PUBLISHED_SERVICE_PLAN_SIGNUP) &&
	       database_int(call->database,
			    STR("SELECT service_plans_ui_visible FROM settings WHERE "
				"account_id = ?1"),
			    DATABASE_ARGUMENTS(value_int(call_tenant_id(call))), 0) == 0;
}

static struct record *first_published(struct call *call, const struct record *service)
{
	return record_first(
		call->database, &plans_table,
		"type = 'ServicePlan' AND issuer_id = ?1 AND state = 'published' ORDER BY id "
		"LIMIT 1",
		DATABASE_ARGUMENTS(value_int(record_id(service))));
}

/* The one that was named, when it is the service's, else its default one; or NULL. */
static struct record *named_or_default(struct call *call, const struct record *service,
				       struct record *named, const char *column)
{
	if (named != NULL && record_int(named, "issuer_id") == record_id(service))
		return named;
	return record_first(call->database, &plans_table, "id = ?1",
			    DATABASE_ARGUMENTS(record_get(service, column)));
}

/* False when an application would be had without the subscription that it needs. */
static bool choose_for_service(struct call *call, struct signup *signup,
			       const struct record *service, struct record *service_plan,
			       struct record *application_plan)
{
	bool is_named = application_plan != NULL &&
			record_int(application_plan, "issuer_id") == record_id(service);

	service_plan = named_or_default(call, service, service_plan, "default_service_plan_id");
	application_plan =
		named_or_default(call, service, application_plan, "default_application_plan_id");
	if (service_plan == NULL && !signup->takes_published && !is_named)
		application_plan = NULL;
	if (service_plan == NULL && application_plan != NULL && signup->takes_published)
		service_plan = first_published(call, service);
	signup->service_plans[signup->count] = service_plan;
	signup->application_plans[signup->count++] = application_plan;
	return application_plan == NULL || service_plan != NULL;
}

static bool choose_for_services(struct call *call, struct signup *signup,
				struct record *service_plan, struct record *application_plan)
{
	struct record_list services =
		record_all(call->database, &services_table,
			   "account_id = ?1 AND state <> 'deleted' ORDER BY id",
			   DATABASE_ARGUMENTS(value_int(call_tenant_id(call))));

	signup->takes_published = takes_published(call);
	signup->service_plans = ARENA_ARRAY(call->arena, struct record *, services.count + 1);
	signup->application_plans = ARENA_ARRAY(call->arena, struct record *, services.count + 1);
	for (size_t i = 0; i < services.count; i++) {
		if (!choose_for_service(call, signup, services.items[i], service_plan,
					application_plan))
			return false;
	}
	return true;
}

/* False when a named plan is not there, or something that every sign-up needs. */
static bool choose_plans(struct call *call, struct signup *signup)
{
	bool found = true;
	struct record *service_plan, *application_plan;

	signup->account_plan =
		plan_of_parameter(call, "account_plan_id",
				  "id = ?1 AND type = 'AccountPlan' AND issuer_id = ?2", &found);
	service_plan = plan_of_parameter(
		call, "service_plan_id",
		"id = ?1 AND type = 'ServicePlan' AND issuer_id IN " SERVICES_VISIBLE, &found);
	application_plan = plan_of_parameter(call, "application_plan_id",
					     "id = ?1 AND type = 'ApplicationPlan' AND original_id "
					     "= 0 AND issuer_id IN " SERVICES_VISIBLE,
					     &found);
	if (signup->account_plan == NULL)
		signup->account_plan = record_first(
			call->database, &plans_table, "type = 'AccountPlan' AND id = ?1",
			DATABASE_ARGUMENTS(record_get(call->tenant, "default_account_plan_id")));
	return found && signup->account_plan != NULL &&
	       choose_for_services(call, signup, service_plan, application_plan);
}

static void name_application(struct call *call, struct record *application,
			     const struct record *account, bool by_api)
{
	struct str owner = record_text(account, "org_name");

	if (by_api) {
		record_set_text(application, "name", STR("API signup"));
		record_set_text(application, "description", STR("API signup"));
		return;
	}
	record_set_text(application, "name",
			owner.size <= OWNER_BYTES_MAX
				? STR_CONCAT(call->arena, owner, STR("'s App"))
				: STR("App"));
	record_set_text(application, "description", STR("Default application created on signup."));
}

static void buy_plan(struct call *call, const struct record *account, const struct record *plan,
		     bool by_api)
{
	struct record *contract;

	if (plan == NULL)
		return;
	contract = contract_new(call, record_id(account), plan);
	record_set_text(contract, "create_origin", by_api ? STR("api") : STR("developer"));
	if (!str_equal(record_text(contract, "type"), STR("Cinstance"))) {
		record_save(call->database, contract);
		return;
	}
	name_application(call, contract, account, by_api);
	application_resource.prepare(call, contract, NULL);
	resource_store(call, &application_resource, contract);
	application_give_first_key(call, contract);
}

static void buy_plans(struct call *call, const struct record *account, const struct signup *signup,
		      bool by_api)
{
	buy_plan(call, account, signup->account_plan, by_api);
	for (size_t i = 0; i < signup->count; i++)
		buy_plan(call, account, signup->service_plans[i], by_api);
	for (size_t i = 0; i < signup->count; i++)
		buy_plan(call, account, signup->application_plans[i], by_api);
}

enum signup_result signup_carry_out(struct call *call, bool by_api, struct record *account,
				    struct validation *validation)
{
	struct record *user = call_new_record(call, &users_table);
	struct signup signup = {0};

	if (!choose_plans(call, &signup))
		return SIGNUP_PLAN_MISSING;
	resource_assign(account, by_api ? account_resource.attributes : "org_name",
			call->parameters);
	fields_assign(call, account, call->parameters);
	record_set_bool(account, "buyer", true);
	record_set_int(account, "provider_account_id", call_tenant_id(call));
	resource_assign(user, user_resource.attributes, call->parameters);
	fields_assign(call, user, call->parameters);
	record_set_text(user, "role", STR("admin"));
	record_set_int(user, "account_id", 0);
	/* Both are judged before either is written: the texts of the two come as one. */
	resource_check(call, &account_resource, account, validation);
	resource_check(call, &user_resource, user, validation);
	if (!validation_is_clean(validation))
		return SIGNUP_INVALID;
	resource_store(call, &account_resource, account);
	record_set_int(user, "account_id", record_id(account));
	user_set_password(call, user, call_parameter(call, "password"));
	resource_store(call, &user_resource, user);
	buy_plans(call, account, &signup, by_api);
	if (call_parameter(call, "password").size > 0 &&
	    !record_bool(signup.account_plan, "approval_required")) {
		user_change_state(call, user, "activate");
		account_change_state(call, account, "approve");
	}
	return SIGNUP_DONE;
}

void account_signup(struct call *call)
{
	struct record *account = call_new_record(call, &accounts_table);
	struct validation validation;

	validation_init(&validation, call->arena);
	switch (signup_carry_out(call, true, account, &validation)) {
	case SIGNUP_DONE:
		reply_record(call, 201, account_resource.representation, account);
		break;
	case SIGNUP_PLAN_MISSING:
		reply_not_found(call);
		break;
	case SIGNUP_INVALID:
		reply_invalid(call, 422, &validation);
		break;
	}
}
