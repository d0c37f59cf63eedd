/* What a payment gateway knows of a developer account's card, and where its bills go:
 * spec/portal.md 3.10. Stored, not acted on. */
#include "base/arena.h"
#include "portal/database.h"
#include "portal/resources/resources.h"
#include "portal/tables.h"
#include "portal/validation.h"

static const struct {
	const char *parameter, *column;
	bool is_required;
} details[] = {
	{"credit_card_token", "credit_card_auth_code", true},
	{"billing_address_name", "billing_address_name", true},
	{"billing_address_address", "billing_address_address1", true},
	{"billing_address_city", "billing_address_city", true},
	{"billing_address_country", "billing_address_country", true},
	{"billing_address_state", "billing_address_state", false},
	{"billing_address_phone", "billing_address_phone", false},
	{"billing_address_zip", "billing_address_zip", false},
	{"credit_card_partial_number", "credit_card_partial_number", false},
	{"credit_card_authorize_net_payment_profile_token",
	 "credit_card_authorize_net_payment_profile_token", false},
};
#define DETAILS (sizeof details / sizeof *details)

static const struct rule card_rules[] = {
	{"credit_card_auth_code", RULE_LENGTH_MAX, 255, NULL, NULL, false},
	{"credit_card_partial_number", RULE_LENGTH_MAX, 4, NULL, NULL, false},
	{"credit_card_authorize_net_payment_profile_token", RULE_LENGTH_MAX, 255, NULL, NULL,
	 false},
	{"billing_address_name", RULE_LENGTH_MAX, 255, NULL, NULL, false},
	{"billing_address_address1", RULE_LENGTH_MAX, 255, NULL, NULL, false},
	{"billing_address_city", RULE_LENGTH_MAX, 255, NULL, NULL, false},
	{"billing_address_country", RULE_LENGTH_MAX, 255, NULL, NULL, false},
	{"billing_address_state", RULE_LENGTH_MAX, 255, NULL, NULL, false},
	{"billing_address_phone", RULE_LENGTH_MAX, 255, NULL, NULL, false},
	{"billing_address_zip", RULE_LENGTH_MAX, 255, NULL, NULL, false},
};

/* A number of two digits, or the year with its century; -1 when it is none. */
static int64_t number_of(struct call *call, const char *parameter, int64_t least, int64_t most)
{
	int64_t number;

	if (!str_to_int64(call_parameter(call, parameter), &number) || number < least ||
	    number > most)
		return -1;
	return number;
}

/* The first of the month in which the card ends. */
static bool set_expiry(struct call *call, struct record *account, struct validation *validation)
{
	int64_t month = number_of(call, "credit_card_expiration_month", 1, 12);
	int64_t year = number_of(call, "credit_card_expiration_year", 0, 9999);

	if (month < 0 || year < 0) {
		validation_add(validation,
			       month < 0 ? "credit_card_expiration_month"
					 : "credit_card_expiration_year",
			       STR("is invalid"));
		return false;
	}
	record_set_text(account, "credit_card_expires_on",
			str_format(call->arena, "%04d-%02d-01",
				   (int)(year < 100 ? year + 2000 : year), (int)month));
	return true;
}

static const struct resource card_resource = {
	.table = &accounts_table,
	RESOURCE_RULES(card_rules),
};

void credit_card_update(struct call *call)
{
	struct record *account = call_found(call, "account");
	struct validation validation;

	validation_init(&validation, call->arena);
	for (size_t i = 0; i < DETAILS; i++) {
		struct str value = call_parameter(call, details[i].parameter);

		if (value.size > 0)
			record_set_text(account, details[i].column, value);
		else if (details[i].is_required)
			validation_add(&validation, details[i].column, STR("is invalid"));
		else
			record_set(account, details[i].column, value_null());
	}
	if (set_expiry(call, account, &validation))
		resource_check(call, &card_resource, account, &validation);
	if (!validation_is_clean(&validation)) {
		reply_invalid(call, 422, &validation);
		return;
	}
	record_save(call->database, account);
	reply_record(call, 200, account_resource.representation, account);
}

void credit_card_delete(struct call *call)
{
	struct record *account = call_found(call, "account");

	for (size_t i = 0; i < DETAILS; i++)
		record_set(account, details[i].column, value_null());
	record_set(account, "credit_card_expires_on", value_null());
	record_save(call->database, account);
	reply_empty(call, 200);
}
