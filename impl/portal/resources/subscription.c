/* What a developer account has bought, and buying: spec/portal.md 3.10. */
#include "base/arena.h"
#include "base/json.h"
#include "portal/backend_push.h"
#include "portal/database.h"
#include "portal/resources/resources.h"
#include "portal/tables.h"

#define PROPERTIES                                                                                 \
	"id plan_id user_account_id created_at updated_at state type tenant_id service_id "        \
	"accepted_at"

static const struct representation contract_representation = {
	.root = "service_contract",
	.roots = "service_contracts",
	.json = PROPERTIES,
	.xml = PROPERTIES,
	.xml_leaves_nulls = true,
};

const struct resource service_contract_resource = {
	.table = &contracts_table,
	.representation = &contract_representation,
};

/* A subscription with live applications stays. */
void service_contract_delete(struct call *call)
{
	struct record *contract = api_innermost(call);
	int64_t live = database_int(
		call->database,
		STR("SELECT count(*) FROM cinstances WHERE type = 'Cinstance' AND "
		    "user_account_id = ?1 AND service_id = ?2 AND state <> 'suspended'"),
		DATABASE_ARGUMENTS(record_get(contract, "user_account_id"),
				   record_get(contract, "service_id")),
		0);

	if (live > 0) {
		reply_invalid_one(call, 403, "base",
				  live == 1
					  ? STR("There is 1 unsuspended application subscribed to "
						"the service")
					  : str_format(call->arena,
						       "There are %d unsuspended applications "
						       "subscribed to the service",
						       (int)live));
		return;
	}
	record_delete(call->database, contract);
	reply_empty(call, 200);
}

static void buy(struct call *call, const char *type)
{
	struct record *account = call_found(call, "account");
	struct record *plan = api_innermost(call), *contract;

	if (str_equal(str_from(type), STR("ServicePlan")) &&
	    service_subscription_is_had(call, record_id(account), record_int(plan, "issuer_id"))) {
		reply_invalid_one(call, 422, "base", STR("already subscribed to this service"));
		return;
	}
	contract = contract_new(call, record_id(account), plan);
	record_set_text(contract, "create_origin", STR("api"));
	if (str_equal(str_from(type), STR("ServicePlan"))) {
		record_save(call->database, contract);
	} else {
		if (!service_subscription_ensure(call, record_id(account),
						 record_int(plan, "issuer_id"))) {
			reply_error(call, 422, STR("You cannot subscribe to that service."));
			return;
		}
		resource_assign(contract, application_resource.attributes, call->parameters);
		if (!resource_save(call, &application_resource, contract, call->parameters))
			return;
		application_give_first_key(call, contract);
	}
	reply_record(call, 201, plan_resource_of(plan)->representation, plan);
}

void application_plan_buy(struct call *call)
{
	buy(call, "ApplicationPlan");
}

void service_plan_buy(struct call *call)
{
	buy(call, "ServicePlan");
}
