/* Developers sign themselves up (spec/portal.md 7.10), by the rules of 3.10. */
#include "base/arena.h"
#include "base/json.h"
#include "portal/database.h"
#include "portal/pages/developer_fields.h"
#include "portal/pages/form.h"
#include "portal/pages/html.h"
#include "portal/pages/tables.h"
#include "portal/pages/visit.h"
#include "portal/resources/resources.h"
#include "portal/tables.h"
#include "portal/validation.h"

#define PLANS_MAX 32

static const struct {
	struct str target;
	const char *prefix; /* of the inputs' names */
} parts[] = {
	{STR_INIT("Account"), "account"},
	{STR_INIT("User"), "account[user]"},
};

static struct record *plan_of_id(struct call *call, struct str text)
{
	struct value arguments[CALL_ARGUMENTS];
	int64_t id;

	if (!str_to_int64(text, &id))
		return NULL;
	call_arguments(call, arguments);
	arguments[0] = value_int(id);
	return record_first(
		call->database, &plans_table,
		"id = ?1 AND COALESCE(original_id, 0) = 0 AND (issuer_id IN " SERVICES_VISIBLE
		" OR type = 'AccountPlan' AND issuer_id = ?2)",
		arguments, CALL_ARGUMENTS);
}

/* The form. */

static void write_plans(struct visit *visit)
{
	const struct json *ids = json_get(visit->call->parameters, STR("plan_ids"));

	JSON_EACH (id, ids) {
		struct record *plan = plan_of_id(visit->call, json_scalar_text(id));

		if (plan != NULL)
			HTML(&visit->content,
			     "<p>Plan: {}<input type=\"hidden\" name=\"plan_ids[]\" "
			     "value=\"{}\"></p>\n",
			     record_text(plan, "name"), json_scalar_text(id));
	}
}

/* Both parts as one flat object, the way the API takes them. */
static void show_form(struct visit *visit, const struct json *sent, const struct validation *faults)
{
	visit_form(visit, STR("/signup"), "post");
	for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
		developer_fields_write(visit, parts[i].target, parts[i].prefix, sent, faults);
	visit_input(visit, "Password", "password", "account[user][password]", STR(""), faults,
		    "password");
	visit_input(visit, "Password confirmation", "password",
		    "account[user][password_confirmation]", STR(""), faults,
		    "password_confirmation");
	form_faults(visit, faults, "base");
	write_plans(visit);
	form_end(visit, "Sign up");
	visit_show(visit, 200, "Sign up");
}

/* False: refused already. */
static bool signup_is_on(struct visit *visit)
{
	if (record_bool(settings_of_tenant(visit->call), "signups_enabled"))
		return true;
	strbuf_append(&visit->content, STR("<p>Signup disabled</p>\n"));
	visit_show(visit, 403, "Signup disabled");
	return false;
}

static void signup_show(struct visit *visit)
{
	if (visit->user != NULL)
		visit_redirect(visit, STR("/admin"));
	else if (signup_is_on(visit))
		show_form(visit, NULL, NULL);
}

/* What was sent, as the API takes it: flat, only what developers may say. */

/* False when one of them is no plan of the tenant's. */
static bool take_plans(struct call *call, struct json *flat)
{
	static const struct {
		struct str type, name;
	} names[] = {
		{STR_INIT("AccountPlan"), STR_INIT("account_plan_id")},
		{STR_INIT("ServicePlan"), STR_INIT("service_plan_id")},
		{STR_INIT("ApplicationPlan"), STR_INIT("application_plan_id")},
	};
	const struct json *ids = json_get(call->parameters, STR("plan_ids"));

	if (ids != NULL && ids->count > PLANS_MAX)
		return false;
	JSON_EACH (id, ids) {
		struct record *plan = plan_of_id(call, json_scalar_text(id));

		if (plan == NULL)
			return false;
		for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
			if (str_equal(names[i].type, record_text(plan, "type")))
				json_set(flat, names[i].name,
					 json_new_str(call->arena, json_scalar_text(id)));
		}
	}
	return true;
}

static void check_confirmation(const struct json *user, struct validation *faults)
{
	const struct json *again = json_get(user, STR("password_confirmation"));

	if (again != NULL &&
	    !str_equal(json_scalar_text(again), json_scalar_text(json_get(user, STR("password")))))
		validation_add(faults, "password_confirmation", STR("doesn't match Password"));
}

static void signup_do(struct visit *visit)
{
	struct call *call = visit->call;
	const struct json *sent = json_get(call->parameters, STR("account"));
	const struct json *user = json_get(sent, STR("user")), *form = call->parameters;
	struct json *flat = json_new(call->arena, JSON_OBJECT);
	struct record *account = call_new_record(call, &accounts_table);
	enum signup_result result = SIGNUP_PLAN_MISSING;
	struct validation faults;

	if (!signup_is_on(visit))
		return;
	validation_init(&faults, call->arena);
	developer_fields_take(call, parts[0].target, sent, flat);
	developer_fields_take(call, parts[1].target, user, flat);
	json_set(flat, STR("password"),
		 json_new_str(call->arena, json_scalar_text(json_get(user, STR("password")))));
	check_confirmation(user, &faults);
	if (take_plans(call, flat)) {
		call->parameters = flat;
		result = signup_carry_out(call, false, account, &faults);
		call->parameters = form;
	}
	switch (result) {
	case SIGNUP_DONE:
		visit_flash(visit, "success", STR("Signed up successfully"));
		visit_redirect(visit, STR("/signup/success"));
		break;
	case SIGNUP_PLAN_MISSING:
		visit_not_found(visit);
		break;
	case SIGNUP_INVALID:
		show_form(visit, flat, &faults);
		break;
	}
}

static void success(struct visit *visit)
{
	strbuf_append(&visit->content, STR("<p>Thank you. Once your account is approved you can "
					   "<a href=\"/login\">sign in</a>.</p>\n"));
	visit_show(visit, 200, "Thank you");
}

static const struct page_route rows[] = {
	{"GET", STR_INIT("/signup"), signup_show, PAGE_DEVELOPER | PAGE_OPEN, NULL},
	{"POST", STR_INIT("/signup"), signup_do, PAGE_DEVELOPER | PAGE_OPEN, NULL},
	{"GET", STR_INIT("/signup/success"), success, PAGE_DEVELOPER | PAGE_OPEN, NULL},
};

const struct page_table pages_of_developer_signup = PAGE_TABLE(rows);
