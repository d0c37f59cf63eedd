/* Messages to developer accounts: spec/portal.md 3.10. */
#include "base/json.h"
#include "portal/database.h"
#include "portal/resources/resources.h"
#include "portal/tables.h"
#include "portal/validation.h"

static const struct representation message_representation = {
	.root = "message",
	.roots = "messages",
	.json = "id body subject state created_at updated_at",
	.xml = "id body subject state created_at updated_at",
};

static const struct rule message_rules[] = {
	{"body", RULE_PRESENT, 0, NULL, NULL, false},
	{"body", RULE_LENGTH_MAX, 65535, NULL, NULL, false},
	{"subject", RULE_LENGTH_MAX, 255, NULL, NULL, false},
};

const struct resource message_resource = {
	.table = &messages_table,
	.representation = &message_representation,
	.wrapper = "message",
	.attributes = "subject body",
	RESOURCE_RULES(message_rules),
};

/* It is in the account's inbox at once. */
void message_create(struct call *call)
{
	const struct json *attributes = resource_attributes(call, message_resource.wrapper);
	struct record *message = call_new_record(call, &messages_table);
	struct record *recipient = call_new_record(call, &message_recipients_table);

	if (attributes == NULL)
		return;
	record_set_int(message, "sender_id", call_tenant_id(call));
	resource_assign(message, message_resource.attributes, attributes);
	record_set_text(message, "state", STR("sent"));
	if (!resource_save(call, &message_resource, message, attributes))
		return;
	record_set_int(recipient, "message_id", record_id(message));
	record_set_int(recipient, "receiver_id", record_id(call_found(call, "account")));
	record_save(call->database, recipient);
	reply_record(call, 201, &message_representation, message);
}
