/* Invoices with their lines and payments, as they are stored: spec/portal.md 3.18. Nothing is
 * billed or charged here, so every write is refused. */
#include "base/arena.h"
#include "base/json.h"
#include "portal/database.h"
#include "portal/resources/invoice.h"
#include "portal/resources/resources.h"
#include "portal/tables.h"

#define NOT_ENABLED STR("Finance module not enabled for the account")
#define CENT (VALUE_DECIMAL_ONE / 100)
#define PAGE_DEFAULT 20
#define PAGE_MAX 500

bool finance_is_on(struct call *call)
{
	if (!record_bool(call->tenant, "master") &&
	    database_int(call->database,
			 STR("SELECT count(*) FROM billing_strategies WHERE account_id = ?1"),
			 DATABASE_ARGUMENTS(value_int(call_tenant_id(call))), 0) > 0)
		return true;
	reply_error(call, 403, NOT_ENABLED);
	return false;
}

void finance_refused(struct call *call)
{
	reply_error(call, 403, NOT_ENABLED);
}

/* Amounts, in ten-thousandths. */

static struct record_list lines_of(struct call *call, const struct record *invoice)
{
	return record_all(call->database, &line_items_table, "invoice_id = ?1 ORDER BY id",
			  DATABASE_ARGUMENTS(value_int(record_id(invoice))));
}

static int64_t cost_without_vat(struct call *call, const struct record *invoice)
{
	struct record_list list = lines_of(call, invoice);
	int64_t sum = 0;

	for (size_t i = 0; i < list.count; i++)
		sum += record_int(list.items[i], "cost");
	return sum;
}

static int64_t vat_amount(struct call *call, const struct record *invoice)
{
	return cost_without_vat(call, invoice) * record_int(invoice, "vat_rate") / 100 /
	       VALUE_DECIMAL_ONE;
}

static int64_t to_cents(int64_t amount)
{
	int64_t half = amount < 0 ? -CENT / 2 : CENT / 2;

	return (amount + half) / CENT * CENT;
}

static struct value get_cost(struct call *call, const struct record *invoice)
{
	return value_decimal(to_cents(cost_without_vat(call, invoice)) +
			     to_cents(vat_amount(call, invoice)));
}

static struct value get_vat_amount(struct call *call, const struct record *invoice)
{
	return value_decimal(vat_amount(call, invoice));
}

static struct value get_cost_without_vat(struct call *call, const struct record *invoice)
{
	return value_decimal(cost_without_vat(call, invoice));
}

/* Until it is issued an invoice has the tenant's currency. */
static struct value get_currency(struct call *call, const struct record *invoice)
{
	struct value own = record_get(invoice, "currency");

	if (!value_is_blank(own))
		return own;
	return value_text(
		database_text(call->database,
			      STR("SELECT currency FROM billing_strategies WHERE account_id = ?1"),
			      DATABASE_ARGUMENTS(record_get(invoice, "provider_account_id"))));
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
	struct record_list list = lines_of(call, invoice);

	return representation_xml_elements(call, line_item_resource.representation, &list);
}

static const struct derived invoice_derived[] = {
	{"cost", get_cost},         {"vat_amount", get_vat_amount},
	{"period", get_period},     {"cost_without_vat", get_cost_without_vat},
	{"currency", get_currency}, {"line_items", get_lines},
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

const struct resource invoice_resource = {
	.table = &invoices_table,
	.representation = &invoice_representation,
	.page_default = PAGE_DEFAULT,
	.page_max = PAGE_MAX,
};

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

const struct resource line_item_resource = {
	.table = &line_items_table,
	.representation = &line_representation,
};

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
