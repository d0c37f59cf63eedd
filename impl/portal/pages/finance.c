/* Billing settings: whether and how a tenant bills its developers (spec/portal.md 6.2, 7.4). What
 * is billed is in the Billing API. */
#include "base/arena.h"
#include "portal/billing/invoices.h"
#include "portal/database.h"
#include "portal/pages/form.h"
#include "portal/pages/html.h"
#include "portal/pages/tables.h"
#include "portal/pages/visit.h"
#include "portal/resources/resources.h"
#include "portal/switches.h"
#include "portal/tables.h"
#include "portal/validation.h"

#define PREPAID "Finance::PrepaidBillingStrategy"
#define POSTPAID "Finance::PostpaidBillingStrategy"

static const struct choice modes[] = {
	{STR_INIT(""), STR_INIT("Developers are not billed")},
	{STR_INIT(POSTPAID), STR_INIT("Postpaid: at the end of the month")},
	{STR_INIT(PREPAID), STR_INIT("Prepaid: fees at the beginning of the month")},
};

static const struct choice currencies[] = {
	{STR_INIT("USD"), STR_INIT("USD")}, {STR_INIT("EUR"), STR_INIT("EUR")},
	{STR_INIT("GBP"), STR_INIT("GBP")}, {STR_INIT("NZD"), STR_INIT("NZD")},
	{STR_INIT("CNY"), STR_INIT("CNY")}, {STR_INIT("CAD"), STR_INIT("CAD")},
	{STR_INIT("AUD"), STR_INIT("AUD")}, {STR_INIT("JPY"), STR_INIT("JPY")},
	{STR_INIT("CHF"), STR_INIT("CHF")}, {STR_INIT("SAR"), STR_INIT("SAR")},
};

static const struct choice numberings[] = {
	{STR_INIT("monthly"), STR_INIT("By month (YYYY-MM-NNNNNNNN)")},
	{STR_INIT("yearly"), STR_INIT("By year (YYYY-NNNNNNNN)")},
};

static const struct rule rules[] = {
	{"type", RULE_IN, 0, POSTPAID " " PREPAID, NULL, true},
	{"currency", RULE_IN, 0, "USD EUR GBP NZD CNY CAD AUD JPY CHF SAR", NULL, true},
	{"numbering_period", RULE_IN, 0, "monthly yearly", NULL, true},
};

static const struct resource strategy_resource = {
	.table = &billing_strategies_table,
	RESOURCE_RULES(rules),
};

#define SELECT(visit, label, name, choices, chosen)                                                \
	form_select(visit, label, name, choices, sizeof(choices) / sizeof *(choices), chosen)

/* A new one with the defaults while the tenant does not bill. */
static struct record *strategy_or_default(struct call *call)
{
	struct record *strategy = billing_strategy(call);

	if (strategy == NULL) {
		strategy = call_new_record(call, &billing_strategies_table);
		record_set_int(strategy, "account_id", call_tenant_id(call));
	}
	return strategy;
}

static void show_form(struct visit *visit, const struct record *strategy, bool is_on,
		      const struct validation *faults)
{
	visit_form(visit, STR("/finance/settings"), "put");
	form_all_faults(visit, faults);
	SELECT(visit, "Billing", "billing_strategy[type]", modes,
	       is_on ? record_text(strategy, "type") : STR(""));
	SELECT(visit, "Currency", "billing_strategy[currency]", currencies,
	       record_text(strategy, "currency"));
	SELECT(visit, "Numbers of invoices", "billing_strategy[numbering_period]", numberings,
	       record_text(strategy, "numbering_period"));
	form_end(visit, "Update Billing Settings");
	visit_show(visit, 200, "Billing Settings");
}

static void edit(struct visit *visit)
{
	bool is_on = billing_strategy(visit->call) != NULL;

	if (switch_is_allowed(visit->call, "finance"))
		show_form(visit, strategy_or_default(visit->call), is_on, NULL);
	else
		visit_denied(visit);
}

static void turn_switch(struct call *call, struct str state)
{
	struct record *settings = settings_of_tenant(call);

	record_set_text(settings, "finance_switch", state);
	record_save(call->database, settings);
}

/* Invoices stay; since when it bills is forgotten. */
static void turn_off(struct call *call)
{
	struct record *strategy = strategy_or_default(call);

	if (!record_is_new(strategy))
		record_delete(call->database, strategy);
	turn_switch(call, STR("hidden"));
}

static void update(struct visit *visit)
{
	struct call *call = visit->call;
	const struct json *sent = call_attributes(call, "billing_strategy");
	struct record *strategy = strategy_or_default(call);
	struct validation faults;

	if (!switch_is_allowed(call, "finance")) {
		visit_denied(visit);
		return;
	}
	resource_assign(strategy, "type currency numbering_period", sent);
	if (record_text(strategy, "type").size == 0) {
		turn_off(call);
	} else if (form_save(visit, &strategy_resource, strategy, sent, &faults)) {
		turn_switch(call, STR("visible"));
	} else {
		show_form(visit, strategy, true, &faults);
		return;
	}
	visit_flash(visit, "success", STR("Billing settings updated."));
	visit_redirect(visit, STR("/finance/settings"));
}

static void begin(struct visit *visit)
{
	visit_redirect(visit, STR("/finance/settings"));
}

static const struct page_route rows[] = {
	{"GET", STR_INIT("/finance"), begin, PAGE_ADMIN, "finance"},
	{"GET", STR_INIT("/finance/settings"), edit, PAGE_ADMIN, "finance"},
	{"PUT PATCH", STR_INIT("/finance/settings"), update, PAGE_ADMIN, "finance"},
};

const struct page_table pages_of_finance = PAGE_TABLE(rows);
