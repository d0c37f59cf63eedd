#include "portal/billing/contracts.h"

#include <inttypes.h>

#include "backend/stats_keys.h"
#include "base/arena.h"
#include "base/utc.h"
#include "portal/billing/fees.h"
#include "portal/billing/invoices.h"
#include "portal/call.h"
#include "portal/database.h"
#include "portal/jobs_counters.h"
#include "portal/statistics/keys.h"
#include "portal/tables.h"
#include "portal/time_zone.h"

struct bill {
	struct call *call;
	const struct record *strategy, *buyer;
	int64_t now_us, month_us, next_month_us;
	bool lacks_counters;
	/* Of the contract under way. */
	const struct record *contract, *plan;
	int64_t begin_us; /* of its first day */
};

static int64_t day_of(int64_t instant_us)
{
	return utc_period_start(UTC_DAY, instant_us);
}

static int64_t later(int64_t a, int64_t b)
{
	return a > b ? a : b;
}

static int64_t own_first_day(const struct record *contract)
{
	static const char *const ways[] = {"created_at", "accepted_at", "trial_period_expires_at"};
	int64_t begin_us = 0;

	for (size_t i = 0; i < sizeof ways / sizeof *ways; i++)
		begin_us = later(begin_us, record_get(contract, ways[i]).number);
	return day_of(begin_us);
}

/* The first day that costs something. */
static int64_t first_day(const struct bill *bill, const struct record *contract)
{
	int64_t billed_since_us = record_get(bill->strategy, "created_at").number;
	int64_t begin_us = own_first_day(contract);

	return begin_us < day_of(billed_since_us) ? utc_period_end(UTC_MONTH, billed_since_us)
						  : begin_us;
}

/* The first day that is not paid for. */
static int64_t unpaid_day(const struct bill *bill, const char *paid_until)
{
	struct value until = record_get(bill->contract, paid_until);

	return until.kind == VALUE_TIME
		       ? later(bill->begin_us, day_of(until.number + UTC_SECOND_US))
		       : bill->begin_us;
}

/* Not by record_save(): nobody is to hear of it, the application is the same. */
static void set_on_contract(const struct bill *bill, const char *column, struct value value)
{
	database_run(bill->call->database,
		     STR_CONCAT(bill->call->arena, STR("UPDATE cinstances SET "), str_from(column),
				STR(" = ?2 WHERE id = ?1")),
		     DATABASE_ARGUMENTS(value_int(record_id(bill->contract)), value));
}

static void paid_until(const struct bill *bill, const char *column, int64_t end_us)
{
	set_on_contract(bill, column, value_time(end_us - UTC_SECOND_US));
}

/* Lines. */

static struct str span_text(const struct bill *bill, int64_t from_us, int64_t to_us)
{
	return STR_CONCAT(bill->call->arena, billing_day(bill->call, from_us), STR(" - "),
			  billing_day(bill->call, to_us - UTC_SECOND_US));
}

static struct record *new_line(const struct bill *bill, int64_t month_us, const char *type,
			       struct str name, int64_t cost)
{
	struct call *call = bill->call;
	struct record *line = call_new_record(call, &line_items_table);

	record_set_int(
		line, "invoice_id",
		record_id(billing_open_invoice(call, bill->buyer, billing_period(call, month_us))));
	record_set_text(line, "type", str_from(type));
	record_set_text(line, "name", name);
	record_set(line, "cost", value_decimal(cost));
	record_set_int(line, "contract_id", record_id(bill->contract));
	record_set(line, "contract_type", record_get(bill->contract, "type"));
	record_set_int(line, "plan_id", record_id(bill->plan));
	return line;
}

static struct str fee_name(const struct bill *bill, const char *what)
{
	/* A plan's name may fill a column by itself. */
	struct str plan = str_slice(record_text(bill->plan, "name"), 0, 200);

	while (plan.size > 0 && !str_is_utf8(plan))
		plan.size--;
	return STR_CONCAT(bill->call->arena, str_from(what), STR(" ('"), plan, STR("')"));
}

/* Fees. */

static void bill_fixed_fee(const struct bill *bill)
{
	int64_t from_us = later(bill->month_us, unpaid_day(bill, "paid_until"));
	struct record *line;
	int64_t cost;

	if (from_us >= bill->next_month_us)
		return;
	cost = billing_fee_of_days(record_int(bill->plan, "cost_per_month"),
				   (bill->next_month_us - from_us) / UTC_DAY_US,
				   (bill->next_month_us - bill->month_us) / UTC_DAY_US);
	paid_until(bill, "paid_until", bill->next_month_us);
	if (cost == 0)
		return;
	line = new_line(bill, bill->now_us, "LineItem::PlanCost", fee_name(bill, "Fixed fee"),
			cost);
	record_set_text(line, "description", span_text(bill, from_us, bill->next_month_us));
	record_set_int(line, "quantity", 1);
	record_save(bill->call->database, line);
}

static void bill_setup_fee(const struct bill *bill)
{
	int64_t fee = record_int(bill->contract, "setup_fee");
	struct record *line;

	if (fee == 0)
		return;
	line = new_line(bill, bill->now_us, "LineItem::PlanCost", fee_name(bill, "Setup fee"), fee);
	record_set_int(line, "quantity", 1);
	record_save(bill->call->database, line);
	set_on_contract(bill, "setup_fee", value_null());
}

/* Usage. */

/* A day of UTC as the same day of the tenant. */
static int64_t day_of_tenant(const struct bill *bill, int64_t day_us)
{
	return time_zone_instant_us(call_time_zone(bill->call), day_us);
}

/* False while it is not known. */
static bool units_of(struct bill *bill, const struct record *metric, int64_t from_us,
		     int64_t *units)
{
	struct arena *arena = bill->call->arena;
	struct statistics_keys keys = {0};
	const struct stats_subject subject = {
		.service = value_to_text(arena, record_get(bill->contract, "service_id")),
		.application = record_text(bill->contract, "application_id"),
		.metric = value_to_text(arena, record_get(metric, "id")),
	};

	statistics_keys_add(arena, &keys, &subject, day_of_tenant(bill, from_us),
			    day_of_tenant(bill, bill->month_us));
	return job_counters_sum(bill->call->counters, &keys, units);
}

static int64_t price_of(struct bill *bill, const struct record *metric, int64_t units)
{
	struct record_list rules = record_all(
		bill->call->database, &pricing_rules_table,
		"plan_id = ?1 AND metric_id = ?2 ORDER BY id",
		DATABASE_ARGUMENTS(value_int(record_id(bill->plan)), value_int(record_id(metric))));
	int64_t cost = 0;

	for (size_t i = 0; i < rules.count; i++) {
		const struct record *rule = rules.items[i];
		const struct billing_price price = {
			.min = record_int(rule, "min"),
			.max = record_int(rule, "max"),
			.is_bounded = record_get(rule, "max").kind == VALUE_INT,
			.cost_per_unit = record_int(rule, "cost_per_unit"),
		};

		cost = billing_sum(cost, billing_price_of_units(&price, units));
	}
	return cost;
}

static void bill_metric(struct bill *bill, const struct record *metric, int64_t from_us)
{
	int64_t units, cost;
	struct record *line;

	if (!units_of(bill, metric, from_us, &units)) {
		bill->lacks_counters = true;
		return;
	}
	cost = price_of(bill, metric, units);
	if (cost == 0)
		return;
	line = new_line(bill,
			billing_is_prepaid(bill->strategy) ? bill->month_us
							   : bill->month_us - UTC_SECOND_US,
			"LineItem::VariableCost", record_text(metric, "friendly_name"), cost);
	record_set_text(line, "description", span_text(bill, from_us, bill->month_us));
	record_set_int(line, "quantity", units);
	record_set_int(line, "metric_id", record_id(metric));
	record_save(bill->call->database, line);
}

static void bill_usage(struct bill *bill)
{
	int64_t month_before_us = utc_period_start(UTC_MONTH, bill->month_us - UTC_SECOND_US);
	int64_t from_us = later(month_before_us, unpaid_day(bill, "variable_cost_paid_until"));
	struct record_list metrics;

	if (from_us >= bill->month_us ||
	    !str_equal(record_text(bill->contract, "type"), STR("Cinstance")))
		return;
	metrics = record_all(
		bill->call->database, &metrics_table,
		"id IN (SELECT metric_id FROM pricing_rules WHERE plan_id = ?1) ORDER BY id",
		DATABASE_ARGUMENTS(value_int(record_id(bill->plan))));
	for (size_t i = 0; i < metrics.count; i++)
		bill_metric(bill, metrics.items[i], from_us);
	paid_until(bill, "variable_cost_paid_until", bill->month_us);
}

/* Contracts. */

static void bill_contract(struct bill *bill, const struct record *contract)
{
	bill->contract = contract;
	bill->plan =
		record_by_id(bill->call->database, &plans_table, record_int(contract, "plan_id"));
	bill->begin_us = first_day(bill, contract);
	/* Neither in its trial nor on its first day. */
	if (bill->plan == NULL || own_first_day(contract) >= day_of(bill->now_us))
		return;
	bill_usage(bill);
	bill_fixed_fee(bill);
	bill_setup_fee(bill);
}

bool billing_bill_contracts(struct call *call, const struct record *strategy,
			    const struct record *buyer)
{
	int64_t now_us = database_now_us(call->database);
	struct bill bill = {.call = call,
			    .strategy = strategy,
			    .buyer = buyer,
			    .now_us = now_us,
			    .month_us = utc_period_start(UTC_MONTH, now_us),
			    .next_month_us = utc_period_end(UTC_MONTH, now_us)};
	struct record_list contracts =
		record_all(call->database, &contracts_table,
			   "user_account_id = ?1 AND state <> 'pending' ORDER BY id",
			   DATABASE_ARGUMENTS(value_int(record_id(buyer))));

	for (size_t i = 0; i < contracts.count && !database_has_failed(call->database); i++)
		bill_contract(&bill, contracts.items[i]);
	return !bill.lacks_counters;
}
