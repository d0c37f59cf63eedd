/* Applications that are listed and found: spec/portal.md 3.12. In the statements ?1 to ?5 are the
 * call's own, the rest are filters, null when not given. */
#include "base/arena.h"
#include "portal/database.h"
#include "portal/resources/resources.h"
#include "portal/tables.h"
#include "portal/value.h"

#define IS_APPLICATION "type = 'Cinstance'"
#define FILTERS 8

static struct value text_filter(struct call *call, const char *name)
{
	struct str text = call_parameter(call, name);

	return text.size > 0 ? value_text(text) : value_null();
}

static struct value int_filter(struct call *call, const char *name)
{
	struct str text = call_parameter(call, name);
	int64_t number;

	if (text.size == 0)
		return value_null();
	return value_int(str_to_int64(text, &number) ? number : -1);
}

static struct value time_filter(struct call *call, const char *name)
{
	struct value value = value_from_text(VALUE_TIME, call_parameter(call, name));

	return value.kind == VALUE_TIME ? value : value_null();
}

/* clang-format off */
#define HAS_A_PRICE \
	"(SELECT " AS_DECIMAL("cost_per_month") " > 0 OR " AS_DECIMAL("setup_fee") " > 0 OR " \
	"EXISTS (SELECT 1 FROM pricing_rules WHERE pricing_rules.plan_id = plans.id) FROM plans " \
	"WHERE plans.id = cinstances.plan_id)"
/* clang-format on */

/* A part of the name finds it, as in the pages. */
static struct value name_filter(struct call *call)
{
	struct str text = call_parameter(call, "name");

	return text.size > 0 ? database_containing(call->database, str_lower(call->arena, text))
			     : value_null();
}

/* What is neither is no filter. */
static struct value plan_type_filter(struct call *call)
{
	struct str text = call_parameter(call, "plan_type");

	return str_equal(text, STR("free")) || str_equal(text, STR("paid")) ? value_text(text)
									    : value_null();
}

void application_list(struct call *call)
{
	struct value arguments[CALL_ARGUMENTS + FILTERS];

	call_arguments(call, arguments);
	arguments[5] = int_filter(call, "service_id");
	arguments[6] = int_filter(call, "plan_id");
	arguments[7] = plan_type_filter(call);
	arguments[8] = text_filter(call, "state");
	arguments[9] = name_filter(call);
	arguments[10] = text_filter(call, "user_key");
	arguments[11] = time_filter(call, "active_since");
	arguments[12] = time_filter(call, "inactive_since");
	resource_reply_list(call, &application_resource,
			    IS_APPLICATION
			    " AND service_id IN " SERVICES_VISIBLE
			    " AND (?6 IS NULL OR service_id = ?6)"
			    " AND (?7 IS NULL OR plan_id = ?7)"
			    " AND (?8 IS NULL OR (?8 = 'paid') = " HAS_A_PRICE ")"
			    " AND (?9 IS NULL OR state = ?9)"
			    " AND (?10 IS NULL OR lower(name) LIKE ?10 ESCAPE '!')"
			    " AND (?11 IS NULL OR user_key = ?11)"
			    " AND (?12 IS NULL OR first_daily_traffic_at >= ?12)"
			    " AND (?13 IS NULL OR first_daily_traffic_at < ?13) ORDER BY id",
			    arguments, CALL_ARGUMENTS + FILTERS);
}

void application_list_of_account(struct call *call)
{
	struct value arguments[CALL_ARGUMENTS + 1];

	call_arguments(call, arguments);
	arguments[5] = text_filter(call, "state");
	resource_reply_list(call, &application_resource,
			    IS_APPLICATION
			    " AND user_account_id = ?1 AND service_id IN " SERVICES_VISIBLE
			    " AND (?6 IS NULL OR state = ?6) ORDER BY id",
			    arguments, CALL_ARGUMENTS + 1);
}

#define MODE_OF_SERVICE "(SELECT backend_version FROM services WHERE services.id = service_id)"

/* A user key names an application of mode 1, an application id one of the other modes. */
static void find(struct call *call, const char *also)
{
	struct value arguments[CALL_ARGUMENTS + 4];
	struct record *application = NULL;

	call_arguments(call, arguments);
	arguments[5] = int_filter(
		call, call_has_parameter(call, "application_id") ? "application_id" : "id");
	arguments[6] = text_filter(call, "user_key");
	arguments[7] = text_filter(call, "app_id");
	arguments[8] = int_filter(call, "service_id");
	if (arguments[5].kind != VALUE_NULL || arguments[6].kind != VALUE_NULL ||
	    arguments[7].kind != VALUE_NULL)
		application = record_first(
			call->database, &contracts_table,
			str_cstr(
				call->arena,
				STR_CONCAT(call->arena,
					   STR(IS_APPLICATION
					       " AND service_id IN " SERVICES_VISIBLE
					       " AND (?6 IS NULL OR id = ?6) AND (?7 IS NULL OR "
					       "(user_key = ?7 AND " MODE_OF_SERVICE " = '1')) AND "
					       "(?8 IS NULL OR (application_id = ?8 "
					       "AND " MODE_OF_SERVICE " <> '1')) AND "
					       "(?9 IS NULL OR service_id = ?9)"),
					   str_from(also), STR(" ORDER BY id LIMIT 1"))),
			arguments, CALL_ARGUMENTS + 4);
	if (application == NULL)
		reply_not_found(call);
	else
		reply_record(call, 200, application_resource.representation, application);
}

void portal_application_find(struct call *call)
{
	find(call, "");
}

void application_find_of_account(struct call *call)
{
	find(call, " AND user_account_id = ?1");
}
