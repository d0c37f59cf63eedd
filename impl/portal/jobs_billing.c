/* The daily billing (spec/portal.md 9.4): a job for each tenant that bills, which makes one for
 * each of its developers, so that whoever cannot be billed keeps nobody else from it.
 *
 * Invoices of months that are over are finalized (prepaid: all), issued two days later, and paid at
 * once when they cost nothing. Nobody is charged: there is no payment gateway. */
#include <inttypes.h>

#include "base/arena.h"
#include "base/json.h"
#include "base/utc.h"
#include "portal/billing/contracts.h"
#include "portal/billing/invoices.h"
#include "portal/call.h"
#include "portal/database.h"
#include "portal/events.h"
#include "portal/jobs.h"
#include "portal/jobs_table.h"
#include "portal/mails.h"
#include "portal/tables.h"

/* A little less than two days, so that the run of the second day after finds it. */
#define FINALIZED_UNTIL_ISSUED_US (46 * UTC_HOUR_US)
/* Before the last day of a card: told once in these days, as long as the event of it is kept. */
#define CARD_NOTICE_FROM_US (10 * UTC_DAY_US)
#define CARD_NOTICE_TO_US (5 * UTC_DAY_US)

enum job_step job_billing(struct call *call, int64_t object_id)
{
	struct record_list tenants =
		record_all(call->database, &accounts_table,
			   "provider = 1 AND state = 'approved' AND (id IN (SELECT account_id FROM "
			   "billing_strategies) OR id IN (SELECT account_id FROM settings WHERE "
			   "finance_switch = 'visible')) ORDER BY id",
			   NULL, 0);

	(void)object_id;
	for (size_t i = 0; i < tenants.count; i++) {
		call->tenant = tenants.items[i];
		if (billing_strategy(call) != NULL)
			jobs_add(call, "bill_tenant", call_tenant_id(call));
	}
	return JOB_DONE;
}

/* Its own turn is over before those of its developers begin. */
enum job_step job_bill_tenant(struct call *call, int64_t object_id)
{
	struct record *strategy = call->tenant != NULL ? billing_strategy(call) : NULL;
	struct record_list buyers;

	if (strategy == NULL)
		return JOB_DONE;
	/* From now on is known since when it bills. */
	if (record_is_new(strategy))
		record_save(call->database, strategy);
	buyers = record_all(
		call->database, &accounts_table,
		str_cstr(call->arena,
			 str_format(call->arena,
				    "provider_account_id = ?1 AND buyer = 1 AND "
				    "monthly_billing_enabled = 1 AND id NOT IN (SELECT object_id "
				    "FROM background_jobs WHERE name = 'bill_account') ORDER BY id "
				    "LIMIT %d",
				    JOB_ROWS_MAX)),
		DATABASE_ARGUMENTS(value_int(object_id)));
	for (size_t i = 0; i < buyers.count; i++)
		jobs_add(call, "bill_account", record_id(buyers.items[i]));
	if (buyers.count == JOB_ROWS_MAX)
		return JOB_MORE;
	jobs_add(call, "billing_notices", object_id);
	return JOB_DONE;
}

/* Invoices go on. */

static struct record_list invoices_of(struct call *call, const struct record *buyer,
				      const char *condition, struct value argument)
{
	const char *where = str_cstr(
		call->arena, STR_CONCAT(call->arena,
					STR("buyer_account_id = ?1 AND provider_account_id = ?2 "
					    "AND "),
					str_from(condition), STR(" ORDER BY id")));

	return record_all(call->database, &invoices_table, where,
			  DATABASE_ARGUMENTS(value_int(record_id(buyer)),
					     value_int(call_tenant_id(call)), argument));
}

static void log_invoice(struct call *call, const struct record *buyer, const struct record *invoice,
			const char *what)
{
	billing_log(call, buyer,
		    STR_CONCAT(call->arena, STR("Invoice "), record_text(invoice, "friendly_id"),
			       STR(" was "), str_from(what)));
}

static void finalize_invoices(struct call *call, const struct record *strategy,
			      const struct record *buyer)
{
	struct str month = billing_period(call, database_now_us(call->database));
	struct record_list list =
		invoices_of(call, buyer,
			    billing_is_prepaid(strategy) ? "state = 'open' AND period <= ?3"
							 : "state = 'open' AND period < ?3",
			    value_text(month));

	for (size_t i = 0; i < list.count; i++) {
		billing_change_state(call, list.items[i], STR("finalized"));
		log_invoice(call, buyer, list.items[i], "finalized");
	}
}

static void tell_buyer(struct call *call, const struct record *buyer, const struct record *invoice,
		       int64_t cost)
{
	const struct mail_value values[] = {
		{"organization", record_text(call->tenant, "org_name")},
		{"number", record_text(invoice, "friendly_id")},
		{"month", str_slice(record_text(invoice, "period"), 0, 7)},
		{"cost", value_decimal_text(call->arena, cost)},
		{"currency", record_text(invoice, "currency")},
		{"due", record_text(invoice, "due_on")},
	};

	mails_write_to_buyer(call->database, "invoice_issued", value_int(call_tenant_id(call)),
			     record_get(buyer, "id"), values, sizeof values / sizeof *values);
}

static void issue_invoices(struct call *call, const struct record *buyer)
{
	int64_t limit_us = database_now_us(call->database) - FINALIZED_UNTIL_ISSUED_US;
	struct record_list list = invoices_of(
		call, buyer, "state = 'finalized' AND finalized_at <= ?3", value_time(limit_us));

	for (size_t i = 0; i < list.count; i++) {
		int64_t cost;

		billing_change_state(call, list.items[i], STR("pending"));
		log_invoice(call, buyer, list.items[i], "issued");
		cost = billing_cost(call, list.items[i]);
		if (cost == 0)
			billing_change_state(call, list.items[i], STR("paid"));
		else
			tell_buyer(call, buyer, list.items[i], cost);
	}
}

/* Notices. The event that is kept says that it was told. */

static bool is_told(struct call *call, const char *type, const struct json *data)
{
	return database_int(call->database,
			    STR("SELECT count(*) FROM event_store_events WHERE event_type = ?1 AND "
				"data = ?2"),
			    DATABASE_ARGUMENTS(value_text(str_from(type)),
					       value_json(json_print(call->arena, data))),
			    0) > 0;
}

/* The data of an event of the tenant: a number and a text. */
static struct json *data_of(struct call *call, const char *number_name, int64_t number,
			    const char *text_name, struct str text)
{
	struct json *data = json_new(call->arena, JSON_OBJECT);

	json_set(data, str_from(number_name), json_new_int(call->arena, number));
	json_set(data, str_from(text_name), json_new_str(call->arena, text));
	return data;
}

static void tell_of_card(struct call *call, const struct record *buyer)
{
	static const char type[] = "Accounts::ExpiredCreditCardProviderEvent";
	struct str expires = record_text(buyer, "credit_card_expires_on");
	struct json *data = data_of(call, "account_id", record_id(buyer), "expires_on", expires);
	struct value tenant = value_int(call_tenant_id(call));
	int64_t first_us, left_us;
	struct str event;

	if (!utc_parse(expires, &first_us))
		return;
	left_us = utc_period_end(UTC_MONTH, first_us) - database_now_us(call->database);
	if (left_us > CARD_NOTICE_FROM_US || left_us < CARD_NOTICE_TO_US ||
	    is_told(call, type, data))
		return;
	const struct mail_value values[] = {
		{"account", record_text(buyer, "org_name")},
		{"organization", record_text(call->tenant, "org_name")},
		{"month", str_slice(expires, 0, 7)},
	};

	event = events_publish(call->database, type, tenant, data);
	mails_notify(call->database, "expired_credit_card_provider", tenant, event, values,
		     sizeof values / sizeof *values);
	mails_write_to_buyer(call->database, "expired_credit_card_buyer", tenant,
			     record_get(buyer, "id"), values, sizeof values / sizeof *values);
}

enum job_step job_bill_account(struct call *call, int64_t object_id)
{
	struct record *strategy = call->tenant != NULL ? billing_strategy(call) : NULL;
	struct record *buyer =
		strategy == NULL
			? NULL
			: record_first(call->database, &accounts_table,
				       "id = ?1 AND provider_account_id = ?2 AND buyer = 1",
				       DATABASE_ARGUMENTS(value_int(object_id),
							  value_int(call_tenant_id(call))));

	if (buyer == NULL || database_has_failed(call->database))
		return JOB_DONE;
	if (!billing_bill_contracts(call, strategy, buyer))
		return JOB_ASKS;
	finalize_invoices(call, strategy, buyer);
	issue_invoices(call, buyer);
	tell_of_card(call, buyer);
	return JOB_DONE;
}

/* Once a day, when there is something to see. */
enum job_step job_billing_notices(struct call *call, int64_t object_id)
{
	static const char type[] = "Invoices::InvoicesToReviewEvent";
	int64_t today_us = utc_period_start(UTC_DAY, database_now_us(call->database)), count;
	struct json *data;
	struct str event;

	if (call->tenant == NULL || database_has_failed(call->database))
		return JOB_DONE;
	count = database_int(
		call->database,
		STR("SELECT count(*) FROM invoices WHERE provider_account_id = ?1 AND state = "
		    "'finalized' AND finalized_at >= ?2 AND id IN (SELECT invoice_id FROM "
		    "line_items)"),
		DATABASE_ARGUMENTS(value_int(object_id), value_time(today_us)), 0);
	data = data_of(call, "provider_id", object_id, "date", billing_day(call, today_us));
	if (count == 0 || is_told(call, type, data))
		return JOB_DONE;
	const struct mail_value values[] = {
		{"count", str_format(call->arena, "%" PRId64, count)},
	};

	event = events_publish(call->database, type, value_int(object_id), data);
	mails_notify(call->database, "invoices_to_review", value_int(object_id), event, values,
		     sizeof values / sizeof *values);
	return JOB_DONE;
}
