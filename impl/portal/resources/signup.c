/* A developer account with its user and its first contracts, in one call: spec/portal.md 3.10. */
#include "base/arena.h"
#include "portal/database.h"
#include "portal/fields.h"
#include "portal/resources/resources.h"
#include "portal/tables.h"
#include "portal/validation.h"

#define PLANS_MAX 256 /* services of a tenant that come with a default plan */

struct signup {
	struct record *account_plan;
	struct record *plans[2 * PLANS_MAX]; /* service plans before application plans */
	size_t plans_count;
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

static void add_plan(struct signup *signup, struct record *plan)
{
	if (plan != NULL && signup->plans_count < sizeof signup->plans / sizeof *signup->plans)
		signup->plans[signup->plans_count++] = plan;
}

/* The default one; while the UI does not show service plans, else the first published. */
static struct record *service_plan_for(struct call *call, int64_t service_id)
{
	bool shows_plans =
		database_int(call->database,
			     STR("SELECT service_plans_ui_visible FROM settings WHERE "
				 "account_id = ?1"),
			     DATABASE_ARGUMENTS(value_int(call_tenant_id(call))), 0) != 0;

	if (shows_plans)
		return record_first(
			call->database, &plans_table,
			"type = 'ServicePlan' AND id = (SELECT default_service_plan_id FROM "
			"services WHERE id = ?1)",
			DATABASE_ARGUMENTS(value_int(service_id)));
	return record_first(
		call->database, &plans_table,
		"type = 'ServicePlan' AND issuer_id = ?1 AND (state = 'published' OR id = (SELECT "
		"default_service_plan_id FROM services WHERE id = ?1)) ORDER BY CASE WHEN "
		"id = (SELECT default_service_plan_id FROM services WHERE id = ?1) THEN 0 ELSE 1 "
		"END, id LIMIT 1",
		DATABASE_ARGUMENTS(value_int(service_id)));
}

/* False when an application could be had, but not the subscription that it needs. */
static bool choose_default_plans(struct call *call, struct signup *signup)
{
	struct record_list services =
		record_all(call->database, &services_table,
			   "account_id = ?1 AND state <> 'deleted' ORDER BY id",
			   DATABASE_ARGUMENTS(value_int(call_tenant_id(call))));

	for (size_t i = 0; i < services.count && i < PLANS_MAX; i++)
		add_plan(signup, service_plan_for(call, record_id(services.items[i])));
	for (size_t i = 0; i < services.count && i < PLANS_MAX; i++) {
		struct record *plan =
			record_first(call->database, &plans_table, "id = ?1",
				     DATABASE_ARGUMENTS(record_get(services.items[i],
								   "default_application_plan_id")));

		if (plan != NULL && service_plan_for(call, record_id(services.items[i])) == NULL)
			return false;
		add_plan(signup, plan);
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
	application_plan = plan_of_parameter(
		call, "application_plan_id",
		"id = ?1 AND type = 'ApplicationPlan' AND issuer_id IN " SERVICES_VISIBLE, &found);
	if (signup->account_plan == NULL)
		signup->account_plan = record_first(
			call->database, &plans_table, "type = 'AccountPlan' AND id = ?1",
			DATABASE_ARGUMENTS(record_get(call->tenant, "default_account_plan_id")));
	if (!found || signup->account_plan == NULL)
		return false;
	if (service_plan == NULL && application_plan == NULL)
		return choose_default_plans(call, signup);
	if (service_plan == NULL)
		service_plan = service_plan_for(call, record_int(application_plan, "issuer_id"));
	add_plan(signup, service_plan);
	add_plan(signup, application_plan);
	return service_plan != NULL &&
	       (application_plan == NULL ||
		record_int(application_plan, "issuer_id") == record_int(service_plan, "issuer_id"));
}

static void buy_plan(struct call *call, const struct record *account, const struct record *plan)
{
	struct record *contract = contract_new(call, record_id(account), plan);

	record_set_text(contract, "create_origin", STR("api"));
	if (!str_equal(record_text(contract, "type"), STR("Cinstance"))) {
		record_save(call->database, contract);
		return;
	}
	record_set_text(contract, "name", STR("API signup"));
	record_set_text(contract, "description", STR("API signup"));
	application_resource.prepare(call, contract, NULL);
	resource_store(call, &application_resource, contract);
}

/* Both are judged before either is written: the texts of the two come as one. */
static bool check(struct call *call, struct record *account, struct record *user)
{
	struct validation validation;

	validation_init(&validation, call->arena);
	resource_check(call, &account_resource, account, &validation);
	resource_check(call, &user_resource, user, &validation);
	if (validation_is_clean(&validation))
		return true;
	reply_invalid(call, 422, &validation);
	return false;
}

void account_signup(struct call *call)
{
	struct record *account = call_new_record(call, &accounts_table);
	struct record *user = call_new_record(call, &users_table);
	struct signup signup = {0};

	if (!choose_plans(call, &signup)) {
		reply_not_found(call);
		return;
	}
	resource_assign(account, account_resource.attributes, call->parameters);
	fields_assign(call, account, call->parameters);
	record_set_bool(account, "buyer", true);
	record_set_int(account, "provider_account_id", call_tenant_id(call));
	resource_assign(user, user_resource.attributes, call->parameters);
	fields_assign(call, user, call->parameters);
	record_set_text(user, "role", STR("admin"));
	record_set_int(user, "account_id", 0);
	if (!check(call, account, user))
		return;
	resource_store(call, &account_resource, account);
	record_set_int(user, "account_id", record_id(account));
	user_set_password(call, user, call_parameter(call, "password"));
	resource_store(call, &user_resource, user);
	buy_plan(call, account, signup.account_plan);
	for (size_t i = 0; i < signup.plans_count; i++)
		buy_plan(call, account, signup.plans[i]);
	if (!record_bool(signup.account_plan, "approval_required")) {
		user_change_state(call, user, "activate");
		account_change_state(call, account, "approve");
	}
	reply_record(call, 201, account_resource.representation, account);
}
