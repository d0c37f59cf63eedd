/* The calling account itself, as `account`: spec/portal.md 3.14. */
#include "base/json.h"
#include "portal/resources/resources.h"
#include "portal/tables.h"
#include "portal/validation.h"

static const struct rule provider_rules[] = {TENANT_ADDRESS_RULES};

const struct resource provider_resource = {
	.table = &accounts_table,
	.representation = &tenant_representation,
	.wrapper = "account",
	.attributes = "from_email support_email finance_support_email site_access_code",
	RESOURCE_RULES(provider_rules),
};

void provider_show(struct call *call)
{
	reply_record(call, 200, &tenant_representation, call->tenant);
}

void provider_update(struct call *call)
{
	const struct json *attributes = resource_attributes(call, provider_resource.wrapper);

	if (attributes == NULL)
		return;
	resource_assign(call->tenant, provider_resource.attributes, attributes);
	if (resource_save(call, &provider_resource, call->tenant, attributes))
		provider_show(call);
}
