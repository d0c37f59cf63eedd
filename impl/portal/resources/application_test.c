/* Plans, limits, accounts, users, applications: PT-114 to PT-136, PT-145, PT-146. */
#include "portal/portal_fixture_test.h"

#include <inttypes.h>
#include <string.h>

#define PLANS "services/{service}/application_plans"
#define LIMITS "application_plans/{plan}/metrics/{hits}/limits"
#define APPLICATIONS "accounts/{account}/applications"
#define APPLICATION APPLICATIONS "/{application}"
#define USER_FORM "username=jane&email=jane@example.com&password=123456"

START_TEST(plans_are_made_published_and_chosen)
{
	static const struct step steps[] = {
		{"POST", PLANS ".json", "name=Gold+Plan&setup_fee=1.5&trial_period_days=3", 201,
		 "\"name\":\"Gold Plan\",\"state\":\"hidden\",\"setup_fee\":1.5,\"cost_per_month\":"
		 "0.0,\"trial_period_days\":3,\"cancellation_period\":0,\"approval_required\":"
		 "false,"
		 "\"default\":false,\"created_at\":",
		 NULL, "gold", "application_plan.id"},
		{"GET", PLANS "/{gold}.json", NULL, 200,
		 "\"custom\":false,\"system_name\":\"gold_plan\",\"end_user_required\":false,"
		 "\"links\":[{\"rel\":\"service\",",
		 NULL, NULL, NULL},
		{"PUT", PLANS "/{gold}.json", "state_event=publish", 200, "\"published\"", NULL,
		 NULL, NULL},
		{"PUT", PLANS "/{gold}.json", "state_event=publish", 422,
		 "{\"errors\":{\"state\":[\"cannot transition via \\\"publish\\\"\"]}}", NULL, NULL,
		 NULL},
		{"PUT", PLANS "/{gold}.json", "state_event=hide&name=Gold", 200, "\"hidden\"", NULL,
		 NULL, NULL},
		{"PUT", PLANS "/{gold}/default.json", NULL, 200, "\"default\":true", NULL, NULL,
		 NULL},
		{"GET", PLANS "/{plan}.json", NULL, 200, "\"default\":false", NULL, NULL, NULL},
		{"POST", PLANS ".json", "name=Gold&system_name=gold_plan", 422,
		 "{\"errors\":{\"system_name\":[\"has already been taken\"]}}", NULL, NULL, NULL},
		{"POST", PLANS ".json", "name=&setup_fee=x&trial_period_days=-1", 422,
		 "{\"errors\":{\"name\":[\"can't be blank\"],\"setup_fee\":[\"is not a number\"],"
		 "\"trial_period_days\":[\"must be greater than or equal to 0\"]}}",
		 NULL, NULL, NULL},
		{"POST", PLANS ".json", "name=%3F", 201, "\"system_name\":\"plan_", NULL, NULL,
		 NULL},
		{"GET", PLANS ".xml", NULL, 200,
		 "<plans><plan custom=\"false\" default=\"false\"><id>{plan}</id><name>Basic</name>"
		 "<type>application_plan</type><state>published</state><approval_required>false"
		 "</approval_required><setup_fee>0.0</setup_fee><cost_per_month>0.0"
		 "</cost_per_month><trial_period_days/><cancellation_period>0</cancellation_period>"
		 "<service_id>{service}</service_id><end_user_required>false</end_user_required>"
		 "</plan>",
		 NULL, NULL, NULL},
		{"DELETE", PLANS "/{plan}.json", NULL, 403,
		 "{\"errors\":{\"base\":[\"This application plan cannot be deleted! At least one "
		 "application depends on it.\"]}}",
		 NULL, NULL, NULL},
		{"DELETE", PLANS "/{gold}.json", NULL, 200, NULL, NULL, NULL, NULL},
		{"GET", "application_plans.json", NULL, 200,
		 "{\"plans\":[{\"application_plan\":", "\"Gold\"", NULL, NULL},
		{"POST", "services/{service}/service_plans.json", "name=Second", 201,
		 "{\"service_plan\":{", "system_name", "second", "service_plan.id"},
		{"PUT", "services/{service}/service_plans/{second}/default.json", NULL, 200,
		 "\"default\":true", NULL, NULL, NULL},
		{"GET", "services/{service}/service_plans.xml", NULL, 200,
		 "<plan default=\"true\"><id>{second}</id>", "<plan default=\"false\"", NULL, NULL},
		{"GET", "service_plans.json", NULL, 200, "Second", NULL, NULL, NULL},
		{"POST", "account_plans.json", "name=Vip&approval_required=1", 201,
		 "\"approval_required\":true", "links", "vip", "account_plan.id"},
		{"GET", "account_plans/{vip}.json", NULL, 200, "Vip", NULL, NULL, NULL},
		{"DELETE", "account_plans/{vip}.json", NULL, 200, NULL, NULL, NULL, NULL},
		{"GET", "account_plans/{plan}.json", NULL, 404, NULL, NULL, NULL, NULL},
	};

	RUN_STEPS(steps);
}
END_TEST

START_TEST(limits_and_prices)
{
	static const struct step steps[] = {
		{"POST", LIMITS ".json", "period=day&value=10", 201,
		 "\"period\":\"day\",\"value\":10,\"metric_id\":{hits},\"plan_id\":{plan},", NULL,
		 "limit", "limit.id"},
		{"POST", LIMITS ".json", "period=day&value=1", 422,
		 "{\"errors\":{\"period\":[\"has already been taken\"]}}", NULL, NULL, NULL},
		{"POST", LIMITS ".json", "period=second&value=1", 422,
		 "{\"errors\":{\"period\":[\"is invalid\"]}}", NULL, NULL, NULL},
		{"POST", LIMITS ".json", "period=hour&value=x", 422, "is not a number", NULL, NULL,
		 NULL},
		{"POST", LIMITS ".json", "period=hour&value=", 201, "\"value\":0", NULL, NULL,
		 NULL},
		{"POST", LIMITS ".json", "period=week&value=-3", 201, "\"value\":0", NULL, NULL,
		 NULL},
		{"PUT", LIMITS "/{limit}.json", "period=month&value=11", 200,
		 "\"period\":\"month\",\"value\":11", NULL, NULL, NULL},
		{"GET", LIMITS "/{limit}.xml", NULL, 200,
		 "<limit><id>{limit}</id><metric_id>{hits}</metric_id><plan_id>{plan}</plan_id>"
		 "<period>month</period><value>11</value></limit>",
		 NULL, NULL, NULL},
		{"GET", LIMITS ".json", NULL, 200,
		 "{\"rel\":\"self\",\"href\":\"https://3scale-admin.example.com/admin/api/"
		 "application_plans/{plan}/metrics/{hits}/limits/{limit}\"}",
		 NULL, NULL, NULL},
		{"GET", "application_plans/{plan}/limits.xml?per_page=2&page=2", NULL, 200,
		 "<limits per_page=\"2\" total_entries=\"3\" total_pages=\"2\" current_page=\"2\">",
		 NULL, NULL, NULL},
		{"GET", "application_plans/{plan}/limits.xml", NULL, 200, "<limits><limit>", NULL,
		 NULL, NULL},
		{"DELETE", LIMITS "/{limit}.json", NULL, 200, NULL, NULL, NULL, NULL},
		{"GET", LIMITS "/{limit}.json", NULL, 404, NULL, NULL, NULL, NULL},
		{"POST", "application_plans/{plan}/metrics/{hits}/pricing_rules.json",
		 "min=1&max=10&cost_per_unit=0.1250", 201,
		 "\"cost_per_unit\":\"0.125\",\"min\":1,\"max\":10", NULL, NULL, NULL},
		{"POST", "application_plans/{plan}/metrics/{hits}/pricing_rules.json",
		 "min=10&cost_per_unit=1", 422,
		 "{\"errors\":{\"min\":[\"'From' value cannot be less than 'To' values of current "
		 "rules.\"]}}",
		 NULL, NULL, NULL},
		{"POST", "application_plans/{plan}/metrics/{hits}/pricing_rules.json",
		 "min=20&max=15&cost_per_unit=1", 422, "\"max\":[\"'To' value cannot be less than",
		 NULL, NULL, NULL},
		{"POST", "application_plans/{plan}/metrics/{hits}/pricing_rules.json",
		 "min=11&cost_per_unit=0.12345", 422, "maximum decimals is 4.", NULL, NULL, NULL},
		{"POST", "application_plans/{plan}/metrics/{hits}/pricing_rules.json",
		 "min=0&cost_per_unit=1", 422, "greater than or equal to 1", NULL, NULL, NULL},
		{"GET", "application_plans/{plan}/pricing_rules.json", NULL, 200, "0.125", NULL,
		 NULL, NULL},
	};

	RUN_STEPS(steps);
	ck_assert_ptr_nonnull(strstr(
		backend_calls(),
		expand("PUT /internal/services/{service}/plans/{plan}/usagelimits/{hits}/day "
		       "{\"usagelimit\":{\"day\":10}}")));
	ck_assert_ptr_nonnull(
		strstr(backend_calls(), expand("DELETE /internal/services/{service}/plans/{plan}/"
					       "usagelimits/{hits}/day ")));
}
END_TEST

/* PT-122, PT-123, PT-125. */
START_TEST(a_sign_up_makes_everything_at_once)
{
	static const struct step steps[] = {
		{"POST", "signup.json", "org_name=ACME&" USER_FORM, 201,
		 "\"credit_card_stored\":false,\"monthly_billing_enabled\":true,"
		 "\"monthly_charging_enabled\":true,\"state\":\"approved\",\"links\":[{\"rel\":"
		 "\"self\"",
		 NULL, "new", "account.id"},
		{"GET", "accounts/{new}.json", NULL, 200,
		 "/admin/api/accounts/{new}/users\"}],\"org_name\":\"ACME\"}}", NULL, NULL, NULL},
		{"GET", "accounts/{new}/users.json", NULL, 200,
		 "\"state\":\"active\",\"role\":\"admin\"", NULL, "user", "users.0.user.id"},
		{"GET", "accounts/{new}/applications.json", NULL, 200,
		 "\"name\":\"API signup\",\"description\":\"API signup\"", NULL, NULL, NULL},
		{"GET", "accounts/{new}.xml", NULL, 200,
		 "<state>approved</state><org_name>ACME</org_name><extra_fields></extra_fields>"
		 "<monthly_billing_enabled>true</monthly_billing_enabled><monthly_charging_enabled>"
		 "true</monthly_charging_enabled><credit_card_stored>false</credit_card_stored>"
		 "<plans><plan default=\"true\"><id>",
		 "<applications>", NULL, NULL},
		{"GET", "accounts/{new}.xml", NULL, 200, "<users><user><id>{user}</id><created_at>",
		 NULL, NULL, NULL},
		{"POST", "signup.xml", "org_name=Other&username=joe&email=joe@x.yz&password=123456",
		 201, "</users><applications><application><id>", NULL, NULL, NULL},
		{"POST", "signup.json", "org_name=&username=jane&email=bad&password=1", 422,
		 "{\"errors\":{\"org_name\":[\"can't be blank\"],\"email\":[\"is too short "
		 "(minimum is "
		 "6 characters)\",\"should look like an email address\"],\"username\":[\"has "
		 "already "
		 "been taken\"],\"password\":[\"is too short (minimum is 6 characters)\"]}}",
		 NULL, NULL, NULL},
		{"POST", "signup.json", "org_name=A&account_plan_id=999&" USER_FORM, 404, NULL,
		 NULL, NULL, NULL},
		{"POST", "signup.json",
		 "org_name=Only&username=only&email=only@example.com&password=123456&"
		 "application_plan_id={plan}",
		 201, "approved", NULL, NULL, NULL},
		{"GET", "accounts/find.json?username=jane", NULL, 200, "\"id\":{new}", NULL, NULL,
		 NULL},
		{"GET", "accounts/find.json?email=JANE@example.com", NULL, 200, "\"id\":{new}",
		 NULL, NULL, NULL},
		{"GET", "accounts/find.json?user_id={user}", NULL, 200, "\"id\":{new}", NULL, NULL,
		 NULL},
		{"GET", "accounts/find.json?username=nobody", NULL, 404, NULL, NULL, NULL, NULL},
		{"GET", "accounts/find.json", NULL, 404, NULL, NULL, NULL, NULL},
	};

	RUN_STEPS(steps);
}
END_TEST

/* PT-124. */
START_TEST(accounts_are_approved_and_rejected)
{
	static const struct step steps[] = {
		{"POST", "account_plans.json", "name=Careful&approval_required=true", 201, NULL,
		 NULL, "careful", "account_plan.id"},
		{"POST", "signup.json", "org_name=ACME&account_plan_id={careful}&" USER_FORM, 201,
		 "\"state\":\"created\"", NULL, "new", "account.id"},
		{"GET", "accounts/{new}/users.json", NULL, 200, "\"state\":\"pending\"", NULL,
		 "user", "users.0.user.id"},
		{"PUT", "accounts/{new}/users/{user}/activate.json", NULL, 200, "\"active\"", NULL,
		 NULL, NULL},
		{"GET", "accounts/{new}.json", NULL, 200, "\"state\":\"pending\"", NULL, NULL,
		 NULL},
		{"GET", "accounts.json?state=pending", NULL, 200, "ACME", "Developer", NULL, NULL},
		{"PUT", "accounts/{new}/approve.json", NULL, 200, "\"state\":\"approved\"", NULL,
		 NULL, NULL},
		{"PUT", "accounts/{new}/approve.json", NULL, 422,
		 "{\"errors\":{\"state\":[\"cannot transition via \\\"approve\\\"\"]}}", NULL, NULL,
		 NULL},
		{"PUT", "accounts/{new}/reject.json", NULL, 200, "rejected", NULL, NULL, NULL},
		{"PUT", "accounts/{new}/make_pending.json", NULL, 200, "pending", NULL, NULL, NULL},
		{"GET", "accounts/{new}/plan.json", NULL, 200, "Careful", NULL, NULL, NULL},
		{"GET", "accounts/{account}/plan.json", NULL, 200, "Default", NULL, "default",
		 "account_plan.id"},
		{"PUT", "accounts/{new}/change_plan.json", "plan_id={default}", 200, "Default",
		 NULL, NULL, NULL},
		{"PUT", "accounts/{new}/change_plan.json", "plan_id={plan}", 404, NULL, NULL, NULL,
		 NULL},
		{"PUT", "accounts/{new}.json", "org_name=Renamed&monthly_billing_enabled=0", 200,
		 "\"monthly_billing_enabled\":false", NULL, NULL, NULL},
		{"PUT", "accounts/{new}.json", "org_name=", 422, "can't be blank", NULL, NULL,
		 NULL},
		{"GET", "accounts.json?per_page=1000", NULL, 200, "Renamed", NULL, NULL, NULL},
		{"GET", "accounts.xml?per_page=1&page=-1", NULL, 200,
		 "<accounts per_page=\"1\" total_entries=\"2\" total_pages=\"2\" "
		 "current_page=\"1\">",
		 NULL, NULL, NULL},
		{"DELETE", "accounts/{account}.json", NULL, 200, NULL, NULL, NULL, NULL},
		{"GET", "accounts/{account}.json", NULL, 404, NULL, NULL, NULL, NULL},
		{"GET", "applications/find.json?id={application}", NULL, 404, NULL, NULL, NULL,
		 NULL},
		{"GET", "provider.json", NULL, 200,
		 "\"admin_domain\":\"3scale-admin.example.com\",\"domain\":\"3scale.example.com\"",
		 "\"self\"", NULL, NULL},
		{"GET", "provider.xml", NULL, 200, "<users><user>", NULL, NULL, NULL},
	};

	RUN_STEPS(steps);
	ck_assert(backend_hears(expand("DELETE /internal/services/{service}/applications/")));
}
END_TEST

START_TEST(users_of_accounts)
{
	static const struct step steps[] = {
		{"POST", "accounts/{account}/users.json", USER_FORM "&first_name=Jane", 201,
		 "\"state\":\"pending\",\"role\":\"member\"", NULL, "user", "user.id"},
		{"GET", "accounts/{account}/users/{user}.json", NULL, 200,
		 "\"username\":\"jane\",\"email\":\"jane@example.com\",\"first_name\":\"Jane\"}}",
		 NULL, NULL, NULL},
		{"GET", "accounts/{account}/users.json?state=pending&role=member", NULL, 200,
		 "jane", "john", NULL, NULL},
		{"POST", "accounts/{account}/users.json",
		 "username=a+b&email=john@x&password=123456", 422,
		 "use only letters, numbers, and .-_@+ please.", NULL, NULL, NULL},
		{"PUT", "accounts/{account}/users/{user}.json", "last_name=Doe", 200, "Doe", NULL,
		 NULL, NULL},
		{"PUT", "accounts/{account}/users/{user}.json", "password=1", 422, "password", NULL,
		 NULL, NULL},
		{"PUT", "accounts/{account}/users/{user}/suspend.json", NULL, 422,
		 "{\"error\":{\"from\":\"pending\",\"event\":\"suspend\",\"error\":\"State "
		 "cannot transition via \\\"suspend\\\"\",\"object\":{\"user\":{\"id\":{user},",
		 NULL, NULL, NULL},
		{"PUT", "accounts/{account}/users/{user}/suspend.xml", NULL, 422,
		 "<error><from>pending</from><event>suspend</event><error>", NULL, NULL, NULL},
		{"PUT", "accounts/{account}/users/{user}/activate.json", NULL, 200, "active", NULL,
		 NULL, NULL},
		{"PUT", "accounts/{account}/users/{user}/activate.json", NULL, 200, "active", NULL,
		 NULL, NULL},
		{"PUT", "accounts/{account}/users/{user}/suspend.json", NULL, 200, "suspended",
		 NULL, NULL, NULL},
		{"PUT", "accounts/{account}/users/{user}/unsuspend.json", NULL, 200, "active", NULL,
		 NULL, NULL},
		{"PUT", "accounts/{account}/users/{user}/admin.json", NULL, 200,
		 "\"role\":\"admin\"", NULL, NULL, NULL},
		{"PUT", "accounts/{account}/users/{user}/member.json", NULL, 200,
		 "\"role\":\"member\"", NULL, NULL, NULL},
		{"DELETE", "accounts/{account}/users/{user}.json", NULL, 200, NULL, NULL, NULL,
		 NULL},
		{"GET", "accounts/{account}/users.json", NULL, 200, "john", NULL, "john",
		 "users.0.user.id"},
		{"DELETE", "accounts/{account}/users/{john}.json", NULL, 403,
		 "{\"errors\":{\"base\":[", NULL, NULL, NULL},
		{"GET", "users.json", NULL, 200, "\"admin\"", "3scaleadmin", NULL, NULL},
		{"GET", "users.xml", NULL, 200, "<users><user><id>", NULL, NULL, NULL},
	};

	RUN_STEPS(steps);
}
END_TEST

/* PT-126 to PT-128, PT-131, PT-132, PT-145. */
START_TEST(applications_live_and_are_found)
{
	static const struct step steps[] = {
		{"POST", APPLICATIONS ".json",
		 "plan_id={plan}&name=App&description=D&user_key=my-key", 201,
		 "\"state\":\"live\",\"enabled\":true,\"end_user_required\":false,\"created_at\":",
		 "application_id", "new", "application.id"},
		{"GET", APPLICATIONS "/{new}.json", NULL, 200,
		 "\"first_traffic_at\":null,\"first_daily_traffic_at\":null,\"user_key\":\"my-"
		 "key\","
		 "\"provider_verification_key\":\"",
		 NULL, NULL, NULL},
		{"POST", APPLICATIONS ".json",
		 "plan_id={plan}&name=App&description=D&user_key=my-key", 422,
		 "{\"errors\":{\"user_key\":[\"has already been taken\"]}}", NULL, NULL, NULL},
		{"POST", APPLICATIONS ".json", "plan_id={plan}&user_key=a+b", 422,
		 "{\"errors\":{\"name\":[\"can't be blank\"],\"description\":[\"can't be blank\"],"
		 "\"user_key\":[\"is invalid\"]}}",
		 NULL, NULL, NULL},
		{"POST", APPLICATIONS ".json", "plan_id=1&name=App&description=D", 404, NULL, NULL,
		 NULL, NULL},
		{"POST", APPLICATIONS ".json", "name=App&description=D", 404, NULL, NULL, NULL,
		 NULL},
		{"GET", "applications/find.json?user_key=my-key", NULL, 200, "\"id\":{new}", NULL,
		 NULL, NULL},
		{"GET", "applications/find.json?user_key=my-key&service_id=99", NULL, 404, NULL,
		 NULL, NULL, NULL},
		{"GET", "applications/find.json?application_id={new}", NULL, 200, "\"id\":{new}",
		 NULL, NULL, NULL},
		{"GET", "applications/find.json?app_id=my-key", NULL, 404, NULL, NULL, NULL, NULL},
		{"GET", "applications/find.json", NULL, 404, NULL, NULL, NULL, NULL},
		{"GET", APPLICATIONS "/find.json?user_key=my-key", NULL, 200, "\"id\":{new}", NULL,
		 NULL, NULL},
		{"GET",
		 "applications.json?state=live&service_id={service}&plan_id={plan}&user_key="
		 "my-key&name=App&plan_type=free&inactive_since=x",
		 NULL, 200, "\"id\":{new}", "\"id\":{application},", NULL, NULL},
		{"GET", "applications.json?plan_type=paid", NULL, 200, "[]", NULL, NULL, NULL},
		{"GET", "applications.json?active_since=2019-01-01", NULL, 200, "[]", NULL, NULL,
		 NULL},
		{"GET", "applications.json?service_id=x", NULL, 200, "[]", NULL, NULL, NULL},
		{"GET", APPLICATIONS ".json?state=suspended", NULL, 200, "[]", NULL, NULL, NULL},
		{"PUT", APPLICATIONS "/{new}/suspend.json", NULL, 200,
		 "\"state\":\"suspended\",\"enabled\":false", NULL, NULL, NULL},
		{"PUT", APPLICATIONS "/{new}/suspend.json", NULL, 422,
		 "{\"errors\":{\"state\":[\"cannot transition via \\\"suspend\\\"\"]}}", NULL, NULL,
		 NULL},
		{"PUT", APPLICATIONS "/{new}/resume.json", NULL, 200, "\"live\"", NULL, NULL, NULL},
		{"PUT", APPLICATIONS "/{new}.json", "name=Renamed&user_key=other-key", 200,
		 "\"user_key\":\"other-key\"", NULL, NULL, NULL},
		{"GET", APPLICATIONS "/{new}.xml", NULL, 200,
		 "<application><id>{new}</id><created_at>", "<keys>", NULL, NULL},
		{"GET", APPLICATIONS "/{new}.xml", NULL, 200,
		 "<plan custom=\"false\" default=\"true\"><id>{plan}</id>", NULL, NULL, NULL},
		{"DELETE", APPLICATIONS "/{new}.json", NULL, 200, NULL, NULL, NULL, NULL},
		{"GET", APPLICATIONS "/{new}.json", NULL, 404, NULL, NULL, NULL, NULL},
		{"PUT", PLANS "/{plan}.json", "approval_required=1", 200, NULL, NULL, NULL, NULL},
		{"POST", APPLICATIONS ".json", "plan_id={plan}&name=Wait&description=D", 201,
		 "\"state\":\"pending\"", NULL, "waiting", "application.id"},
		{"PUT", APPLICATIONS "/{waiting}/accept.json", NULL, 200, "\"live\"", NULL, NULL,
		 NULL},
		{"PUT", APPLICATIONS "/{waiting}/accept.json", NULL, 422, "\"state\":", NULL, NULL,
		 NULL},
	};

	RUN_STEPS(steps);
	ck_assert_ptr_nonnull(strstr(backend_calls(), "\"state\":\"suspended\",\"plan_id\":"));
	ck_assert_ptr_nonnull(strstr(backend_calls(), "\"state\":\"pending\",\"plan_id\":"));
	ck_assert_ptr_nonnull(
		strstr(backend_calls(),
		       expand("DELETE /internal/services/{service}/applications/key/my-key ")));
	ck_assert_ptr_nonnull(
		strstr(backend_calls(),
		       expand("DELETE /internal/services/{service}/applications/key/other-key ")));
}
END_TEST

/* PT-127, PT-129, PT-130, PT-135. */
START_TEST(keys_and_referrer_filters)
{
	static const struct step steps[] = {
		{"PUT", "services/{service}.json",
		 "backend_version=2&referrer_filters_required=true", 200, NULL, NULL, NULL, NULL},
		{"POST", APPLICATIONS ".json", "plan_id={plan}&name=App&description=D", 201,
		 "\"application_id\":\"", "user_key", "new", "application.id"},
		{"GET", APPLICATIONS "/{new}/keys.json", NULL, 200,
		 "{\"keys\":[{\"key\":{\"value\":\"", NULL, "key", "keys.0.key.value"},
		{"POST", APPLICATIONS ".json",
		 "plan_id={plan}&name=App&description=D&application_id=my-app&application_key[]="
		 "key-1&application_key[]=key-2",
		 201, "\"application_id\":\"my-app\"", NULL, "two", "application.id"},
		{"GET", APPLICATIONS "/{two}/keys.xml", NULL, 200,
		 "<keys><key><value>key-1</value><updated_at>", NULL, NULL, NULL},
		{"POST", APPLICATIONS ".json",
		 "plan_id={plan}&name=App&description=D&application_key=abc", 422, "\"value\":[",
		 NULL, NULL, NULL},
		{"GET", "applications.json", NULL, 200, NULL, "\"abc\"", NULL, NULL},
		{"GET", "applications/find.json?app_id=my-app", NULL, 200, "\"id\":{two}", NULL,
		 NULL, NULL},
		{"POST", APPLICATIONS "/{two}/keys.json", "key=key-3", 201, "{\"application\":{",
		 "key-3", NULL, NULL},
		{"POST", APPLICATIONS "/{two}/keys.json", "key=key-3", 422,
		 "{\"errors\":{\"value\":[\"has already been taken\"]}}", NULL, NULL, NULL},
		{"POST", APPLICATIONS "/{two}/keys.json", "", 201, NULL, NULL, NULL, NULL},
		{"POST", APPLICATIONS "/{two}/keys.json", "key=a.b.c/d", 201, NULL, NULL, NULL,
		 NULL},
		{"POST", APPLICATIONS "/{two}/keys.json", "key=key-6", 422,
		 "{\"errors\":{\"base\":[\"Limit reached\"]}}", NULL, NULL, NULL},
		{"DELETE", APPLICATIONS "/{two}/keys/a.b.c%2fd", NULL, 200, NULL, NULL, NULL, NULL},
		{"DELETE", APPLICATIONS "/{two}/keys/key-1.json", NULL, 200, NULL, NULL, NULL,
		 NULL},
		{"DELETE", APPLICATIONS "/{two}/keys/key-1.json", NULL, 404, NULL, NULL, NULL,
		 NULL},
		{"POST", APPLICATIONS "/{two}/referrer_filters.json",
		 "referrer_filter=*.example.com", 201, "{\"application\":{", NULL, NULL, NULL},
		{"POST", APPLICATIONS "/{two}/referrer_filters.json", "referrer_filter=a/b", 422,
		 "\"value\":[\"is invalid\"]", NULL, NULL, NULL},
		{"POST", APPLICATIONS "/{two}/referrer_filters.json", "", 422, "can't be blank",
		 NULL, NULL, NULL},
		{"GET", APPLICATIONS "/{two}/referrer_filters.json", NULL, 200, "*.example.com",
		 NULL, "filter", "referrer_filters.0.referrer_filter.id"},
		{"GET", APPLICATIONS "/{two}.xml", NULL, 200,
		 "<referrer_filters><referrer_filter><id>{filter}</id>", NULL, NULL, NULL},
		{"GET", APPLICATIONS "/{two}.xml", NULL, 200, "<keys><key><value>key-2</value>",
		 NULL, NULL, NULL},
		{"DELETE", APPLICATIONS "/{two}/referrer_filters/{filter}.json", NULL, 200, NULL,
		 NULL, NULL, NULL},
		{"PUT", "services/{service}.json", "backend_version=oidc", 200, NULL, NULL, NULL,
		 NULL},
		{"POST", APPLICATIONS ".json", "plan_id={plan}&name=Oidc&description=D", 201,
		 "\"redirect_url\":null,\"client_id\":\"", NULL, "oidc", "application.id"},
		{"GET", APPLICATIONS "/{oidc}.json", NULL, 200,
		 "\"oidc_configuration\":{\"standard_flow_enabled\":true", NULL, NULL, NULL},
		{"POST", APPLICATIONS "/{oidc}/keys.json", "key=second", 422, "Limit reached", NULL,
		 NULL, NULL},
	};

	RUN_STEPS(steps);
	ck_assert_ptr_nonnull(
		strstr(backend_calls(),
		       expand("POST /internal/services/{service}/applications/my-app/keys/ "
			      "{\"application_key\":{\"value\":\"key-1\"}}")));
	ck_assert_ptr_nonnull(strstr(
		backend_calls(),
		expand("DELETE /internal/services/{service}/applications/my-app/keys/key-1 ")));
	ck_assert_ptr_nonnull(strstr(
		backend_calls(),
		expand("POST /internal/services/{service}/applications/my-app/referrer_filters "
		       "{\"referrer_filter\":\"*.example.com\"}")));
	ck_assert_ptr_nonnull(strstr(
		backend_calls(),
		expand("DELETE /internal/services/{service}/applications/my-app/referrer_filters/"
		       "Ki5leGFtcGxlLmNvbQ%3D%3D ")));
}
END_TEST

/* PT-133, PT-134. */
START_TEST(plans_of_applications_change)
{
	static const struct step steps[] = {
		{"POST", "services.json", "name=Other", 201, NULL, NULL, "other", "service.id"},
		{"POST", "services/{other}/application_plans.json", "name=Far", 201, NULL, NULL,
		 "far", "application_plan.id"},
		{"POST", PLANS ".json", "name=Near", 201, NULL, NULL, "near",
		 "application_plan.id"},
		{"POST", LIMITS ".json", "period=day&value=7", 201, NULL, NULL, NULL, NULL},
		{"PUT", APPLICATION "/change_plan.json", "plan_id={far}", 422,
		 "{\"errors\":{\"plan\":[\"not allowed in this context\"]}}", NULL, NULL, NULL},
		{"PUT", APPLICATION "/change_plan.json", "plan_id=x", 404, NULL, NULL, NULL, NULL},
		{"PUT", APPLICATION "/change_plan.json", "plan_id={near}", 200,
		 "{\"application_plan\":{\"id\":{near}", NULL, NULL, NULL},
		{"PUT", APPLICATION "/change_plan.json", "plan_id={plan}", 200, NULL, NULL, NULL,
		 NULL},
		{"PUT", APPLICATION "/change_plan.json", "plan_id={plan}", 200, NULL, NULL, NULL,
		 NULL},
		{"PUT", APPLICATION "/customize_plan.json", NULL, 200,
		 "\"name\":\"Basic (custom)\",\"state\":\"hidden\"", NULL, "custom",
		 "application_plan.id"},
		{"PUT", APPLICATION "/customize_plan.json", NULL, 200, "\"id\":{custom}", NULL,
		 NULL, NULL},
		{"GET", PLANS "/{custom}.json", NULL, 200, "\"custom\":true", NULL, NULL, NULL},
		{"GET", "application_plans/{custom}/limits.json", NULL, 200, "\"value\":7", NULL,
		 NULL, NULL},
		{"DELETE", PLANS "/{plan}.json", NULL, 403, "customized version", NULL, NULL, NULL},
		{"PUT", APPLICATION "/decustomize_plan.json", NULL, 200, "\"id\":{plan}", NULL,
		 NULL, NULL},
		{"GET", PLANS "/{custom}.json", NULL, 404, NULL, NULL, NULL, NULL},
		{"PUT", APPLICATION "/decustomize_plan.json", NULL, 200, "\"id\":{plan}", NULL,
		 NULL, NULL},
		/* A service that nobody can subscribe to. */
		{"GET", "services/{other}/service_plans.json", NULL, 200, NULL, NULL, "sp",
		 "plans.0.service_plan.id"},
		{"DELETE", "services/{other}/service_plans/{sp}.json", NULL, 200, NULL, NULL, NULL,
		 NULL},
		{"POST", APPLICATIONS ".json", "plan_id={far}&name=A&description=D", 422,
		 "{\"error\":\"You cannot subscribe to that service.\"}", NULL, NULL, NULL},
	};

	RUN_STEPS(steps);
	ck_assert_ptr_nonnull(strstr(
		backend_calls(),
		expand("PUT /internal/services/{service}/plans/{custom}/usagelimits/{hits}/day ")));
	ck_assert_ptr_nonnull(strstr(
		backend_calls(),
		expand("DELETE "
		       "/internal/services/{service}/plans/{custom}/usagelimits/{hits}/day ")));
}
END_TEST

START_TEST(subscriptions_are_bought_and_ended)
{
	static const struct step steps[] = {
		{"POST", "services.json", "name=Other", 201, NULL, NULL, "other", "service.id"},
		{"POST", "services/{other}/application_plans.json", "name=Far", 201, NULL, NULL,
		 "far", "application_plan.id"},
		{"GET", "services/{other}/service_plans.json", NULL, 200, NULL, NULL, "sp",
		 "plans.0.service_plan.id"},
		{"POST", "accounts/{account}/service_plans/{sp}/buy.json", NULL, 201,
		 "{\"service_plan\":{\"id\":{sp}", NULL, NULL, NULL},
		{"GET", "accounts/{account}/service_plans.json", NULL, 200, "\"id\":{sp}", NULL,
		 NULL, NULL},
		{"POST", "accounts/{account}/application_plans/{far}/buy.json",
		 "name=Bought&description=D", 201, "{\"application_plan\":{\"id\":{far}", NULL,
		 NULL, NULL},
		{"POST", "accounts/{account}/application_plans/{far}/buy.json", "", 422,
		 "can't be blank", NULL, NULL, NULL},
		{"GET", "accounts/{account}/application_plans.json", NULL, 200, "\"id\":{far}",
		 NULL, NULL, NULL},
		{"GET", APPLICATIONS ".json", NULL, 200, "\"Bought\"", NULL, "bought",
		 "applications.1.application.id"},
		{"GET", "accounts/{account}/service_contracts.json", NULL, 200,
		 "\"service_id\":{other}", NULL, "contract",
		 "service_contracts.1.service_contract.id"},
		{"DELETE", "accounts/{account}/service_contracts/{contract}.json", NULL, 403,
		 "There is 1 unsuspended application subscribed to the service", NULL, NULL, NULL},
		{"POST", APPLICATIONS ".json", "plan_id={far}&name=B&description=D", 201, NULL,
		 NULL, "second", "application.id"},
		{"DELETE", "accounts/{account}/service_contracts/{contract}.json", NULL, 403,
		 "There are 2 unsuspended applications subscribed to the service", NULL, NULL,
		 NULL},
		{"PUT", APPLICATIONS "/{bought}/suspend.json", NULL, 200, NULL, NULL, NULL, NULL},
		{"DELETE", APPLICATIONS "/{second}.json", NULL, 200, NULL, NULL, NULL, NULL},
		{"DELETE", "accounts/{account}/service_contracts/{contract}.json", NULL, 200, NULL,
		 NULL, NULL, NULL},
		{"DELETE", "accounts/{account}/service_contracts/{contract}.json", NULL, 404, NULL,
		 NULL, NULL, NULL},
		{"DELETE", "services/{other}/service_plans/{sp}.json", NULL, 200, NULL, NULL, NULL,
		 NULL},
		{"POST", "accounts/{account}/application_plans/{far}/buy.json", "name=B", 422,
		 "You cannot subscribe to that service.", NULL, NULL, NULL},
	};

	RUN_STEPS(steps);
}
END_TEST

#define MANIFEST(version)                                                                          \
	"{\"version\":\"" version "\",\"name\":\"n\",\"summary\":\"s\",\"configuration\":{}}"

/* PT-142, PT-143. */
START_TEST(policies_are_registered)
{
	static const struct step steps[] = {
		{"POST", "registry/policies.json",
		 "{\"policy\":{\"name\":\"mine\",\"version\":\"1.0\",\"schema\":{\"name\":"
		 "\"mine\",\"version\":\"1.0\",\"summary\":\"s\",\"configuration\":{}}}}",
		 201,
		 "{\"policy\":{\"id\":1,\"name\":\"mine\",\"version\":\"1.0\",\"schema\":{"
		 "\"name\":\"mine\",\"version\":\"1.0\",\"summary\":\"s\",\"configuration\":{}},"
		 "\"created_at\":",
		 NULL, "policy", "policy.id"},
		{"POST", "registry/policies", "name=b&version=builtin&schema={\"version\":\"1\"}",
		 422,
		 "{\"errors\":{\"version\":[\"cannot be 'builtin'\",\"differs from the schema "
		 "version\"],\"schema\":[",
		 NULL, NULL, NULL},
		{"POST", "registry/policies", "name=b&version=1&schema=no", 422,
		 "{\"errors\":{\"schema\":[\"Invalid JSON schema\"]}}", NULL, NULL, NULL},
		{"POST", "registry/policies", "", 422, "\"schema\":[\"can't be blank\"]", NULL,
		 NULL, NULL},
		{"POST", "registry/policies", "name=mine&version=1.0&schema={\"version\":\"1.0\"}",
		 422, "\"version\":[\"has already been taken\"]", NULL, NULL, NULL},
		{"GET", "registry/policies/mine-1.0.json", NULL, 200, "\"id\":{policy}", NULL, NULL,
		 NULL},
		{"GET", "registry/policies/{policy}", NULL, 200, "\"mine\"", NULL, NULL, NULL},
		{"GET", "registry/policies/none.json", NULL, 404, NULL, NULL, NULL, NULL},
		{"PUT", "registry/policies/none.json", NULL, 404, NULL, NULL, NULL, NULL},
		{"DELETE", "registry/policies/none.json", NULL, 404, NULL, NULL, NULL, NULL},
		{"PUT", "registry/policies/mine-1.0", "{\"policy\":1}", 422, "Wrong type", NULL,
		 NULL, NULL},
		{"PUT", "registry/policies/mine-1.0",
		 "{\"policy\":{\"version\":\"1.1\",\"schema\":" MANIFEST("1.1") "}}", 200,
		 "\"version\":\"1.1\"", NULL, NULL, NULL},
		{"PUT", "services/{service}/proxy/policies.json",
		 "{\"policies_config\":[{\"name\":\"mine\",\"version\":\"1.1\","
		 "\"configuration\":{}}]}",
		 200, NULL, NULL, NULL, NULL},
		{"PUT", "registry/policies/mine-1.1", "{\"policy\":{\"name\":\"other\"}}", 422,
		 "cannot be modified.", NULL, NULL, NULL},
		{"DELETE", "registry/policies/mine-1.1.json", NULL, 403, "cannot be modified.",
		 NULL, NULL, NULL},
		{"PUT", "services/{service}/proxy/policies.json", "{\"policies_config\":[]}", 200,
		 NULL, NULL, NULL, NULL},
		{"DELETE", "registry/policies/mine-1.1.json", NULL, 200, NULL, NULL, NULL, NULL},
		{"GET", "registry/policies", NULL, 200, "{\"policies\":[]}", NULL, NULL, NULL},
	};

	RUN_STEPS(steps);
}
END_TEST

/* PT-141: the gateway's and the tenant's; null when the gateway cannot be asked. */
START_TEST(policies_of_gateway_and_tenant_are_listed_together)
{
	static const struct step mine[] = {
		{"GET", "policies.json", NULL, 200,
		 "{\"cors\":[{\"version\":\"builtin\"}],\"mine\":[{\"version\":\"builtin\"}]}",
		 NULL, NULL, NULL},
		{"POST", "registry/policies.json", "name=mine&version=1.0&schema=" MANIFEST("1.0"),
		 201, NULL, NULL, NULL, NULL},
		{"POST", "registry/policies.json", "name=mine&version=2.0&schema=" MANIFEST("2.0"),
		 201, NULL, NULL, NULL, NULL},
		{"POST", "registry/policies.json", "name=other&version=1&schema=" MANIFEST("1"),
		 201, NULL, NULL, NULL, NULL},
		{"GET", "policies.json", NULL, 200,
		 "{\"cors\":[{\"version\":\"builtin\"}],\"mine\":[{\"version\":\"builtin\"}"
		 "," MANIFEST("1.0") "," MANIFEST("2.0") "],\"other\":[" MANIFEST("1") "]}",
		 NULL, NULL, NULL},
		{"GET", "policies.xml", NULL, 406, NULL, NULL, NULL, NULL},
	};

	RUN_STEPS(mine);
	backend_answers(503);
	reply_is(ask("GET", "/admin/api/policies.json", NULL), 200, "null");
	backend_answers(0);
	reply_is(ask("GET", "/admin/api/policies.json", NULL), 200, "null");
}
END_TEST

START_TEST(settings_are_switched)
{
	static const struct step steps[] = {
		{"GET", "settings.json", NULL, 200,
		 "{\"settings\":{\"useraccountarea_enabled\":true,\"hide_service\":false,"
		 "\"signups_enabled\":true,\"account_approval_required\":false,",
		 NULL, NULL, NULL},
		{"GET", "settings.xml", NULL, 406, NULL, NULL, NULL, NULL},
		{"PUT", "settings.json", "signups_enabled=0&account_approval_required=1", 200,
		 "\"signups_enabled\":false,\"account_approval_required\":true", NULL, NULL, NULL},
		{"PUT", "settings.json", "{\"settings\":1}", 422, "Wrong type", NULL, NULL, NULL},
		{"GET", "account_plans.json", NULL, 200, "\"approval_required\":true", NULL, NULL,
		 NULL},
	};

	RUN_STEPS(steps);
}
END_TEST

Suite *portal_resources_application_suite(void);
Suite *portal_resources_application_suite(void)
{
	Suite *suite = suite_create("portal_resources_application");
	TCase *tests = tcase_create("application");

	tcase_add_checked_fixture(tests, fixture_set_up, fixture_tear_down);
	tcase_add_test(tests, plans_are_made_published_and_chosen);
	tcase_add_test(tests, limits_and_prices);
	tcase_add_test(tests, a_sign_up_makes_everything_at_once);
	tcase_add_test(tests, accounts_are_approved_and_rejected);
	tcase_add_test(tests, users_of_accounts);
	tcase_add_test(tests, applications_live_and_are_found);
	tcase_add_test(tests, keys_and_referrer_filters);
	tcase_add_test(tests, plans_of_applications_change);
	tcase_add_test(tests, subscriptions_are_bought_and_ended);
	tcase_add_test(tests, policies_are_registered);
	tcase_add_test(tests, policies_of_gateway_and_tenant_are_listed_together);
	tcase_add_test(tests, settings_are_switched);
	suite_add_tcase(suite, tests);
	return suite;
}
