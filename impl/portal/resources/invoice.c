/* Invoices: spec/portal.md 3.18. */
#include "base/arena.h"
#include "base/json.h"
#include "portal/billing/invoices.h"
#include "portal/database.h"
#include "portal/resources/invoice.h"
#include "portal/resources/resources.h"
#include "portal/tables.h"
#include "portal/validation.h"

#define PAGE_DEFAULT 20
#define PAGE_MAX 500

bool finance_is_on(struct call *call)
{
	if (billing_strategy(call) != NULL)
		return true;
	reply_error(call, 403, STR("Finance module not enabled for the account"));
	return false;
}

/* Representation. */

static struct value get_cost(struct call *call, const struct record *invoice)
{
	return value_decimal(billing_cost(call, invoice));
}

static struct value get_vat_amount(struct call *call, const struct record *invoice)
{
	return value_decimal(billing_vat_amount(call, invoice));
}

static struct value get_cost_without_vat(struct call *call, const struct record *invoice)
{
	return value_decimal(billing_cost_without_vat(call, invoice));
}

/* "2019-10": a month, stored as its first day. */
static struct value get_period(struct call *call, const struct record *invoice)
{
	(void)call;
	return value_text(str_slice(record_text(invoice, "period"), 0, 7));
}

static struct value get_version(struct call *call, const struct record *invoice)
{
	(void)call;
	(void)invoice;
	return value_text(STR("1.0"));
}

static struct value get_lines(struct call *call, const struct record *invoice)
{
	struct record_list list = billing_lines(call, invoice);

	return representation_xml_elements(call, line_item_resource.representation, &list);
}

static const struct derived invoice_derived[] = {
	{"cost", get_cost},
	{"vat_amount", get_vat_amount},
	{"period", get_period},
	{"cost_without_vat", get_cost_without_vat},
	{"currency", billing_currency},
	{"line_items", get_lines},
	{"version", get_version},
};

static const struct link invoice_links[] = {
	{"account", "/admin/api/accounts/{buyer_account_id}"},
	{"self", "/api/invoices/{id}"},
	{"payment_transactions", "/api/invoices/{id}/payment_transactions"},
	{"line_items", "/api/invoices/{id}/line_items"},
};

static const struct representation invoice_representation = {
	.root = "invoice",
	.roots = "invoices",
	.json = "id friendly_id created_at updated_at state paid_at due_on issued_on currency cost "
		"vat_rate! vat_amount cost_without_vat period creation_type",
	.xml = "id friendly_id created_at updated_at state paid_at due_on issued_on currency cost "
	       "vat_rate vat_amount cost_without_vat period creation_type line_items",
	.xml_attributes = "version",
	.xml_version = "1.0",
	REPRESENTATION_DERIVED(invoice_derived),
	REPRESENTATION_LINKS(invoice_links),
};

/* Rules. */

#define PERIOD_FORMAT "Billing period format should be YYYY-MM"
#define EIGHT_DIGITS                                                                               \
	"XX"                                                                                       \
	"XX"                                                                                       \
	"XX"                                                                                       \
	"XX"
#define NUMBER_FORMAT "format should be YYYY-MM-" EIGHT_DIGITS " or YYYY-" EIGHT_DIGITS

#define MONTH "[0-9]{4}-(0[1-9]|1[0-2])"

static const struct rule invoice_rules[] = {
	{"period", RULE_PATTERN, 0, MONTH "-01", PERIOD_FORMAT, true},
	{"friendly_id", RULE_PATTERN, 0, "[0-9]{4}(-[0-9]{2})?-[0-9]{8}", NUMBER_FORMAT, true},
};

/* A caller names a month; its first day is kept. */
static bool invoice_prepare(struct call *call, struct record *invoice,
			    const struct json *attributes)
{
	const struct json *period = json_get(attributes, STR("period"));

	if (period != NULL)
		record_set_text(invoice, "period",
				STR_CONCAT(call->arena, json_scalar_text(period), STR("-01")));
	return true;
}

const struct resource invoice_resource = {
	.table = &invoices_table,
	.representation = &invoice_representation,
	.wrapper = "invoice",
	.attributes = "period friendly_id",
	RESOURCE_RULES(invoice_rules),
	.prepare = invoice_prepare,
	.page_default = PAGE_DEFAULT,
	.page_max = PAGE_MAX,
};

/* Lists. */

static void list(struct call *call, const char *also)
{
	struct str state = call_parameter(call, "state"), month = call_parameter(call, "month");
	struct value arguments[CALL_ARGUMENTS + 2];

	call_arguments(call, arguments);
	arguments[5] = state.size > 0 ? value_text(state) : value_null();
	arguments[6] = month.size > 0 ? value_text(STR_CONCAT(call->arena, month, STR("-01")))
				      : value_null();
	resource_reply_list(
		call, &invoice_resource,
		str_cstr(call->arena,
			 STR_CONCAT(call->arena,
				    STR("provider_account_id = ?2 AND (?6 IS NULL OR state = ?6) "
					"AND (?7 IS NULL OR period = ?7)"),
				    str_from(also), STR(" ORDER BY id"))),
		arguments, CALL_ARGUMENTS + 2);
}

void invoice_list(struct call *call)
{
	list(call, "");
}

void invoice_list_of_account(struct call *call)
{
	list(call, " AND buyer_account_id = ?1");
}

/* Changes. */

/* NULL after the answer. */
static struct record *buyer_of_parameter(struct call *call)
{
	struct record *buyer = NULL;
	int64_t id;

	if (call_parameter(call, "account_id").size == 0) {
		reply_missing_parameter(call, "account_id");
		return NULL;
	}
	if (str_to_int64(call_parameter(call, "account_id"), &id))
		buyer = record_first(
			call->database, &accounts_table,
			"id = ?1 AND provider_account_id = ?2 AND buyer = 1",
			DATABASE_ARGUMENTS(value_int(id), value_int(call_tenant_id(call))));
	if (buyer == NULL)
		reply_not_found(call);
	return buyer;
}

void invoice_create(struct call *call)
{
	const struct json *attributes = resource_attributes(call, "invoice");
	struct str month = json_scalar_text(json_get(attributes, STR("period")));
	struct record *buyer = attributes != NULL ? buyer_of_parameter(call) : NULL, *invoice;

	if (buyer == NULL)
		return;
	/* The number is made of it. */
	if (month.size > 0 && !text_fits(call->arena, month, MONTH)) {
		reply_invalid_one(call, 422, "period", STR(PERIOD_FORMAT));
		return;
	}
	invoice = billing_new_invoice(
		call, buyer,
		month.size > 0 ? STR_CONCAT(call->arena, month, STR("-01"))
			       : billing_period(call, database_now_us(call->database)));
	/* The month above is all that a caller may choose. */
	if (resource_save(call, &invoice_resource, invoice, NULL))
		reply_record(call, 201, &invoice_representation, invoice);
}

void invoice_change_state(struct call *call)
{
	struct record *invoice = api_innermost(call);
	struct str state = call_parameter(call, "state");

	if (billing_change_state(call, invoice, state))
		reply_record(call, 200, &invoice_representation, invoice);
	else
		reply_invalid_one(call, 422, "base",
				  STR_CONCAT(call->arena, STR("Cannot transition to "), state));
}

/* Payment gateways are stored, not acted on (spec/portal.md 12.3): nobody charges a card. */
void invoice_charge(struct call *call)
{
	if (billing_is_chargeable(api_innermost(call)))
		reply_invalid_one(call, 422, "base", STR("Failed to charge the credit card"));
	else
		reply_invalid_one(call, 422, "state", STR("is not in chargeable state"));
}
