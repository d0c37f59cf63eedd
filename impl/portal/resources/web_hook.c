/* The tenant's webhook, and what could not be delivered: spec/portal.md 3.15. */
#include "base/arena.h"
#include "base/json.h"
#include "base/url.h"
#include "base/xml.h"
#include "portal/database.h"
#include "portal/resources/resources.h"
#include "portal/tables.h"
#include "portal/validation.h"

#define SWITCHES                                                                                   \
	"account_created_on account_updated_on account_deleted_on user_created_on "                \
	"user_updated_on "                                                                         \
	"user_deleted_on application_created_on application_updated_on application_deleted_on "    \
	"account_plan_changed_on application_plan_changed_on application_user_key_updated_on "     \
	"application_key_created_on application_key_deleted_on application_suspended_on "          \
	"application_key_updated_on"

static const struct representation web_hook_representation = {
	.root = "webhook",
	.roots = "webhooks",
	.json = "id account_id url " SWITCHES
		" active provider_actions push_application_content_type created_at updated_at",
	.xml = "",
	.keeps_nulls = true,
};

static const struct rule web_hook_rules[] = {
	{"url", RULE_LENGTH_MAX, 255, NULL, NULL, false},
};

static void web_hook_validate(struct call *call, struct record *web_hook,
			      struct validation *validation)
{
	struct url url;

	(void)call;
	if (record_bool(web_hook, "active") &&
	    (!url_parse(record_text(web_hook, "url"), &url, NULL) || !url_is_http(&url)))
		validation_add(validation, "url",
			       STR("Must be a valid URL such as http://example.com"));
}

const struct resource web_hook_resource = {
	.table = &web_hooks_table,
	.representation = &web_hook_representation,
	.wrapper = "web_hook",
	.attributes = "url active provider_actions " SWITCHES,
	RESOURCE_RULES(web_hook_rules),
	.validate = web_hook_validate,
};

void web_hook_update(struct call *call)
{
	const struct json *attributes = resource_attributes(call, web_hook_resource.wrapper);
	struct record *web_hook = record_first(call->database, &web_hooks_table, "account_id = ?1",
					       DATABASE_ARGUMENTS(value_int(call_tenant_id(call))));

	if (attributes == NULL)
		return;
	if (web_hook == NULL) {
		web_hook = call_new_record(call, &web_hooks_table);
		record_set_int(web_hook, "account_id", call_tenant_id(call));
	}
	resource_assign(web_hook, web_hook_resource.attributes, attributes);
	if (resource_save(call, &web_hook_resource, web_hook, attributes))
		reply_record(call, 200, &web_hook_representation, web_hook);
}

/* Failures. */

static struct value get_uuid(struct call *call, const struct record *failure)
{
	(void)call;
	return record_get(failure, "uuid");
}

/* Text in JSON, elements in XML. */
static struct value get_event(struct call *call, const struct record *failure)
{
	struct str event = record_text(failure, "event");
	size_t root = str_find(event, STR("<event>"));

	if (call->format != FORMAT_XML)
		return value_text(event);
	return value_json(root == STR_NOT_FOUND ? STR("<event/>") : str_skip(event, root));
}

static const struct derived failure_derived[] = {{"id", get_uuid}, {"event", get_event}};

static const struct representation failure_representation = {
	.root = "webhooks-failure",
	.roots = "webhooks-failures",
	.json = "id time error url event",
	.xml = "id time error url =event",
	REPRESENTATION_DERIVED(failure_derived),
	.xml_times_as_sql = true,
};

const struct resource web_hook_failure_resource = {
	.table = &web_hook_failures_table,
	.representation = &failure_representation,
};

/* Up to a time, or all of them. */
void web_hook_failures_delete(struct call *call)
{
	struct value time = value_null();

	if (call_has_parameter(call, "time")) {
		time = value_from_text(VALUE_TIME, call_parameter(call, "time"));
		if (time.kind != VALUE_TIME) {
			reply_error(call, 400, STR("invalid time"));
			return;
		}
	}
	database_run(call->database,
		     STR("DELETE FROM web_hook_failures WHERE account_id = ?1 AND (?2 IS NULL OR "
			 "time <= ?2)"),
		     DATABASE_ARGUMENTS(value_int(call_tenant_id(call)), time));
	reply_empty(call, 200);
}
