/* Services, metrics, methods: PT-036 to PT-046, PT-105 to PT-113. */
#include "portal/portal_fixture_test.h"

#include <string.h>

START_TEST(services_are_made_from_a_name)
{
	static const struct step steps[] = {
		{"POST", "services.json", "name=My API v2", 201,
		 "\"name\":\"My API v2\",\"state\":\"incomplete\",\"system_name\":\"my_api_v2\","
		 "\"end_user_registration_required\":true,\"backend_version\":\"1\","
		 "\"deployment_option\":\"hosted\",\"support_email\":\"admin@3scale.example.com\","
		 "\"intentions_required\":false,\"buyers_manage_apps\":true,"
		 "\"buyers_manage_keys\":true,\"referrer_filters_required\":false,"
		 "\"custom_keys_enabled\":true,\"buyer_key_regenerate_enabled\":true,"
		 "\"mandatory_app_key\":true,\"buyer_can_select_plan\":false,"
		 "\"buyer_plan_change_permission\":\"request\",\"created_at\":\"",
		 "description", "id", "service.id"},
		{"GET", "services/{id}.json", NULL, 200,
		 "Z\",\"links\":[{\"rel\":\"metrics\",\"href\":\"https://3scale-admin.example.com/"
		 "admin/api/services/{id}/metrics\"},{\"rel\":\"end_user_plans\"",
		 NULL, NULL, NULL},
		{"POST", "services.json", "name=Other&system_name=my_api_v2", 422,
		 "{\"errors\":{\"system_name\":[\"has already been taken\"]}}", NULL, NULL, NULL},
		{"POST", "services.json", "name=!!", 201, "\"system_name\":\"service_", NULL, NULL,
		 NULL},
		{"POST", "services.json", "name=x&system_name=a+b", 422,
		 "\"system_name\":[\"is invalid\"]", NULL, NULL, NULL},
		{"POST", "services.json", "", 422, "{\"errors\":{\"name\":[\"can't be blank\"]}}",
		 NULL, NULL, NULL},
		{"POST", "services.json", "name=x&deployment_option=moon&backend_version=3", 422,
		 "\"deployment_option\":[\"is not included in the "
		 "list\"],\"backend_version\":[\"is "
		 "not included in the list\"]",
		 NULL, NULL, NULL},
		{"PUT", "services/{id}.json", "system_name=other&description=d&support_email=a@b.c",
		 200, "\"system_name\":\"my_api_v2\"", NULL, NULL, NULL},
		{"GET", "services/{id}.json", NULL, 200,
		 "\"support_email\":\"a@b.c\",\"description\":\"d\"", NULL, NULL, NULL},
		{"PATCH", "services/{id}.json", "buyers_manage_keys=off&mandatory_app_key=f", 200,
		 "\"buyers_manage_keys\":false", "\"mandatory_app_key\":true", NULL, NULL},
	};

	RUN_STEPS(steps);
}
END_TEST

START_TEST(a_new_service_comes_with_what_it_needs)
{
	static const struct step steps[] = {
		{"POST", "services.json", "name=New", 201, NULL, NULL, "id", "service.id"},
		{"GET", "services/{id}/metrics.json", NULL, 200,
		 "\"name\":\"hits\",\"system_name\":\"hits\",\"friendly_name\":\"Hits\","
		 "\"description\":\"Number of API hits\",\"unit\":\"hit\"",
		 NULL, NULL, NULL},
		{"GET", "services/{id}/proxy/mapping_rules.json", NULL, 200,
		 "\"pattern\":\"/\",\"http_method\":\"GET\",\"delta\":1,\"position\":1,\"last\":"
		 "false",
		 NULL, NULL, NULL},
		{"GET", "services/{id}/service_plans.json", NULL, 200,
		 "\"name\":\"Default\",\"state\":\"published\"", "\"default\":true", NULL, NULL},
		{"GET", "services/{id}/application_plans.json", NULL, 200, "{\"plans\":[]}", NULL,
		 NULL, NULL},
		{"GET", "services/{id}/proxy/configs/sandbox/latest.json", NULL, 404, NULL, NULL,
		 NULL, NULL},
		{"GET", "services/{id}.xml", NULL, 200,
		 "<service><id>{id}</id><account_id>2</account_id><name>New</name><state>incomplete"
		 "</state><system_name>new</system_name><backend_version>1</backend_version>"
		 "<description/><intentions_required>false</intentions_required>",
		 "notification_settings", NULL, NULL},
		{"GET", "services/{id}.xml", NULL, 200, "<metrics><metric><id>", NULL, NULL, NULL},
	};

	RUN_STEPS(steps);
	ck_assert(backend_hears("/internal/service_tokens/ {\"service_tokens\":{\""));
	ck_assert(backend_hears("\"backend_version\":\"1\",\"default_user_plan_id\":null,"
				"\"default_user_plan_name\":null,\"default_service\":false,"
				"\"user_registration_required\":true}}"));
	/* user:password */
	ck_assert_ptr_nonnull(strstr(backend_calls(), "Basic dXNlcjpwYXNzd29yZA=="));
}
END_TEST

/* Spec 6.3, 6.4: the levels are backend's business, who is told is ours. */
START_TEST(alert_levels_reach_backend)
{
	static const struct step set[] = {
		{"PUT", "services/{service}.json",
		 "{\"service\":{\"notification_settings\":{\"web_provider\":[\"\",\"100\",50,7],"
		 "\"email_buyer\":[\"50\"],\"moon\":[80]}}}",
		 200, "\"notification_settings\":{\"web_provider\":[50,100],\"email_buyer\":[50]}",
		 NULL, NULL, NULL},
		{"GET", "services/{service}.xml", NULL, 200,
		 "<notification_settings><web_provider>50,100</web_provider><email_buyer>50"
		 "</email_buyer></notification_settings>",
		 NULL, NULL, NULL},
	};
	static const struct step change[] = {
		{"PUT", "services/{service}.json",
		 "notification_settings[web_provider][]=100&notification_settings[web_buyer][]=300",
		 200, "{\"web_provider\":[100],\"web_buyer\":[300]}", NULL, NULL, NULL},
		{"PUT", "services/{service}.json", "notification_settings=x", 200,
		 "{\"web_provider\":[100],\"web_buyer\":[300]}", NULL, NULL, NULL},
	};
	static const struct step end[] = {
		{"PUT", "services/{service}.json", "{\"service\":{\"notification_settings\":null}}",
		 200, NULL, "notification_settings", NULL, NULL},
	};

	RUN_STEPS(set);
	ck_assert(backend_hears(expand("POST /internal/services/{service}/alert_limits/ "
				       "{\"alert_limit\":{\"value\":50}}")));
	ck_assert(backend_hears("{\"alert_limit\":{\"value\":100}}"));
	ck_assert_ptr_null(strstr(backend_calls(), "\"value\":80"));
	backend_clear();
	RUN_STEPS(change);
	ck_assert(backend_hears(expand("DELETE /internal/services/{service}/alert_limits/50 ")));
	ck_assert(backend_hears("{\"alert_limit\":{\"value\":300}}"));
	ck_assert_ptr_null(strstr(backend_calls(), "\"value\":100"));
	RUN_STEPS(end);
	ck_assert(backend_hears(expand("DELETE /internal/services/{service}/alert_limits/300 ")));
}
END_TEST

/* Spec 4.7. */
START_TEST(a_service_plan_is_hidden_where_plans_are_shown)
{
	static const struct step steps[] = {
		{"PUT", "settings.json", "service_plans_ui_visible=true", 200, NULL, NULL, NULL,
		 NULL},
		{"POST", "services.json", "name=New", 201, NULL, NULL, "id", "service.id"},
		{"GET", "services/{id}/service_plans.json", NULL, 200,
		 "\"name\":\"Default\",\"state\":\"hidden\"", NULL, NULL, NULL},
	};

	RUN_STEPS(steps);
}
END_TEST

/* PT-041: one mode outside, two fields inside. */
START_TEST(open_id_connect_is_a_mode)
{
	static const struct step steps[] = {
		{"POST", "services.json", "name=Oidc&backend_version=oidc", 201,
		 "\"backend_version\":\"oidc\"", NULL, "id", "service.id"},
		{"PATCH", "services/{id}/proxy.json",
		 "oidc_issuer_endpoint=https://a:b@idp.example", 200,
		 "\"oidc_issuer_endpoint\":\"https://a:b@idp.example\",\"oidc_issuer_type\":"
		 "\"keycloak\"",
		 NULL, NULL, NULL},
		{"GET", "services/{id}/proxy/configs/sandbox/latest.json", NULL, 200,
		 "\"backend_version\":\"oauth\"", NULL, NULL, NULL},
		{"GET", "services/{id}/proxy/configs/sandbox/latest.json", NULL, 200,
		 "\"authentication_method\":\"oidc\"", NULL, NULL, NULL},
		{"PUT", "services/{id}.json", "backend_version=2", 200, "\"backend_version\":\"2\"",
		 NULL, NULL, NULL},
		{"GET", "services/{id}/proxy.json", NULL, 200, NULL, "oidc_issuer", NULL, NULL},
		{"PUT", "services/{id}.json", "backend_version=oidc", 200,
		 "\"backend_version\":\"oidc\"", NULL, NULL, NULL},
		{"PUT", "services/{id}.json", "backend_version=oauth", 200,
		 "\"backend_version\":\"oauth\"", NULL, NULL, NULL},
		{"PUT", "services/{id}.json", "backend_version=oidc", 200,
		 "\"backend_version\":\"oidc\"", NULL, NULL, NULL},
		{"GET", "services/{id}/proxy/oidc_configuration.json", NULL, 200,
		 "{\"oidc_configuration\":{\"standard_flow_enabled\":true,"
		 "\"implicit_flow_enabled\":false,\"service_accounts_enabled\":false,"
		 "\"direct_access_grants_enabled\":false}}",
		 NULL, NULL, NULL},
		{"PATCH", "services/{id}/proxy/oidc_configuration.json",
		 "implicit_flow_enabled=true&oidc_configuration[x]=1", 200,
		 "\"implicit_flow_enabled\":false", NULL, NULL, NULL},
		{"PATCH", "services/{id}/proxy/oidc_configuration.json",
		 "{\"oidc_configuration\":{\"implicit_flow_enabled\":true}}", 200,
		 "{\"oidc_configuration\":{\"id\":1,\"standard_flow_enabled\":true,"
		 "\"implicit_flow_enabled\":true",
		 NULL, NULL, NULL},
		{"GET", "services/{id}/proxy/oidc_configuration.xml", NULL, 200,
		 "<implicit_flow_enabled>true</implicit_flow_enabled>", NULL, NULL, NULL},
		{"PATCH", "services/{id}/proxy/oidc_configuration.json",
		 "{\"oidc_configuration\":1}", 422, "Wrong type", NULL, NULL, NULL},
	};

	RUN_STEPS(steps);
}
END_TEST

START_TEST(a_deleted_service_is_gone_everywhere)
{
	static const struct step steps[] = {
		{"DELETE", "services/{service}.json", NULL, 403, "{\"status\":\"Forbidden\"}", NULL,
		 NULL, NULL},
		{"POST", "services.json", "name=Other", 201, NULL, NULL, "other", "service.id"},
		{"PATCH", "services/{service}/proxy.json", "api_test_path=/x", 200, NULL, NULL,
		 NULL, NULL},
		{"DELETE", "services/{service}.json", NULL, 200, NULL, "{", NULL, NULL},
		{"GET", "services/{service}.json", NULL, 404, NULL, NULL, NULL, NULL},
		{"GET", "services.json", NULL, 200, "Other", "\"API\"", NULL, NULL},
		{"GET", "applications.json", NULL, 200, "[]", NULL, NULL, NULL},
		{"GET", "account/proxy_configs/sandbox.json?version=latest", NULL, 200,
		 "{\"proxy_configs\":[]}", NULL, NULL, NULL},
	};

	RUN_STEPS(steps);
	ck_assert(backend_hears(expand("DELETE /internal/services/{service} {}")));
	ck_assert_ptr_nonnull(
		strstr(backend_calls(), expand("DELETE /internal/services/{service}/stats "
					       "{\"deletejobdef\":{\"applications\":[\"")));
	ck_assert_ptr_nonnull(
		strstr(backend_calls(), expand("\"metrics\":[\"{hits}\"],\"users\":[],\"from\":")));
	ck_assert_ptr_nonnull(strstr(backend_calls(), "DELETE /internal/service_tokens/ "
						      "{\"service_tokens\":[{\"service_token\":"));
	ck_assert_ptr_nonnull(strstr(
		backend_calls(), expand("DELETE /internal/services/{service}/metrics/{hits} ")));
}
END_TEST

START_TEST(metrics_and_methods)
{
	static const struct step steps[] = {
		{"POST", "services/{service}/metrics.json",
		 "friendly_name=Search+Calls&unit=call&description=d", 201,
		 "\"system_name\":\"search_calls\",\"friendly_name\":\"Search Calls\","
		 "\"description\":\"d\",\"unit\":\"call\"",
		 NULL, "metric", "metric.id"},
		{"POST", "services/{service}/metrics.json",
		 "metric[friendly_name]=Old&metric[name]=old_name&metric[unit]=u", 201,
		 "\"name\":\"old_name\",\"system_name\":\"old_name\"", NULL, NULL, NULL},
		{"POST", "services/{service}/metrics.json", "friendly_name=Hits&unit=x", 422,
		 "{\"errors\":{\"friendly_name\":[\"has already been "
		 "taken\"],\"system_name\":[\"has "
		 "already been taken\"]}}",
		 NULL, NULL, NULL},
		{"POST", "services/{service}/metrics.json", "unit=x", 422,
		 "{\"errors\":{\"friendly_name\":[\"can't be blank\"]}}", NULL, NULL, NULL},
		{"POST", "services/{service}/metrics.json", "friendly_name=??&unit=x", 201,
		 "\"system_name\":\"metric_", NULL, NULL, NULL},
		{"POST", "services/{service}/metrics.json", "friendly_name=Unitless", 422,
		 "\"unit\":[\"can't be blank\"]", NULL, NULL, NULL},
		{"POST", "services/{service}/metrics/{hits}/methods.json",
		 "friendly_name=Now&unit=ignored", 201, "{\"method\":{\"id\":", "unit", "method",
		 "method.id"},
		{"GET", "services/{service}/metrics/{hits}/methods.json", NULL, 200,
		 "\"links\":[{\"rel\":\"parent\",\"href\":\"https://3scale-admin.example.com/admin/"
		 "api/services/{service}/metrics/{hits}\"}",
		 NULL, NULL, NULL},
		{"POST", "services/{service}/metrics/{metric}/methods.json", "friendly_name=Sub",
		 422, "{\"errors\":{\"parent_id\":[\"You can only create methods under 'hits'\"]}}",
		 NULL, NULL, NULL},
		{"GET", "services/{service}/metrics.json", NULL, 200,
		 "{\"metric\":{\"id\":{method},\"name\":\"now\"", "{\"method\"", NULL, NULL},
		{"GET", "services/{service}/metrics.xml", NULL, 200,
		 "<method><id>{method}</id><name>now</name><system_name>now</system_name>"
		 "<friendly_name>Now</friendly_name><service_id>{service}</service_id><description/"
		 ">"
		 "<metric_id>{hits}</metric_id></method>",
		 NULL, NULL, NULL},
		{"GET", "services/{service}/metrics/{hits}/methods/{method}.json", NULL, 200,
		 "\"name\":\"now\"", NULL, NULL, NULL},
		{"PUT", "services/{service}/metrics/{hits}/methods/{method}.json",
		 "system_name=current", 200, "\"system_name\":\"current\"", NULL, NULL, NULL},
		{"PUT", "services/{service}/metrics/{metric}.json", "friendly_name=Searches", 200,
		 "\"friendly_name\":\"Searches\"", NULL, NULL, NULL},
		{"GET", "services/{service}/metrics/{metric}.json", NULL, 200, "search_calls", NULL,
		 NULL, NULL},
		{"DELETE", "services/{service}/metrics/{hits}.json", NULL, 200, NULL, NULL, NULL,
		 NULL},
		{"GET", "services/{service}/metrics/{hits}.json", NULL, 200, NULL, NULL, NULL,
		 NULL},
		{"POST", "application_plans/{plan}/metrics/{metric}/limits.json",
		 "period=day&value=1", 201, NULL, NULL, NULL, NULL},
		{"POST", "services/{service}/proxy/mapping_rules.json",
		 "http_method=GET&pattern=/s&delta=1&metric_id={metric}", 201, NULL, NULL, NULL,
		 NULL},
		{"DELETE", "services/{service}/metrics/{metric}.json", NULL, 200, NULL, NULL, NULL,
		 NULL},
		{"GET", "services/{service}/proxy/mapping_rules.json", NULL, 200, NULL,
		 "\"pattern\":\"/s\"", NULL, NULL},
		{"GET", "application_plans/{plan}/limits.json", NULL, 200, "{\"limits\":[]}", NULL,
		 NULL, NULL},
		{"DELETE", "services/{service}/metrics/{hits}/methods/{method}.json", NULL, 200,
		 NULL, NULL, NULL, NULL},
	};

	RUN_STEPS(steps);
	ck_assert_ptr_nonnull(
		strstr(backend_calls(),
		       expand("PUT /internal/services/{service}/metrics/{method} "
			      "{\"metric\":{\"service_id\":\"{service}\",\"id\":\"{method}\","
			      "\"name\":\"current\",\"parent_id\":\"{hits}\"}}")));
	ck_assert_ptr_nonnull(strstr(
		backend_calls(),
		expand("DELETE "
		       "/internal/services/{service}/plans/{plan}/usagelimits/{metric}/day")));
	ck_assert_ptr_nonnull(strstr(
		backend_calls(), expand("DELETE /internal/services/{service}/metrics/{metric} ")));
}
END_TEST

START_TEST(features_belong_to_plans)
{
	static const struct step steps[] = {
		{"GET", "services/{service}/features.json", NULL, 200, "Unlimited Greetings", NULL,
		 NULL, NULL},
		{"POST", "services/{service}/features.json", "name=Fast+lane&description=d", 201,
		 "\"system_name\":\"fast_lane\",\"scope\":\"application_plan\",\"visible\":true,"
		 "\"description\":\"d\"",
		 NULL, "feature", "feature.id"},
		{"POST", "services/{service}/features.json", "name=Xy&scope=Moon", 422,
		 "{\"errors\":{\"scope\":[\"must be ApplicationPlan or ServicePlan\"]}}", NULL,
		 NULL, NULL},
		{"POST", "services/{service}/features.json", "name=Sp&scope=ServicePlan", 201,
		 "\"scope\":\"service_plan\"", NULL, "other", "feature.id"},
		{"GET", "services/{service}/features/{feature}.xml", NULL, 200,
		 "<feature><id>{feature}</id><name>Fast lane</name><system_name>fast_lane"
		 "</system_name><service_id>{service}</service_id><scope>application_plan</scope>",
		 "account_id", NULL, NULL},
		{"PUT", "services/{service}/features/{feature}.json", "name=Faster", 200, "Faster",
		 NULL, NULL, NULL},
		{"POST", "application_plans/{plan}/features.json", "feature_id={feature}", 201,
		 "Faster", NULL, NULL, NULL},
		{"POST", "application_plans/{plan}/features.json", "feature_id={feature}", 201,
		 "Faster", NULL, NULL, NULL},
		{"POST", "application_plans/{plan}/features.json", "feature_id={other}", 422,
		 "{\"errors\":{\"plan_type\":[\"mismatch\"]}}", NULL, NULL, NULL},
		{"POST", "application_plans/{plan}/features.json", "feature_id=x", 404, NULL, NULL,
		 NULL, NULL},
		{"GET", "application_plans/{plan}/features.json", NULL, 200, "Faster", NULL, NULL,
		 NULL},
		{"DELETE", "application_plans/{plan}/features/{feature}.json", NULL, 200, NULL,
		 NULL, NULL, NULL},
		{"DELETE", "application_plans/{plan}/features/{feature}.json", NULL, 404, NULL,
		 NULL, NULL, NULL},
		{"DELETE", "services/{service}/features/{feature}.json", NULL, 200, NULL, NULL,
		 NULL, NULL},
		{"POST", "features.json", "name=Gold", 201, "\"scope\":\"account_plan\"", NULL,
		 "gold", "feature.id"},
		{"GET", "features/{gold}.xml", NULL, 200, "<account_id>2</account_id>",
		 "service_id", NULL, NULL},
		{"GET", "account_plans.json", NULL, 200, NULL, NULL, "account_plan",
		 "plans.0.account_plan.id"},
		{"POST", "account_plans/{account_plan}/features.json", "feature_id={gold}", 201,
		 "/admin/api/features/{gold}", NULL, NULL, NULL},
	};

	RUN_STEPS(steps);
}
END_TEST

/* PT-137 to PT-139. */
START_TEST(active_docs_are_stored)
{
	static const struct step steps[] = {
		{"POST", "active_docs.json",
		 "{\"name\":\"Pets\",\"body\":\"{\\\"apis\\\":[]}\",\"service_id\":"
		 "{service},\"published\":true}",
		 201,
		 "\"system_name\":\"pets\",\"name\":\"Pets\",\"published\":true,"
		 "\"skip_swagger_validations\":false,\"body\":\"{\\\"apis\\\":[]}\","
		 "\"service_id\":{service}",
		 NULL, "doc", "api_doc.id"},
		{"GET", "active_docs.json", NULL, 200, "{\"api_doc\":{\"id\":{doc},", NULL, NULL,
		 NULL},
		{"GET", "active_docs/{doc}.json", NULL, 404, NULL, NULL, NULL, NULL},
		{"GET", "active_docs.xml", NULL, 200,
		 "<published>true</published><body>{\"apis\":[]}</body><created_at>", NULL, NULL,
		 NULL},
		{"POST", "active_docs.json", "name=Pets&body={\"apis\":[]}", 422,
		 "{\"errors\":{\"system_name\":[\"has already been taken\"]}}", NULL, NULL, NULL},
		{"POST", "active_docs.json", "name=Bad&body=no", 422,
		 "{\"errors\":{\"body\":[\"Invalid JSON\",\"JSON Spec is invalid\"]}}", NULL, NULL,
		 NULL},
		{"POST", "active_docs.json", "name=Bad", 422, "\"body\":[\"can't be blank\"]", NULL,
		 NULL, NULL},
		{"POST", "active_docs.json", "name=Far&body={\"apis\":[]}&service_id=1", 422,
		 "{\"errors\":{\"service\":[\"not found\"]}}", NULL, NULL, NULL},
		{"POST", "active_docs.json", "name=Broken&body={\"swagger\":\"2.0\"}", 422,
		 "{\"errors\":{\"body\":[\"The property '#/' did not contain", NULL, NULL, NULL},
		{"POST", "active_docs.json",
		 "name=Broken&body={\"swagger\":\"2.0\"}&skip_swagger_validations=1", 201,
		 "\"skip_swagger_validations\":true", NULL, "broken", "api_doc.id"},
		{"PUT", "active_docs/{broken}.json", "skip_swagger_validations=0", 422, "'info'",
		 NULL, NULL, NULL},
		{"POST", "active_docs.json", "{\"name\":\"Object\",\"body\":{\"apis\":[1]}}", 201,
		 "\"body\":\"{\\\"apis\\\":[1]}\"", NULL, NULL, NULL},
		{"PUT", "active_docs/{doc}.json", "description=d&system_name=x", 200,
		 "\"system_name\":\"pets\"", NULL, NULL, NULL},
		{"DELETE", "active_docs/{doc}.json", NULL, 200, NULL, NULL, NULL, NULL},
		{"DELETE", "active_docs/{doc}.json", NULL, 404, NULL, NULL, NULL, NULL},
	};

	RUN_STEPS(steps);
}
END_TEST

Suite *portal_resources_service_suite(void);
Suite *portal_resources_service_suite(void)
{
	Suite *suite = suite_create("portal_resources_service");
	TCase *tests = tcase_create("service");

	tcase_add_checked_fixture(tests, fixture_set_up, fixture_tear_down);
	tcase_add_test(tests, services_are_made_from_a_name);
	tcase_add_test(tests, a_new_service_comes_with_what_it_needs);
	tcase_add_test(tests, alert_levels_reach_backend);
	tcase_add_test(tests, a_service_plan_is_hidden_where_plans_are_shown);
	tcase_add_test(tests, open_id_connect_is_a_mode);
	tcase_add_test(tests, a_deleted_service_is_gone_everywhere);
	tcase_add_test(tests, metrics_and_methods);
	tcase_add_test(tests, features_belong_to_plans);
	tcase_add_test(tests, active_docs_are_stored);
	suite_add_tcase(suite, tests);
	return suite;
}
