/* What developer accounts have besides applications, sign-ups that find no plan, the tenant's own
 * account and settings, end users: spec/portal.md 3.8 to 3.14. */
#include "portal/portal_fixture_test.h"

#define APPLICATIONS "accounts/{account}/applications"
#define CARD                                                                                       \
	"credit_card_token=t&billing_address_name=N&billing_address_address=A&"                    \
	"billing_address_city=C&billing_address_country=ES&credit_card_expiration_month=2&"        \
	"credit_card_expiration_year="

START_TEST(credit_cards_are_kept)
{
	static const struct step steps[] = {
		{"GET", "accounts/{account}.json", NULL, 200, "\"credit_card_stored\":false",
		 "credit_card_expires_on", NULL, NULL},
		{"PUT", "accounts/{account}/credit_card.json", CARD "25", 200,
		 "\"credit_card_stored\":true", "credit_card_partial_number", NULL, NULL},
		{"PUT", "accounts/{account}/credit_card.json",
		 CARD "2025&credit_card_partial_number=1234", 200,
		 "\"credit_card_partial_number\":\"1234\",\"credit_card_expires_on\":\"2025-02-"
		 "01\"",
		 "\"t\"", NULL, NULL},
		{"GET", "accounts/{account}.xml", NULL, 200,
		 "<credit_card_stored>true</credit_card_stored><credit_card_partial_number>1234"
		 "</credit_card_partial_number><credit_card_expires_on>2025-02-01"
		 "</credit_card_expires_on><plans>",
		 NULL, NULL, NULL},
		{"PUT", "accounts/{account}/credit_card.json", "credit_card_token=t", 422,
		 "{\"errors\":{\"billing_address_name\":[\"is invalid\"],\"billing_address_"
		 "address1\":[\"is invalid\"],",
		 NULL, NULL, NULL},
		{"PUT", "accounts/{account}/credit_card.json", CARD "x", 422,
		 "{\"errors\":{\"credit_card_expiration_year\":[\"is invalid\"]}}", NULL, NULL,
		 NULL},
		{"PUT", "accounts/{account}/credit_card.json",
		 CARD "25&credit_card_partial_number=12345", 422, "is too long", NULL, NULL, NULL},
		{"DELETE", "accounts/{account}/credit_card.json", NULL, 200, NULL, NULL, NULL,
		 NULL},
		{"GET", "accounts/{account}.json", NULL, 200, "\"credit_card_stored\":false",
		 "1234", NULL, NULL},
		{"PUT", "accounts/999/credit_card.json", CARD "25", 404, NULL, NULL, NULL, NULL},
	};

	RUN_STEPS(steps);
}
END_TEST

START_TEST(the_tenant_changes_its_own_account)
{
	static const struct step steps[] = {
		{"PUT", "provider.json",
		 "{\"account\":{\"from_email\":\"a@b.cd\",\"site_access_code\":\"\",\"org_name\":"
		 "\"Other\"}}",
		 200, "\"from_email\":\"a@b.cd\"", "Other", NULL, NULL},
		{"PUT", "provider.json", "support_email=help@b.cd", 200,
		 "\"from_email\":\"a@b.cd\",\"support_email\":\"help@b.cd\"", NULL, NULL, NULL},
		{"PUT", "provider.json", "support_email=nobody", 422,
		 "{\"errors\":{\"support_email\":[\"is invalid\"]}}", NULL, NULL, NULL},
		{"PUT", "provider.json", "{\"account\":1}", 422, "Wrong type", NULL, NULL, NULL},
		{"GET", "provider.json", NULL, 200, "\"support_email\":\"help@b.cd\"",
		 "deletion_date", NULL, NULL},
		{"PUT", "settings.json", "change_account_plan_permission=maybe", 422,
		 "{\"errors\":{\"change_account_plan_permission\":[\"is not included in the "
		 "list\"]}}",
		 NULL, NULL, NULL},
		{"PUT", "settings.json", "change_service_plan_permission=direct", 200,
		 "\"change_service_plan_permission\":\"direct\"", NULL, NULL, NULL},
	};

	RUN_STEPS(steps);
}
END_TEST

START_TEST(strong_passwords_are_asked_for)
{
	static const struct step steps[] = {
		{"PUT", "settings.json", "strong_passwords_enabled=1", 200, NULL, NULL, NULL, NULL},
		{"POST", "accounts/{account}/users.json",
		 "username=jane&email=jane@x.yz&password=123456", 422,
		 "{\"errors\":{\"password\":[\"must be at least 8 characters long, and contain "
		 "both "
		 "upper and lowercase letters, a digit and one special character of ",
		 NULL, NULL, NULL},
		{"POST", "accounts/{account}/users.json",
		 "username=jane&email=jane@x.yz&password=Abcdefg1", 422, "password", NULL, NULL,
		 NULL},
		{"POST", "accounts/{account}/users.json",
		 "username=jane&email=jane@x.yz&password=Abcdef1]", 201, NULL, NULL, NULL, NULL},
	};

	RUN_STEPS(steps);
}
END_TEST

#define SIGNUP "username=jane&email=jane@example.com&password=123456&org_name=ACME"

/* PT-122: without service plan no application, without account plan nothing. */
START_TEST(sign_ups_need_their_plans)
{
	static const struct step steps[] = {
		{"POST", "services.json", "name=Other", 201, NULL, NULL, "other", "service.id"},
		{"POST", "services/{other}/application_plans.json", "name=Free", 201, NULL, NULL,
		 "free", "application_plan.id"},
		{"GET", "services/{other}/service_plans.json", NULL, 200, NULL, NULL, "sp",
		 "plans.0.service_plan.id"},
		{"DELETE", "services/{other}/service_plans/{sp}.json", NULL, 200, NULL, NULL, NULL,
		 NULL},
		{"POST", "signup.json", SIGNUP "&application_plan_id={free}", 404, NULL, NULL, NULL,
		 NULL},
		{"POST", "signup.json", SIGNUP "&service_plan_id=999", 404, NULL, NULL, NULL, NULL},
		{"PUT", "services/{other}/application_plans/{free}/default.json", NULL, 200, NULL,
		 NULL, NULL, NULL},
		{"POST", "signup.json", SIGNUP, 404, NULL, NULL, NULL, NULL},
		{"POST", "services/{other}/service_plans.json", "name=Open&state_event=publish",
		 201, NULL, NULL, NULL, NULL},
		{"PUT", "settings.json", "service_plans_ui_visible=1", 200, NULL, NULL, NULL, NULL},
		{"POST", "signup.json", SIGNUP "&application_plan_id={free}", 404, NULL, NULL, NULL,
		 NULL},
		{"POST", "signup.json",
		 "username=joe&email=joe@x.yz&password=123456&org_name=Without", 201, NULL, NULL,
		 "without", "account.id"},
		{"GET", "accounts/{without}/application_plans.json", NULL, 200, "\"Basic\"",
		 "\"Free\"", NULL, NULL},
		{"PUT", "settings.json", "service_plans_ui_visible=0", 200, NULL, NULL, NULL, NULL},
		{"POST", "signup.json", SIGNUP, 201, NULL, NULL, "new", "account.id"},
		{"GET", "accounts/{new}/application_plans.json", NULL, 200, "\"Free\"", NULL, NULL,
		 NULL},
		{"GET", "accounts/{new}/service_plans.json", NULL, 200, "\"Open\"", NULL, NULL,
		 NULL},
	};

	RUN_STEPS(steps);
}
END_TEST

START_TEST(there_are_no_end_users)
{
	static const struct step steps[] = {
		{"GET", "end_user_plans.json", NULL, 200, "{\"end_user_plans\":[]}", NULL, NULL,
		 NULL},
		{"GET", "end_user_plans.xml", NULL, 200, "<end_user_plans></end_user_plans>", NULL,
		 NULL, NULL},
		{"GET", "services/{service}/end_user_plans.json", NULL, 200, "[]", NULL, NULL,
		 NULL},
		{"GET", "services/999/end_user_plans.json", NULL, 404, NULL, NULL, NULL, NULL},
		{"POST", "services/{service}/end_user_plans.json", "name=A", 403,
		 "{\"status\":\"Forbidden\"}", NULL, NULL, NULL},
		{"GET", "services/{service}/end_user_plans/1.json", NULL, 404, NULL, NULL, NULL,
		 NULL},
		{"PUT", "services/{service}/end_user_plans/1.json", "name=A", 403, NULL, NULL, NULL,
		 NULL},
		{"PUT", "services/{service}/end_user_plans/1/default.json", NULL, 403, NULL, NULL,
		 NULL, NULL},
		{"GET", "end_user_plans/1/metrics/{hits}/limits.json", NULL, 200, "{\"limits\":[]}",
		 NULL, NULL, NULL},
		{"POST", "end_user_plans/1/metrics/{hits}/limits.json", "period=day", 403, NULL,
		 NULL, NULL, NULL},
		{"GET", "end_user_plans/1/metrics/{hits}/limits/1.json", NULL, 404, NULL, NULL,
		 NULL, NULL},
		{"DELETE", "end_user_plans/1/metrics/{hits}/limits/1.json", NULL, 403, NULL, NULL,
		 NULL, NULL},
		{"POST", "services/{service}/end_users.json", "username=a", 403, NULL, NULL, NULL,
		 NULL},
		{"GET", "services/{service}/end_users/a.json", NULL, 404, NULL, NULL, NULL, NULL},
		{"DELETE", "services/{service}/end_users/a.json", NULL, 403, NULL, NULL, NULL,
		 NULL},
		{"PUT", "services/{service}/end_users/a/change_plan.json", NULL, 403, NULL, NULL,
		 NULL, NULL},
	};

	RUN_STEPS(steps);
}
END_TEST

#define RULES "application_plans/{plan}/metrics/{hits}/pricing_rules"

START_TEST(prices_are_elements_in_xml)
{
	static const struct step steps[] = {
		{"POST", RULES ".json", "min=1&cost_per_unit=0.5", 201, NULL, NULL, "rule",
		 "pricing_rule.id"},
		{"GET", RULES ".xml", NULL, 200,
		 "<pricing_rules><pricing_rule><id>{rule}</id><metric_id>{hits}</"
		 "metric_id><plan_id>"
		 "{plan}</plan_id><cost_per_unit>0.5</cost_per_unit><min>1</min><max/>"
		 "</pricing_rule></pricing_rules>",
		 NULL, NULL, NULL},
		{"DELETE", RULES "/{rule}.json", NULL, 404, NULL, NULL, NULL, NULL},
	};

	RUN_STEPS(steps);
}
END_TEST

START_TEST(flows_of_openid_connect_are_elements_in_xml)
{
	static const struct step steps[] = {
		{"PUT", "services/{service}.json", "backend_version=oidc", 200, NULL, NULL, NULL,
		 NULL},
		{"GET", APPLICATIONS "/{application}.xml", NULL, 200,
		 "</plan><oidc_configuration><standard_flow_enabled>true</standard_flow_enabled>"
		 "<implicit_flow_enabled>false</implicit_flow_enabled>",
		 "<id/>", NULL, NULL},
	};

	RUN_STEPS(steps);
}
END_TEST

START_TEST(master_makes_no_application_plans)
{
	static const char token[] =
		"Host: " MASTER_HOST "\nAuthorization: Basic bWFzdGVyLXRva2VuOg==";
	int64_t service = reply_int(ask_as(token, "GET", "/admin/api/services.json", NULL), 200,
				    "services.0.service.id");
	const char *plans = portal_text("/admin/api/services/%d/application_plans", (int)service);

	reply_is(ask_as(token, "POST", portal_text("%s.json", plans), "name=New"), 403,
		 "{\"status\":\"Forbidden\"}");
	reply_has(ask_as(token, "GET", portal_text("%s.json", plans), NULL), 200, "Master Plan");
}
END_TEST

START_TEST(master_finds_tenants_by_their_keys)
{
	static const char token[] =
		"Host: " MASTER_HOST "\nAuthorization: Basic bWFzdGVyLXRva2VuOg==";
	struct reply reply =
		ask_as(token, "GET", "/admin/api/accounts/find.json?username=admin", NULL);
	int64_t tenant = reply_int(reply, 200, "account.id");
	struct str key = reply_text_at(
		ask_as(token, "GET",
		       portal_text("/admin/api/accounts/%d/applications.json", (int)tenant), NULL),
		200, "applications.0.application.user_key");

	reply_has(ask_as(token, "GET",
			 portal_text("/admin/api/accounts/find.json?buyer_provider_key=%.*s",
				     STR_ARG(key)),
			 NULL),
		  200, "\"admin_domain\":\"" ADMIN_HOST "\"");
	reply_has(
		ask_as(token, "GET", "/admin/api/accounts/find.json?buyer_service_token=no", NULL),
		404, "Not found");
	reply_has(ask("GET",
		      portal_text("/admin/api/accounts/find.json?buyer_provider_key=%.*s",
				  STR_ARG(key)),
		      NULL),
		  404, "Not found");
}
END_TEST

Suite *portal_resources_account_suite(void);
Suite *portal_resources_account_suite(void)
{
	Suite *suite = suite_create("portal_resources_account");
	TCase *tests = tcase_create("account");

	tcase_add_checked_fixture(tests, fixture_set_up, fixture_tear_down);
	tcase_add_test(tests, credit_cards_are_kept);
	tcase_add_test(tests, the_tenant_changes_its_own_account);
	tcase_add_test(tests, strong_passwords_are_asked_for);
	tcase_add_test(tests, sign_ups_need_their_plans);
	tcase_add_test(tests, there_are_no_end_users);
	tcase_add_test(tests, prices_are_elements_in_xml);
	tcase_add_test(tests, flows_of_openid_connect_are_elements_in_xml);
	tcase_add_test(tests, master_finds_tenants_by_their_keys);
	tcase_add_test(tests, master_makes_no_application_plans);
	suite_add_tcase(suite, tests);
	return suite;
}
