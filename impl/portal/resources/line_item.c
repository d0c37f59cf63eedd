/* Lines of invoices, and payments: spec/portal.md 3.18. */
#include "base/arena.h"
#include "base/json.h"
#include "portal/billing/invoices.h"
#include "portal/database.h"
#include "portal/resources/invoice.h"
#include "portal/resources/resources.h"
#include "portal/tables.h"
#include "portal/validation.h"

/* Lines. */

static struct value get_buyer(struct call *call, const struct record *line)
{
	return value_int(database_int(call->database,
				      STR("SELECT buyer_account_id FROM invoices WHERE id = ?1"),
				      DATABASE_ARGUMENTS(record_get(line, "invoice_id")), 0));
}

static const struct derived line_derived[] = {{"buyer_account_id", get_buyer}};

static const struct link line_links[] = {
	{"invoice", "/api/accounts/{buyer_account_id}/invoices/{invoice_id}"},
};

static const struct link contract_line_links[] = {
	{"application", "/admin/api/accounts/{buyer_account_id}/applications/{contract_id}"},
	{"invoice", "/api/accounts/{buyer_account_id}/invoices/{invoice_id}"},
};

#define LINE                                                                                       \
	"id name description quantity cost metric_id type contract_id contract_type plan_id "      \
	"created_at updated_at"

static const struct representation contract_line_representation = {
	.root = "line_item",
	.roots = "line_items",
	.json = LINE,
	.xml = LINE,
	REPRESENTATION_DERIVED(line_derived),
	REPRESENTATION_LINKS(contract_line_links),
};

static const struct representation *line_other(struct call *call, const struct record *line)
{
	(void)call;
	return value_is_blank(record_get(line, "contract_id")) ? NULL
							       : &contract_line_representation;
}

static const struct representation line_representation = {
	.root = "line_item",
	.roots = "line_items",
	.json = LINE,
	.xml = LINE,
	REPRESENTATION_DERIVED(line_derived),
	REPRESENTATION_LINKS(line_links),
	.other = line_other,
};

/* Adding and taking away. */

#define NOT_EDITABLE STR("The invoice cannot be edited any more")

static const struct rule line_rules[] = {
	{"name", RULE_LENGTH_MAX, 255, NULL, NULL, false},
	{"description", RULE_LENGTH_MAX, 255, NULL, NULL, false},
	{"quantity", RULE_NUMBER, 0, NULL, NULL, false},
	{"cost", RULE_NUMBER, 0, NULL, NULL, true},
	{"type", RULE_IN, 0, "LineItem::PlanCost LineItem::VariableCost", NULL, false},
};

static void line_deleting(struct call *call, struct record *line, struct validation *validation)
{
	struct record *invoice =
		record_by_id(call->database, &invoices_table, record_int(line, "invoice_id"));

	if (invoice != NULL && !billing_is_editable(invoice))
		validation_add(validation, "base", NOT_EDITABLE);
}

const struct resource line_item_resource = {
	.table = &line_items_table,
	.representation = &line_representation,
	.wrapper = "line_item",
	.attributes = "name description quantity cost type",
	RESOURCE_RULES(line_rules),
	.deleting = line_deleting,
};

/* What a line may name, of the invoice's buyer ?2 or the tenant ?3. */
static const struct {
	const char *attribute;
	const struct table *table;
	const char *where;
} references[] = {
	{"metric_id", &metrics_table,
	 "id = ?1 AND service_id IN (SELECT id FROM services WHERE account_id = ?3)"},
	{"contract_id", &contracts_table, "id = ?1 AND user_account_id = ?2"},
	{"plan_id", &plans_table,
	 "id = ?1 AND id IN (SELECT plan_id FROM cinstances WHERE user_account_id = ?2)"},
};

/* False after the answer: what is named must be there. */
static bool set_references(struct call *call, struct record *line, const struct record *invoice,
			   const struct json *attributes)
{
	for (size_t i = 0; i < sizeof references / sizeof *references; i++) {
		struct str text =
			json_scalar_text(json_get(attributes, str_from(references[i].attribute)));
		struct record *named = NULL;
		int64_t id;

		if (text.size == 0)
			continue;
		if (str_to_int64(text, &id))
			named = record_first(
				call->database, references[i].table, references[i].where,
				DATABASE_ARGUMENTS(value_int(id),
						   record_get(invoice, "buyer_account_id"),
						   value_int(call_tenant_id(call))));
		if (named == NULL) {
			reply_not_found(call);
			return false;
		}
		record_set_int(line, references[i].attribute, id);
		if (references[i].table == &contracts_table)
			record_set(line, "contract_type", record_get(named, "type"));
	}
	return true;
}

void line_item_create(struct call *call)
{
	const struct json *attributes = resource_attributes(call, "line_item");
	struct record *invoice = call_found(call, "invoice");
	struct record *line = call_new_record(call, &line_items_table);

	if (attributes == NULL || !set_references(call, line, invoice, attributes))
		return;
	if (!billing_is_editable(invoice)) {
		reply_invalid_one(call, 422, "base", NOT_EDITABLE);
		return;
	}
	record_set_int(line, "invoice_id", record_id(invoice));
	resource_assign(line, line_item_resource.attributes, attributes);
	if (resource_save(call, &line_item_resource, line, attributes))
		reply_record(call, 201, &line_representation, line);
}

/* Payments. */

static const struct link transaction_links[] = {
	{"invoice", "/api/invoices/{invoice_id}"},
	{"account", "/admin/api/accounts/{account_id}"},
};

static const struct representation transaction_representation = {
	.root = "payment_transaction",
	.roots = "payment_transactions",
	.json = "id created_at updated_at reference success amount currency action message test",
	.xml = "id created_at updated_at invoice_id account_id reference success amount currency "
	       "action message test",
	REPRESENTATION_LINKS(transaction_links),
};

const struct resource payment_transaction_resource = {
	.table = &payment_transactions_table,
	.representation = &transaction_representation,
};
