#include "portal/billing/invoices.h"

#include <inttypes.h>

#include "base/arena.h"
#include "base/utc.h"
#include "portal/billing/fees.h"
#include "portal/call.h"
#include "portal/database.h"
#include "portal/resources/resources.h"
#include "portal/switches.h"
#include "portal/tables.h"

#define CENT (VALUE_DECIMAL_ONE / 100)
#define ISSUED_UNTIL_DUE_US (2 * 24 * 3600 * UTC_SECOND_US)
#define NUMBER_DIGITS "________" /* of LIKE */

/* The way of billing. */

struct record *billing_strategy(struct call *call)
{
	struct record *strategy;

	if (record_bool(call->tenant, "master") || !switch_is_allowed(call, "finance"))
		return NULL;
	strategy = record_first(call->database, &billing_strategies_table, "account_id = ?1",
				DATABASE_ARGUMENTS(value_int(call_tenant_id(call))));
	if (strategy == NULL && switch_is_visible(call, "finance")) {
		strategy = call_new_record(call, &billing_strategies_table);
		record_set_int(strategy, "account_id", call_tenant_id(call));
	}
	return strategy;
}

bool billing_is_prepaid(const struct record *strategy)
{
	return str_equal(record_text(strategy, "type"), STR("Finance::PrepaidBillingStrategy"));
}

/* Periods and numbers. */

struct str billing_day(struct call *call, int64_t instant_us)
{
	char text[32];

	return str_copy(call->arena, str_slice(utc_format_iso(text, instant_us), 0, 10));
}

struct str billing_period(struct call *call, int64_t instant_us)
{
	return billing_day(call, utc_period_start(UTC_MONTH, instant_us));
}

struct str billing_next_number(struct call *call, const struct record *strategy, struct str period)
{
	bool is_yearly = str_equal(record_text(strategy, "numbering_period"), STR("yearly"));
	struct str prefix =
		STR_CONCAT(call->arena, str_slice(period, 0, is_yearly ? 4 : 7), STR("-"));
	struct str last = database_text(
		call->database,
		STR("SELECT max(friendly_id) FROM invoices WHERE provider_account_id = ?1 AND "
		    "friendly_id LIKE ?2"),
		DATABASE_ARGUMENTS(
			value_int(call_tenant_id(call)),
			value_text(STR_CONCAT(call->arena, prefix, STR(NUMBER_DIGITS)))));
	int64_t number = 0;

	if (last.size > prefix.size && !str_to_int64(str_skip(last, prefix.size), &number))
		number = 0;
	return str_format(call->arena, "%.*s%08" PRId64, STR_ARG(prefix), number + 1);
}

/* Invoices. */

static struct value vat_rate_of(const struct record *buyer)
{
	struct value rate = value_from_text(VALUE_DECIMAL, record_text(buyer, "vat_rate"));

	return rate.kind == VALUE_DECIMAL ? rate : value_null();
}

struct record *billing_new_invoice(struct call *call, const struct record *buyer, struct str period)
{
	struct record *invoice = call_new_record(call, &invoices_table);
	struct record *strategy = billing_strategy(call);

	/* The switch alone turned it on: from here on there is a row that can be changed. */
	if (record_is_new(strategy))
		record_save(call->database, strategy);
	record_set_int(invoice, "provider_account_id", call_tenant_id(call));
	record_set_int(invoice, "buyer_account_id", record_id(buyer));
	record_set_text(invoice, "period", period);
	record_set(invoice, "vat_rate", vat_rate_of(buyer));
	record_set_text(invoice, "friendly_id", billing_next_number(call, strategy, period));
	return invoice;
}

struct record *billing_open_invoice(struct call *call, const struct record *buyer,
				    struct str period)
{
	struct record *invoice = record_first(
		call->database, &invoices_table,
		"buyer_account_id = ?1 AND provider_account_id = ?2 AND state = 'open' AND "
		"period = ?3 ORDER BY id LIMIT 1",
		DATABASE_ARGUMENTS(value_int(record_id(buyer)), value_int(call_tenant_id(call)),
				   value_text(period)));

	if (invoice != NULL)
		return invoice;
	invoice = billing_new_invoice(call, buyer, period);
	record_set_text(invoice, "creation_type", STR("background"));
	record_save(call->database, invoice);
	billing_log(call, buyer,
		    STR_CONCAT(call->arena, STR("Invoice "), record_text(invoice, "friendly_id"),
			       STR(" was made")));
	return invoice;
}

void billing_follow_vat_rate(struct call *call, const struct record *buyer)
{
	database_run(call->database,
		     STR("UPDATE invoices SET vat_rate = ?2 WHERE buyer_account_id = ?1 AND state "
			 "IN ('open', 'finalized')"),
		     DATABASE_ARGUMENTS(value_int(record_id(buyer)), vat_rate_of(buyer)));
}

void billing_log(struct call *call, const struct record *buyer, struct str text)
{
	struct record *entry = call_new_record(call, &log_entries_table);

	record_set_int(entry, "provider_id", call_tenant_id(call));
	record_set_int(entry, "buyer_id", record_id(buyer));
	record_set_text(entry, "description", text);
	record_save(call->database, entry);
}

/* States. */

static void invoice_finalized(struct call *call, struct record *invoice)
{
	record_set(invoice, "finalized_at", value_time(database_now_us(call->database)));
}

/* What it says is settled from now on. */
static void invoice_issued(struct call *call, struct record *invoice)
{
	int64_t now_us = database_now_us(call->database);
	const struct record *buyer = record_by_id(call->database, &accounts_table,
						  record_int(invoice, "buyer_account_id"));

	record_set(invoice, "currency", record_get(billing_strategy(call), "currency"));
	if (buyer != NULL)
		record_set(invoice, "vat_rate", vat_rate_of(buyer));
	record_set_text(invoice, "issued_on", billing_day(call, now_us));
	record_set_text(invoice, "due_on", billing_day(call, now_us + ISSUED_UNTIL_DUE_US));
}

static void invoice_paid(struct call *call, struct record *invoice)
{
	record_set(invoice, "paid_at", value_time(database_now_us(call->database)));
}

static const struct transition {
	const char *from; /* blank separated */
	struct str to;
	void (*before)(struct call *call, struct record *invoice);
} transitions[] = {
	{"open", STR_INIT("finalized"), invoice_finalized},
	{"open finalized", STR_INIT("pending"), invoice_issued},
	{"pending", STR_INIT("unpaid"), NULL},
	{"unpaid pending failed", STR_INIT("paid"), invoice_paid},
	{"unpaid", STR_INIT("failed"), NULL},
	{"open finalized pending unpaid failed", STR_INIT("cancelled"), NULL},
};

static bool is_one_of(struct str state, const char *states)
{
	struct str rest = str_from(states), word;

	while (str_next_field(&rest, ' ', &word)) {
		if (str_equal(word, state))
			return true;
	}
	return false;
}

bool billing_change_state(struct call *call, struct record *invoice, struct str state)
{
	struct str to = str_equal(state, STR("cancel")) ? STR("cancelled") : state;

	for (size_t i = 0; i < sizeof transitions / sizeof *transitions; i++) {
		const struct transition *transition = &transitions[i];

		if (!str_equal(transition->to, to) ||
		    !is_one_of(record_text(invoice, "state"), transition->from))
			continue;
		if (transition->before != NULL)
			transition->before(call, invoice);
		record_set_text(invoice, "state", to);
		record_save(call->database, invoice);
		return true;
	}
	return false;
}

bool billing_is_editable(const struct record *invoice)
{
	return is_one_of(record_text(invoice, "state"), "open finalized");
}

bool billing_is_chargeable(const struct record *invoice)
{
	return is_one_of(record_text(invoice, "state"), "pending unpaid failed");
}

/* Amounts. */

struct record_list billing_lines(struct call *call, const struct record *invoice)
{
	return record_all(call->database, &line_items_table, "invoice_id = ?1 ORDER BY id",
			  DATABASE_ARGUMENTS(value_int(record_id(invoice))));
}

int64_t billing_cost_without_vat(struct call *call, const struct record *invoice)
{
	struct record_list list = billing_lines(call, invoice);
	int64_t sum = 0;

	for (size_t i = 0; i < list.count; i++)
		sum = billing_sum(sum, record_int(list.items[i], "cost"));
	return sum;
}

int64_t billing_vat_amount(struct call *call, const struct record *invoice)
{
	return billing_percent(record_int(invoice, "vat_rate"),
			       billing_cost_without_vat(call, invoice));
}

static int64_t to_cents(int64_t amount)
{
	int64_t half = amount < 0 ? -CENT / 2 : CENT / 2;

	return (amount + half) / CENT * CENT;
}

int64_t billing_cost(struct call *call, const struct record *invoice)
{
	return billing_sum(to_cents(billing_cost_without_vat(call, invoice)),
			   to_cents(billing_vat_amount(call, invoice)));
}

struct value billing_currency(struct call *call, const struct record *invoice)
{
	struct value own = record_get(invoice, "currency");
	struct record *strategy;

	if (!value_is_blank(own))
		return own;
	strategy = billing_strategy(call);
	return strategy != NULL ? record_get(strategy, "currency") : value_null();
}
